// The robot in its world: MuJoCo in WebAssembly under the rules of twmr_nb/task/simulation.py and env.py, one robot, one
// control step at a time. What is the same in every world is in `robot`; both come from Python with the page.

import { aboutZ, tiltOf, uprightOf } from "./attitude.js";
import { earned, scoreStep } from "./rewards.js";
import { f32, Feeling, gateOf, jointsOf, observe } from "./senses.js";
import { clamp, cross } from "../../twmr_nb/ui/replay_js/vectors.js";

const WHEEL_MOTORS = [0, 1, 2, 3], LEG_MOTORS = [4, 5, 6, 7];
const IMU = 13, TOUCH = 19; // where they begin among the sensors
const FAIR = { friction: 1, payload: 0, strength: 1, slope: 0 }; // circumstances that change nothing
const WHEELS_AT = [7, 11, 15, 19], LEGS_AT = [8, 12, 16, 20]; // among the joints' positions; speeds one before

export function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}

/** An episode's start: how far the root is moved and turned, and what is added to joints and speeds.
 * @typedef {{x: number, yaw: number, qpos: number[], qvel: number[]}} Start */

/** Draws a start as the world has it; normal() and uniform(low, high) are the chance.
 * @returns {Start} */
export function drawStart({ config }, normal, uniform) {
  const aside = (range) => (range ? uniform(-range, range) : 0), noise = (count) => Array.from({ length: count }, () => config.reset_noise * normal());
  return { x: aside(config.start_x_range), yaw: config.start_yaw + aside(config.start_yaw_range), qpos: noise(23), qvel: noise(22) };
}

export class Env {
  mj; model; data; world; robot; terms; weights; height; half; built;
  // of the episode
  transition; scores; sums; steps; passed; over; action; gate; feeling; shove;
  past = []; waiting = []; // the transitions of all its steps; the actions that have not reached the motors
  // from outside: a spring {body, at, to} as in twmr_nb/task/disturbance.py, and where, m, and how, N, it pulled last
  pull = null; pulled = null;
  circumstances = FAIR; normal = normal;

  /** @param {any} mj the loaded module @param {Uint8Array} bytes a binary model */
  constructor(mj, bytes, world, robot, terms) {
    const files = new mj.MjVFS();
    files.addBuffer("model.mjb", bytes);
    this.model = mj.MjModel.from_binary_path("model.mjb", files);
    files.delete();
    Object.assign(this, { mj, world: { ...world, config: { ...world.config } }, robot, terms, data: new mj.MjData(this.model) });
    const { opt, geom_friction, body_mass, body_inertia, actuator_forcerange } = this.model, { body } = world.scene.chassis;
    opt.timestep = world.config.timestep;
    this.built = { friction: [...geom_friction], mass: body_mass[body], inertia: [...body_inertia.subarray(3 * body, 3 * body + 3)], limits: [...actuator_forcerange], down: -opt.gravity[2] };
    this.weights = Object.fromEntries(terms.map(({ name, sign, setting }) => [name, sign * Number(world.config[setting])]));
    this.feeling = new Feeling(this.world.config, robot, world.dt);
    this.disturb(FAIR);
  }

  /** Begin an episode before a step of this height, m. @param {Start} start */
  reset(height, start) {
    const { mj, model, data, world, circumstances } = this, { config } = world;
    this.disturb(FAIR);
    mj.mj_resetData(model, data);
    data.qpos[0] += start.x;
    if (start.yaw) data.qpos.set(aboutZ(start.yaw), 3);
    this.setHeight(height);
    this.place();
    if (config.reset_noise > 0) {
      const { qpos, qvel } = data;
      start.qpos.forEach((by, k) => (qpos[k] += k < 7 ? 0 : by));
      start.qvel.forEach((by, k) => (qvel[k] += by));
      mj.mj_forward(model, data);
      this.place();
    }
    this.settle();
    this.disturb(circumstances);
    this.begin();
  }

