// The stage: a robot that drives now. Traits say what it is (scene, terms, drivers, status, camera); the poses come as
// binary messages, one for each control step, and what a person does goes back as messages.

import { lens, Orbit } from "../replay_js/camera.js";
import { listenToCamera, readLook } from "../replay_js/controls.js";
import { Pace, PALETTE } from "../replay_js/palette.js";
import { bodyMatrices, unpack } from "../replay_js/robot.js";
import { clamp } from "../replay_js/vectors.js";
import { Painter } from "../replay_js/webgl.js";
import { follow, make, watchSight } from "../element.js";
import { Bars } from "./bars.js";
import { buildStage, KEY_WORDS } from "./elements.js";
import { onPlane, onScreen, pick, rayThrough } from "./grab.js";
import { Levers } from "./levers.js";

const FULL = 20; // N of contact that tint the step fully
const SIGN = 1000; // ms between two signs that somebody looks, and whether a picture costs the processor much
const NO_WEBGL = `This browser has no WebGL2 for the 3D view: numbers, bars and levers work without it. In a cell,
tw.video(stage.episode) films what was driven.`;
const NO_KERNEL = "The kernel that drove this has ended: run this cell again.";

export class StageView {
  root; find; all; stage; canvas; model; orbit; painter; levers; bars; scene; frame; grabbed; pace; shows;
  waiting; written; drawn; dark; hidden; gone; held; undo;
  lack = ""; dead = false; // what is said as long as nothing else is; whether the kernel is gone

  constructor(model, el) {
    Object.assign(this, buildStage(model.get("height")), { model, pace: new Pace(false), drawn: 0, written: 0, undo: [] });
    el.append(this.root);
    this.root.stage = this; // for tests, and for the curious at the browser's console
    this.orbit = new Orbit(model, () => this.refresh());
    this.bars = new Bars(this.find(".terms"), model.get("terms"));
    this.hear();
    this.listen();
    this.tell({ do: "show" });
  }

  tell(message) {
    if (this.dead) return;
    try {
      this.model.send(message);
    } catch {
      this.die();
    }
  }

  // Nobody answers any more; if somebody does after all, it lives.
  die() {
    if (this.dead || this.gone) return;
    Object.assign(this, { dead: true, lack: NO_KERNEL });
    this.say("");
    this.refresh();
  }

  // ---- what comes ----
  hear() {
    const { model } = this;
    const poses = (_, [packed]) => this.take(unpack(packed, Float32Array));
    model.on("msg:custom", poses);
    this.undo.push(() => model.off("msg:custom", poses));
    const ended = () => this.die();
    for (const event of ["comm_live_update", "comm:close"]) {
      model.on(event, ended);
      this.undo.push(() => model.off(event, ended));
    }
    this.undo.push(follow(model, ["scene"], () => this.usePainter()));
    this.undo.push(follow(model, ["drivers", "status"], () => this.showStatus()));
  }

  // A control step: its numbers by the names that the scene's layout gives them.
  take(numbers) {
    if (this.dead) Object.assign(this, { dead: false, lack: "" });
    const frame = { bodies: this.frame?.bodies }; // those that are seen, until it is drawn
    let at = 0;
    for (const [name, size] of this.model.get("scene").layout) frame[name] = [...numbers.subarray(at, (at += size))];
    const [x, y] = frame.qpos, before = this.frame && frame.time[0] > this.frame.time[0] ? this.orbit.path : null;
    const near = (k, v) => [before ? before[k][0] + 0.12 * (v - before[k][0]) : v];
    this.orbit.path = [near(0, x), near(1, y)];
    if (!before) this.bars.forget();
    this.frame = frame;
    this.refresh();
  }

  showStatus() {
    const { drivers, status } = { drivers: this.model.get("drivers"), status: this.model.get("status") };
    const choice = this.find("[data-is=driver]"), text = JSON.stringify(drivers);
    if (this.shows !== text) choice.replaceChildren(...drivers.map(([value, label]) => make("option", { value, textContent: label })));
    this.shows = text;
    choice.value = status.driver;
    const play = this.find("[data-do=play]"), words = status.playing ? "pause" : "play";
    play.textContent = status.playing ? "❚❚" : "▶";
    play.setAttribute("aria-label", words);
    this.find(".title").replaceChildren(status.title, make("small", { textContent: status.memory }));
    this.find("[data-do=keep]").textContent = status.kept ? `keep (${status.kept})` : "keep";
    for (const each of this.all("[data-lever], [data-legs]")) each.disabled = !status.levers;
    this.say(status.note);
  }

  say(words) {
    const text = words || this.lack, notice = this.find(".notice");
    notice.textContent = text;
    notice.hidden = !text;
    this.find(".hint").hidden = Boolean(text);
    this.find("[data-do=keys]").setAttribute("aria-expanded", text === KEY_WORDS);
  }

