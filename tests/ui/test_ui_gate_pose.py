"""Gate and pose explorer, the side view's geometry, and the sliders that all explorers share."""

import io

import mujoco
import numpy as np
import pytest
from climb import climb
from PIL import Image

from twmr_nb import EnvConfig, GateExplorer, PoseExplorer, RewardExplorer, reward_term
from twmr_nb.config.fields import settings_of
from twmr_nb.draw.live_figure import nice_limits
from twmr_nb.episodes.rollout import record
from twmr_nb.policies.protocol import RandomPolicy
from twmr_nb.policies.scripted import ConstantPolicy
from twmr_nb.robot import build_model
from twmr_nb.robot.model import LEG_HALF_SIZE, LEG_LENGTH, WHEEL_CTRL, WHEEL_RADIUS, WHEELS, tip_radius
from twmr_nb.robot.outline import outline, posed
from twmr_nb.robot.pose import HIGH, LOW, MIDDLE, leg_targets
from twmr_nb.task.gate import proprio_gate, proprio_parts
from twmr_nb.ui.background import Redraw


@pytest.fixture(scope="module")
def rollout():
    return climb()


def pixels(image) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(image.value)).convert("RGBA"))


# -- geometry ---------------------------------------------------------------------------------------------------------


def test_the_side_view_agrees_with_mujoco():
    model = build_model(EnvConfig(scene="flat"))
    data = mujoco.MjData(model)
    data.qpos[:] = np.random.default_rng(0).normal(size=23)
    data.qpos[3:7] /= np.linalg.norm(data.qpos[3:7])
    mujoco.mj_kinematics(model, data)
    shape = outline(data.qpos)
    thin = LEG_HALF_SIZE[2]
    corners = [(0, 0, -thin), (0, 0, thin), (-LEG_LENGTH, 0, thin), (-LEG_LENGTH, 0, -thin)]
    for k, wheel in enumerate(WHEELS):
        body = data.body(f"{wheel}_wheel_body")
        np.testing.assert_allclose(shape.axles[k], body.xpos[[0, 2]], atol=1e-12)
        mark = body.xpos + body.xmat.reshape(3, 3) @ [WHEEL_RADIUS, 0, 0]
        np.testing.assert_allclose(shape.rims[k, 0], mark[[0, 2]], atol=1e-12)
        for leg in range(3):
            body = data.body(f"{wheel}_wheel_{leg}_extension_body")
            for i, corner in enumerate(corners):
                place = body.xpos + body.xmat.reshape(3, 3) @ corner
                np.testing.assert_allclose(shape.legs[k, leg, i], place[[0, 2]], atol=1e-12)


@pytest.mark.parametrize("angles", [LOW, MIDDLE, HIGH, (1.19, 1.19, -1.0, -1.0), (-1.0, 0.2, 1.0, 3.0)])
def test_the_posed_robot_stands_on_the_floor(angles):
    shape = outline(posed(angles, 0.3))
    bottom = shape.axles[:, 1] - shape.reach
    assert min(bottom) == pytest.approx(0, abs=1e-9)
    assert min(bottom[:2]) == pytest.approx(0, abs=1e-4)  # the front stands, and so does the rear
    assert min(bottom[2:]) == pytest.approx(0, abs=1e-4)
    assert shape.clearance > 0


def test_a_folded_robot_stands_on_its_wheels_and_an_extended_one_on_its_legs():
    assert outline(posed(LOW)).axles[0, 1] == pytest.approx(WHEEL_RADIUS, abs=1e-4)
    assert outline(posed(MIDDLE)).axles[0, 1] > WHEEL_RADIUS + 0.005


# -- sliders ----------------------------------------------------------------------------------------------------------


def test_a_row_says_what_was_and_goes_back_to_it(rollout, tmp_path):
    explorer = RewardExplorer(rollout, root=tmp_path)
    row, recorded = explorer.rows["extension_penalty"], rollout.config.extension_penalty
    assert (row.value, row.differs) == (recorded, False)
    row.text = "0.1234"
    assert explorer.config.extension_penalty == 0.1234
    assert row.differs
    assert row.start_text == f"{recorded:g}"
    row.text = row.start_text  # what the way back writes
    assert explorer.overrides == {}
    assert not row.differs


def test_what_cannot_be_stays_as_typed_and_changes_nothing(rollout, tmp_path):
    explorer = RewardExplorer(rollout, [reward_term(lambda t: -t.z, name="low")], root=tmp_path)
    before, config, count = explorer.extra_terms, explorer.config, explorer.redraw.count
    for row in (explorer.rows["extension_penalty"], explorer.weights["low"]):
        row.text = "11,5"
        assert row.problem.startswith(f"{row.setting.name} = '11,5' is not allowed")
        assert row.text == "11,5"
    assert (explorer.extra_terms, explorer.config) == (before, config)
    pose = PoseExplorer()
    pose.together.text = "4"
    assert "give a number from -1.047 to 3.427 rad" in pose.together.problem
    assert pose.leg_angle == pytest.approx([LOW] * 4)
    assert explorer.redraw.count - count <= 1


def test_a_batch_of_changes_is_drawn_once():
    drawn = []
    redraw = Redraw(lambda: drawn.append(1))
    with redraw.hold():
        for _ in range(5):
            redraw()
        with redraw.hold():
            redraw()
        assert drawn == []
    assert len(drawn) == 1
    with redraw.hold():
        pass
    assert len(drawn) == 1


