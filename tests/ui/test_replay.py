"""What the 3D replay sends to the browser: size, contents, marks, the two-way cursor."""

import dataclasses
import re

import ipywidgets
import numpy as np
import pytest
from climb import climb, play_again

from twmr_nb.config.schema import EnvConfig
from twmr_nb.draw.replay_scene import FORCE_UNIT, POINT_UNIT, contact_forces, episode_model, known, onsets
from twmr_nb.episodes.rollout import record
from twmr_nb.policies.protocol import ZeroPolicy
from twmr_nb.robot.model import WHEEL_CTRL
from twmr_nb.ui.replay import Replay, page, saved_copy, thin

MEGABYTE = 1_000_000


@pytest.fixture(scope="module")
def rollout():
    return climb()


@pytest.fixture(scope="module")
def thousand():
    return record(ZeroPolicy(), EnvConfig(scene="flat"), num_steps=1000)


def array(packed, dtype="<f4"):
    return np.frombuffer(packed, dtype)


def test_recording_holds_the_rollout(rollout):
    replay = Replay(rollout)
    packed = replay.recording
    np.testing.assert_allclose(array(packed["qpos"]).reshape(-1, 23), rollout.transition.qpos, atol=2e-7, rtol=1e-7)
    np.testing.assert_allclose(array(packed["touch"]), rollout.transition.touch, rtol=1e-6)
    torque = rollout.transition.torque[:, WHEEL_CTRL]
    np.testing.assert_allclose(array(packed["torque"]).reshape(-1, 4), torque, atol=1e-7)


def test_curves_are_the_reward_terms_and_their_sum(rollout):
    lines = {line["name"]: array(line["values"]) for line in Replay(rollout).curves["lines"]}
    assert list(lines) == [*rollout.reward_terms, "total"]
    np.testing.assert_allclose(lines["total"], rollout.reward, atol=1e-6)
    colors = [line["color"] for line in Replay(rollout).curves["lines"]]
    assert colors[0] == "#0072B2"
    assert len(set(colors)) == len(colors)


def test_a_thousand_steps_with_a_ghost_are_under_a_megabyte(thousand):
    replay = Replay(thousand, ghost=thousand)
    state = replay.get_state()
    plain, _, buffers = ipywidgets.widgets.widget._remove_buffers(state)
    size = sum(memoryview(b).nbytes for b in buffers) + len(repr(plain))
    print(f"1,000 steps with a ghost: {size / MEGABYTE:.2f} MB, of it {len(plain['_esm']) / MEGABYTE:.2f} MB script")
    assert size < 0.5 * MEGABYTE
    assert len(saved_copy(replay.state(2))) < 0.4 * MEGABYTE


def test_contact_forces_carry_the_weight(thousand):
    """A robot at rest: the forces on its wheels add up to its weight, pointing up, from points on the floor."""
    model = episode_model(thousand)
    transition = thousand.transition
    rest = slice(-5, None)
    counts = contact_forces(model, transition.qpos[rest], transition.qvel[rest], transition.torque[rest])
    weight = 9.81 * model.body_mass.sum()
    np.testing.assert_allclose(counts[:, :, 5].sum(axis=1) * FORCE_UNIT, weight, rtol=0.02)
    touching = counts[..., 5] > 0
    height = transition.qpos[rest, None, 2] + counts[..., 2] * POINT_UNIT
    assert np.abs(height[touching]).max() < 2e-3


def test_marks_tell_the_story(rollout):
    marks = Replay(rollout).scene["marks"]
    assert [mark["kind"] for mark in marks] == ["contact", "gate", "passed", "end"]
    transition = rollout.transition
    first = {mark["kind"]: mark["frame"] for mark in marks}
    assert first["contact"] == np.flatnonzero(transition.touch > 0)[0]
    assert first["passed"] == np.flatnonzero(transition.x >= transition.success_x)[0]
    assert first["end"] == len(transition.qpos) - 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"terminated": True}, "sank below min_z"),
        ({"truncated": True}, "time limit"),
        ({"truncated": False}, "the recording ends"),
    ],
)
def test_end_says_why(rollout, change, words):
    ended = dataclasses.replace(rollout, **{"terminated": False, "truncated": False} | change)
    assert words in Replay(ended).scene["marks"][-1]["label"]


def test_onsets_skip_short_gaps():
    active = np.array([0, 1, 0, 1, 0, 0, 0, 0, 1, 1], bool)
    assert onsets(active, gap=3) == [1, 8]


def test_frame_and_time_are_one_cursor(rollout):
    replay = Replay(rollout)
    assert (replay.frame, replay.time) == (0, pytest.approx(0.02))
    replay.frame = 150
    assert replay.time == pytest.approx(3.02)
    replay.time = 2.0
    assert replay.frame == 99
    replay.frame = 10_000
    assert replay.frame == 499
    slider = ipywidgets.IntSlider(max=499)
    ipywidgets.link((slider, "value"), (replay, "frame"))
    slider.value = 7
    assert replay.frame == 7
    replay.time = 1.0
    assert slider.value == 49


