"""Checks of lesson 01: the robot's geometry, its motors, and a controller of the learner's own."""

import math
from typing import Any

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.course.checks.verdict import SENTENCE, Verdict, as_number, check, judge_number, right, wrong
from twmr_nb.episodes.rollout import Rollout, record_many
from twmr_nb.markup import one_line, shown
from twmr_nb.robot.model import (
    HINGE,
    LEG_CTRL,
    LEG_HINGE_RADIUS,
    LEG_LENGTH,
    LEG_MOUNT,
    LEG_RANGE,
    LEGS_OUT,
    MAX_TIP_RADIUS,
    WHEEL_RADIUS,
    WHEEL_TORQUE,
    WHEGS,
    tip_radius,
)
from twmr_nb.robot.pose import HIGH, LOW

WIDEST = math.pi - LEG_MOUNT  # the leg straight out from the axle
HARD_STEP = EnvConfig(scene="step", step_height=0.06, action_mode="leg_position")
STARTS, ENOUGH = 16, 12
READ = 0.1  # rad, to which an angle can be read from a figure
LEGS_ASKED = 3.0  # a leg command this large is no slip of a servo's -1 to 1


@check
def widest_angle(answer: Any) -> Verdict:
    """01: the leg angle [rad] with the largest tip radius, 1.22; the middle of the range, 1.19, is as good."""
    if is_index(answer):
        return wrong(f"{answer} is an index, a place in the array: take the angle there, `angles[{answer}]`.")
    return judge_number(
        answer,
        WIDEST,
        f"The tip is furthest out at {WIDEST:.2f} rad, where the leg points straight away from the axle: "
        f"{1000 * MAX_TIP_RADIUS:.1f} mm. The middle of the range is less than 0.1 mm short of that.",
        mistakes=[
            (MAX_TIP_RADIUS, "That is the radius. Which angle gives it?"),
            (LOW, f"The lower limit folds the legs: the tip is only {1000 * tip_radius(LOW):.1f} mm from the axle."),
            (HIGH, f"The upper limit folds the legs too: {1000 * tip_radius(HIGH):.1f} mm, inside the wheel."),
        ],
        otherwise="Find the highest point of the curve and read its angle below it.",
        tolerance=READ / WIDEST,
        example="0.5",
        unit="rad",
    )


def is_index(answer: Any) -> bool:
    """Whether this can only be a place in an array: a whole number of NumPy's, or one beyond all angles in degrees."""
    return isinstance(answer, np.integer) or (isinstance(answer, int) and answer > math.degrees(LEG_RANGE[1]))


@check
def angles_for_step(low: Any, high: Any) -> Verdict:
    """01: between which leg angles [rad] the reach rule allows the 5 cm step: where the tip radius is 3.33 cm."""
    first, last = as_number(low), as_number(high)
    if first is None or last is None:
        return wrong(f"`{shown(low)}`, `{shown(high)}`: give two angles in radians, the smaller one first.")
    if first > last:
        return wrong("The smaller angle comes first.")
    if is_index(high):
        return wrong(f"{high} is an index, a place in the array: take the angle there, `angles[{high}]`.")
    if not LEG_RANGE[0] - READ <= first <= last <= LEG_RANGE[1] + READ:
        if last > 3 * LEG_RANGE[1]:
            return wrong("That is in degrees: give radians.")
        return wrong(f"The legs turn from {LEG_RANGE[0]} to {LEG_RANGE[1]} rad only: both angles lie in between.")
    expected = angles_of_radius(0.05 / WHEGS)
    if max(abs(first - expected[0]), abs(last - expected[1])) <= READ:
        return right(
            f"From {expected[0]:.2f} to {expected[1]:.2f} rad the tips are at least {100 * 0.05 / WHEGS:.2f} cm "
            "out. Both limits of the range lie outside."
        )
    mistakes = (
        (angles_of_radius(WHEEL_RADIUS), "There the tips pass the wheel's rim. 5 cm needs more: radius 0.05 / 1.5."),
        (LEG_RANGE, "That is the whole range, but at both its ends the legs are folded."),
    )
    for pair, reason in mistakes:
        if max(abs(first - pair[0]), abs(last - pair[1])) <= READ:
            return wrong(reason)
    if first - expected[0] > READ or expected[1] - last > READ:
        return wrong("At one of your angles the tips reach further than they must: the range is wider.")
    return wrong("At one of your angles the tips reach less than 0.05 / 1.5 m: the range is narrower.")


