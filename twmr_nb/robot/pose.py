"""Folded and extended leg poses, and how far down the robot's parts reach."""

import mujoco
import numpy as np

from twmr_nb.config.schema import EnvConfig, checked_world
from twmr_nb.robot.model import LEG_RANGE, WHEEL_PLACES
from twmr_nb.robot.rotations import rotation
from twmr_nb.types import Array

# In float32, as the recorded runs had them.
LOW, HIGH = (float(np.float32(limit)) for limit in LEG_RANGE)
MIDDLE = float(np.float32(0.5 * (LOW + HIGH)))


def leg_targets(config: EnvConfig) -> tuple[Array, Array]:
    """The retract and the extend angle [rad] of the four legs, each float32 [4]."""
    config = checked_world(config)
    automatic = config.auto_retract and config.retract_angle is None
    # Folded at both limits, the robot has more room below it at the lower one.
    retract = LOW if config.retract_angle is None else config.retract_angle
    if config.extend_angle is not None:
        extend = config.extend_angle
    elif config.extend_mode == "opposite" or (config.extend_mode == "auto" and automatic):
        extend = LOW if retract > MIDDLE else HIGH
    else:
        extend = MIDDLE
    return np.full(4, retract, np.float32), np.full(4, extend, np.float32)


def wheel_centres(qpos: Array) -> tuple[Array, Array]:
    """Where the wheels' axes are: x and z [m], each [..., 4], of joint positions [..., 23]."""
    turned = rotation(qpos[..., 3:7])[..., :2] @ WHEEL_PLACES.T  # [..., 3, 4], as seen from the root
    return qpos[..., 0, None] + turned[..., 0, :], qpos[..., 2, None] + turned[..., 2, :]


def robot_geoms(model: mujoco.MjModel) -> tuple[int, Array]:
    """The first geom that belongs to the robot (the scene's come first), and about how far each of them reaches down:
    its first size if round, its third otherwise, whatever its orientation. Recorded runs stand by this measure."""
    first = int(np.argmax(model.geom_bodyid > 0))
    is_round = model.geom_type == mujoco.mjtGeom.mjGEOM_CYLINDER
    return first, np.where(is_round, model.geom_size[:, 0], model.geom_size[:, 2])[first:]
