"""Live view, clip and list of runs as classes: no browser, tiny runs."""

import dataclasses
import gc
import re
import threading
import weakref
from html import unescape
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from ui_hands import ENDLESS, TINY, click, threads, words
from waiting import wait_for

from twmr_nb.draw.curves import LiveCurves
from twmr_nb.files import write_json
from twmr_nb.runs.run import LIVE, new_run, open_run
from twmr_nb.task.rewards import reward_term
from twmr_nb.ui import clip, live
from twmr_nb.ui.live import LiveView, thinned
from twmr_nb.ui.panel import TrainingPanel
from twmr_nb.ui.policy_browser import PolicyBrowser
from twmr_nb.ui.runs import Runs
from twmr_nb.ui.status import advice_text, clock, result_text, state_text, steps_text, symptoms_text, unhurried

pytestmark = pytest.mark.usefixtures("no_run_left")


# -- live view --------------------------------------------------------------------------------------------------------


def test_live_view_follows_a_run_to_its_end_and_lets_go(tmp_path):
    run = new_run("flip", root=tmp_path, **TINY)
    view = LiveView(run)
    assert words(view.state).startswith("new")
    run.start()
    run.join()
    wait_for(lambda: not threads("live view"))  # which says one after the other
    assert words(view.state).startswith("finished")
    assert view.bar.value == 1.0
    assert "64 of 64 steps" in words(view.steps)
    assert "success 0%" in words(view.result)
    assert view.stop.disabled
    assert view.resume.disabled


def test_a_click_that_is_answered_as_the_run_ends_does_not_have_the_last_word(tmp_path, monkeypatch):
    run = new_run("flip", root=tmp_path, **ENDLESS)
    view, told = LiveView(run), live.state_text

    def hesitant(run):
        state = told(run)
        if state == "stopping" and threading.current_thread() is threading.main_thread():
            run.join()
            for thread in [thread for thread in threading.enumerate() if thread.name == "live view"]:
                thread.join(0.5)
        return state

    run.start()
    wait_for(lambda: re.match("collecting|learning", words(view.state)))
    monkeypatch.setattr(live, "state_text", hesitant)
    click(view.stop)
    wait_for(lambda: not threads("live view"))
    assert words(view.state).startswith("stopped")
    assert not view.resume.disabled


@pytest.fixture
def figures(monkeypatch) -> weakref.WeakSet:
    """The figures made since and still there.

    Not from gc.get_objects(): whoever holds its list breaks tuples that the training thread is just making.
    """
    alive, make = weakref.WeakSet(), Figure.__init__

    def made(figure, *args, **kwargs):
        alive.add(figure)
        make(figure, *args, **kwargs)

    monkeypatch.setattr(Figure, "__init__", made)
    return alive


def test_the_newest_view_of_a_run_draws_and_figures_do_not_pile_up(tmp_path, figures):
    run = new_run("flip", root=tmp_path, **ENDLESS)
    run.start()
    views = [LiveView(run) for _ in range(5)]
    wait_for(lambda: len(threads("live view")) == 1)
    assert all("newer view" in words(view.message) for view in views[:-1])
    wait_for(lambda: views[-1]._drawn > 0)
    gc.collect()
    count, drawn = len(figures), views[-1]._drawn
    assert count > 0
    wait_for(lambda: views[-1]._drawn > drawn)
    gc.collect()
    assert len(figures) == count
    views[-1].close()
    wait_for(lambda: not threads("live view"))
    assert run.training, run.error or "closing a view leaves the run alone"


def test_a_long_curve_is_thinned_to_what_can_be_seen():
    records = [{"update": float(i)} for i in range(5000)]
    some = thinned(records)
    assert len(some) <= live.POINTS
    assert some[-1] == records[-1]
    assert thinned(records[:7]) == records[:7]
    assert thinned([]) == []


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (59.4, "59 s"), (60, "1:00"), (131, "2:11"), (3725, "1:02:05")]
)
def test_clock(seconds, text):
    assert clock(seconds) == text


@pytest.mark.parametrize(("steps", "text"), [(0, "0"), (9999, "9,999"), (12_340, "12.3k"), (1_500_000, "1.50M")])
def test_steps_text(steps, text):
    assert steps_text(steps) == text


@pytest.fixture
def trained(tmp_path):
    """A tiny run that is finished."""
    run = new_run("flip", root=tmp_path, **TINY)
    run.train()
    return run


@pytest.fixture
def film(trained):
    """The clip of the trained run, not filmed yet."""
    film = clip.EvaluationClip()
    film.show(trained)
    return film


def test_clip_films_the_newest_policy(film, gl, monkeypatch):
    monkeypatch.setattr(clip, "gl_available", lambda: True)
    film.consider()
    film.filming.result()
    assert film.film.value[4:8] == b"ftyp", "an mp4 file"
    assert film.film in film.screen.children
    assert "after 64 steps" in words(film.line)
    film.filming = None
    film.consider()
    assert film.filming is None, "nothing new to film"


