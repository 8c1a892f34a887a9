"""The compiled robot equals the recorded model; its geometry and scenes are what they say."""

import json
from pathlib import Path

import mujoco
import numpy as np
import pytest
from mujoco import mjtObj
from numpy.testing import assert_allclose

from twmr_nb import EnvConfig
from twmr_nb.robot import build_model
from twmr_nb.robot.model import (
    LEG_MOUNT,
    LEG_QPOS,
    MAX_TIP_RADIUS,
    WHEELS,
    at_step,
    step_box,
    step_edges,
    step_height,
    tip_radius,
)

DATA = Path(__file__).parents[1] / "data"
# How the recorded file calls MuJoCo's fields: kind -> (prefix in MjModel, object type, names that differ).
KINDS = {
    "body": ("body", mjtObj.mjOBJ_BODY, {"parent": "body_parentid"}),
    "joint": ("jnt", mjtObj.mjOBJ_JOINT, {k: f"dof_{k}" for k in ("damping", "armature", "frictionloss")}),
    "geom": ("geom", mjtObj.mjOBJ_GEOM, {"body": "geom_bodyid"}),
    "actuator": ("actuator", mjtObj.mjOBJ_ACTUATOR, {"joint": "actuator_trnid"}),
    "equality": ("eq", mjtObj.mjOBJ_EQUALITY, {"obj1": "eq_obj1id", "obj2": "eq_obj2id"}),
    "sensor": ("sensor", mjtObj.mjOBJ_SENSOR, {}),
    "site": ("site", mjtObj.mjOBJ_SITE, {"body": "site_bodyid"}),
}


@pytest.mark.parametrize("scene", ["step_5cm", "step_7cm"])
def test_model_equals_the_recorded_one(scene: str) -> None:
    model = build_model(EnvConfig(scene=scene))
    recorded = json.loads((DATA / f"model_{scene}.json").read_text())
    for key, value in recorded.items():
        if key in KINDS:
            compare(model, key, value)
        elif key == "mujoco":
            assert value == mujoco.__version__
        else:
            found = getattr(model, key) if hasattr(model, key) else getattr(model.opt, key)
            assert_allclose(found, value, rtol=0, atol=1e-12, err_msg=key)


def compare(model: mujoco.MjModel, kind: str, recorded: dict) -> None:
    prefix, number, other_names = KINDS[kind]
    for key, value in recorded.items():
        if key == "name":
            assert [mujoco.mj_id2name(model, number, i) for i in range(len(value))] == value
            continue
        found = getattr(model, other_names.get(key, f"{prefix}_{key}"))
        found = found[:, 0] if (kind, key) == ("actuator", "joint") else found
        assert found.shape == np.shape(value), (kind, key)
        assert_allclose(np.asarray(found, float), np.asarray(value, float), rtol=0, atol=1e-12, err_msg=f"{kind} {key}")


def test_the_bits_that_contacts_amplify_are_the_recorded_ones() -> None:
    model = build_model(EnvConfig())
    recorded = json.loads((DATA / "model_step_5cm.json").read_text())["body"]
    for key in ("pos", "quat", "mass", "inertia", "ipos", "iquat"):
        np.testing.assert_array_equal(getattr(model, f"body_{key}"), recorded[key], err_msg=key)


@pytest.mark.parametrize(
    ("angle", "radius"), [(-1.047, 0.0197), (0, 0.0376), (1.19, 0.0458), (2.0, 0.0424), (3.427, 0.0210)]
)
def test_tip_radius_at_measured_poses(angle: float, radius: float) -> None:
    assert tip_radius(angle) == pytest.approx(radius, abs=5e-5)


@pytest.mark.parametrize("angle", [-1.0, 0.3, 1.19, 2.5])
def test_tip_radius_is_the_models(angle: float) -> None:
    model = build_model(EnvConfig(scene="flat"))
    data = mujoco.MjData(model)
    data.qpos[LEG_QPOS] = angle
    mujoco.mj_forward(model, data)
    for wheel in WHEELS:
        leg = data.body(f"{wheel}_wheel_0_extension_body")
        tip = leg.xpos + leg.xmat.reshape(3, 3) @ [-0.025, 0, 0]
        x, _, z = tip - data.body(f"{wheel}_wheel_body").xpos
        assert np.hypot(x, z) == pytest.approx(tip_radius(angle), abs=1e-12)