  /** Let the robot meet other circumstances, at once: as twmr_nb/task/disturbance.py has them. @param {Partial<typeof FAIR>} others */
  disturb(others) {
    const { model, world, built, robot } = this, { body } = world.scene.chassis;
    this.circumstances = { ...this.circumstances, ...others };
    const { friction, payload, strength, slope } = this.circumstances, more = 1 + payload / robot.chassisMass, lean = (slope * Math.PI) / 180;
    model.geom_friction.set(built.friction.map((v) => v * friction));
    model.body_mass[body] = built.mass * more;
    model.body_inertia.set(built.inertia.map((v) => v * more), 3 * body);
    const weak = (k) => !world.servos || k < 4; // the others are servos, whose force is limited
    this.half = world.half.map((v, k) => (weak(k) ? f32(f32(strength) * v) : v));
    if (world.servos) model.actuator_forcerange.set(built.limits.map((v, k) => (k < 8 ? v : strength * v)));
    model.opt.gravity.set([-built.down * Math.sin(lean), 0, -built.down * Math.cos(lean)]);
  }

  /** Let actions reach the motors so many control steps late; those under way go on. */
  delay(steps) {
    const waiting = [...Array.from({ length: steps }, () => new Array(8).fill(0)), ...this.waiting];
    this.world.config.action_delay = steps;
    this.waiting = waiting.slice(waiting.length - steps);
  }

  /** The step's height, m; none above the one that the model was made with. */
  setHeight(height) {
    const { model, world } = this, at = 3 * world.stepGeom + 2, half = Math.max(height, 1e-3) / 2;
    this.height = height;
    [model.geom_pos[at], model.geom_size[at]] = [height - half, half];
  }

  // Legs to the start's pose, the robot on the ground.
  place() {
    const { mj, model, data, world } = this, { config } = world, { qpos } = data;
    const followers = config.action_mode === "reflex" || config.start_at_step;
    if (config.retract_legs)
      world.retract.forEach((angle, k) => {
        qpos[8 + 4 * k] = angle;
        if (followers) qpos[9 + 4 * k] = qpos[10 + 4 * k] = angle;
      });
    mj.mj_forward(model, data);
    if (!config.start_on_ground) return;
    const heights = data.geom_xpos, lowest = Math.min(...world.below.map((below, k) => heights[3 * (world.firstGeom + k) + 2] - below));
    data.qpos[2] += config.ground_clearance - lowest;
    mj.mj_forward(model, data);
  }

  // Coming to rest with still wheels, the legs held or free.
  settle() {
    const { mj, model, data, world } = this, { config, retract, servos } = world, legs = () => jointsOf(data.qpos, data.qvel);
    data.ctrl.fill(0);
    if (servos) (config.hold_retract ? retract : legs().leg).forEach((angle, k) => (data.ctrl[4 + k] = angle));
    for (let step = 0; step < config.settle_steps; step++) {
      if (!servos && config.hold_retract) {
        const { leg, legSpeed } = legs(), limit = world.half[4];
        leg.forEach((q, k) => {
          const torque = config.hold_kp * (retract[k] - q) - config.hold_kd * legSpeed[k];
          data.ctrl[4 + k] = clamp(torque, -limit, limit);
        });
      }
      mj.mj_step(model, data);
    }
  }

  /** From here on an episode counts. */
  begin() {
    const { config } = this.world, qpos = [...this.data.qpos];
    Object.assign(this, { steps: 0, passed: false, over: "", action: new Array(8).fill(0), gate: 0, shove: null, pull: null, pulled: null });
    this.feeling.start(jointsOf(qpos, this.data.qvel).leg);
    if (config.gate_mode === "felt") this.gate = this.feeling.open ? 1 : 0;
    this.scores = Object.fromEntries(this.terms.map(({ name }) => [name, { raw: 0, share: 1 }]));
    this.sums = Object.fromEntries(this.terms.map(({ name }) => [name, 0]));
    Object.assign(this, { transition: null, past: [], waiting: [], senses: this.sense(0) });
    this.delay(config.action_delay);
  }

