"""Odd surroundings, each in a process of its own: training, listing and playing work there, or say why not."""

import os
import subprocess
import sys

import jax
import pytest
from tiny import ONE_UPDATE, as_flags

from twmr_nb.learn.trainer import SWITCHES
from twmr_nb.runs.run import new_run
from twmr_nb.types import ConfigError

TRAIN = ["train", "--preset", "flip", "--name", "odd", *as_flags(ONE_UPDATE).split()]
# One process for all: what it writes to standard error is nobody's traceback, what it returns is 0.
WORK = """\
import os, sys
from twmr_nb.cli.main import main
def do(*line):
    if (code := main(list(line))) != 0:
        sys.exit(code)
do(*{train!r})
do("runs", "odd")
folder = os.path.join(os.environ["TWMR_RUNS"], *[name for name in os.listdir(os.environ["TWMR_RUNS"])])
do("play", "--policy", folder, "--steps", "5", "--strip", "strip.png")
"""
SURROUNDINGS = {
    "no home": {"HOME": None},
    "a home that is none": {"HOME": "/proc/nowhere"},
    "no program on the path": {"PATH": ""},
    "a terminal that knows ASCII only": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii"},
    "another language": {"LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8"},
    "an unknown GL library": {"MUJOCO_GL": "nonsense"},
    "a GL library that needs a display": {"MUJOCO_GL": "glfw", "DISPLAY": None, "WAYLAND_DISPLAY": None},
}


def work(surroundings, runs):
    given = {"TWMR_RUNS": str(runs)} | surroundings
    kept = {name: value for name, value in os.environ.items() if name not in given}
    env = kept | {name: value for name, value in given.items() if value is not None}
    line = [sys.executable, "-c", WORK.format(train=TRAIN)]
    return subprocess.run(line, env=env, cwd=runs.parent, capture_output=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize("what", SURROUNDINGS)
def test_it_works_in_odd_surroundings(what, tmp_path):
    """In a folder with a space and letters that not every encoding has."""
    done = work(SURROUNDINGS[what], tmp_path / "Läufe ☃ here")
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    assert b"Traceback" not in done.stderr


@pytest.mark.slow
def test_a_place_for_runs_that_may_not_be_written_to_is_told_in_a_sentence(tmp_path):
    (tmp_path / "runs").write_text("a file")
    done = work({}, tmp_path / "runs")
    assert done.returncode == 2
    assert b"a file is in the way" in done.stderr
    assert b"Traceback" not in done.stderr


@pytest.mark.parametrize("name", SWITCHES)
def test_a_switch_of_jax_that_no_training_can_do_with_is_told_before_anything_is_made(name, tmp_path):
    jax.config.update(name, True)
    try:
        with pytest.raises(ConfigError, match=rf"unset {name.upper()} and start Python anew, or call jax\.config"):
            new_run("flip", root=tmp_path / "runs")
    finally:
        jax.config.update(name, False)
    assert not (tmp_path / "runs").exists()
