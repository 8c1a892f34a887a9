// The same picture without WebGL2: triangles sorted from far to near and filled on a 2D canvas. Coarser, no shadows.

class FlatPainter {
  constructor(canvas, scene) {
    Object.assign(this, { canvas, scene, pen: canvas.getContext("2d"), mesh: buildMesh(scene, true) });
  }

  draw(shot) {
    const { canvas, pen, mesh, scene } = this, { palette, target, bodies } = shot;
    const { width, height } = canvas, { view, eye } = lens(shot.camera, target, width / height);
    const project = (p) => {
      const [x, y, , w] = transform(view, p);
      return w > 0.02 ? [(0.5 + (0.5 * x) / w) * width, (0.5 - (0.5 * y) / w) * height, w] : null;
    };
    pen.fillStyle = css(palette.ground);
    pen.fillRect(0, 0, width, height);
    this.drawFloor(project, target, palette);
    const block = palette.block.map((v, k) => v + (([0.85, 0.25, 0.15][k] - v) * shot.touch) / 2);
    this.fill(mesh.range.world, bodies, project, () => block);
    this.drawWords(project, target, eye, palette);
    if (shot.ghost) {
      pen.globalAlpha = 0.35;
      this.fill(mesh.range.robot, shot.ghost, project, () => palette.ghost);
      pen.globalAlpha = 1;
    }
    const glow = 0.35 * shot.gate;
    this.fill(mesh.range.robot, bodies, project, (c, part) => (part === PART.leg ? c.map((v) => v + (1 - v) * glow) : c));
    if (shot.contacts) scene.wheels.forEach((_, k) => this.drawForce(project, shot.contacts[k], palette));
  }

  line(project, a, b) {
    const [p, q] = [project(a), project(b)];
    if (!p || !q) return;
    this.pen.beginPath();
    this.pen.moveTo(p[0], p[1]);
    this.pen.lineTo(q[0], q[1]);
    this.pen.stroke();
  }

  drawFloor(project, target, palette) {
    const { pen, scene } = this, [cx, cy] = target.map((v) => Math.round(v * 10) / 10);
    const rule = (x, color, width) => {
      [pen.strokeStyle, pen.lineWidth] = [css(color), width];
      this.line(project, [x, cy - 0.5, 0], [x, cy + 1, 0]);
    };
    for (let k = -12; k <= 12; k++) {
      const heavy = (v) => (Math.round(v * 10) % 5 === 0 ? 1.5 : 0.5);
      rule(cx + k / 10, palette.lines, heavy(cx + k / 10));
      if (k > 10 || k < -5) continue;
      pen.lineWidth = heavy(cy + k / 10);
      this.line(project, [cx - 1.2, cy + k / 10, 0], [cx + 1.2, cy + k / 10, 0]);
    }
    if (scene.goal !== null && Math.abs(scene.goal - cx) < 1.2) rule(scene.goal, palette.goal, 2.5);
  }

  drawWords(project, target, eye, palette) {
    const { pen, scene } = this, side = eye[1] < target[1] ? 0 : 1;
    pen.fillStyle = css(palette.words);
    pen.font = `${Math.round(this.canvas.height / 32)}px system-ui, sans-serif`;
    pen.textAlign = "center";
    for (const label of scene.labels.filter((l) => Math.abs(l.x - target[0]) < 1)) {
      const spot = project([label.x, label.y[side], label.z]);
      if (spot) pen.fillText(label.text, spot[0], spot[1]);
    }
  }

  drawForce(project, [point, force], palette) {
    if (Math.hypot(...force) < 0.5) return;
    [this.pen.strokeStyle, this.pen.lineWidth] = [css(palette.push), 2.5];
    this.line(project, point, point.map((p, k) => p + force[k] * FORCE_SCALE));
  }

  // One section of the mesh; paint(colour, part) may change a triangle's colour.
  fill([start, count], bodies, project, paint) {
    const { data, index } = this.mesh, faces = [];
    for (let k = start; k < start + count; k += 3) {
      const at = [0, 1, 2].map((i) => 11 * index[k + i]);
      const world = at.map((o) => place(bodies[data[o + 10]], data.subarray(o, o + 3)));
      const screen = world.map(project);
      if (screen.includes(null)) continue;
      const [a, b, c] = screen, area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]);
      if (area > -0.05) continue; // seen from behind, or too thin to see
      const edge = (i) => world[i].map((v, r) => v - world[0][r]);
      const light = 0.68 + 0.4 * Math.max(dot(unit(cross(edge(1), edge(2))), SUN), 0);
      faces.push({ screen, depth: a[2] + b[2] + c[2], color: paint([...data.subarray(at[0] + 6, at[0] + 9)], data[at[0] + 9]), light });
    }
    for (const { screen, color, light } of faces.sort((a, b) => b.depth - a.depth)) {
      const { pen } = this;
      pen.fillStyle = pen.strokeStyle = css(color.map((v) => v * light));
      pen.lineWidth = 0.7;
      pen.beginPath();
      screen.forEach(([x, y]) => pen.lineTo(x, y));
      pen.closePath();
      pen.fill();
      pen.stroke();
    }
  }

  dispose() {}
}

const css = (rgb) => `rgb(${rgb.map((v) => Math.round(255 * clamp(v, 0, 1))).join(" ")})`;
const transform = (m, p) => [0, 1, 2, 3].map((r) => m[r] * p[0] + m[4 + r] * p[1] + m[8 + r] * p[2] + m[12 + r]);
