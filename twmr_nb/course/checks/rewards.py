"""Checks of lesson 03: what reward terms pay, the two traps, potentials, and a term of the learner's own."""

import dataclasses
from typing import Any

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.course.checks.verdict import SENTENCE, Verdict, check, judge_facts, judge_number, right, wrong
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.markup import one_line, shown
from twmr_nb.robot.model import MAX_TIP_RADIUS, WHEEL_DOF, WHEEL_RADIUS, tip_radius
from twmr_nb.robot.pose import leg_targets
from twmr_nb.task.rewards import RewardTerm, checked_terms, checked_values
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


@check
def pay_for_way(answer: Any, way: float = 1.3, ctrl_dt: float = 0.02) -> Verdict:
    """03: what the forward term pays in all, at weight 1, for a way of 1.3 m."""
    return judge_number(
        answer,
        way / ctrl_dt,
        f"{way} m / {ctrl_dt} s = {way / ctrl_dt:.0f}, however fast the robot was: metres per second, in every step, "
        f"of which there are {1 / ctrl_dt:.0f} in a second.",
        mistakes=[
            (way, "That is the way itself. The term is paid in m/s, once per step, and a step lasts 0.02 s."),
            (100 * way, "That is the way in centimetres. The term is paid in m/s, once per step of 0.02 s."),
            (1000 * way, "That is the way in millimetres. The term is paid in m/s, once per step of 0.02 s."),
            (100 * way / ctrl_dt, "That is in centimetres per second: give metres."),
            (1000 * way / ctrl_dt, "That is in millimetres per second: give metres."),
            (way / ctrl_dt + 1, "That adds the success bonus of 1. Asked is what *forward* alone pays."),
            (way * ctrl_dt, "Divide by the duration of a step; do not multiply."),
            (1 / ctrl_dt, "That is the pay for one metre."),
        ],
        otherwise="Write the sum out: (x1 - x0)/Δt + (x2 - x1)/Δt + ... and cancel what occurs twice.",
        tolerance=0.01,
        example="10",
    )


@check
def asks_for_legs_out(config: Any) -> Verdict:
    """03: a configuration whose open gate asks for legs that stand out."""
    if not isinstance(config, EnvConfig):
        return wrong(f"`{shown(config)}` is no configuration: give `tw.EnvConfig(...)` with what you change.")
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


@check
def drowning_weight(answer: Any, moving: Rollout, standing: Rollout) -> Verdict:
    """03: the extension_penalty at which a moving robot earns no more than a standing one, all else as recorded."""
    gains, costs = zip(*(gain_and_cost(r) for r in (moving, standing)), strict=True)
    weight = (gains[0] - gains[1]) / (costs[0] - costs[1])
    return judge_number(
        answer,
        weight,
        f"At {weight:.3g} both earn the same here, {gains[1] - weight * costs[1]:.1f}. Above it, standing pays. Where "
        "they meet depends on the start: over sixteen starts, measured before, it was between 0.010 and 0.016.",
        mistakes=[
            (gains[0] / costs[0], "There the moving robot earns nothing. But the standing one earns something."),
            (
                (gains[0] - gains[1]) / costs[0],
                "Nearly: the standing robot pays a little for its pose too. Subtract its raw extension.",
            ),
            (-weight, "The sign is off: a penalty is a positive weight."),
            (costs[0] / gains[0], "Upside down: income divided by raw cost."),
            (weight / moving.transition.ctrl_dt, "That is per second. The penalty is charged in every step."),
            (weight * moving.transition.ctrl_dt, "Both sums are over steps already: do not multiply by a step's time."),
            (100 * weight, "That is in percent: give the weight itself."),
        ],
        otherwise="Set `others - w * raw` of one robot equal to that of the other, and solve for w.",
        tolerance=0.05,  # two digits
        example="0.01",
    )


def gain_and_cost(rollout: Rollout) -> tuple[float, float]:
    """An episode's reward without the extension term, and that term's raw sum."""
    scored = rollout.rescore(rollout.config)
    raw, weighted = scored.raw, scored.weighted
    others = sum(float(values.sum()) for name, values in weighted.items() if name != "extension")
    return others, float(raw["extension"].sum())


@check
def worth_ahead(answer: Any, bonus: float, seconds: float, gamma: float = 0.99, ctrl_dt: float = 0.02) -> Verdict:
    """03: what a bonus is worth now that is paid so many seconds later, discounted in every step."""
    steps = round(seconds / ctrl_dt)
    value = bonus * gamma**steps
    return judge_number(
        answer,
        value,
        f"{seconds:g} s are {steps} steps, {gamma:g}^{steps} = {gamma**steps:.3g}: of {bonus:g}, {value:.2g} is left.",
        mistakes=[
            (bonus * gamma**seconds, f"The discount counts steps, not seconds: a step lasts {ctrl_dt:g} s."),
            (bonus * gamma ** (seconds * ctrl_dt), "How many steps are that? Divide by the duration of a step."),
            (bonus * gamma, "That is one step later."),
            (gamma**steps, f"That is what 1 is worth: times the bonus of {bonus:g}."),
            (bonus * gamma * steps, "The discount is multiplied once for every step: a power, not a product."),
            (bonus * (1 - gamma**steps), "That is what is lost of it."),
        ],
        otherwise="How many steps is that? The bonus times γ to that power.",
        tolerance=0.03,  # two digits
        example="5",
    )


