// One triangle mesh for everything that is drawn: lists of vertices {p, n} and triangles, in the geom's own frame.

import { clamp, matrix, place, turn, unit } from "./vectors.js";

const PART = { plain: 0, wheel: 1, leg: 2, step: 3, arrow: 4, arc: 5 };

// Edges are rounded by r metres; 0 for sharp ones.
function roundedBox(size, r) {
  const points = [], triangles = [];
  for (let axis = 0; axis < 3; axis++)
    for (const side of [-1, 1]) {
      const u = (axis + 1) % 3, v = (axis + 2) % 3, base = points.length;
      const along = (k) => (r ? [-size[k], r - size[k], size[k] - r, size[k]] : [-size[k], size[k]]), n = r ? 4 : 2;
      for (const a of along(u))
        for (const b of along(v)) {
          const p = [0, 0, 0];
          p[axis] = side * size[axis];
          p[u] = a;
          p[v] = b;
          const inner = p.map((c, k) => clamp(c, r - size[k], size[k] - r));
          const out = r ? unit(p.map((c, k) => c - inner[k])) : [0, 1, 2].map((k) => (k === axis ? side : 0));
          points.push({ p: inner.map((c, k) => c + r * out[k]), n: out });
        }
      for (let i = 0; i + 1 < n; i++)
        for (let j = 0; j + 1 < n; j++) {
          const a = base + n * i + j, quad = [a, a + n, a + n + 1, a, a + n + 1, a + 1];
          triangles.push(...(side > 0 ? quad : quad.reverse()));
        }
    }
  return { points, triangles };
}

// Rows of [radius, height, normal out, normal up, shade], turned about z.
function revolved(rows, segments) {
  const points = [], triangles = [];
  for (const [radius, z, out, up, shade = 1] of rows)
    for (let k = 0; k <= segments; k++) {
      const c = Math.cos((2 * Math.PI * k) / segments), s = Math.sin((2 * Math.PI * k) / segments);
      points.push({ p: [radius * c, radius * s, z], n: [out * c, out * s, up], shade });
    }
  for (let i = 0; i + 1 < rows.length; i++) {
    const [[r, z], [r2, z2]] = [rows[i], rows[i + 1]];
    if (r === r2 && z === z2) continue; // only the shade changes
    for (let k = 0; k < segments; k++) {
      const a = i * (segments + 1) + k, b = a + segments + 1;
      if (r) triangles.push(a, a + 1, b);
      if (r2) triangles.push(a + 1, b + 1, b);
    }
  }
  return { points, triangles };
}

function wheelMesh([radius, half], segments) {
  const rim = 0.8 * radius, edge = radius - 0.0015, hub = 0.3 * radius, d = Math.SQRT1_2;
  const face = (side) => [
    [0, side * half, 0, side, 2.1], [hub, side * half, 0, side, 2.1],
    [hub, side * half, 0, side, 1.25], [rim, side * half, 0, side, 1.25],
    [rim, side * half, 0, side, 0.8], [edge, side * half, 0, side, 0.8],
    [radius, side * (half - 0.0015), d, side * d, 0.8], [radius, side * (half - 0.0015), 1, 0, 0.8],
  ];
  return revolved([...face(-1), ...face(1).reverse()], segments);
}

const ARROW_HEAD = 0.016;
const arrowShaft = () => revolved([[0.0022, 0, 1, 0], [0.0022, 1, 1, 0]], 8);
const arrowHead = () => revolved([[0, 0, 0, -1], [0.006, 0, 0, -1], [0.006, 0, 0.9, 0.4], [0, ARROW_HEAD, 0.9, 0.4]], 12);

// A flat arrow round a wheel. Its points are (how far along 0..1, radius, 0); the vertex shader bends them by the torque.
function torqueArc() {
  const points = [], triangles = [], steps = 24, radius = 0.035, width = 0.0022;
  for (let k = 0; k <= steps; k++)
    for (const side of [-1, 1]) points.push({ p: [k / steps, radius + side * width, 0], n: [0, 0, 0] });
  for (let k = 0; k < steps; k++) triangles.push(2 * k, 2 * k + 1, 2 * k + 2, 2 * k + 1, 2 * k + 3, 2 * k + 2);
  const head = points.length;
  for (const [r, ahead] of [[-0.0065, 0], [0.0065, 0], [0, 0.4]]) points.push({ p: [1, radius + r, 0], n: [ahead, 0, 0] });
  triangles.push(head, head + 1, head + 2);
  return { points, triangles };
}

// Everything in one vertex list, so that a picture is one draw call. A slot is the matrix that moves a vertex: the
// bodies first, then shaft and head of one contact arrow per wheel and of one for a hand's pull, then one torque arc per
// wheel.
export function buildMesh(scene) {
  const data = [], index = [], range = {}, nbody = scene.tree.length, arrows = scene.wheels.length + 1;
  const add = ({ points, triangles }, slot, part, color, local) => {
    const base = data.length / 11;
    for (const { p, n, shade = 1 } of points) {
      const q = local ? place(local, p) : p, m = local ? turn(local, n) : n;
      data.push(...q, ...m, ...color.map((c) => Math.min(1, c * shade)), part, slot);
    }
    for (const k of triangles) index.push(base + k);
  };
  const geoms = (mine) => {
    for (const g of scene.geoms.filter(mine)) {
      const thin = Math.min(...g.size), bevel = thin < 0.005 ? 0 : 0.0035;
      const shape = g.type === "box" ? roundedBox(g.size, bevel) : wheelMesh(g.size, 28);
      add(shape, g.body, PART[g.part], g.color, matrix(g.quat, g.pos));
    }
  };
  const section = (name, fill) => {
    const start = index.length;
    fill();
    range[name] = [start, index.length - start];
  };
  section("world", () => geoms((g) => g.body === 0));
  section("robot", () => geoms((g) => g.body !== 0));
  section("arrows", () => {
    for (let k = 0; k < arrows; k++) add(arrowShaft(), nbody + 2 * k, PART.arrow, [0, 0, 0]);
    for (let k = 0; k < arrows; k++) add(arrowHead(), nbody + 2 * k + 1, PART.arrow, [0, 0, 0]);
  });
  section("arcs", () => {
    scene.wheels.forEach((_, k) => add(torqueArc(), nbody + 2 * arrows + k, PART.arc, [0, 0, 0]));
  });
  return { data: new Float32Array(data), index: new Uint16Array(index), range, slots: nbody + 2 * arrows + scene.wheels.length };
}

