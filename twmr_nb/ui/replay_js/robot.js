// The recorded robot: unpacking a recording, forward kinematics, and the forces on it. Pure functions; lengths in
// metres, angles in radians.

import { clamp, cross, matrix, place, quatMul, turn, unit } from "./vectors.js";

// Bytes arrive as a DataView (live widget) or as base64 text (static page).
export function unpack(packed, Type) {
  if (!packed) return null;
  if (typeof packed === "string") return new Type(bytesOf(packed).buffer);
  return new Type(packed.buffer.slice(packed.byteOffset, packed.byteOffset + packed.byteLength));
}

// What base64 says; a loop, as Uint8Array.from takes ten times as long.
export function bytesOf(base64) {
  const text = atob(base64), bytes = new Uint8Array(text.length);
  for (let k = 0; k < text.length; k++) bytes[k] = text.charCodeAt(k);
  return bytes;
}

// ---- kinematics: qpos -> the world matrix of every body, as mj_kinematics does it ----
export function bodyMatrices(tree, qpos) {
  const quats = [];
  const out = [];
  tree.forEach((body, i) => {
    let quat = i ? quatMul(quats[body.parent], body.quat) : body.quat;
    let pos = i ? place(out[body.parent], body.pos) : body.pos;
    if (body.joint === "free") {
      pos = [...qpos.slice(body.adr, body.adr + 3)];
      quat = unit([...qpos.slice(body.adr + 3, body.adr + 7)]);
    } else if (body.joint === "hinge") {
      const half = qpos[body.adr] / 2, [x, y, z] = body.axis.map((v) => v * Math.sin(half));
      quat = quatMul(quat, [Math.cos(half), x, y, z]);
    }
    quats.push(quat);
    out.push(matrix(quat, pos));
  });
  return out;
}

// The pose between two frames, so that slow motion stays smooth.
export function poseAt(qpos, nq, cursor) {
  const last = qpos.length / nq - 1;
  const i = Math.floor(clamp(cursor, 0, last));
  const t = clamp(cursor - i, 0, 1);
  const a = qpos.subarray(i * nq, (i + 1) * nq);
  if (!t || i === last) return [...a];
  const b = qpos.subarray((i + 1) * nq, (i + 2) * nq);
  const side = Math.sign(a[3] * b[3] + a[4] * b[4] + a[5] * b[5] + a[6] * b[6]) || 1; // q and -q turn alike
  return [...a].map((v, k) => v + t * ((k >= 3 && k < 7 ? side : 1) * b[k] - v));
}

// ---- forces, as slot matrices ----
export const NOWHERE = new Array(16).fill(0);
const FORCE_SCALE = 0.004; // m of arrow per N
export const TORQUE_SWEEP = 2.8; // rad of arc at full torque
const FULL_TOUCH = 20; // N, the robot's weight roughly: the step is fully tinted

// One arrow from the contact point along the force on the robot: [shaft, head].
export function arrowMatrices(point, force) {
  const newtons = Math.hypot(...force);
  if (newtons < 0.5) return [NOWHERE, NOWHERE];
  const z = unit(force), x = unit(cross(Math.abs(z[1]) < 0.9 ? [0, 1, 0] : [1, 0, 0], z)), y = cross(z, x);
  const length = clamp(newtons * FORCE_SCALE, 0.004, 0.14);
  const tip = point.map((p, k) => p + length * z[k]);
  const frame = (axis, at) => [...x, 0, ...y, 0, ...axis, 0, ...at, 1];
  return [frame(z.map((v) => v * length), point), frame(z, tip)];
}

// Where a wheel's torque arc sits: turning with the chassis, not with the wheel, outside the legs.
export function arcMatrix(scene, bodies, wheel) {
  const chassis = bodies[scene.tree[wheel.body].parent], hub = bodies[wheel.body];
  const out = turn(chassis, [0, Math.sign(scene.tree[wheel.body].pos[1]) * 0.014, 0]);
  return [...chassis.slice(0, 12), ...[0, 1, 2].map((r) => hub[12 + r] + out[r]), 1];
}

// What pushes the robot at a frame; contacts are stored in 0.1 mm from the root and 0.01 N.
export function forcesAt(scene, record, frame) {
  const n = scene.wheels.length, root = record.qpos.subarray(frame * scene.nq, frame * scene.nq + 3);
  const contacts = scene.wheels.map((_, k) => {
    const c = record.contacts.subarray(6 * (frame * n + k), 6 * (frame * n + k + 1));
    return [[0, 1, 2].map((i) => root[i] + c[i] * 1e-4), [3, 4, 5].map((i) => c[i] * 0.01)];
  });
  const torque = scene.wheels.map((_, k) => record.torque[frame * n + k] / scene.torque);
  const recent = record.touch.subarray(Math.max(0, frame - 5), frame + 1); // contact flickers; the tint should not
  return { contacts, torque, touch: clamp(Math.max(...recent) / FULL_TOUCH, 0, 1) };
}

export const noForces = (scene) => ({ contacts: null, torque: scene.wheels.map(() => 0), touch: 0 });
