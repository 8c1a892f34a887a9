"""Checks of lesson 06."""

from itertools import combinations
from typing import Any

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.course.checks.verdict import Verdict, judge_choice, judge_number, right, wrong
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.lab.experiment import Comparison
from twmr_nb.task.rewards import RewardTerm, checked_values, success_x


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
            (100 / ways, "That is in percent: give a probability between 0 and 1."),
        ],
        otherwise=f"In how many ways can {seeds} of {2 * seeds} ranks go to the first variant? One of them is meant.",
        example="0.1",
    )


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


def costs_tilt(term: Any, rollout: Rollout) -> Verdict:
    """06: whether a learner's reward term takes more, the more the robot tilts, and nothing when it is level."""
    if not isinstance(term, RewardTerm):
        return wrong(f"`{term!r}` is no reward term: wrap your function as `reward_term(function, weight=...)`.")
    t = rollout.transition
    try:
        paid = term.weight * checked_values(term, t)
    except Exception as error:
        return wrong(f"Calling it on a recorded episode fails: {error}")
    tilt = np.hypot(t.pitch, t.roll)
    order = np.argsort(tilt)
    tenth = max(1, len(order) // 10)
    level, tilted = paid[order[:tenth]].mean(), paid[order[-tenth:]].mean()
    if np.ptp(paid) < 1e-12:
        return wrong("It pays the same in every step, so it cannot teach anything about tilting.")
    if np.all(paid > -1e-9):
        return wrong("It pays more when the robot tilts: the weight of a cost is negative.")
    if np.any(paid > 1e-9):
        return wrong("It pays a gain in some steps: square the angle, or take its absolute value, so both ways cost.")
    if np.corrcoef(tilt, paid)[0, 1] > -0.5:
        return wrong("It does not follow the tilt: `t.pitch` and `t.roll` are the angles.")
    return right(f"The most tilted tenth of the steps costs {-tilted:.2g} each, the most level tenth {-level:.2g}.")
