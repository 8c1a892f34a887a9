"""Stills from the side: the robot, the step and the floor are where the simulation has them."""

import dataclasses

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from twmr_nb.config.schema import EnvConfig
from twmr_nb.draw.contrast import PAPER, on_paper
from twmr_nb.draw.side_view import CHASSIS, STEP
from twmr_nb.draw.stills import AHEAD, SEAM, VIEW, side_view_frames
from twmr_nb.episodes.rollout import record
from twmr_nb.policies.protocol import ZeroPolicy
from twmr_nb.robot.outline import outline

SIZE = (520, 300)
BODY, BLOCK = on_paper(CHASSIS, 0.85), on_paper(STEP, 0.45)


@pytest.fixture(scope="module")
def rollout():
    return record(ZeroPolicy(), EnvConfig(scene="step", step_height=0.06), num_steps=4)


def at(rollout, x):
    """The rollout with the robot at x (m) in its first step, and a picture of that."""
    qpos = rollout.transition.qpos.copy()
    qpos[0, 0] = x
    there = dataclasses.replace(rollout, transition=dataclasses.replace(rollout.transition, qpos=qpos))
    return next(side_view_frames(there, [0], SIZE, overlay=False)), qpos[0]


def colour_at(picture, qpos, x, z):
    """Of the pixel that shows a place, m."""
    scale = SIZE[1] / VIEW
    middle_x, middle_z = outline(qpos).chassis.mean(axis=0)
    left = middle_x + AHEAD - (SIZE[0] - SEAM) / scale / 2
    bottom = max(0.0, middle_z - 0.45 * VIEW) - 0.18 * VIEW
    return tuple(picture[round(SIZE[1] - (z - bottom) * scale), round((x - left) * scale)])


def same(seen, color):
    return np.abs(np.array(seen) / 255 - to_rgb(color)).max() < 0.02


def test_robot_step_floor_and_sky_are_where_they_belong(rollout):
    picture, qpos = at(rollout, 0.7)  # the step begins at 0.8
    assert picture.shape == (SIZE[1], SIZE[0], 3)
    assert same(colour_at(picture, qpos, 0.7, qpos[2]), BODY)
    assert same(colour_at(picture, qpos, 0.9, 0.057), BLOCK)
    assert same(colour_at(picture, qpos, 0.9, 0.065), PAPER)
    assert same(colour_at(picture, qpos, 0.78, 0.003), PAPER)
    assert same(colour_at(picture, qpos, 0.63, -0.02), BLOCK), "the floor is drawn as the step is"


def test_a_flat_scene_has_no_step():
    picture, qpos = at(record(ZeroPolicy(), EnvConfig(scene="flat"), num_steps=1), 0.7)
    assert same(colour_at(picture, qpos, 0.9, 0.03), PAPER)


def test_steps_carry_their_own_numbers(rollout):
    first, last = side_view_frames(rollout, [0, 3], SIZE)
    assert first.dtype == np.uint8
    assert (first[:20] != last[:20]).any(), "the line on top says the time"
