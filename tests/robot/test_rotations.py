"""Rotations: a robot on its back."""

import numpy as np
from numpy.testing import assert_array_equal

from twmr_nb.robot.rotations import about_x, about_y, about_z, compose, on_back, upright


def test_on_its_back_is_beyond_a_right_angle_whichever_way_it_turned_over():
    angles = [0.0, 1.5, 1.6, 3.1, -1.5, -1.6]
    over = [False, False, True, True, False, True]
    for about in (about_x, about_y):
        assert_array_equal(on_back(np.array([about(angle) for angle in angles])), over)
    assert_array_equal(on_back(about_z(np.array([0.0, 1.6, 3.1]))), False)


def test_on_its_back_is_where_its_up_points_down():
    rng = np.random.default_rng(0)
    turned = compose(*(np.array([about(a) for a in rng.uniform(-3, 3, 500)]) for about in (about_x, about_y)))
    assert_array_equal(on_back(turned), upright(turned) < 0)
    assert 100 < on_back(turned).sum() < 400
