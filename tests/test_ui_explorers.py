"""The explorers: what the sliders do to the numbers, what is drawn, which rollouts can be looked at."""

import dataclasses
import io
import time

import mujoco
import numpy as np
import pytest
from climb import climb
from PIL import Image

from twmr_nb import ConfigError, EnvConfig, build_model, reward_term
from twmr_nb.gates import proprio_gate
from twmr_nb.knobs import choices
from twmr_nb.outline import outline, posed
from twmr_nb.posture import HIGH, LOW, MIDDLE, leg_targets
from twmr_nb.rewards import REWARD_TERMS
from twmr_nb.robot import LEG_HALF_SIZE, LEG_LENGTH, WHEEL_CTRL, WHEEL_RADIUS, WHEELS, tip_radius
from twmr_nb.rollout import RandomPolicy, record, rescore
from twmr_nb.ui import GateExplorer, PoseExplorer, RewardExplorer
from twmr_nb.ui.background import Redraw
from twmr_nb.ui.gate_picture import score_parts
from twmr_nb.ui.live_figure import nice_limits
from twmr_nb.ui.reward_picture import STYLES
from twmr_nb.ui.rollout_picker import RolloutPicker
from twmr_nb.ui.sliders import ValueSlider, field_slider, log_stops, signed_stops


def low(t):
    """Stay low."""
    return -t.z


@pytest.fixture(scope="module")
def rollout():
    return climb()


@pytest.fixture
def explorer(rollout, tmp_path):
    return RewardExplorer(rollout, [reward_term(low, weight=0.5)], root=tmp_path)


def pixels(image) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(image.value)))


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


def test_stops_reach_both_bounds_and_include_zero():
    stops = log_stops(0.0, 10.0)
    assert (stops[0], stops[-1]) == (0.0, 10.0)
    assert {0.001, 0.05, 1.0} <= set(stops)
    assert log_stops(0.01, 100.0)[0] == 0.01
    signed = signed_stops(10.0)
    assert signed == sorted(signed)
    assert [-s for s in reversed(signed)] == signed


@pytest.mark.parametrize("name", [str(term.weight) for term in REWARD_TERMS] + ["gate_bias", "gate_acc_scale"])
def test_every_stop_of_a_field_is_allowed(name):
    slider = field_slider(name, getattr(EnvConfig(), name))
    for _, stop in slider.slider.options:
        EnvConfig(**{name: stop})


def test_a_value_between_the_stops_is_kept_exactly():
    told = []
    slider = ValueSlider("w", "", [0.0, 1.0, 2.0], 1.0)
    slider.on_move(told.append)
    slider.value = 1.2345
    assert (slider.slider.value, told) == (1.2345, [1.2345])
    slider.show(0.5, before=1.0)
    assert (slider.slider.value, slider.value, told) == (0.5, 0.5, [1.2345])
    assert "0.5" in slider.readout.value
    assert "was 1" in slider.readout.value
    slider.slider.value = 2.0
    assert told == [1.2345, 2.0]


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


# -- reward explorer --------------------------------------------------------------------------------------------------


def test_it_opens_with_what_was_recorded(explorer, rollout):
    for name, values in rollout.reward_terms.items():
        np.testing.assert_allclose(explorer.scored.weighted[name], values)
    assert explorer.config == rollout.config
    assert "as recorded" in explorer.summary.value
    assert pixels(explorer.image).shape == (840, 1245, 4)


def test_a_weight_slider_rescores_with_the_environments_own_functions(explorer, rollout):
    before = explorer.image.value
    explorer.weights["extension_penalty"].slider.value = 1.0
    raw, weighted = rescore(rollout, rollout.config.replace(extension_penalty=1.0), explorer.extra_terms)
    np.testing.assert_array_equal(explorer.scored.weighted["extension"], weighted["extension"])
    np.testing.assert_array_equal(explorer.scored.raw["extension"], raw["extension"])
    assert explorer.scored.totals["total"] == pytest.approx(sum(v.sum() for v in weighted.values()))
    assert f"{explorer.scored.totals['total']:+.2f}" in explorer.summary.value
    assert explorer.image.value != before


