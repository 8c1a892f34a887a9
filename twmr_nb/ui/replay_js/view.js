// The replay: one view of a recorded rollout, bound to the model's traits
//   scene, recording, ghost, curves (what is shown), frame and time (the cursor), camera (the point of view).
// It draws only when something changed, and gives its graphics context back when it is removed.

import { Orbit } from "./camera.js";
import { Chart, LANE } from "./chart.js";
import { buildElements, buildLegend, edgeOf, HELP, listenToCamera, listenToChart, listenToKeys, pressKey, readLook, writeState } from "./controls.js";
import { Pace, PALETTE } from "./palette.js";
import { Playback } from "./playback.js";
import { bodyMatrices, forcesAt, noForces, poseAt, unpack } from "./robot.js";
import { SidePainter } from "./side.js";
import { Painter } from "./webgl.js";
import { make, watchSight } from "../element.js";

export class ReplayView {
  // elements, and what draws and moves
  root; find; all; stage; curves; tip; canvas; model; painter; playback; orbit; chart;
  // what is shown
  scene; record; ghost; shown; dark; autoplay; hidden; held; gone; undo;
  // drawing
  dirty; waiting; loading; pace; written; drawn;

  constructor(model, el) {
    const scene = model.get("scene");
    Object.assign(this, buildElements(scene.height), { model, undo: [], pace: new Pace(false), shown: { ghost: true, forces: true } });
    el.append(this.root);
    this.root.replay = this; // for tests, and for the curious at the browser's console
    this.playback = new Playback(model, () => this.refresh());
    this.orbit = new Orbit(model, () => this.refresh());
    this.chart = new Chart(this.curves, this.find(".needle"));
    this.autoplay = model.get("autoplay") && !matchMedia("(prefers-reduced-motion: reduce)").matches; // once it is seen
    this.load();
    this.listen();
    this.resize();
  }

  // ---- what is shown ----
  load() {
    const { model } = this, scene = model.get("scene"), packed = model.get("recording"), ghost = model.get("ghost");
    const floats = (v) => unpack(v, Float32Array);
    const record = Object.fromEntries(["qpos", "gate", "touch", "torque"].map((name) => [name, floats(packed[name])]));
    record.contacts = unpack(packed.contacts, Int16Array);
    const frames = record.gate.length, redraw = !this.scene || JSON.stringify(scene) !== JSON.stringify(this.scene);
    Object.assign(this, { scene, record });
    this.ghost = ghost.qpos ? { ...ghost, qpos: floats(ghost.qpos), total: floats(ghost.total) } : null;
    this.playback.load(frames, scene.dt);
    this.root.classList.toggle("still", frames === 1); // a single pose: nothing to play
    this.orbit.load([0, 1].map((k) => Array.from({ length: frames }, (_, i) => record.qpos[i * scene.nq + k])), scene.dt);
    this.find(".title").textContent = scene.title;
    if (this.ghost) this.find(".title").append(make("small", { textContent: ghost.title }));
    this.find("[data-do=ghost]").hidden = !this.ghost;
    this.root.setAttribute("aria-label", `3D replay: ${scene.title}`);
    this.curves.setAttribute("aria-valuemax", frames - 1);
    this.loadCurves();
    if (redraw) this.usePainter();
  }

  loadCurves() {
    const { chart, record, scene, ghost } = this, { gate, touch } = record, { lines, unit } = this.model.get("curves");
    const curves = lines.map((line) => ({ ...line, values: unpack(line.values, Float32Array) }));
    const dashed = ghost && curves.some((c) => c.name === "total") ? ghost.total : null;
    chart.load({ frames: gate.length, dt: scene.dt, marks: scene.marks, gate, touch, unit, curves, dashed });
    buildLegend(this.find(".legend"), chart, () => this.refresh());
    this.resize();
  }

  // ---- drawing ----
  usePainter() {
    const canvas = this.freshCanvas();
    try {
      this.painter = new Painter(canvas, this.scene);
      this.pace = new Pace(this.painter.soft);
    } catch (error) {
      console.info(`replay: ${error.message}`);
      return this.useSidePainter("No WebGL2 in this browser");
    }
    listenToCamera(canvas, this.root, this.orbit, (on) => this.hold(on));
    canvas.addEventListener("webglcontextlost", () => {
      if (canvas === this.canvas && !this.gone) this.useSidePainter("The browser needed this 3D view's place", true);
    });
    this.say("");
    this.askForPictures(false);
  }

  useSidePainter(why, again) {
    const pictures = this.model.get("pictures"), kept = pictures.length === 1 && this.playback.frames > 1; // no kernel
    this.painter = new SidePainter(this.freshCanvas("img"), pictures);
    this.askForPictures(true);
    this.say(`${why}: ${kept ? "one moment of the episode" : "the robot"}, seen from its side, stands in.`);
    if (again) this.find(".notice").append(make("button", { textContent: "bring it back", onclick: () => this.usePainter() }));
  }

  askForPictures(on) {
    const { model, root } = this;
    root.classList.toggle("aside", on);
    if (model.get("draws") === on) {
      model.set("draws", !on);
      model.save_changes();
    }
    this.refresh();
  }

  freshCanvas(tag = "canvas") {
    const canvas = make(tag, { tabIndex: 0, role: "img" });
    this.stage.firstElementChild.replaceWith(canvas);
    this.painter?.dispose();
    return (this.canvas = canvas);
  }

  say(text) {
    const notice = this.find(".notice");
    notice.textContent = text;
    [notice.hidden, this.find(".hint").hidden] = [!text, Boolean(text)];
    this.find("[data-do=keys]").setAttribute("aria-expanded", text === HELP);
  }

  refresh() {
    this.dirty = true;
    if (!this.gone) this.waiting ??= requestAnimationFrame((now) => this.tick(now));
  }

