"""Rotations as unit quaternions (w, x, y, z), as MuJoCo has them in qpos[3:7]."""

import numpy as np

from twmr_nb.types import Array


def rotation(quat: Array) -> Array:
    """The rotation matrix [3, 3] of a unit quaternion (w, x, y, z)."""
    w, x, y, z = quat
    return np.array([
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ])  # fmt: skip


def roll_pitch(quat: Array) -> tuple[Array, Array]:
    """Roll and pitch [rad] of quaternions (w, x, y, z), as in the ZYX Euler angles."""
    w, x, y, z = quat[..., 0], quat[..., 1], quat[..., 2], quat[..., 3]
    roll = np.arctan2(2 * (w * x + y * z), 1 - 2 * (x * x + y * y))
    return roll, np.arcsin(np.clip(2 * (w * y - z * x), -1, 1))


def yaw(quat: Array) -> Array:
    """Heading [rad] of quaternions (w, x, y, z) in the ZYX Euler angles: 0 along x, positive towards y."""
    w, x, y, z = quat[..., 0], quat[..., 1], quat[..., 2], quat[..., 3]
    return np.arctan2(2 * (w * z + x * y), 1 - 2 * (y * y + z * z))


def upright(quat: Array) -> Array:
    """Cosine of the angle between the turned z axis and the vertical, [...] of quaternions [..., 4]."""
    return 1 - 2 * (quat[..., 1] ** 2 + quat[..., 2] ** 2)


def about_y(angle: float) -> Array:
    """The quaternion [4] that turns about the y axis by an angle [rad]: a pitch, nose down where it is positive."""
    return np.array([np.cos(angle / 2), 0.0, np.sin(angle / 2), 0.0])
