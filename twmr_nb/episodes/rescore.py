"""What a recorded movement would have paid, and what it would have been asked, under other settings."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from twmr_nb.config.schema import EnvConfig
from twmr_nb.episodes.rollout import Rollout, rescore
from twmr_nb.robot.model import WHEEL_CTRL
from twmr_nb.robot.pose import leg_targets
from twmr_nb.task.gate import gate
from twmr_nb.task.rewards import RewardTerm, Scores

Array = NDArray[Any]


@dataclass(frozen=True)
class Rescored:
    """One rollout under one configuration, [T] control steps."""

    config: EnvConfig
    raw: Scores
    weighted: Scores
    gate: Array
    """[T], 0 to 1."""
    retract: Array
    """Leg angles [4] that a shut gate asks for, rad."""
    extend: Array
    """Leg angles [4] that an open gate asks for, rad."""

    @property
    def asked(self) -> Array:
        """The leg angles that the extension term asks for at each moment, [T, 4], rad."""
        return self.retract + self.gate[:, None] * (self.extend - self.retract)

    @property
    def totals(self) -> dict[str, float]:
        """What each term pays over the episode, and `total`, their sum."""
        sums = {name: float(values.sum()) for name, values in self.weighted.items()}
        return sums | {"total": sum(sums.values())}

    @property
    def passed_at(self) -> int | None:
        """The step in which the obstacle is passed."""
        steps = np.flatnonzero(self.raw["success"])
        return int(steps[0]) if len(steps) else None


def rescored(rollout: Rollout, config: EnvConfig, extra_terms: Iterable[RewardTerm] = ()) -> Rescored:
    """Score a rollout again with the environment's own functions."""
    raw, weighted = rescore(rollout, config, extra_terms)
    return Rescored(config, raw, weighted, gate_of(rollout, config), *leg_targets(config))


def gate_of(rollout: Rollout, config: EnvConfig) -> Array:
    """The gate [T] that a configuration makes of a rollout's recorded signals."""
    t = rollout.transition
    return gate(config, t.x, t.accelerometer, t.gyro, t.torque[:, WHEEL_CTRL], t.wheel_speed)
