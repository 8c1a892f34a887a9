"""What a student has passed: kept whole, by several kernels at once, whatever lay in the file; shown at a glance."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from twmr_nb import course
from twmr_nb.course import results
from twmr_nb.course.checks import verdict
from twmr_nb.course.lessons import exercises, lessons
from twmr_nb.course.results import Results, keep, progress, read
from twmr_nb.types import ConfigError

ATTACK = "<img src=x onerror=alert(1)>|\x1b[31m"
CELL = "my_speed = 0.2\ntw.course.flat_speed(my_speed)"
ENTRY = {"tries": 1, "passed": None, "answer": "0123"}


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """The file of results, not there yet."""
    monkeypatch.setattr(results, "KEPT", tmp_path / "runs" / "results.json")
    return results.KEPT


def checks(kept):
    return json.loads(kept.read_text())["checks"]


def test_a_check_is_counted_until_it_is_passed_and_then_stays(kept):
    assert keep("flat_speed", (0.3,), False, "one") == ""
    first = checks(kept)["flat_speed"]
    assert (first["tries"], first["passed"]) == (1, None)
    keep("flat_speed", (0.2,), True, "two")
    passed = checks(kept)["flat_speed"]
    assert passed["tries"] == 2
    assert passed["passed"].endswith("+00:00")
    assert passed["answer"] != first["answer"]
    for right in (False, True):
        keep("flat_speed", (0.5,), right, "three")
    assert checks(kept) == {"flat_speed": passed}


def test_an_answer_is_kept_as_the_beginning_of_its_cells_sha256(kept):
    keep("flat_speed", (), True, "abc\n")
    assert checks(kept)["flat_speed"]["answer"] == "ba7816bf8f01cfea"  # FIPS 180-2, appendix B.1


def test_the_cell_as_it_was_handed_out_is_no_try_nor_is_the_same_once_more(kept):
    keep("flat_speed", (...,), False, exercises()["flat_speed"].cell)
    assert not kept.exists()
    for _ in range(3):
        keep("flat_speed", (0.3,), False, CELL)
    assert checks(kept)["flat_speed"]["tries"] == 1


def test_hunts_are_told_apart_and_a_word_for_an_answer_is_none(kept):
    keep("caught", ("gate", "B", "reads the future"), True, "a")
    keep("caught", ("term", "A", "only ups count"), False, "b")
    keep("noise_gap", ("flip_5cm", {}), True, "c")
    assert [(name, bool(each["passed"])) for name, each in checks(kept).items()] == [
        ("caught gate", True), ("caught term", False), ("noise_gap", True)
    ]  # fmt: skip


def test_what_no_lesson_asks_is_not_kept(kept):
    assert keep("nonsense", (), True, "a") == ""
    assert keep("caught", ("nonsense",), True, "a") == ""
    assert not kept.exists()


def test_in_a_notebook_a_check_is_kept(kept, monkeypatch):
    monkeypatch.setattr(verdict, "running_cell", lambda: CELL)
    assert not course.caught("gate", "A", "reads the future").correct
    assert course.flat_speed(0.2).correct
    assert {name: bool(each["passed"]) for name, each in checks(kept).items()} == {
        "caught gate": False, "flat_speed": True
    }  # fmt: skip


def test_where_it_cannot_be_kept_the_verdict_stands_and_says_so(kept, monkeypatch):
    monkeypatch.setattr(verdict, "running_cell", lambda: CELL)
    kept.parent.write_text("a file is in the way")
    said = course.flat_speed(0.2)
    assert said.correct
    assert "It is not kept, results.json cannot be written: " in said.reason


def test_outside_a_notebook_nothing_is_kept(kept):
    assert course.flat_speed(0.2).correct
    assert not kept.exists()


WRITER = """
import sys
from twmr_nb.course.results import keep
for exercise in sys.argv[1:]:
    for number in range(20):
        assert keep(exercise, (), number == 19, f"{exercise} {number}") == ""
