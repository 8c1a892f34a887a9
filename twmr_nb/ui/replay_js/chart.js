// The timeline (marks, gate, contact) and the curves under it: one canvas, one time axis, one cursor.

import { clamp } from "./vectors.js";

export const LANE = { left: 64, right: 16, marks: 9, gate: [20, 36], contact: [41, 47], curves: 66, axis: 20 };
const NEEDLE = 14; // px, the width of the cursor's canvas
const MARKS = { contact: "▼", gate: "◆", passed: "⚑", end: "■" };

// Round numbers that divide a range into about n parts.
function niceTicks(low, high, n) {
  const rough = (high - low) / n || 1, ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((f) => f * ten).find((s) => s >= rough * 0.999);
  const ticks = [];
  for (let k = Math.ceil(low / step); k * step <= high + 1e-9 * step; k++) ticks.push(k * step);
  return { ticks, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

export class Chart {
  canvas; needle; hidden; stale; show; range; width; height; ratio; look;

  constructor(canvas, needle) {
    Object.assign(this, { canvas, needle, hidden: new Set(), stale: true });
  }

  // show: frames, dt, marks, gate, touch (arrays over the frames), unit, curves, dashed (the ghost's curve or null).
  load(show) {
    Object.assign(this, { show, stale: true });
  }

  toggle(name, only) {
    const names = this.show.curves.map((c) => c.name), others = names.filter((n) => n !== name);
    const alone = others.every((n) => this.hidden.has(n)) && !this.hidden.has(name);
    if (only) this.hidden = new Set(alone ? [] : others);
    else this.hidden.has(name) ? this.hidden.delete(name) : this.hidden.add(name);
    this.stale = true;
  }

  resize(width, height, ratio, look) {
    Object.assign(this, { width, height, look, ratio, stale: true });
    const pixels = (n) => Math.round(n * ratio);
    Object.assign(this.canvas, { width: pixels(width), height: pixels(height) });
    Object.assign(this.needle, { width: pixels(NEEDLE), height: pixels(height) });
    for (const c of [this.canvas, this.needle]) c.style.height = `${height}px`;
  }

  x(frame) {
    return LANE.left + (frame / Math.max(this.show.frames - 1, 1)) * (this.width - LANE.left - LANE.right);
  }

  frameAt(x) {
    const share = (x - LANE.left) / (this.width - LANE.left - LANE.right);
    return Math.round(clamp(share, 0, 1) * (this.show.frames - 1));
  }

  y(value) {
    const [low, high] = this.range, bottom = this.height - LANE.axis;
    return clamp(bottom - ((value - low) / (high - low)) * (bottom - LANE.curves), LANE.curves, bottom);
  }

  // All but the rarest peaks fit: one success bonus must not flatten every other curve. Clipped peaks get a tick.
  findRange(curves) {
    const all = curves.flatMap((c) => [...c.values]).filter(Number.isFinite).sort((a, b) => a - b);
    const at = (share) => all[Math.round(share * (all.length - 1))] ?? 0;
    const low = Math.min(0, at(0.003)), high = Math.max(0, at(0.997)), pad = 0.08 * (high - low) || 1;
    this.range = [low - (low < 0 ? pad : 0), high + pad];
  }

  // The curves are drawn once; the cursor is a narrow canvas of its own that moves over them.
  draw(cursor) {
    if (this.stale) this.drawCurves();
    const { needle, ratio, look } = this, pen = needle.getContext("2d"), middle = NEEDLE / 2;
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    pen.clearRect(0, 0, NEEDLE, this.height);
    pen.fillStyle = look.accent;
    pen.fillRect(middle - 0.75, 6, 1.5, this.height - LANE.axis - 6);
    this.dot(pen, 10, 5, look.accent);
    const frame = Math.floor(cursor);
    for (const curve of this.visible()) this.dot(pen, this.y(curve.values[frame]), 3.5, curve.paint, curve.edge);
    needle.style.transform = `translateX(${this.x(cursor) - middle}px)`;
  }

  dot(pen, y, radius, color, edge = color) {
    pen.fillStyle = color;
    pen.strokeStyle = edge === color ? this.look.background : edge;
    pen.beginPath();
    pen.arc(NEEDLE / 2, y, radius, 0, 7);
    pen.fill();
    pen.stroke();
  }

  visible() {
    return this.show.curves.filter((c) => !this.hidden.has(c.name));
  }

  drawCurves() {
    const pen = this.canvas.getContext("2d");
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.clearRect(0, 0, this.width, this.height);
    pen.font = "11px system-ui, sans-serif";
    this.findRange(this.visible());
    this.drawAxes(pen);
    for (const curve of this.visible()) {
      const thick = curve.name === "total" ? 1.8 : 1.4;
      if (curve.edge !== curve.paint) this.drawCurve(pen, curve.values, curve.edge, thick + 1.6); // a light colour's dark edge
      this.drawCurve(pen, curve.values, curve.paint, thick);
    }
    if (this.show.dashed) this.drawDashed(pen);
    this.drawSignals(pen);
    this.drawMarks(pen);
    this.stale = false;
  }

  drawAxes(pen) {
    const { show, look, width, height } = this, bottom = height - LANE.axis, seconds = show.frames * show.dt;
    pen.fillStyle = look.faintText;
    pen.strokeStyle = look.border;
    pen.lineWidth = 1;
    pen.textBaseline = "middle";
    const time = niceTicks(show.dt, seconds, clamp(width / 110, 3, 12));
    pen.textAlign = "center";
    for (const t of time.ticks) {
      const x = Math.round(this.x(t / show.dt - 1)) + 0.5;
      pen.strokeRect(x, bottom, 0, 4);
      pen.fillText(`${t.toFixed(time.digits)} s`, x, bottom + 12);
    }
    if (show.curves.length) {
      pen.textAlign = "left";
      pen.fillText(show.unit, LANE.left + 4, LANE.curves - 6);
      pen.textAlign = "right";
      const value = niceTicks(...this.range, clamp((bottom - LANE.curves) / 34, 2, 6));
      for (const v of value.ticks) {
        const y = Math.round(this.y(v)) + 0.5;
        pen.globalAlpha = Math.abs(v) < 1e-12 ? 1 : 0.45;
        pen.strokeRect(LANE.left, y, width - LANE.left - LANE.right, 0);
        pen.globalAlpha = 1;
        pen.fillText(v.toFixed(value.digits).replace("-", "−"), LANE.left - 8, y);
      }
    }
    pen.textAlign = "right";
    pen.fillText("gate", LANE.left - 8, (LANE.gate[0] + LANE.gate[1]) / 2);
    pen.fillText("contact", LANE.left - 8, (LANE.contact[0] + LANE.contact[1]) / 2);
  }

  trace(pen, values) {
    pen.beginPath();
    values.forEach((v, i) => pen.lineTo(this.x(i), this.y(v)));
  }

  drawCurve(pen, values, color, thick) {
    pen.strokeStyle = pen.fillStyle = color;
    pen.lineWidth = thick;
    pen.lineJoin = "round";
    this.trace(pen, values);
    pen.stroke();
    values.forEach((v, i) => {
      if (v <= this.range[1] && v >= this.range[0]) return;
      const up = v > this.range[1] ? 1 : -1, x = this.x(i), y = this.y(v);
      pen.beginPath();
      pen.moveTo(x, y - 5 * up);
      pen.lineTo(x - 4, y + 3 * up);
      pen.lineTo(x + 4, y + 3 * up);
      pen.fill();
    });
  }

  drawDashed(pen) {
    pen.strokeStyle = this.look.faintText;
    pen.lineWidth = 1.2;
    pen.setLineDash([4, 3]);
    this.trace(pen, this.show.dashed);
    pen.stroke();
    pen.setLineDash([]);
  }

  drawSignals(pen) {
    const { show, look } = this, [top, bottom] = LANE.gate, [first, last] = LANE.contact;
    pen.fillStyle = look.track;
    pen.fillRect(LANE.left, top, this.x(show.frames - 1) - LANE.left, bottom - top);
    pen.fillRect(LANE.left, first, this.x(show.frames - 1) - LANE.left, last - first);
    pen.fillStyle = look.signal;
    pen.beginPath();
    pen.moveTo(LANE.left, bottom);
    show.gate.forEach((g, i) => pen.lineTo(this.x(i), bottom - g * (bottom - top)));
    pen.lineTo(this.x(show.frames - 1), bottom);
    pen.fill();
    pen.fillStyle = look.contact;
    const step = this.x(1) - this.x(0);
    show.touch.forEach((f, i) => f > 0 && pen.fillRect(this.x(i) - step / 2, first, Math.max(step, 1), last - first));
  }

  drawMarks(pen) {
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    for (const mark of this.show.marks) {
      const x = this.x(mark.frame);
      pen.fillStyle = this.markColor(mark.kind);
      pen.globalAlpha = 0.35;
      pen.fillRect(x - 0.5, LANE.marks + 6, 1, this.height - LANE.axis - LANE.marks - 6);
      pen.globalAlpha = 1;
      pen.fillText(MARKS[mark.kind], x, LANE.marks);
    }
  }

  markColor(kind) {
    return { contact: this.look.contact, gate: this.look.signal, passed: this.look.passed, end: this.look.text }[kind];
  }

  // What lies under the pointer, in words.
  describe(x, y) {
    const { show } = this, frame = this.frameAt(x), time = `${((frame + 1) * show.dt).toFixed(2)} s`;
    const near = show.marks.filter((m) => Math.abs(this.x(m.frame) - x) < 6 && y < LANE.curves);
    if (near.length) return near.map((m) => `${((m.frame + 1) * show.dt).toFixed(2)} s: ${m.label}`).join("\n");
    if (y < LANE.contact[0] - 2) return `${time}: gate ${show.gate[frame].toFixed(2)}`;
    if (y < LANE.curves - 8) return `${time}: contact with the step ${show.touch[frame].toFixed(1)} N`;
    const gap = (c) => Math.abs(this.y(c.values[frame]) - y);
    const curve = this.visible().sort((a, b) => gap(a) - gap(b))[0];
    return curve && gap(curve) < 14 ? `${time}: ${curve.label} ${signed(curve.values[frame])}` : time;
  }
}

export function signed(v) {
  const size = Math.abs(v), text = size.toFixed(size >= 100 ? 0 : size >= 10 ? 1 : size >= 0.1 ? 2 : 3);
  return Number(text) === 0 ? "0" : (v < 0 ? "−" : "+") + text;
}
