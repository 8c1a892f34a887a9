// What the robot senses and makes of it: the gates, the memory of what it felt, the observations. The mathematics is that
// of twmr_nb/task/gate.py, feeling.py and observations.py, where the words to it stand; sizes and thresholds come from
// there with the page. Senses are float32, what is computed from them is float64, as in Python.

import { noseUp, rollPitch, rotationRows } from "./attitude.js";
import { quatMul, unit } from "../../twmr_nb/ui/replay_js/vectors.js";

export const f32 = Math.fround;
const WHEELS = [0, 1, 2, 3];

/** Joint positions and speeds by joint: per wheel its own and three legs', after the root.
 * @param {ArrayLike<number>} qpos @param {ArrayLike<number>} qvel */
export const jointsOf = (qpos, qvel) => ({
  wheel: WHEELS.map((k) => qpos[7 + 4 * k]),
  leg: WHEELS.map((k) => qpos[8 + 4 * k]),
  wheelSpeed: WHEELS.map((k) => qvel[6 + 4 * k]),
  legSpeed: WHEELS.map((k) => qvel[7 + 4 * k]),
});

/** Distance of a leg's tip from its wheel's axis, m. */
export function tipRadius({ hinge, length, mount }, angle) {
  return Math.sqrt(hinge ** 2 + length ** 2 - 2 * hinge * length * Math.cos(mount + angle));
}

// ---- gates ----
export function gateOf(world, robot, { x, accelerometer, gyro, torque, wheelSpeed, felt }) {
  const { gate_mode: mode } = world.config;
  if (mode === "felt") return felt ? 1 : 0;
  if (mode === "obstacle") return obstacleGate(world, robot, x);
  if (mode === "proprio") return proprioGate(world.config, robot, accelerometer, gyro, torque.slice(0, 4), wheelSpeed.map(f32));
  return 0;
}

function obstacleGate({ config, window }, { hardEdge }, x) {
  if (!window) return 0;
  const [start, end] = window, { obstacle_smooth: smooth } = config;
  if (smooth <= hardEdge) return x >= start && x <= end ? 1 : 0;
  return 0.25 * (Math.tanh((x - start) / smooth) + 1) * (Math.tanh((end - x) / smooth) + 1);
}

function proprioGate(config, robot, accelerometer, gyro, torque, speed) {
  const impact = Math.abs(norm32(accelerometer) - robot.gravity) / config.gate_acc_scale;
  const rotation = norm32(gyro) / config.gate_gyro_scale;
  const stall = meanMagnitude(torque) / (meanMagnitude(speed) + robot.stallSpeed) / config.gate_stall_scale;
  return 0.5 * (Math.tanh((impact + rotation + stall - config.gate_bias) / config.gate_smooth) + 1);
}

// Rounded as NumPy rounds them in float32.
const norm32 = (v) => f32(Math.sqrt(f32(v.reduce((sum, c) => sum + f32(c * c), 0))));
const meanMagnitude = (v) => v.reduce((sum, c) => f32(sum + Math.abs(c)), 0) / v.length;

// ---- what it felt ----
/** One robot's memory of what it sensed; `start` begins an episode, `feel` takes the senses of one control step. */
export class Feeling {
  config; robot; dt; attitude; gyro; lean; level; deaf; open;

  constructor(config, robot, dt) {
    Object.assign(this, { config, robot, dt });
  }

  start(legs) {
    const { robot } = this;
    Object.assign(this, { attitude: [1, 0, 0, 0], gyro: [0, 0, 0], lean: [0, 0], level: 0, deaf: 0 });
    this.open = legs.reduce((sum, angle) => sum + tipRadius(robot, angle), 0) > 4 * robot.legsOut;
  }

  feel(gyro, legs) {
    const { config, robot, dt } = this, half = gyro.map((rate, k) => (((this.gyro[k] + rate) / 2) * dt) / 2);
    const turn = unit([1 - half.reduce((sum, h) => sum + h * h, 0) / 2, ...half]);
    this.attitude = unit(quatMul(this.attitude, turn));
    this.gyro = [...gyro];
    const up = rotationRows(this.attitude)[2];
    this.lean = this.lean.map((lean, k) => lean + (dt / robot.smoothed) * (up[k] - lean));
    this.deaf = this.lean[0] < -robot.sunk ? Math.round(robot.deafFor / dt) : Math.max(this.deaf - 1, 0);
    const stowed = legs.every((angle) => tipRadius(robot, angle) < robot.legsStowed);
    const opens = noseUp(this.attitude) > config.gate_tilt && stowed && this.deaf === 0;
    const isLevel = this.lean[0] ** 2 + this.lean[1] ** 2 < robot.level ** 2;
    this.level = isLevel && !opens ? this.level + 1 : 0;
    this.open = opens || (this.open && this.level * dt < robot.levelFor && this.lean[0] > -robot.wayDown);
  }
}

// ---- observations ----
/** What a policy that sees `mode` is told, in float32.
 * @returns {Float32Array} */
export function observe(mode, world, robot, { qpos, qvel, accelerometer, gyro, touch, memory }) {
  const { wheel, leg, wheelSpeed, legSpeed } = jointsOf(qpos, qvel);
  const modes = {
    proprio: () => [...wheel, ...wheelSpeed, ...leg, ...legSpeed, ...accelerometer, ...gyro],
    proprio_contact: () => [...modes.proprio(), touch > 0 ? 1 : 0],
    proprio_phase: () => {
      const phase = wheel.map((angle) => 3 * angle), rows = rotationRows(memory.attitude);
      const joints = [...phase.map(Math.sin), ...phase.map(Math.cos), ...wheelSpeed, ...leg, ...legSpeed];
      return [...joints, ...accelerometer, ...gyro, ...rows[2], rows[0][0], rows[1][0], ...memory.action, memory.gate];
    },
    compact: () => [qpos[0], qpos[2], qvel[0], qvel[2], ...rollPitch(qpos.slice(3, 7)), ...leg],
    compact_obstacle: () => {
      const place = world.box ? (qpos[0] - world.box[0]) / world.reach : 0;
      return [...modes.compact(), obstacleGate(world, robot, qpos[0]), place];
    },
    full: () => [...qpos, ...qvel],
  };
  if (!modes[mode]) throw new Error(`obs_mode = ${mode} is not known to this page: use one of ${Object.keys(modes).join(", ")}.`);
  return Float32Array.from(modes[mode]());
}
