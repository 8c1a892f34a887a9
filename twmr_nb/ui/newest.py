"""The policy of a run that trains, as it is at the moment."""

import time

import numpy as np

from twmr_nb.policies.saved import PolicyPlayer
from twmr_nb.runs.run import Run

EVERY = 10.0  # s between two looks


class Newest(PolicyPlayer):
    """Plays the newest saved policy of a run, and asks it to save: its memory goes on, what it has learned grows."""

    def __init__(self, run: Run) -> None:
        super().__init__(run.policy)
        self.run, self.title, self._looked = run, f"newest of {run.name}", time.monotonic()

    def act(self, obs: np.ndarray) -> np.ndarray:
        if time.monotonic() - self._looked > EVERY:
            self._looked, self.saved = time.monotonic(), self.run.policy
            if self.run.training:
                self.run.save_now()
        return super().act(obs)
