"""The command line as a user meets it."""

import inspect
import json
import os
import re
import shutil
import subprocess
import sys

import jax
import numpy as np
import pytest
from tiny import TINY, as_flags

from twmr_nb.cli import main as cli
from twmr_nb.draw.film import gl_available
from twmr_nb.policies.saved import load_policy

FLAGS = [*as_flags(TINY | {"total_timesteps": 32}).split(), "--judge", "0"]


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    path = tmp_path_factory.mktemp("cli") / "run"
    assert cli.main(["train", "--preset", "flip", *FLAGS, "--seed", "3", "--run-dir", str(path)]) == 0
    return path


def test_a_finished_training_is_judged_and_says_where_it_failed(tmp_path, capsys):
    flags = ["train", "--preset", "flip", *FLAGS, "--run-dir", str(tmp_path / "run")]
    flags[flags.index("--judge") + 1] = "2"
    assert cli.main(flags) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("0 of 2 unseen episodes passed, 0 of them upright. This training failed")


def test_train_writes_the_policy(run_dir, capsys):
    assert (run_dir / "policy.safetensors").exists()
    assert cli.main(["train", "--run-dir", str(run_dir), *FLAGS]) == 2
    assert "already holds a run" in capsys.readouterr().err


def test_a_policys_network_is_trained_on(run_dir, tmp_path, capsys):
    line = ["train", "--preset", "flip", *FLAGS, "--run-dir", str(tmp_path / "on"), "--start-from", str(run_dir)]
    assert cli.main(line) == 0
    begun, policy = load_policy(tmp_path / "on" / "start.safetensors"), load_policy(run_dir)
    for ours, theirs in zip(jax.tree.leaves(begun.params), jax.tree.leaves(policy.params), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert cli.main(["train", "--preset", "flip", "--start-from", str(run_dir), "--run-dir", str(tmp_path / "no")]) == 2
    [sentence] = capsys.readouterr().err.splitlines()
    assert sentence.startswith("twmr: mlp_size = 64 and hidden_size = 64 cannot begin from the network of ")
    assert not (tmp_path / "no").exists()


def test_a_symptom_is_told_once_when_it_is_noticed(tmp_path, capsys):
    sick = TINY | {"total_timesteps": 2 * 8 * 8, "log_std_init": -4.0, "log_std_final": -4.0}
    flags = [*as_flags(sick).split(), "--judge", "0", "--run-dir", str(tmp_path / "run")]
    assert cli.main(["train", "--preset", "flip", *flags]) == 0
    lines = capsys.readouterr().out.splitlines()
    [place] = [i for i, line in enumerate(lines) if line.startswith("symptom: noise collapsed since update 1 (16 ")]
    assert lines[place - 1].startswith("update 5/8")


def test_the_walkthroughs_flags_work_as_written():
    line = "train --gate-mode obstacle --obs-mode compact_obstacle --extension-penalty 0.05 --control-cost 1e-4"
    options = cli.parse([*line.split(), "--total-timesteps", "600000"])
    assert (options.env.gate_mode, options.env.obs_mode) == ("obstacle", "compact_obstacle")
    assert (options.env.extension_penalty, options.env.control_cost) == (0.05, 1e-4)
    assert options.ppo.total_timesteps == 600_000


def test_preset_sets_the_defaults_that_flags_change():
    options = cli.parse(["train", "--preset", "walkthrough", "--epochs", "3", "--no-auto-retract"])
    assert (options.ppo.num_envs, options.ppo.epochs, options.env.auto_retract) == (1, 3, False)


def test_evaluate_prints_one_json_object(run_dir, capsys):
    line = f"evaluate --policy {run_dir} --scene step_5cm --episodes 3 --seed 1 --json"
    assert cli.main(line.split()) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["episodes"] == 3
    assert result["success_rate"] == 0.0
    assert {"mean_final_x", "mean_return"} <= result.keys()


def test_what_does_nothing_or_acts_at_random_is_judged_by_its_name(capsys):
    assert (
        cli.main(
            ["evaluate", "zero", "random", "--episodes", "2", "--step-height", "0.03", "--set", "max_steps=3", "--json"]
        )
        == 0
    )
    zero, random = json.loads(capsys.readouterr().out)
    assert (zero["policy"], random["policy"]) == ("zero actions", "random actions")
    assert zero["step_height"] == 0.03
    assert zero["effort"] == 0 < random["effort"]


def test_the_help_says_what_each_command_does(capsys):
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    said = " ".join(capsys.readouterr().out.replace("│", " ").split())
    for options in cli.HANDLERS:
        assert inspect.getdoc(options) in said


def test_evaluate_prints_a_table(run_dir, capsys):
    assert cli.main(f"evaluate --policy {run_dir} --episodes 2 --step-height 0.03".split()) == 0
    out = capsys.readouterr().out
    for row in ("passed ", "95% interval", "legs folded on the flat", "forward", "2, mean action", "3 cm"):
        assert row in out


def test_evaluate_compares_mean_action_with_sampled_play(run_dir, capsys):
    assert cli.main(f"evaluate {run_dir} --episodes 2 --both --set max_steps=5 reset_noise=0.0 --json".split()) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["deterministic"], result["sampled"]["deterministic"]) == (True, False)
    assert result["mean_length"] == result["sampled"]["mean_length"] == 5
    assert result["gap"] == 0.0


