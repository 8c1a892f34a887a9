"""A training that is killed at any moment and goes on ends as one that nothing happened to, to the last bit."""

import errno
import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from trainings import CONFIG, SETTINGS, assert_same, fork, go_on, go_on_here, left_by

from twmr_nb.runs import training
from twmr_nb.runs.folder import RunFolder
from twmr_nb.runs.run import new_run

KILLS, PER_RUN = 100, 4
OWN_SPACE = ["unshare", "--map-root-user", "--mount"]  # in which a program may mount what nobody else sees
SPACE = (
    OWN_SPACE if shutil.which("unshare") and not subprocess.run([*OWN_SPACE, "true"], check=False).returncode else []
)


@pytest.fixture(scope="module")
def context():
    return fork()


@pytest.fixture(scope="module")
def whole(context, tmp_path_factory):
    """What an uninterrupted run leaves, and how many moments it has."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    code, moments = go_on(context, folder)
    assert code == 0
    left = left_by(folder)
    assert left["log/frontier"][-1] > left["log/frontier"][0]  # the curriculum has something to remember
    assert moments > 6 * SETTINGS["rollout_steps"]
    return left, moments


def killed(context, folder: Path, moments: list[int], number: int) -> int:
    """Send the signal at each of these moments, then let it finish; how many came in time."""
    came = 0
    for moment in moments:
        code, _ = go_on(context, folder, moment, number)
        came += code != 0 or RunFolder(folder).state != "finished"
        if RunFolder(folder).state == "finished":
            return came
    code, _ = go_on(context, folder)
    assert code == 0
    assert RunFolder(folder).state == "finished"
    return came


@pytest.mark.parametrize(
    ("number", "parts"), [(signal.SIGKILL, [3, 2]), (signal.SIGINT, [2])], ids=["killed", "stopped"]
)
def test_killed_and_gone_on_with(number, parts, context, whole, tmp_path):
    """Twice, or once: at such a part of the moments there are."""
    left, moments = whole
    assert killed(context, tmp_path / "run", [moments // part for part in parts], number) == len(parts)
    assert_same(left_by(tmp_path / "run"), left)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_killed_at_a_hundred_random_moments(number, context, whole, tmp_path):
    left, moments = whole
    draw, came, runs = random.Random(0), 0, 0
    while came < KILLS:
        runs += 1
        assert runs <= KILLS, "the signal does not come"
        folder = tmp_path / f"run{runs}"
        at = [draw.randint(1, moments if i == 0 else moments // 2) for i in range(PER_RUN)]
        came += killed(context, folder, at, number)
        assert_same(left_by(folder), left)
    print(f"{number.name}: {came} kills in {runs} runs of {moments} moments, every one ended as the uninterrupted one")


def full(call: int, monkeypatch) -> None:
    """From the given call on, nothing more fits on the disk."""
    real, count = os.fsync, iter(range(1, 10**6))

    def fsync(handle):
        if next(count) >= call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(handle)

    monkeypatch.setattr(os, "fsync", fsync)


def filled_up(call: int, folder: Path, monkeypatch) -> str:
    """A training whose disk is full from this write on; the state that it ends in. Then there is room again."""
    monkeypatch.setattr(training, "CHECKPOINT_SECONDS", 0.0)
    run = new_run(CONFIG, run_dir=folder)
    with monkeypatch.context() as here:
        full(call, here)
        with suppress(OSError):
            run.train()
    ended = run.state
    go_on_here(folder, ended)
    return ended


def test_a_disk_that_is_full_from_some_write_on(whole, tmp_path, monkeypatch):
    assert filled_up(9, tmp_path / "run", monkeypatch) == "failed"
    assert_same(left_by(tmp_path / "run"), whole[0])


@pytest.mark.slow
def test_a_disk_that_is_full_from_any_write_on(whole, tmp_path, monkeypatch):
    call, ended = 0, ""
    while ended != "finished":
        call += 1
        ended = filled_up(call, tmp_path / f"run{call}", monkeypatch)
        assert_same(left_by(tmp_path / f"run{call}"), whole[0])
    print(f"full at each of {call - 1} writes: every run kept its last checkpoint and went on to the same end")


@pytest.mark.slow
@pytest.mark.skipif(not SPACE, reason="where nobody may mount a file system of memory")
def test_a_disk_of_every_size_that_is_too_small(tmp_path):
    script = [sys.executable, str(Path(__file__).with_name("small_disk.py")), str(tmp_path)]
    done = subprocess.run([*SPACE, *script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    print(done.stdout.strip())
