"""A note and tags: text in the run's folder, whole or not at all, shown as it is written."""

import json
import shutil
import threading

import pytest

from twmr_nb.config.schema import ConfigError
from twmr_nb.runs.notes import LONGEST
from twmr_nb.runs.run import RunError, new_run, open_run
from twmr_nb.runs.shelf import readable_runs
from twmr_nb.ui.run_list import run_label


@pytest.fixture
def run(tmp_path):
    return new_run("flip", "noted", root=tmp_path)


def test_what_is_noted_is_there_for_who_opens_the_run_again(run):
    assert (run.note, run.tags) == ("", ())
    run.note = " hangs at the edge,\n\tthen falls: 50 % 🤖 "
    run.tags = "good, 4cm good"
    again = open_run(run.path)
    assert again is not run
    assert again.note == "hangs at the edge,\n\tthen falls: 50 % 🤖"
    assert again.tags == ("good", "4cm")
    again.tags += ("third",)
    assert run.tags == ("good", "4cm", "third")
    run.note, run.tags = "", []
    assert (again.note, again.tags) == ("", ())


@pytest.mark.parametrize(
    "note", [5, None, b"text", ["a"], "\x1b[2J", "a\0b", "bell\x07", "half \ud83d", "\u202eback", "n" * (LONGEST + 1)]
)
def test_a_note_that_is_no_text_is_refused_and_the_old_one_stays(run, note):
    run.note = "as it was"
    with pytest.raises(ConfigError, match=r"^note = .* is not allowed: give up to 2,000 letters"):
        run.note = note
    assert open_run(run.path).note == "as it was"


@pytest.mark.parametrize(
    "tags", [5, None, [5], ["two words"], ["a/b"], "../x", [""], ["\x1b"], [str(i) for i in range(21)]]
)
def test_tags_that_are_no_words_are_refused_and_the_old_ones_stay(run, tags):
    run.tags = "as it_was"
    with pytest.raises(ConfigError, match=r"^(tags? = .* is not allowed: |21 tags are too many: give up to 20)"):
        run.tags = tags
    assert open_run(run.path).tags == ("as", "it_was")


def test_a_run_whose_folder_is_gone_keeps_nothing(run):
    shutil.rmtree(run.path)
    with pytest.raises(RunError, match="is gone"):
        run.note = "too late"
    assert not run.path.exists()


def test_who_notes_at_the_same_time_loses_nothing(run):
    def say(which):
        for i in range(20):
            setattr(open_run(run.path), which, f"{which}{i}")

    threads = [threading.Thread(target=say, args=(which,)) for which in ("note", "tags")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (run.note, run.tags) == ("note19", ("tags19",))


def test_a_full_disk_leaves_the_note_as_it_was(run, monkeypatch):
    run.note = "as it was"

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("twmr_nb.files.os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        run.note = "longer"
    assert open_run(run.path).note == "as it was"
    assert [path.name for path in run.path.iterdir() if "unfinished" in path.name] == []


def test_what_a_stranger_wrote_is_shown_as_text(run):
    (run.path / "notes.json").write_text(json.dumps({"note": "\x1b[2J", "tags": ["\x1b[31mred", "<b>"]}))
    assert run_label(run).endswith("new · \\x1b[31mred · <b>")


@pytest.mark.parametrize("content", ["{", "[]", '{"note": 5}', '{"tags": "good"}', '{"tags": [5]}'])
def test_a_damaged_file_is_told(run, tmp_path, content):
    (run.path / "notes.json").write_text(content)
    runs, problems = readable_runs(tmp_path)
    assert runs == []
    assert len(problems) == 1
    assert "notes.json is damaged" in problems[0]


def test_a_note_is_no_part_of_what_a_training_is(run):
    before = (run.path / "config.json").read_bytes()
    run.note, run.tags = "x", "y"
    assert (run.path / "config.json").read_bytes() == before
