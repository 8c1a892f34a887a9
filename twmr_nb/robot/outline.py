"""The robot seen from its left-hand side, as plain points: for drawings that need no graphics library.

Everything here is x (ahead) and z (up) in metres; y is dropped.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from twmr_nb.robot.model import (
    CHASSIS_HALF_SIZE,
    LEG_HALF_SIZE,
    LEG_HINGES,
    LEG_LENGTH,
    LEG_OUTBOARD,
    LEG_QPOS,
    LEG_TURNS,
    NQ,
    WHEEL_HALF_WIDTH,
    WHEEL_QPOS,
    WHEEL_RADIUS,
    WHEELS,
)
from twmr_nb.robot.rotations import about_y, rotation
from twmr_nb.types import Array

AHEAD, SIDE = (np.array(column, float) for column in zip(*WHEELS.values(), strict=True))
ALL_LEGS = tuple(slice(LEG_QPOS.start + leg, None, LEG_QPOS.step) for leg in range(3))  # of qpos: leg 0, 1, 2
HINGE_X, HINGE_Z = np.array(LEG_HINGES).T
MOUNT_TURN = np.array([2 * math.atan2(y, w) for w, y in LEG_TURNS])  # rad about y
NEAR, FAR = (0, 2), (1, 3)  # seen from the left-hand side; wheels in motor order
RIM = np.linspace(0, 2 * np.pi, 48)


@dataclass(frozen=True)
class Outline:
    """Points [..., 2] in x and z, m; wheels in motor order."""

    chassis: Array
    """The four corners of the box's middle plane, [4, 2]."""
    axles: Array
    """Wheel centres, [4, 2]."""
    rims: Array
    """Wheel rims, [4, 48, 2]; each begins at the wheel's own mark."""
    legs: Array
    """The four corners of every leg, [4, 3, 4, 2]: two at the hinge, two at the tip."""

    @property
    def reach(self) -> Array:
        """How far each wheel with its legs reaches below its axle, m, [4]."""
        bottom = np.minimum(self.rims[..., 1].min(axis=-1), self.legs[..., 1].min(axis=(-1, -2)))
        return self.axles[:, 1] - bottom

    @property
    def lowest(self) -> float:
        """Height of the lowest point of all wheels and legs, m."""
        return float((self.axles[:, 1] - self.reach).min())

    @property
    def clearance(self) -> float:
        """Height of the chassis's lowest corner, m."""
        return float(self.chassis[:, 1].min())


def outline(qpos: ArrayLike) -> Outline:
    """The side view of a pose, qpos [23]."""
    qpos = np.asarray(qpos, float)
    turn = rotation(qpos[3:7])

    def seen(points: Array) -> Array:
        """Points [..., 3] of the chassis frame in the world's x and z."""
        return (points @ turn.T + qpos[:3])[..., [0, 2]]

    half_length, half_width, half_height = CHASSIS_HALF_SIZE
    corners = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)]) * (half_length, half_height)
    axles = np.stack([AHEAD * half_length, SIDE * (half_width + WHEEL_HALF_WIDTH), np.zeros(4)], axis=-1)
    angle = qpos[WHEEL_QPOS]
    rims = axles[:, None] + WHEEL_RADIUS * in_plane(np.cos(RIM + angle[:, None]), -np.sin(RIM + angle[:, None]))
    hinges = axles[:, None] + wheel_points(angle[:, None], HINGE_X, HINGE_Z)
    hinges[..., 1] += SIDE[:, None] * LEG_OUTBOARD
    joints = np.stack([qpos[leg] for leg in ALL_LEGS], axis=-1)
    heading = angle[:, None] + MOUNT_TURN + joints
    along = LEG_LENGTH * in_plane(-np.cos(heading), np.sin(heading))
    aside = LEG_HALF_SIZE[2] * in_plane(np.sin(heading), np.cos(heading))
    legs = np.stack([hinges - aside, hinges + aside, hinges + along + aside, hinges + along - aside], axis=2)
    return Outline(seen(in_plane(*corners.T)), seen(axles), seen(rims), seen(legs))


def in_plane(x: Array, z: Array) -> Array:
    """Points [..., 3] with y = 0."""
    return np.stack([x, np.zeros_like(x), z], axis=-1)


def wheel_points(angle: Array, x: Array, z: Array) -> Array:
    """Points of a wheel turned by `angle` about y."""
    return in_plane(x * np.cos(angle) + z * np.sin(angle), z * np.cos(angle) - x * np.sin(angle))


def posed(leg_angle: ArrayLike, wheel_angle: ArrayLike = 0.0) -> Array:
    """qpos [23] of the robot standing on its wheels' and legs' lowest points; leg and wheel angles are [4] or one, rad.

    Front and rear axle each rest on their own lowest point, so unequal legs tilt the robot.
    """
    qpos = np.zeros(NQ)
    qpos[3] = 1.0
    qpos[WHEEL_QPOS] = wheel_angle
    qpos = with_legs(qpos, leg_angle)
    length = 2 * CHASSIS_HALF_SIZE[0]
    pitch = 0.0
    for _ in range(8):  # the tilt turns the legs a little, which changes the tilt
        qpos[3:7] = about_y(pitch)
        shape = outline(qpos)
        front, rear = shape.reach[:2].max(), shape.reach[2:].max()
        pitch = -math.asin((front - rear) / length)  # nose up where the front reaches further
    qpos[2] -= outline(qpos).lowest
    return qpos


def with_legs(qpos: Array, leg_angle: ArrayLike) -> Array:
    """A copy of qpos with all three legs of each wheel at `leg_angle` ([4] or one), rad."""
    qpos = np.array(qpos, float)
    for leg in ALL_LEGS:
        qpos[leg] = leg_angle
    return qpos
