"""Drivers without a plan: a person's hands, and nobody at all."""

from typing import ClassVar

import numpy as np

from twmr_nb.policies.protocol import ZeroPolicy
from twmr_nb.policies.scripted import leg_command
from twmr_nb.robot.model import LEG_QPOS
from twmr_nb.task.env import TwmrEnv
from twmr_nb.types import Array

FOLDING = 0.04  # of a leg's way from straight out to folded, per control step that the lever is held


class Hand:
    """Does what its levers say: `ahead` and `turn` (to the left) in [-1, 1], `legs` (front, rear) in, held or out.

    A lever of legs is -1, 0 or 1; `fold` is where they stand, 0 out and 1 folded, each pair on its own. The legs are
    servos, whatever the world's policies have; it takes them over where they are, and folds those that are more in
    than out.
    """

    modes: ClassVar = {"action_mode": "leg_position"}  # settings that it brings with it

    def __init__(self, title: str = "you") -> None:
        self.title = title
        self.ahead = self.turn = 0.0
        self.legs = self.fold = np.zeros(2)

    def watch(self, env: TwmrEnv) -> None:
        """The robot to be driven, the first of these."""
        self.env = env

    def reset(self, num_envs: int) -> None:
        angles = self.env.sim.qpos[0, LEG_QPOS].reshape(2, 2).mean(axis=1)
        command = np.clip(leg_command(angles), -1, 1)
        self.side, self.fold = np.where(command > 0, 1.0, -1.0), np.abs(command)
        self.fold[self.fold > 0.5] = 1.0

    def act(self, obs: Array) -> Array:
        self.fold = np.clip(self.fold - FOLDING * self.legs, 0, 1)
        left, right = np.clip([self.ahead + self.turn, self.ahead - self.turn], -1, 1)
        command = [left, right, left, right, *np.repeat(self.side * self.fold, 2)]
        return np.tile(np.array(command, np.float32), (len(obs), 1))


class Nobody(ZeroPolicy):
    """No motor has power: wheels and legs are free to turn."""

    title = "nobody"
    modes: ClassVar = {"action_mode": "torque"}
