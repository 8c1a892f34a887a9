"""Check of lesson 00."""

from typing import Any

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.course.checks.verdict import Verdict, judge_number
from twmr_nb.robot.model import LEG_RANGE, WHEEL_RADIUS, tip_radius
from twmr_nb.robot.pose import leg_targets

WHEGS_FACTOR = 1.5  # a leg-wheel climbs about one and a half times its radius


def whegs_height(answer: Any) -> Verdict:
    """00: the highest step [m] that the rule of thumb gives this robot, 1.5 times its largest tip radius."""
    largest = float(tip_radius(np.linspace(*LEG_RANGE, 1001)).max())
    height = WHEGS_FACTOR * largest
    folded = float(tip_radius(float(leg_targets(EnvConfig())[0][0])))
    return judge_number(
        answer,
        height,
        f"1.5 x {100 * largest:.2f} cm = {100 * height:.1f} cm: by this rule 5 cm is within reach and 7 cm is not.",
        mistakes=[
            (100 * height, "That is in centimetres; heights are in metres everywhere here."),
            (
                WHEGS_FACTOR * WHEEL_RADIUS,
                "That is 1.5 times the bare wheel. The legs reach further: use the largest tip radius.",
            ),
            (largest, "That is the tip radius itself. The rule of thumb says 1.5 times as much."),
            (
                WHEGS_FACTOR * folded,
                "That is for folded legs. At which angle is the radius largest? At neither limit.",
            ),
        ],
        otherwise="Take 1.5 times the largest tip radius, the number printed above.",
    )
