"""Bug hunts: three copies of one thing, made differently, one of them with a fault that is found by what it does."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from twmr_nb.config.schema import ConfigError
from twmr_nb.course.checks.verdict import Verdict, check, right, wrong
from twmr_nb.episodes.intervals import SURE, holm, wilson_interval
from twmr_nb.learn import ppo
from twmr_nb.markup import shown
from twmr_nb.task.transition import Transition
from twmr_nb.types import Array


@dataclass(frozen=True)
class Hunt:
    """The copies by their letters, which one is broken, and what each fault that it may have would look like."""

    copies: Mapping[str, Callable[..., Any]]
    guilty: str
    fault: str
    signs: Mapping[str, str]
    innocent: str


# 02: gates from how strongly the robot is pulled along its own axis, smoothed


def gate_of_the_last_moment(t: Transition) -> Array:
    return opened(np.convolve(np.abs(t.accelerometer[:, 0]), np.ones(15) / 15)[: len(t.x)])


def gate_of_half_a_second(t: Transition) -> Array:
    return opened(np.convolve(np.abs(t.accelerometer[:, 0]), np.ones(25) / 25, mode="same"))


def gate_that_forgets_slowly(t: Transition) -> Array:
    level, levels = 0.0, []
    for pull in np.abs(t.accelerometer[:, 0]):
        level += 0.05 * (pull - level)
        levels.append(level)
    return opened(np.array(levels))


def opened(pull: Array) -> Array:
    return np.clip(pull / 6, 0, 1)


# 03: terms that pay for rising, per second


def rise(t: Transition) -> Array:
    return (t.qpos[..., 2] - t.qpos_before[..., 2]) / t.ctrl_dt


def rise_up_to_5_cm(t: Transition) -> Array:
    return (np.minimum(t.qpos[..., 2], 0.05) - np.minimum(t.qpos_before[..., 2], 0.05)) / t.ctrl_dt


def rise_rewarded(t: Transition) -> Array:
    return np.maximum(t.qpos[..., 2] - t.qpos_before[..., 2], 0) / t.ctrl_dt


# 04: advantages [T] of one robot


def advantage_between(reward: Array, value: Array, done: Array, bootstrap: Array, last_value: float) -> Array:
    return advantages(reward, value, done, np.zeros_like(bootstrap), last_value, 0.98)


def advantage_near(reward: Array, value: Array, done: Array, bootstrap: Array, last_value: float) -> Array:
    return advantages(reward, value, done, bootstrap, last_value, 0.5)


def advantage_far(reward: Array, value: Array, done: Array, bootstrap: Array, last_value: float) -> Array:
    return advantages(reward, value, done, bootstrap, last_value, 1.0)


def advantages(
    reward: Array, value: Array, done: Array, bootstrap: Array, last_value: float, gae_lambda: float
) -> Array:
    columns = (np.asarray(x, np.float32)[:, None] for x in (reward, value, done, bootstrap))
    reward, value, done, bootstrap = columns
    last = np.full(1, last_value, np.float32)
    return np.asarray(ppo.gae(reward, value, done > 0, bootstrap, last, 0.9, gae_lambda)[0])[:, 0]


# 05: judges: between what and what the true rate lies, with 95% confidence


def judge_by_wilson(passed: int, tries: int) -> tuple[float, float]:
    return wilson_interval(passed, tries)


def judge_by_wheels(passed: int, tries: int) -> tuple[float, float]:
    return wilson_interval(4 * passed, 4 * tries)


def judge_with_four_more(passed: int, tries: int) -> tuple[float, float]:
    """Agresti and Coull (1998): two passes and two failures are added, then the normal interval is taken."""
    rate = (passed + 2) / (tries + 4)
    half = 1.96 * (rate * (1 - rate) / (tries + 4)) ** 0.5
    return rate - half, rate + half


# 06: costs of not being level


def slope(t: Transition) -> Array:
    return t.pitch**2 + t.roll**2


def leaning(t: Transition) -> Array:
    return 1 - t.upright


def inclined(t: Transition) -> Array:
    return np.rad2deg(t.tilt) ** 2


# 07: the p of several questions asked at once, raised for their number


def raised_in_turn(chances: Sequence[float]) -> list[float]:
    """Holm (1979)."""
    return holm(chances)


def raised_for_the_found(chances: Sequence[float]) -> list[float]:
    found = sum(p <= 1 - SURE for p in chances)
    return [min(1.0, max(1, found) * p) for p in chances]


def raised_for_all(chances: Sequence[float]) -> list[float]:
    """Bonferroni's correction (Dunn 1961)."""
    return [min(1.0, len(chances) * p) for p in chances]


