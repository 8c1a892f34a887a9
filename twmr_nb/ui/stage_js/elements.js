// What a stage is made of: picture, buttons, levers, bars.

import { make } from "../element.js";

// Button -> its sign, key (as KeyboardEvent.key has it), and words.
const DO = {
  play: ["▶", " ", "play or pause"], step: ["▶|", ".", "one control step"], rewind: ["↶ 5 s", "z", "back by five seconds"],
  reset: ["reset", "Backspace", "start anew"], keep: ["keep", "k", "keep the episode so far"], push: ["push", "p", "push the robot"],
};
// What is held down, and what it moves: the wheels ahead, their turn to the left, front and rear legs out.
export const LEVERS = {
  left: { moves: { turn: 1 }, keys: ["a", "ArrowLeft"], sign: "◀", words: "turn left" },
  ahead: { moves: { ahead: 1 }, keys: ["w", "ArrowUp"], sign: "▲", words: "drive ahead" },
  back: { moves: { ahead: -1 }, keys: ["s", "ArrowDown"], sign: "▼", words: "drive back" },
  right: { moves: { turn: -1 }, keys: ["d", "ArrowRight"], sign: "▶", words: "turn right" },
  in: { moves: { front: -1, rear: -1 }, keys: ["q"], sign: "in", words: "all legs in" },
  out: { moves: { front: 1, rear: 1 }, keys: ["e"], sign: "out", words: "all legs out" },
  frontIn: { moves: { front: -1 }, keys: ["f"], sign: "in", words: "front legs in" },
  frontOut: { moves: { front: 1 }, keys: ["r"], sign: "out", words: "front legs out" },
  rearIn: { moves: { rear: -1 }, keys: ["g"], sign: "in", words: "rear legs in" },
  rearOut: { moves: { rear: 1 }, keys: ["t"], sign: "out", words: "rear legs out" },
};
const PACES = [0.1, 0.25, 0.5, 1];
const PUSHES = { "to the left": [0, 1, 0], "to the right": [0, -1, 0], ahead: [1, 0, 0], back: [-1, 0, 0], upwards: [0, 0, 1] };
export const KEY_WORDS = `W A S D or arrows: wheels · E, Q: all legs out, in; R, F the front, T, G the rear ones
space: play or pause · full stop: one step · Z: five seconds back · backspace: start anew · K: keep · P: push
Escape: the keys are the page's again · drag the robot to pull it, the ground to turn the view, scroll to zoom`;
export const DOES = Object.fromEntries(Object.entries(DO).map(([name, [, key]]) => [key, name]));

export function buildStage(height) {
  const root = make("div", { className: "twmr-replay twmr-driven", role: "group", ariaLabel: "stage" });
  const act = (name) => `<button data-do="${name}" title="${DO[name][2]} (${DO[name][1] === " " ? "space" : DO[name][1]})" aria-label="${DO[name][2]}">${DO[name][0]}</button>`;
  const lever = (name) => {
    const { keys, sign, words } = LEVERS[name];
    return `<button data-lever="${name}" title="${words} (${keys[0].toUpperCase()})" aria-label="${words}">${sign}</button>`;
  };
  const legs = (which) => `<span class="legs">${which} legs ${lever(`${which}In`)}
    <input type="range" min="0" max="100" data-legs="${which}" aria-label="${which} legs, how far out [%]">${lever(`${which}Out`)}</span>`;
  const choose = (name, words, options, chosen) => `<select data-is="${name}" aria-label="${words}" title="${words}">
    ${options.map(([value, text]) => `<option value="${value}"${value === chosen ? " selected" : ""}>${text}</option>`).join("")}</select>`;
  root.innerHTML = `
    <div class="stage" style="height:${height}px">
      <canvas></canvas>
      <div class="hud"><div class="title"></div><div class="numbers">
        <span><b data-is="time"></b> s</span><span>x <b data-is="x"></b> m</span><span>gate <b data-is="gate"></b></span>
        <span>contact <b data-is="touch"></b> N</span><span>upright <b data-is="upright"></b></span>
        <span>legs <b data-is="angles" class="wide"></b> rad</span><span data-is="speed" class="late"></span></div></div>
      <output class="newtons" hidden></output>
      <div class="hint">click here, then drive: W A S D, legs E Q · ? for all keys</div>
      <div class="notice" role="status" hidden></div>
    </div>
    <div class="bar">
      ${["play", "step", "rewind", "reset", "keep"].map(act).join("")}
      ${choose("pace", "how fast time goes", PACES.map((p) => [p, `${p}×`]), 1)}
      <select data-is="driver" aria-label="driver" title="who drives"></select>
      <div class="gap"></div>
      ${act("push")}<input data-is="impulse" type="number" required min="0" max="5" step="0.1" value="0.5" aria-label="push, newton seconds"> N s
      ${choose("way", "which way the push goes", Object.entries(PUSHES).map(([text, way]) => [way.join(), text]), "0,1,0")}
      <button data-do="keys" aria-label="keys and help" aria-expanded="false" title="${KEY_WORDS}">?</button>
    </div>
    <div class="bar levers">
      <span class="cross">${["left", "ahead", "back", "right"].map(lever).join("")}</span>
      <span class="legs">all legs ${lever("in")}${lever("out")}</span>${legs("front")}${legs("rear")}
    </div>
    <div class="terms" role="table" aria-label="reward terms"></div>`;
  const find = (s) => root.querySelector(s);
  return { root, find, all: (s) => [...root.querySelectorAll(s)], stage: find(".stage") };
}
