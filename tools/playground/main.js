// The playground: the stage of the notebooks on a page without a kernel. What the kernel does there, this does here: time,
// who drives, what disturbs. The picture, its buttons and its keys are the stage's own.

import { make } from "../../twmr_nb/ui/element.js";
import { bytesOf, poseAt } from "../../twmr_nb/ui/replay_js/robot.js";
import { clamp } from "../../twmr_nb/ui/replay_js/vectors.js";
import { StageView } from "../../twmr_nb/ui/stage_js/view.js";
import { uprightOf } from "./attitude.js";
import { drawStart, Env, normal } from "./env.js";
import { Hands } from "./hands.js";
import { episodeFile, episodeTold, keepEpisode } from "./keep.js";
import { PageModel } from "./model.js";
import { Panel, stopSlider } from "./panel.js";
import { PolicyPlayer, readSafetensors } from "./policy.js";
import { weigh } from "./weigh.js";

const YOU = "you", NOBODY = "nobody", FIRST_HEIGHT = 0.04, NEAR_STEP = 0.15; // m
const SHARE = 0.6, BREATH = 20; // of the time since the last picture that physics may take, and ms at least
const LONGEST = 0.25; // s between pictures that count; longer was a hidden page
const KEEP_EVERY = 25, BACK = 5; // control steps between moments that can be gone back to; s that are gone back
const MOST_KEPT = 4; // episodes; a fifth lets go of the first
const SEEN_FOR = 400; // ms that a push's arrow stays
const CAMERA = { azimuth: 62, elevation: -20, distance: 0.52, lookat: [0.04, 0, 0.02], follow: true };
const LEGS = { torque: "torques on the legs", leg_position: "servos on the legs", reflex: "legs by a reflex" };
const ENDS = { fell: "fell", time: "time is up" };
const NOTHING = { qpos: null, torque: [0, 0, 0, 0], senses: { touch: 0 }, gate: 0, steps: 0 }; // before there is an env
// What a moment says, and in how many numbers; but for the pose and the step, as a stage's.
const LAYOUT = { time: 1, speed: 2, gate: 1, touch: 1, upright: 1, fold: 2, torque: 4, contacts: 24, pull: 6, now: 0, raw: 0, paid: 0, world: 16 };

const hasGraphics = () => Boolean(document.createElement("canvas").getContext("webgl2"));
const embedded = (name) => document.getElementById(name).textContent;

/** Begin, or leave the film that stands in where it cannot. @param {any} given what Python told @param {(options: object) => Promise<any>} loadMujoco */
export function start(given, loadMujoco) {
  const root = /** @type {HTMLElement} */ (document.querySelector(".twmr-playground"));
  const able = typeof WebAssembly === "object" && typeof DecompressionStream === "function" && hasGraphics();
  document.body.classList.toggle("able", able);
  document.body.classList.toggle("framed", self !== top);
  if (!able) return;
  const playground = new Playground(root, begun(given, location.hash), loadMujoco);
  Object.assign(root, { playground }); // for tests, and for the curious
  playground.ready.catch((error) => {
    document.body.classList.remove("able");
    throw error;
  });
}