def test_one_move_of_a_slider_draws_once(explorer):
    count = explorer.redraw.count
    explorer.weights["control_cost"].slider.value = 1.0
    explorer.gate.sliders["gate_bias"].slider.value = 2.0
    explorer.frame = 100
    assert explorer.redraw.count == count + 3


def test_an_own_term_has_its_own_slider_on_both_sides_of_zero(explorer, rollout):
    slider = explorer.own_weights["low"]
    assert slider.value == 0.5
    slider.slider.value = -2.0
    np.testing.assert_allclose(explorer.scored.weighted["low"], 2.0 * rollout.transition.z)
    assert explorer.extra_terms[0].sign == -1


def test_the_traps_are_one_click_away(explorer):
    heavy, middle, back = explorer.children[1].children[0].children[-1].children
    before = explorer.scored.totals["total"]
    explorer.override(extension_penalty=0.001)
    light = explorer.scored.totals["total"]
    heavy.click()
    assert explorer.config.extension_penalty == 0.05
    assert explorer.weights["extension_penalty"].value == 0.05
    assert explorer.scored.totals["total"] < light
    folded = explorer.scored.extend[0]
    middle.click()
    assert tip_radius(explorer.scored.extend[0]) > 2 * tip_radius(folded)
    back.click()
    assert explorer.overrides == {}
    assert explorer.scored.totals["total"] == before


def test_a_setting_that_cannot_be_is_refused_and_changes_nothing(explorer):
    config = explorer.config
    with pytest.raises(ConfigError, match="extension_penalty"):
        explorer.override(extension_penalty=-1)
    with pytest.raises(ConfigError, match="unknown setting"):
        explorer.override(extension=1)
    assert explorer.config == config


@pytest.mark.parametrize("how", STYLES)
def test_every_style_draws_another_picture(explorer, how):
    explorer.how.value = next(style for style in STYLES if style != how)
    other = explorer.image.value
    explorer.how.value = how
    assert explorer.image.value != other


def test_the_cursor_moves_the_robot_and_the_clock(explorer, rollout):
    explorer.frame = 100
    first = pixels(explorer.image)
    explorer.cursor.slider.value = 400
    assert explorer.frame == 400
    assert f"{rollout.time[400]:.2f} s" in explorer.cursor.clock.value
    corner = (slice(420, 640), slice(870, 1240))  # where the robot is drawn
    assert (pixels(explorer.image)[corner] != first[corner]).any()


def test_changes_made_here_stay_when_another_episode_is_chosen(rollout, tmp_path):
    other = record(RandomPolicy(), EnvConfig(scene="flat"), num_steps=30)
    explorer = RewardExplorer([rollout, other], root=tmp_path)
    explorer.override(alive_bonus=0.3)
    explorer.frame = 400
    explorer.picker.choice.value = ("given", 1)
    assert explorer.rollout is other
    assert explorer.config == other.config.replace(alive_bonus=0.3)
    assert explorer.frame == 29


def test_the_3d_replay_shares_cursor_and_scores(explorer, rollout):
    explorer.frame = 50
    explorer.in_3d.value = True
    assert explorer.stage.children == (explorer.replay,)
    assert explorer.replay.frame == 50
    explorer.replay.frame = 80
    assert explorer.frame == 80
    explorer.override(alive_bonus=3.0)
    curves = {curve["name"]: np.frombuffer(curve["values"], "<f4") for curve in explorer.replay.curves["lines"]}
    assert set(curves) == {*explorer.scored.weighted, "total"}
    np.testing.assert_allclose(curves["alive"], 3.0)
    explorer.in_3d.value = False
    assert explorer.stage.children == (explorer.image,)


def test_a_picture_of_1000_steps_takes_well_under_a_frame_of_attention(tmp_path):
    """The kernel's share of a slider move, in CPU time; the whole way is measured in the browser."""
    rollout = record(RandomPolicy(), EnvConfig(), num_steps=1000)
    explorer = RewardExplorer(rollout, root=tmp_path)
    taken = []
    for stop in log_stops(0.0, 10.0)[-12:]:
        begin = time.thread_time()
        explorer.weights["extension_penalty"].slider.value = stop
        taken.append(time.thread_time() - begin)
    assert np.median(taken) < 0.15


# -- gate explorer ----------------------------------------------------------------------------------------------------