  tick(now) {
    const { playback } = this;
    this.waiting = null;
    if (playback.playing) playback.advance(now);
    this.pace.note(now, playback.playing || this.held);
    if (this.dirty) this.draw();
    this.dirty = false;
    if (playback.playing) this.refresh();
  }

  // Simpler while it moves, where it must be; a picture that stands is always the best one.
  draw() {
    const { playback, stage } = this, { smooth, scale } = this.pace.quality(playback.playing || this.held);
    const ratio = smooth ? Math.min(devicePixelRatio, 2) : scale;
    const width = Math.round(stage.clientWidth * ratio), height = Math.round(stage.clientHeight * ratio);
    if (!this.hidden && width && height) {
      this.painter.resize(width, height);
      this.painter.draw({ ...this.shot(playback.cursor), smooth });
    }
    if (this.chart.width) this.chart.draw(playback.cursor);
    this.drawn = (this.drawn ?? 0) + 1;
    const now = performance.now();
    if (playback.playing && now - this.written < 90) return; // numbers that change faster cannot be read
    this.written = now;
    writeState(this);
  }

  // Everything a painter needs for one moment; `share` is how much of the episode lies before it.
  shot(cursor) {
    const { record, scene, orbit, ghost, playback } = this, frame = Math.floor(cursor), pose = (qpos, at) => bodyMatrices(scene.tree, poseAt(qpos, scene.nq, at));
    return {
      bodies: pose(record.qpos, cursor),
      ghost: ghost && this.shown.ghost ? pose(ghost.qpos, ((cursor + 1) * scene.dt) / ghost.dt - 1) : null,
      camera: orbit,
      target: orbit.target(cursor),
      palette: PALETTE[this.dark ? "dark" : "light"],
      gate: record.gate[frame],
      share: cursor / Math.max(playback.frames - 1, 1),
      ...(this.shown.forces ? forcesAt(scene, record, frame) : noForces(scene)),
    };
  }

  // A drag begins or ends; at its end the model learns the new point of view.
  hold(on) {
    this.held = on;
    this.find(".hint").style.opacity = 0;
    if (!on) this.orbit.save();
    this.refresh();
  }

  // ---- listening ----
  listen() {
    const { playback, orbit } = this, actions = {
      play: () => playback.toggle(),
      back: () => playback.seek(Math.ceil(playback.cursor) - 1),
      next: () => playback.seek(playback.frame + 1),
      follow: () => orbit.setFollow(!orbit.follow, playback.cursor),
      ghost: () => this.flip("ghost"),
      forces: () => this.flip("forces"),
      keys: () => this.say(this.find(".notice").textContent === HELP ? "" : HELP),
    };
    for (const [name, act] of Object.entries(actions))
      this.find(`[data-do=${name}]`).onclick = (e) => {
        act();
        if (e.detail) this.root.focus({ preventScroll: true }); // after a mouse click the keys belong to the replay
      };
    this.find("[data-is=speed]").onchange = (e) => (playback.speed = Number(e.target.value));
    this.find("[data-is=view]").onchange = (e) => orbit.look(e.target.value);
    listenToChart(this.curves, this.tip, this.chart, (frame) => playback.seek(frame));
    const marks = () => this.scene.marks.map((m) => m.frame);
    this.undo.push(listenToKeys(this.root, (key, shift) => pressKey(key, shift, playback, actions, marks(), orbit)));
    this.listenToModel();
    this.listenToPage();
  }

  flip(name) {
    this.shown[name] = !this.shown[name];
    this.refresh();
  }

  listenToModel() {
    const { model, playback } = this, on = (name, act) => {
      model.on(`change:${name}`, act);
      this.undo.push(() => model.off(`change:${name}`, act));
    };
    on("frame", () => playback.hear(model.get("frame")));
    on("time", () => playback.hear(Math.round(model.get("time") / this.scene.dt) - 1));
    on("curves", () => this.loadCurves());
    on("pictures", () => {
      this.painter.pictures = model.get("pictures");
      this.refresh();
    });
    const load = () => (this.loading ??= Promise.resolve().then(() => ((this.loading = null), this.load()))); // once for all
    for (const name of ["scene", "recording", "ghost"]) on(name, load);
    on("camera", () => {
      this.orbit.hear();
      this.refresh();
    });
  }

  listenToPage() {
    const size = new ResizeObserver(() => this.resize()), theme = new MutationObserver(() => this.resize());
    const sight = watchSight(this.root, (seen) => {
      this.hidden = !seen;
      if (this.hidden) return;
      this.refresh();
      if (this.autoplay && this.playback.frames > 1) this.playback.play();
      this.autoplay = false;
    });
    size.observe(this.root);
    theme.observe(document.body, { attributes: true });
    this.undo.push(() => [size, sight, theme].forEach((watch) => watch.disconnect()));
  }

  // Size or theme changed: read the page's colours again. JupyterLab builds a view before it puts it into the page.
  resize() {
    if (!this.root.isConnected) return;
    const { root, chart } = this, look = readLook(root), width = root.clientWidth, curves = chart.show.curves;
    this.dark = look.dark;
    for (const curve of curves) {
      curve.paint = curve.color === "ink" ? look.text : curve.color;
      curve.edge = edgeOf(curve.paint, look.background);
    }
    const height = curves.length ? this.scene.chartHeight : LANE.curves - 6 + LANE.axis;
    if (width) chart.resize(width, height, Math.min(devicePixelRatio, 2), look);
    this.refresh();
  }

  remove() {
    this.gone = true;
    cancelAnimationFrame(this.waiting);
    for (const undo of this.undo) undo();
    this.painter.dispose();
    this.root.remove();
  }
}
