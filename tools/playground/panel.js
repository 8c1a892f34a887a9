// The reward, term by term: what it pays now and has paid in this episode, with a slider for every weight.

import { signed } from "../../twmr_nb/ui/replay_js/chart.js";
import { edgeOf, readLook } from "../../twmr_nb/ui/replay_js/controls.js";
import { make } from "../../twmr_nb/ui/element.js";
import { total } from "./rewards.js";

const SMALLEST = 1e-3, DECADES = 4; // bars grow by a quarter from 0.001 on for every factor of ten, up to 10

export class Panel {
  rows = []; sum; root; back; env; start;

  constructor(root) {
    this.root = root;
    this.back = make("button", { type: "button", textContent: "weights as they were", onclick: () => this.reset() });
  }

  /** Show another world's terms, under its own weights. */
  load(env) {
    this.env = env;
    this.start = { ...env.weights };
    const head = ["", "weight", "", "now, raw", "", "paid", "", "so far"].map((textContent) => make("span", { className: "head", textContent }));
    this.rows = env.terms.map((term) => this.row(term));
    this.sum = { now: make("b"), so: make("b"), bar: make("i") };
    const bar = make("span", { className: "pay" }, this.sum.bar);
    const foot = [make("span", { className: "foot", textContent: "sum" }), this.sum.now, bar, this.sum.so];
    this.root.replaceChildren(...head, ...this.rows.flatMap((row) => row.cells), ...foot, this.back);
    this.wear();
    this.write(true);
  }

  row(term) {
    const { slider, value, show } = weightSlider(term, this.env.weights, () => this.write(true));
    const swatch = make("i", { className: "swatch" }), bar = make("i"), unit = make("small", { textContent: term.unit === "1" ? "" : term.unit });
    const raw = make("span", { className: "raw" }), now = make("b"), so = make("b");
    const label = make("span", { className: "label", title: term.doc }, swatch, term.label);
    const cells = [label, slider, value, raw, unit, now, make("span", { className: "pay" }, bar), so];
    return { term, cells, swatch, bar, raw, now, so, show };
  }

  // The page's colours may have changed.
  wear() {
    const { background } = readLook(this.root.closest(".twmr-replay"));
    for (const { term, swatch, bar } of this.rows)
      for (const each of [swatch, bar]) Object.assign(each.style, { background: term.color, borderColor: edgeOf(term.color, background) });
  }

  reset() {
    Object.assign(this.env.weights, this.start);
    for (const row of this.rows) row.show();
    this.write(true);
  }

  /** What is paid now; numbers only when told to, as those that change faster cannot be read. */
  write(numbers) {
    const { env } = this, { paid, earned } = env;
    for (const { term, cells, bar, raw, now, so } of this.rows) {
      stretch(bar, paid[term.name]);
      if (!numbers) continue;
      for (const cell of cells) cell.classList.toggle("off", !env.weights[term.name]);
      raw.textContent = signed(env.scores[term.name].raw);
      now.textContent = signed(paid[term.name]);
      so.textContent = signed(earned[term.name]);
    }
    stretch(this.sum.bar, total(paid));
    if (!numbers) return;
    this.sum.now.textContent = signed(total(paid));
    this.sum.so.textContent = signed(total(earned));
    this.back.hidden = env.terms.every(({ name }) => env.weights[name] === this.start[name]);
  }
}

/** A slider through the values of a setting, the words beside it, and show(), for a value that was set elsewhere.
 * @param {{label: string, unit: string, doc: string, stops: number[]}} setting
 * @param {() => number} get @param {(value: number) => void} set @param {(value: number) => string} say */
export function stopSlider({ label, unit, doc, stops }, get, set, say = String) {
  const all = [...new Set([...stops.map(Number), get()])].sort((a, b) => a - b);
  const slider = make("input", { type: "range", min: "0", max: String(all.length - 1), step: "1", title: doc });
  const value = make("span", { className: "value" });
  const show = () => {
    const now = get(), nearest = all.reduce((best, stop, k) => (Math.abs(stop - now) < Math.abs(all[best] - now) ? k : best), 0);
    slider.value = String(nearest);
    value.textContent = say(now).replace("-", "−");
    slider.setAttribute("aria-valuetext", `${value.textContent} ${unit}`.trim());
  };
  slider.setAttribute("aria-label", label);
  slider.oninput = () => {
    set(all[Number(slider.value)]);
    show();
  };
  show();
  return { slider, value, show };
}

/** A slider for the size of a term's weight.
 * @param {any} term @param {Record<string, number>} weights @param {() => void} changed */
export function weightSlider({ name, sign, label, doc, stops, weightUnit }, weights, changed) {
  const setting = { label: `weight of ${label}`, unit: weightUnit, doc, stops };
  const set = (size) => ((weights[name] = sign * size), changed());
  return stopSlider(setting, () => sign * weights[name], set, (size) => `${Number((sign * size).toPrecision(3))}`);
}

// To the right what pays, to the left what costs.
function stretch(bar, value) {
  const size = Math.min(Math.log10(1 + Math.abs(value) / SMALLEST) / DECADES, 1);
  bar.style.transform = `scaleX(${value < 0 ? -size : size})`;
}
