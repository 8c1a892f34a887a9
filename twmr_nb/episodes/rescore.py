"""What a recorded movement would have paid, and what it would have been asked, under other settings."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.robot.model import WHEEL_CTRL
from twmr_nb.robot.pose import leg_targets
from twmr_nb.task.feeling import felt_gate
from twmr_nb.task.gate import gate
from twmr_nb.task.rewards import RewardTerm, Scores, score, success_x, total
from twmr_nb.types import Array

if TYPE_CHECKING:
    from twmr_nb.episodes.rollout import Rollout


@dataclass(frozen=True)
class Rescored:
    """One rollout under one configuration, [T] control steps."""

    config: EnvConfig
    raw: Scores
    """Name of a term -> its value before the weight, [T], in the term's unit."""
    weighted: Scores
    """Name of a term -> what it pays, [T]; these add up to the reward."""
    gate: Array
    """How far the legs should be out, [T], 0 to 1."""
    retract: Array
    """Leg angles [4] that a shut gate asks for, rad."""
    extend: Array
    """Leg angles [4] that an open gate asks for, rad."""

    def __repr__(self) -> str:
        paid = ", ".join(f"{name} {value:+.2f}" for name, value in self.totals.items())
        return f"Rescored, {len(self.gate)} control steps: {paid}"

    @property
    def total(self) -> Array:
        """The reward of each step, [T]."""
        return total(self.weighted)

    @property
    def totals(self) -> dict[str, float]:
        """What each term pays over the episode, and `total`, their sum."""
        sums = {name: float(values.sum()) for name, values in self.weighted.items()}
        return sums | {"total": sum(sums.values())}

    @property
    def asked(self) -> Array:
        """The leg angles that the extension term asks for at each moment, [T, 4], rad."""
        return self.retract + self.gate[:, None] * (self.extend - self.retract)

    @property
    def passed_at(self) -> int | None:
        """The step in which the obstacle is passed."""
        steps = np.flatnonzero(self.raw["success"])
        return int(steps[0]) if len(steps) else None


def rescored(
    rollout: "Rollout", config: EnvConfig, extra_terms: Iterable[RewardTerm] = (), fell: Array | None = None
) -> Rescored:
    """Score a rollout again with the environment's own functions. fell [T]: where it falls, if not as recorded."""
    t, limit = rollout.transition, success_x(config)
    passed = np.logical_or.accumulate(t.x >= limit)
    retract, extend = leg_targets(config)
    again = dataclasses.replace(
        t,
        gate=gate_of(rollout, config),
        fell=t.fell if fell is None else fell,
        passed_before=np.concatenate([[False], passed[:-1]]),
        start_yaw=config.start_yaw,
        success_x=limit,
        retract=retract,
        extend=extend,
    )
    return Rescored(config, *score(again, config, extra_terms), again.gate, retract, extend)


def gate_of(rollout: "Rollout", config: EnvConfig) -> Array:
    """The gate [T] that a configuration makes of a rollout's recorded signals."""
    t = rollout.transition
    felt = felt_gate(config, rollout.attitude, t.leg_angle, t.ctrl_dt) if config.gate_mode == "felt" else None
    return gate(config, t.x, t.accelerometer, t.gyro, t.torque[:, WHEEL_CTRL], t.wheel_speed, felt)