HUNTS = {
    "gate": Hunt(
        {"A": gate_of_the_last_moment, "B": gate_of_half_a_second, "C": gate_that_forgets_slowly},
        "B",
        "reads the future",
        {
            "reads the future": "it differs between the two worlds before any of the senses does",
            "knows the place": "it differs between two robots that feel the same in two places; here both are in one",
            "has the wrong sign": "it shuts where the pull grows",
            "averages too long": "it differs only long after the senses do",
        },
        "it differs from the moment that the senses do, and not before",
    ),
    "term": Hunt(
        {"A": rise, "B": rise_up_to_5_cm, "C": rise_rewarded},
        "C",
        "only ups count",
        {
            "only ups count": "it pays far more than was gained, and most to the robot that bounces most",
            "has the wrong sign": "it pays less than 0 to who ends higher than it began",
            "per step, not per second": "its sum times the duration of a step is a fiftieth of what was gained",
            "reads the future": "its sum ends at a height that was reached later",
        },
        "what it pays in all follows from where the robot began and where it ended",
    ),
    "advantage": Hunt(
        {"A": advantage_between, "B": advantage_near, "C": advantage_far},
        "A",
        "a time limit is the end",
        {
            "a time limit is the end": "all is well until an episode is cut off; then the steps before it look bad",
            "cuts a step late": "the steps before a fall would be wrong as well",
            "has the wrong sign": "nothing would be seen here, as 0 has no sign",
            "forgets the discount": "all three rows would be wrong, the first one too",
        },
        "with a critic that is right, nothing is better or worse than expected, and it says so",
    ),
    "interval": Hunt(
        {"A": judge_with_four_more, "B": judge_by_wheels, "C": judge_by_wilson},
        "B",
        "counts each try four times",
        {
            "counts each try four times": "it is too narrow by half, with few tries and with many",
            "leaves out the failures": "its rates are too high, and the more tries, the surer it is of them",
            "has no width where all pass": "it is too narrow with few tries, and right with many",
            "is meant for 99%": "it holds the true rate more often than it says, not less",
        },
        "it holds the true rate about as often as it says, with few tries and with many",
    ),
    "cost": Hunt(
        {"A": leaning, "B": slope, "C": inclined},
        "C",
        "degrees for radians",
        {
            "degrees for radians": "it costs (180 / π)², 3,283 times, the square of the tilt",
            "per second, not per step": "it costs 50 times as much as it should",
            "has the wrong sign": "its raw value is below 0",
            "counts all eight motors": "it costs 8 times as much as it should",
        },
        "at every tilt it is of the size of the squared angle or below",
    ),
    "correction": Hunt(
        {"A": raised_for_the_found, "B": raised_in_turn, "C": raised_for_all},
        "A",
        "counts only what it found",
        {
            "counts only what it found": "one small p stays as it is, two are doubled: the others do not count",
            "corrects nothing": "two small p would stay as they are as well",
            "corrects twice": "it would find something by chance less often than it may, not more",
            "mixes up the questions": "the smallest p would come back in another place",
        },
        "however many questions are asked, it finds something by chance in 5% of the experiments or fewer",
    ),
}


def hunt_of(name: Any) -> Hunt:
    if name not in list(HUNTS):  # it may be of any type
        raise ConfigError(f"{shown(name)} is no bug hunt: choose {', '.join(map(repr, HUNTS))}.")
    return HUNTS[name]


def suspects(name: str) -> dict[str, Callable[..., Any]]:
    """A hunt's three copies by letter: "gate" (02), "term", "advantage", "interval", "cost" or "correction" (07)."""
    return dict(hunt_of(name).copies)


@check
def caught(name: str, copy: Any, fault: Any) -> Verdict:
    """02 to 07: which copy of a hunt is broken, and which of its faults it has."""
    hunt = hunt_of(name)
    if not (isinstance(copy, str) and copy.strip().upper() in hunt.copies):
        return wrong(f"`{shown(copy)}` is none of the copies: give one of {', '.join(map(repr, hunt.copies))}.")
    if not (isinstance(fault, str) and fault.strip().lower() in hunt.signs):
        return wrong(f"`{shown(fault)}` is none of the faults: give one of {', '.join(map(repr, hunt.signs))}.")
    copy, fault = copy.strip().upper(), fault.strip().lower()
    if copy != hunt.guilty:
        return wrong(f"{copy} is sound: {hunt.innocent}.")
    if fault != hunt.fault:
        return wrong(
            f"{copy} it is. But of *{fault}* the sign would be: {hunt.signs[fault]}. Look at the numbers again."
        )
    source = inspect.getsource(hunt.copies[copy])
    return right(f"**{copy}**, {fault}: {hunt.signs[fault]}. Here it is:\n\n```python\n{source}```")
