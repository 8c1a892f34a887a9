"""The policy browser: what playing a policy shows; where else policies are offered."""

import dataclasses
import shutil
import threading

import pytest
from ui_shelf import named, names

from twmr_nb import evaluate as evaluation
from twmr_nb.ui import PolicyBrowser, RewardExplorer
from twmr_nb.ui.background import Background, Turn
from twmr_nb.ui.reporting import ReportingPolicy


@pytest.fixture(autouse=True)
def _short_trials(monkeypatch):
    monkeypatch.setattr(evaluation, "TRIAL_STEPS", 25)


@pytest.fixture
def root(three_runs, tmp_path):
    """A copy that a test may change."""
    shutil.copytree(three_runs, tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture
def browser(root):
    return PolicyBrowser(root)


# -- playing ----------------------------------------------------------------------------------------------------------


def play(browser, action, *policies):
    browser.table.select(*policies)
    getattr(browser.stage, action)()
    browser.stage.work.join()
    assert "twmr-error" not in browser.stage.line.value
    return browser.stage.content.children


def test_watch_shows_a_film_and_how_it_ended(browser, gl):
    film, outcome = play(browser, "watch", named(browser, "alpha"))
    assert "<video" in film.value
    assert "did not pass" in outcome.value
    assert browser.stage.progress.layout.display == "none"


def test_two_policies_are_watched_side_by_side(browser, gl):
    film, outcome = play(browser, "watch", named(browser, "alpha"), named(browser, "gamma"))
    assert film.value.count("<video") == 1
    assert outcome.value.index("alpha") < outcome.value.index("gamma")


def test_traces_are_a_picture_and_the_original_debug_lines(browser):
    picture, _, text = play(browser, "trace", named(browser, "beta"))
    assert bytes(picture.value[:4]) == b"\x89PNG"
    assert "gate  step" in text.value
    assert len(play(browser, "trace", named(browser, "beta"), named(browser, "alpha"))) == 4


def test_the_replay_has_a_ghost_when_two_are_ticked(browser):
    replay, _ = play(browser, "replay_in_3d", named(browser, "alpha"), named(browser, "beta"))
    assert replay.ghost["title"].startswith("ppo_lstm_policy_beta")
    (alone, _) = play(browser, "replay_in_3d", named(browser, "alpha"))
    assert alone.ghost == {}


def test_evaluation_fills_the_table_and_stays_until_the_file_changes(browser):
    browser.stage.episodes.value = 3
    (table,) = play(browser, "evaluate", named(browser, "alpha"))
    assert "3 unseen episodes" in table.value
    assert "0.0%" in table.value
    assert named(browser, "alpha").success == 0.0
    assert names(browser.table.selected) == ["alpha"]
    browser.refresh()
    assert named(browser, "alpha").success == 0.0
    assert named(browser, "beta").success == pytest.approx(0.2)


def test_an_episode_is_recorded_once_per_seed(browser):
    alpha = named(browser, "alpha")
    play(browser, "trace", alpha)
    play(browser, "replay_in_3d", alpha)
    assert len(browser.stage.recorded) == 1
    browser.stage.seed.value = 5
    play(browser, "trace", alpha)
    assert len(browser.stage.recorded) == 2


def test_every_step_played_is_reported(browser):
    saved = named(browser, "alpha").saved
    values = {field.name: getattr(saved, field.name) for field in dataclasses.fields(saved)}
    steps = []
    result = evaluation.evaluate(ReportingPolicy(**values, on_act=lambda: steps.append(1)), episodes=2)
    assert len(steps) == 25
    assert result["success_rate"] == evaluation.evaluate(saved, episodes=2)["success_rate"]


def test_a_stopped_job_shows_nothing():
    said, shown, started, go = [], [], threading.Event(), threading.Event()
    work = Background(said.append)

    def slow(turn: Turn) -> str:
        started.set()
        go.wait(10)
        turn.check()
        return "late"

    work.run(slow, shown.append)
    assert started.wait(10)
    work.cancel()
    go.set()
    work.join()
    assert (shown, said) == ([], [])
    work.run(lambda turn: 1 / 0, shown.append)
    work.join()
    assert "ZeroDivisionError" in said[0]


# -- elsewhere --------------------------------------------------------------------------------------------------------


def test_the_explorers_offer_the_last_run_and_every_policy(root):
    explorer = RewardExplorer(root=root)
    labels = [label for label, _ in explorer.picker.choice.options]
    assert labels[:3] == ["zero actions", "random actions", "last run: ppo_lstm_policy_alpha"]
    assert {"ppo_lstm_policy_beta", "ppo_lstm_policy_gamma"} <= set(labels)
    explorer.picker.choice.value = dict(explorer.picker.choice.options)["ppo_lstm_policy_beta"]
    rollout = explorer.picker.join()
    assert (rollout.title, rollout.config.scene, len(rollout.action)) == ("ppo_lstm_policy_beta", "step_7cm", 25)
    assert explorer.config == rollout.config