@pytest.mark.parametrize(("low", "high"), [(-1, 3), (0, 0), (-250.0, 12.0), (0.0, 1e-6), (-0.003, 0.0)])
def test_limits_hold_the_data_without_wasting_the_panel(low, high):
    bottom, top = nice_limits(low, high)
    assert bottom < min(low, 0)
    assert top > max(high, 0)
    assert top - bottom < 2.5 * max(high - low, 1e-8) or high == low


# -- gate explorer ----------------------------------------------------------------------------------------------------


def test_it_shows_the_gate_of_every_mode(rollout, tmp_path):
    explorer = GateExplorer(rollout, root=tmp_path)
    assert set(explorer.gates) == set(settings_of(EnvConfig)["gate_mode"].words)
    assert not explorer.gates["none"].any()
    np.testing.assert_allclose(explorer.gates["obstacle"], rollout.transition.gate)
    pictures = set()
    for mode in explorer.gates:
        explorer.rows["gate_mode"].text = mode
        assert explorer.config.gate_mode == mode
        np.testing.assert_array_equal(explorer.scored.gate, explorer.gates[mode])
        pictures.add(explorer.image.value)
    assert len(pictures) == len(explorer.gates)


def test_a_parameter_moves_its_own_gate_only(rollout, tmp_path):
    explorer = GateExplorer(rollout, root=tmp_path)
    before = dict(explorer.gates)
    explorer.override(gate_mode="proprio")
    explorer.rows["gate_bias"].text = "-5"
    np.testing.assert_array_equal(explorer.gates["obstacle"], before["obstacle"])
    assert explorer.gates["proprio"].mean() > before["proprio"].mean()


def test_the_felt_gate_has_its_tilt_only_and_a_larger_one_opens_later(tmp_path):
    world = EnvConfig(gate_mode="felt", action_mode="reflex", scene="step", step_x=0.4, step_height=0.03)
    tilted = record(ConstantPolicy(1.0, 1.19), world, num_steps=100)
    explorer = GateExplorer(tilted, root=tmp_path)
    assert [row.setting.name for row in explorer.gate.children] == ["gate_mode", "gate_tilt", "extend_mode"]
    np.testing.assert_array_equal(explorer.gates["felt"], tilted.transition.gate)  # the gate as it was felt live
    explorer.rows["gate_tilt"].text = "1.5"
    assert explorer.gates["felt"].sum() < tilted.transition.gate.sum()


def test_a_buffer_of_zero_is_zero_not_the_common_one(rollout, tmp_path):
    explorer = GateExplorer(rollout, root=tmp_path)
    explorer.override(gate_mode="obstacle", obstacle_pre_buffer=0.0)
    assert explorer.rows["obstacle_pre_buffer"].value == 0.0


def test_the_parts_add_up_to_the_proprio_gate(rollout):
    config, t = rollout.config.replace(gate_bias=0.7, gate_smooth=0.4), rollout.transition
    felt = t.accelerometer, t.gyro, t.torque[:, WHEEL_CTRL], t.wheel_speed
    score = sum(proprio_parts(config, *felt).values()) - config.gate_bias
    gate = proprio_gate(config, *felt)
    np.testing.assert_allclose(0.5 * (np.tanh(score / config.gate_smooth) + 1), gate)


def test_a_flat_scene_and_an_own_term_need_no_step(tmp_path):
    flat = record(RandomPolicy(), EnvConfig(scene="flat"), num_steps=20)
    GateExplorer(flat, root=tmp_path).override(gate_mode="obstacle")
    explorer = RewardExplorer(flat, [reward_term(lambda t: -t.z, name="low")], root=tmp_path)
    assert explorer.scored.gate.shape == (20,)
    assert len(explorer.image.value) > 10_000


# -- pose explorer ----------------------------------------------------------------------------------------------------


def test_the_numbers_are_the_robots():
    explorer = PoseExplorer()
    assert f"{1000 * float(tip_radius(LOW)):.1f}" in explorer.numbers.value
    explorer.go_to("largest")
    assert explorer.leg_angle == pytest.approx([MIDDLE] * 4)
    assert f"{1000 * float(tip_radius(MIDDLE)):.1f}" in explorer.numbers.value
    assert f"{1000 * outline(explorer.qpos).clearance:.1f}" in explorer.numbers.value


@pytest.mark.parametrize("mode", settings_of(EnvConfig)["extend_mode"].words)
def test_extend_goes_where_the_mode_says(mode):
    explorer = PoseExplorer()
    explorer.modes.text = mode
    explorer.go_to("extend")
    assert explorer.leg_angle == pytest.approx(leg_targets(EnvConfig(extend_mode=mode))[1])


def test_legs_together_or_each_on_its_own():
    explorer = PoseExplorer()
    explorer.leg_angle = [1.0, 1.2, -1.0, 0.0]
    assert explorer.separate.value
    assert explorer.legs.children == tuple(explorer.each)
    assert list(explorer.leg_angle) == [1.0, 1.2, -1.0, 0.0]
    explorer.separate.value = False
    assert list(explorer.leg_angle) == [1.0] * 4
    with pytest.raises(ValueError, match="leg_angle"):
        explorer.leg_angle = 5.0


def test_turning_the_wheels_changes_the_picture_and_the_height():
    explorer = PoseExplorer()
    explorer.go_to("largest")
    before, height = explorer.image.value, explorer.qpos[2]
    explorer.turn.text = explorer.turn.options[80]
    assert explorer.image.value != before
    assert abs(explorer.qpos[2] - height) > 1e-4
