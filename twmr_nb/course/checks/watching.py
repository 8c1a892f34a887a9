"""Checks of lesson 05."""

from collections.abc import Mapping, Sequence
from typing import Any

from twmr_nb.course.checks.verdict import Verdict, as_number, as_word, check, judge_choice, judge_number, right, wrong
from twmr_nb.episodes.intervals import wilson_interval
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.robot.model import step_edges

PLACES = ("never reached it", "at the edge", "on top", "passed")
REACH = 0.12  # m before the edge; the front wheels touch it a little nearer


@check
def episodes_needed(answer: Any, rate: float = 0.95) -> Verdict:
    """05: the fewest episodes, all passed, whose 95% interval begins at `rate` or above."""
    fewest = next(n for n in range(1, 100_000) if wilson_interval(n, n)[0] >= rate)
    low = wilson_interval(fewest, fewest)[0]
    count = as_number(answer)
    if count is not None and count > fewest and count == int(count):
        return wrong(f"{count:g} are enough, but so are fewer.")
    short = wilson_interval(int(count), int(count))[0] if count is not None and 1 <= count < fewest else 0.0
    return judge_number(
        answer,
        fewest,
        f"{fewest} of {fewest} passed: the true rate is {low:.1%} or more, with 95% confidence. So many tries for a "
        f"claim of {rate:.0%}.",
        otherwise=f"With so few the interval begins at {short:.1%}: try more.",
        tolerance=0.0,
        example="20",
    )


@check
def noise_gap(answer: Any, quiet: Mapping[str, float], noisy: Mapping[str, float]) -> Verdict:
    """05: whose success differs most between deterministic (`quiet`) and sampled (`noisy`) play."""
    gaps = {name: abs(quiet[name] - noisy[name]) for name in quiet}
    most = max(gaps, key=lambda name: gaps[name])
    told = {name: f"{quiet[name]:.0%} without noise and {noisy[name]:.0%} with it" for name in gaps}
    if gaps.get(as_word(answer)) == gaps[most]:
        most = as_word(answer)
    reasons = {name: f"{name}: {told[name]}. Another one differs more." for name in gaps}
    return judge_choice(answer, most, f"{most}: {told[most]}.", reasons, gaps)


@check
def half_height(answer: Any, heights: Sequence[float], rates: Sequence[float]) -> Verdict:
    """05: the highest step [m] of a sweep that is passed in at least half of the episodes; 0 if none is."""
    passed = [h for h, rate in zip(heights, rates, strict=True) if rate >= 0.5]
    highest = max(passed, default=0.0)
    because = f"{100 * highest:g} cm, and nothing higher." if passed else "None of these heights is passed by half."
    mistakes = []
    some = max((h for h, rate in zip(heights, rates, strict=True) if rate > 0), default=highest)
    if some > highest:
        mistakes.append((some, "There it still succeeds now and then, but in less than half of the episodes."))
    if as_number(answer) == 0.0 and not passed:
        return right(because)
    return judge_number(
        answer,
        highest,
        because,
        mistakes=mistakes,
        otherwise="Find the last height at which the curve is at 50% or above.",
        tolerance=0.001,
        unit="m",
    )


@check
def where_it_ended(answer: Any, rollout: Rollout) -> Verdict:
    """05: how far an episode came, one of PLACES."""
    x, farthest = float(rollout.transition.x[-1]), float(rollout.transition.x.max())
    edges = step_edges(rollout.config)
    if edges is None:
        return wrong("There is no step in this world: record an episode with one.")
    if bool(rollout.transition.passed[-1]):
        place = "passed"
    elif farthest >= edges[0]:
        place = "on top"
    else:
        place = "at the edge" if farthest >= edges[0] - REACH else "never reached it"
    facts = (
        f"the robot's middle came to x = {farthest:.2f} m and ended at {x:.2f} m; the step is from {edges[0]:.2f} to "
    )
    facts += f"{edges[1]:.2f} m, and within {REACH:.2f} m of it counts as at the edge."
    return judge_choice(answer, place, f"Here {facts}", dict.fromkeys(PLACES, f"Look again: {facts}"), PLACES)
