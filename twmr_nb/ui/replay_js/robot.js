// The recorded robot: unpacking a recording, forward kinematics, and one triangle mesh for everything that is drawn.
// Pure functions; lengths in metres, angles in radians, quaternions as w x y z, matrices 4x4 column by column.

const PART = { plain: 0, wheel: 1, leg: 2, step: 3, arrow: 4, arc: 5 };

// Bytes arrive as a DataView (live widget) or as base64 text (static page).
function unpack(packed, Type) {
  if (!packed) return null;
  if (typeof packed === "string") return new Type(Uint8Array.from(atob(packed), (c) => c.charCodeAt(0)).buffer);
  return new Type(packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.byteLength));
}

// ---- small vector kit ----
const dot = (a, b) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
const cross = (a, b) => [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
const unit = (a) => a.map((v) => v / (Math.hypot(...a) || 1));
const clamp = (v, low, high) => Math.min(Math.max(v, low), high);

function quatMul([a, b, c, d], [e, f, g, h]) {
  return [
    a * e - b * f - c * g - d * h,
    a * f + b * e + c * h - d * g,
    a * g - b * h + c * e + d * f,
    a * h + b * g - c * f + d * e,
  ];
}

function matrix([w, x, y, z], p) {
  return [
    1 - 2 * (y * y + z * z), 2 * (x * y + w * z), 2 * (x * z - w * y), 0,
    2 * (x * y - w * z), 1 - 2 * (x * x + z * z), 2 * (y * z + w * x), 0,
    2 * (x * z + w * y), 2 * (y * z - w * x), 1 - 2 * (x * x + y * y), 0,
    p[0], p[1], p[2], 1,
  ];
}

const turn = (m, v) => [0, 1, 2].map((r) => m[r] * v[0] + m[4 + r] * v[1] + m[8 + r] * v[2]);
const place = (m, v) => turn(m, v).map((c, r) => c + m[12 + r]);

function multiply(a, b) {
  const out = new Array(16);
  for (let c = 0; c < 4; c++)
    for (let r = 0; r < 4; r++)
      out[4 * c + r] = a[r] * b[4 * c] + a[4 + r] * b[4 * c + 1] + a[8 + r] * b[4 * c + 2] + a[12 + r] * b[4 * c + 3];
  return out;
}

// The inverse of a matrix that only turns and moves.
function inverse(m) {
  const back = [m[0], m[4], m[8], 0, m[1], m[5], m[9], 0, m[2], m[6], m[10], 0, 0, 0, 0, 1];
  return [...back.slice(0, 12), ...turn(back, m.slice(12, 15)).map((v) => -v), 1];
}

// ---- kinematics: qpos -> the world matrix of every body, as mj_kinematics does it ----
function bodyMatrices(tree, qpos) {
  const quats = [];
  const out = [];
  tree.forEach((body, i) => {
    let quat = i ? quatMul(quats[body.parent], body.quat) : body.quat;
    let pos = i ? place(out[body.parent], body.pos) : body.pos;
    if (body.joint === "free") {
      pos = [...qpos.slice(body.adr, body.adr + 3)];
      quat = unit([...qpos.slice(body.adr + 3, body.adr + 7)]);
    } else if (body.joint === "hinge") {
      const half = qpos[body.adr] / 2;
      quat = quatMul(quat, [Math.cos(half), ...body.axis.map((v) => v * Math.sin(half))]);
    }
    quats.push(quat);
    out.push(matrix(quat, pos));
  });
  return out;
}

// The pose between two frames, so that slow motion stays smooth.
function poseAt(qpos, nq, cursor) {
  const last = qpos.length / nq - 1;
  const i = Math.floor(clamp(cursor, 0, last));
  const t = clamp(cursor - i, 0, 1);
  const a = qpos.subarray(i * nq, (i + 1) * nq);
  if (!t || i === last) return [...a];
  const b = qpos.subarray((i + 1) * nq, (i + 2) * nq);
  const side = Math.sign(a[3] * b[3] + a[4] * b[4] + a[5] * b[5] + a[6] * b[6]) || 1; // q and -q turn alike
  return [...a].map((v, k) => v + t * ((k >= 3 && k < 7 ? side : 1) * b[k] - v));
}

// Where the camera looks while it follows: the root's path without its jitter (a moving average, twice).
function smoothPath(values, half) {
  const mean = (list) =>
    list.map((_, i) => {
      const from = Math.max(0, i - half), to = Math.min(list.length, i + half + 1);
      return list.slice(from, to).reduce((a, b) => a + b, 0) / (to - from);
    });
  return mean(mean(values));
}

// ---- meshes: lists of vertices {p, n} and triangles, in the geom's own frame ----
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
// bodies first, then shaft and head of one contact arrow per wheel, then one torque arc per wheel.
// A coarse mesh has sharp edges.
function buildMesh(scene, coarse = false) {
  const data = [], index = [], range = {}, nbody = scene.tree.length;
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
      const thin = Math.min(...g.size), bevel = coarse || thin < 0.005 ? 0 : 0.0035;
      const shape = g.type === "box" ? roundedBox(g.size, bevel) : wheelMesh(g.size, coarse ? 14 : 28);
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
    scene.wheels.forEach((_, k) => add(arrowShaft(), nbody + 2 * k, PART.arrow, [0, 0, 0]));
    scene.wheels.forEach((_, k) => add(arrowHead(), nbody + 2 * k + 1, PART.arrow, [0, 0, 0]));
  });
  section("arcs", () => {
    scene.wheels.forEach((_, k) => add(torqueArc(), nbody + 2 * scene.wheels.length + k, PART.arc, [0, 0, 0]));
  });
  return { data: new Float32Array(data), index: new Uint16Array(index), range, slots: nbody + 3 * scene.wheels.length };
}

