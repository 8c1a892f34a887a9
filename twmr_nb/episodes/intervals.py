"""How sure a number is: the interval of a rate over episodes, and those of differences, between two rates or two
recipes over their seeds.

Whether one is better than the other is asked of the difference. Two intervals may overlap and yet differ surely: both
would have to be wrong at once, each at its unlikely end.
"""

import math
from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

import numpy as np

from twmr_nb.config.fields import is_number
from twmr_nb.markup import shown
from twmr_nb.types import Array, ConfigError

SURE = 0.95


def wilson_interval(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """95% confidence interval of a rate (Wilson 1927), which stays sensible at 0% and 100%.

    Raises ConfigError where there were no trials, more successes than trials, or what is no whole number.

    >>> [round(bound, 3) for bound in tw.wilson_interval(20, 20)]
    [0.839, 1.0]
    """
    counts = all(is_number(count, int) for count in (successes, trials))
    if not (counts and trials >= 1 and 0 <= successes <= trials):
        raise ConfigError(
            f"{shown(successes)} of {shown(trials)} is no rate: "
            "give whole numbers, at least one trial, and successes among them."
        )
    if not (is_number(z, float) and 0 < z < math.inf):
        raise ConfigError(f"z = {shown(z)} is not allowed: give a number above 0, such as 1.96 for 95%.")
    rate, weight = successes / trials, z**2 / trials
    centre = (rate + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(rate * (1 - rate) / trials + weight / (4 * trials))
    return max(0.0, centre - half), min(1.0, centre + half)


def rate_difference(successes: int, trials: int, other_successes: int, other_trials: int) -> tuple[float, float]:
    """95% confidence interval of one rate less another, from the Wilson interval of each (Newcombe 1998, method 10).

    >>> [round(bound, 2) for bound in tw.rate_difference(20, 25, 12, 25)]
    [0.05, 0.53]
    """
    (low, high), (other_low, other_high) = (
        wilson_interval(successes, trials),
        wilson_interval(other_successes, other_trials),
    )
    rate, other = successes / trials, other_successes / other_trials
    below, above = math.hypot(rate - low, other_high - other), math.hypot(high - rate, other - other_low)
    return rate - other - below, rate - other + above


def shift_interval(ours: Sequence[float], theirs: Sequence[float]) -> tuple[float, float, float]:
    """By how much our seeds lie above theirs: low, high, and the confidence of it, at least 95% if the seeds allow.

    From the smallest to the largest difference between one of ours and one of theirs, without as many at either end as
    chance would seldom exceed (Hodges & Lehmann 1963). It asks for no bell curve, only for orders to be counted.

    Raises ConfigError where either has no seeds, or what is no number.

    >>> low, high, sure = tw.shift_interval([5, 6, 7, 8], [1, 2, 3, 3])
    >>> low, high, round(sure, 3)
    (2.0, 7.0, 0.971)
    """
    for values in (ours, theirs):
        if isinstance(values, str) or not (isinstance(values, Collection) and all(map(is_finite, values))):
            raise ConfigError(f"{shown(values)} has no differences: give a list of finite numbers, one for each seed.")
    if not (len(ours) and len(theirs)):
        raise ConfigError(f"{len(ours)} and {len(theirs)} seeds have no difference: give at least one of each.")
    differences = np.sort(np.subtract.outer(np.asarray(ours, float), np.asarray(theirs, float)), axis=None)
    tail = np.cumsum(orders(len(ours), len(theirs))) / math.comb(len(ours) + len(theirs), len(ours))
    dropped = max(0, int(np.sum(2 * tail <= 1 - SURE)) - 1)
    return float(differences[dropped]), float(differences[-1 - dropped]), float(1 - 2 * tail[dropped])


def is_finite(value: Any) -> bool:
    return is_number(value, float) and math.isfinite(value)


@cache
def orders(ours: int, theirs: int) -> Array:
    """In how many orders of all seeds u pairs of one of ours and one of theirs stand the other way round, [u]."""
    if not (ours and theirs):
        return np.ones(1)
    last_is_ours, last_is_theirs = orders(ours - 1, theirs), orders(ours, theirs - 1)
    ways = np.zeros(ours * theirs + 1)
    ways[: len(last_is_ours)] += last_is_ours
    ways[ours : ours + len(last_is_theirs)] += last_is_theirs
    return ways


def rank_test(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """How often chance alone would order the seeds of two like recipes as unequally, or more: the exact two-sided p of
    Mann & Whitney (1947), equal values sharing their ranks.

    >>> round(rank_test([5, 6, 7, 8], [1, 2, 3, 3]), 3)
    0.029
    """
    together = np.concatenate([np.asarray(ours, float), np.asarray(theirs, float)])
    order = np.sort(together)
    ranks = np.searchsorted(order, together, "left") + np.searchsorted(order, together, "right") + 1  # doubled: whole
    ways = np.zeros((len(ours) + 1, ranks.sum() + 1))  # of choosing so many seeds, with such a sum of ranks
    ways[0, 0] = 1
    for rank in ranks:
        for chosen in range(len(ours), 0, -1):
            ways[chosen, rank:] += ways[chosen - 1, : ways.shape[1] - rank]
    sums, middle = np.arange(ways.shape[1]), len(ours) * (len(together) + 1)
    as_far = np.abs(sums - middle) >= abs(ranks[: len(ours)].sum() - middle)
    return float(ways[-1, as_far].sum() / ways[-1].sum())


def holm(chances: Sequence[float]) -> list[float]:
    """The p of each of several questions, raised for their number, since one of many is easily "found" (Holm 1979).

    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    raised = [0.0] * len(chances)
    highest = 0.0
    for k, i in enumerate(np.argsort(chances, kind="stable")):
        highest = max(highest, min(1.0, (len(chances) - k) * chances[i]))
        raised[i] = highest
    return raised


def seeds_needed(questions: int) -> int:
    """How many seeds of each recipe it takes to find any difference with so many questions asked at once."""
    count = 1
    while questions * 2 / math.comb(2 * count, count) > 1 - SURE:
        count += 1
    return count
