"""What a policy is, and the two simplest: one that does nothing, and one that acts at random."""

from typing import Protocol

import numpy as np

from twmr_nb.robot.model import NU
from twmr_nb.task.env import TwmrEnv
from twmr_nb.types import Array


class Policy(Protocol):
    """Whatever can act: it is told when episodes begin, then asked for one action per robot and step.

    >>> class Ahead:
    ...     def reset(self, num_envs): ...
    ...     def act(self, obs):
    ...         return np.tile([1, 1, 1, 1, 0, 0, 0, 0], (len(obs), 1))
    >>> tw.record(Ahead(), tw.EnvConfig(), num_steps=3).action[0, :4].tolist()
    [1.0, 1.0, 1.0, 1.0]
    """

    def reset(self, num_envs: int) -> None: ...

    def act(self, obs: Array) -> Array:
        """obs [N, D] -> actions [N, 8] in [-1, 1]."""
        ...


def begin(policy: Policy, env: TwmrEnv) -> None:
    """Tell a policy that its episodes begin; one that looks into the world, `watch(env)`, is shown it first."""
    if watch := getattr(policy, "watch", None):
        watch(env)
    policy.reset(env.num_envs)


class ZeroPolicy:
    """Does nothing: every motor at the middle of its range."""

    title = "zero actions"

    def reset(self, num_envs: int) -> None:
        self.action = np.zeros((num_envs, NU), np.float32)

    def act(self, obs: Array) -> Array:
        return self.action


class RandomPolicy:
    """Draws every action anew, uniformly; robot i of seed s draws as a single robot of seed s + i."""

    title = "random actions"

    def __init__(self, seed: int = 0) -> None:
        self.seed = seed

    def reset(self, num_envs: int) -> None:
        self.rngs = [np.random.default_rng(self.seed + i) for i in range(num_envs)]

    def act(self, obs: Array) -> Array:
        return np.stack([rng.uniform(-1, 1, NU) for rng in self.rngs]).astype(np.float32)
