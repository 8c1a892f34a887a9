"""The list of runs as a lab book: notes are kept, runs are found, two are set against each other."""

import json

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
    view.other.value = None
    assert "preset flip" in words(view.settings)
    assert not view.view.compared


def test_against_a_run_that_is_gone_nothing_is_told(root):
    view = Runs(root)
    view.other.value = "first"
    (root / "first" / "config.json").unlink()
    view.refresh()
    assert view.other.value is None
    view.choice.value = None
    view.choice.value = "second"
    assert "preset flip" in words(view.settings)


def test_where_a_run_was_trained_is_told_and_where_it_went_on(root):
    run = open_run(root / "second")
    place = {"jax": "0.9", "commit": ""}
    run.folder.keep_details(run.folder.details | {"provenance": [(0, place), (40, place | {"commit": "abc, changed"})]})
    view = Runs(root)
    assert "versions and machinejax0.9commitAfter update 40 it went on with commit abc, changed (was none)." in words(
        view.settings
    )
