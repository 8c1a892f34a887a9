"""Moments of an episode painted flat, from the robot's left-hand side: for machines that have no graphics library."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from twmr_nb.draw.overlay import Frame, draw_overlay
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.robot.model import step_box
from twmr_nb.robot.outline import FAR, NEAR, outline

Array = NDArray[Any]
Color = tuple[int, int, int]
SKY, FLOOR, BLOCK, MARK = (226, 232, 240), (197, 202, 207), (115, 133, 153), (77, 77, 89)
BODY, WHEEL, LEG, OTHER_LEGS = (64, 92, 117), (43, 48, 56), (230, 158, 0), (247, 204, 107)  # as MuJoCo draws them
BEHIND, WIDTH = 0.2, 0.52  # m that are shown behind the robot's middle, and in all
HORIZON = 0.78  # share of the height above the floor's line
FINER = 3  # painted so much larger, then reduced: smooth edges


def paint_steps(rollout: Rollout, index: NDArray[np.int_], size: tuple[int, int]) -> Iterator[Frame]:
    """The given control steps as frames [height, width, 3], with time, place, reward so far and gate on top."""
    reward = rollout.reward.cumsum()
    for t in index:
        picture = paint(rollout, rollout.transition.qpos[t], size)
        x, gate = rollout.transition.x[t], rollout.transition.gate[t]
        yield draw_overlay(picture, rollout.time[t], x, gate, reward[t])


def paint(rollout: Rollout, qpos: Array, size: tuple[int, int]) -> Frame:
    """One pose, qpos [23], in the rollout's world."""
    width, height = (FINER * pixels for pixels in size)
    image = Image.new("RGB", (width, height), SKY)
    draw, scale, left = ImageDraw.Draw(image), width / WIDTH, float(qpos[0]) - BEHIND

    def fill(points: Array, color: Color) -> None:
        """A polygon [K, 2] in x and z, m."""
        pixels = (points - (left, 0.0)) * (scale, -scale) + (0.0, HORIZON * height)
        draw.polygon([(float(x), float(y)) for x, y in pixels], fill=color)

    fill(box(left, left + WIDTH, -1.0, 0.0), FLOOR)
    for tenth in range(int(np.ceil(10 * left)), int(10 * (left + WIDTH)) + 1):
        fill(box(tenth / 10 - 0.001, tenth / 10 + 0.001, -0.03 if tenth % 5 == 0 else -0.015, 0.0), MARK)
    if step := step_box(rollout.config):
        fill(box(step[0] - step[2], step[0] + step[2], 0.0, rollout.step_height), BLOCK)
    shape = outline(qpos)
    for wheels, paleness in ((FAR, 0.45), (NEAR, 0.0)):
        for k in wheels:
            fill(shape.rims[k], pale(WHEEL, paleness))
            for leg, color in zip(shape.legs[k], (LEG, OTHER_LEGS, OTHER_LEGS), strict=True):
                fill(leg, pale(color, paleness))
        if wheels == FAR:
            fill(shape.chassis, BODY)
    return np.asarray(image.resize(size, Image.Resampling.BOX))


def box(left: float, right: float, bottom: float, top: float) -> Array:
    return np.array([(left, bottom), (right, bottom), (right, top), (left, top)])


def pale(color: Color, paleness: float) -> Color:
    """A colour, mixed with that of the sky."""
    red, green, blue = (round((1 - paleness) * own + paleness * sky) for own, sky in zip(color, SKY, strict=True))
    return red, green, blue
