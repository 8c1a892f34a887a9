"""Output that goes nowhere ends no training, and no command with a traceback."""

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from tiny import TINY, as_flags

TWMR = f"{shlex.quote(sys.executable)} -c 'from twmr_nb.cli.main import main; raise SystemExit(main())'"
FLAGS = as_flags(TINY | {"total_timesteps": 48}) + " --judge 0"
pytestmark = pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a shell and /dev/full")


def shell(line, folder, **environment):
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])} | environment
    return subprocess.run(
        ["sh", "-c", line.replace("twmr", TWMR, 1)], cwd=folder, env=environment, capture_output=True, text=True
    )


EACH_ALONE = [pytest.param(where, marks=pytest.mark.slow) for where in (">&-", "2>&-", ">/dev/full")]


@pytest.mark.parametrize("where", [*EACH_ALONE, ">&- 2>&- <&-", "2>/dev/full >/dev/full", "| head -n 1"])
def test_training_goes_on(where, tmp_path):
    done = shell(f"twmr train --preset flip {FLAGS} --run-dir run {where}", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "run" / "metrics.csv").read_text().count("\n") == 1 + 3
    assert '"finished"' in (tmp_path / "run" / "status.json").read_text()


@pytest.mark.parametrize(("command", "unbuffered"), [("presets", ""), ("presets", "1"), ("train --help", "")])
def test_a_full_disk_is_said(command, unbuffered, tmp_path):
    done = shell(f"twmr {command} >/dev/full", tmp_path, PYTHONUNBUFFERED=unbuffered)
    assert done.returncode == 1
    assert done.stderr.startswith("twmr: the output cannot be written: no space left on device")
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize("where", [">&-", "2>&-", ">&- 2>&-", "2>/dev/full"])
def test_a_sentence_that_nobody_hears_keeps_its_exit_code(where, tmp_path):
    assert shell(f"twmr policies nowhere {where}", tmp_path).returncode == 2


def test_a_terminal_without_these_letters_gets_others(tmp_path):
    done = shell("twmr policies", tmp_path, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert "flip_any" in done.stdout


@pytest.mark.parametrize("place", ["file", "file/deep"])
def test_a_place_for_runs_that_cannot_be_one_is_said(place, tmp_path):
    (tmp_path / "file").touch()
    done = shell(f"twmr train --preset flip {FLAGS}", tmp_path, TWMR_RUNS=str(tmp_path / place))
    assert done.returncode == 2
    assert done.stderr.startswith(f"twmr: '{tmp_path / place}")
    assert done.stderr.endswith("a file is in the way: choose another folder.\n")