async function unpacked(name) {
  const stream = new Blob([bytesOf(embedded(name))]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** What Python told, with a lesson's world in the place of the same policy's, where the page's address says one.
 * @param {any} given @param {string} hash */
export function begun(given, hash) {
  try {
    const { world, driver, height } = JSON.parse(decodeURIComponent(hash.slice(1))), own = given.worlds.find(({ name }) => name === world.name);
    const here = own && document.getElementById(world.model), others = given.worlds.filter((each) => each !== own);
    return here ? { ...given, driver, height, worlds: [{ ...own, ...world }, ...others] } : given;
  } catch {
    return given; // no lesson, or one of another version
  }
}
const uniform = (low, high) => low + (high - low) * Math.random();

/** The step as it is built, of the greatest height, at a share of it. @param {number} share */
export function stepMatrix(share) {
  const sunk = share > 0.01 ? 0 : -0.02; // one that is flat would flicker
  return [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, share, 0, 0, 0, sunk, 1];
}

export class Playground {
  given; root; find; hands = new Hands(); model; view; panel;
  mj; ready; wanted; world; env; player; driver = YOU; since = 0; height = FIRST_HEIGHT; moments = []; note = "";
  spells = []; kept = []; rows = {}; circumstances = {};
  // the clock
  playing = false; pace = 1; owed = 0; clock = 0; poses; stale = true; told = 0; spent = { real: 0, simulated: 0 };
  pushed = null;

  constructor(root, given, loadMujoco) {
    Object.assign(this, { root, given, find: (s) => root.querySelector(s) });
    const [world] = given.worlds;
    Object.assign(this, { driver: given.driver ?? YOU, height: given.height ?? FIRST_HEIGHT });
    const drivers = [[YOU, YOU], [NOBODY, NOBODY], ...given.worlds.map(({ name, config }) => [name, `${name}: ${LEGS[config.action_mode]}`])];
    const traits = { height: 430, terms: [], drivers, camera: CAMERA, scene: this.scene(world), status: this.status() };
    this.model = new PageModel(traits, (message) => this.hear(message));
    this.view = new StageView(this.model, root);
    this.build();
    this.say("MuJoCo is being unpacked …");
    this.show(world.pose);
    this.send();
    this.view.canvas.focus({ preventScroll: true });
    requestAnimationFrame((now) => this.tick(now));
    this.ready = this.load(loadMujoco);
  }

  async load(loadMujoco) {
    await new Promise((done) => setTimeout(done, 30)); // the first picture comes first
    this.mj = await loadMujoco({ wasmBinary: await unpacked("wasm") });
    this.panel = new Panel(this.find(".rewards"));
    await this.enter(this.given.worlds[0].name);
  }

  // ---- worlds and drivers ----
  async enter(name) {
    const { given, mj } = this, world = given.worlds.find((each) => each.name === name);
    this.wanted = name;
    const [model, weights] = await Promise.all([unpacked(world.model), unpacked(`policy-${name}`)]);
    if (this.wanted !== name) return; // another was chosen since
    const scene = this.scene(world);
    if (JSON.stringify(scene) !== JSON.stringify(this.model.get("scene"))) this.model.set("scene", scene);
    this.env?.delete();
    this.env = new Env(mj, model, world, given.robot, given.terms);
    this.env.disturb(this.circumstances);
    this.player = new PolicyPlayer(readSafetensors(weights), world.mirror);
    this.world = world;
    this.restart();
    this.panel.load(this.env);
    for (const row of Object.values(this.rows)) row.show();
  }

  scene(world) {
    return { ...world.scene, layout: Object.entries({ ...LAYOUT, qpos: world.scene.nq }) };
  }

  restart() {
    const { env, world } = this;
    env.reset(this.height, drawStart(world, normal, uniform));
    this.moments = [];
    this.show([...env.data.qpos]);
    this.give(this.driver);
    this.say("");
  }

  // A pose that was not come to by moving.
  show(qpos) {
    this.poses = Float32Array.from([...qpos, ...qpos]);
    Object.assign(this, { owed: 0, pushed: null, stale: true });
  }

  // Whoever takes over remembers nothing of what was.
  give(driver) {
    const { steps } = this.env, spells = steps ? this.spells : [], same = spells.at(-1)?.driver === driver;
    Object.assign(this, { driver, since: steps, spells: same ? spells : [...spells, { steps, driver }] });
    this.env.power(driver !== NOBODY);
    if (driver === YOU) this.hands.take(this.env);
    else this.player.reset();
    this.say(this.note);
  }

  async drive(name) {
    if (name === YOU || name === NOBODY || name === this.world.name) return this.give(name);
    this.driver = name;
    await this.enter(name);
    this.say(`${name} drives in a world of its own, from its start.`);
  }

  rewind() {
    const { env, world } = this, moment = Math.floor(Math.max(0, env.steps - Math.round(BACK / world.dt)) / KEEP_EVERY);
    if (!moment) return this.restart();
    env.goBack(this.moments[moment]);
    this.moments.length = moment;
    this.spells = this.spells.filter(({ steps }) => steps < env.steps);
    this.show([...env.data.qpos]);
    this.give(this.driver);
  }

  push(impulse, way) {
    const force = way.map((v) => (v * impulse) / this.world.dt), { qpos } = this.env.data;
    this.env.push(way.map((v) => v * impulse));
    this.pushed = { until: performance.now() + SEEN_FOR, arrow: [qpos[0], qpos[1], qpos[2] + 0.03, ...force] };
  }

  // What a slider of the world says. @param {string} name @param {number} value
  meet(name, value) {
    const { env } = this;
    if (name === "step_height") {
      this.setHeight(value);
      this.say(env && env.height !== value ? "The step is that high from the next start on." : "");
    } else if (name === "action_delay") env?.delay(value);
    else if (name !== "sensor_noise") this.circumstances[name] = value;
    else if (env) env.world.config.sensor_noise = value;
    env?.disturb(this.circumstances);
    this.stale = true;
  }

  met({ name, default: usual }) {
    return name === "step_height" ? this.height : (this.circumstances[name] ?? this.env?.world.config[name] ?? usual);
  }

  // What is met where nobody moved a slider.
  usual({ name, default: usual }) {
    return name === "step_height" ? (this.given.height ?? FIRST_HEIGHT) : (this.world?.config[name] ?? usual);
  }

  meetAsUsual() {
    for (const setting of this.given.settings) this.meet(setting.name, this.usual(setting));
    for (const row of Object.values(this.rows)) row.show();
    this.write();
  }

  // A step changes under a robot that is far from it, else for the next start.
  setHeight(height) {
    this.height = height;
    if (this.env && this.env.data.qpos[0] < this.world.edge - NEAR_STEP) this.env.setHeight(height);
  }

  // The drive so far, to be paid anew beside others and saved as a file.
  keep() {
    const { env, spells, driver } = this;
    if (!env.steps) return (this.note = "Nothing has been driven yet.");
    const title = spells.map((each) => each.driver).join(" then "), mode = this.mode(driver);
    this.kept = [...this.kept, keepEpisode(env, title, mode)].slice(-MOST_KEPT);
    this.note = "Kept, below.";
    this.showKept();
  }

  showKept() {
    const { given, kept, find } = this, { robot, terms } = given, { weights } = kept[kept.length - 1];
    const told = { terms, weights: { ...weights }, gate: given.gate, episodes: kept.map(episodeTold), robot };
    const files = kept.map((each) => {
      const save = () => download(episodeFile(each), `${each.title.replaceAll(" ", "_")}_${each.steps.length}.safetensors`);
      return make("button", { type: "button", textContent: `save ${each.title}, ${(each.steps.length * each.world.dt).toFixed(2)} s`, onclick: save });
    });
    const how = make("p", {}, "In a notebook ", make("code", { textContent: 'tw.load_rollout("FILE")' }), " reads it again: for the reward explorer, a film, the scoreboard. ");
    const table = make("div", { className: "weigh" });
    find(".kept").replaceChildren(make("h2", { textContent: "Kept drives" }), table, how, make("div", { className: "files" }, ...files));
    find(".kept").hidden = false;
    weigh(table, told);
  }

  // ---- what a person does, as the view says it ----
  hear(message) {
    if (!this.panel?.env) return;
    if ("do" in message) this.obey(message.do);
    if ("levers" in message) this.pullLevers(message.levers);
    if ("legs" in message) this.hands.fold[["front", "rear"].indexOf(message.legs)] = 1 - message.out;
    if ("driver" in message) this.after(() => this.drive(message.driver));
    if ("pace" in message) this.pace = message.pace;
    if ("push" in message) this.after(() => this.push(clamp(message.push, -5, 5), message.way));
    if ("pull" in message) this.env.pull = message.pull;
    this.stale = true;
  }

  obey(name) {
    const deeds = {
      play: () => (this.playing = !this.playing && !this.env.over), reset: () => this.restart(), rewind: () => this.rewind(),
      step: () => ((this.playing = false), this.env.over || this.stepOnce()),
      keep: () => this.keep(),
    };
    if (deeds[name]) this.after(deeds[name]);
  }

  after(deed) {
    this.note = "";
    deed();
    this.say(this.note);
  }

  // Whoever steers drives, and the first touch of a lever starts the clock.
  pullLevers(levers) {
    this.hands.levers = levers;
    if (!Object.values(levers).some(Boolean)) return;
    if (this.driver !== YOU) this.give(YOU);
    if (!this.env.over) this.playing = true;
    this.say("");
  }

  // ---- time ----
  tick(now) {
    this.goOn(now);
    requestAnimationFrame((next) => this.tick(next)); // after the view has asked for its own: every moment is drawn
  }

  goOn(now) {
    const passed = clamp((now - this.clock) / 1000, 0, LONGEST), { env, panel, view } = this;
    this.clock = now;
    if (this.pushed && now > this.pushed.until) Object.assign(this, { pushed: null, stale: true });
    if (this.playing) this.advance(passed);
    const moved = this.playing || this.stale;
    if (moved) this.send();
    else view.levers.say(); // a gamepad tells nothing by itself
    this.stale = false;
    const numbers = now - this.told > 100;
    if (!panel?.env || !(moved || numbers)) return;
    panel.write(numbers);
    if (env.over && this.playing) this.end();
    if (!numbers) return;
    this.told = now;
    this.write();
  }

  // Physics is never skipped: where it takes longer than the time it stands for, the robot is slower.
  advance(passed) {
    const { env, world } = this, end = performance.now() + Math.max(BREATH, 1000 * SHARE * passed);
    this.owed = Math.min(this.owed + passed * this.pace, LONGEST);
    let steps = 0;
    while (this.owed >= world.dt && !env.over && performance.now() < end) {
      this.stepOnce();
      this.owed -= world.dt;
      steps += 1;
    }
    const { spent } = this;
    this.spent = { real: 0.97 * spent.real + passed * this.pace, simulated: 0.97 * spent.simulated + steps * world.dt };
  }

  stepOnce() {
    const { env, hands, player, driver } = this, mode = this.mode(driver);
    if (env.steps % KEEP_EVERY === 0) this.moments[env.steps / KEEP_EVERY] = env.moment();
    if (driver === YOU) env.step(hands.act(env), mode);
    else if (driver === NOBODY) env.step(new Array(8).fill(0), mode);
    else env.step(player.act(env.observation(env.world.config.obs_mode)), mode);
    this.poses = Float32Array.from([...this.poses.slice(this.poses.length / 2), ...env.transition.qpos]);
  }

  // What a driver's commands to the legs mean.
  mode(driver) {
    const { servos, config } = this.world;
    return driver === NOBODY || !servos ? "torque" : driver === YOU ? "leg_position" : config.action_mode;
  }

  end() {
    this.playing = false;
    this.say(`The episode is over: ${ENDS[this.env.over]}. Start anew, or go back by five seconds.`);
  }

  // ---- what is shown ----
  say(note) {
    this.note = note;
    this.model.set("status", this.status());
    this.stale = true;
  }

  status() {
    const { driver, playing, note, since, world } = this;
    const memory = since ? `since ${(since * world.dt).toFixed(2)} s, with a fresh memory` : "";
    return { playing, driver, title: driver, memory, levers: true, kept: this.kept.length, note };
  }

  // The moment to the view: between the last two control steps, so that slow motion is smooth.
  send() {
    const { env, poses, pushed, world, hands, pace, spent } = this, { highest } = this.given, dt = world?.dt ?? 1;
    const share = this.playing && !env.over ? clamp(this.owed / dt, 0, 1) : 1, qpos = poseAt(poses, poses.length / 2, share);
    const { steps, gate, senses, transition: t } = env ?? NOTHING;
    const says = {
      time: [Math.max(steps - 1 + share, 0) * dt], speed: [pace * (spent.real > 0.5 ? Math.min(spent.simulated / spent.real, 1) : 1), pace], gate: [gate],
      touch: [senses.touch], upright: [uprightOf(qpos.slice(3, 7))], fold: hands.fold, torque: t?.torque.slice(0, 4) ?? NOTHING.torque,
      contacts: new Array(24).fill(0), pull: (env?.pull && env.pulled)?.flat() ?? pushed?.arrow ?? new Array(6).fill(0),
      world: stepMatrix((env?.height ?? FIRST_HEIGHT) / highest), qpos,
    };
    const numbers = this.model.get("scene").layout.flatMap(([name, size]) => (size ? says[name] : []));
    this.model.tell("msg:custom", {}, [Float32Array.from(numbers)]);
  }

  // The page's own: what the robot meets, and beside the picture what everything pays; below, what was kept.
  build() {
    const bar = make("div", { className: "bar world" });
    for (const setting of this.given.settings) {
      const { name, label, unit } = setting, row = stopSlider(setting, () => this.met(setting), (value) => (this.meet(name, value), this.write()));
      row.slider.dataset.is = name;
      bar.append(make("label", {}, make("span", {}, label, " ", make("small", { textContent: unit })), row.slider, row.value));
      this.rows[name] = row;
    }
    bar.append(make("button", { type: "button", className: "usual", textContent: "world as it was", onclick: () => this.meetAsUsual() }));
    this.view.root.append(bar);
    const rewards = make("div", { className: "rewards", role: "group" });
    rewards.setAttribute("aria-label", "the reward, term by term");
    this.root.append(rewards, make("section", { className: "kept", hidden: true }));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => (this.view.resize(), this.panel?.wear()));
    this.write();
  }

  write() {
    this.find(".usual").hidden = this.given.settings.every((setting) => this.met(setting) === this.usual(setting));
  }
}

// Into the reader's folder of downloads: nothing leaves the page otherwise.
function download(bytes, name) {
  const href = URL.createObjectURL(new Blob([bytes]));
  make("a", { href, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(href), 10_000);
}
