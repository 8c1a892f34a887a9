"""An episode as columns of numbers, a row per control step: docs/runs.md has their units."""

import numpy as np

from twmr_nb.robot.model import WHEELS
from twmr_nb.task.rewards import Scores, total
from twmr_nb.task.transition import Transition
from twmr_nb.types import Array

PLAIN = ("x", "z", "vx", "vz", "roll", "pitch", "tilt", "upright", "gate", "touch", "passed", "fell")
OF_EACH_WHEEL = ("wheel_angle", "wheel_speed", "leg_angle", "leg_speed")
OF_EACH_MOTOR = ("action", "torque")  # first those of the wheels
ALONG_AXES = ("accelerometer", "gyro")


def columns_of(t: Transition, reward_terms: Scores) -> dict[str, Array]:
    """Name -> [T], the time of each row first, reward terms last."""
    found = {"time": np.arange(1, len(t.action) + 1) * t.ctrl_dt} | {name: getattr(t, name) for name in PLAIN}
    motors = [f"{kind}_{wheel}" for kind in ("wheel", "leg") for wheel in WHEELS]
    for names, parts in ((OF_EACH_WHEEL, WHEELS), (OF_EACH_MOTOR, motors), (ALONG_AXES, "xyz")):
        for name in names:
            found |= {f"{name}/{part}": values for part, values in zip(parts, getattr(t, name).T, strict=True)}
    return found | {"reward": total(reward_terms)} | {f"term/{name}": values for name, values in reward_terms.items()}
