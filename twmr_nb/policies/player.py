"""A saved policy in play."""

import jax
import numpy as np

from twmr_nb.learn.network import BLOCK, ActorCritic, init_carry, play
from twmr_nb.learn.policy import ACTION_SIZE
from twmr_nb.policies.saved import SavedPolicy
from twmr_nb.task.observations import mirror_of


class PolicyPlayer:
    """Plays a saved policy, with the memory of the episodes under way: `reset(num_envs)`, then `act(obs)`.

    Robot i of a player of seed s does, to the last bit, what a single robot of seed s + i does, with noise too.
    """

    def __init__(self, saved: SavedPolicy, deterministic: bool = True, seed: int = 0) -> None:
        self.title, self.deterministic, self.seed = saved.name, deterministic, seed
        env, ppo = saved.config.env, saved.config.ppo
        mirror = mirror_of(env) if ppo.symmetric else None
        self.network = ActorCritic(ppo.mlp_size, ppo.hidden_size, ACTION_SIZE, mirror=mirror)
        self.take(saved)

    def take(self, saved: SavedPolicy) -> None:
        """Play this one from now on, of the same network; the memory goes on."""
        self.saved = saved
        self.params = jax.device_put(saved.params)  # once, and not at every step

    def reset(self, num_envs: int) -> None:
        """Begin new episodes."""
        blocks, width = -(-num_envs // BLOCK), len(self.saved.params.params["encoder"]["kernel"])
        self.carries = [init_carry(self.network, BLOCK)] * blocks
        self.start = np.ones(BLOCK, bool)
        self.seen = np.zeros((blocks * BLOCK, width), np.float32)  # rows beyond the robots stay 0
        self.noise = np.zeros((blocks * BLOCK, ACTION_SIZE), np.float32)
        self.rngs = [] if self.deterministic else [np.random.default_rng((self.seed + i, 1)) for i in range(num_envs)]

    def act(self, obs: np.ndarray) -> np.ndarray:
        """obs [N, D] -> actions [N, 8]: tanh(mean), or a sample when not deterministic."""
        self.seen[: len(obs)] = obs[:, : self.seen.shape[1]]  # never what only the critic was told
        for row, rng in zip(self.noise, self.rngs, strict=False):
            rng.standard_normal(dtype=np.float32, out=row)
        rows = [slice(first, first + BLOCK) for first in range(0, len(self.seen), BLOCK)]
        played = [
            play(self.network, self.params, carry, self.seen[block], self.start, self.noise[block])
            for carry, block in zip(self.carries, rows, strict=True)
        ]
        self.carries, self.start = [carry for carry, _ in played], np.zeros(BLOCK, bool)
        return np.concatenate([action for _, action in played])[: len(obs)]
