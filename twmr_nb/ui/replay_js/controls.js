// What a person touches: the widget's elements, keys, orbiting with mouse or fingers, scrubbing on the chart.

import { VIEWS } from "./camera.js";
import { LANE, signed } from "./chart.js";
import { SPEEDS } from "./playback.js";
import { make } from "../element.js";
import { clamp } from "./vectors.js";

const ICON = {
  play: '<svg viewBox="0 0 14 14"><path d="M3 1l10 6-10 6z"/></svg>',
  pause: '<svg viewBox="0 0 14 14"><path d="M2 1h3.5v12H2zM8.5 1H12v12H8.5z"/></svg>',
  back: '<svg viewBox="0 0 14 14"><path d="M1.5 2H4v10H1.5zM12.5 2v10L5 7z"/></svg>',
  next: '<svg viewBox="0 0 14 14"><path d="M10 2h2.5v10H10zM1.5 2v10L9 7z"/></svg>',
};
const KEYS = "space: play or pause · ← →: one step (shift: ten) · ↑ ↓: speed · page up/down: marks · home, end · F: follow";
export const HELP = `Keys: ${KEYS}
A D W S: turn the camera · + −: nearer, farther
Mouse: drag turns, shift + drag moves, click and scroll zooms; two fingers move and zoom
forces: straight arrows push, round arrows turn a wheel · a curve's name hides or shows it, a double click shows only it`;

export function buildElements(height) {
  const root = make("div", { className: "twmr-replay", tabIndex: -1, role: "group" }), option = (v, text, chosen) => `<option value="${v}"${chosen ? " selected" : ""}>${text}</option>`;
  root.innerHTML = `
    <div class="stage" style="height:${height}px">
      <canvas role="img" tabindex="0"></canvas>
      <div class="hud"><div class="title"></div><div class="numbers">
        <span>x <b data-is="x"></b> m</span><span>gate <b data-is="gate"></b><span class="meter"><i></i></span></span>
        <span>contact <b data-is="touch"></b> N</span></div></div>
      <div class="hint">drag: turn · shift + drag: move · click, then scroll: zoom</div>
      <div class="notice" role="status" hidden></div>
    </div>
    <div class="bar">
      <button data-do="back" title="one step back (←)" aria-label="one step back">${ICON.back}</button>
      <button data-do="play" class="play" title="play or pause (space)" aria-label="play">${ICON.play}</button>
      <button data-do="next" title="one step on (→)" aria-label="one step on">${ICON.next}</button>
      <div class="clock"></div>
      <select data-is="speed" aria-label="speed" title="speed (↑ ↓)">${SPEEDS.map((s) => option(s, `${s}×`, s === 1)).join("")}</select>
      <div class="gap"></div>
      <button data-do="ghost" aria-pressed="true" title="show the second rollout">ghost</button>
      <button data-do="forces" aria-pressed="true" title="contact forces (straight arrows) and wheel torques (round arrows)">forces</button>
      <button data-do="follow" aria-pressed="true" title="let the camera follow the robot (F)">follow</button>
      <select data-is="view" aria-label="view" title="where to look from"><option value="" hidden>free view</option>
        ${Object.keys(VIEWS).map((v) => option(v, v)).join("")}</select>
      <button data-do="keys" title="${KEYS}" aria-label="keys and help" aria-expanded="false">?</button>
    </div>
    <div class="chart"><canvas role="slider" aria-label="time" aria-valuemin="0" tabindex="0"></canvas><canvas class="needle"></canvas><div class="tip" hidden></div></div>
    <div class="legend"></div>`;
  const find = (s) => root.querySelector(s);
  return { root, find, all: (s) => [...root.querySelectorAll(s)], stage: find(".stage"), curves: find(".chart canvas"), tip: find(".tip") };
}

// Keys act only while the focus is inside, and are taken before JupyterLab sees them; all others pass.
export function listenToKeys(root, act) {
  const onKey = (e) => {
    if (!root.contains(e.target) || e.ctrlKey || e.metaKey || e.altKey || e.target.matches("select")) return;
    if (e.key === " " && e.target.matches("button")) e.target.click();
    else if (!act(e.key, e.shiftKey)) return;
    e.preventDefault();
    e.stopImmediatePropagation();
  };
  window.addEventListener("keydown", onKey, true);
  return () => window.removeEventListener("keydown", onKey, true);
}