"""


def test_two_kernels_write_at_once_and_nothing_is_lost(tmp_path):
    environment = os.environ | {"TWMR_RUNS": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])}
    names = [["flat_speed", "climber"], ["written_gae", "diagnosis"]]
    started = [subprocess.Popen([sys.executable, "-c", WRITER, *each], env=environment) for each in names]
    while any(each.poll() is None for each in started):  # whenever one looks, the file is whole
        read(tmp_path / "results.json")
        time.sleep(0.01)
    assert [each.returncode for each in started] == [0, 0]
    found = read(tmp_path / "results.json").checks
    assert {name: (each["tries"], bool(each["passed"])) for name, each in found.items()} == {
        name: (20, True) for each in names for name in each
    }


FOREIGN = [
    "", "{", "[]", '{"name": 5}', '{"checks": [1]}', '{"checks": {"a": 5}}', '{"checks": {"a": {"tries": "1"}}}',
    '{"checks": {"a": {"tries": 1, "passed": true, "answer": ""}}}', "\udcff", "[" * 100_000,
    '"' + "a" * (1 << 20) + '"',
]  # fmt: skip


@pytest.mark.parametrize("content", FOREIGN, ids=lambda content: content[:40])
def test_a_damaged_or_foreign_file_is_told_in_a_sentence_and_kept_beside_the_new_one(content, kept):
    raw = content.encode(errors="surrogateescape")
    kept.parent.mkdir()
    kept.write_bytes(raw)
    assert str(progress()).splitlines()[-1].startswith("Your results cannot be read: results.json ")
    said = keep("flat_speed", (), True, CELL)
    assert said.startswith("Your earlier results cannot be read (results.json ")
    assert said.endswith(" and are kept as results.json.damaged-1.")
    assert "\n" not in said
    assert kept.with_name("results.json.damaged-1").read_bytes() == raw
    assert list(checks(kept)) == ["flat_speed"]


def test_what_a_later_version_adds_stays(kept):
    kept.parent.mkdir()
    kept.write_text(json.dumps({"note": "mine", "checks": {"flat_speed": ENTRY | {"hint": 3}, "of another": ENTRY}}))
    keep("flat_speed", (), True, CELL)
    data = json.loads(kept.read_text())
    assert data["note"] == "mine"
    assert data["checks"]["of another"] == ENTRY
    assert data["checks"]["flat_speed"]["hint"] == 3
    assert data["checks"]["flat_speed"]["tries"] == 2


def test_a_folder_that_cannot_be_written_to_is_told(kept):
    kept.parent.write_text("a file is in the way")
    assert keep("flat_speed", (), True, CELL).startswith("It is not kept, results.json cannot be written: ")
    assert "passed: 00 0/3" in str(progress())


def test_progress_shows_the_lessons_in_order_with_what_is_open(kept):
    for name in ("whegs_height", "actions_in", "full_ahead", "flat_speed"):
        keep(name, (), True, CELL)
    lines = progress()._repr_markdown_().splitlines()[2:]
    assert [line.split("](")[1].split(")")[0] for line in lines] == [lesson.name for lesson in lessons()]
    assert lines[0].endswith("(00_start_here.ipynb) | ✓ 3 of 3 |  |")
    assert lines[1].endswith(" | 1 of 5 | Complete it; Exercise 1; Exercise 2; Exercise 4 |")
    assert str(progress()).startswith("passed: 00 3/3, 01 1/5, 02 0/5, ")


def test_a_name_is_kept_and_shown_as_text(kept):
    keep("flat_speed", (), True, CELL)
    shown = progress(name=f" {ATTACK} ")._repr_markdown_()
    assert read(kept).name == ATTACK
    assert list(checks(kept)) == ["flat_speed"]
    assert "<img" not in shown
    assert "\x1b" not in shown
    assert "|" not in shown.splitlines()[0]
    assert progress(name="Ada")._repr_markdown_().startswith("**Ada**\n\n| lesson |")


@pytest.mark.parametrize("name", ["", "  ", "a" * 61, 5, ...])
def test_what_is_no_name_is_refused(name, kept):
    with pytest.raises(ConfigError, match="is no name: give up to 60 letters"):
        progress(name=name)
    assert not kept.exists()


def test_results_count_by_lesson():
    entry = ENTRY | {"passed": "2026-01-01T00:00:00+00:00"}
    mine = Results(checks={"flat_speed": entry, "climber": ENTRY, "caught gate": entry, "of no lesson": entry})
    assert [mine.passed(lesson) for lesson in lessons()] == [0, 1, 1, 0, 0, 0, 0, 0]
