"""Rewards on one scale, whatever they are paid in: divided by the running spread of the discounted return.

The critic's error grows with the square of the reward's scale, and beside a large one the policy's share of a gradient
is nothing. To divide all rewards by one number leaves what is best as it is.
"""

import numpy as np

from twmr_nb.learn.network import Normalizer, update_normalizer
from twmr_nb.types import Array


class RewardScale:
    """The standard deviation of the robots' discounted sums of rewards, over everything seen so far (Engstrom et al.
    2020, "Implementation matters in deep policy gradients")."""

    def __init__(self, num_envs: int, gamma: float) -> None:
        self.gamma = gamma
        self.sums = np.zeros(num_envs)  # of the episodes that go on
        self.seen = Normalizer(np.zeros(1), np.ones(1), np.zeros(()))

    def add(self, reward: Array, done: Array) -> float:
        """Count a rollout, reward and done [T, N]; returns the number to divide its rewards by."""
        sums = np.zeros(reward.shape)
        for t in range(len(reward)):
            sums[t] = self.sums = self.gamma * self.sums + reward[t]
            self.sums = np.where(done[t], 0.0, self.sums)
        self.seen = update_normalizer(self.seen, sums[..., None])
        return float(np.sqrt(self.seen.var[0] + 1e-8))

    def get_state(self) -> dict[str, Array]:
        return {"sums": self.sums, **self.seen._asdict()}

    def set_state(self, state: dict[str, Array]) -> None:
        """The inverse of get_state."""
        self.sums, self.seen = state["sums"].copy(), Normalizer(*(state[name] for name in Normalizer._fields))