def test_clip_is_off_where_nothing_can_be_drawn(film):
    film.consider()
    film.filming.result()
    assert "apt-get install libegl1 libgl1" in words(film.line)
    assert film.film not in film.screen.children


def test_the_clips_episode_is_offered_in_3d_without_any_gl(trained):
    view = LiveView(trained, clip=clip.EvaluationClip())
    switch = next(each for each in view.children[3].children[0].children if isinstance(each, clip.ReplaySwitch))
    wait_for(lambda: not switch.disabled)
    before = view.stage.children
    switch.value = True
    (replay,) = view.stage.children
    assert replay.rollout is view.clip.rollout
    assert replay.scene["title"] == "after 64 steps of training"
    switch.value = False
    assert view.stage.children == before
    switch.value = True
    view.show(None)
    assert switch.disabled
    assert view.stage.children == before


def test_a_frontier_of_step_heights_is_told_and_drawn(trained):
    plain = live.LiveCurves(600, 300)
    plain.png(trained.records, {}, 64)
    assert not plain.frame.curriculum
    assert len(result_text(trained.records)) == 1
    records = [record | {"frontier": 0.03 + 0.001 * i} for i, record in enumerate(trained.records)]
    rising = live.LiveCurves(600, 300)
    rising.png(records, {}, 64)
    assert rising.frame.curriculum
    assert list(rising.curves["frontier"].get_ydata()) == pytest.approx([30, 31, 32, 33])
    assert result_text(records)[1:] == ["steps up to 3.3 cm"]


def test_a_training_that_has_failed_says_what_to_do():
    at_the_end = {"progress": 1.0, "episodes": 40, "success_rate": 0.49}
    assert advice_text([at_the_end]).startswith("Fewer than half of the last episodes passed: train again")
    for better in ({"success_rate": 0.5}, {"episodes": 0, "success_rate": 0.0}, {"progress": 0.99}):
        assert advice_text([at_the_end | better]) == ""
    assert advice_text([]) == ""


def test_a_view_shows_the_advice_when_its_training_has_ended(trained, tmp_path):
    view = live.LiveView(trained)
    assert trained.state == "finished"
    assert view.message.value == advice_text(trained.records)
    assert view.message.value


@pytest.fixture
def patient(tmp_path):
    """A finished run with the log of lesson 04's patient B, whose costliest term has a hostile name."""
    run = new_run("flip", root=tmp_path, total_timesteps=60_000, control_cost=0.3)
    log = (Path(__file__).parents[1] / "data" / "patients" / "B.csv").read_text()
    (run.path / "metrics.csv").write_text(log.replace("paid/control", "paid/<b>control"))
    run.folder.keep_state("finished")
    return open_run(run.path)


def test_a_view_shows_symptoms_as_quiet_badges(patient):
    view = live.LiveView(patient)
    wait_for(lambda: view.symptoms.value)
    assert [symptom.name for symptom in patient.symptoms] == ["penalty valley", "one term decides", "standing"]
    assert view.symptoms.value.count("<details class='twmr-badge '>") == 3
    said = unescape(words(view.symptoms))
    assert "penalty valley since 38.9k stepsreturn -3" in said
    assert "<b>control is 98% of all that is paid and charged. What the other terms say is not heard." in said
    assert "<b>" not in view.symptoms.value
    wait_for(lambda: not threads("live view"))
    assert view.message.value == "", "what to do is said once"
    assert "penalty valley" in view.keepsake().words
    view.show(None)
    assert view.symptoms.value == ""


def test_a_symptom_that_is_over_looks_it_and_leaves_the_advice(patient):
    over = [dataclasses.replace(symptom, lasts=False) for symptom in patient.symptoms[:1]]
    assert "twmr-badge twmr-sub" in symptoms_text(over)
    assert "steps, over by now" in symptoms_text(over)
    at_the_end = [{"progress": 1.0, "episodes": 40, "success_rate": 0.49}]
    assert advice_text(at_the_end, over) == advice_text(at_the_end) != ""
    assert symptoms_text([]) == ""


def test_clip_can_be_turned_off(film):
    film.switch.value = False
    film.consider()
    assert film.filming is None


# -- the list of runs -------------------------------------------------------------------------------------------------


