"""Intervals by hand: of a rate, of a difference of rates, of a shift between two groups of seeds."""

import math
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twmr_nb.episodes.intervals import (
    holm,
    orders,
    rank_test,
    rate_difference,
    seeds_needed,
    shift_interval,
    wilson_interval,
)
from twmr_nb.types import ConfigError

seeds = st.lists(st.integers(-50, 50), min_size=1, max_size=7)


def test_wilson_interval_by_hand():
    # 8 of 10, z = 1.96: centre (0.8 + 0.19208) / 1.38416, half 1.96 / 1.38416 * sqrt(0.016 + 0.009604)
    assert wilson_interval(8, 10) == pytest.approx((0.4902, 0.9433), abs=1e-4)
    assert wilson_interval(0, 10)[0] == 0.0
    assert wilson_interval(10, 10)[1] == pytest.approx(1.0)


def test_the_difference_of_two_rates_as_in_newcombes_table():
    assert rate_difference(56, 70, 48, 80) == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert rate_difference(48, 80, 56, 70) == pytest.approx((-0.3339, -0.0524), abs=1e-4)
    with pytest.raises(ConfigError, match="is no rate"):
        rate_difference(1, 1, 2, 1)


def test_intervals_may_overlap_where_the_difference_is_sure():
    better, worse = (40, 50), (30, 50)
    assert wilson_interval(*better)[0] < wilson_interval(*worse)[1]
    assert rate_difference(*better, *worse)[0] > 0


def test_orders_are_counted():
    assert orders(2, 2).tolist() == [1, 1, 2, 1, 1]
    assert orders(3, 3).tolist() == [1, 1, 2, 3, 3, 3, 3, 2, 1, 1]
    assert [orders(n, n).sum() for n in (3, 4, 5)] == [20, 70, 252]


@pytest.mark.parametrize(
    ("count", "dropped", "sure"), [(1, 0, 0), (2, 0, 1 - 2 / 6), (3, 0, 0.9), (4, 0, 1 - 2 / 70), (5, 2, 1 - 8 / 252)]
)
def test_how_sure_so_many_seeds_can_be(count, dropped, sure):
    ours, theirs = 10.0 * np.arange(count), np.arange(count)
    differences = sorted(a - b for a in ours for b in theirs)
    assert shift_interval(ours, theirs) == pytest.approx((differences[dropped], differences[-1 - dropped], sure))


@pytest.mark.parametrize(("ours", "theirs"), [(3, 3), (4, 4), (5, 5), (4, 6)])
def test_where_nothing_differs_it_is_wrong_as_often_as_it_says(ours, theirs):
    ranks, wrong = set(range(ours + theirs)), 0
    for chosen in combinations(ranks, ours):
        low, high, sure = shift_interval(chosen, sorted(ranks - set(chosen)))
        wrong += low > 0 or high < 0
    assert wrong / math.comb(ours + theirs, ours) == pytest.approx(1 - sure)


def test_no_seeds_have_no_difference():
    with pytest.raises(ConfigError, match="0 and 2 seeds have no difference"):
        shift_interval([], [1, 2])


@given(seeds, seeds, st.integers(-20, 20))
def test_a_shift_shifts_it_and_turned_round_it_turns(ours, theirs, shift):
    low, high, sure = shift_interval(ours, theirs)
    assert low <= high
    assert shift_interval([x + shift for x in ours], theirs) == pytest.approx((low + shift, high + shift, sure))
    assert shift_interval(theirs, ours) == pytest.approx((-high, -low, sure))


def ranks(values):
    """The place of each among all, equal ones sharing theirs."""
    return [sum(v < w for v in values) + (sum(v == w for v in values) + 1) / 2 for w in values]


@given(st.lists(st.integers(0, 4), min_size=1, max_size=4), st.lists(st.integers(0, 4), min_size=1, max_size=4))
def test_the_rank_test_counts_all_ways_to_deal_the_seeds(ours, theirs):
    places = ranks(ours + theirs)
    middle = len(ours) * (len(places) + 1) / 2
    far = abs(sum(places[: len(ours)]) - middle)
    dealt = [abs(sum(chosen) - middle) >= far for chosen in combinations(places, len(ours))]
    assert rank_test(ours, theirs) == pytest.approx(sum(dealt) / len(dealt))


def test_the_rank_test_by_hand():
    assert rank_test([4, 5, 6], [1, 2, 3]) == pytest.approx(2 / 20)
    assert rank_test([1, 2, 3, 4], [5, 6, 7, 8]) == pytest.approx(2 / 70)
    assert rank_test([1, 1], [1, 1]) == 1


@given(st.lists(st.integers(0, 10**6), min_size=8, max_size=12, unique=True))
def test_the_rank_test_is_sure_where_the_interval_leaves_0_out(values):
    ours, theirs = values[:4], values[4:]
    low, high, sure = shift_interval(ours, theirs)
    assert (rank_test(ours, theirs) <= 0.05) == (sure >= 0.95 and not low <= 0 <= high)


def test_many_questions_are_corrected_for_their_number():
    assert holm([0.04]) == [0.04]
    assert holm([0.02, 0.01, 0.5]) == pytest.approx([0.04, 0.03, 0.5])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


@pytest.mark.parametrize("questions", [1, 2, 6, 7])
def test_so_many_seeds_just_suffice(questions):
    count = seeds_needed(questions)
    assert questions * rank_test(range(count), range(100, 100 + count)) <= 0.05
    assert questions * rank_test(range(count - 1), range(100, 99 + count)) > 0.05