def test_legs_are_fully_out_where_they_line_up_with_the_spoke() -> None:
    angles = np.linspace(-1.047, 3.427, 100_001)
    assert angles[np.argmax(tip_radius(angles))] == pytest.approx(np.pi - LEG_MOUNT, abs=1e-4)
    assert tip_radius(angles).max() == pytest.approx(MAX_TIP_RADIUS) == pytest.approx(0.025 * 5 / 6 + 0.025)


def test_the_three_legs_of_a_wheel_move_together() -> None:
    model = build_model(EnvConfig(scene="flat"))
    data = mujoco.MjData(model)
    data.qpos[2] = 1.0
    data.ctrl[4:] = 0.6
    mujoco.mj_step(model, data, 150)
    legs = data.qpos[7:].reshape(4, 4)[:, 1:]
    assert legs.min() > 0.3
    assert_allclose(legs[:, 1:], legs[:, :1].repeat(2, axis=1), atol=0.02)


def test_scenes_have_their_step() -> None:
    assert step_box(EnvConfig(scene="flat")) is None
    assert step_edges(EnvConfig(scene="flat")) is None
    assert step_height(EnvConfig(scene="flat")) == 0
    assert at_step(EnvConfig(), [0.6, 0.7, 1.0, 1.3, 1.4]).tolist() == [False, True, True, True, False]
    assert not at_step(EnvConfig(scene="flat"), [0.0, 1.0]).any()
    assert step_height(EnvConfig()) == pytest.approx(0.0495)
    assert step_height(EnvConfig(scene="step_7cm")) == pytest.approx(0.07)
    flat = build_model(EnvConfig(scene="flat"))
    assert mujoco.mj_name2id(flat, mjtObj.mjOBJ_GEOM, "traverse_box") == -1
    assert mujoco.mj_name2id(flat, mjtObj.mjOBJ_SENSOR, "box_touch") == -1


@pytest.mark.parametrize("height", [0.0, 0.0005, 0.03, 0.2])
def test_a_step_of_ones_own_size(height: float) -> None:
    config = EnvConfig(scene="step", step_height=height, step_x=2.0, step_half_depth=0.4)
    step = build_model(config).geom("traverse_box")
    assert step.pos[2] + step.size[2] == pytest.approx(height, abs=1e-15)
    assert step.size[2] > 0
    assert step_edges(config) == pytest.approx((1.6, 2.4))
    assert step.pos[0] == 2.0


def test_leg_position_servos_are_as_strong_as_the_motors() -> None:
    model = build_model(EnvConfig(action_mode="leg_position"))
    assert_allclose(model.actuator_gainprm[4:, 0], 8.0)
    assert_allclose(model.actuator_biasprm[4:, :3], [[0, -8.0, -0.1]] * 4)
    assert_allclose(model.actuator_forcerange[4:], [[-0.6, 0.6]] * 4)
    assert_allclose(model.actuator_ctrlrange[4:], [[-1.047, 3.427]] * 4)
    torque = build_model(EnvConfig())
    np.testing.assert_array_equal(model.actuator_ctrlrange[:4], torque.actuator_ctrlrange[:4])
    np.testing.assert_array_equal(model.body_inertia, torque.body_inertia)


def test_a_servo_reaches_the_angle_it_is_told() -> None:
    model = build_model(EnvConfig(scene="flat", action_mode="leg_position"))
    data = mujoco.MjData(model)
    data.qpos[2] = 1.0
    data.ctrl[4:] = [0.0, 0.5, 1.19, 3.0]
    for _ in range(1000):
        data.qpos[:3], data.qvel[:6] = [0, 0, 1], 0  # held in the air
        mujoco.mj_step(model, data)
    assert_allclose(data.qpos[LEG_QPOS], [0.0, 0.5, 1.19, 3.0], atol=0.01)
