"""Checks of lesson 06."""

import dataclasses
import math
from itertools import combinations
from typing import Any

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.course.checks.verdict import SENTENCE, Verdict, check, judge_choice, judge_number, right, wrong
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.lab.experiment import Comparison
from twmr_nb.markup import one_line, shown
from twmr_nb.robot.rotations import about_x, about_y, compose
from twmr_nb.task.rewards import RewardTerm, checked_terms, checked_values, success_x
from twmr_nb.task.transition import Transition


@check
def alive_break_even(answer: Any, config: EnvConfig, pass_seconds: float) -> Verdict:
    """06: the alive bonus from which on standing still for a whole episode pays more than passing after pass_seconds.

    Undiscounted; the forward term pays the way, divided by the duration of a step; the episode ends on success.
    """
    steps = round(pass_seconds / config.ctrl_dt)
    way, bonus = config.forward_weight * success_x(config) / config.ctrl_dt, config.success_bonus
    left = config.max_steps - steps
    value = (way + bonus) / left
    return judge_number(
        answer,
        value,
        f"Driving earns {way:g} for the way and {bonus:g} for passing, and gives up {left} steps of being alive: "
        f"({way:g} + {bonus:g}) / {left} = {value:.3g}.",
        mistakes=[
            (way / left, "That forgets the success bonus."),
            ((way + 1) / left, f"The success bonus is {bonus:g} here, not the 1 of lesson 03."),
            (value / config.ctrl_dt, f"That is per second: give it per step of {config.ctrl_dt:g} s."),
            (
                (way + bonus) / config.max_steps,
                "The driver is alive as well, until it passes: only the steps after that differ.",
            ),
            (way / config.max_steps, "That forgets the bonus, and that the driver is alive as well until it passes."),
            (
                (way * config.ctrl_dt + bonus) / left,
                "The forward term pays metres per second in every step of 0.02 s: a metre pays 50.",
            ),
        ],
        otherwise="Set what driving earns equal to the alive bonus times the steps that it gives up.",
        example="0.1",
    )


@check
def chance_of_order(answer: Any, seeds: int = 3) -> Verdict:
    """06: the probability that all seeds of one variant beat all of another although nothing differs."""
    ways = len(list(combinations(range(2 * seeds), seeds)))
    return judge_number(
        answer,
        1 / ways,
        f"{2 * seeds} results can fall to two variants in {ways} ways, one of which puts all of the first on top: "
        f"1/{ways} = {1 / ways:.3g}. Rare, but whoever looks at {ways} such comparisons should expect one by chance.",
        mistakes=[
            (2 / ways, "That is the chance that *either* variant is on top. Asked is one named beforehand."),
            (0.5**seeds, "That would be pairs of seeds, each a coin. Here every seed beats *every* other."),
            (0.5**seeds**2, "The nine comparisons are not independent: count orders instead."),
        ],
        otherwise=f"In how many ways can {seeds} of {2 * seeds} ranks go to the first variant? One of them is meant.",
        example="0.1",
        unit="1",
    )


@check
def verdict_of(answer: Any, comparison: Comparison, variant: str, key: str = "success_rate") -> Verdict:
    """06: whether a variant is "better", "worse" or "cannot tell", by the ranges over the seeds."""
    results = comparison.results(key)
    base, ours = (np.array(results[name], float) for name in (comparison.variants[0], variant))
    word = "better" if ours.min() > base.max() else "worse" if ours.max() < base.min() else "cannot tell"
    numbers = f"{variant}: {listed(ours)}, baseline: {listed(base)}"
    because = {
        "better": "its worst seed beats the best of the baseline",
        "worse": "its best seed is below the worst of the baseline",
        "cannot tell": "the ranges meet, so these few seeds cannot decide",
    }[word]
    reasons = dict.fromkeys(("better", "worse", "cannot tell"), f"{numbers}. Compare the ranges, not the middles.")
    return judge_choice(answer, word, f"{numbers}: {because}.", reasons, ("better", "worse", "cannot tell"))


def listed(values: Any) -> str:
    return ", ".join(f"{v:.0%}" for v in sorted(values))


