"""Folded and extended leg poses, and how low the robot reaches in a pose."""

import functools

import mujoco
import numpy as np

from twmr_nb.config.schema import EnvConfig, checked_world
from twmr_nb.robot.model import LEG_QPOS, LEG_RANGE, WHEEL_PLACES, build_model
from twmr_nb.robot.rotations import rotation
from twmr_nb.types import Array

# In float32, as the recorded runs had them.
LOW, HIGH = (float(np.float32(limit)) for limit in LEG_RANGE)
MIDDLE = float(np.float32(0.5 * (LOW + HIGH)))


def leg_targets(config: EnvConfig) -> tuple[Array, Array]:
    """The retract and the extend angle [rad] of the four legs, each float32 [4]."""
    config = checked_world(config)
    automatic = config.auto_retract and config.retract_angle is None
    retract = folded_limit() if automatic else LOW if config.retract_angle is None else config.retract_angle
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


@functools.cache
def folded_limit() -> float:
    """The joint limit [rad] that leaves the robot's lowest point higher."""
    model = build_model(EnvConfig(scene="flat"))
    data = mujoco.MjData(model)
    heights = []
    for limit in (LOW, HIGH):
        data.qpos[LEG_QPOS] = limit
        mujoco.mj_forward(model, data)
        heights.append(lowest_point(model, data.geom_xpos))
    return LOW if heights[0] >= heights[1] else HIGH


def lowest_point(model: mujoco.MjModel, geom_xpos: Array) -> Array:
    """About how low [m] the robot reaches, [...], from geom centres [..., ngeom, 3]: below each by its first size if
    round, by its third otherwise, whatever its orientation. The recorded runs stand on the floor by this measure."""
    first, below = robot_geoms(model)
    return (geom_xpos[..., first:, 2] - below).min(axis=-1)


def robot_geoms(model: mujoco.MjModel) -> tuple[int, Array]:
    """The first geom that belongs to the robot (the scene's come first), and how far each of them reaches down."""
    first = int(np.argmax(model.geom_bodyid > 0))
    is_round = model.geom_type == mujoco.mjtGeom.mjGEOM_CYLINDER
    return first, np.where(is_round, model.geom_size[:, 0], model.geom_size[:, 2])[first:]
