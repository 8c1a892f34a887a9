"""Reward explorer: what the sliders do to the numbers, what is drawn, which rollouts can be looked at."""

import dataclasses
import io

import numpy as np
import pytest
from climb import climb
from matplotlib.axes import Axes
from PIL import Image

from twmr_nb import ConfigError, EnvConfig, RewardExplorer, reward_term
from twmr_nb.draw.reward_picture import STYLES
from twmr_nb.episodes.rollout import record
from twmr_nb.episodes.scoreboard import NAMES
from twmr_nb.policies.protocol import RandomPolicy
from twmr_nb.policies.saved import load_policy
from twmr_nb.robot.model import tip_radius
from twmr_nb.ui import rollout_picker
from twmr_nb.ui.reporting import ReportingPlayer
from twmr_nb.ui.reward_explorer import EVERYONE
from twmr_nb.ui.rollout_picker import RolloutPicker


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
    return np.asarray(Image.open(io.BytesIO(image.value)).convert("RGBA"))


# -- reward explorer --------------------------------------------------------------------------------------------------


def test_it_opens_with_what_was_recorded(explorer, rollout):
    for name, values in rollout.reward_terms.items():
        np.testing.assert_allclose(explorer.scored.weighted[name], values)
    assert explorer.config == rollout.config
    assert "as recorded" in explorer.summary.value
    found = rollout.conduct
    assert f"upright (≤ {found.largest_tilt:.2f} rad), not clean" in explorer.picker.line.value
    assert f"folded {found.folded_before_contact:.0%} before contact" in explorer.picker.line.value
    assert pixels(explorer.image).shape == (840, 1245, 4)


def test_a_weight_slider_rescores_with_the_environments_own_functions(explorer, rollout):
    before = explorer.image.value
    explorer.rows["extension_penalty"].text = "1.0"
    scored = rollout.rescore(rollout.config.replace(extension_penalty=1.0), explorer.extra_terms)
    raw, weighted = scored.raw, scored.weighted
    np.testing.assert_array_equal(explorer.scored.weighted["extension"], weighted["extension"])
    np.testing.assert_array_equal(explorer.scored.raw["extension"], raw["extension"])
    assert explorer.scored.totals["total"] == pytest.approx(sum(v.sum() for v in weighted.values()))
    assert f"{explorer.scored.totals['total']:+.2f}" in explorer.summary.value
    assert explorer.image.value != before


def test_a_term_that_is_off_appears_as_soon_as_it_is_paid(explorer):
    line = explorer.picture.terms.lines["climb"]
    assert "climb" not in explorer.scored.weighted
    assert not line.get_visible()
    explorer.rows["climb_weight"].text = "2"
    assert line.get_visible()
    assert line.get_ydata()[-1] == pytest.approx(explorer.scored.totals["climb"])
    explorer.rows["climb_weight"].text = "0"
    assert not line.get_visible()


def test_one_move_of_a_slider_draws_once(explorer):
    count = explorer.redraw.count
    explorer.rows["control_cost"].text = "1"
    explorer.rows["gate_bias"].text = "2"
    explorer.frame = 100
    assert explorer.redraw.count == count + 3


def test_an_own_term_has_its_own_slider_on_both_sides_of_zero(explorer, rollout):
    row = explorer.weights["low"]
    assert row.value == 0.5
    assert [-stop for stop in reversed(row.stops)] == row.stops
    row.text = "-2"
    np.testing.assert_allclose(explorer.scored.weighted["low"], 2.0 * rollout.transition.z)
    assert explorer.extra_terms[0].weight == -2.0


def test_the_traps_are_one_click_away(explorer):
    heavy, middle, back = explorer.children[1].children[0].children[-1].children
    before = explorer.scored.totals["total"]
    explorer.override(extension_penalty=0.001)
    light = explorer.scored.totals["total"]
    heavy.click()
    assert explorer.config.extension_penalty == 0.05
    assert explorer.rows["extension_penalty"].value == 0.05
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
    explorer.cursor.frame = 400
    assert explorer.frame == 400
    assert f"Cursor at {rollout.time[400]:.2f} of {rollout.time[-1]:.2f} s: x {rollout.transition.x[400]:.2f} m." in (
        explorer.image.words
    )
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


