"""Checks of functions that a learner completes: held against the package's own, on inputs that are made up here."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.course.checks.verdict import Verdict, check, right, wrong
from twmr_nb.episodes.rollout import record
from twmr_nb.learn import ppo
from twmr_nb.markup import shown
from twmr_nb.robot.model import LEG_HINGE_RADIUS, LEG_LENGTH, LEG_RANGE, tip_radius
from twmr_nb.task.gate import obstacle_gate, obstacle_window
from twmr_nb.task.rewards import extension
from twmr_nb.types import Array

ALIKE = 2e-3  # of the largest number; rounded constants do


@check
def full_ahead(action: Any) -> Verdict:
    """00: eight numbers, of which the four wheels' command full speed ahead and the four legs' nothing."""
    try:
        values = np.asarray(action, float)
    except (TypeError, ValueError):
        return wrong(f"`{shown(action)}`: give eight numbers, four for the wheels, then four for the legs.")
    if values.shape != (8,):
        return wrong(f"These are {values.size} numbers: eight are needed, four for the wheels, then four for the legs.")
    if not np.isfinite(values).all() or np.abs(values).max() > 1:
        return wrong("Each number lies between -1 and 1.")
    if np.array_equal(values, [0, 0, 0, 0, 1, 1, 1, 1]):
        return wrong("The wheels come first, then the legs.")
    if (values[:4] < 0).any():
        return wrong("A negative number turns a wheel backwards.")
    if (values[4:] != 0).any():
        return wrong("The last four are the legs': leave them at 0.")
    if (values[:4] != 1).any():
        return wrong("That is not full speed on all four wheels: 1 is the most.")
    return right("All four wheels ahead, legs in mid-range. A *policy* chooses such a row anew 50 times a second.")


@check
def written_radius(answer: Any) -> Verdict:
    """01: a function of leg angles [rad] that returns tip radii [m], by the law of cosines."""
    q = np.linspace(*LEG_RANGE, 50)
    h, leg = LEG_HINGE_RADIUS, LEG_LENGTH

    def law(angle: Array, sign: float = -1.0) -> Array:
        return h**2 + leg**2 + sign * 2 * h * leg * np.cos(angle)

    return judge_function(
        answer,
        (q,),
        tip_radius(q),
        "It gives what `tw.robot.tip_radius` gives, at every angle.",
        [
            (law(math.radians(110) + q), "That is the square of the radius: take its root."),
            (np.sqrt(law(110 + q)), "110 is in degrees and q in radians: turn it into radians, `np.radians(110)`."),
            (np.sqrt(law(np.radians(110 + q))), "q is in radians already: only the 110 is to be turned."),
            (np.sqrt(law(q)), "The leg is mounted at 110°: that is added to q."),
            (np.sqrt(law(math.radians(110) + q, 1.0)), "The sign before the cosine is a minus."),
            (1000 * tip_radius(q), "That is in millimetres; lengths are in metres everywhere here."),
        ],
    )


@check
def written_gate(answer: Any) -> Verdict:
    """02: a function (x, x1, x2, s) that returns the obstacle gate, from 0 to 1."""
    config = EnvConfig(gate_mode="obstacle", obstacle_pre_buffer=0.3, obstacle_smooth=0.1)
    window = obstacle_window(config)
    assert window
    (start, end), s = window, config.obstacle_smooth
    x = np.linspace(0, 2, 101)
    rise, fall = np.tanh((x - start) / s), np.tanh((end - x) / s)
    return judge_function(
        answer,
        (x, start, end, s),
        obstacle_gate(config, x),
        "It gives what the package's own gate gives, before, on and behind the step.",
        [
            (0.5 * (rise + 1), "It never shuts again: the second bracket is missing."),
            (0.5 * (fall + 1), "It is open from the start: the first bracket is missing."),
            ((rise + 1) * (fall + 1), "It opens to 4: each bracket goes from 0 to 2 and is halved."),
            (0.5 * (rise + 1) * (fall + 1), "It opens to 2: each of the two brackets is halved."),
            (0.25 * (1 - rise) * (1 - fall), "The signs are the other way round: x - x1 first, then x2 - x."),
            (0.25 * (rise + 1) * (1 - fall), "The second bracket counts down towards x2: x2 - x."),
            (0.5 * (rise + 1) + 0.5 * (fall + 1), "The two brackets are multiplied, not added."),
        ],
    )


@check
def written_extension(answer: Any) -> Verdict:
    """03: a function of a transition that returns the raw extension term, rad²."""
    t = record("random", EnvConfig(extend_mode="midpoint"), num_steps=40).transition
    t = dataclasses.replace(t, gate=np.linspace(0, 1, 40), retract=t.retract + np.arange(4) / 10)
    gate = t.gate[:, None]
    asked = t.retract + gate * (t.extend - t.retract)
    error = t.leg_angle - asked
    return judge_function(
        answer,
        (t,),
        extension(t),
        "It gives what the table's own term gives, with the gate shut, open and between.",
        [
            ((error**2).sum(axis=-1), "That is the sum of the four legs: the term takes their mean."),
            (np.abs(error).mean(axis=-1), "The term squares the distance before it takes the mean."),
            (error.mean(axis=-1), "The term squares the distance before it takes the mean."),
            (error.mean(axis=-1) ** 2, "Square first, then take the mean: errors of two signs would cancel."),
            (-(error**2).mean(axis=-1), "The raw value is positive; the weight makes it a cost."),
            (((t.leg_angle - t.retract) ** 2).mean(axis=-1), "It never asks for legs out: the gate is missing."),
            (((t.leg_angle - t.extend) ** 2).mean(axis=-1), "It asks for legs out all the time: the gate is missing."),
            (
                ((t.leg_angle - t.extend - gate * (t.retract - t.extend)) ** 2).mean(axis=-1),
                "The gate is the wrong way round: shut asks for the retracted angle.",
            ),
        ],
        shape_hint="one number per step: average over the legs, `.mean(axis=-1)`, and give the gate a second axis, "
        "`t.gate[..., None]`",
    )


@check
def written_objective(answer: Any) -> Verdict:
    """04: a function (ratio, advantage, clip) that returns PPO's clipped objective of every sample."""
    ratio, advantage = (grid.ravel() for grid in np.meshgrid(np.linspace(0.5, 1.5, 21), np.array([-2.0, -0.5, 1.0])))
    clip = 0.2
    cut = np.clip(ratio, 1 - clip, 1 + clip)
    return judge_function(
        answer,
        (ratio, advantage, clip),
        np.minimum(ratio * advantage, cut * advantage),
        "It is the package's own, for good and for bad actions, on either side of the clip.",
        [
            (cut * advantage, "That is the clipped part alone; the smaller of both is asked for."),
            (ratio * advantage, "Nothing is clipped: this is the plain policy gradient."),
            (np.maximum(ratio * advantage, cut * advantage), "Take the *smaller* of the two, the cautious one."),
            (-np.minimum(ratio * advantage, cut * advantage), "That is the loss: the objective is to be made large."),
            (np.minimum(ratio, cut) * advantage, "Multiply by the advantage first, then take the smaller product."),
            (np.clip(ratio * advantage, 1 - clip, 1 + clip), "It is the ratio that is clipped, not the product."),
        ],
    )


