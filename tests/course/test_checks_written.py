"""Checks of what a learner completes: right functions, wrong ones, and why they are wrong."""

import numpy as np
import pytest
from verdicts import expect

from twmr_nb import course as checks


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        ([1, 1, 1, 1, 0, 0, 0, 0], True, "All four wheels ahead"),
        (np.array([1.0] * 4 + [0] * 4), True, "50 times a second"),
        ([0, 0, 0, 0, 1, 1, 1, 1], False, "wheels come first"),
        ([-1, -1, -1, -1, 0, 0, 0, 0], False, "backwards"),
        ([1, 1, 1, 0, 0, 0, 0, 0], False, "on all four wheels"),
        ([1] * 8, False, "leave them at 0"),
        ([9] * 4 + [0] * 4, False, "between -1 and 1"),
        ([np.nan] * 8, False, "between -1 and 1"),
        ([1, 1, 1, 1], False, "These are 4 numbers"),
        ([...] * 8, False, "give eight numbers"),
        (..., False, "give eight numbers"),
        ("ahead", False, "give eight numbers"),
    ],
)
def test_full_ahead(answer, correct, reason):
    expect(checks.full_ahead(answer), correct, reason)


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (500, True, "50 in every second"),
        (0.2, False, "do not multiply"),
        (50, False, "for one second"),
        (4000, False, "all eight"),
        (501, False, "501 is not it"),
        (..., False, "is no number"),
    ],
)
def test_actions_in(answer, correct, reason):
    expect(checks.actions_in(answer), correct, reason)


MOUNT = np.radians(110)


def radius(add=MOUNT, root=np.sqrt, sign=-1.0):
    return lambda q: root(0.0208**2 + 0.025**2 + sign * 2 * 0.0208 * 0.025 * np.cos(add + q))


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (radius(), True, "at every angle"),
        (radius(root=lambda square: square), False, "take its root"),
        (radius(add=110), False, "110 is in degrees"),
        (lambda q: radius()(np.radians(q)), False, "q is in radians already"),
        (radius(add=0), False, "mounted at 110°"),
        (radius(sign=1.0), False, "a minus"),
        (lambda q: 1000 * radius()(q), False, "millimetres"),
        (lambda q: 0.01 + 0 * q, False, "number 0 of the answer is 0.01 and should be 0.0197"),
        (lambda q: radius()(q).max(), False, "one number for each"),
    ],
)
def test_written_radius(answer, correct, reason):
    expect(checks.written_radius(answer), correct, reason)


