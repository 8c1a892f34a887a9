"""Check of lesson 00."""

import math
from typing import Any

from twmr_nb.config.schema import EnvConfig
from twmr_nb.course.checks.verdict import Verdict, check, judge_number
from twmr_nb.robot.model import MAX_TIP_RADIUS, WHEEL_RADIUS, WHEGS, tip_radius
from twmr_nb.robot.pose import leg_targets


@check
def whegs_height(answer: Any) -> Verdict:
    """00: the highest step [m] that the rule of thumb gives this robot, 1.5 times its largest tip radius."""
    height = WHEGS * MAX_TIP_RADIUS
    folded = float(tip_radius(float(leg_targets(EnvConfig())[0][0])))
    return judge_number(
        answer,
        height,
        f"{WHEGS} x {100 * MAX_TIP_RADIUS:.2f} cm = {100 * height:.1f} cm: "
        "by this rule 5 cm is within reach and 7 cm is not.",
        mistakes=[
            (WHEGS * WHEEL_RADIUS, "That is 1.5 times the bare wheel. Legs reach further: use the largest tip radius."),
            (
                math.ceil(100 * height) / 100,
                f"That is more than the rule gives, {100 * height:.1f} cm: rounded up, the step is out of reach.",
            ),
            (MAX_TIP_RADIUS, "That is the tip radius itself. The rule of thumb says 1.5 times as much."),
            (WHEGS * folded, "That is for folded legs. At which angle is the radius largest? At neither limit."),
        ],
        otherwise="Take 1.5 times the largest tip radius, the number printed above.",
        unit="m",
    )


@check
def actions_in(answer: Any, seconds: float = 10.0) -> Verdict:
    """00: how many actions a policy chooses in so many seconds."""
    step = EnvConfig().ctrl_dt
    return judge_number(
        answer,
        seconds / step,
        f"{seconds:g} s / {step:g} s = {seconds / step:.0f} actions, {1 / step:.0f} in every second.",
        mistakes=[
            (seconds * step, "Divide by the duration of a step; do not multiply."),
            (1 / step, "That is for one second."),
            (8 * seconds / step, "That is the single numbers. An action is all eight of them together."),
        ],
        otherwise="One action lasts 0.02 s. How many of them follow each other in that time?",
        tolerance=0.0,
        example="50",
    )
