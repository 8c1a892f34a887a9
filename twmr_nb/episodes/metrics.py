"""What an evaluation measures at every step besides the reward: energy, and where the legs were folded and where out.

Pure functions of a Transition. Motor torques and joint speeds are those at the end of each control step.
"""

import numpy as np

from twmr_nb.robot.model import LEGS_FOLDED, LEGS_OUT, tip_radius
from twmr_nb.task.transition import Transition
from twmr_nb.types import Array

Edges = tuple[float, float] | None
FLAT = 0.3  # m; further away from the step than this, the robot drives on the flat
CLIMB = 0.1  # m; the front wheels meet the edge when the root is this far before it, the rear wheels when behind it


def measure(t: Transition, edges: Edges) -> dict[str, Array]:
    """Every measure of one control step, each [...]; `edges`: x of the step's near and far edge, m, None without one.

    effort [(N m)² s] and work [J] count until the obstacle is passed; the rest are flags (0 or 1): flat_before and
    flat_after, of these folded_before and folded_after; climb, of this extended. tip_radius [m]: the furthest of the
    four, while climbing.
    """
    tips = tip_radius(t.leg_angle)
    near, far = edges or (np.inf, np.inf)
    before, after = t.x < near - FLAT, t.x > far + FLAT
    climb = np.abs(t.x - near) <= CLIMB
    folded = (tips < LEGS_FOLDED).all(axis=-1)
    under_way = ~np.asarray(t.passed_before, bool)
    return {
        "effort": effort(t) * under_way,
        "work": work(t) * under_way,
        "flat_before": before,
        "flat_after": after,
        "folded_before": before & folded,
        "folded_after": after & folded,
        "climb": climb,
        "extended": climb & (tips.mean(axis=-1) > LEGS_OUT),
        "tip_radius": climb * tips.max(axis=-1),
    }


def effort(t: Transition) -> Array:
    """Squared torques of all eight motors times the step's duration, (N m)² s, [...]: heat in the windings."""
    return (t.torque * t.torque).sum(axis=-1) * t.ctrl_dt


def work(t: Transition) -> Array:
    """|torque times speed| of all eight motors times the step's duration, J, [...]: braking costs like driving."""
    speed = np.concatenate([t.wheel_speed, t.leg_speed], axis=-1)
    return np.abs(t.torque * speed).sum(axis=-1) * t.ctrl_dt
