"""Checks of lesson 06."""

import dataclasses
import math
from typing import Any

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.course.checks.verdict import SENTENCE, Verdict, check, judge_choice, judge_number, right, wrong
from twmr_nb.episodes.intervals import SURE, shift_interval
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.lab.comparison import Comparison, apart
from twmr_nb.markup import one_line, shown
from twmr_nb.robot.rotations import about_x, about_y, compose
from twmr_nb.task.rewards import RewardTerm, checked_terms, checked_values, success_x
from twmr_nb.task.transition import Transition


@check
def alive_break_even(answer: Any, config: EnvConfig, pass_seconds: float) -> Verdict:
    """06: the alive bonus from which on waiting before the line to the end pays more than passing after pass_seconds.

    Undiscounted; both have come the same way, and the episode ends on success.
    """
    steps = round(pass_seconds / config.ctrl_dt)
    way, bonus = config.forward_weight * success_x(config) / config.ctrl_dt, config.success_bonus
    left = config.max_steps - steps
    value = bonus / left
    return judge_number(
        answer,
        value,
        f"Until then both earn the same. Then one gets {bonus:g} once, the other its alive bonus in each of the {left} "
        f"steps that are left: {bonus:g} / {left} = {value:.3g}.",
        mistakes=[
            (
                (way + bonus) / left,
                "There *standing at the start* pays as much as passing. At the line, the way has been paid as well.",
            ),
            (way / left, "That is the way, which both are paid for. What does only the one that passes get?"),
            (1 / left, f"The success bonus is {bonus:g} here, not the 1 of lesson 03."),
            (value / config.ctrl_dt, f"That is per second: give it per step of {config.ctrl_dt:g} s."),
            (bonus / config.max_steps, "The one that passes is alive as well until then: only the steps after differ."),
            (bonus / steps, "These are the steps until it passes: count those that are left."),
        ],
        otherwise="Set the success bonus equal to the alive bonus times the steps that passing gives up.",
        example="0.1",
    )


@check
def waiting_break_even(answer: Any, bonus: float, gamma: float) -> Verdict:
    """06: the alive bonus from which on, discounted and without end, waiting is worth more than a bonus now."""
    value = bonus * (1 - gamma)
    return judge_number(
        answer,
        value,
        f"Waiting is worth b / (1 - {gamma:g}) = {1 / (1 - gamma):.0f} b, passing {bonus:g}: equal at b = {value:.3g}.",
        mistakes=[
            (bonus / (1 - gamma), "Upside down: what waiting is worth, b / (1 - γ), is to equal the success bonus."),
            (1 - gamma, f"The success bonus is {bonus:g} here, not 1."),
            (bonus * gamma, "The sum of all powers of γ is 1 / (1 - γ)."),
            (bonus, "That is one step of waiting. It may go on for ever."),
        ],
        otherwise="Set b / (1 - γ) equal to the success bonus.",
        example="0.5",
    )


@check
def chance_of_order(answer: Any, seeds: int = 3) -> Verdict:
    """06: the probability that either of two variants is above the other in all seeds although nothing differs."""
    ways = math.comb(2 * seeds, seeds)
    return judge_number(
        answer,
        2 / ways,
        f"{2 * seeds} results can fall to two variants in {ways} ways. One puts all of the first on top, one all of "
        f"the second, and either would be called a difference: 2/{ways} = {2 / ways:.3g}.",
        mistakes=[
            (1 / ways, "That is the chance of one order. The rule calls two of them a difference: higher, and lower."),
            (0.5**seeds, "That would be pairs of seeds, each a coin. Here every seed beats *every* other."),
            (2 * 0.5**seeds, "That would be pairs of seeds, each a coin. Here every seed beats *every* other."),
            (0.5**seeds**2, "The nine comparisons are not independent: count orders instead."),
        ],
        otherwise=f"In how many ways can {seeds} of {2 * seeds} ranks go to the first variant? Two of them are meant.",
        example="0.2",
        unit="1",
    )


@check
def verdict_of(answer: Any, comparison: Comparison, variant: str, key: str = "success_rate") -> Verdict:
    """06: whether a variant is "better", "worse" or "cannot tell", by the 95% interval of the difference."""
    results = comparison.results(key)
    base, ours = results[comparison.variants[0]], results[variant]
    low, high, sure = shift_interval(ours, base)
    word = {"higher": "better", "lower": "worse", "": "cannot tell"}[apart(ours, base)]
    numbers = f"{variant}: {listed(ours)}, baseline: {listed(base)}"
    few = f", and so few seeds are no surer than {sure:.0%}" if sure < SURE else ""
    because = f"{numbers}. The difference is between {low:+.0%} and {high:+.0%}{few}"
    reasons = dict.fromkeys(WORDS, f"{because}. Is 0 inside?")
    return judge_choice(answer, word, f"{because}.", reasons, WORDS)


WORDS = ("better", "worse", "cannot tell")


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
