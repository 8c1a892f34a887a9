"""Checks of lesson 03: what reward terms pay, the two traps, potentials, and a term of the learner's own."""

import dataclasses
from typing import Any

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.course.checks.verdict import Verdict, judge_facts, judge_number, right, wrong
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.robot.model import MAX_TIP_RADIUS, WHEEL_DOF, WHEEL_RADIUS, tip_radius
from twmr_nb.robot.pose import leg_targets
from twmr_nb.task.rewards import RewardTerm, checked_values
from twmr_nb.task.transition import Transition

TELESCOPES = {
    "forward": (True, "its sum is the way from start to end over the step's duration, whatever happened between"),
    "alive": (False, "its sum counts steps: two episodes between the same places pay differently if one dawdles"),
    "control": (False, "effort adds up along the way; nothing is given back at the end"),
    "height gained, z - z before": (True, "going up pays what going down takes back"),
    "height, z": (False, "it pays for being up, again in every step, so staying there pays without end"),
    "distance to the goal, before - after": (
        True,
        "it is the fall of a potential: coming nearer pays, going back costs",
    ),
}


def pay_for_way(answer: Any, way: float = 1.3, ctrl_dt: float = 0.02) -> Verdict:
    """03: what the forward term pays in all, at weight 1, for a way of 1.3 m."""
    return judge_number(
        answer,
        way / ctrl_dt,
        f"{way} m / {ctrl_dt} s = {way / ctrl_dt:.0f}, however fast the robot was: metres per second, in every step, "
        f"of which there are {1 / ctrl_dt:.0f} in a second.",
        mistakes=[
            (way, "That is the way itself. The term is paid in m/s, once per step, and a step lasts 0.02 s."),
            (way * ctrl_dt, "Divide by the duration of a step; do not multiply."),
            (1 / ctrl_dt, "That is the pay for one metre."),
        ],
        otherwise="Write the sum out: (x1 - x0)/Δt + (x2 - x1)/Δt + ... and cancel what occurs twice.",
        example="10",
    )


def asks_for_legs_out(config: Any) -> Verdict:
    """03: a configuration whose open gate asks for legs that stand out."""
    if not isinstance(config, EnvConfig):
        return wrong(f"`{config!r}` is no configuration: give `EnvConfig(...)` with the settings that you change.")
    if config.gate_mode == "none":
        return wrong("With `gate_mode='none'` the gate never opens, so the extended pose is never asked for.")
    if config.extension_penalty == 0:
        return wrong("With `extension_penalty=0` nothing is asked for at all.")
    angle = float(leg_targets(config)[1][0])
    radius = float(tip_radius(angle))
    asked = f"The open gate asks for {angle:.2f} rad, where the tips are {1000 * radius:.1f} mm from the axle"
    if radius > 0.95 * MAX_TIP_RADIUS:
        return right(f"{asked}, of at most {1000 * MAX_TIP_RADIUS:.1f} mm.")
    if radius > WHEEL_RADIUS:
        return wrong(f"{asked}: out, but {1000 * MAX_TIP_RADIUS:.1f} mm is possible.")
    return wrong(f"{asked}: inside the wheel. Both joint limits are folded.")


def drowning_weight(answer: Any, moving: Rollout, standing: Rollout) -> Verdict:
    """03: the extension_penalty at which a moving robot earns no more than a standing one, all else as recorded."""
    gains, costs = zip(*(gain_and_cost(r) for r in (moving, standing)), strict=True)
    weight = (gains[0] - gains[1]) / (costs[0] - costs[1])
    return judge_number(
        answer,
        weight,
        f"At {weight:.3g} both earn the same, {gains[1] - weight * costs[1]:.1f}. Above it, standing pays.",
        mistakes=[
            (gains[0] / costs[0], "There the moving robot earns nothing. But the standing one earns something."),
            (
                (gains[0] - gains[1]) / costs[0],
                "Nearly: the standing robot pays a little for its pose too. Subtract its raw extension.",
            ),
            (-weight, "The sign is off: a penalty is a positive weight."),
            (costs[0] / gains[0], "Upside down: income divided by raw cost."),
        ],
        otherwise="Set `others - w * raw` of one robot equal to that of the other, and solve for w.",
        tolerance=0.015,
        example="0.01",
    )


def gain_and_cost(rollout: Rollout) -> tuple[float, float]:
    """An episode's reward without the extension term, and that term's raw sum."""
    scored = rollout.rescore(rollout.config)
    raw, weighted = scored.raw, scored.weighted
    others = sum(float(values.sum()) for name, values in weighted.items() if name != "extension")
    return others, float(raw["extension"].sum())


def telescopes(answers: Any) -> Verdict:
    """03: of which terms the sum depends on the episode's first and last state only (True)."""
    return judge_facts(
        answers,
        TELESCOPES,
        "`True` or `False` for every term",
        "A difference of one quantity before and after telescopes; a quantity paid anew in every step does not.",
    )


def charges_slip(term: Any, rollout: Rollout) -> Verdict:
    """03: an own term that charges for slip: mean rim speed of the wheels less forward speed, as a magnitude, m/s."""
    if not isinstance(term, RewardTerm):
        return wrong(f"`{term!r}` is no reward term: wrap your function, `reward_term(slip, weight=-0.1)`.")
    t = rollout.transition
    try:
        values = checked_values(term, t)
        forward, backward = (checked_values(term, moved(t, *motion)) for motion in ((8.0, 0.2), (0.0, 0.2)))
        idle = checked_values(term, moved(t, 8.0, 0.0))
    except Exception as error:  # whatever a learner's code raises is the answer
        return wrong(f"Your term cannot be scored: {error}")
    if np.ndim(term.fn(t)) == 0:
        return wrong("It returns one number for the whole episode: average over the wheels only, `.mean(axis=-1)`.")
    if np.allclose(idle, 8.0, rtol=0.05):
        return wrong("Wheel speed is in rad/s: times the wheel's radius it becomes the rim's speed in m/s.")
    if np.allclose(idle, 0.8, rtol=0.05):
        return wrong("It adds the four wheels up: take their mean.")
    if backward.min() < 0 or idle.min() < 0:
        return wrong("It becomes negative where the robot outruns its wheels, and would pay for that: use `np.abs`.")
    if forward.max() > 0.02:
        return wrong(
            f"A robot that rolls without slip (8 rad/s, 0.2 m/s) should be charged 0, not {forward.max():.2f}."
        )
    if not np.allclose(idle, 0.2, rtol=0.05):
        return wrong(f"Wheels that spin at 8 rad/s on the spot slip by 0.2 m/s; yours says {idle.max():.2f}.")
    if term.weight >= 0:
        return wrong("The function is right, but its weight is positive: it would pay for slipping.")
    return right(f"On this episode the robot slips by {values.mean():.2f} m/s on average, and you charge for it.")


def moved(t: Transition, wheel_speed: float, speed: float) -> Transition:
    """The same transition with all wheels turning at one speed [rad/s] and the root driving ahead at another [m/s]."""
    qvel, qpos = t.qvel.copy(), t.qpos.copy()
    qvel[:, WHEEL_DOF], qvel[:, 0] = wheel_speed, speed
    qpos[:, 0] = t.x_before + speed * t.ctrl_dt
    return dataclasses.replace(t, qvel=qvel, qpos=qpos)
