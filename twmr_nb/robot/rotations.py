"""Rotations as unit quaternions (w, x, y, z), as MuJoCo has them in qpos[3:7]."""

import numpy as np
from numpy.typing import ArrayLike

from twmr_nb.types import Array


def rotation(quat: Array) -> Array:
    """The rotation matrices [..., 3, 3] of unit quaternions [..., 4]: a column for each turned axis."""
    quat = np.asarray(quat)
    w, x, y, z = (quat[..., i] for i in range(4))
    rows = (
        (1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)),
        (2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)),
        (2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)),
    )
    turned = np.empty((*quat.shape[:-1], 3, 3), quat.dtype)
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            turned[..., i, j] = value
    return turned


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
    x, y = quat[..., 1], quat[..., 2]
    return 1 - 2 * (x * x + y * y)


def on_back(quat: Array) -> Array:
    """Whether the turned z axis points down, [...] of quaternions [..., 4]: where their x and y reach half of one."""
    aside = quat[..., 1:3]
    return np.vecdot(aside, aside) > 0.5


def tilt(quat: Array) -> Array:
    """Angle [rad] between the turned z axis and the vertical, [...] of quaternions [..., 4]."""
    return np.arccos(np.clip(upright(quat), -1, 1))


def nose_up(quat: Array) -> Array:
    """Angle [rad] by which the turned x axis points above the horizon, [...] of quaternions [..., 4]."""
    w, x, y, z = np.moveaxis(np.asarray(quat), -1, 0)
    return np.arcsin(np.clip(2 * (x * z - w * y), -1, 1))


def about_x(angle: float) -> Array:
    """The quaternion [4] that turns about the x axis by an angle [rad]: a roll."""
    return np.array([np.cos(angle / 2), np.sin(angle / 2), 0.0, 0.0])


def about_y(angle: float) -> Array:
    """The quaternion [4] that turns about the y axis by an angle [rad]: a pitch, nose down where it is positive."""
    return np.array([np.cos(angle / 2), 0.0, np.sin(angle / 2), 0.0])


def about_z(angle: ArrayLike) -> Array:
    """The quaternions [..., 4] that turn about the z axis by angles [...] (rad): a heading, to the left if positive."""
    angle = np.asarray(angle)
    return np.stack([np.cos(angle / 2), np.zeros_like(angle), np.zeros_like(angle), np.sin(angle / 2)], axis=-1)


def compose(first: Array, then: Array) -> Array:
    """The quaternions [..., 4] of turning by `then` in the frame that `first` leads to (Hamilton's product)."""
    (a, b, c, d), (w, x, y, z) = np.moveaxis(first, -1, 0), np.moveaxis(then, -1, 0)
    parts = (
        a * w - b * x - c * y - d * z,
        a * x + b * w + c * z - d * y,
        a * y - b * z + c * w + d * x,
        a * z + b * y - c * x + d * w,
    )
    return np.stack(parts, axis=-1)


def small_turn(vector: Array) -> Array:
    """The quaternions [..., 4] that turn about vectors [..., 3] by their lengths [rad], to second order."""
    half = vector / 2
    real = 1 - (half * half).sum(axis=-1, keepdims=True) / 2
    return unit(np.concatenate([real, half], axis=-1))


def unit(quat: Array) -> Array:
    """Quaternions [..., 4] scaled to length 1."""
    return quat / np.sqrt((quat * quat).sum(axis=-1, keepdims=True))