// One finger or button turns, shift or the right button moves, two fingers or the wheel zoom. hold(true / false) tells
// when a drag begins and ends.
export function listenToCamera(canvas, root, orbit, hold) {
  const fingers = new Map();
  const spread = () => {
    const [a, b] = [...fingers.values()];
    return { size: Math.hypot(a.x - b.x, a.y - b.y), x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  };
  canvas.onpointerdown = (e) => {
    canvas.setPointerCapture(e.pointerId);
    fingers.set(e.pointerId, { x: e.clientX, y: e.clientY });
    hold(true);
  };
  canvas.onpointermove = (e) => {
    const last = fingers.get(e.pointerId);
    if (!last) return;
    const before = fingers.size === 2 && spread(), dx = e.clientX - last.x, dy = e.clientY - last.y;
    Object.assign(last, { x: e.clientX, y: e.clientY });
    if (before) {
      const now = spread();
      orbit.zoom(before.size / now.size);
      orbit.pan(now.x - before.x, now.y - before.y, canvas.clientHeight);
    } else if (e.shiftKey || e.buttons === 2) orbit.pan(dx, dy, canvas.clientHeight);
    else orbit.turn(dx, dy);
  };
  canvas.onpointerup = canvas.onpointercancel = (e) => {
    fingers.delete(e.pointerId);
    if (!fingers.size) hold(false);
  };
  canvas.oncontextmenu = (e) => e.preventDefault();
  canvas.onwheel = (e) => {
    if (!root.contains(document.activeElement)) return; // else the page could not be scrolled past the widget
    e.preventDefault();
    orbit.zoom(Math.exp(clamp(e.deltaY, -120, 120) * 0.0015));
    hold(false);
  };
}

// Press or drag on the timeline or a curve: the robot goes there. Hover: what lies there, in words.
export function listenToChart(canvas, tip, chart, seek) {
  const show = (e) => {
    tip.textContent = chart.describe(e.offsetX, e.offsetY);
    tip.hidden = false;
    tip.style.left = `${clamp(e.offsetX - tip.offsetWidth / 2, 4, chart.width - tip.offsetWidth - 4)}px`;
    tip.style.top = `${e.offsetY < LANE.curves ? LANE.curves - 6 : e.offsetY - tip.offsetHeight - 12}px`;
  };
  const markNear = (e) => chart.show.marks.find((m) => e.offsetY < LANE.gate[0] && Math.abs(chart.x(m.frame) - e.offsetX) < 6);
  canvas.onpointerdown = (e) => {
    canvas.setPointerCapture(e.pointerId);
    seek(markNear(e)?.frame ?? chart.frameAt(e.offsetX));
  };
  canvas.onpointermove = (e) => {
    if (e.buttons) seek(chart.frameAt(e.offsetX));
    show(e);
  };
  canvas.onpointerleave = () => (tip.hidden = true);
}

export function pressKey(key, shift, playback, actions, marks, orbit) {
  const turn = (dx, dy) => (orbit.turn(dx, dy), orbit.save()), zoom = (by) => (orbit.zoom(by), orbit.save());
  const step = shift ? 10 : 1, now = playback.frame, last = playback.frames - 1;
  const act = {
    " ": actions.play, f: actions.follow, "?": actions.keys,
    a: () => turn(-20, 0), d: () => turn(20, 0), w: () => turn(0, -10), s: () => turn(0, 10),
    "+": () => zoom(0.9), "=": () => zoom(0.9), "-": () => zoom(1.1),
    ArrowLeft: () => playback.seek(now - step), ArrowRight: () => playback.seek(now + step),
    ArrowUp: () => playback.faster(1), ArrowDown: () => playback.faster(-1),
    Home: () => playback.seek(0), End: () => playback.seek(last),
    PageUp: () => playback.seek(marks.findLast((m) => m < now) ?? 0),
    PageDown: () => playback.seek(marks.find((m) => m > now) ?? last),
  }[key.length > 1 ? key : key.toLowerCase()];
  act?.();
  return Boolean(act);
}

// ---- what the elements show ----
export function buildLegend(legend, chart, changed) {
  const buttons = chart.show.curves.map((curve) => {
    const toggle = (only) => (chart.toggle(curve.name, only), changed());
    const title = "click: hide or show; double click: only this one", on = { onclick: () => toggle(false), ondblclick: () => toggle(true) };
    return make("button", { title, ...on }, make("i"), make("span", { textContent: curve.label }), " ", make("b"));
  });
  legend.replaceChildren(...buttons);
  legend.hidden = !buttons.length;
}

// Numbers, button states and labels for the moment shown.
export function writeState(view) {
  const { playback, record, scene, chart, orbit, find, shown } = view, { frame } = playback;
  const put = (name, text) => (find(`[data-is=${name}]`).textContent = text);
  const press = (name, on) => find(`[data-do=${name}]`).setAttribute("aria-pressed", on);
  const time = ((frame + 1) * scene.dt).toFixed(2), total = (playback.frames * scene.dt).toFixed(2);
  put("x", record.qpos[frame * scene.nq].toFixed(2).replace("-", "−"));
  put("gate", record.gate[frame].toFixed(2));
  put("touch", record.touch[frame].toFixed(1));
  find(".meter i").style.transform = `scaleX(${record.gate[frame]})`;
  const marks = scene.marks.filter((mark) => mark.frame === frame).map((mark) => `, ${mark.label}`).join("");
  find(".clock").replaceChildren(`${time} s `, make("span", { textContent: `/ ${total} s` }));
  view.curves.setAttribute("aria-valuenow", frame);
  view.curves.setAttribute("aria-valuetext", `${time} of ${total} seconds${marks}`);
  view.canvas.setAttribute("aria-label", describeMoment(view, time, total));
  press("follow", orbit.follow);
  press("ghost", shown.ghost);
  press("forces", shown.forces);
  find("[data-is=view]").value = orbit.viewName;
  find("[data-is=speed]").value = playback.speed;
  const button = find("[data-do=play]"), label = playback.playing ? "pause" : "play";
  if (button.getAttribute("aria-label") !== label || !button.firstChild) {
    button.innerHTML = ICON[label];
    button.setAttribute("aria-label", label);
  }
  view.all(".legend button").forEach((entry, k) => {
    const curve = chart.show.curves[k];
    entry.setAttribute("aria-pressed", !chart.hidden.has(curve.name));
    Object.assign(entry.children[0].style, { background: curve.paint, borderColor: curve.edge });
    entry.children[2].textContent = signed(curve.values[frame]);
  });
}

// What the picture shows, in words.
function describeMoment(view, time, total) {
  const { record, scene, playback } = view, { frame } = playback, x = record.qpos[frame * scene.nq].toFixed(2);
  if (playback.frames === 1) return `The robot in 3D: ${scene.title}`;
  const touch = record.touch[frame] > 0 ? `, pushing the step with ${record.touch[frame].toFixed(1)} newton` : "";
  const ghost = view.ghost && view.shown.ghost ? `, beside it ${view.ghost.title}` : "";
  return `The robot in 3D: ${scene.title}${ghost}, at ${time} of ${total} seconds: x ${x} metres, gate ${record.gate[frame].toFixed(2)}${touch}`;
}

// Relative luminance of a colour "#rrggbb" or "rgb(...)", from 0 to 1, and how well two can be told apart, from 1 to 21.
function luminance(color) {
  const parts = color[0] === "#" ? color.slice(1).match(/../g).map((v) => parseInt(v, 16)) : color.match(/[\d.]+/g).slice(0, 3).map(Number);
  const [r, g, b] = parts.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

// The colour itself where it stands out from the paper; else its nearest shade that does, for an edge round it.
export function edgeOf(color, paper) {
  if (color[0] !== "#") return color;
  const towards = luminance(paper) > 0.4 ? 0 : 255, parts = color.slice(1).match(/../g).map((v) => parseInt(v, 16));
  for (let share = 0; share < 1; share += 0.05) {
    const shade = `rgb(${parts.map((v) => Math.round(v + share * (towards - v))).join(", ")})`;
    if (contrast(shade, paper) >= 3.1) return share ? shade : color;
  }
  return color;
}

// The page's colours, for the canvases.
export function readLook(root) {
  const style = getComputedStyle(root), color = (name) => style.getPropertyValue(name).trim();
  const [r, g, b] = style.backgroundColor.match(/[\d.]+/g).map(Number), dark = 0.3 * r + 0.6 * g + 0.1 * b < 128;
  return {
    dark, text: color("--ink"), faintText: color("--faint"), border: color("--edge"), background: style.backgroundColor,
    accent: color("--accent"), track: color("--panel"), signal: dark ? "#8a929c" : "#75808c",
    contact: dark ? "#f1f3f5" : "#24292f", passed: "#009e73",
  };
}