  senses;
  sense(noise) {
    const { sensordata, actuator_force, ctrl } = this.data, { accelerometer, gyro } = this.robot.noise;
    const read = (from, size) => Array.from({ length: 3 }, (_, k) => f32(f32(sensordata[from + k]) + (noise && noise * size * this.normal())));
    const torque = Array.from(this.world.servos ? actuator_force : ctrl, f32);
    return { accelerometer: read(IMU, accelerometer), gyro: read(IMU + 3, gyro), touch: f32(sensordata[TOUCH]), torque };
  }

  /** What a policy that sees `mode` is told now; its joints are read anew each time, with noise if there is any. */
  observation(mode) {
    const { action, gate, feeling, data, robot } = this, memory = { attitude: feeling.attitude, action, gate }, noise = this.world.config.sensor_noise;
    const qpos = [...data.qpos], qvel = [...data.qvel];
    for (const k of noise ? [...WHEELS_AT, ...LEGS_AT] : []) {
      qpos[k] += noise * robot.noise.joint * this.normal();
      qvel[k - 1] += noise * robot.noise.speed * this.normal();
    }
    return observe(mode, this.world, robot, { qpos, qvel, memory, ...this.senses });
  }

  /** Push the chassis in the coming control step, N s along x, y, z. */
  push(impulse) {
    this.shove = impulse;
  }

  // Forces from outside for a control step; what was pushed is pushed once.
  force() {
    const { data, world, shove } = this;
    shove?.forEach((impulse, k) => (data.xfrc_applied[6 * world.scene.chassis.body + k] = impulse / world.dt));
    Object.assign(this, { shove: null, pulled: this.pull && this.stretch(this.pull) });
  }

  // The force of the spring that pulls, and its torque about the body's centre of mass.
  stretch({ body, at, to }) {
    const { mj, model, data, robot } = this, three = (values, from) => [...values.subarray(from, from + 3)];
    for (const compute of [mj.mj_kinematics, mj.mj_comPos, mj.mj_comVel]) compute(model, data);
    const rows = [0, 1, 2].map((r) => three(data.xmat, 9 * body + 3 * r)), minus = (a, b) => a.map((v, k) => v - b[k]);
    const point = three(data.xpos, 3 * body).map((v, k) => v + rows[k].reduce((sum, m, c) => sum + m * at[c], 0));
    const arm = minus(point, three(data.subtree_com, 3 * model.body_rootid[body])), spin = cross(three(data.cvel, 6 * body), arm);
    const speed = three(data.cvel, 6 * body + 3).map((v, k) => v + spin[k]);
    const asked = point.map((p, k) => robot.stiffness * (to[k] - p) - robot.damping * speed[k]);
    const share = Math.min(1, robot.strongest / Math.max(Math.hypot(...asked), 1e-9)), force = asked.map((f) => f * share);
    const torque = cross(minus(point, three(data.xipos, 3 * body)), force);
    [...force, ...torque].forEach((v, k) => (data.xfrc_applied[6 * body + k] += v));
    return [point, force];
  }

  /** Whether the motors have power; without, wheels and legs are free to turn. */
  power(on) {
    const { opt } = this.model, off = this.mj.mjtDisableBit.mjDSBL_ACTUATION.value;
    opt.disableflags = on ? opt.disableflags & ~off : opt.disableflags | off;
  }

  /** This moment, to be gone back to. */
  moment() {
    const { mj, model, data, transition, scores, sums, steps, passed, action, gate, senses, waiting } = this, all = mj.mjtState.mjSTATE_INTEGRATION.value;
    const buffer = new mj.DoubleBuffer(mj.mj_stateSize(model, all)), { attitude, gyro, lean, level, deaf, open } = this.feeling;
    mj.mj_getState(model, data, buffer, all);
    const physics = [...buffer.GetView()];
    buffer.delete();
    const own = { transition, scores, sums: { ...sums }, steps, passed, action, gate, senses, waiting: [...waiting], over: "" };
    return { physics, own, feeling: { attitude, gyro, lean, level, deaf, open } };
  }

