"""Checks for the exercises: each tells right from wrong, and why."""

from dataclasses import dataclass

import numpy as np

from twmr_nb.config import EnvConfig
from twmr_nb.posture import leg_targets
from twmr_nb.robot import LEG_RANGE, tip_radius

WHEGS_FACTOR = 1.5  # a leg-wheel climbs about one and a half times its radius


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and the reason; shows itself as a line in a notebook."""

    correct: bool
    reason: str

    def _repr_markdown_(self) -> str:
        return f"{'✓ **Right.**' if self.correct else '✗ **Not yet.**'} {self.reason}"

    def __str__(self) -> str:
        return f"{'Right.' if self.correct else 'Not yet.'} {self.reason}"


def whegs_height(answer: float) -> Verdict:
    """00: the highest step [m] that the rule of thumb gives this robot, 1.5 times its largest tip radius."""
    largest = float(tip_radius(np.linspace(*LEG_RANGE, 1001)).max())
    right = WHEGS_FACTOR * largest
    if not isinstance(answer, int | float) or isinstance(answer, bool):
        return Verdict(False, f"`{answer!r}` is no number: give a height in metres, like `0.05`.")
    if abs(answer - right) < 0.001:
        return Verdict(
            True,
            f"1.5 x {100 * largest:.2f} cm = {100 * right:.1f} cm: by this rule 5 cm is within reach and 7 cm is not.",
        )
    if abs(answer - 100 * right) < 0.1:
        return Verdict(False, "That is in centimetres; heights are in metres everywhere here.")
    if abs(answer - WHEGS_FACTOR * 0.025) < 0.001:
        return Verdict(False, "That is 1.5 times the bare wheel. The legs reach further: use the largest tip radius.")
    if abs(answer - largest) < 0.001:
        return Verdict(False, "That is the tip radius itself. The rule of thumb says 1.5 times as much.")
    folded = float(tip_radius(float(leg_targets(EnvConfig())[0][0])))
    if abs(answer - WHEGS_FACTOR * folded) < 0.001:
        return Verdict(False, "That is for folded legs. Which leg angle gives the largest radius? Neither joint limit.")
    return Verdict(False, f"{answer:g} m is not 1.5 times the largest tip radius: look at the number printed above.")
