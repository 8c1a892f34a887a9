// What was driven, kept: as a file that the notebook reads (twmr_nb/episodes/rollout.py), and as an episode to be paid anew.

import { scoreStep } from "./rewards.js";
import { jointsOf } from "./senses.js";

// Array -> where a transition has it, its kind and width; float32 is what senses report.
const OVER_TIME = {
  qpos: ["qpos", "F64", 23], qvel: ["qvel", "F64", 22], accelerometer: ["accelerometer", "F32", 3], gyro: ["gyro", "F32", 3],
  torque: ["torque", "F32", 8], touch: ["touch", "F32", 0], action: ["action", "F32", 8], gate: ["gate", "F64", 0],
  fell: ["fell", "BOOL", 0], passed_before: ["passedBefore", "BOOL", 0],
};
const KINDS = { F64: Float64Array, F32: Float32Array, BOOL: Uint8Array };

/** Arrays and JSON-ready details as a safetensors file.
 * @param {Record<string, {kind: string, shape: number[], values: number[]}>} arrays @param {Record<string, any>} details */
export function writeSafetensors(arrays, details) {
  const header = { __metadata__: Object.fromEntries(Object.entries(details).map(([name, it]) => [name, JSON.stringify(it)])) }, parts = [];
  let at = 0;
  for (const [name, { kind, shape, values }] of Object.entries(arrays).sort((a, b) => KINDS[b[1].kind].BYTES_PER_ELEMENT - KINDS[a[1].kind].BYTES_PER_ELEMENT)) {
    const bytes = new Uint8Array(KINDS[kind].from(values).buffer);
    header[name] = { dtype: kind, shape, data_offsets: [at, (at += bytes.length)] };
    parts.push(bytes);
  }
  const text = new TextEncoder().encode(JSON.stringify(header)), padded = Math.ceil(text.length / 8) * 8, file = new Uint8Array(8 + padded + at).fill(32);
  new DataView(file.buffer).setBigUint64(0, BigInt(padded), true);
  file.set(text, 8);
  parts.reduce((from, part) => (file.set(part, from), from + part.length), 8 + padded);
  return file;
}

/** The episode of an env so far. @param {any} env @param {string} title @param {string} mode of the legs, that of the last driver */
export function keepEpisode({ past, world, terms, weights, robot, height, over }, title, mode) {
  const steps = past.map((t) => ({ ...t, stepHeight: height })), scores = steps.map((t) => scoreStep(t, world, robot, terms));
  const config = { ...world.config, action_mode: mode };
  for (const { name, sign, setting } of terms) config[setting] = sign * weights[name];
  return { title, steps, scores, config, weights: { ...weights }, world, terms, height, over };
}

/** As a file. */
export function episodeFile({ title, steps, scores, config, weights, world, terms, height, over }) {
  const scored = terms.filter(({ name, optional }) => weights[name] || !optional), floats = (values) => ({ kind: "F32", shape: [4], values });
  const arrays = { start: { kind: "F64", shape: [23], values: steps[0].qposBefore }, retract: floats(world.retract), extend: floats(world.extend) };
  for (const [name, [from, kind, width]] of Object.entries(OVER_TIME))
    arrays[name] = { kind, shape: [steps.length, ...(width ? [width] : [])], values: steps.flatMap((t) => t[from]) };
  for (const { name } of scored)
    arrays[`term/${name}`] = { kind: "F64", shape: [steps.length], values: scores.map((score) => weights[name] * score[name].raw * score[name].share) };
  return writeSafetensors(arrays, {
    format: "twmr_nb rollout 1", title, config, step_height: height, terminated: over === "fell", truncated: over === "time", gamma: null,
    terms: scored.map(({ name }) => name), constants: { success_x: world.successX, ctrl_dt: world.dt },
  });
}

/** As what the explorer of a page pays anew. */
export function episodeTold({ title, steps, scores, config, world, terms }) {
  const along = (read) => steps.flatMap(read), sum = (name) => scores.reduce((all, score) => all + score[name].raw * score[name].share, 0);
  return {
    title, gate: { ...config, ...world.buffers }, retract: world.retract, asks: world.asks, edges: world.edges, dt: world.dt,
    sums: Object.fromEntries(terms.map(({ name }) => [name, sum(name)])),
    senses: {
      x: along((t) => t.qpos[0]), accelerometer: along((t) => t.accelerometer), gyro: along((t) => t.gyro), leg: along((t) => t.leg),
      torque: along((t) => t.torque.slice(0, 4)), wheelSpeed: along((t) => jointsOf(t.qpos, t.qvel).wheelSpeed),
    },
  };
}
