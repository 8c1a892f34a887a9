"""The step-height curriculum: a frontier that rises when the robots pass what lies just below it.

On the way up, episodes draw their steps from a window below the frontier, where there is something to learn; once the
frontier is at the top, from the heights that were asked for. Those may all lie above the start: a way in, left behind.

Asked to, it falls back where too few pass. A robot that forgets how to climb hangs before the step until its time is
up; soon most of what is learned from is hanging, and it forgets the rest. A lower step gives it something to pass.
"""

from collections import deque

import numpy as np

WINDOW = 0.015  # m, steps are drawn this close below a moving frontier
BAND = 0.005  # m, steps this close below the frontier count as tries at it
TRIES = 40  # the latest tries that are looked at
ENOUGH = 0.8  # share of them that must pass


class Curriculum:
    """low and high: between these steps are drawn in the end; start: where the frontier begins; rise: how far it moves
    at a time; all in m. retreat: share of passed tries below which it moves down."""

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
        """Hear of ended episodes: step heights [n] in m and whether each passed. True if the frontier has moved."""
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
