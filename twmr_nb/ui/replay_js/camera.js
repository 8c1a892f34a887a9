// The point of view: MuJoCo's free camera (azimuth, elevation in degrees, distance and lookat in metres), turned, moved
// and zoomed by hand. While it follows, lookat counts from the robot.

import { clamp, cross, dot, multiply, unit } from "./vectors.js";

export const VIEWS = {
  "three-quarter": { azimuth: 62, elevation: -20 },
  side: { azimuth: 90, elevation: -8 },
  rear: { azimuth: 0, elevation: -22 },
  front: { azimuth: 165, elevation: -22 },
  top: { azimuth: 90, elevation: -89 },
};
export const VIEW_ANGLE = Math.PI / 4; // from top to bottom

export class Orbit {
  model; changed; path; azimuth; elevation; distance; lookat; follow;

  constructor(model, changed) {
    Object.assign(this, { model, changed });
    this.hear();
  }

  hear() {
    Object.assign(this, structuredClone(this.model.get("camera")));
  }

  // The robot's way along x and y, without its jitter.
  load(path, dt) {
    this.path = path.map((values) => smoothPath(values, Math.round(0.24 / dt)));
  }

  save() {
    const { azimuth, elevation, distance, lookat, follow } = this;
    this.model.set("camera", { azimuth, elevation, distance, lookat: [...lookat], follow });
    this.model.save_changes();
  }

  robot(cursor) {
    const i = Math.floor(cursor), t = cursor - i;
    return [...this.path.map((way) => way[i] + t * ((way[i + 1] ?? way[i]) - way[i])), 0];
  }

  target(cursor) {
    const base = this.follow ? this.robot(cursor) : [0, 0, 0];
    return this.lookat.map((v, k) => v + base[k]);
  }

  setFollow(on, cursor) {
    const now = this.target(cursor), robot = this.robot(cursor);
    const near = Math.hypot(now[0] - robot[0], now[1] - robot[1]) < 0.4;
    if (on) this.lookat = near ? now.map((v, k) => v - robot[k]) : [0.04, 0, 0.02];
    else this.lookat = now;
    this.follow = on;
    this.save();
    this.changed();
  }

  look(name) {
    Object.assign(this, VIEWS[name]);
    this.save();
    this.changed();
  }

  get viewName() {
    return Object.keys(VIEWS).find((v) => VIEWS[v].azimuth === this.azimuth && VIEWS[v].elevation === this.elevation) ?? "";
  }

  // Pixels of a drag.
  turn(dx, dy) {
    this.azimuth = ((((this.azimuth - dx * 0.4 + 180) % 360) + 360) % 360) - 180;
    this.elevation = clamp(this.elevation - dy * 0.4, -89, 10);
    this.changed();
  }

  pan(dx, dy, height) {
    const { right, up } = lens(this, [0, 0, 0], 1), scale = (2 * Math.tan(VIEW_ANGLE / 2) * this.distance) / height;
    this.lookat = this.lookat.map((v, k) => v + scale * (dy * up[k] - dx * right[k]));
    this.lookat[2] = clamp(this.lookat[2], -0.05, 1);
    this.changed();
  }

  zoom(factor) {
    this.distance = clamp(this.distance * factor, 0.15, 8);
    this.changed();
  }
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

// From the world to the screen, and the camera's own directions.
export function lens(camera, target, aspect) {
  const az = (camera.azimuth * Math.PI) / 180, el = (camera.elevation * Math.PI) / 180;
  const ahead = [Math.cos(el) * Math.cos(az), Math.cos(el) * Math.sin(az), Math.sin(el)];
  const eye = target.map((t, k) => t - camera.distance * ahead[k]);
  const right = [Math.sin(az), -Math.cos(az), 0], up = cross(right, ahead);
  const look = seenFrom([right, up, ahead.map((v) => -v)], eye);
  const near = camera.distance * 0.05, far = camera.distance * 12 + 4, f = 1 / Math.tan(VIEW_ANGLE / 2);
  const depth = (far + near) / (near - far), shift = (2 * far * near) / (near - far);
  const project = [f / aspect, 0, 0, 0, 0, f, 0, 0, 0, 0, depth, -1, 0, 0, shift, 0];
  return { view: multiply(project, look), eye, right, up };
}

// Parallel light from the sun in a box round the robot: what the shadow map sees.
export const SUN = unit([-0.42, -0.5, 1.0]);
export function sunLens(centre) {
  const x = unit(cross([0, 1, 0], SUN)), y = cross(SUN, x), r = 0.36;
  return seenFrom([x.map((v) => v / r), y.map((v) => v / r), SUN.map((v) => -v / 0.7)], centre);
}

// The matrix of three axes (rows) with an origin.
function seenFrom(rows, origin) {
  return [0, 1, 2].flatMap((c) => [...rows.map((r) => r[c]), 0]).concat([...rows.map((r) => -dot(r, origin)), 1]);
}
