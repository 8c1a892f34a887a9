"""The public names: listed in the README, explained, with examples that run; nothing heavy is loaded before its use."""

import ast
import doctest
import inspect
import operator
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import twmr_nb as tw
from twmr_nb.types import Mistake

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
    if name in ("compare", "sweep", "ablate", "search"):  # which play whole trials
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


@pytest.mark.parametrize("name", [*NAMES, *(f"course.{name}" for name in tw.course.__all__)])
def test_no_name_is_explained_by_a_place_on_this_machine(name):
    value = operator.attrgetter(name)(tw)
    if callable(value) and value is not tw.ConfigError:  # which has no signature
        assert "Path(" not in str(inspect.signature(value))


def test_an_unknown_name_is_an_error():
    with pytest.raises(AttributeError, match="nonsense"):
        _ = tw.nonsense


def test_importing_loads_nothing_heavy_and_needs_no_gl():
    code = f"import sys, twmr_nb; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env={"MUJOCO_GL": "disable", "PATH": ""}
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_only_who_trains_or_plays_a_network_waits_for_jax():
    code = "import sys, twmr_nb as tw; [getattr(tw, name) for name in tw.__all__]; print('jax' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "False", done.stderr


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
    run = new_run("flip", root=tmp_path)
    assert shell.display_formatter.ipython_display_formatter(run)
    assert type(shown[0]).__name__ == "LiveView"
    assert shown[0].run is run


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("tw.EnvConfig(scene='moon')", ["ConfigError: scene = 'moon' is not allowed: choose 'flat', "]),
        ("tw.load_policy('nowhere')", ["PolicyError: no policy at 'nowhere': give a .safetensors file"]),
        ("1 / 0", ["Traceback (most recent call last)", "----> 1 1 / 0", "ZeroDivisionError: division by zero"]),
    ],
)
def test_in_a_notebook_a_mistake_is_its_sentence_and_nothing_else(line, shown, capsys):
    """All else keeps its traceback."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell(colors="nocolor")
    shell.user_ns["tw"] = tw
    assert not shell.run_cell(line).success
    said = capsys.readouterr().out
    assert all(words in said for words in shown)
    assert said.count("\n") == 1 or "Traceback" in shown[0]


def pitching(t):
    return t.pitch


MISTAKES = {
    "'recommended' is no world": lambda episode: tw.record("zero", "recommended", num_steps=2),
    "'flat' is no world": lambda episode: tw.evaluate("zero", "flat", episodes=2),
    "5 is no world": lambda episode: tw.sweep_heights("zero", 5, episodes=2),
    "'hopeless' is no world": lambda episode: tw.still("hopeless"),
    "'step_5cm' is no world": lambda episode: tw.TwmrEnv("step_5cm"),
    "'x' is no world": lambda episode: tw.PoseExplorer("x"),
    "'walkthrough' is no world": lambda episode: episode.rescore("walkthrough"),
    "num_steps = 2.5 is not allowed": lambda episode: tw.record("zero", num_steps=2.5),
    "num_steps = 'x' is not allowed": lambda episode: tw.record("zero", num_steps="x"),
    "is not a reward term: wrap": lambda episode: episode.rescore(extra_terms=[pitching]),
    "give a list of reward terms": lambda episode: episode.rescore(extra_terms=tw.reward_term(pitching)),
    "'x' cannot be filmed": lambda episode: tw.video(episode, "x"),
    "fps = 'x', speed = 1.0 are not allowed": lambda episode: tw.video(episode, fps="x"),
    "5 cannot be filmed": lambda episode: tw.video([episode, 5]),
    "'hopeless' is no episode": lambda episode: tw.RewardExplorer("hopeless"),
    "7 is no episode": lambda episode: tw.GateExplorer(7),
    "0 of 0 is no rate": lambda episode: tw.wilson_interval(0, 0),
    "5 of 3 is no rate": lambda episode: tw.wilson_interval(5, 3),
    "'x' of 3 is no rate: give whole": lambda episode: tw.wilson_interval("x", 3),
    "1.5 of 3 is no rate": lambda episode: tw.wilson_interval(1.5, 3),
    "1 of inf is no rate": lambda episode: tw.wilson_interval(1, float("inf")),
    "1 of None is no rate": lambda episode: tw.rate_difference(1, None, 1, 3),
    "z = -1 is not allowed": lambda episode: tw.wilson_interval(1, 3, z=-1),
    "z = nan is not allowed": lambda episode: tw.wilson_interval(1, 3, z=float("nan")),
    "3 has no differences: give": lambda episode: tw.shift_interval(3, [1]),
    "'x' has no differences: give": lambda episode: tw.shift_interval("x", [1]),
    "[nan, 1] has no differences: give": lambda episode: tw.shift_interval([1], [float("nan"), 1]),
    "num_envs = 'x' is not allowed: give a whole": lambda episode: tw.TwmrEnv(num_envs="x"),
    "num_envs = 2.5 is not allowed": lambda episode: tw.TwmrEnv(num_envs=2.5),
    "num_envs = True is not allowed": lambda episode: tw.TwmrEnv(num_envs=True),
    "unknown preset ['flip']; choose": lambda episode: tw.preset(["flip"]),
    "reward term 'broken' failed": lambda episode: episode.rescore(
        extra_terms=[tw.reward_term(lambda t: 1 / 0, name="broken")]
    ),
    "'a' is no variant": lambda episode: tw.compare({"as it is": "a"}),
    "5 is no run's name or folder": lambda episode: tw.open_run(5),
    "6 is no run's name or folder": lambda episode: tw.diff(6, 7),
    "words = 5 is not allowed: give one text": lambda episode: tw.find_runs(5),
    "seed = -1 is not allowed": lambda episode: tw.record("zero", seed=-1),
    "count = 'x' is not allowed": lambda episode: tw.record_many("zero", "x"),
    "front = 'y' is not allowed": lambda episode: tw.ConstantPolicy(1.0, "y"),
    "'nope' is no worked experiment: choose 'scale'": lambda episode: tw.course.measured("nope"),
    "'z' is no world": lambda episode: tw.robot.build_model("z"),
    "3 is no world": lambda episode: tw.robot.leg_targets(3),
    "'t' is no episode": lambda episode: tw.Replay("t"),
    "'g' is no episode": lambda episode: tw.Replay(episode, "g"),
    "'s' is no world": lambda episode: tw.Stage("you", "s"),
    "a push of 99 along (0, 1, 0) is not allowed": lambda episode: tw.Stage("zero").push(99),
    "unknown preset 4; choose 'recommended'": lambda episode: tw.train(4),
    "'nope' is no preset (recommended, ": lambda episode: tw.world("nope"),
    "'nop' is no preset (recommended, ": lambda episode: tw.TrainingPanel("nop"),
    "unknown preset 'no'; choose 'recommended'": lambda episode: tw.variant(preset="no"),
    "no policy at '.', a folder without a run: give": lambda episode: tw.load_policy("."),
    ": give one that ends in .safetensors": lambda episode: tw.load_policy(ROOT / "README.md"),
    "no rollout at 5: give a file that Rollout.save wrote": lambda episode: tw.load_rollout(5),
    "(a run's: run.policy)": lambda episode: tw.record(5),
    "Run is a class and cannot play: give an object of it, Run(...).": lambda episode: tw.record(tw.Run),
    "ConstantPolicy is a class and cannot play": lambda episode: tw.Stage(tw.ConstantPolicy),
    "None is no path: give a file's name.": lambda episode: episode.save(None),
    "5 is no path: give a file's name.": lambda episode: tw.plot.reward_traces(episode).save(5),
    "height = 5 is not allowed: give a whole number from 100 to 2000 px.": lambda episode: tw.Stage(height=5),
    "height = 'tall' is not allowed": lambda episode: tw.Replay(episode, height="tall"),
    "success_x = -1 is not ahead of every start": lambda episode: tw.train(success_x=-1),
    "success_x = 0.2 is not ahead of every start, which lie up to x = 0.3: give a larger one": lambda episode: tw.world(
        success_x=0.2, start_x_range=0.3
    ),
    "variants = 5 is not allowed": lambda episode: tw.compare(5),
}


@pytest.mark.parametrize("said", MISTAKES)
def test_a_mistake_at_the_front_door_is_one_sentence(said):
    episode = tw.record("zero", num_steps=2)
    with pytest.raises(Mistake, match=re.escape(said)):
        MISTAKES[said](episode)


FIGURES = [name for name in tw.plot.__all__ if inspect.isfunction(getattr(tw.plot, name))]


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_says_in_a_sentence_what_it_cannot_draw(name):
    draw = getattr(tw.plot, name)
    needed = [p for p in inspect.signature(draw).parameters.values() if p.default is p.empty]
    for given in ("x", None, [object()]):
        with pytest.raises(tw.ConfigError, match=rf"^tw\.plot\.{name} cannot draw .*: help\(tw\.plot\.{name}\) says"):
            draw(*[given] * len(needed))
    with pytest.raises(TypeError, match="missing a required argument"):
        draw()
