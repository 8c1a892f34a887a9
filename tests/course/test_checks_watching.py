"""Checks of lesson 05: right answers, wrong ones, and why they are wrong."""

import numpy as np
import pytest
from climb import climb
from verdicts import expect

from twmr_nb import course as checks
from twmr_nb.episodes.intervals import wilson_interval


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (73, True, "73 of 73"),
        (np.int64(73), True, "95% confidence"),
        (72, False, "begins at 94.9%"),
        (20, False, "begins at 83.9%"),
        (100, False, "so are fewer"),
        (73.5, False, "73.5 is not it"),
        (0.95, False, "0.95 is not it"),
        (0, False, "begins at 0.0%"),
        (-5, False, "try more"),
        (..., False, "is no number"),
    ],
)
def test_episodes_needed(answer, correct, reason):
    expect(checks.episodes_needed(answer), correct, reason)


def test_the_number_of_episodes_is_the_smallest_that_will_do():
    assert wilson_interval(73, 73)[0] >= 0.95 > wilson_interval(72, 72)[0]


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        ("tidy", True, "100% without noise and 40% with it"),
        (" Tidy ", True, "tidy"),
        ({"tidy": 1}, False, "none of the choices"),
        ("hopeless", False, "Another one differs more"),
        ("nobody", False, "none of the choices"),
        (..., False, "none of the choices"),
        (3, False, "none of the choices"),
    ],
)
def test_noise_gap(answer, correct, reason):
    quiet, noisy = {"hopeless": 0.0, "tidy": 1.0, "any_step": 0.9}, {"hopeless": 0.0, "tidy": 0.4, "any_step": 0.8}
    expect(checks.noise_gap(answer, quiet, noisy), correct, reason)


def test_of_two_equal_gaps_either_is_right():
    quiet, noisy = {"a": 1.0, "b": 0.5}, {"a": 0.5, "b": 1.0}
    assert checks.noise_gap("a", quiet, noisy).correct
    assert checks.noise_gap("b", quiet, noisy).correct


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (0.05, True, "5 cm, and nothing higher"),
        (5, False, "in centimetres"),
        (50, False, "in millimetres"),
        (0.0500001, True, "5 cm, and nothing higher"),
        (0.06, False, "now and then"),
        (0.04, False, "0.04 is not it"),
        ("5 cm", False, "is no number"),
    ],
)
def test_half_height(answer, correct, reason):
    expect(checks.half_height(answer, [0.03, 0.04, 0.05, 0.06, 0.07], [1.0, 1.0, 0.5, 0.2, 0.0]), correct, reason)


def test_a_policy_that_passes_nothing_has_height_0():
    expect(checks.half_height(0.0, [0.04, 0.05], [0.1, 0.0]), True, "None of these heights")
    expect(checks.half_height(0.04, [0.04, 0.05], [0.1, 0.0]), False, "now and then")


@pytest.mark.parametrize(
    ("steps", "place"), [(20, "never reached it"), (160, "at the edge"), (230, "on top"), (500, "passed")]
)
def test_where_it_ended(steps, place):
    rollout = climb(steps=steps)
    for answer in ("never reached it", "at the edge", "on top", "passed"):
        verdict = checks.where_it_ended(answer, rollout)
        assert verdict.correct is (answer == place), f"{answer}: {verdict.reason}"
    expect(checks.where_it_ended(..., rollout), False, "none of the choices")
