"""The policy browser: what playing a policy shows; where else policies are offered."""

import dataclasses
import os
import shutil
import threading

import numpy as np
import pytest
from ui_shelf import named, names

from twmr_nb import EnvConfig, RewardExplorer
from twmr_nb.episodes import evaluate as evaluation
from twmr_nb.episodes import worlds
from twmr_nb.episodes.rollout import record
from twmr_nb.policies.saved import load_policy
from twmr_nb.ui.background import Background, Turn
from twmr_nb.ui.reporting import ReportingPolicy
from twmr_nb.ui.rollout_picker import RolloutPicker

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
    assert replay.ghost["title"].startswith("beta")
    (alone, _) = play(browser, "replay_in_3d", named(browser, "alpha"))
    assert alone.ghost == {}


def test_evaluation_fills_the_table_and_stays_until_the_file_changes(browser):
    browser.stage.episodes.set(3)
    (table,) = play(browser, "evaluate", named(browser, "alpha"))
    assert "3 unseen episodes" in table.value
    assert "0.0%" in table.value
    assert named(browser, "alpha").success == 0.0
    assert names(browser.table.selected) == ["alpha"]
    browser.refresh()
    assert named(browser, "alpha").success == 0.0
    assert named(browser, "beta").success == pytest.approx(0.2)


def test_an_evaluation_says_by_what_it_was_made(browser):
    alpha = named(browser, "alpha")
    rows = lambda: {row["title"]: row["more"] for row in browser.table.rows}  # noqa: E731
    browser.stage.episodes.set(3)
    browser.stage.seed.set(4)
    (table,) = play(browser, "evaluate", alpha)
    assert ">alpha<" in table.value
    assert rows()["alpha"].endswith("success of 3 unseen episodes, seed 4, mean action")
    assert rows()["beta"].endswith("success as in training")
    browser.stage.episodes.set(2)
    browser.stage.sampled.value = True  # the same success, another question
    play(browser, "evaluate", named(browser, "alpha"))
    assert rows()["alpha"].endswith("success of 2 unseen episodes, seed 4, with noise")
    direct = evaluation.evaluate(alpha.saved, episodes=2, seed=4, deterministic=False)
    assert browser.evaluations[alpha.digest]["mean_return"] == direct["mean_return"]


def test_an_episode_that_failed_is_watched_as_it_was_judged(browser):
    """Chosen from the list, it plays with the seed and the noise of the evaluation, until another seed is typed."""
    stage, alpha = browser.stage, named(browser, "alpha")
    assert stage.failed.layout.display == "none"
    stage.episodes.set(3)
    stage.seed.set(4)
    stage.sampled.value = True
    play(browser, "evaluate", alpha)
    assert [number for _, number in stage.failed.options] == ["", 0, 1, 2]
    stage.failed.value = 2
    stage.work.join()
    alone = record(alpha.saved, seed=4, episode=2, deterministic=False)
    np.testing.assert_array_equal(stage.played[0].x, alone.x)
    stage.seed.text = "5"
    assert stage.failed.value == ""
    play(browser, "trace", named(browser, "alpha"))
    np.testing.assert_array_equal(stage.played[0].x, record(alpha.saved, seed=5, deterministic=False).x)
    browser.table.select(named(browser, "beta"))
    assert stage.failed.layout.display == "none"


@pytest.mark.parametrize(("box", "typed"), [("episodes", "0"), ("seed", "1,5"), ("seed", "-1"), ("episodes", "many")])
def test_a_number_that_cannot_be_used_is_named_and_nothing_is_played(browser, box, typed):
    browser.table.select(named(browser, "alpha"))
    getattr(browser.stage, box).text = typed
    browser.stage.buttons[3].click()
    assert "twmr-error" in browser.stage.line.value
    assert f"{box} = " in browser.stage.line.value
    browser.stage.work.join()
    assert browser.evaluations == {}
    assert getattr(browser.stage, box).text == typed


