// Driving by hand: keys and buttons held, and two sliders, become the eight commands of the motors.

import { jointsOf } from "./senses.js";
import { clamp } from "../../twmr_nb/ui/replay_js/vectors.js";

/** What a key means while it is held down. */
export const HELD = {
  ArrowUp: "ahead", w: "ahead", ArrowDown: "back", s: "back", ArrowLeft: "left", a: "left", ArrowRight: "right", d: "right",
  e: "out", q: "in",
};
export const AXLES = ["front", "rear"];
const FOLDING = 2; // of a leg's way from straight out to folded, per second
const TURN = 0.7;

export class Hands {
  held = new Set(); // names of what is held down
  fold = { front: 1, rear: 1 }; // where the legs are asked to be: 0 straight out, 1 folded
  side = { front: 1, rear: 1 }; // to which of their two limits they fold

  /** Take over the legs where they are: those more in than out fold. */
  take(env) {
    const { leg } = jointsOf(env.data.qpos, env.data.qvel), { middle, high } = env.robot;
    AXLES.forEach((axle, k) => {
      const command = clamp(((leg[2 * k] + leg[2 * k + 1]) / 2 - middle) / (high - middle), -1, 1);
      this.side[axle] = command > 0 ? 1 : -1;
      this.fold[axle] = Math.abs(command) > 0.5 ? 1 : Math.abs(command);
    });
  }

  /** Eight commands in [-1, 1]; where the legs have no servos, the torque that one would give. */
  act(env) {
    const { world, robot, data } = env, { config } = world, on = (name) => Number(this.held.has(name));
    const throttle = on("ahead") - on("back"), turn = TURN * (on("left") - on("right")), share = turn ? 1 - TURN / 2 : 1;
    const wheels = [1, -1, 1, -1].map((side) => clamp(share * throttle + side * turn, -1, 1));
    for (const axle of AXLES) this.fold[axle] = clamp(this.fold[axle] + (on("in") - on("out")) * FOLDING * world.dt, 0, 1);
    const asked = AXLES.flatMap((axle) => [this.side[axle] * this.fold[axle], this.side[axle] * this.fold[axle]]);
    if (world.servos) return [...wheels, ...asked];
    const { leg, legSpeed } = jointsOf(data.qpos, data.qvel);
    const torques = asked.map((command, k) => {
      const error = robot.middle + command * (robot.high - robot.middle) - leg[k];
      return clamp((config.hold_kp * error - config.hold_kd * legSpeed[k]) / world.half[4 + k], -1, 1);
    });
    return [...wheels, ...torques];
  }
}
