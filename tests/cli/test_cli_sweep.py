"""`twmr sweep` and `twmr ablate`: results as they come, a table, a picture; what goes on and what is refused."""

import json
import os
import signal
import subprocess
import sys

import pytest
from waiting import wait_for

from twmr_nb.cli.main import main
from twmr_nb.lab.sweep import Sweep

TINY = "num_envs=4 minibatches=1 rollout_steps=8 max_steps=16 mlp_size=8 hidden_size=8 success_x=-1"


def asked(command, root, *more):
    words = f"{command} --set {TINY} --steps 64 --episodes 2 --seeds 1 --root {root}"
    return main([*words.split(), *more])


def test_a_sweep_tells_each_result_and_draws(tmp_path, capsys):
    picture = tmp_path / "tradeoff.png"
    grid = ["--grid", "alive_bonus=0,1", "end_on_success=true"]
    assert asked("sweep", tmp_path, *grid, "--plot", str(picture), "--x", "mean_length") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "alive_bonus = 0, end_on_success = True, seed 0: passed 100%, effort 0.0 (N m)² s"
    assert sum(line.startswith("alive_bonus = 1") for line in lines) == 3  # its result, its row, its verdict
    assert "2 of 2 trainings finished, over" in lines
    assert picture.read_bytes()[:4] == b"\x89PNG"


def test_again_a_sweep_trains_nothing_and_gives_its_numbers(tmp_path, capsys, monkeypatch):
    grid = ["--grid", "alive_bonus=0,1"]
    asked("sweep", tmp_path, *grid)
    capsys.readouterr()
    monkeypatch.setattr("twmr_nb.runs.run.Run.train", lambda *_: pytest.fail("trained again"))
    assert asked("sweep", tmp_path, *grid, "--json") == 0
    columns = json.loads(capsys.readouterr().out)
    assert columns["alive_bonus"] == [0, 1]
    assert columns["success_rate"] == [1.0, 1.0]


def test_an_ablation_has_a_verdict_for_each_term(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("twmr_nb.episodes.worlds.TRIAL_STEPS", 10)
    assert asked("ablate", tmp_path, "--preset", "flip") == 0
    said = capsys.readouterr().out
    assert "without forward: cannot tell (p = 1)" in said
    assert "with 4 questions at once it takes 5." in said


def test_interrupted_it_says_how_to_go_on(tmp_path, capsys, monkeypatch):
    calls = []

    def join(self, **_):
        calls.append("join")
        if len(calls) == 1:
            raise KeyboardInterrupt

    monkeypatch.setattr(Sweep, "join", join)
    monkeypatch.setattr(Sweep, "start", lambda self: self)
    monkeypatch.setattr(Sweep, "stop", lambda self: calls.append("stop"))
    assert asked("sweep", tmp_path, "--grid", "alive_bonus=0,1") == 130
    assert calls == ["join", "stop", "join"]
    assert "stopped; the same command goes on where it is" in capsys.readouterr().err


@pytest.mark.skipif(os.name != "posix", reason="a terminal's Ctrl-C, which reaches the workers, too")
def test_one_interruption_of_all_processes_saves_and_ends(tmp_path):
    words = f"sweep --set {TINY} --steps 1000000 --episodes 2 --seeds 1 --root {tmp_path} --workers 1"
    code = "import sys; from twmr_nb.cli.main import main; sys.exit(main())"
    command = [sys.executable, "-c", code, *words.split(), "--grid", "alive_bonus=0,1"]
    asking = subprocess.Popen(command, start_new_session=True, stdout=-1, stderr=-1, text=True)
    try:
        wait_for(lambda: any(file.stat().st_size > 1000 for file in tmp_path.glob("*/metrics.csv")))
        os.killpg(asking.pid, signal.SIGINT)
        _, said = asking.communicate(timeout=120)
    finally:
        asking.kill()
    assert asking.returncode == 130
    assert "the same command goes on where it is" in said
    assert [json.loads(file.read_text())["state"] for file in tmp_path.glob("*/status.json")] == ["stopped"]
    assert list(tmp_path.glob("*.stop")) == []


def test_a_training_that_fails_is_told_and_is_no_success(tmp_path, capsys, monkeypatch):
    def broken(task, tell):
        raise ValueError("no luck")

    monkeypatch.setattr("twmr_nb.lab.engine.do", broken)
    assert asked("sweep", tmp_path, "--grid", "alive_bonus=0") == 1
    assert "alive_bonus = 0, seed 0: no luck" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("sweep", "--grid is missing"),
        ("sweep --grid alive_bonus", "'alive_bonus' is no part of a grid: give name=value,value"),
        ("sweep --grid alive_bonus=0 alive_bonus=1", "--grid gives alive_bonus twice"),
        ("sweep --grid alive_bonsu=0,1", "unknown setting 'alive_bonsu'; did you mean 'alive_bonus'"),
        ("sweep --grid alive_bonus=0,9", "alive_bonus = 9 is not allowed"),
        ("sweep --grid alive_bonus=0,1 --set alive_bonus=1", "--set alive_bonus=... has no effect on a grid of"),
        ("sweep --grid alive_bonus=0,1 --x effort", "--x has no effect without a picture"),
        ("sweep --grid alive_bonus=0,1 --y speed --plot a.png", "y = 'speed' is not measured: choose"),
        ("sweep --grid alive_bonus=0,1 --plot a.svg", "give a name that ends in .png"),
        ("sweep --grid alive_bonus=0,1 --set gate_tilt=0.2", "gate_tilt has no effect with gate_mode"),
        ("sweep --grid alive_bonus=0,1 --most 3", "8 trainings are more than 3: make the grid smaller"),
        ("sweep --grid alive_bonus=0,1 --workers 0", "workers = 0 is not allowed"),
        ("sweep --grid alive_bonus=0,1 --seeds 0", "seeds = 0 is not allowed: give how many, from 1 to 1000"),
        ("ablate --preset flup", "unknown preset 'flup'"),
        ("ablate --scheduler here", "scheduler = 'here' is not allowed: give its address"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(words, message, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words.split()) == 2
    said = capsys.readouterr().err
    assert message in said
    assert len(said.splitlines()) == 1
    assert not list(tmp_path.iterdir())