def test_it_shows_the_gate_of_every_mode(rollout, tmp_path):
    explorer = GateExplorer(rollout, root=tmp_path)
    assert set(explorer.gates) == set(choices(EnvConfig, "gate_mode"))
    assert not explorer.gates["none"].any()
    np.testing.assert_allclose(explorer.gates["obstacle"], rollout.transition.gate)
    pictures = set()
    for mode in explorer.gates:
        explorer.controls.mode.children[1].value = mode
        assert explorer.config.gate_mode == mode
        np.testing.assert_array_equal(explorer.scored.gate, explorer.gates[mode])
        pictures.add(explorer.image.value)
    assert len(pictures) == 3


def test_a_parameter_moves_its_own_gate_only(rollout, tmp_path):
    explorer = GateExplorer(rollout, root=tmp_path)
    before = dict(explorer.gates)
    explorer.override(gate_mode="proprio")
    explorer.controls.sliders["gate_bias"].slider.value = -5.0
    np.testing.assert_array_equal(explorer.gates["obstacle"], before["obstacle"])
    assert explorer.gates["proprio"].mean() > before["proprio"].mean()


def test_a_buffer_of_zero_is_zero_not_the_common_one(rollout, tmp_path):
    explorer = GateExplorer(rollout, root=tmp_path)
    explorer.override(gate_mode="obstacle", obstacle_pre_buffer=0.0)
    assert explorer.controls.sliders["obstacle_pre_buffer"].value == 0.0


def test_the_parts_add_up_to_the_proprio_gate(rollout):
    config, t = rollout.config.replace(gate_bias=0.7, gate_smooth=0.4), rollout.transition
    score = sum(score_parts(rollout, config).values()) - config.gate_bias
    gate = proprio_gate(config, t.accelerometer, t.gyro, t.torque[:, WHEEL_CTRL], t.wheel_speed)
    np.testing.assert_allclose(0.5 * (np.tanh(score / config.gate_smooth) + 1), gate)


def test_a_flat_scene_and_an_own_term_need_no_step(tmp_path):
    flat = record(RandomPolicy(), EnvConfig(scene="flat"), num_steps=20)
    GateExplorer(flat, root=tmp_path).override(gate_mode="obstacle")
    explorer = RewardExplorer(flat, [reward_term(low)], root=tmp_path)
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


@pytest.mark.parametrize("mode", choices(EnvConfig, "extend_mode"))
def test_extend_goes_where_the_mode_says(mode):
    explorer = PoseExplorer()
    explorer.modes.value = mode
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
    explorer.turn.slider.value = explorer.turn.stops[80]
    assert explorer.image.value != before
    assert abs(explorer.qpos[2] - height) > 1e-4


# -- which rollouts ---------------------------------------------------------------------------------------------------


def test_without_a_rollout_one_is_recorded_in_the_background(tmp_path):
    explorer = RewardExplorer(config=EnvConfig(max_steps=20), root=tmp_path)
    rollout = explorer.picker.join()
    assert rollout.title == "zero actions"
    assert len(rollout.action) == 20
    assert explorer.scored.config == rollout.config
    explorer.picker.choice.value = "random actions"
    assert explorer.picker.join().title == "random actions"
    assert explorer.rollout.title == "random actions"


def test_an_own_term_is_scored_live_in_what_is_recorded_here(tmp_path):
    picker = RolloutPicker(config=EnvConfig(max_steps=5), extra_terms=[reward_term(low)], root=tmp_path)
    assert "low" in picker.join().reward_terms


def test_what_goes_wrong_in_the_background_is_said(tmp_path):
    def broken(t):
        return np.zeros(3)

    picker = RolloutPicker(config=EnvConfig(max_steps=5), extra_terms=[reward_term(broken)], root=tmp_path)
    picker.work.join()
    assert "twmr-error" in picker.line.value
    assert "broken" in picker.line.value


def test_recordings_and_settings_stay_as_they_were(rollout, tmp_path):
    """An explorer only looks."""
    before = {f.name: np.copy(getattr(rollout.transition, f.name)) for f in dataclasses.fields(rollout.transition)}
    explorer = RewardExplorer(rollout, root=tmp_path)
    explorer.override(gate_mode="none", alive_bonus=1.0)
    for name, values in before.items():
        np.testing.assert_array_equal(getattr(rollout.transition, name), values)
