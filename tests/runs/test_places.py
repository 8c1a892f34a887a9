"""One place for runs, from wherever it is asked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from twmr_nb.runs.places import LESSON, earlier_hint, runs_folder


@pytest.fixture
def suite(tmp_path):
    """A checkout, as far as it matters here."""
    (tmp_path / "suite" / "notebooks" / "mine").mkdir(parents=True)
    (tmp_path / "suite" / LESSON).touch()
    return tmp_path / "suite"


def make_run(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    return folder


@pytest.mark.parametrize("place", [".", "notebooks", "notebooks/mine"])
def test_terminal_and_lessons_share_one_place(suite, place, monkeypatch):
    make_run(suite / "notebooks" / "runs" / "from_before")
    monkeypatch.chdir(suite / place)
    assert runs_folder({}) == suite / "runs"


@pytest.mark.parametrize("place", [".", "notebooks", "notebooks/mine"])
def test_every_user_of_the_place_agrees(suite, place):
    code = (
        "from twmr_nb.course import leaderboard\nfrom twmr_nb.lab import experiment\n"
        "from twmr_nb.runs import places\nprint(places.RUNS, leaderboard.BOARD.parent, experiment.ROOT.parent)\n"
    )
    environment = {k: v for k, v in os.environ.items() if k != "TWMR_RUNS"}
    environment["PYTHONPATH"] = str(Path(__file__).parents[2])
    said = subprocess.run(
        [sys.executable, "-c", code], cwd=suite / place, env=environment, capture_output=True, text=True, check=True
    )
    assert said.stdout.split() == 3 * [str(suite / "runs")]


@pytest.mark.parametrize("place", [".", "solutions"])
def test_a_folder_that_the_lessons_were_copied_into_has_its_own(suite, place, monkeypatch):
    """Wherever it is, in a checkout, too; and whatever runs lie above it."""
    make_run(suite / "runs" / "of the checkout")
    (suite / "ada" / "solutions").mkdir(parents=True)
    (suite / "ada" / LESSON.name).touch()
    monkeypatch.chdir(suite / "ada" / place)
    assert runs_folder({}) == suite / "ada" / "runs"


def test_the_environment_decides_first(suite, monkeypatch, tmp_path):
    monkeypatch.chdir(suite)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert runs_folder({"TWMR_RUNS": "~/mine"}) == tmp_path / "mine"
    assert runs_folder({"TWMR_RUNS": "mine"}) == suite / "mine"
    assert runs_folder({"TWMR_RUNS": " "}) == suite / "runs"


def test_without_the_lessons_the_nearest_runs_are_gone_on_with(tmp_path, monkeypatch):
    (tmp_path / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "a" / "b")
    assert runs_folder({}) == tmp_path / "a" / "b" / "runs"
    (tmp_path / "a" / "runs" / "notes").mkdir(parents=True)
    assert runs_folder({}) == tmp_path / "a" / "b" / "runs", "a folder of that name without runs is none"
    make_run(tmp_path / "a" / "runs" / "first")
    assert runs_folder({}) == tmp_path / "a" / "runs"


def test_a_working_directory_that_was_deleted_is_no_reason_to_fail(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "cwd", lambda: (_ for _ in ()).throw(FileNotFoundError))
    assert runs_folder({}) == Path("runs")
    assert runs_folder({"TWMR_RUNS": str(tmp_path)}) == tmp_path


def test_runs_from_before_are_named_with_the_line_that_brings_them_here(suite, monkeypatch):
    monkeypatch.chdir(suite)
    assert earlier_hint(suite / "runs") == ""
    make_run(suite / "notebooks" / "runs" / "first")
    make_run(suite / "notebooks" / "solutions" / "runs" / "second")
    (suite / "runs").mkdir()
    hint = earlier_hint(suite / "runs")
    subprocess.run(["sh", "-c", hint[hint.index("mv ") :]], check=True)
    assert {path.name for path in (suite / "runs").iterdir()} == {"first", "second"}
    assert earlier_hint(suite / "runs") == ""
