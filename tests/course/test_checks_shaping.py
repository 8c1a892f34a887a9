"""Checks of lesson 06: right answers, wrong ones, and why they are wrong."""

import numpy as np
import pytest
from climb import climb
from verdicts import expect

from twmr_nb.config import presets
from twmr_nb.course.checks.shaping import (
    alive_break_even,
    chance_of_order,
    costs_tilt,
    verdict_of,
    waiting_break_even,
)
from twmr_nb.lab.comparison import Comparison, Trial
from twmr_nb.task.rewards import reward_term

WORLD = presets.preset("flip", max_steps=600, success_bonus=10.0).env


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (0.04, True, "10 / 250 = 0.04"),
        (0.042, False, "0.042 is not it"),
        (0.3, False, "standing at the start"),
        (0.26, False, "both are paid for"),
        (1 / 250, False, "bonus is 10 here"),
        (2, False, "per second"),
        (10 / 600, False, "alive as well"),
        (10 / 350, False, "those that are left"),
        (7.0, False, "7 is not it"),
        (..., False, "is no number"),
    ],
)
def test_alive_break_even(answer, correct, reason):
    expect(alive_break_even(answer, WORLD, pass_seconds=7.0), correct, reason)


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (0.1, True, "100 b, passing 10: equal at b = 0.1"),
        (1000, False, "Upside down"),
        (0.01, False, "10 here"),
        (9.9, False, "all powers"),
        (10, False, "one step of waiting"),
        (0.5, False, "Set b / (1 - γ)"),
    ],
)
def test_waiting_break_even(answer, correct, reason):
    expect(waiting_break_even(answer, bonus=10.0, gamma=0.99), correct, reason)


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (0.1, True, "2/20"),
        (0.05, False, "one order"),
        (0.125, False, "a coin"),
        (0.25, False, "a coin"),
        (1 / 512, False, "not independent"),
        (10, False, "in percent"),
        (0.5, False, "In how many ways"),
        ("5%", False, "is no number"),
    ],
)
def test_chance_of_order(answer, correct, reason):
    expect(chance_of_order(answer, seeds=3), correct, reason)


@pytest.mark.parametrize(
    ("ours", "word"),
    [
        ((0.0, 0.1, 0.1, 0.2), "worse"),
        ((0.8, 0.9, 0.9, 0.6), "better"),
        ((0.1, 0.9, 0.2, 0.4), "cannot tell"),
        ((0.8, 0.9, 0.9), "cannot tell"),  # however far apart: 3 and 4 seeds are no surer than 94%
    ],
)
def test_verdict_of(ours, word):
    rates = {"base": (0.3, 0.5, 0.4, 0.3), "ours": ours}
    trials = [Trial(v, i, [], {"success_rate": r}) for v, each in rates.items() for i, r in enumerate(each)]
    for answer in ("better", "worse", "cannot tell"):
        assert verdict_of(answer, Comparison(tuple(trials)), "ours").correct is (answer == word)
    expect(verdict_of("maybe", Comparison(tuple(trials)), "ours"), False, "none of the choices")


def both(t):
    return t.pitch**2 + t.roll**2


def absolute(t):
    return abs(t.pitch)


def tilt(t):
    return t.tilt


def beyond(t):
    return np.maximum(t.tilt - 0.6, 0)


def lean(t):
    return 1 - t.upright


def rolled(t):
    return t.roll**2


def sine(t):
    return np.sin(t.pitch) ** 2 + np.sin(t.roll) ** 2


def counted(t):
    return np.arange(len(t.x)) * 1.0


def clocked(t):
    return t.x**2


def speed(t):
    return (t.pitch - t.pitch_before) ** 2


def ahead_too(t):
    return t.pitch**2 + t.roll**2 + 0.1 * t.x**2


def less_and_less(t):
    return np.exp(-t.tilt) * (t.tilt > 0.1)


def degrees(t):
    return np.degrees(t.pitch) ** 2 + np.degrees(t.roll) ** 2


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
        (both, -1.0, True, "on its back"),
        (tilt, -0.3, True, "on its back"),
        (beyond, -0.3, True, "on its back"),
        (lean, -1.0, True, "on its back"),
        (both, -0.1, True, "would earn 10; to lift the front by 0.5 rad for a second costs 1.25"),
        (absolute, -0.1, False, "1 rad on its one side"),
        (rolled, -0.1, False, "1 rad nose up"),
        (sine, -1.0, False, "on its back"),
        (counted, -0.1, False, "looks at other rows"),
        (clocked, -0.1, False, "does not follow the tilt"),
        (speed, -0.1, False, "does not follow the tilt"),
        (ahead_too, -0.1, False, "from a level robot too"),
        (less_and_less, -0.1, False, "less from a robot that tilts more"),
        (both, -1e-9, False, "too small for anybody to care"),
        (both, -0.01, False, "too small for anybody to care"),
        (both, -1e6, False, "perfectly level"),
        (both, -6.0, False, "perfectly level"),
        (degrees, -1.0, False, "angles in degrees"),
        (both, 0.0, False, "weight is 0"),
        (both, 1.0, False, "weight of a cost is negative"),
        (signed, -1.0, False, "in some steps"),
        (nothing, -1.0, False, "does not follow the tilt"),
        (other, -1.0, False, "does not follow the tilt"),
        (broken, -1.0, False, "no attribute 'tea'"),
        (unreduced, -1.0, False, "one number per robot"),
    ],
)
def test_costs_tilt(fn, weight, correct, reason):
    expect(costs_tilt(reward_term(fn, weight=weight), climb()), correct, reason)


def test_a_function_is_not_yet_a_term():
    expect(costs_tilt(both, climb()), False, "wrap your function")
