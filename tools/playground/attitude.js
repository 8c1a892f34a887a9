// Rotations as unit quaternions (w, x, y, z), as twmr_nb/robot/rotations.py has them. Angles in rad.

import { clamp } from "../../twmr_nb/ui/replay_js/vectors.js";

/** The rows of a rotation matrix: each column is a turned axis.
 * @param {ArrayLike<number>} quat */
export function rotationRows(quat) {
  const [w, x, y, z] = Array.from(quat);
  return [
    [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
    [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
    [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
  ];
}

/** Roll and pitch, the nose down where it is positive.
 * @param {ArrayLike<number>} quat */
export function rollPitch(quat) {
  const [w, x, y, z] = Array.from(quat);
  return [Math.atan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y)), Math.asin(clamp(2 * (w * y - z * x), -1, 1))];
}

/** Heading: 0 along x, positive towards y.
 * @param {ArrayLike<number>} quat */
export function yawOf(quat) {
  const [w, x, y, z] = Array.from(quat);
  return Math.atan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z));
}

/** Cosine of the angle between the turned z axis and the vertical.
 * @param {ArrayLike<number>} quat */
export const uprightOf = (quat) => 1 - 2 * (quat[1] ** 2 + quat[2] ** 2);

/** That angle itself.
 * @param {ArrayLike<number>} quat */
export const tiltOf = (quat) => Math.acos(clamp(uprightOf(quat), -1, 1));

/** How far the turned x axis points above the horizon.
 * @param {ArrayLike<number>} quat */
export function noseUp(quat) {
  const [w, x, y, z] = Array.from(quat);
  return Math.asin(clamp(2 * (x * z - w * y), -1, 1));
}

/** A heading as a quaternion.
 * @param {number} angle */
export const aboutZ = (angle) => [Math.cos(angle / 2), 0, 0, Math.sin(angle / 2)];
