// Our policies, played: Dense tanh, LSTM, Dense tanh, Dense, and a tanh (twmr_nb/learn/network.py). The weights are
// float32, as they are saved; sums are float64, which is nearer to the truth than float32 sums in whatever order.

import { clamp } from "../../twmr_nb/ui/replay_js/vectors.js";

const OBS_CLIP = 10;

/** The arrays of a safetensors file by name.
 * @param {Uint8Array} bytes
 * @returns {Record<string, {shape: number[], values: Float32Array}>} */
export function readSafetensors(bytes) {
  const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length)));
  const read = ({ dtype, shape, data_offsets: [from, to] }) => {
    if (dtype !== "F32") throw new Error(`${dtype} arrays cannot be read here: save the policy in float32.`);
    return { shape, values: new Float32Array(bytes.slice(8 + length + from, 8 + length + to).buffer) };
  };
  return Object.fromEntries(Object.entries(header).filter(([name]) => name !== "__metadata__").map(([name, it]) => [name, read(it)]));
}

// x [n] times a kernel [n, m], plus a bias [m].
function dense(x, { shape: [rows, columns], values }, bias) {
  const out = bias ? Float64Array.from(bias.values) : new Float64Array(columns);
  for (let i = 0; i < rows; i++) for (let j = 0, at = i * columns; j < columns; j++) out[j] += x[i] * values[at + j];
  return out;
}
const sigmoid = (v) => 1 / (1 + Math.exp(-v));
const reflected = (columns, x) => x.map((_, k) => columns[k][1] * x[columns[k][0]]);

/** A saved policy in play, without noise: `reset()` forgets, `act(obs)` answers eight numbers in (-1, 1). */
export class PolicyPlayer {
  /** @param {ReturnType<typeof readSafetensors>} arrays
   * @param {{obs: number[][], action: number[][]} | null} mirror */
  constructor(arrays, mirror) {
    Object.assign(this, { arrays, mirror, hidden: arrays["params/lstm_recurrent"].shape[0] });
    this.reset();
  }

  arrays; mirror; hidden; memories;

  reset() {
    const blank = () => ({ cell: new Float64Array(this.hidden), out: new Float64Array(this.hidden) });
    this.memories = [blank(), blank()]; // of what it sees, and of its mirror image
  }

  /** @param {Float32Array} obs */
  act(obs) {
    const { arrays, mirror, memories } = this, mean = arrays["normalizer/mean"].values, variance = arrays["normalizer/var"].values;
    const seen = Array.from(obs, (v, k) => clamp((v - mean[k]) / Math.sqrt(variance[k] + 1e-8), -OBS_CLIP, OBS_CLIP));
    let answer = this.answer(seen, memories[0]);
    if (mirror) {
      const image = reflected(mirror.action, this.answer(reflected(mirror.obs, seen), memories[1]));
      answer = answer.map((v, k) => (v + image[k]) / 2);
    }
    return Array.from(answer, (v) => Math.fround(Math.tanh(v)));
  }

  answer(seen, memory) {
    const part = (name) => [this.arrays[`params/${name}/kernel`], this.arrays[`params/${name}/bias`]], { hidden } = this;
    const embedding = dense(seen, .../** @type {[any, any]} */ (part("encoder"))).map(Math.tanh);
    const gates = dense(embedding, .../** @type {[any, any]} */ (part("lstm_input")));
    const remembered = dense(memory.out, this.arrays["params/lstm_recurrent"], null);
    for (let k = 0; k < hidden; k++) {
      const [i, f, g, o] = [0, 1, 2, 3].map((n) => gates[n * hidden + k] + remembered[n * hidden + k]);
      memory.cell[k] = sigmoid(f) * memory.cell[k] + sigmoid(i) * Math.tanh(g);
      memory.out[k] = sigmoid(o) * Math.tanh(memory.cell[k]);
    }
    const head = dense(memory.out, .../** @type {[any, any]} */ (part("decoder"))).map(Math.tanh);
    return dense(head, .../** @type {[any, any]} */ (part("action_mean")));
  }
}