@check
def costs_tilt(term: Any, rollout: Rollout) -> Verdict:
    """06: whether a learner's reward term takes more, the more the robot tilts to any side, and nothing when level.

    Its weight is judged against what the way pays: upon its back a robot must lose more than driving on earns, and
    to lift the front for a second must not cost more than the whole way.
    """
    if not isinstance(term, RewardTerm):
        return wrong(f"`{shown(term)}` is no reward term: wrap your function, `tw.reward_term(level, weight=...)`.")
    t, config = rollout.transition, rollout.config
    try:
        checked_terms([term])
        paid = {pose: term.weight * checked_values(term, posed(t, *pose)) for pose in ((0.0, 0.0), *SIDES, *HALF_WAY)}
    except Exception as error:  # whatever a learner's code raises is the answer
        return wrong(f"Your term cannot be scored: {one_line(error, SENTENCE)}")
    level = paid.pop((0.0, 0.0))
    largest = max(np.abs(values).max() for values in paid.values())
    slight = 1e-6 * largest
    if largest == 0 and not term.weight:
        return wrong("Its weight is 0: nothing is taken.")
    if all(np.allclose(values, level, atol=slight) for values in paid.values()):
        return wrong("It does not follow the tilt at all: `t.pitch` and `t.roll` are the angles.")
    if all((values >= -slight).all() for values in paid.values()):
        return wrong("It pays more when the robot tilts: the weight of a cost is negative.")
    if any((values > slight).any() for values in paid.values()):
        return wrong("It pays a gain in some steps: square the angle, or take its absolute value, so both ways cost.")
    if (level < -slight).any():
        return wrong("It takes something from a level robot too: let only the angles count.")
    for pose, name in SIDES.items():
        if (paid[pose] > -1e-3 * largest).any():
            return wrong(f"It takes nothing from a robot that is {name}: count both angles, `t.pitch` and `t.roll`.")
    if any((paid[pose] < paid[tilted] - slight).any() for pose, tilted in HALF_WAY.items()):
        return wrong("It takes less from a robot that tilts more: a cost of tilting grows with the angle.")
    back, lifted = (float(-paid[pose].mean()) for pose in ((math.pi, 0.0), (0.0, -0.5)))
    second, weight = round(1 / config.ctrl_dt), config.forward_weight + config.climb_weight
    way, on = weight * success_x(config) / config.ctrl_dt, weight * CRUISE * second
    told = f"A second on its back costs {second * back:.3g}, in which driving on would earn {on:.3g}"
    if second * back < on:
        return wrong(f"{told}: the weight is too small for anybody to care.")
    if second * lifted > way > 0:
        return wrong(
            f"To lift the front by 0.5 rad for a second costs {second * lifted:.3g}, more than the whole way pays, "
            f"{way:.3g}: with so large a weight, or angles in degrees, it will stand still, perfectly level."
        )
    all_in_all = float((term.weight * checked_values(term, t)).sum())
    return right(
        f"{told}; to lift the front by 0.5 rad for a second costs {second * lifted:.3g}. This episode gets "
        f"{all_in_all:+.3g} by it."
    )


CRUISE = 0.2  # m/s
SIDES = {  # roll and pitch, rad -> how the robot is then
    (0.0, -1.0): "1 rad nose up",
    (0.0, 1.0): "1 rad nose down",
    (1.0, 0.0): "1 rad on its one side",
    (-1.0, 0.0): "1 rad on its other side",
    (math.pi, 0.0): "on its back",
}
HALF_WAY = {(roll / 2, pitch / 2): (roll, pitch) for roll, pitch in SIDES if abs(roll) <= 1}


def posed(t: Transition, roll: float, pitch: float) -> Transition:
    """The same transition with the chassis held at these angles [rad], before each step and after it."""
    qpos, before = t.qpos.copy(), t.qpos_before.copy()
    qpos[:, 3:7] = before[:, 3:7] = compose(about_y(pitch), about_x(roll))
    return dataclasses.replace(t, qpos=qpos, qpos_before=before)