  /** Back to it. */
  goBack({ physics, own, feeling }) {
    this.mj.mj_setState(this.model, this.data, physics, this.mj.mjtState.mjSTATE_INTEGRATION.value);
    Object.assign(this, own, { sums: { ...own.sums }, shove: null });
    this.past.length = own.steps;
    this.delay(this.world.config.action_delay);
    Object.assign(this.feeling, feeling);
  }

  // Commands in [-1, 1] to the motors; in "reflex" the legs follow only as far as the gate is open.
  command(action, mode) {
    const { half } = this, { middle } = this.world, { ctrl } = this.data, { low, middle: mid, high } = this.robot;
    for (const k of [...WHEEL_MOTORS, ...LEG_MOTORS]) ctrl[k] = f32(middle[k] + f32(half[k] * f32(clamp(action[k], -1, 1))));
    if (mode !== "reflex") return;
    jointsOf(this.data.qpos, this.data.qvel).leg.forEach((angle, k) => {
      const home = angle > mid ? high : low;
      ctrl[4 + k] = home + this.gate * (ctrl[4 + k] - home);
    });
  }

  /** One control step: eight actions, and what those of the legs mean (an action_mode). */
  step(action, mode = this.world.config.action_mode) {
    const { mj, model, data, world, robot, feeling } = this, { config } = world;
    let qposBefore = [...data.qpos];
    this.waiting.push(action);
    this.command(this.waiting.shift(), mode);
    this.force();
    for (let k = 0; k < world.frameSkip; k++) mj.mj_step(model, data);
    data.xfrc_applied.fill(0);
    const diverged = !Number.isFinite([...data.qpos, ...data.qvel].reduce((sum, v) => sum + v, 0));
    if (diverged) {
      mj.mj_resetData(model, data);
      data.qpos[0] = qposBefore[0];
      qposBefore = [...data.qpos]; // where nothing can be told, nothing moved
    }
    const qpos = [...data.qpos], qvel = [...data.qvel], joints = jointsOf(qpos, qvel), quat = qpos.slice(3, 7);
    this.senses = this.sense(config.sensor_noise);
    feeling.feel(this.senses.gyro, joints.leg);
    const gate = gateOf(world, robot, { x: qpos[0], ...this.senses, wheelSpeed: joints.wheelSpeed, felt: feeling.open });
    const low = qpos[2] < config.min_z, tipped = config.max_tilt !== null && uprightOf(quat) < Math.cos(config.max_tilt);
    this.transition = {
      qposBefore, qpos, qvel, ...this.senses, action: action.map(f32), actionBefore: this.action, gate,
      fell: low || tipped || diverged, passedBefore: this.passed, passed: this.passed || qpos[0] >= world.successX,
      stepHeight: this.height, tilt: tiltOf(quat), leg: joints.leg.map(f32),
    };
    this.past.push(this.transition);
    this.account();
    return this.transition;
  }

  account() {
    const { transition: t, world, sums, terms } = this;
    this.scores = scoreStep(t, world, this.robot, terms);
    for (const { name } of terms) sums[name] += this.scores[name].raw * this.scores[name].share;
    Object.assign(this, { action: t.action, gate: t.gate, passed: t.passed, steps: this.steps + 1 });
    if (t.fell) this.over = "fell";
    else if (this.steps >= world.config.max_steps) this.over = "time";
  }

  /** What the terms pay now, by name, under the weights that are set. */
  get paid() {
    return Object.fromEntries(this.terms.map(({ name }) => [name, this.weights[name] * this.scores[name].raw * this.scores[name].share]));
  }

  /** What they would have paid in this episode under these weights. */
  get earned() {
    return earned(this.weights, this.sums);
  }

  delete() {
    this.data.delete();
    this.model.delete();
  }
}