def bracket(value, s):
    return 0.5 * (np.tanh(value / s) + 1)


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (lambda x, x1, x2, s: bracket(x - x1, s) * bracket(x2 - x, s), True, "before, on and behind"),
        (lambda x, x1, x2, s: bracket(x - x1, s), False, "never shuts"),
        (lambda x, x1, x2, s: bracket(x2 - x, s), False, "open from the start"),
        (lambda x, x1, x2, s: 4 * bracket(x - x1, s) * bracket(x2 - x, s), False, "opens to 4"),
        (lambda x, x1, x2, s: 2 * bracket(x - x1, s) * bracket(x2 - x, s), False, "opens to 2"),
        (lambda x, x1, x2, s: bracket(x1 - x, s) * bracket(x - x2, s), False, "the other way round"),
        (lambda x, x1, x2, s: bracket(x - x1, s) * bracket(x - x2, s), False, "counts down towards x2"),
        (lambda x, x1, x2, s: bracket(x - x1, s) + bracket(x2 - x, s), False, "multiplied"),
        (lambda x, x1, x2, s: ..., False, "Still to write"),
        (lambda x: x, False, "raised an error"),
        (lambda x, x1, x2, s: x / 0, False, "not finite"),
        (0.5, False, "`float` is no function"),
        (np.zeros(3000), False, "`ndarray` is no function"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero")
@pytest.mark.filterwarnings("ignore:invalid value")
def test_written_gate(answer, correct, reason):
    verdict = checks.written_gate(answer)
    expect(verdict, correct, reason)
    assert len(verdict.reason) < 200


def asked(t):
    return t.retract + t.gate[..., None] * (t.extend - t.retract)


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (lambda t: ((t.leg_angle - asked(t)) ** 2).mean(axis=-1), True, "shut, open and between"),
        (lambda t: ((t.leg_angle - asked(t)) ** 2).sum(axis=-1), False, "sum of the four"),
        (lambda t: np.abs(t.leg_angle - asked(t)).mean(axis=-1), False, "squares the distance"),
        (lambda t: (t.leg_angle - asked(t)).mean(axis=-1), False, "squares the distance"),
        (lambda t: (t.leg_angle - asked(t)).mean(axis=-1) ** 2, False, "Square first"),
        (lambda t: -((t.leg_angle - asked(t)) ** 2).mean(axis=-1), False, "raw value is positive"),
        (lambda t: ((t.leg_angle - t.retract) ** 2).mean(axis=-1), False, "never asks for legs out"),
        (lambda t: ((t.leg_angle - t.extend) ** 2).mean(axis=-1), False, "out all the time"),
        (lambda t: ((t.leg_angle - asked(t)) ** 2).mean(), False, "one number per step"),
        (lambda t: (t.leg_angle - t.gate) ** 2, False, "raised an error"),
        (lambda t: ((t.leg_angle - t.retract - t.extend + asked(t)) ** 2).mean(axis=-1), False, "wrong way round"),
    ],
)
def test_written_extension(answer, correct, reason):
    expect(checks.written_extension(answer), correct, reason)


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (lambda r, a, c: np.minimum(r * a, np.clip(r, 1 - c, 1 + c) * a), True, "good and for bad"),
        (lambda r, a, c: np.clip(r, 1 - c, 1 + c) * a, False, "clipped part alone"),
        (lambda r, a, c: r * a, False, "Nothing is clipped"),
        (lambda r, a, c: np.maximum(r * a, np.clip(r, 1 - c, 1 + c) * a), False, "*smaller*"),
        (lambda r, a, c: -np.minimum(r * a, np.clip(r, 1 - c, 1 + c) * a), False, "That is the loss"),
        (lambda r, a, c: np.minimum(r, np.clip(r, 1 - c, 1 + c)) * a, False, "Multiply by the advantage first"),
        (lambda r, a, c: np.clip(r * a, 1 - c, 1 + c), False, "not the product"),
        (lambda r, a, c: np.minimum(r * a, np.clip(r, 1 - c, 1 + c) * a).mean(), False, "one number for each"),
    ],
)
def test_written_objective(answer, correct, reason):
    expect(checks.written_objective(answer), correct, reason)


def gae(factor=lambda gamma, lam: gamma * lam, cut=lambda done, t: done[t]):
    def summed(delta, done, gamma, lam):
        values, later = np.zeros(len(delta)), 0.0
        for t in reversed(range(len(delta))):
            later = delta[t] + factor(gamma, lam) * later * (not cut(done, t))
            values[t] = later
        return values

    return summed


def unfinished(delta, done, gamma, lam):
    values = np.zeros(len(delta))
    values[0] = ...
    return values


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (gae(), True, "the ends of two episodes"),
        (gae(cut=lambda done, t: False), False, "across the end"),
        (gae(cut=lambda done, t: not done[t]), False, "wrong way round"),
        (gae(cut=lambda done, t: done[t - 1]), False, "off by one"),
        (gae(cut=lambda done, t: done[(t + 1) % len(done)]), False, "off by one"),
        (gae(factor=lambda gamma, lam: gamma), False, "λ is missing"),
        (gae(factor=lambda gamma, lam: lam), False, "γ is missing"),
        (gae(factor=lambda gamma, lam: 1.0), False, "count less"),
        (lambda delta, done, gamma, lam: delta, False, "later ones are missing"),
        (lambda delta, done, gamma, lam: delta[::-1], False, "Not yet the same"),
        (unfinished, False, "Still to write"),
    ],
)
def test_written_gae(answer, correct, reason):
    expect(checks.written_gae(answer), correct, reason)