def test_an_interrupted_run_is_offered_first_and_resumes_from_its_checkpoint(tmp_path):
    run = new_run("flip", "broken", root=tmp_path, **TINY)
    run.train(lambda record: run.stop() if record["update"] == 2 else None)
    write_json(run.path / "status.json", {"state": "running", "pid": 2**22 - 1, "process_started": 0.0})
    LIVE.clear()  # as a new process would see it
    new_run("flip", "later", root=tmp_path, **TINY).train()
    assert "was interrupted" not in words(TrainingPanel(root=tmp_path).note)  # and something was trained since
    shown = Runs(tmp_path)
    assert shown.run.name == run.name
    assert state_text(shown.run) == "interrupted: resume?"
    assert any("interrupted at 50%" in label for label, _ in shown.choice.options)
    wait_for(lambda: "interrupted: resume?" in words(shown.view.state))
    click(shown.view.resume)
    wait_for(lambda: words(shown.view.state).startswith("finished"))
    assert [r["update"] for r in shown.run.records] == [1, 2, 3, 4]
    wait_for(lambda: any("finished" in label and run.name in label for label, _ in shown.choice.options))


def test_the_panel_says_that_the_newest_run_was_interrupted(tmp_path):
    run = new_run("flip", "broken", root=tmp_path, **TINY)
    run.train(lambda record: run.stop() if record["update"] == 2 else None)
    write_json(run.path / "status.json", {"state": "running", "pid": 2**22 - 1, "process_started": 0.0})
    LIVE.clear()  # as a new process would see it
    told = words(TrainingPanel(root=tmp_path).note)
    assert told == f"{run.name} was interrupted at 50%: tw.Runs() goes on with it; what starts here begins anew."


def test_the_list_shows_settings_and_turns_to_another_run(tmp_path):
    plain = new_run("flip", "plain", root=tmp_path, **TINY)
    plain.train()
    changed = new_run("walkthrough", "changed", root=tmp_path, **TINY | {"extension_penalty": 0.07})
    changed.train()
    shown = Runs(tmp_path)
    assert shown.run.name == changed.name
    assert "extension penalty0.07" in words(shown.settings)
    shown.choice.value = plain.name
    assert shown.run.name == plain.name
    assert "preset flip" in words(shown.settings)


def test_a_folder_that_cannot_be_read_is_named_not_fatal(tmp_path):
    new_run("flip", "good", root=tmp_path, **TINY)
    bad = new_run("flip", "bad", root=tmp_path, **TINY)
    (bad.path / "config.json").write_text("{")
    shown = Runs(tmp_path)
    assert [run.name[:4] for run in shown.runs.values()] == ["good"]
    assert f"{bad.name} is left out" in words(shown.problems)


def test_no_run_yet_says_how_to_start_one(tmp_path):
    assert "start one with tw.TrainingPanel()" in words(Runs(tmp_path).settings)
    assert not Runs(tmp_path).problems.value


@pytest.mark.parametrize("widget", [Runs, PolicyBrowser])
def test_a_folder_that_is_not_there_is_told(widget):
    assert re.search("There is no folder .*nowhere.*: give the one", words(widget("nowhere").problems))


def test_resuming_without_the_own_term_says_what_to_do(tmp_path):
    term = reward_term(lambda t: t.pitch**2, name="calm")
    run = new_run("flip", root=tmp_path, extra_terms=[term], **TINY)
    run.train(lambda record: run.stop())
    LIVE.clear()
    shown = Runs(tmp_path)
    wait_for(lambda: not shown.view.resume.disabled)
    click(shown.view.resume)
    assert "define it again" in words(shown.view.message)
    shown = Runs(tmp_path, extra_terms=[term])
    wait_for(lambda: not shown.view.resume.disabled)
    click(shown.view.resume)
    wait_for(lambda: words(shown.view.state).startswith("finished"))


def test_open_run_is_the_live_object(tmp_path):
    run = new_run("flip", root=tmp_path, **ENDLESS)
    run.start()
    assert Runs(tmp_path).run is run is open_run(run.path)


def test_an_old_run_is_looked_at_less_often():
    assert unhurried([], 0.1, 20, 120) == 20
    assert unhurried([{"train_s": 100.0}], 0.1, 20, 120) == 20
    assert unhurried([{"train_s": 100.0}, {"train_s": 500.0}], 0.1, 20, 120) == 50
    assert unhurried([{"train_s": 5000.0}], 0.1, 20, 120) == 120


def test_new_limits_keep_the_figure():
    curves = LiveCurves(400, 300)
    figure = curves.live.figure
    for steps in (1e5, 2e6, 3e7):
        curves.png([{"global_step": steps, "episode_return": steps / 1e4, "success_rate": 0.5}], {}, steps)
        assert curves.live.figure is figure
        assert len(figure.axes) == 4


def test_a_run_that_fell_back_to_an_earlier_checkpoint_says_so(tmp_path):
    run = new_run("flip", root=tmp_path)
    run.folder.keep_state("stopped", fell_back="the newest checkpoint was damaged, so it went on from update 3")
    assert "so it went on from update 3" in LiveView(run).result.value