@check
def written_gae(answer: Any) -> Verdict:
    """04: a function (delta, done, gamma, lam) that returns advantages [T] of one robot."""
    rng, gamma, lam = np.random.default_rng(0), 0.9, 0.8
    delta, done = rng.normal(size=12), np.isin(np.arange(12), (4, 9))
    zeros, ends = np.zeros((12, 1)), done[:, None]
    expected = np.asarray(ppo.gae(delta[:, None], zeros, ends, zeros, zeros[0], gamma, lam)[0])[:, 0]

    def summed(factor: float, keep: Array) -> Array:
        values, later = np.zeros(12), 0.0
        for t in reversed(range(12)):
            values[t] = later = delta[t] + factor * later * keep[t]
        return values

    return judge_function(
        answer,
        (delta, done, gamma, lam),
        expected,
        "It gives what the learner's own `gae` gives, over the ends of two episodes.",
        [
            (delta, "That is the error of the one step: later ones are missing."),
            (
                summed(gamma * lam, np.ones(12)),
                "It sums on across the end of an episode: nothing follows where `done` is True.",
            ),
            (summed(gamma * lam, done), "The cut is the wrong way round: nothing follows where `done` is True."),
            *(
                (summed(gamma * lam, ~np.roll(done, by)), "The cut is off by one: step t was the last where `done[t]`.")
                for by in (1, -1)
            ),
            (summed(gamma, ~done), "The factor λ is missing."),
            (summed(lam, ~done), "The discount γ is missing."),
            (summed(1.0, ~done), "Later errors count less: by γ and by λ in each step."),
        ],
    )


def judge_function(
    answer: Any,
    inputs: tuple[Any, ...],
    expected: Array,
    because: str,
    mistakes: Sequence[tuple[Array, str]],
    shape_hint: str = "one number for each of those given",
) -> Verdict:
    """A verdict on a function: right if it gives `expected` for `inputs`; mistakes: what else it may give, and why."""
    if not callable(answer):
        return wrong(f"`{type(answer).__name__}` is no function: give the function itself, without brackets.")
    try:
        values = np.asarray(answer(*inputs), float)
    except Exception as error:  # whatever a learner's code raises is the answer
        if "ellipsis" in str(error).lower():
            return wrong("Still to write: put your line in place of `...`.")
        return wrong(f"Your function raised an error: {error}")
    if values.shape != expected.shape:
        return wrong(f"It returned shape {values.shape} where {expected.shape} is needed: {shape_hint}.")
    if not np.isfinite(values).all():
        return wrong("It returned numbers that are not finite.")

    def near(known: Array) -> Array:
        return np.abs(values - known) <= ALIKE * np.abs(known).max()

    if near(expected).all():
        return right(because)
    for mistake, reason in mistakes:
        if near(mistake).all():
            return wrong(reason)
    first = int(np.flatnonzero(~near(expected))[0])
    return wrong(
        f"Not yet the same: number {first} of the answer is {values[first]:.3g} and should be {expected[first]:.3g}."
    )
