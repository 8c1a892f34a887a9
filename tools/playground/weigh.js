// The reward explorer where there is no Python: recorded episodes, a slider for each weight and for the gate, and what each
// would have earned.

import { make } from "../../twmr_nb/ui/element.js";
import { signed } from "../../twmr_nb/ui/replay_js/chart.js";
import { edgeOf } from "../../twmr_nb/ui/replay_js/controls.js";
import { unpack } from "../../twmr_nb/ui/replay_js/robot.js";
import { stopSlider, weightSlider } from "./panel.js";
import { earned, TERMS, total } from "./rewards.js";
import { Feeling, gateOf } from "./senses.js";

const LEAST_SHOWN = 0.01; // reward, of the longest bar
const WIDTHS = { accelerometer: 3, gyro: 3, torque: 4, wheelSpeed: 4, leg: 4 };

/** An episode as a page of Python's tells it, its senses unpacked. */
export function unpackEpisode(told) {
  return { ...told, senses: Object.fromEntries(Object.entries(told.senses).map(([name, text]) => [name, Array.from(unpack(text, name === "x" ? Float64Array : Float32Array))])) };
}

/** What the extension term adds up to before its weight, and the mean gate, under these settings of the gate.
 * @returns {{sum: number, mean: number}} */
export function regate({ dt, edges, retract, asks, senses }, settings, robot) {
  const { obstacle_pre_buffer: before, obstacle_post_buffer: after, extend_mode } = settings, steps = senses.x.length;
  const world = { config: settings, window: edges && [edges[0] - before, edges[1] + after] }, pose = { retract, extend: asks[extend_mode] };
  const at = (name, t) => senses[name].slice(WIDTHS[name] * t, WIDTHS[name] * (t + 1));
  const feeling = new Feeling(settings, robot, dt), all = { sum: 0, mean: 0 };
  feeling.start(at("leg", 0));
  for (let t = 0; t < steps; t++) {
    const leg = at("leg", t), gyro = at("gyro", t);
    feeling.feel(gyro, leg);
    const sensed = { accelerometer: at("accelerometer", t), gyro, torque: at("torque", t), wheelSpeed: at("wheelSpeed", t) };
    const gate = gateOf(world, robot, { x: senses.x[t], ...sensed, felt: feeling.open });
    all.sum += TERMS.extension({ leg, gate }, pose);
    all.mean += gate / steps;
  }
  return all;
}

/** Fill an element with an explorer: terms, weights, the gate's settings, episodes with their sums, the robot's sizes. */
export function weigh(root, { terms, weights, gate, episodes, robot }) {
  const start = { ...weights }, said = {}; // what the gate's rows said, for all episodes
  const cell = (tag, ...content) => make(tag, {}, ...content), paper = getComputedStyle(document.body).backgroundColor;
  let sums = episodes.map((episode) => episode.sums), means = [];
  const write = () => {
    const paid = sums.map((each) => earned(weights, each)), most = Math.max(...paid.flatMap((each) => Object.values(each).map(Math.abs)), LEAST_SHOWN);
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
    totals.forEach((sum, k) => {
      sum.textContent = signed(total(paid[k]));
      sum.classList.toggle("best", episodes.length > 1 && total(paid[k]) === best);
    });
    opened.forEach((open, k) => (open.textContent = `${Math.round(100 * means[k])}%`));
    back.hidden = !Object.keys(said).length && terms.every(({ name }) => weights[name] === start[name]);
  };
  const rows = terms.map((term) => {
    const { slider, value, show } = weightSlider(term, weights, () => write()), paint = { background: term.color, borderColor: edgeOf(term.color, paper) };
    const swatch = make("i", { className: "swatch" }), name = make("th", { title: term.doc, scope: "row" }, swatch, term.label);
    const cells = episodes.map(() => ({ bar: make("i"), number: make("b") }));
    for (const each of [swatch, ...cells.map(({ bar }) => bar)]) Object.assign(each.style, paint);
    const row = cell("tr", name, cell("td", slider), cell("td", value), ...cells.map(({ bar, number }) => cell("td", make("span", { className: "pay" }, bar), number)));
    return { term, row, cells, show };
  });
  const regateAll = () => {
    const gated = episodes.map((episode) => regate(episode, { ...episode.gate, ...said }, robot));
    means = gated.map(({ mean }) => mean);
    if (Object.keys(said).length) sums = episodes.map((episode, k) => ({ ...episode.sums, extension: gated[k].sum }));
    else sums = episodes.map((episode) => episode.sums);
    const reads = ["gate_mode", ...gate.readBy[now("gate_mode")], "extend_mode"];
    for (const { name, row } of gates) row.hidden = !reads.includes(name);
    write();
  };
  const now = (name) => said[name] ?? episodes[0].gate[name];
  const gates = gate.settings.map((setting) => {
    const { name, label, unit, doc, words } = setting, set = (value) => ((said[name] = value), regateAll());
    const { input, value, show } = words.length ? choice(setting, () => now(name), set) : slid(setting, () => now(name), set);
    const title = make("th", { title: doc, scope: "row" }, label, " ", make("small", { textContent: unit }));
    return { name, show, row: cell("tr", title, cell("td", input), cell("td", value)) };
  });
  const totals = episodes.map(() => make("b")), opened = episodes.map(() => make("b"));
  const back = make("button", { type: "button", textContent: "all as it was", onclick: () => {
    Object.assign(weights, start);
    for (const name of Object.keys(said)) delete said[name];
    for (const row of [...rows, ...gates]) row.show();
    regateAll();
  } });
  const line = (words, cells, own = "") => cell("tr", make("th", { textContent: words, scope: "row" }), cell("td", own), cell("td"), ...cells.map((each) => cell("td", each)));
  const head = cell("tr", cell("th", "term"), cell("th", "weight"), cell("th"), ...episodes.map(({ title }) => make("th", { textContent: title, scope: "col" })));
  const own = terms.some(({ setting }) => !setting) ? " Own terms are paid with the gate as it was." : "";
  root.replaceChildren(
    make("p", { textContent: `Move a weight, or the gate: the recorded steps are paid anew, in this page.${own}` }),
    make("table", {}, cell("thead", head), cell("tbody", ...rows.map(({ row }) => row)), cell("tfoot", line("sum", totals, back), line("gate open", opened))),
    make("table", { className: "gate" }, cell("tbody", ...gates.map(({ row }) => row))),
  );
  regateAll();
}

function slid(setting, get, set) {
  const { slider, value, show } = stopSlider(setting, get, set);
  return { input: slider, value, show };
}

function choice({ label, doc, words }, get, set) {
  const input = make("select", { title: doc, onchange: () => set(input.value) }, ...words.map((word) => make("option", { textContent: word })));
  const show = () => (input.value = get());
  input.setAttribute("aria-label", label);
  show();
  return { input, value: "", show };
}
