"""Flat pictures: the robot, the step and the floor are where the simulation has them."""

import numpy as np
import pytest

from twmr_nb.config.schema import EnvConfig
from twmr_nb.draw.flat import BEHIND, BLOCK, BODY, FLOOR, HORIZON, SKY, WIDTH, paint, paint_steps
from twmr_nb.episodes.rollout import record
from twmr_nb.policies.protocol import ZeroPolicy

SIZE = (520, 300)


@pytest.fixture(scope="module")
def rollout():
    return record(ZeroPolicy(), EnvConfig(scene="step", step_height=0.06), num_steps=4)


def colour_at(picture, left, x, z):
    """Of the pixel that shows a place, m."""
    scale = SIZE[0] / WIDTH
    return tuple(picture[round(HORIZON * SIZE[1] - z * scale), round((x - left) * scale)])


def test_robot_step_floor_and_sky_are_where_they_belong(rollout):
    qpos = rollout.transition.qpos[0].copy()
    qpos[0] = 0.7  # the step begins at 0.8
    picture, left = paint(rollout, qpos, SIZE), 0.7 - BEHIND
    assert picture.shape == (SIZE[1], SIZE[0], 3)
    assert colour_at(picture, left, 0.7, qpos[2]) == BODY
    assert colour_at(picture, left, 0.9, 0.057) == BLOCK
    assert colour_at(picture, left, 0.9, 0.065) == SKY
    assert colour_at(picture, left, 0.78, 0.001) == SKY
    assert colour_at(picture, left, 0.65, -0.02) == FLOOR


def test_a_flat_scene_has_no_step(rollout):
    flat = record(ZeroPolicy(), EnvConfig(scene="flat"), num_steps=1)
    qpos = flat.transition.qpos[0].copy()
    qpos[0] = 0.7
    assert colour_at(paint(flat, qpos, SIZE), 0.7 - BEHIND, 0.9, 0.03) == SKY


def test_steps_carry_their_own_numbers(rollout):
    first, last = paint_steps(rollout, np.array([0, 3]), SIZE)
    assert first.dtype == np.uint8
    assert (first[:20] != last[:20]).any(), "the line on top says the time"