def test_only_what_moves_is_drawn_anew(tmp_path, monkeypatch):
    """An axis only when its limits move, the panels that no weight changes not even then."""
    explorer = RewardExplorer(record(RandomPolicy(), EnvConfig(), num_steps=50), root=tmp_path)
    picture, drawn = explorer.picture, []
    draw_artist = Axes.draw_artist
    monkeypatch.setattr(Axes, "draw_artist", lambda axes, artist: [drawn.append(artist), draw_artist(axes, artist)])

    def artists_drawn(**settings):
        drawn.clear()
        explorer.override(**settings)
        return set(drawn)

    reward_axes = {picture.terms.axes.yaxis, picture.totals.axes.xaxis}
    curves = set(picture.terms.lines.values())
    explorer.override(alive_bonus=1.0)
    small = artists_drawn(alive_bonus=1.001)
    assert small & curves
    assert not small & reward_axes
    large = artists_drawn(alive_bonus=5.0)
    assert reward_axes <= large
    assert not {artist for artist in large if artist.axes is picture.gate.axes}
    gate = artists_drawn(gate_bias=2.0)
    assert {artist for artist in gate if artist.axes is picture.gate.axes}


def test_all_behaviours_are_ranked_as_the_sliders_move(explorer, rollout):
    explorer.how.value = EVERYONE
    assert list(explorer.board.rollouts) == [*NAMES, rollout.title]
    assert explorer.result.children[2:] == (explorer.verdict,)
    assert explorer.in_3d.disabled
    first, earned, before = explorer.image.value, explorer.board.earned, explorer.board.totals
    explorer.rows["alive_bonus"].text = "3"
    assert explorer.image.value != first
    assert explorer.board.earned is earned  # a weighted sum, nothing scored anew
    assert explorer.board.totals != before
    assert explorer.weight == "alive_bonus"
    assert explorer.image.words.startswith("What each behaviour earns, the best first: ")
    assert f"{next(iter(explorer.board.totals.values())):+.2f}" in explorer.image.words
    assert "Alive is " in explorer.verdict.value
    explorer.weights["low"].text = "-1"
    assert explorer.weight == "low"
    assert explorer.board.weights["low"] == -1.0
    explorer.override(gate_mode="none")
    assert explorer.board.earned is not earned
    explorer.how.value = "per step"
    assert explorer.result.children[2:] == (explorer.cursor,)
    assert not explorer.in_3d.disabled


def test_all_behaviours_are_discounted_as_the_policy_was_in_its_training(rollout, tmp_path):
    for gamma, told in ((None, "Discounted by 0.99 a step, the default."), (0.9, "as in the training of this policy.")):
        explorer = RewardExplorer(dataclasses.replace(rollout, gamma=gamma), root=tmp_path)
        explorer.how.value = EVERYONE
        assert explorer.board.gamma == (gamma or 0.99)
        assert told in explorer.verdict.value
    saved = load_policy("climber")
    watched = record(ReportingPlayer(saved.player(), lambda: None), saved.config.env, num_steps=2)
    assert watched.gamma == saved.config.ppo.gamma


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


def test_where_there_is_nothing_of_the_chosen_one_it_says_what_is_still_shown(rollout, tmp_path, monkeypatch):
    """While it is recorded, and where it cannot be."""
    said = []

    def fails(*_, **__):
        said.append(picker.line.value)
        raise ValueError("no episode today")

    monkeypatch.setattr(rollout_picker, "record", fails)
    picker = RolloutPicker(rollout, root=tmp_path)
    picker.choice.value = "random actions"
    picker.work.join()
    for line in (*said, picker.line.value):
        assert f"Still shown: {rollout.title}." in line
    assert "no episode today" in picker.line.value
    assert picker.rollout is rollout


def test_recordings_and_settings_stay_as_they_were(rollout, tmp_path):
    """An explorer only looks."""
    before = {f.name: np.copy(getattr(rollout.transition, f.name)) for f in dataclasses.fields(rollout.transition)}
    explorer = RewardExplorer(rollout, root=tmp_path)
    explorer.override(gate_mode="none", alive_bonus=1.0)
    for name, values in before.items():
        np.testing.assert_array_equal(getattr(rollout.transition, name), values)
