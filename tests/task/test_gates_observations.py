"""Gates and observations against numbers worked out by hand."""

import math
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from twmr_nb import EnvConfig
from twmr_nb.robot.pose import leg_targets
from twmr_nb.robot.rotations import about_y, roll_pitch, rotation, upright
from twmr_nb.task.gate import gate, obstacle_gate, obstacle_window, proprio_gate, proprio_parts
from twmr_nb.task.observations import observation_labels, observe

X = np.array([0.0, 0.75, 1.0, 1.25, 2.0])
NONE = np.zeros((5, 4))


def test_no_gate_is_shut() -> None:
    assert_array_equal(gate(EnvConfig(gate_mode="none"), X, NONE[:, :3], NONE[:, :3], NONE, NONE), np.zeros(5))


def test_obstacle_gate_is_half_open_at_its_edges() -> None:
    config = EnvConfig(gate_mode="obstacle")  # step from 0.8 to 1.2 m, buffers of 0.05 m
    assert obstacle_window(config) == pytest.approx((0.75, 1.25))
    values = gate(config, X, NONE[:, :3], NONE[:, :3], NONE, NONE)
    assert_allclose(values, [0, 0.5, 1, 0.5, 0], atol=1e-4)
    # 0.05 m, one smoothing length, inside the first edge: (tanh(1) + 1) / 2, the far edge being saturated
    assert obstacle_gate(config, np.array([0.8]))[0] == pytest.approx(0.880797, abs=1e-6)


def test_hard_window_includes_its_edges() -> None:
    config = EnvConfig(gate_mode="obstacle", obstacle_smooth=0.0, obstacle_pre_buffer=0.3, obstacle_post_buffer=0.0)
    x = np.array([0.49, 0.51, 1.0, 1.19, 1.21])
    assert_array_equal(obstacle_gate(config, x), [0, 1, 1, 1, 0])


def test_obstacle_gate_is_shut_where_there_is_no_step() -> None:
    assert_array_equal(obstacle_gate(EnvConfig(scene="flat"), X), np.zeros(5))


def test_proprio_gate_by_hand() -> None:
    config = EnvConfig(gate_acc_scale=2.0, gate_gyro_scale=4.0, gate_stall_scale=0.5, gate_bias=1.5, gate_smooth=0.8)
    acc = np.array([[0.0, 0.0, 9.81 + 1.0], [3.0, 0.0, 4.0]])  # |5 - 9.81| = 4.81
    gyro = np.array([[0.0, 0.0, 0.0], [2.0, 1.0, 2.0]])  # norm 3
    torque = np.array([[0.0] * 4, [0.4, -0.4, 0.8, -0.8]])  # mean magnitude 0.6
    speed = np.array([[1.0] * 4, [1.0, -2.0, 3.0, -2.0]])  # mean magnitude 2
    scores = [1.0 / 2 - 1.5, 4.81 / 2 + 3 / 4 + 0.6 / 2.001 / 0.5 - 1.5]
    expected = [0.5 * (math.tanh(s / 0.8) + 1) for s in scores]
    assert_allclose(proprio_gate(config, acc, gyro, torque, speed), expected, rtol=1e-12)
    parts = proprio_parts(config, acc, gyro, torque, speed)
    assert {name: pytest.approx(values[1]) for name, values in parts.items()} == {
        "impact": 4.81 / 2, "rotation": 3 / 4, "stall": 0.6 / 2.001 / 0.5,
    }  # fmt: skip


def test_proprio_gate_opens_on_a_stall() -> None:
    config = EnvConfig()
    still, pushing = np.full((1, 4), 1e-4), np.full((1, 4), 0.8)
    rest = np.array([[0.0, 0.0, 9.81]]), np.zeros((1, 3))
    assert proprio_gate(config, *rest, pushing, still)[0] > 0.99
    assert proprio_gate(config, *rest, np.zeros((1, 4)), still)[0] < 0.05


def state() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """A state in which every number tells where it comes from; tilted by 0.3 rad about x."""
    qpos, qvel = np.arange(23) / 10, np.arange(22) / 100
    qpos[3:7] = [math.cos(0.15), math.sin(0.15), 0, 0]
    return qpos, qvel, np.array([7.0, 8.0, 9.0]), np.array([4.0, 5.0, 6.0])