def angles_of_radius(radius: float) -> tuple[float, float]:
    """The two leg angles [rad] with this tip radius [m]."""
    across = 2 * LEG_HINGE_RADIUS * LEG_LENGTH
    bend = math.acos((LEG_HINGE_RADIUS**2 + LEG_LENGTH**2 - radius**2) / across)
    return bend - LEG_MOUNT, 2 * math.pi - bend - LEG_MOUNT


@check
def flat_speed(answer: Any) -> Verdict:
    """01: the robot's top speed [m/s] on its bare wheels: full torque balances the joint's damping."""
    turn = WHEEL_TORQUE / HINGE["damping"]
    speed = turn * WHEEL_RADIUS
    return judge_number(
        answer,
        speed,
        f"{WHEEL_TORQUE} N m / {HINGE['damping']} N m s/rad = {turn:.0f} rad/s, times 0.025 m = {speed:.2f} m/s. "
        "Dry friction takes a little more: run the next cell to see what the simulation says.",
        mistakes=[
            (turn, "That is the wheels' speed in rad/s. How far does a point on the rim go in a second?"),
            (2 * speed, "Use the wheel's radius, not its diameter."),
            (turn * MAX_TIP_RADIUS, "That is for legs held out; this question is about the bare wheels."),
        ],
        otherwise="The wheel speeds up until damping times speed equals the motor's torque.",
        tolerance=0.06,
        example="0.5",
        unit="m/s",
    )


@check
def climber(player: Any) -> Verdict:
    """01: a controller that passes the 6 cm step from three quarters of 16 starts; the full command is far from it."""
    if isinstance(player, type) or not (hasattr(player, "act") and hasattr(player, "reset")):
        return wrong(f"`{shown(player)}` is no controller: give an object like `Constant(1.0, 1.19, 1.19)`.")
    try:
        episodes = record_many(player, STARTS, HARD_STEP)
    except Exception as error:  # whatever a learner's code raises is the answer
        return wrong(f"Your controller cannot be played: {one_line(error, SENTENCE)}")
    passed = sum(bool(e.transition.passed[-1]) for e in episodes)
    if passed >= ENOUGH:
        return right(f"{passed} of {STARTS} starts pass 6 cm, which one full command for all wheels is far from.")
    return wrong(f"{passed} of {STARTS} starts pass 6 cm; {ENOUGH} are enough. {why_stuck(episodes)}")


def why_stuck(episodes: list[Rollout]) -> str:
    """What the failed episodes have in common."""
    if max(np.abs(episode.action[:, LEG_CTRL]).max() for episode in episodes) > LEGS_ASKED:
        return "The legs are asked for angles far outside their range: give radians, from -1.05 to 3.43, not degrees."
    x = np.array([e.transition.x[-1] for e in episodes])
    tips = tip_radius(np.stack([e.transition.leg_angle[-1] for e in episodes]))
    if np.median(x) < -0.1:
        return "The robot drives backwards: positive wheel commands drive ahead."
    if np.median(x) < 0.5:
        return "Most robots never reached the step: give the wheels a larger command."
    if tips[:, :2].mean() < LEGS_OUT:
        return "The front legs are not out far enough to hook the edge: look at the tip radius again."
    if np.median(x) < 0.72:
        return "Most robots stop before the front wheels are up."
    return "Most robots get their front up and then hang: try other angles for the rear legs, or slower wheels."
