// What is held down: keys, buttons on the screen, a gamepad. Together they are four levers, and the kernel hears of
// every change.

import { listenToKeys } from "../replay_js/controls.js";
import { clamp } from "../replay_js/vectors.js";
import { DOES, LEVERS } from "./elements.js";

const BY_KEY = Object.fromEntries(Object.entries(LEVERS).flatMap(([name, { keys }]) => keys.map((key) => [key, name])));
const TAP = 600; // ms, longer than a held key waits before it repeats
const DEAF = 0.2; // of a gamepad's stick that is no push

export class Levers {
  held = new Set(); said = ""; tell; tapped; undo = [];

  // tell({ahead, turn, front, rear}); act(name) of a button's deed; away() where Escape is pressed.
  constructor({ root, all, stage }, tell, act, away) {
    this.tell = tell;
    const named = (key) => BY_KEY[key] ?? BY_KEY[key.toLowerCase()];
    this.undo.push(listenToKeys(root, (key) => {
      const at = document.activeElement;
      if (key === "Escape") return away(), true;
      if (at.matches("input")) return false;
      if (named(key)) return this.hold(named(key), true);
      if (key === "?") return act("keys"), true;
      const deed = DOES[key] ?? DOES[key.toLowerCase()];
      if (deed) act(deed);
      return Boolean(deed);
    }));
    const up = (e) => {
      if (named(e.key)) this.hold(named(e.key), false);
      if ([" ", "Enter"].includes(e.key)) this.release();
    };
    const release = (e) => e.target === globalThis && this.release(), left = (e) => root.contains(e.relatedTarget) || this.release();
    for (const [target, event, heard] of [[globalThis, "keyup", up], [globalThis, "blur", release], [root, "focusout", left]]) {
      target.addEventListener(event, heard, true);
      this.undo.push(() => target.removeEventListener(event, heard, true));
    }
    for (const button of all("[data-lever]")) {
      const { lever } = button.dataset;
      button.onpointerdown = (e) => {
        button.setPointerCapture(e.pointerId);
        stage.firstElementChild.focus({ preventScroll: true }); // and the keys drive, too
        this.hold(lever, true);
      };
      button.onmousedown = (e) => e.preventDefault(); // or the button would take the focus back
      button.onpointerup = button.onpointercancel = () => this.hold(lever, false);
      button.onclick = (e) => e.detail || this.tap(lever);
      button.oncontextmenu = (e) => e.preventDefault();
    }
  }

  hold(name, on) {
    on ? this.held.add(name) : this.held.delete(name);
    this.say();
    return true;
  }

  // By keyboard or speech: for a while, or until the key is up.
  tap(name) {
    clearTimeout(this.tapped);
    this.tapped = setTimeout(() => this.release(), TAP);
    this.hold(name, true);
  }

  release() {
    clearTimeout(this.tapped);
    this.held.clear();
    this.say();
  }

  // Asked in every picture, as a gamepad tells nothing by itself.
  say() {
    const sum = { ahead: 0, turn: 0, front: 0, rear: 0 };
    const add = (lever) => Object.entries(lever).forEach(([k, v]) => (sum[k] = clamp(sum[k] + v, -1, 1)));
    for (const name of this.held) add(LEVERS[name].moves);
    for (const pad of navigator.getGamepads?.() ?? []) {
      if (!pad) continue;
      const stick = (k) => (Math.abs(pad.axes[k] ?? 0) > DEAF ? -pad.axes[k] : 0), on = (k) => Number(pad.buttons[k]?.pressed ?? 0);
      add({ ahead: stick(1), turn: stick(0), front: on(5) - on(7), rear: on(4) - on(6) }); // shoulders: out, triggers: in
    }
    const text = JSON.stringify(sum);
    if (text !== (this.said || '{"ahead":0,"turn":0,"front":0,"rear":0}')) this.tell(sum);
    this.said = text;
  }

  remove() {
    for (const undo of this.undo) undo();
  }
}
