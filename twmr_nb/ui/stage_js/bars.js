// A bar for each reward term: what it pays now, raw and weighted, and what it has paid.

import { edgeOf } from "../replay_js/controls.js";
import { signed } from "../replay_js/chart.js";
import { make } from "../element.js";

const LEAST = 0.01; // reward per step, of the longest bar
const FORGET = 0.985; // of the longest bar's length, kept from picture to picture

export class Bars {
  rows; scale = LEAST;

  constructor(table, terms) {
    const cell = (name, text = "") => make("span", { className: name, textContent: text, role: "cell" });
    const head = make("div", { className: "term head", role: "row" });
    head.append(...["", "term", "now", "weighted", "raw", "so far"].map((text) => make("span", { textContent: text, role: "columnheader" })));
    this.rows = [...terms, { label: "total", color: "ink", unit: "" }].map((term) => {
      const row = make("div", { className: "term", role: "row" }), bar = make("i"), swatch = make("i");
      const cells = { now: cell("n"), raw: cell("n raw"), sum: cell("n") }, track = cell("track");
      track.append(bar);
      const mark = cell("mark");
      mark.append(swatch);
      row.append(mark, cell("label", term.label), track, cells.now, cells.raw, cells.sum);
      return { ...term, row, bar, swatch, ...cells };
    });
    table.replaceChildren(head, ...this.rows.map((r) => r.row));
  }

  dress(look) {
    for (const { color, bar, swatch } of this.rows) {
      const paint = color === "ink" ? look.text : color, edge = edgeOf(paint, look.background);
      for (const each of [bar, swatch]) Object.assign(each.style, { background: paint, borderColor: edge });
    }
  }

  // As at a new start: a bar of before says nothing.
  forget() {
    this.scale = LEAST;
  }

  // now, raw, paid: a number per term, nan where it is not scored; digits that change faster than words cannot be read.
  show({ now, raw, paid }, words) {
    const sum = (list) => list.filter((v) => !Number.isNaN(v)).reduce((a, b) => a + b, 0), n = now.length;
    const values = [...now, sum(now)], sums = [...paid, sum(paid)];
    this.scale = Math.max(this.scale * FORGET, LEAST, ...values.map(Math.abs).filter(Number.isFinite));
    this.rows.forEach((r, k) => {
      const value = values[k], off = Number.isNaN(value), share = Math.min(Math.abs(value) / this.scale, 1);
      r.row.hidden = off;
      if (off) return;
      Object.assign(r.bar.style, { width: `${50 * share}%`, left: value < 0 ? `${50 - 50 * share}%` : "50%" });
      if (!words) return;
      r.now.textContent = signed(value);
      r.raw.textContent = k < n ? `${signed(raw[k])} ${r.unit === "1" ? "" : r.unit}` : "";
      r.sum.textContent = signed(sums[k]);
    });
  }
}
