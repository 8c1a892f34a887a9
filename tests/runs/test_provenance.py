"""Where a run was trained: package, commit, machine, versions; what it began with stays when it goes on elsewhere."""

import importlib.metadata
import json
import shutil
import subprocess

import pytest
from before import run_of_before
from tiny import TINY

from twmr_nb.runs import provenance as module
from twmr_nb.runs.provenance import commit, moves, places_in, provenance
from twmr_nb.runs.run import LIVE, new_run, open_run
from twmr_nb.task.rewards import reward_term

needs_git = pytest.mark.skipif(not shutil.which("git"), reason="no git here")


def calm(t):
    """Pitching is unpleasant."""
    return t.pitch**2


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package in a folder below a repository of its own, and a git that knows it; nothing is committed."""
    folder = tmp_path / "repository" / "package"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("")
    monkeypatch.setattr(module, "PACKAGE", folder)
    commit.cache_clear()
    yield folder
    commit.cache_clear()


def git(folder, *words):
    who = ["-c", "user.name=nobody", "-c", "user.email=nobody@localhost"]
    return subprocess.run(["git", *who, "-C", folder, *words], check=True, capture_output=True, text=True).stdout


def committed(folder, *paths):
    git(folder.parent, "init", "--quiet")
    git(folder.parent, "add", *paths)
    git(folder.parent, "commit", "--quiet", "--message", "all")
    return git(folder, "rev-parse", "HEAD")[:12]


@needs_git
def test_the_commit_is_told_and_whether_files_of_the_package_were_changed(package):
    (package.parent / "notes").write_text("")
    head = committed(package, "package", "notes")
    (package.parent / "notes").write_text("no part of the package")
    assert commit() == head
    (package / "__init__.py").write_text("changed = True")
    assert commit() == head  # as it was when it was first asked for
    commit.cache_clear()
    assert commit() == f"{head}, changed"


@needs_git
def test_a_package_installed_into_somebody_elses_repository_has_no_commit(package):
    (package.parent / "theirs.py").write_text("")
    committed(package, "theirs.py")
    assert commit() == ""


def test_without_git_or_a_repository_there_is_no_commit(package, monkeypatch):
    assert commit() == ""
    monkeypatch.setenv("PATH", "")
    commit.cache_clear()
    assert commit() == ""


def test_a_run_keeps_where_it_began(tmp_path):
    run = new_run("flip", root=tmp_path, **TINY)
    ((update, place),) = run.provenance
    assert update == 0
    assert place["package"] == importlib.metadata.version("twmr-nb")
    assert place["jax"] == importlib.metadata.version("jax")
    assert {"commit", "code", "processor", "cores", "system", "python", "mujoco", "XLA_FLAGS"} <= set(place)
    kept = (run.path / "config.json").read_bytes()
    run.train()
    assert (run.path / "config.json").read_bytes() == kept  # its time says when the run was made
    LIVE.clear()
    assert open_run(run.path).provenance == run.provenance


def test_a_run_that_goes_on_elsewhere_says_so_once(tmp_path, monkeypatch):
    def train_to(run, update):
        LIVE.clear()
        run.train(lambda record: run.stop() if record["update"] == update else None)

    run, here = new_run("flip", root=tmp_path, **TINY), provenance()
    train_to(run, 2)
    monkeypatch.setattr(module, "processor", lambda: "another")
    train_to(open_run(run.path), 3)
    train_to(open_run(run.path), 4)
    assert run.provenance == ((0, here), (2, here | {"processor": "another"}))
    assert moves(run.provenance) == [f"After update 2 it went on with processor another (was {here['processor']})."]


def test_a_run_made_here_and_trained_elsewhere_began_elsewhere(tmp_path, monkeypatch):
    run = new_run("flip", root=tmp_path, **TINY)
    monkeypatch.setattr(module, "processor", lambda: "another")
    run.train()
    assert [(update, place["processor"]) for update, place in run.provenance] == [(0, "another")]


def test_a_run_of_before_says_that_nothing_was_kept(tmp_path):
    term = reward_term(calm, weight=-0.5)
    folder = run_of_before(tmp_path / "run", term)
    run = open_run(folder, [term])
    assert run.provenance == ()
    run.train()
    assert run.provenance == ((0, {}), (3, provenance()))
    assert moves(run.provenance) == ["After update 3 is the first time that versions were kept."]
    assert json.loads((folder / "config.json").read_text())["config"]["preset"] == "recommended"


@pytest.mark.parametrize("odd", [5, "x", {}, [1], [[0]], [["0", {}]], [[0, "x"]], [[True, {}]], [[0, {}, 1]]])
def test_what_a_strangers_file_says_of_it_is_taken_for_nothing(odd):
    assert places_in({"provenance": odd}) == ()
    assert places_in({"provenance": [[0, {"jax": 5}]]}) == ((0, {"jax": "5"}),)
