// The reward explorer where there is no Python: recorded episodes, a slider for each weight, and what each would have earned.

import { make } from "../../twmr_nb/ui/element.js";
import { signed } from "../../twmr_nb/ui/replay_js/chart.js";
import { edgeOf } from "../../twmr_nb/ui/replay_js/controls.js";
import { weightSlider } from "./panel.js";
import { earned, total } from "./rewards.js";

/** Fill the element with what its data-told says: terms, weights, and episodes with their sums. */
export function weigh(root) {
  const { terms, weights, episodes } = JSON.parse(root.dataset.told), start = { ...weights };
  const cell = (tag, ...content) => make(tag, {}, ...content), paper = getComputedStyle(document.body).backgroundColor;
  const write = () => {
    const paid = episodes.map(({ sums }) => earned(weights, sums)), most = Math.max(...paid.flatMap((each) => Object.values(each).map(Math.abs)), 1e-9);
    for (const { term, row, cells } of rows) {
      row.classList.toggle("off", !weights[term.name]);
      cells.forEach(({ bar, number }, k) => {
        const value = paid[k][term.name], share = (50 * Math.abs(value)) / most;
        number.textContent = signed(value);
        bar.hidden = !value;
        Object.assign(bar.style, { width: `${share}%`, left: `${value < 0 ? 50 - share : 50}%` });
      });
    }
    const best = Math.max(...paid.map(total));
    sums.forEach((sum, k) => {
      sum.textContent = signed(total(paid[k]));
      sum.classList.toggle("best", episodes.length > 1 && total(paid[k]) === best);
    });
    back.hidden = terms.every(({ name }) => weights[name] === start[name]);
  };
  const rows = terms.map((term) => {
    const { slider, value, show } = weightSlider(term, weights, write), paint = { background: term.color, borderColor: edgeOf(term.color, paper) };
    const swatch = make("i", { className: "swatch" }), name = make("th", { title: term.doc, scope: "row" }, swatch, term.label);
    const cells = episodes.map(() => ({ bar: make("i"), number: make("b") }));
    for (const each of [swatch, ...cells.map(({ bar }) => bar)]) Object.assign(each.style, paint);
    const row = cell("tr", name, cell("td", slider), cell("td", value), ...cells.map(({ bar, number }) => cell("td", make("span", { className: "pay" }, bar), number)));
    return { term, row, cells, show };
  });
  const sums = episodes.map(() => make("b"));
  const back = make("button", { type: "button", textContent: "weights as they were", onclick: () => {
    Object.assign(weights, start);
    for (const row of rows) row.show();
    write();
  } });
  const head = cell("tr", cell("th", "term"), cell("th", "weight"), cell("th"), ...episodes.map(({ title }) => make("th", { textContent: title, scope: "col" })));
  const foot = cell("tr", make("th", { textContent: "sum", scope: "row" }), cell("td", back), cell("td"), ...sums.map((sum) => cell("td", sum)));
  root.replaceChildren(
    make("p", { textContent: "Move a weight: the recorded steps are paid anew, in this page." }),
    make("table", {}, cell("thead", head), cell("tbody", ...rows.map(({ row }) => row)), cell("tfoot", foot)),
  );
  write();
}