  // ---- drawing ----
  usePainter() {
    const canvas = make("canvas", { tabIndex: 0 }), driven = this.canvas && document.activeElement === this.canvas;
    canvas.setAttribute("role", "application");
    this.letGo(); // what ends a drag goes to the canvas that is gone
    this.stage.firstElementChild.replaceWith(canvas);
    if (driven) canvas.focus({ preventScroll: true });
    this.painter?.dispose();
    Object.assign(this, { canvas, scene: this.model.get("scene"), painter: null });
    listenToCamera(canvas, this.root, this.orbit, (on) => this.hold(on));
    try {
      this.painter = new Painter(canvas, this.scene);
      this.pace = new Pace(this.painter.soft);
    } catch {
      this.lack = NO_WEBGL;
      this.say("");
    }
    canvas.addEventListener("webglcontextlost", () => {
      if (canvas !== this.canvas || this.gone) return;
      this.say("The browser needed this 3D view's place. ");
      this.find(".notice").append(make("button", { textContent: "bring it back", onclick: () => (this.say(""), this.usePainter()) }));
    });
    this.resize();
  }

  refresh() {
    if (!this.gone) this.waiting ??= requestAnimationFrame((now) => this.tick(now));
  }

  tick(now) {
    this.waiting = null;
    this.levers.say();
    if (!this.frame?.speed[2]) this.pace.note(now, this.moves); // where few moments come, the gaps are not the picture's
    if (this.frame && !this.hidden) this.draw(now);
  }

  get moves() {
    return (this.model.get("status").playing && !this.dead) || this.held;
  }

  draw(now) {
    const { frame, scene, stage, orbit } = this, { smooth, scale } = this.pace.quality(this.moves);
    const ratio = smooth ? Math.min(devicePixelRatio, 2) : scale, bodies = bodyMatrices(scene.tree, frame.qpos);
    const width = Math.round(stage.clientWidth * ratio), height = Math.round(stage.clientHeight * ratio);
    if (frame.world) bodies[0] = frame.world; // where the step is another than the one that was built
    Object.assign(frame, { bodies });
    this.drag();
    const rows = (list, n) => Array.from({ length: list.length / n }, (_, k) => list.slice(n * k, n * k + n));
    const contacts = rows(frame.contacts, 6).map((c) => [c.slice(0, 3), c.slice(3)]);
    const pull = [frame.pull.slice(0, 3), frame.pull.slice(3)], newtons = Math.hypot(...pull[1]);
    if (this.painter && width && height) {
      this.painter.resize(width, height);
      this.painter.draw({
        bodies, contacts, smooth, pull: newtons ? pull : null, ghost: null, camera: orbit, target: orbit.target(0),
        palette: PALETTE[this.dark ? "dark" : "light"], gate: frame.gate[0], touch: clamp(frame.touch[0] / FULL, 0, 1),
        torque: frame.torque.map((t) => t / scene.torque),
      });
    }
    this.label(pull[0], newtons);
    const words = now - this.written > 90;
    this.bars.show(frame, words);
    if (words) this.write(now);
    else if (!this.moves) this.refresh(); // the last moment is told, too
    this.drawn += 1;
  }

  // The newtons of a pull, beside its arrow.
  label(point, newtons) {
    const box = this.find(".newtons"), { clientWidth: width, clientHeight: height } = this.stage;
    box.hidden = newtons < 0.5;
    if (box.hidden) return;
    const [x, y] = this.where(point);
    box.textContent = `${newtons.toFixed(0)} N`;
    Object.assign(box.style, { left: `${clamp(x + 12, 4, width - 44)}px`, top: `${clamp(y - 26, 4, height - 24)}px` });
  }

  // Where in the picture a point of the world is, px.
  where(point) {
    const { orbit } = this, { clientWidth: width, clientHeight: height } = this.stage;
    return onScreen(lens(orbit, orbit.target(0), width / height).view, point, width, height);
  }

  write(now) {
    const { frame, canvas } = this, put = (name, text) => (this.find(`[data-is=${name}]`).textContent = text);
    const number = (v, digits) => v.toFixed(digits).replace("-", "−"), legs = this.scene.legs.map((k) => number(frame.qpos[k], 1));
    this.written = now;
    put("time", number(frame.time[0], 2));
    put("x", number(frame.qpos[0], 2));
    put("gate", number(frame.gate[0], 2));
    put("touch", number(frame.touch[0], 1));
    put("upright", number(frame.upright[0], 2));
    put("angles", legs.join(" "));
    const late = frame.speed[0] < 0.95 * frame.speed[1];
    put("speed", late ? `${frame.speed[0].toFixed(1)}× real time` : "");
    const at = document.activeElement;
    for (const [k, which] of ["front", "rear"].entries()) {
      const slider = this.find(`[data-legs=${which}]`);
      if (slider !== at) slider.value = String(Math.round(100 * (1 - frame.fold[k])));
    }
    canvas.setAttribute("aria-label", `The robot in 3D: ${this.model.get("status").title}, x ${frame.qpos[0].toFixed(1)} metres. Keys drive it, Escape leaves.`);
  }