def test_an_evaluation_is_of_this_content_and_of_no_other(browser):
    alpha, beta = named(browser, "alpha"), named(browser, "beta")
    browser.stage.episodes.set(2)
    play(browser, "evaluate", alpha)
    stat = alpha.path.stat()
    shutil.copy(beta.path, alpha.path)
    os.utime(alpha.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    browser.refresh()
    assert "unseen" not in next(p for p in browser.policies if p.path == alpha.path).measured


def test_an_episode_is_recorded_once_for_the_same_question(browser, monkeypatch):
    alpha = named(browser, "alpha")
    recorded = lambda: len(browser.stage.recorded)  # noqa: E731
    play(browser, "trace", alpha)
    play(browser, "replay_in_3d", alpha)
    assert recorded() == 1
    browser.stage.seed.set(5)
    play(browser, "trace", alpha)
    assert recorded() == 2
    browser.stage.sampled.value = True
    play(browser, "trace", alpha)
    assert recorded() == 3
    monkeypatch.setattr(worlds, "TRIAL_STEPS", 10)
    replay, _ = play(browser, "replay_in_3d", alpha)
    assert (recorded(), len(replay.rollout.action)) == (4, 10)


def test_a_policy_that_trained_on_is_played_as_it_is_now(browser):
    """Also when its file has kept its time, and nobody pressed the button that looks for new files."""
    alpha, stat = named(browser, "alpha"), named(browser, "alpha").path.stat()
    replay, _ = play(browser, "replay_in_3d", alpha)
    before = replay.rollout
    bolder = alpha.saved.params._replace(log_std=alpha.saved.params.log_std + 1)
    shifted = dataclasses.replace(alpha.saved, config=named(browser, "gamma").saved.config, params=bolder)
    shifted.save(alpha.path)
    os.utime(alpha.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    browser.stage.replay_in_3d()
    browser.stage.work.join()
    after = browser.stage.content.children[0].rollout
    assert (before.config.scene, after.config.scene) == ("step_5cm", "flat")


def test_a_copy_under_another_name_plays_under_that_name(browser, root):
    alpha = named(browser, "alpha")
    shutil.copy(alpha.path, root / "twin.safetensors")
    browser.refresh()
    twin = next(p for p in browser.policies if p.path.name == "twin.safetensors")
    assert twin.digest == alpha.digest
    replay, _ = play(browser, "replay_in_3d", alpha, twin)
    assert (replay.scene["title"], replay.ghost["title"]) == ("alpha", "ppo_lstm_policy_alpha")


def test_a_tick_plays_at_once_in_the_view_asked_for_last(browser):
    alpha, beta = named(browser, "alpha"), named(browser, "beta")
    browser.table.tick(alpha, True)
    browser.stage.work.join()
    replay, _ = browser.stage.content.children
    assert replay.scene["title"] == "alpha"
    assert replay.autoplay
    browser.stage.trace()
    browser.stage.work.join()
    browser.table.tick(beta, True)
    browser.stage.work.join()
    assert len(browser.stage.content.children) == 4  # a picture, the outcomes, two traces as text
    for file in browser.table.selected:
        browser.table.tick(file, False)
    browser.stage.work.join()
    assert browser.stage.content.children == ()


def test_a_policy_whose_file_is_gone_is_not_played(browser):
    alpha = named(browser, "alpha")
    browser.table.select(alpha)
    alpha.path.unlink()
    browser.stage.replay_in_3d()
    browser.stage.work.join()
    assert browser.stage.content.children == ()
    assert browser.table.selected == ()


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
        go.wait(240)
        turn.check()
        return "late"

    work.run(slow, shown.append)
    assert started.wait(240)
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
    assert labels[:2] == ["zero actions", "random actions"]
    assert labels[2].startswith("last run: alpha (run alpha_2")
    beta = next(key for label, key in explorer.picker.choice.options if label.startswith("beta (run beta_2"))
    explorer.picker.choice.value = beta
    rollout = explorer.picker.join()
    assert (rollout.title, rollout.config.scene, len(rollout.action)) == ("beta", "step_7cm", 25)
    assert explorer.config == rollout.config


def test_a_chosen_policy_that_trained_on_is_recorded_anew(root):
    picker = RolloutPicker(root=root)
    path = next(root.glob("beta_*/policy.safetensors"))
    stat, saved = path.stat(), load_policy(path)
    picker.choice.value = str(path)
    first = picker.join()
    picker.refresh()
    assert picker.rollout is first
    dataclasses.replace(saved, config=load_policy(next(root.glob("gamma_*/policy.safetensors"))).config).save(path)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    picker.refresh()
    assert picker.join().config.scene == "flat"
    path.write_bytes(b"nonsense")
    picker._choose(str(path))
    assert "twmr-error" in picker.line.value


def test_an_episode_in_another_world_is_recorded_anew(tmp_path):
    picker = RolloutPicker(config=EnvConfig(max_steps=5), root=tmp_path)
    assert len(picker.join().action) == 5
    picker.config = EnvConfig(max_steps=7)
    picker.refresh()
    assert len(picker.join().action) == 7
