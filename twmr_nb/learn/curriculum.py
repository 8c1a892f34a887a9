"""The step-height curriculum: an upper limit of the steps, the frontier, that rises as the robots pass steps near it.

On the way up, episodes draw their step heights from a window just below the frontier; once the frontier has reached
the top, from the heights that the settings ask for, which may all be higher than where the curriculum began.

With `retreat` the frontier also falls when too few pass. Otherwise a policy that forgets how to climb hangs before the
step in most of its experience and forgets the rest too; a lower step gives it something to pass again.
"""

from collections import deque

import numpy as np

WINDOW = 0.015  # m, steps are drawn this close below a moving frontier
BAND = 0.005  # m, steps this close below the frontier count as tries at it
TRIES = 40  # the latest tries that are looked at
ENOUGH = 0.8  # share of them that must pass


class Curriculum:
    """low and high: the heights that are drawn in the end; start: where the frontier begins; rise: how far it moves at
    a time; all in m. retreat: the frontier falls if a smaller share of the tries than this passes."""

    def __init__(self, low: float, start: float, high: float, rise: float, retreat: float = 0.0) -> None:
        self.low, self.high, self.rise, self.retreat = low, high, rise, retreat
        self.start = self.frontier = min(start, high)
        self.floor = min(start, low)
        self.tries: deque[float] = deque(maxlen=TRIES)

    @property
    def heights(self) -> tuple[float, float]:
        """Between which heights [m] episodes now draw their steps."""
        lowest = self.low if self.frontier >= self.high else max(self.floor, self.frontier - WINDOW)
        return lowest, self.frontier

    def add(self, heights: np.ndarray, passed: np.ndarray) -> bool:
        """Count ended episodes: step heights [n], m, and whether each passed. Returns whether the frontier moved."""
        self.tries.extend(passed[heights >= self.frontier - BAND].astype(float))
        if len(self.tries) < TRIES:
            return False
        before, share = self.frontier, np.mean(self.tries)
        if share >= ENOUGH:
            self.frontier = min(self.frontier + self.rise, self.high)
        elif share < self.retreat:
            self.frontier = max(self.frontier - self.rise, self.start)
        if self.frontier == before:
            return False
        self.tries.clear()
        return True

    def get_state(self) -> dict[str, np.ndarray]:
        return {"frontier": np.array(self.frontier), "tries": np.array(self.tries)}

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        """The inverse of get_state."""
        self.frontier = float(state["frontier"])
        self.tries = deque(state["tries"].tolist(), maxlen=TRIES)
