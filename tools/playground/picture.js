// The robot as it is now, in the replay's 3D view.

import { bodyMatrices, poseAt } from "../../twmr_nb/ui/replay_js/robot.js";
import { Orbit, VIEWS } from "../../twmr_nb/ui/replay_js/camera.js";
import { listenToCamera, readLook } from "../../twmr_nb/ui/replay_js/controls.js";
import { clamp } from "../../twmr_nb/ui/replay_js/vectors.js";
import { PALETTE } from "../../twmr_nb/ui/replay_js/palette.js";
import { Painter } from "../../twmr_nb/ui/replay_js/webgl.js";

const BEHIND = 0.15; // s that the camera is behind the robot, so that its jitter does not shake the picture
const FULL_LOAD = 20; // N on the step that tint it fully
const SLOW = 45; // ms between pictures above which they are made simpler

/** What brings the step as the mesh has it, of the first world shown, to where it lies in another, at a share of its height.
 * @param {any} drawn @param {any} scene @param {number} share */
export function stepMatrix(drawn, scene, share) {
  const [from, to] = [drawn, scene].map((each) => each.geoms.find((geom) => geom.part === "step"));
  const along = to.size[0] / from.size[0], sunk = share > 0.01 ? 0 : -0.02; // one that is flat would flicker
  return [along, 0, 0, 0, 0, 1, 0, 0, 0, 0, share, 0, to.pos[0] - along * from.pos[0], 0, sunk, 1];
}

export class Picture {
  canvas; root; painter; orbit; dark; middle; pace = 30; last = 0;

  // Throws where the browser has no WebGL2; lost() is called when it takes the picture's memory away.
  constructor(canvas, root, scene, lost) {
    const camera = { ...VIEWS["three-quarter"], distance: 0.52, lookat: [0.04, 0, 0.02], follow: true };
    const model = { get: () => camera, set() {}, save_changes() {} };
    Object.assign(this, { canvas, root, scene, painter: new Painter(canvas, scene), orbit: new Orbit(model, () => {}) });
    listenToCamera(canvas, root, this.orbit, () => {});
    canvas.addEventListener("webglcontextlost", lost);
    this.wear();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.wear());
  }

  scene;
  wear() {
    this.dark = readLook(this.root).dark;
  }

  /** Show another world, or an episode's start: the camera jumps there. */
  begin(scene, qpos) {
    this.scene = scene;
    this.middle = [qpos[0], qpos[1]];
  }

  /** One picture: poses [2][nq] of the last two control steps and where between them, the step's height, m, the gate, the
   * force on the step, N, the wheels' torques in [-1, 1], and where something pushes the robot, and how hard, N. */
  draw(now, { poses, share, height, highest, gate, touch, torque, push }) {
    const { canvas, orbit, scene } = this, pose = poseAt(poses, scene.nq, share), passed = clamp(now - this.last, 0, 200);
    this.last = now;
    this.pace += 0.1 * (passed - this.pace);
    const sharp = this.pace < SLOW, ratio = sharp ? Math.min(devicePixelRatio, 2) : 0.7;
    const width = Math.round(canvas.clientWidth * ratio), size = [width, Math.round(canvas.clientHeight * ratio)];
    if (!size[0] || !size[1]) return;
    this.middle = this.middle.map((v, k) => v + clamp(passed / 1000 / BEHIND, 0, 1) * (pose[k] - v));
    orbit.path = this.middle.map((v) => [v]);
    const bodies = bodyMatrices(scene.tree, pose);
    bodies[0] = stepMatrix(this.painter.scene, scene, height / highest); // of the world only the step is drawn
    const still = [[0, 0, 0], [0, 0, 0]], contacts = scene.wheels.map((_, k) => (k === 0 && push ? push : still));
    this.painter.resize(...size);
    this.painter.draw({
      bodies, ghost: null, camera: orbit, target: orbit.target(0), palette: PALETTE[this.dark ? "dark" : "light"], gate,
      touch: clamp(touch / FULL_LOAD, 0, 1), contacts, torque, smooth: sharp,
    });
  }
}
