"""Measures by hand, on made-up control steps."""

from typing import Any

import numpy as np
import pytest

from twmr_nb.episodes.metrics import measure
from twmr_nb.robot.model import tip_radius
from twmr_nb.task.transition import Transition

EDGES = (0.8, 1.2)
FOLDED, OUT = 3.427, 1.19  # rad: tips 0.021 m and 0.046 m from the axis


def transition(x: float, legs: list[float], torque: float = 0.0, speed: float = 0.0, **changes: Any) -> Transition:
    """One robot at x [m]; every motor with this torque [N m] at this speed [rad/s]."""
    qpos, qvel = np.zeros((1, 23)), np.zeros((1, 22))
    qpos[:, 0] = x
    qpos[:, 8::4] = legs
    qvel[:, 6::4] = qvel[:, 7::4] = speed
    values: dict[str, Any] = {
        "qpos_before": qpos, "qpos": qpos, "qvel": qvel, "accelerometer": np.zeros((1, 3)),
        "gyro": np.zeros((1, 3)), "torque": np.full((1, 8), torque), "touch": np.zeros(1), "gate": np.zeros(1),
        "action": np.zeros((1, 8)), "action_before": np.zeros((1, 8)), "fell": np.zeros(1, bool), "step_height": 0.05,
        "step_edge": EDGES[0], "start_yaw": 0.0,
        "passed_before": np.array([False]), "success_x": 1.3, "retract": np.zeros(4), "extend": np.zeros(4),
        "ctrl_dt": 0.02,
    }  # fmt: skip
    return Transition(**values | changes)


def at(x: float, legs: list[float], edges: tuple[float, float] | None = EDGES) -> dict[str, float]:
    return {name: float(value[0]) for name, value in measure(transition(x, legs), edges).items()}


def test_the_poses_are_what_they_are_called():
    assert tip_radius(FOLDED) < 0.022
    assert tip_radius(OUT) > 0.0455


def test_energy_of_eight_motors_by_hand():
    found = measure(transition(0, [FOLDED] * 4, torque=-0.5, speed=3.0), EDGES)
    assert found["effort"] == pytest.approx(8 * 0.25 * 0.02)  # squared torques times 0.02 s
    assert found["work"] == pytest.approx(8 * 1.5 * 0.02)  # braking counts like driving
    beyond = measure(transition(2, [FOLDED] * 4, torque=1.0, speed=1.0, passed_before=np.array([True])), EDGES)
    assert (beyond["effort"], beyond["work"]) == (0, 0)


@pytest.mark.parametrize(
    ("x", "where"),
    [(0.0, "flat_before"), (0.49, "flat_before"), (0.51, ""), (1.49, ""), (1.51, "flat_after")],
)
def test_the_flat_begins_30_cm_from_the_step(x, where):
    found = at(x, [FOLDED] * 4)
    assert {name for name in ("flat_before", "flat_after") if found[name]} == ({where} if where else set())
    assert found["folded_before"] == found["flat_before"]
    assert found["folded_after"] == found["flat_after"]


def test_folded_means_every_leg():
    assert at(0, [FOLDED] * 4)["folded_before"] == 1
    assert at(0, [FOLDED, FOLDED, FOLDED, OUT])["folded_before"] == 0


@pytest.mark.parametrize(("x", "climbs"), [(0.69, 0), (0.71, 1), (0.89, 1), (0.91, 0)])
def test_the_climb_is_within_10_cm_of_the_near_edge(x, climbs):
    found = at(x, [OUT] * 4)
    assert (found["climb"], found["extended"]) == (climbs, climbs)
    assert found["tip_radius"] == pytest.approx(climbs * tip_radius(OUT))


def test_extended_means_on_average():
    assert at(0.8, [FOLDED, OUT, OUT, OUT])["extended"] == 0  # 0.0396 m
    assert at(0.8, [1.9, OUT, OUT, OUT])["extended"] == 1
    assert at(0.8, [FOLDED, FOLDED, FOLDED, OUT])["tip_radius"] == pytest.approx(tip_radius(OUT))


def test_without_a_step_all_is_flat():
    found = at(5.0, [FOLDED] * 4, edges=None)
    assert (found["flat_before"], found["flat_after"], found["climb"]) == (1, 0, 0)
