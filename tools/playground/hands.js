// Driving by hand: four levers become the eight commands of the motors, as twmr_nb/policies/hand.py has it.

import { jointsOf } from "./senses.js";
import { clamp } from "../../twmr_nb/ui/replay_js/vectors.js";

export class Hands {
  levers = { ahead: 0, turn: 0, front: 0, rear: 0 };
  fold = [1, 1]; // where front and rear legs are asked to be: 0 straight out, 1 folded
  side = [1, 1]; // to which of their two limits they fold

  /** Take over the legs where they are: those more in than out fold. */
  take({ data, robot: { middle, high } }) {
    const { leg } = jointsOf(data.qpos, data.qvel), asked = [0, 2].map((k) => clamp(((leg[k] + leg[k + 1]) / 2 - middle) / (high - middle), -1, 1));
    this.side = asked.map((command) => (command > 0 ? 1 : -1));
    this.fold = asked.map((command) => (Math.abs(command) > 0.5 ? 1 : Math.abs(command)));
  }

  /** Eight commands in [-1, 1]; where the legs have no servos, the torque that one would give. */
  act({ world, robot, data, half }) {
    const { ahead, turn, front, rear } = this.levers, [left, right] = [ahead + turn, ahead - turn].map((v) => clamp(v, -1, 1));
    this.fold = [front, rear].map((lever, k) => clamp(this.fold[k] - robot.folding * lever, 0, 1));
    const wheels = [left, right, left, right], asked = [0, 0, 1, 1].map((k) => this.side[k] * this.fold[k]);
    if (world.servos) return [...wheels, ...asked];
    const { leg, legSpeed } = jointsOf(data.qpos, data.qvel), { config } = world;
    const torques = asked.map((command, k) => {
      const error = robot.middle + command * (robot.high - robot.middle) - leg[k];
      return clamp((config.hold_kp * error - config.hold_kd * legSpeed[k]) / (half[4 + k] || 1), -1, 1);
    });
    return [...wheels, ...torques];
  }
}
