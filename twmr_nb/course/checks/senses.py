"""Checks of lesson 02: what a real robot can sense, and gates."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.course.checks.verdict import SENTENCE, Verdict, check, judge_facts, judge_number, right, wrong
from twmr_nb.episodes.rollout import Rollout, record_many
from twmr_nb.markup import one_line, shown
from twmr_nb.robot.model import at_step, step_edges
from twmr_nb.task.gate import GRAVITY, obstacle_window
from twmr_nb.task.rows import picked
from twmr_nb.task.transition import Transition
from twmr_nb.types import Array

REAL = {
    "wheel speed": (True, "every motor's encoder measures it"),
    "leg angle": (True, "an encoder on the hinge measures it"),
    "gyro": (True, "the IMU measures rotation rates"),
    "accelerometer": (True, "the IMU measures accelerations"),
    "x": (False, "a wheel that slips does not tell how far the robot is; that needs a camera or a map"),
    "forward speed": (False, "wheels slip, so their speed is not the robot's"),
    "place relative to the step": (False, "nobody has told the robot where the step is"),
    "height above the floor": (False, "only the simulator knows it without a range finder"),
}
ENOUGH, ENOUGH_UNSEEN = 0.35, 0.15  # difference of mean openings, at the step and elsewhere
STARTS, UNSEEN = 8, 10_000  # other starts, and the first one's seed


@check
def real_or_privileged(answers: Any) -> Verdict:
    """02: which signals a real robot has (True) and which only the simulator knows (False)."""
    return judge_facts(
        answers,
        REAL,
        "`True` (real) or `False` (privileged) for every signal",
        "Encoders and an IMU ride on the robot. Places, heights and true speeds need someone who looks on:",
        "Ask of each: which part that rides on the robot would tell it?",
    )


@check
def half_open_at(answer: Any, config: EnvConfig) -> Verdict:
    """02: where [m] the obstacle gate of a configuration is half open on the way in."""
    window, edges = obstacle_window(config), step_edges(config)
    if window is None or edges is None:
        return wrong("This configuration has no step, so its obstacle gate stays shut: choose a scene with one.")
    start = window[0]
    before = edges[0] - start
    return judge_number(
        answer,
        start,
        f"The step begins at {edges[0]:g} m, and the gate opens {before:g} m before it: half open at {start:.2f} m. "
        "The smoothing says how gradually, not where.",
        mistakes=[
            (edges[0], "That is the step's edge. The buffer opens the gate earlier."),
            (edges[0] + before, "The buffer comes *before* the step: subtract it."),
            (start - config.obstacle_smooth, "There it is only a little open: half open means tanh(0) = 0."),
            (window[1], "That is where it closes again."),
            (before, "That is the buffer. Counted from the start at x = 0, where does the gate open?"),
        ],
        otherwise="Half open is where tanh is 0, at the step's front edge less the buffer before it.",
        tolerance=0.012,
        unit="m",
    )


@check
def felt_gate(my_gate: Callable[[Transition], Any], rollout: Rollout) -> Verdict:
    """02: a gate of the learner's own that opens at the step, from sensors that a real robot has, and on other climbs.

    It is judged on the climb that was shown, on the same begun later, and on the same commands from other starts.
    """
    t = rollout.transition
    if not callable(my_gate):
        return wrong(f"`{shown(my_gate)}` is no function: give the function itself, like `felt_gate(my_gate, ...)`.")
    at = at_step(rollout.config, t.x)
    if at.all() or not at.any():
        return wrong("This episode is never at the step, or never elsewhere: give a climb.")
    try:
        values, elsewhere = (np.asarray(my_gate(rows), float) for rows in (t, displaced(t)))
    except Exception as error:  # whatever a learner's code raises is the answer
        return wrong(f"Your gate raised an error: {one_line(error, SENTENCE)}")
    if values.shape != t.x.shape:
        return wrong(f"It returned shape {values.shape} where {t.x.shape} is needed: one number per step.")
    if not np.isfinite(values).all() or values.min() < 0 or values.max() > 1:
        hint = "yours is in percent" if values.max() == 100 else "`np.clip`, or compare with `>` and add 0.0"
        return wrong(f"A gate lies between 0 and 1 at every step: {hint}.")
    if not np.allclose(values, elsewhere, atol=1e-3):
        return wrong("It changes when the robot's place in the world does: it uses something privileged.")
    inside, outside = float(values[at].mean()), float(values[~at].mean())
    numbers = f"open {inside:.0%} at the step and {outside:.0%} elsewhere"
    if inside - outside >= ENOUGH:
        return judge_elsewhere(my_gate, rollout, f"It is {numbers}")
    if np.ptp(values) == 0:
        return wrong(f"It is {numbers}: it never changes.")
    if inside < outside:
        return wrong(f"It is {numbers}: the wrong way round.")
    return wrong(
        f"It is {numbers}; the difference should be at least {ENOUGH:.0%}. Bumps come from the legs as well: "
        "smooth over half a second or more before you compare."
    )


def judge_elsewhere(my_gate: Callable[[Transition], Any], rollout: Rollout, numbers: str) -> Verdict:
    """The verdict on a gate that is right on one climb: by the same after a rest, and the same commands elsewhere."""
    others = record_many(Again(rollout.action), STARTS, rollout.config, seed=UNSEEN, title="")
    try:
        later = difference(my_gate, after_a_rest(rollout.transition), rollout.config)
        unseen = np.mean([difference(my_gate, other.transition, other.config) for other in others])
    except Exception as error:
        return wrong(f"{numbers}, but on other climbs it raised an error: {one_line(error, SENTENCE)}")
    if later < ENOUGH:
        return wrong(f"{numbers}, but not if the robot rests before it starts: it goes by the clock.")
    if not unseen >= ENOUGH_UNSEEN:
        return wrong(f"{numbers}, but on {STARTS} climbs from other starts the difference is only {unseen:.0%}.")
    return right(
        f"{numbers}, from sensors that ride on the robot. On {STARTS} climbs from other starts, for which nobody tuned "
        f"it, the difference is {unseen:.0%}."
    )


class Again:
    """Commands that were given once, whatever the robots feel now."""

    def __init__(self, actions: Array) -> None:
        self.actions = actions

    def reset(self, num_envs: int) -> None:
        self.steps = iter(self.actions)

    def act(self, obs: Array) -> Array:
        return np.tile(next(self.steps), (len(obs), 1))


def difference(my_gate: Callable[[Transition], Any], t: Transition, config: EnvConfig) -> float:
    """How much further open a gate is at the step than elsewhere; 0 where the robot is never there."""
    values, at = np.asarray(my_gate(t), float), at_step(config, t.x)
    return float(values[at].mean() - values[~at].mean()) if at.any() else 0.0


def after_a_rest(t: Transition) -> Transition:
    """The same ride after a rest at the start that is as long: nothing moves, and only gravity is felt."""
    rest = len(t.x)
    longer = picked(t, np.concatenate([np.zeros(rest, int), np.arange(rest)]))
    still = {name: getattr(longer, name).copy() for name in ("qvel", "accelerometer", "gyro", "torque", "action")}
    for values in still.values():
        values[:rest] = 0
    still["accelerometer"][:rest, 2] = GRAVITY
    return dataclasses.replace(longer, **still)


def displaced(t: Transition) -> Transition:
    """The same feelings in another place: joints and IMU as they were; root pose, root velocity and touch not."""
    qpos, qvel = t.qpos.copy(), t.qvel.copy()
    qpos[:, :3] += (0.7, 0.3, 0.2)
    qpos[:, 3:7], qvel[:, :6] = (1.0, 0.0, 0.0, 0.0), 0.0
    nothing = np.zeros_like(t.passed_before)
    return dataclasses.replace(
        t,
        qpos=qpos,
        qvel=qvel,
        qpos_before=qpos,
        touch=np.zeros_like(t.touch),
        gate=np.zeros_like(t.gate),
        passed_before=nothing,
    )
