"""The public names: listed in the README, explained, with examples that run; nothing heavy is loaded before its use."""

import ast
import doctest
import inspect
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import twmr_nb as tw

ROOT = Path(__file__).parents[1]
ROOMS = ("course", "plot", "robot")
NAMES = sorted(set(tw.__all__) - set(ROOMS))
HEAVY = ("jax", "flax", "matplotlib", "ipywidgets", "mjbatch", "tyro")


def test_the_readme_lists_the_public_names():
    part = (ROOT / "README.md").read_text().split("## The front door")[1].split("\n## ")[0]
    table = [line for line in part.splitlines() if line.startswith("| ")]
    assert sorted(re.findall(r"`tw\.(\w+)`", "\n".join(table))) == sorted(tw.__all__)


def test_the_names_can_be_completed():
    assert set(dir(tw)) >= set(tw.__all__)
    assert {"lines", "Table"} <= set(dir(tw.plot))
    assert {"LEG_RANGE", "tip_radius"} <= set(dir(tw.robot))
    assert "whegs_height" in dir(tw.course)


@pytest.mark.parametrize("room", ["robot", "course"])
def test_every_name_of_a_room_is_there(room):
    module = getattr(tw, room)
    assert all(hasattr(module, name) for name in module.__all__)


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_explained_by_an_example_that_runs(name, monkeypatch):
    """Constants are explained where they are made; what is called has its own words and example."""
    if name == "compare":  # which plays whole trials
        monkeypatch.setattr("twmr_nb.episodes.worlds.TRIAL_STEPS", 10)
    value = getattr(tw, name)
    if not callable(value):
        return
    found = doctest.DocTestFinder(recurse=False).find(value, name, globs={"tw": tw, "np": np})
    examples = [test for test in found if test.examples]
    assert inspect.getdoc(value)
    assert examples, f"{name} has no example"
    for test in examples:
        assert doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(test).failed == 0


def test_an_unknown_name_is_an_error():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = tw.nonsense


def test_importing_loads_nothing_heavy_and_needs_no_gl():
    code = f"import sys, twmr_nb; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"MUJOCO_GL": "disable", "PATH": ""}
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_stub_names_only_what_there_is():
    stub = ast.parse((ROOT / "twmr_nb" / "__init__.pyi").read_text())
    named = {alias.name for node in stub.body if isinstance(node, ast.ImportFrom) for alias in node.names}
    assert named == set(tw.__all__)


def test_a_run_as_the_last_line_of_a_cell_is_its_live_view(tmp_path, monkeypatch, no_run_left):
    """In a kernel: the formatter is found by the run's type, and shows the view."""
    from IPython.core.interactiveshell import InteractiveShell

    from twmr_nb.runs.run import new_run

    shown = []
    monkeypatch.setattr("IPython.display.display", shown.append)
    shell = InteractiveShell()
    tw.show_runs_live(shell)
    run = new_run("recommended", root=tmp_path)
    assert shell.display_formatter.ipython_display_formatter(run)
    assert type(shown[0]).__name__ == "LiveView"
    assert shown[0].run is run


def pitching(t):
    return t.pitch


MISTAKES = {
    "'recommended' is no world": lambda episode: tw.record("zero", "recommended", num_steps=2),
    "'flat' is no world": lambda episode: tw.evaluate("zero", "flat", episodes=2),
    "5 is no world": lambda episode: tw.sweep("zero", 5, episodes=2),
    "'hopeless' is no world": lambda episode: tw.still("hopeless"),
    "'step_5cm' is no world": lambda episode: tw.TwmrEnv("step_5cm"),
    "'x' is no world": lambda episode: tw.PoseExplorer("x"),
    "'walkthrough' is no world": lambda episode: episode.rescore("walkthrough"),
    "num_steps = 2.5 is not allowed": lambda episode: tw.record("zero", num_steps=2.5),
    "num_steps = 'x' is not allowed": lambda episode: tw.record("zero", num_steps="x"),
    "is not a reward term: wrap": lambda episode: episode.rescore(extra_terms=[pitching]),
    "give a list of reward terms": lambda episode: episode.rescore(extra_terms=tw.reward_term(pitching)),
    "'x' cannot be filmed": lambda episode: tw.video(episode, "x"),
    "5 cannot be filmed": lambda episode: tw.video([episode, 5]),
    "'hopeless' is no episode": lambda episode: tw.RewardExplorer("hopeless"),
    "7 is no episode": lambda episode: tw.GateExplorer(7),
    "0 of 0 is no rate": lambda episode: tw.wilson_interval(0, 0),
    "5 of 3 is no rate": lambda episode: tw.wilson_interval(5, 3),
    "'a' is no variant": lambda episode: tw.compare({"as it is": "a"}),
    "5 is no run's name or folder": lambda episode: tw.open_run(5),
    "(a run's: run.policy)": lambda episode: tw.record(tw.Run),
    "variants = 5 is not allowed": lambda episode: tw.compare(5),
}


@pytest.mark.parametrize("said", MISTAKES)
def test_a_mistake_at_the_front_door_is_one_sentence(said):
    episode = tw.record("zero", num_steps=2)
    with pytest.raises(tw.ConfigError, match=re.escape(said)):
        MISTAKES[said](episode)
