"""The list of runs as a lab book: notes are kept, runs are found, two are set against each other."""

import json
import threading

import pytest
from ui_hands import TINY, words

from twmr_nb.runs.run import LIVE, new_run, open_run
from twmr_nb.ui.runs import Runs

pytestmark = pytest.mark.usefixtures("no_run_left")


@pytest.fixture
def root(tmp_path):
    """Two trained runs, `first` and the newer `second`, which pays for being alive."""
    new_run("flip", run_dir=tmp_path / "first", **TINY).train()
    new_run("flip", run_dir=tmp_path / "second", alive_bonus=0.5, **TINY).train()
    LIVE.clear()
    return tmp_path


def logged(root, seed, success, **settings):
    """A finished run with the log of two updates, by hand."""
    run = new_run("flip", "mine", root, seed=seed, **settings)
    for k in (1, 2):
        known = dict.fromkeys(("episode_return", "train_s", "steps_per_s", "collect_s", "learn_s"), 1.0)
        told = {"update": k, "progress": k / 2, "global_step": k, "episodes": k, "success_rate": success * k / 2}
        run.folder.metrics.append(known | told)
    run.folder.keep_state("finished")
    return run


def listed(view):
    return [name for _, name in view.choice.options]


def test_what_is_typed_is_kept_with_the_run_that_is_shown(root):
    view = Runs(root)
    assert view.run.name == "second"
    view.notes.tags.value = "good 4cm"
    view.notes.note.value = "hangs at the edge"
    assert words(view.notes.line) == "note kept"
    assert view.choice.options[0][0].endswith("success 0% · good · 4cm")
    view.choice.value = "first"
    assert (view.notes.tags.value, view.notes.note.value, view.notes.line.value) == ("", "", "")
    again = open_run(root / "second")
    assert (again.tags, again.note) == (("good", "4cm"), "hangs at the edge")
    assert (open_run(root / "first").tags, (root / "first" / "notes.json").exists()) == ((), False)
    view.choice.value = "second"
    assert (view.notes.tags.value, view.notes.note.value) == ("good 4cm", "hangs at the edge")


def test_what_is_no_tag_is_told_and_stays_to_be_mended(root):
    view = Runs(root)
    view.notes.tags.value = "a/b"
    assert "tag = 'a/b' is not allowed" in words(view.notes.line).replace("&#39;", "'")
    assert view.notes.tags.value == "a/b"
    assert open_run(root / "second").tags == ()


def test_what_a_stranger_noted_is_shown_as_text_and_not_kept_anew(root):
    told = json.dumps({"note": "\x1b[2J \ud800", "tags": ["<b>", "\n"]})
    (root / "second" / "notes.json").write_text(told)
    view = Runs(root)
    assert view.notes.note.value == "\\x1b[2J \\ud800"
    assert view.notes.tags.value == "<b> \\n"
    assert (root / "second" / "notes.json").read_text() == told


def test_runs_are_found_by_what_was_set_and_noted(root):
    open_run(root / "first").note = "falls over"
    view = Runs(root)
    assert (listed(view), view.choice.description) == (["second", "first"], "2 of 2 runs, the newest first")
    view.search.value = "alive_bonus"
    assert (listed(view), view.choice.value) == (["second"], "second")
    view.search.value = "falls"
    assert (listed(view), view.choice.value) == (["first"], None)
    assert view.run.name == "second"  # stays on show until another is chosen
    view.choice.value = "first"
    assert view.run.name == "first"
    view.search.value = "nonsense"
    assert (listed(view), view.choice.description) == ([], "0 of 2 runs, the newest first")
    view.search.value = ""
    assert (listed(view), view.choice.value) == (["second", "first"], "first")


def test_two_runs_are_set_against_each_other(root):
    view = Runs(root)
    assert "preset flip" in words(view.settings)
    view.other.value = "first"
    assert "alive_bonus0.50.0" in words(view.settings)
    assert "state" in words(view.settings)
    assert list(view.view.compared) == ["first"]
    view.choice.value = "first"  # against itself
    assert "settings, terms, versionsthe samethe same" in words(view.settings)
    view.other.value = ""
    assert "preset flip" in words(view.settings)
    assert not view.view.compared


def test_against_a_run_that_is_gone_nothing_is_told(root):
    view = Runs(root)
    view.other.value = "first"
    (root / "first" / "config.json").unlink()
    view.refresh()
    assert view.other.value == ""
    view.choice.value = None
    view.choice.value = "second"
    assert "preset flip" in words(view.settings)


def test_several_seeds_are_a_row_that_opens_to_them(tmp_path):
    finished = [logged(tmp_path, seed, success) for seed, success in enumerate((0.5, 0.9, 0.6))]
    newest, first = finished[-1].name, finished[0].name
    other = logged(tmp_path, 0, 1.0, gamma=0.9)
    LIVE.clear()
    view = Runs(tmp_path)
    assert listed(view) == [other.name, tuple(run.name for run in reversed(finished))]
    assert view.choice.options[1][0] == "mine, 3 seeds · success 60 (50 to 90) %"
    assert not view.view.compared
    view.choice.value = view.choice.options[1][1]
    assert (view.run.name, view.choice.value) == (newest, tuple(run.name for run in reversed(finished)))
    assert [label.split(" · ")[0] for label, _ in view.choice.options[2:]] == [
        "\u2003seed 2",
        "\u2003seed 1",
        "\u2003seed 0",
    ]
    assert {title: len(logs) for title, logs in view.view.compared.items()} == {"mine, 3 seeds": 3}
    view.choice.value = first
    assert (view.run.name, view.choice.value, len(view.choice.options)) == (first, first, 5)
    logged(tmp_path, 3, 0.8)
    view.refresh()
    assert (view.choice.value, len(view.choice.options)) == (first, 6), "it stays open and chosen as it grows"
    view.choice.value = other.name
    assert (len(view.choice.options), view.view.compared) == (2, {})
    view.search.value = "seed=1"
    assert listed(view) == [finished[1].name]
    (other.path / "config.json").unlink()
    again = Runs(tmp_path)
    assert (len(again.choice.options), again.choice.value) == (5, again.run.name), "the newest, its row open"


def test_a_choice_is_not_lost_while_a_run_that_ended_is_listed_anew(root, monkeypatch):
    view = Runs(root)
    entered = threading.Event()

    def slow(run):
        if threading.current_thread() is lister:
            entered.set()
            threading.Event().wait(0.1)
        return run.name

    monkeypatch.setattr("twmr_nb.ui.runs.run_label", slow)
    lister = threading.Thread(target=view.refresh)
    lister.start()
    entered.wait()
    view.choice.value = "first"
    lister.join()
    assert (view.run.name, view.choice.value) == ("first", "first")


def test_where_a_run_was_trained_is_told_and_where_it_went_on(root):
    run = open_run(root / "second")
    place = {"jax": "0.9", "commit": ""}
    run.folder.keep_details(run.folder.details | {"provenance": [(0, place), (40, place | {"commit": "abc, changed"})]})
    view = Runs(root)
    assert "versions and machinejax0.9commitAfter update 40 it went on with commit abc, changed (was none)." in words(
        view.settings
    )


def test_what_a_list_stands_at_is_read(tmp_path):
    """A value of None would be no choice: an empty box."""
    view = Runs(tmp_path)
    assert (view.other.index, view.other.label) == (0, "no other run")
