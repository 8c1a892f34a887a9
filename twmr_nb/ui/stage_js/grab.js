// A hand on the robot: which point of it lies under the pointer, and where the pointer drags it to.

import { lens, VIEW_ANGLE } from "../replay_js/camera.js";
import { cross, dot, inverse, matrix, multiply, place, turn } from "../replay_js/vectors.js";

const MARGIN = 0.004; // m round every part, for fingers

// The ray through a point of the picture, across and up from -1 to 1.
export function rayThrough(camera, target, aspect, across, up) {
  const seen = lens(camera, target, aspect), ahead = cross(seen.up, seen.right), wide = Math.tan(VIEW_ANGLE / 2);
  const way = ahead.map((v, k) => v + wide * (across * aspect * seen.right[k] + up * seen.up[k]));
  return { eye: seen.eye, ahead, way };
}

// The nearest part of the robot that a ray meets: its body, and the point in the body's frame and in the world.
export function pick(scene, bodies, { eye, way }) {
  let nearest = null;
  for (const geom of scene.geoms.filter((g) => g.body !== 0)) {
    const back = inverse(multiply(bodies[geom.body], matrix(geom.quat, geom.pos)));
    const [r, half, third] = geom.size, size = geom.type === "box" ? [r, half, third] : [r, r, half];
    const far = meet(place(back, eye), turn(back, way), size.map((v) => v + MARGIN));
    if (far === null || far >= (nearest?.far ?? Infinity)) continue;
    const point = eye.map((v, k) => v + far * way[k]);
    nearest = { far, point, body: geom.body, at: place(inverse(bodies[geom.body]), point) };
  }
  return nearest;
}

// How far along a ray the box of this half size begins; null if it misses.
function meet(from, way, size) {
  let near = 0, far = Infinity;
  for (let k = 0; k < 3; k++) {
    const [a, b] = [-1, 1].map((side) => (side * size[k] - from[k]) / way[k]).sort((u, v) => u - v);
    if (Number.isNaN(a)) continue;
    [near, far] = [Math.max(near, a), Math.min(far, b)];
  }
  return near <= far ? near : null;
}

// Where a ray meets the plane through a point that faces the camera.
export function onPlane({ eye, ahead, way }, point) {
  const share = dot(point.map((v, k) => v - eye[k]), ahead) / dot(way, ahead);
  return eye.map((v, k) => v + share * way[k]);
}

// Where a point of the world is in a picture of this size, px.
export function onScreen(view, point, width, height) {
  const [x, y, , w] = [0, 1, 2, 3].map((r) => view[r] * point[0] + view[4 + r] * point[1] + view[8 + r] * point[2] + view[12 + r]);
  return [((x / w + 1) / 2) * width, ((1 - y / w) / 2) * height];
}