def test_proprio_observation_by_hand() -> None:
    expected = [
        0.7,
        1.1,
        1.5,
        1.9,
        0.06,
        0.10,
        0.14,
        0.18,
        0.8,
        1.2,
        1.6,
        2.0,
        0.07,
        0.11,
        0.15,
        0.19,
        7,
        8,
        9,
        4,
        5,
        6,
    ]
    assert_allclose(observe(EnvConfig(), *state()), np.array(expected, np.float32), rtol=1e-6)


def test_compact_observations_by_hand() -> None:
    qpos, qvel, acc, gyro = state()
    expected = [0.0, 0.2, 0.0, 0.02, 0.3, 0.0, 0.8, 1.2, 1.6, 2.0]
    assert_allclose(observe(EnvConfig(obs_mode="compact"), *state()), expected, rtol=1e-6, atol=1e-7)
    config = EnvConfig(obs_mode="compact_obstacle", obstacle_pre_buffer=0.3)
    qpos[0] = 0.75
    seen = observe(config, qpos, qvel, acc, gyro)
    assert_allclose(seen[:10], [0.75, *expected[1:]], rtol=1e-6, atol=1e-7)
    assert_allclose(seen[10:], [1.0, -0.25 / (0.2 + 0.3)], atol=2e-3)


def test_full_observation_is_the_state() -> None:
    qpos, qvel, acc, gyro = state()
    seen = observe(EnvConfig(obs_mode="full"), qpos, qvel, acc, gyro)
    assert_array_equal(seen, np.concatenate([qpos, qvel]).astype(np.float32))


@pytest.mark.parametrize("mode", ["proprio", "compact", "compact_obstacle", "full"])
@pytest.mark.parametrize("scene", ["flat", "step_5cm"])
def test_any_leading_shape_and_one_label_per_column(mode: Any, scene: Any) -> None:
    config = EnvConfig(obs_mode=mode, scene=scene)
    one = observe(config, *state())
    many = observe(config, *(np.broadcast_to(a, (2, 3, *a.shape)) for a in state()))
    assert many.dtype == np.float32
    assert_array_equal(many, np.broadcast_to(one, (2, 3, *one.shape)))
    assert len(observation_labels(config)) == one.shape[0] == {"proprio": 22, "compact": 10, "full": 45}.get(mode, 12)


def test_roll_and_pitch() -> None:
    for axis, expected in ((1, (0.4, 0.0)), (2, (0.0, 0.4)), (3, (0.0, 0.0))):
        quat = np.zeros(4)
        quat[0], quat[axis] = math.cos(0.2), math.sin(0.2)
        assert_allclose(roll_pitch(quat), expected, atol=1e-12)
    assert_allclose(roll_pitch(np.array([math.sqrt(0.5), 0, math.sqrt(0.5) * (1 + 1e-9), 0]))[1], math.pi / 2)


@pytest.mark.parametrize("angle", [0.0, 0.4, -1.2, 3.0])
def test_a_turn_about_y_lowers_the_nose_and_tilts_the_chassis(angle: float) -> None:
    turn = rotation(about_y(angle))
    assert_allclose(turn @ [1, 0, 0], [math.cos(angle), 0, -math.sin(angle)], atol=1e-12)
    assert upright(about_y(angle)) == pytest.approx(math.cos(angle)) == pytest.approx(turn[2, 2])


@pytest.mark.parametrize(
    ("settings", "retract", "extend"),
    [
        ({}, -1.047, 3.427),
        ({"extend_mode": "midpoint"}, -1.047, 1.19),
        ({"auto_retract": False}, -1.047, 1.19),
        ({"auto_retract": False, "extend_mode": "opposite"}, -1.047, 3.427),
        ({"retract_angle": 0.5}, 0.5, 1.19),
        ({"retract_angle": 3.0, "extend_angle": 2.0}, 3.0, 2.0),
        ({"extend_mode": "opposite", "extend_angle": 0.25}, -1.047, 0.25),
        ({"extend_mode": "opposite", "retract_angle": 3.0}, 3.0, -1.047),
    ],
)
def test_leg_targets(settings: dict[str, Any], retract: float, extend: float) -> None:
    found = leg_targets(EnvConfig(**settings))
    assert_array_equal(found, np.array([[retract] * 4, [extend] * 4], np.float32))
