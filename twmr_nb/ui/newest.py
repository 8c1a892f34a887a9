"""The policy of a run that trains, as it is at the moment."""

import time

import numpy as np

from twmr_nb.policies.saved import SavedPolicy
from twmr_nb.runs.run import Run

EVERY = 10.0  # s between two looks


class Newest:
    """Plays the newest saved policy of a run, and asks it to save: its memory goes on, what it has learned grows."""

    def __init__(self, run: Run) -> None:
        self.run, self.player, self.title = run, run.policy.player(), f"newest of {run.name}"
        self.reset, self._looked = self.player.reset, time.monotonic()

    @property
    def saved(self) -> SavedPolicy:
        return self.player.saved

    def act(self, obs: np.ndarray) -> np.ndarray:
        if time.monotonic() - self._looked > EVERY:
            self._looked = time.monotonic()
            self.player.take(self.run.policy)
            if self.run.training:
                self.run.save_now()
        return self.player.act(obs)
