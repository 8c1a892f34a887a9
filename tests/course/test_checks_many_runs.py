"""Checks of lesson 07: right answers, wrong ones, and why they are wrong."""

import numpy as np
import pytest
from verdicts import expect

from twmr_nb import course as checks
from twmr_nb.lab.comparison import Comparison, Trial

GRID = {"control_cost": [0.001, 0.01, 0.1], "extension_penalty": [0.001, 0.05]}


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (12, True, "3 × 2 = 6 points, and 2 seeds of each: 12."),
        (12.0, True, "12."),
        (np.int64(12), True, "12."),
        (np.array([12]), True, "12."),
        (6, False, "trained with every seed"),
        (10, False, "multiply, do not add"),
        (5, False, "multiply, do not add. Then the seeds"),
        (8, False, "one change at a time"),
        (36, False, "multiply by their number"),
        (7, False, "7 is not it. Multiply how many"),
        ("12", False, "is no number"),
        (True, False, "is no number"),
        (..., False, "is no number: give one like `8`"),
    ],
)
def test_trainings_of(answer, correct, reason):
    expect(checks.trainings_of(answer, GRID, seeds=2), correct, reason)


def test_a_grid_of_one_setting_has_its_values():
    expect(checks.trainings_of(3, {"alive_bonus": [0, 1, 2]}, seeds=1), True, "3 points, and 1 seed of each: 3.")


@pytest.mark.parametrize(
    ("questions", "answer", "correct", "reason"),
    [
        (5, 5, True, "p = 0.0079; times 5 that is 0.04, not above 0.05"),  # 2 / 252
        (5, np.float64(5), True, "With fewer nothing can be told"),
        (5, 4, False, "p = 0.029; times 5 that is 0.14: too much"),  # 2 / 70
        (5, 2, False, "p = 0.33; times 5 that is 1.7: too much"),  # 2 / 6
        (5, 6, False, "6 are enough, but so are fewer"),
        (5, 4.5, False, "Count up n until 5 · 2 / C(2n, n)"),
        (5, 0, False, "Count up n"),
        (5, -3, False, "Count up n"),
        (5, "five", False, "is no number"),
        (5, ..., False, "is no number: give one like `3`"),
        (1, 4, True, "p = 0.029"),
        (15, 6, True, "p = 0.0022; times 15 that is 0.032"),  # 2 / 924
        (15, 5, False, "times 15 that is 0.12"),
    ],
)
def test_seeds_for(questions, answer, correct, reason):
    expect(checks.seeds_for(answer, questions=questions), correct, reason)


def compared(points):
    """Two seeds about each point; name -> steps to pass or end, effort."""
    trials = [
        Trial(name, seed, [], {"mean_length": steps + shift, "effort": effort - shift / 100, "success_rate": 1.0})
        for name, (steps, effort) in points.items()
        for seed, shift in enumerate((-10, 10))
    ]
    return Comparison(tuple(trials))


POINTS = {"quick": (400, 25.0), "cheap": (800, 14.0), "between": (500, 20.0), "worse": (600, 26.0), "slow": (801, 20.0)}


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (["quick", "cheap", "between"], True, "3 variants of 5: each other one is beaten in both by one of these"),
        ({"between", "quick", "cheap"}, True, "3 variants"),
        ((" quick ", "cheap", "between", "cheap"), True, "3 variants"),
        (np.array(["quick", "cheap", "between"]), True, "3 variants"),
        (["quick", "cheap"], False, "but 1 more is beaten by nothing"),
        ("quick", False, "but 2 more are beaten by nothing"),
        ([], False, "3 more are"),
        (["quick", "worse"], False, "*worse* is beaten by *quick*: steps to pass or end 400 against 600, effort"),
        (["quick", "slow"], False, "*slow* is beaten by *cheap*: steps to pass or end 800 against 801"),
        (["quick", "fast"], False, "`fast` is none of the variants"),
        (3, False, "`3` is no list of names: give one like `['quick']`"),
        ([3], False, "is no list of names"),
        (..., False, "is no list of names"),
    ],
)
def test_on_the_front(answer, correct, reason):
    expect(checks.on_the_front(answer, compared(POINTS)), correct, reason)


def test_more_of_what_is_wanted_is_better_and_equal_points_are_both_on_the_front():
    trials = [Trial(n, 0, [], {"success_rate": s, "effort": 9.0}) for n, s in {"a": 0.9, "b": 0.5, "c": 0.9}.items()]
    keys = ("success_rate", "effort")
    expect(checks.on_the_front(["a", "c"], Comparison(tuple(trials)), keys), True, "2 variants of 3")
    expect(checks.on_the_front(["b"], Comparison(tuple(trials)), keys), False, "*b* is beaten by *a*: passed [%] 0.9")


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (20, True, "30 on 16 cores are 2 waves, each as long as one training: 20 minutes."),
        (np.float32(20), True, "20 minutes"),
        (18.75, False, "A core trains one at a time"),
        (300, False, "on one core"),
        (10, False, "it would take 30 cores"),
        (2, False, "These are the waves"),
        (1 / 3, False, "That is in hours: give minutes."),
        (1200, False, "That is in seconds: give minutes."),
        (7, False, "7 is not it. How many waves"),
        ("20 min", False, "is no number"),
        (..., False, "is no number: give one like `30`"),
    ],
)
def test_minutes_on(answer, correct, reason):
    expect(checks.minutes_on(answer, trainings=30, minutes=10.0, cores=16), correct, reason)


@pytest.mark.parametrize(("cores", "minutes"), [(1, 300), (15, 20), (16, 20), (29, 20), (30, 10), (256, 10)])
def test_more_cores_than_trainings_change_nothing(cores, minutes):
    assert checks.minutes_on(minutes, trainings=30, minutes=10.0, cores=cores).correct


def test_the_last_wave_is_not_full_but_takes_its_time():
    expect(checks.minutes_on(20, trainings=33, minutes=10.0, cores=16), False, "not full")


def test_what_no_cell_has_made_is_told():
    expect(checks.on_the_front(["a"], None), False, "run the cells before it, then this one again.")
    expect(checks.minutes_on(3, 30, None, 16), False, "run the cells before it, then this one again.")