  // ---- what a person does ----
  listen() {
    const { root, stage, find, all } = this, deeds = { keys: () => this.say(find(".notice").textContent === KEY_WORDS ? this.model.get("status").note : KEY_WORDS) };
    const push = () => {
      const box = find("[data-is=impulse]"), way = find("[data-is=way]").value.split(",").map(Number);
      if (box.value || box.reportValidity()) this.tell({ push: Number(box.value), way }); // an empty one asks to be filled
    };
    const act = (name) => (deeds[name] ?? (name === "push" ? push : () => this.tell({ do: name })))();
    for (const button of all("[data-do]")) button.onclick = () => act(button.dataset.do);
    this.levers = new Levers(this, (levers) => this.tell({ levers }), act, () => find("[data-do=play]").focus());
    for (const slider of all("[data-legs]"))
      slider.oninput = () => this.tell({ legs: slider.dataset.legs, out: Number(slider.value) / 100 });
    find("[data-is=pace]").onchange = (e) => this.tell({ pace: Number(e.target.value) });
    find("[data-is=driver]").onchange = (e) => this.tell({ driver: e.target.value });
    find("[data-is=driver]").onfocus = () => this.tell({ do: "look" });
    stage.addEventListener("pointerdown", (e) => this.grab(e), true);
    stage.addEventListener("pointermove", (e) => this.grabbed && this.point(e), true);
    for (const end of ["pointerup", "pointercancel"]) stage.addEventListener(end, () => this.letGo(), true);
    const dear = () => ({ dear: this.pace.level > 0 || Boolean(this.painter?.soft) });
    // A kernel that was busy may have missed that somebody looks; until its first moment is here it is asked again.
    const sign = setInterval(() => !this.hidden && !document.hidden && this.tell(this.frame ? dear() : { do: "show" }), SIGN);
    const size = new ResizeObserver(() => this.resize()), theme = new MutationObserver(() => this.resize());
    const sight = watchSight(root, (seen) => {
      this.hidden = !seen;
      this.refresh();
    });
    size.observe(root);
    theme.observe(document.body, { attributes: true });
    this.undo.push(() => clearInterval(sign), () => [size, sight, theme].forEach((watch) => watch.disconnect()), () => this.levers.remove());
  }

  ray(e = this.grabbed.pointer) {
    const { stage, orbit } = this, box = stage.getBoundingClientRect();
    const across = (2 * (e.clientX - box.left)) / box.width - 1, up = 1 - (2 * (e.clientY - box.top)) / box.height;
    return rayThrough(orbit, orbit.target(0), box.width / box.height, across, up);
  }

  // Whoever touches the robot pulls it; beside it the view turns.
  grab(e) {
    this.canvas.focus({ preventScroll: true });
    const hit = e.target === this.canvas && e.button === 0 && !e.shiftKey && this.frame?.bodies && pick(this.scene, this.frame.bodies, this.ray(e));
    if (!hit) return;
    e.stopPropagation();
    this.canvas.setPointerCapture(e.pointerId);
    this.grabbed = { ...hit, moved: false };
    this.point(e);
  }

  point(e) {
    this.grabbed.pointer = { clientX: e.clientX, clientY: e.clientY };
    this.grabbed.moved = true;
    this.refresh();
  }

  // Once a picture: the camera follows, and so does what lies under the pointer.
  drag() {
    if (!this.grabbed) return;
    const { body, at, point } = this.grabbed;
    this.tell({ pull: { body, at, to: onPlane(this.ray(), point) } });
  }

  letGo() {
    if (this.grabbed) this.tell({ pull: null });
    this.grabbed = null;
  }

  hold(on) {
    this.held = on;
    if (!on) this.orbit.save();
    this.refresh();
  }

  // Size or theme changed: read the page's colours again.
  resize() {
    if (!this.root.isConnected) return;
    const look = readLook(this.root);
    this.dark = look.dark;
    this.bars.dress(look);
    this.refresh();
  }

  remove() {
    this.gone = true;
    this.tell({ gone: true });
    cancelAnimationFrame(this.waiting);
    for (const undo of this.undo) undo();
    this.painter?.dispose();
    this.root.remove();
  }
}
