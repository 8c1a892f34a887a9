"""Checks of lesson 06: right answers, wrong ones, and why they are wrong."""

import pytest
from climb import climb
from verdicts import expect

from twmr_nb.config import presets
from twmr_nb.course.checks.shaping import alive_break_even, chance_of_order, costs_tilt, verdict_of
from twmr_nb.lab.experiment import Comparison, Trial
from twmr_nb.task.rewards import reward_term

WORLD = presets.preset("flip", max_steps=600, success_bonus=10.0).env


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (0.3, True, "(65 + 10) / 250"),
        (0.26, False, "success bonus"),
        (0.125, False, "driver is alive as well"),
        (65 / 600, False, "forgets the bonus"),
        (11.3 / 250, False, "a metre pays 50"),
        (2.0, False, "2 is not it"),
        (..., False, "is no number"),
    ],
)
def test_alive_break_even(answer, correct, reason):
    expect(alive_break_even(answer, WORLD, pass_seconds=7.0), correct, reason)


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (0.05, True, "1/20"),
        (0.1, False, "either"),
        (0.125, False, "a coin"),
        (1 / 512, False, "not independent"),
        (5, False, "in percent"),
        (0.5, False, "In how many ways"),
        ("5%", False, "is no number"),
    ],
)
def test_chance_of_order(answer, correct, reason):
    expect(chance_of_order(answer, seeds=3), correct, reason)


@pytest.mark.parametrize(("ours", "word"), [((0.0, 0.1), "worse"), ((0.8, 0.9), "better"), ((0.1, 0.9), "cannot tell")])
def test_verdict_of(ours, word):
    rates = {"base": (0.3, 0.5), "ours": ours}
    trials = [Trial(v, i, [], {"success_rate": r}) for v, two in rates.items() for i, r in enumerate(two)]
    for answer in ("better", "worse", "cannot tell"):
        assert verdict_of(answer, Comparison(tuple(trials)), "ours").correct is (answer == word)
    expect(verdict_of("maybe", Comparison(tuple(trials)), "ours"), False, "none of the choices")


def both(t):
    return t.pitch**2 + t.roll**2


def absolute(t):
    return abs(t.pitch)


def signed(t):
    return t.pitch


def nothing(t):
    return 0.0 * t.pitch


def other(t):
    return (t.torque**2).sum(axis=-1)


def broken(t):
    return t.tea


def unreduced(t):
    return t.leg_angle


@pytest.mark.parametrize(
    ("fn", "weight", "correct", "reason"),
    [
        (both, -1.0, True, "most tilted tenth"),
        (absolute, -0.1, True, "most tilted tenth"),
        (both, 1.0, False, "weight of a cost is negative"),
        (signed, -1.0, False, "in some steps"),
        (nothing, -1.0, False, "the same in every step"),
        (other, -1.0, False, "does not follow the tilt"),
        (broken, -1.0, False, "no attribute 'tea'"),
        (unreduced, -1.0, False, "one number per robot"),
    ],
)
def test_costs_tilt(fn, weight, correct, reason):
    expect(costs_tilt(reward_term(fn, weight=weight), climb()), correct, reason)


def test_a_function_is_not_yet_a_term():
    expect(costs_tilt(both, climb()), False, "wrap your function")