@check
def telescopes(answers: Any) -> Verdict:
    """03: of which terms the sum depends on the episode's first and last state only (True)."""
    return judge_facts(
        answers,
        TELESCOPES,
        "`True` or `False` for every term",
        "A difference of one quantity before and after telescopes; a quantity paid anew in every step does not:",
        "Ask of each: is what going there pays taken back by coming back, and does waiting pay nothing?",
    )


@check
def charges_slip(term: Any, rollout: Rollout) -> Verdict:
    """03: an own term that charges for slip: mean rim speed of the wheels less forward speed, as a magnitude, m/s."""
    if not isinstance(term, RewardTerm):
        return wrong(f"`{shown(term)}` is no reward term: wrap your function, `tw.reward_term(slip, weight=-0.1)`.")
    t = rollout.transition
    try:
        checked_terms([term])
        values = checked_values(term, t)
        idle, uneven, rolling, braking, backwards, against = (
            float(np.mean(checked_values(term, moved(t, *motion)))) for motion in MOTIONS
        )
    except Exception as error:  # whatever a learner's code raises is the answer
        return wrong(f"Your term cannot be scored: {one_line(error, SENTENCE)}")
    for said, factor in (("in mm/s", 1000), ("in cm/s", 100)):
        if near(idle, 0.2 * factor):
            return wrong(f"That is {said}: give metres per second.")
    if near(idle, 8.0):
        return wrong("Wheel speed is in rad/s: times the wheel's radius it becomes the rim's speed in m/s.")
    if near(idle, 0.8):
        return wrong("It adds the four wheels up: take their mean.")
    if near(idle, 0.4):
        return wrong("Take the wheel's radius, not its diameter.")
    if near(braking, -0.2) or idle < 0:
        return wrong("It becomes negative where the robot outruns its wheels, and would pay for that: use `np.abs`.")
    if rolling > 0.02 or backwards > 0.02:
        which, charged = ("ahead", rolling) if rolling > 0.02 else ("back", backwards)
        return wrong(
            f"A robot that rolls {which} without slip (8 rad/s, 0.2 m/s) should be charged 0, not {charged:.2f}."
        )
    if not near(idle, 0.2):
        return wrong(f"Wheels that spin at 8 rad/s on the spot slip by 0.2 m/s; yours says {idle:.2f}.")
    if not near(braking, 0.2):
        return wrong(
            f"A robot that slides at 0.2 m/s on blocked wheels slips by 0.2 m/s too; yours says {braking:.2f}: "
            "take the magnitude of the difference, whichever of the two is faster."
        )
    if not near(uneven, 0.2):
        return wrong(
            f"On the spot with its wheels at 2, 5, 9 and 16 rad/s, 8 on average, it slips by 0.2 m/s; yours says "
            f"{uneven:.2f}: take the mean of all four wheels."
        )
    if not near(against, 0.4):
        return wrong(
            f"Wheels that turn ahead at 8 rad/s while it is pushed back at 0.2 m/s slip by 0.4 m/s; yours says "
            f"{against:.2f}: take the difference first, then its magnitude."
        )
    if term.weight >= 0:
        return wrong("The function is right, but its weight is positive: it would pay for slipping.")
    return right(f"On this episode the robot slips by {values.mean():.2f} m/s on average, and you charge for it.")


# Wheels [rad/s] and root [m/s]: spinning on the spot, evenly and not; rolling; sliding on blocked wheels; rolling back;
# pushed back although the wheels turn ahead.
MOTIONS: tuple[tuple[Any, float], ...] = (
    (8.0, 0.0), ((2, 5, 9, 16), 0.0), (8.0, 0.2), (0.0, 0.2), (-8.0, -0.2), (8.0, -0.2)
)  # fmt: skip


def near(value: float, other: float) -> bool:
    return bool(np.isclose(value, other, rtol=0.05))


def moved(t: Transition, wheel_speed: Any, speed: float) -> Transition:
    """The same transition with the wheels turning at these speeds [rad/s] and the root driving ahead [m/s]."""
    qvel, qpos = t.qvel.copy(), t.qpos.copy()
    qvel[:, WHEEL_DOF], qvel[:, 0] = wheel_speed, speed
    qpos[:, 0] = t.x_before + speed * t.ctrl_dt
    return dataclasses.replace(t, qvel=qvel, qpos=qpos)
