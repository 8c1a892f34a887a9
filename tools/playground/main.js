// The playground: one robot that moves in real time, driven by hand or by a policy, and what the reward pays for it.

import { make } from "../../twmr_nb/ui/element.js";
import { clamp } from "../../twmr_nb/ui/replay_js/vectors.js";
import { rotationRows } from "./attitude.js";
import { drawStart, Env } from "./env.js";
import { AXLES, Hands, HELD } from "./hands.js";
import { Panel } from "./panel.js";
import { Picture } from "./picture.js";
import { PolicyPlayer, readSafetensors } from "./policy.js";

const YOU = "you", FIRST_HEIGHT = 0.04, NEAR_STEP = 0.15; // m
const SHARE = 0.6, LEAST = 20; // of the time since the last picture that physics may take, and ms at least
const PUSHES = { "from behind": [1, 0], "from the front": [-1, 0], "from the left": [0, -1], "from the right": [0, 1] };
const LONGEST = 0.25; // s between pictures that count; longer was a hidden page
const SEEN_FOR = 400; // ms that a push's arrow stays
const LEGS = { torque: "torques on the legs", leg_position: "servos on the legs", reflex: "legs by a reflex" };
const ENDS = { fell: "the robot fell", time: "its time is up" };
const HOW = `Drive: arrows or W A S D · legs: E out, Q in · H: hand over or take over · P: push · space: pause · R: begin anew
Drag the picture to turn it, click and scroll to zoom. Escape leaves a slider.`;

const hasGraphics = () => Boolean(document.createElement("canvas").getContext("webgl2"));
const embedded = (name) => document.getElementById(name).textContent;

/** Begin, or leave the picture that stands in where it cannot. @param {any} given what Python told @param {(options: object) => Promise<any>} loadMujoco */
export function start(given, loadMujoco) {
  const root = /** @type {HTMLElement} */ (document.querySelector(".twmr-playground"));
  const able = typeof WebAssembly === "object" && typeof DecompressionStream === "function" && hasGraphics();
  document.body.classList.toggle("able", able);
  if (!able) return;
  const playground = new Playground(root, given, loadMujoco);
  Object.assign(root, { playground }); // for tests, and for the curious
  playground.ready.catch((error) => {
    document.body.classList.remove("able");
    throw error;
  });
}