def test_evaluate_sweeps_heights_of_several_policies(run_dir, tmp_path, capsys):
    picture = tmp_path / "heights.png"
    line = f"evaluate {run_dir} {run_dir.parent / 'twin'} --heights 0.02:0.06:0.02 --episodes 1 --set max_steps=3"
    shutil.copytree(run_dir, run_dir.parent / "twin")
    assert cli.main([*line.split(), "--plot", str(picture)]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:3] == ["step", "[cm]", "run"]
    assert [name in head for name in ("run, upright", "twin", "twin, upright", "clean")] == [True, True, True, False]
    assert [row.split()[0] for row in rows] == ["2", "4", "6"]
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert cli.main([*line.split(), "--json"]) == 0
    one, twin = json.loads(capsys.readouterr().out)
    assert [r["step_height"] for r in one["sweep"]] == [0.02, 0.04, 0.06]
    assert one == twin
    assert cli.main([*line.split(), "end_on_success=false"]) == 0
    head, *_ = capsys.readouterr().out.splitlines()
    assert "run, clean" in head  # what comes after passing is played


def test_export_writes_a_policy_that_is_listed(run_dir, tmp_path, capsys):
    line = f"export {run_dir} --name tiny --to {tmp_path} --episodes 1"
    assert cli.main([*line.split(), "--note", "Stands still."]) == 0
    assert cli.main(["policies", str(tmp_path)]) == 0
    head, row, note = capsys.readouterr().out.splitlines()[-3:]
    assert head.split()[:2] == ["policy", "step"]
    assert row.split()[0] == "tiny"
    assert note.strip() == "Stands still."


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ("--plot a.png", "--plot draws success against step height: add --sweep"),
        ("--both --sweep", "--both and --sweep exclude each other"),
        ("--heights 0.1", "heights = '0.1' is not allowed: give LOW:HIGH:STEP in m"),
        ("--heights 0.1:0:0.01", "heights = '0.1:0:0.01' is not allowed"),
        ("--set fricton_range=1", "unknown setting 'fricton_range'; did you mean 'friction_range'"),
        ("--set 5", "'5' is not a setting: give name=value"),
        ("--set obs_mode=full", "obs_mode = 'full' is not allowed here"),
        ("--policy nowhere", "no policy at 'nowhere'"),
    ],
)
def test_impossible_evaluations_are_refused_before_they_begin(run_dir, flags, sentence, capsys):
    assert cli.main(["evaluate", str(run_dir), *flags.split()]) == 2
    assert sentence in capsys.readouterr().err


