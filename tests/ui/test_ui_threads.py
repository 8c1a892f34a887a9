"""Clicks, cells and workers at the same moment: in JupyterLab each has a thread of its own, so each waits its turn."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from climb import climb
from ui_hands import ENDLESS, TINY, click
from waiting import wait_for

from twmr_nb.runs.folder import RunError, fresh_folder
from twmr_nb.runs.queue import QUEUE
from twmr_nb.runs.run import Run, new_run
from twmr_nb.ui import clip, panel, starting_point
from twmr_nb.ui.background import Background
from twmr_nb.ui.live import ELSEWHERE
from twmr_nb.ui.panel import TrainingPanel
from twmr_nb.ui.policy_files import list_policies
from twmr_nb.ui.reward_explorer import RewardExplorer
from twmr_nb.ui.stage import Stage
from twmr_nb.ui.starting_point import StartingPoint
from twmr_nb.ui.time_cursor import TimeCursor

pytestmark = pytest.mark.usefixtures("no_run_left")
SLOW = 0.3  # s that something takes, in which something else is asked for


@pytest.fixture
def other():
    """Another thread, as a pool of one."""
    with ThreadPoolExecutor(1) as pool:
        yield pool


def slowly(act, begun):
    """The function, taking its time once it has said that it began."""

    def slow(*given, **how):
        begun.set()
        time.sleep(SLOW)
        return act(*given, **how)

    return slow


def test_a_cell_that_asks_for_the_run_waits_for_the_click_that_starts_it(tmp_path, monkeypatch, other):
    """Lesson 04: the button, then `panel.run or panel.start()`."""
    shown, begun = TrainingPanel("flip", root=tmp_path, **ENDLESS), threading.Event()
    monkeypatch.setattr(panel, "new_run", slowly(panel.new_run, begun))
    clicked = other.submit(shown.start)
    begun.wait()
    assert (shown.run or shown.start()) is clicked.result()
    assert len(list(tmp_path.iterdir())) == 1


def test_a_double_click_starts_one_run(tmp_path, monkeypatch):
    monkeypatch.setattr(panel, "DOUBLE_CLICK", 60.0)  # s: a busy machine takes its time between two clicks
    shown = TrainingPanel("flip", root=tmp_path, **ENDLESS)
    for _ in range(2):
        click(shown.button)
    assert (len(list(tmp_path.iterdir())), QUEUE.waiting) == (1, ())
    shown.name.value = "another"
    click(shown.button)
    assert [run.name.split("_")[0] for run in QUEUE.waiting] == ["another"]


def test_two_threads_that_hear_of_a_new_run_show_it_once(tmp_path, monkeypatch, other):
    shown, begun, times = TrainingPanel("flip", root=tmp_path, **TINY), threading.Event(), []
    run, show = new_run("flip", root=tmp_path, **ENDLESS).start(), shown.view.show
    monkeypatch.setattr(shown.view, "show", slowly(lambda run: times.append(run) or show(run), begun))
    heard = other.submit(shown.sync)
    begun.wait()
    shown.sync()
    heard.result()
    assert times == [run]
    assert shown.run is run
    assert ELSEWHERE not in shown.view.message.value


def test_two_that_start_at_once_are_one_that_trains(tmp_path, monkeypatch, other):
    runs, begun = [new_run("flip", root=tmp_path, **ENDLESS) for _ in range(2)], threading.Event()
    monkeypatch.setattr(Run, "_claim", slowly(Run._claim, begun))
    first = other.submit(runs[0].start)
    begun.wait()
    with pytest.raises(RunError, match="is training: stop it"):
        runs[1].start()
    assert first.result().training


def test_a_folder_is_given_to_one_run_only(tmp_path):
    assert fresh_folder(tmp_path, "run") != fresh_folder(tmp_path, "run")


def test_a_film_of_the_run_shown_before_is_not_shown_under_the_next(tmp_path, monkeypatch):
    first, second = (new_run("flip", root=tmp_path, **TINY) for _ in range(2))
    first.train()
    begun = threading.Event()
    monkeypatch.setattr(clip, "film", slowly(lambda rollout: b"the first one's", begun))
    shown = clip.EvaluationClip()
    shown.show(first)
    shown.consider()
    begun.wait()
    shown.show(second)
    shown.filming.result()
    assert shown.screen.children == (shown.empty,)
    assert shown.film.value == b""
    assert shown._due == 0.0  # and the second waits for no film of the first


def test_what_an_older_job_ends_with_does_not_land_in_a_newer_one():
    told, begun = [], threading.Event()
    work = Background(told.append)

    def done(result):
        begun.set()
        time.sleep(SLOW)
        told.append(result)

    work.run(lambda turn: "older", done)
    begun.wait()
    work.run(lambda turn: told.append("newer began"), lambda _: None)
    work.join()
    assert told == ["older", "newer began"]


def test_a_place_beyond_a_shorter_episode_is_its_end():
    """The page may ask for a place that it has not heard to be gone."""
    cursor, episode = TimeCursor(), climb()
    cursor.load(episode)
    cursor.frame = 10**6
    assert cursor.frame == cursor.last == len(episode.time) - 1
    explorer = RewardExplorer(episode)
    explorer.picker.join()
    explorer.frame = 10**6
    assert explorer.frame == explorer.cursor.frame == cursor.last


def test_the_replay_waits_for_an_episode_that_is_being_loaded(other):
    explorer = RewardExplorer(climb())
    explorer.picker.join()
    begun, going = threading.Event(), threading.Event()

    def load():
        with explorer.redraw.hold():
            begun.set()
            going.wait()
            assert explorer.replay is None

    loading = other.submit(load)
    begun.wait()
    switch = threading.Thread(target=lambda: explorer.in_3d.set_trait("value", True))
    switch.start()
    time.sleep(SLOW)
    going.set()
    loading.result()
    switch.join()
    assert explorer.replay is not None


def test_what_is_clicked_while_a_cell_steps_waits(monkeypatch, other):
    stage, begun, told = Stage("nobody"), threading.Event(), []
    step, reset = stage.drive.step, stage.drive.reset
    monkeypatch.setattr(stage.drive, "step", slowly(lambda: told.append("step") or step(), begun))
    monkeypatch.setattr(stage.drive, "reset", lambda: told.append("reset") or reset())
    stepping = other.submit(stage.step, 3)
    begun.wait()
    stage.reset()
    stepping.result()
    assert told == ["step"] * 3 + ["reset"]


def test_what_may_be_trained_on_stays_known_while_it_is_listed_anew(tmp_path, monkeypatch, other):
    origin, begun = StartingPoint("hopeless", tmp_path), threading.Event()
    origin.train_on.value = True
    monkeypatch.setattr(starting_point, "list_policies", slowly(list_policies, begun))
    listing = other.submit(origin.refresh)
    begun.wait()
    assert origin.network.name == "hopeless"
    origin.choice.value = "flip"
    listing.result()
    wait_for(lambda: origin.choice.value == "flip")
    assert origin.config.preset == "flip"