// ---- forces, as slot matrices ----
const NOWHERE = new Array(16).fill(0);
const FORCE_SCALE = 0.004; // m of arrow per N
const TORQUE_SWEEP = 2.8; // rad of arc at full torque
const FULL_TOUCH = 20; // N, the robot's weight roughly: the step is fully tinted

// One arrow from the contact point along the force on the robot: [shaft, head].
function arrowMatrices(point, force) {
  const newtons = Math.hypot(...force);
  if (newtons < 0.5) return [NOWHERE, NOWHERE];
  const z = unit(force), x = unit(cross(Math.abs(z[1]) < 0.9 ? [0, 1, 0] : [1, 0, 0], z)), y = cross(z, x);
  const length = clamp(newtons * FORCE_SCALE, 0.004, 0.14);
  const tip = point.map((p, k) => p + length * z[k]);
  const frame = (axis, at) => [...x, 0, ...y, 0, ...axis, 0, ...at, 1];
  return [frame(z.map((v) => v * length), point), frame(z, tip)];
}

// Where a wheel's torque arc sits: turning with the chassis, not with the wheel, outside the legs.
function arcMatrix(scene, bodies, wheel) {
  const chassis = bodies[scene.tree[wheel.body].parent], hub = bodies[wheel.body];
  const out = turn(chassis, [0, Math.sign(scene.tree[wheel.body].pos[1]) * 0.014, 0]);
  return [...chassis.slice(0, 12), ...[0, 1, 2].map((r) => hub[12 + r] + out[r]), 1];
}

// What pushes the robot at a frame; contacts are stored in 0.1 mm from the root and 0.01 N.
function forcesAt(scene, record, frame) {
  const n = scene.wheels.length, root = record.qpos.subarray(frame * scene.nq, frame * scene.nq + 3);
  const contacts = scene.wheels.map((_, k) => {
    const c = record.contacts.subarray(6 * (frame * n + k), 6 * (frame * n + k + 1));
    return [[0, 1, 2].map((i) => root[i] + c[i] * 1e-4), [3, 4, 5].map((i) => c[i] * 0.01)];
  });
  const torque = scene.wheels.map((_, k) => record.torque[frame * n + k] / scene.torque);
  const recent = record.touch.subarray(Math.max(0, frame - 5), frame + 1); // contact flickers; the tint should not
  return { contacts, torque, touch: clamp(Math.max(...recent) / FULL_TOUCH, 0, 1) };
}

const noForces = (scene) => ({ contacts: null, torque: scene.wheels.map(() => 0), touch: 0 });
