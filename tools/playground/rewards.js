// The reward terms of twmr_nb/task/rewards.py: raw values of one control step. What Python computes in float32 is rounded
// here in the same places; names, weights, units and words come from Python with the page.

import { rotationRows, yawOf } from "./attitude.js";
import { f32, tipRadius } from "./senses.js";
import { clamp } from "../../twmr_nb/ui/replay_js/vectors.js";

/**
 * One control step, as Python's Transition: lists of numbers, and those in float32 that are there.
 * @typedef {{
 *   qposBefore: number[], qpos: number[], qvel: number[], accelerometer: number[], gyro: number[], torque: number[],
 *   touch: number, action: number[], actionBefore: number[], gate: number, fell: boolean, passedBefore: boolean,
 *   passed: boolean, stepHeight: number, tilt: number, leg: number[]
 * }} Transition
 */

// Squares added up in float32, as NumPy adds four (in turn) and eight (in pairs).
function sumOfSquares(values) {
  const squares = values.map((v) => f32(v * v));
  if (squares.length !== 8) return squares.reduce((sum, v) => f32(sum + v), 0);
  const [a, b, c, d, e, f, g, h] = squares, add = (x, y) => f32(x + y);
  return add(add(add(a, b), add(c, d)), add(add(e, f), add(g, h)));
}

const offPose = (leg, pose) => f32(sumOfSquares(leg.map((q, k) => f32(q - pose[k]))) / 4);
const mean4 = (values) => values.reduce((sum, v) => sum + v, 0) / 4;

/** How far the wheels' axes have come over the step: ahead, and up; each m, mean of four. */
function wayOverStep(t, qpos, { edge }, { places, wheelRadius }) {
  const rows = rotationRows(qpos.slice(3, 7));
  const at = (row, from) => places.map(([ahead, aside]) => from + rows[row][0] * ahead + rows[row][1] * aside);
  const x = at(0, qpos[0]), z = at(2, qpos[2]);
  const up = x.map((ahead, k) => (ahead < edge ? clamp(z[k] - wheelRadius, 0, t.stepHeight) : t.stepHeight));
  return { way: mean4(x.map((ahead, k) => ahead + up[k])), up: mean4(up) };
}
const wayMade = (t, world, robot, what) =>
  (wayOverStep(t, t.qpos, world, robot)[what] - wayOverStep(t, t.qposBefore, world, robot)[what]) / world.dt;

/** By name: a function of (transition, world, robot). */
export const TERMS = {
  forward: (t, world) => (t.qpos[0] - t.qposBefore[0]) / world.dt,
  alive: () => 1,
  control: (t) => sumOfSquares(t.torque),
  extension: (t, { retract, extend }) => {
    const gate = f32(t.gate), asked = retract.map((r, k) => f32(r + f32(gate * f32(extend[k] - r))));
    return offPose(t.leg, asked);
  },
  post_success: (t, { retract }) => (t.passedBefore ? offPose(t.leg, retract) : 0),
  success: (t) => (t.passed && !t.passedBefore ? 1 : 0),
  climb: (t, world, robot) => wayMade(t, world, robot, "way"),
  lift: (t, world, robot) => wayMade(t, world, robot, "up"),
  folded: (t, _, robot) => {
    const out = t.leg.map((q) => (tipRadius(robot, q) - robot.foldedRadius) / (robot.maxTip - robot.foldedRadius));
    return t.passedBefore ? mean4(out.map((o) => (1 - clamp(o, 0, 1)) ** 2)) : 0;
  },
  tipping: (t, _, robot) => Math.max(t.tilt - robot.tipping, 0) ** 2,
  astray: (t, { config }, robot) => {
    const off = yawOf(t.qpos.slice(3, 7)) - config.start_yaw, turn = 2 * Math.PI;
    return (1 - t.gate) * Math.max(Math.abs(((((off + Math.PI) % turn) + turn) % turn) - Math.PI) - robot.astray, 0);
  },
  action_rate: (t) => sumOfSquares(t.action.map((a, k) => f32(clamp(a, -1, 1) - clamp(t.actionBefore[k], -1, 1)))),
  fall: (t) => (t.fell ? 1 : 0),
};

/** How much of what pays counts: less the more the chassis tilts, where the world has an upright_factor. */
export const shareOf = (t, { config }, robot) => (config.upright_factor ? clamp(Math.cos(t.tilt), 0, robot.upright) / robot.upright : 1);

/** Every term's raw value and its share, by name.
 * @param {Transition} t
 * @returns {Record<string, {raw: number, share: number}>} */
export function scoreStep(t, world, robot, terms) {
  const share = shareOf(t, world, robot);
  return Object.fromEntries(terms.map(({ name, sign }) => [name, { raw: TERMS[name](t, world, robot), share: sign > 0 ? share : 1 }]));
}

/** What the terms have paid under these weights, by name, of the sums of their raw values, each times its share.
 * @param {Record<string, number>} weights @param {Record<string, number>} sums
 * @returns {Record<string, number>} */
export const earned = (weights, sums) => Object.fromEntries(Object.entries(sums).map(([name, sum]) => [name, weights[name] * sum]));
export const total = (paid) => Object.values(paid).reduce((sum, v) => sum + v, 0);