async function unpacked(name) {
  const bytes = Uint8Array.from(atob(embedded(name)), (c) => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

function normal() {
  return Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
}
const uniform = (low, high) => low + (high - low) * Math.random();

export class Playground {
  given; root; find; hands = new Hands(); picture; panel;
  mj; ready; wanted; world; env; player; driver = YOU; height = FIRST_HEIGHT;
  // the clock
  playing = true; speed = 1; owed = 0; clock = 0; poses; told = 0; spent = { real: 0, simulated: 0 };
  pushed = null; drawn = 0;

  constructor(root, given, loadMujoco) {
    Object.assign(this, { root, given, find: (s) => root.querySelector(s) });
    this.build();
    const [world] = given.worlds;
    this.picture = new Picture(this.find("canvas"), root, world.scene, () => this.say("The browser took this picture's memory: load the page anew."));
    this.show(world.scene, world.pose);
    requestAnimationFrame((now) => this.tick(now));
    this.ready = this.load(loadMujoco);
  }

  async load(loadMujoco) {
    await new Promise((done) => setTimeout(done, 30)); // the first picture comes first
    this.mj = await loadMujoco({ wasmBinary: await unpacked("wasm") });
    this.panel = new Panel(this.find(".rewards"));
    await this.enter(this.given.worlds[0].name);
    this.find(".loading").remove();
  }

  // ---- worlds and drivers ----
  async enter(name) {
    const { given, mj } = this, world = given.worlds.find((each) => each.name === name);
    this.wanted = name;
    const [model, weights] = await Promise.all([unpacked(world.model), unpacked(`policy-${name}`)]);
    if (this.wanted !== name) return; // another was chosen since
    this.env?.delete();
    this.env = new Env(mj, model, world, given.robot, given.terms);
    this.player = new PolicyPlayer(readSafetensors(weights), world.mirror);
    this.world = world;
    if (this.driver !== YOU) this.driver = name;
    this.restart();
    this.panel.load(this.env);
  }

  restart() {
    const { env, world } = this;
    env.reset(this.height, drawStart(world, normal, uniform));
    this.show(world.scene, [...env.data.qpos]);
    this.give(this.driver);
    this.say("");
  }

  // The picture of a pose that was not come to by moving.
  show(scene, qpos) {
    this.poses = Float32Array.from([...qpos, ...qpos]);
    this.picture.begin(scene, qpos);
    Object.assign(this, { owed: 0, pushed: null });
  }

  give(driver) {
    this.driver = driver;
    if (driver === YOU) this.hands.take(this.env);
    else this.player.reset();
    this.write();
  }

  handOver() {
    this.give(this.driver === YOU ? this.world.name : YOU);
    this.say(this.driver === YOU ? "You drive, from where it is." : `${this.driver} drives; its memory begins here.`, 2500);
  }

  push() {
    const [ahead, aside] = PUSHES[this.find("[data-is=side]").value], size = Number(this.find("[data-is=impulse]").value);
    const { qpos } = this.env.data, heading = Math.atan2(...this.heading(qpos)), { dt } = this.world;
    const c = Math.cos(heading), s = Math.sin(heading), way = [c * ahead - s * aside, s * ahead + c * aside, 0];
    this.env.push(way.map((v) => v * size));
    this.pushed = { until: performance.now() + SEEN_FOR, force: way.map((v) => (v * size) / dt) };
  }

  heading(qpos) {
    const rows = rotationRows([...qpos].slice(3, 7));
    return /** @type {[number, number]} */ ([rows[1][0], rows[0][0]]);
  }

  // A step changes under a robot that is far from it, else for the next start.
  setHeight(height) {
    this.height = height;
    if (this.env && this.env.data.qpos[0] < this.world.edge - NEAR_STEP) this.env.setHeight(height);
    this.write();
  }

  // ---- time ----
  tick(now) {
    requestAnimationFrame((next) => this.tick(next));
    const { env } = this, passed = clamp((now - this.clock) / 1000, 0, LONGEST);
    this.clock = now;
    const runs = env && this.panel && this.playing && !env.over;
    if (runs) this.advance(passed);
    this.paint(now);
    if (!env || !this.panel?.env) return;
    const numbers = now - this.told > 100;
    if (runs || numbers) this.panel.write(numbers);
    if (!numbers) return;
    this.told = now;
    this.write();
  }

  // Physics is never skipped: where it takes longer than the time it stands for, the robot is slower.
  advance(passed) {
    const { env, world } = this, end = performance.now() + Math.max(LEAST, 1000 * SHARE * passed);
    this.owed = Math.min(this.owed + passed * this.speed, LONGEST);
    let steps = 0;
    while (this.owed >= world.dt && !env.over && performance.now() < end) {
      this.stepOnce();
      this.owed -= world.dt;
      steps += 1;
    }
    const { spent } = this;
    this.spent = { real: 0.97 * spent.real + passed * this.speed, simulated: 0.97 * spent.simulated + steps * world.dt };
    if (env.over) this.end();
  }

  stepOnce() {
    const { env, world, hands, player } = this, { config } = world;
    if (this.driver === YOU) env.step(hands.act(env), world.servos ? "leg_position" : "torque");
    else env.step(player.act(env.observation(config.obs_mode)), config.action_mode);
    this.poses = Float32Array.from([...this.poses.slice(this.poses.length / 2), ...env.transition.qpos]);
  }

  end() {
    this.say(`The episode ends: ${ENDS[this.env.over]}. R, or the button, begins anew.`);
  }

  paint(now) {
    const { env, pushed, picture, world } = this, { transition: t } = env ?? {};
    if (pushed && now > pushed.until) this.pushed = null;
    const { highest } = this.given, root = this.poses.slice(this.poses.length / 2);
    picture.draw(now, {
      poses: this.poses, share: env?.over ? 1 : clamp(this.owed / (world?.dt ?? 1), 0, 1), height: env?.height ?? FIRST_HEIGHT, highest,
      gate: env?.gate ?? 0, touch: env?.senses?.touch ?? 0,
      torque: [0, 1, 2, 3].map((k) => (t ? t.torque[k] / picture.scene.torque : 0)),
      push: this.pushed && [[...root.slice(0, 2), root[2] + 0.03], this.pushed.force],
    });
    this.drawn += 1;
  }

  // ---- what a person touches ----
  build() {
    const { worlds, highest } = this.given, option = (value, text = value) => `<option value="${value}">${text}</option>`;
    const hold = (name, sign, words) => `<button data-hold="${name}" aria-label="${words}" title="${words}">${sign}</button>`;
    const leg = (axle) => `<label>${axle} legs <span>in</span><input type="range" data-legs="${axle}" min="0" max="1" step="0.01" value="0" aria-label="${axle} legs, from in to out"><span>out</span></label>`;
    this.root.innerHTML = `
      <div class="scene">
        <div class="stage"><canvas role="img" tabindex="0" aria-label="The robot in 3D"></canvas>
          <div class="hud"><div class="title"></div><div class="numbers"><span><b data-is="time"></b> s</span><span>x <b data-is="x"></b> m</span>
            <span>gate <b data-is="gate"></b><span class="meter"><i></i></span></span><span>contact <b data-is="touch"></b> N</span></div></div>
          <div class="notice" role="status" hidden></div><div class="loading">MuJoCo is being unpacked …</div></div>
        <div class="bar">
          <button data-do="hand" class="play" title="hand over or take over (H)"></button>
          <select data-is="world" aria-label="policy and its world" title="policy and its world">${worlds.map((w) => option(w.name, `${w.name}: ${LEGS[w.config.action_mode]}`)).join("")}</select>
          <button data-do="pause" title="pause (space)" aria-pressed="false">pause</button>
          <button data-do="restart" title="begin anew (R)">begin anew</button>
          <select data-is="speed" aria-label="speed" title="speed">${[0.1, 0.25, 0.5, 1].map((s) => `<option value="${s}"${s === 1 ? " selected" : ""}>${s}×</option>`).join("")}</select>
          <div class="gap"></div><button data-do="keys" aria-expanded="false" title="keys and help" aria-label="keys and help">?</button></div>
        <div class="bar hands"><div class="pad">${hold("left", "◀", "turn left")}${hold("ahead", "▲", "ahead")}${hold("back", "▼", "back")}${hold("right", "▶", "turn right")}</div>
          ${AXLES.map(leg).join("")}</div>
        <div class="bar"><label>step <input type="range" data-is="height" min="0" max="${highest}" step="0.005" value="${FIRST_HEIGHT}" aria-label="height of the step"><b data-is="cm"></b></label>
          <button data-do="push" title="push the robot (P)">push</button>
          <select data-is="side" aria-label="from where it is pushed">${Object.keys(PUSHES).map((side) => option(side)).join("")}</select>
          <label><input type="range" data-is="impulse" min="0.1" max="2" step="0.1" value="0.5" aria-label="how hard it is pushed"><b data-is="newton"></b></label></div>
      </div>
      <div class="rewards" role="group" aria-label="the reward, term by term"></div>`;
    this.listen();
    this.write();
  }

  listen() {
    const { find, root, hands } = this, once = (act) => () => this.panel?.env && act();
    const actions = {
      hand: once(() => this.handOver()), restart: once(() => this.restart()), push: once(() => this.push()),
      pause: () => ((this.playing = !this.playing), this.write()),
      keys: () => this.say(find(".notice").textContent === HOW ? "" : HOW),
    };
    const toPicture = () => find("canvas").focus({ preventScroll: true });
    for (const [name, act] of Object.entries(actions))
      find(`[data-do=${name}]`).onclick = (e) => {
        act();
        if (e.detail) toPicture(); // after a click the keys drive again
      };
    find("[data-is=speed]").onchange = (e) => ((this.speed = Number(e.target.value)), toPicture());
    find("[data-is=world]").onchange = (e) => (once(() => this.enter(e.target.value))(), toPicture());
    find("[data-is=side]").onchange = toPicture;
    find("[data-is=height]").oninput = (e) => this.setHeight(Number(e.target.value));
    find("[data-is=impulse]").oninput = () => this.write();
    for (const slider of root.querySelectorAll("[data-legs]"))
      slider.oninput = () => {
        if (this.driver !== YOU && this.env) this.give(YOU);
        hands.fold[slider.dataset.legs] = 1 - Number(slider.value);
      };
    for (const button of root.querySelectorAll("[data-hold]")) {
      const { hold } = button.dataset, release = () => hands.held.delete(hold);
      button.onpointerdown = (e) => {
        button.setPointerCapture(e.pointerId);
        this.take();
        hands.held.add(hold);
      };
      button.onpointerup = button.onpointercancel = button.onlostpointercapture = release;
      button.onkeydown = (e) => (e.key === " " || e.key === "Enter") && (this.take(), hands.held.add(hold));
      button.onkeyup = button.onblur = release;
      button.oncontextmenu = (e) => e.preventDefault();
    }
    root.addEventListener("pointerup", (e) => /** @type {Element} */ (e.target).matches("input") && toPicture());
    this.listenToKeys(actions, toPicture);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.panel?.wear());
  }

  listenToKeys(actions, toPicture) {
    const { hands } = this, acts = { h: actions.hand, r: actions.restart, p: actions.push, "?": actions.keys };
    const named = (key) => (key.length > 1 ? key : key.toLowerCase());
    addEventListener("keydown", (e) => {
      const target = /** @type {Element} */ (e.target), key = named(e.key), arrow = key.startsWith("Arrow");
      if (e.ctrlKey || e.metaKey || e.altKey || target.matches("select") || (arrow && target.matches("input"))) return;
      if (key === "Escape") return toPicture();
      if (key === " " && target.matches("button")) return; // which it presses
      if (key === " ") actions.pause();
      else if (acts[key]) e.repeat || acts[key]();
      else if (HELD[key]) (this.take(), hands.held.add(HELD[key]));
      else return;
      e.preventDefault();
    });
    addEventListener("keyup", (e) => hands.held.delete(HELD[named(e.key)]));
    addEventListener("blur", () => hands.held.clear());
  }

  // Whoever steers by hand drives.
  take() {
    if (this.driver === YOU || !this.panel?.env) return;
    this.give(YOU);
    this.say("You drive, from where it is.", 2500);
  }

  say(text, milliseconds = 0) {
    const notice = this.find(".notice");
    notice.textContent = text;
    notice.hidden = !text;
    this.find("[data-do=keys]").setAttribute("aria-expanded", text === HOW);
    if (milliseconds) setTimeout(() => notice.textContent === text && this.say(""), milliseconds);
  }

  write() {
    const { find, env, world, hands } = this, put = (name, text) => (find(`[data-is=${name}]`).textContent = text);
    const waits = env && env.height !== this.height, cm = `${Number((100 * this.height).toFixed(1))} cm`;
    put("cm", waits ? `${cm}, from the next start` : cm);
    put("newton", `${find("[data-is=impulse]").value} N s`);
    find("[data-do=pause]").setAttribute("aria-pressed", !this.playing);
    if (!env) return;
    const rate = this.spent.real ? this.spent.simulated / this.spent.real : 1, slow = rate < 0.93 && this.playing && !env.over;
    const driver = this.driver === YOU ? "You drive" : `${this.driver} drives`, small = slow ? [make("small", { textContent: `${(rate * this.speed).toFixed(1)}× real time, as fast as this machine can` })] : [];
    find(".title").replaceChildren(driver, ...small);
    find("[data-do=hand]").textContent = this.driver === YOU ? `let ${world.name} drive` : "take over";
    put("time", (env.steps * world.dt).toFixed(1));
    put("x", env.data.qpos[0].toFixed(2).replace("-", "−"));
    put("gate", env.gate.toFixed(2));
    put("touch", env.senses.touch.toFixed(1));
    find(".meter i").style.transform = `scaleX(${env.gate})`;
    const away = (axle) => (this.driver === YOU ? 1 - hands.fold[axle] : 0);
    for (const axle of AXLES) {
      const slider = find(`[data-legs=${axle}]`);
      if (document.activeElement !== slider) slider.value = String(away(axle));
    }
    const where = `x ${env.data.qpos[0].toFixed(2)} metres, step ${cm}`;
    find("canvas").setAttribute("aria-label", `The robot in 3D, ${this.driver === YOU ? "driven by you" : `driven by ${this.driver}`}: ${where}`);
  }
}