def test_own_series_and_their_shape(rollout):
    replay = Replay(rollout, series={"pitch": rollout.transition.pitch})
    assert [line["name"] for line in replay.curves["lines"]] == ["pitch"]
    replay.show_series({"forward": 2 * rollout.reward_terms["forward"]}, unit="reward")
    assert replay.curves["unit"] == "reward"
    with pytest.raises(ValueError, match=r"series 'short' has shape \(3,\): give \(500,\)"):
        replay.show_series({"short": [1, 2, 3]})


def test_load_replaces_everything(rollout, thousand):
    replay = Replay(rollout)
    replay.frame = 400
    replay.load(thousand, ghost=rollout)
    assert replay.frame == 0
    assert len(array(replay.recording["gate"])) == 1000
    assert replay.scene["goal"] is None  # the flat scene has no step to pass
    ghost_total = array(replay.ghost["total"])
    assert np.isfinite(ghost_total[:500]).all()
    assert np.isnan(ghost_total[500:]).all()


def test_step_of_the_episode_is_drawn():
    """With heights drawn per episode, the replay shows the one that the robot met."""
    config = EnvConfig(scene="step", step_height=0.02, step_height_max=0.06)
    met = record(ZeroPolicy(), config, seed=5, num_steps=5)
    step = next(geom for geom in Replay(met).scene["geoms"] if geom["part"] == "step")
    assert step["pos"][2] + step["size"][2] == pytest.approx(met.step_height)
    assert 0.02 < met.step_height < 0.06


def test_a_diverged_robot_stays_where_it_was_last_seen(rollout):
    qpos = rollout.transition.qpos.copy()
    qpos[-3:] = np.nan
    broken = dataclasses.replace(
        rollout, transition=dataclasses.replace(rollout.transition, qpos=qpos), terminated=True
    )
    replay = Replay(broken)
    sent = array(replay.recording["qpos"]).reshape(-1, 23)
    np.testing.assert_array_equal(sent[-1], sent[-4])
    assert "diverged" in replay.scene["marks"][-1]["label"]
    replay.draws = False  # from its side as well
    assert len(replay.pictures) == 60
    with pytest.raises(ValueError, match="no finite state"):
        known(np.full((4, 23), np.nan))


def test_page_is_whole_and_asks_for_nothing(rollout):
    text = Replay(rollout).to_html()
    assert not re.search(r"""(src|href)\s*=|https?://|@import|url\(""", text)
    assert "default-src 'none'" in text
    assert rollout.title in text


def test_a_browser_that_cannot_draw_gets_pictures(rollout, thousand):
    replay = Replay(rollout)
    assert replay.pictures == []
    replay.draws = False
    assert len(set(replay.pictures)) == 60
    assert all(picture.startswith("data:image/png;base64,") for picture in replay.pictures)
    climbed = replay.pictures
    replay.load(thousand)
    assert replay.pictures != climbed
    assert len(replay.state()["pictures"]) == 1  # the one kept where no kernel can be asked
    replay.draws = True
    assert replay.pictures == []


def test_page_survives_a_hostile_title(rollout):
    named = dataclasses.replace(rollout, title="</script><script>alert(1)</script>")
    assert "<script>alert" not in page(Replay(named).state())


def test_thinned_copy_keeps_times(rollout):
    state = Replay(rollout).state()
    thinned = thin(state, 2)
    full = array(state["recording"]["qpos"]).reshape(-1, 23)
    half = array(thinned["recording"]["qpos"]).reshape(-1, 23)
    np.testing.assert_array_equal(half, full[1::2])  # frame j is at time (j + 1) * 2 dt
    assert thinned["scene"]["dt"] == 2 * state["scene"]["dt"]
    assert len(array(thinned["curves"]["lines"][0]["values"])) == 250


def test_ghost_title_and_poses(rollout):
    ghost = play_again("tall_settings_on_5cm_1", "other settings", steps=300)
    sent = Replay(rollout, ghost).ghost
    assert sent["title"] == "other settings"
    assert len(array(sent["qpos"])) == 300 * 23


def test_words_on_the_floor_stay_few(rollout):
    """However far a robot is flung; they become rows of one texture."""
    for far in (0.0, 20.0, 1e5):
        qpos = rollout.transition.qpos.copy()
        qpos[-1, 0] = far
        moved = dataclasses.replace(rollout, transition=dataclasses.replace(rollout.transition, qpos=qpos))
        labels = Replay(moved).scene["labels"]
        assert 3 < len(labels) < 100
        assert labels[-1]["text"] == "step 4.95 cm"
        assert max(label["x"] for label in labels) >= far