def test_a_failed_episode_is_named_and_played_as_it_was_judged(run_dir, tmp_path, capsys):
    how = "--step-height 0.03 --seed 2 --no-deterministic --set max_steps=5 reset_noise=0.02"
    assert cli.main(f"evaluate {run_dir} --episodes 3 {how}".split()) == 0
    said = capsys.readouterr().out
    told = f"not passed in episodes 0 1 2; to watch one: twmr play POLICY --episode 0 {how}"
    assert told in said
    strip = tmp_path / "strip.png"
    again = f"play {run_dir} --episode 2 {how} --strip {strip}"
    assert cli.main(again.split()) == 0
    assert "after 0.1 s" in capsys.readouterr().out
    assert cli.main(f"evaluate {run_dir} --episodes 2 --set max_steps=5".split()) == 0
    assert capsys.readouterr().out.strip().endswith("twmr play POLICY --episode 0 --set max_steps=5")
    assert cli.main(["play", str(run_dir), "--policy", "climber"]) == 2
    assert "--load-path is given twice" in capsys.readouterr().err
    assert cli.main(["play", str(run_dir), "--episode", "-1"]) == 2
    assert "episode = -1 is not allowed: give a whole number from 0" in capsys.readouterr().err


@pytest.mark.skipif(not gl_available(), reason="no GL library: apt-get install libegl1 libgl1")
def test_play_writes_a_video_and_traces(run_dir, tmp_path, capsys):
    video, log = tmp_path / "a.mp4", tmp_path / "trace.txt"
    line = f"play --load-path {run_dir} --steps 60 --video {video} --debug-gate --debug-legs --debug-log {log}"
    assert cli.main(line.split()) == 0
    assert video.stat().st_size > 1000
    trace = log.read_text()
    assert "gate  step    0  t=  0.00 s" in trace
    assert "legs  step    0" in trace
    out = capsys.readouterr().out
    assert "did not pass" in out
    assert "after 1.2 s" in out


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("play --load-path nowhere", "no policy at 'nowhere'"),
        ("train --preset best", "unknown preset 'best'"),
        ("evaluate --policy nowhere --episodes 0", "episodes = 0 is not allowed"),
        ("evaluate", "no policy given"),
        ("evaluate a/x b/x", "two policies have the same name"),
        ("export nowhere --name x", "no policy at 'nowhere'"),
        ("train --resume nowhere", "holds no run"),
    ],
)
def test_mistakes_are_answered_in_a_sentence(line, sentence, capsys):
    assert cli.main(line.split()) == 2
    error = capsys.readouterr().err
    assert sentence in error
    assert "Traceback" not in error


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("train --extention-penalty 1", "--extention-penalty"),
        ("train --scene moon", "invalid choice 'moon'"),
    ],
)
def test_bad_flags_are_refused_by_name(line, sentence, capsys):
    with pytest.raises(SystemExit) as stop:
        cli.main(line.split())
    assert stop.value.code == 2
    boxed = capsys.readouterr().err
    assert sentence in re.sub(r"[\s│|]+", " ", boxed)


def test_presets_and_policies_are_listed(capsys):
    assert cli.main(["presets"]) == 0
    assert "walkthrough" in capsys.readouterr().out
    assert cli.main(["policies"]) == 0


def test_a_reader_that_has_seen_enough_is_no_error():
    reader, writer = os.pipe()
    os.close(reader)  # as `twmr presets | head` does, in the end
    command = [sys.executable, "-c", "from twmr_nb.cli.main import main; raise SystemExit(main())", "presets"]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")


def test_another_broken_pipe_is_not_hushed_up(monkeypatch):
    def encode(options):
        raise BrokenPipeError("ffmpeg is gone")

    monkeypatch.setitem(cli.HANDLERS, cli.Presets, encode)
    reader, writer = os.pipe()
    with os.fdopen(reader), os.fdopen(writer, "w") as read_by_somebody:
        monkeypatch.setattr("sys.stdout", read_by_somebody)
        with pytest.raises(BrokenPipeError, match="ffmpeg"):
            cli.main(["presets"])


def test_what_computes_nothing_loads_nothing_that_computes():
    code = "import sys; from twmr_nb.cli.main import main; main(['presets']); main(['policies', 'nowhere'])\n"
    code += "sys.exit(' '.join({'jax', 'flax', 'matplotlib', 'IPython'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stderr.rstrip("\n") == "twmr: no folder at 'nowhere': give one that holds .safetensors files."
