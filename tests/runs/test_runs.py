"""Run folders: written whole, resumed exactly, refused clearly."""

import contextlib
import errno
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import jax
import numpy as np
import pytest
from tiny import TINY
from waiting import wait_for

from twmr_nb.config import presets
from twmr_nb.config.as_text import command_line, scene_words
from twmr_nb.config.schema import ConfigError, EnvConfig, TrainConfig
from twmr_nb.files import read_json, write_json
from twmr_nb.learn.metrics_log import MetricsLog
from twmr_nb.learn.storage import log_line
from twmr_nb.policies.saved import PolicyError, load_policy, read_arrays
from twmr_nb.runs.run import LIVE, Run, RunError, new_run, open_run, train
from twmr_nb.runs.shelf import readable_runs
from twmr_nb.task.rewards import TermError, reward_term


@pytest.fixture(autouse=True)
def _forget_live_runs():
    yield
    LIVE.clear()


def test_a_run_leaves_config_metrics_checkpoint_and_policy(tmp_path):
    run = new_run("flip", "demo", root=tmp_path, **TINY)
    assert run.state == "new"
    lines = []
    run.train(lambda record: lines.append(log_line(record)))
    assert run.state == "finished"
    assert run.progress == 1.0
    assert len(lines) == 4
    assert "passed_obstacle=False" in lines[0]
    names = {p.name for p in run.path.iterdir()}
    assert names >= {"config.json", "status.json", "metrics.csv", "checkpoint.safetensors", "policy.safetensors"}
    records = MetricsLog(run.path / "metrics.csv")
    assert [r["update"] for r in records] == [1, 2, 3, 4]
    assert records[-1]["global_step"] == 64
    assert sum(v for k, v in records[-1].items() if k.startswith("term/")) * 8 == pytest.approx(
        records[-1]["ep_return"]
    )
    saved = run.policy
    assert saved.config == run.config
    assert saved.name.startswith("ppo_lstm_policy_")
    assert (run.path / f"{saved.name}.safetensors").exists()
    assert saved.results["global_step"] == 64
    assert saved.command.startswith("twmr train --total-timesteps") or "--total-timesteps 64" in saved.command


def parameters(run) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(run.policy.params)]


def test_stopped_and_resumed_is_the_same_run_bit_for_bit(tmp_path):
    whole = new_run("flip", "whole", root=tmp_path, **TINY)
    whole.train()
    broken = new_run("flip", "broken", root=tmp_path, **TINY)
    broken.train(lambda record: broken.stop() if record["update"] == 2 else None)
    assert broken.state == "stopped"
    assert len(broken.records) == 2
    LIVE.clear()  # as a new process would see it
    again = open_run(broken.path)
    assert again is not broken
    again.train()
    assert again.state == "finished"
    assert [r["update"] for r in again.records] == [1, 2, 3, 4]
    for ours, theirs in zip(parameters(again), parameters(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    for ours, theirs in zip(again.records, whole.records, strict=True):
        np.testing.assert_equal([ours[k] for k in ("loss", "ep_return")], [theirs[k] for k in ("loss", "ep_return")])


def test_stopped_in_mid_rollout_goes_on_in_the_same_process(tmp_path):
    whole = new_run("flip", "whole", root=tmp_path, **TINY)
    whole.train()
    run = new_run("flip", "run", root=tmp_path, **TINY)
    asked = iter(range(1000))
    run._training.should_stop = lambda: next(asked) == 13  # in the second rollout
    run.train()
    assert run.state == "stopped"
    del run._training.should_stop
    run.train()
    for ours, theirs in zip(parameters(run), parameters(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_what_another_process_went_on_with_is_gone_on_from(tmp_path):
    """Stopped here, gone on with and stopped there: its updates are kept, and known as soon as one looks."""

    def until(update):
        return lambda record: run_of[record["update"] >= update].stop()

    ours = new_run("flip", root=tmp_path, **TINY | {"total_timesteps": 2 * 8 * 8})
    theirs = Run(ours.path, ours.config)  # as another process has it
    idle = new_run("flip", "idle", root=tmp_path, **TINY)
    run_of = {True: ours, False: idle}
    ours.train(until(1))
    run_of[True] = theirs
    theirs.train(until(5))
    LIVE[ours.path] = ours
    assert len(ours.frame()["update"]) == 5
    assert open_run(ours.path) is ours
    assert ours.progress == 5 / 8
    updates = []
    ours.train(lambda record: updates.append(record["update"]))
    assert (ours.state, updates) == ("finished", [6, 7, 8])
    whole = new_run("flip", "whole", root=tmp_path, **TINY | {"total_timesteps": 2 * 8 * 8})
    whole.train()
    for name, array in read_arrays(whole.policy_path)[0].items():
        np.testing.assert_array_equal(read_arrays(ours.policy_path)[0][name], array)


def test_background_run_pauses_stops_and_saves(tmp_path):
    run = new_run("flip", "run", root=tmp_path, **TINY | {"total_timesteps": 10**6})
    run.start()
    wait_for(lambda: run.records)
    other = new_run("flip", "other", root=tmp_path, **TINY)
    with pytest.raises(RunError, match=f"{run.name} is training: stop it"):
        other.start()
    run.pause()
    wait_for(lambda: run.state == "paused")
    count = len(run.records)
    time.sleep(0.3)
    assert len(run.records) == count
    run.unpause()
    wait_for(lambda: len(run.records) > count)
    run.save_now()
    wait_for(run.policy_path.exists)
    run.stop()
    assert run.join(60) == "stopped"
    assert open_run(run.path) is run
    assert [r.name for r in readable_runs(tmp_path)[0]] == [other.name, run.name]


def test_train_starts_at_once_and_makes_no_folder_while_another_run_trains(tmp_path):
    run = train("flip", "first", root=tmp_path, **TINY | {"total_timesteps": 10**7})
    assert run.training
    assert run.name.startswith("first_")
    with pytest.raises(RunError, match=f"{run.name} is training: stop it"):
        train(root=tmp_path, **TINY)
    run.stop()
    assert run.join(30) == "stopped"
    with pytest.raises(ConfigError, match="no_such"):
        train(root=tmp_path, no_such=1)
    assert [folder.name for folder in tmp_path.iterdir()] == [run.name]


def test_a_run_is_opened_by_its_name_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("twmr_nb.runs.run.RUNS", tmp_path)
    run = new_run("flip", "first", root=tmp_path, **TINY)
    assert open_run(run.name).path == run.path
    assert open_run("first").path == run.path  # as it was named, without the time
    other = new_run("flip", "first_try", root=tmp_path, **TINY)  # a longer name is another name
    assert open_run("first").path == run.path
    assert open_run("first_try").path == other.path
    with pytest.raises(ConfigError, match=f"second holds no run: give the name of one in {tmp_path}"):
        open_run("second")


def test_a_paused_run_is_saved_at_once(tmp_path):
    run = train(root=tmp_path, **TINY | {"total_timesteps": 10**7})
    wait_for(lambda: run.records)
    run.pause()
    wait_for(lambda: run.state == "paused")
    run.policy_path.unlink(missing_ok=True)
    run.save_now()
    assert run.policy_path.exists()
    run.stop()
    assert run.join(30) == "stopped"


def test_a_run_whose_process_died_is_interrupted(tmp_path):
    run = new_run("flip", "run", root=tmp_path, **TINY)
    write_json(run.path / "status.json", {"state": "running", "pid": 2**22 - 1, "process_started": 0.0})
    assert run.state == "interrupted"
    run.train()
    assert run.state == "finished"
    with pytest.raises(RunError, match="is finished"):
        run.train()


def test_a_failure_is_kept_and_told_in_a_sentence(tmp_path):
    def breaks(t):
        raise ZeroDivisionError("no such thing")

    run = new_run("flip", "run", root=tmp_path, extra_terms=[reward_term(breaks)], **TINY)
    run.start()
    with pytest.raises(RunError, match=r"'breaks' failed in its line 2, `raise .*ZeroDivisionError: no such thing"):
        run.join()
    assert run.state == "failed"
    assert "'breaks' failed in its line 2" in run.failure
    assert "Traceback" in run.error
    assert not run.policy_path.exists()  # nothing was learned


def test_a_term_that_fails_in_mid_training_is_named_and_goes_on_once_mended(tmp_path):
    def calm(t):
        return t.pitch**2 if t.x.max() < 0.5 else t.nothing

    run = new_run("flip", "run", root=tmp_path, extra_terms=[reward_term(calm)], **TINY)
    with pytest.raises(TermError):
        run.train(lambda record: forward(run) if record["update"] == 2 else None)
    assert run.state == "failed"
    assert "'calm' failed in its line 2, `return t.pitch**2 if" in run.failure
    assert "AttributeError: 'Transition' object has no attribute 'nothing'" in run.failure
    assert len(run.records) == 2
    kept = parameters(run)

    def calm(t):
        return t.pitch**2

    again = open_run(run.path, [reward_term(calm)])
    assert again.start().join() == "finished"
    assert [r["update"] for r in again.records] == [1, 2, 3, 4]
    assert any((a != b).any() for a, b in zip(parameters(again), kept, strict=True))
    config = json.loads((run.path / "config.json").read_text())
    assert config["identity"] is None  # what two terms have taught is no experiment
    assert "nothing" in config["terms_before"][0][0]["source"]
    assert "nothing" not in config["own_terms"][0]["source"]


def test_own_reward_term_is_trained_with_logged_and_kept_as_text(tmp_path):
    def calm(t):
        """Price of pitching."""
        return t.pitch**2

    term = reward_term(calm, weight=-0.5)
    run = new_run("flip", "run", root=tmp_path, extra_terms=[term], **TINY)
    run.train(lambda record: run.stop())
    assert "term/calm" in run.records[0]
    assert run.records[0]["term/calm"] == pytest.approx(-0.5 * run.records[0]["raw/calm"])
    kept = run.policy.own_terms
    assert kept[0]["name"] == "calm"
    assert "Price of pitching" in kept[0]["source"]
    LIVE.clear()
    with pytest.raises(RunError, match=r"own reward term 'calm'.*define it again"):
        open_run(run.path).train()
    open_run(run.path, extra_terms=[term]).train()


def test_mistakes_are_answered_in_a_sentence(tmp_path):
    with pytest.raises(ConfigError, match="holds no run"):
        open_run(tmp_path)
    run = new_run("flip", run_dir=tmp_path / "here", **TINY)
    with pytest.raises(ConfigError, match="already holds a run"):
        new_run("flip", run_dir=tmp_path / "here")
    with pytest.raises(PolicyError, match=r"no policy at .* yet: let this run train"):
        _ = run.policy
    with pytest.raises(RunError, match="nothing to save yet"):
        run._training.save()


def test_damaged_policy_is_refused(tmp_path):
    path = tmp_path / "policy.safetensors"
    path.write_bytes(b"not a policy")
    with pytest.raises(PolicyError, match="damaged or not a safetensors file"):
        load_policy(path)


def test_metrics_survive_a_line_cut_short(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("update,loss\n1,0.5\n2,nan\n3")
    assert [r["update"] for r in MetricsLog(path)] == [1, 2]


def test_command_line_gives_the_same_configuration():
    from twmr_nb.cli.main import parse

    config = presets.preset("walkthrough", seed=3, auto_retract=False, gamma=0.97, start_yaw=0.5)
    options = parse(command_line(config).split()[1:])
    assert TrainConfig(options.env, options.ppo, options.seed, options.preset) == config


def test_command_line_names_nothing_that_it_would_refuse():
    config = presets.preset("flip_tidy", step_height=0.03, gate_bias=2.0, max_steps=50)
    assert command_line(config) == "twmr train --preset flip_tidy --max-steps 50"


def test_config_file_is_plain_json(tmp_path):
    run = new_run("walkthrough", root=tmp_path, seed=5)
    data = json.loads((run.path / "config.json").read_text())
    assert TrainConfig.from_dict(data["config"]) == run.config
    assert data["command"] == "twmr train --preset walkthrough --seed 5"


@pytest.mark.parametrize(
    ("world", "words"),
    [
        ({"scene": "step_7cm"}, "7 cm"),
        ({"scene": "step", "step_height": 0.06}, "6 cm"),
        ({"scene": "step", "step_height": 0.055, "step_height_max": 0.07}, "5.5–7 cm"),
        ({"scene": "step", "step_height": 0.05, "step_height_max": 0.05}, "5 cm"),
    ],
)
def test_a_scene_is_told_by_its_heights(world, words):
    assert scene_words(EnvConfig(**world)) == words


def forward(run) -> None:
    """Move the robots of a run under way ahead, to where a term of these tests fails."""
    run._training.trainer.env.sim.qpos[:, 0] = 0.6


def speed(t):
    return t.vx


def braking(t):
    return -t.vx


def stopped_with(tmp_path, term):
    """A run stopped after its second update, as a new process would see it."""
    run = new_run("flip", "run", root=tmp_path, extra_terms=[term], **TINY)
    run.train(lambda record: run.stop() if record["update"] == 2 else None)
    LIVE.clear()
    return run.path


@pytest.mark.parametrize(
    ("other", "how"),
    [
        (reward_term(speed, weight=-1.0), "of weight 1 and not -1"),
        (reward_term(speed, weight=2.0), "of weight 1 and not 2"),
        (reward_term(braking, name="speed"), "with another text"),
    ],
)
def test_a_run_does_not_go_on_with_another_term_of_the_same_name(tmp_path, other, how):
    path = stopped_with(tmp_path, reward_term(speed, weight=1.0))
    before = {p.name: p.read_bytes() for p in path.iterdir() if p.name != "lock"}
    with pytest.raises(RunError, match=f"was trained with another 'speed', {how}: define it as it was"):
        open_run(path, [other]).start()
    assert {p.name: p.read_bytes() for p in path.iterdir() if p.name != "lock"} == before
    assert open_run(path, [reward_term(speed, weight=1.0)]).start().join() == "finished"


def test_a_run_does_not_go_on_with_a_term_of_the_same_text_that_does_something_else(tmp_path):
    def make(k):
        def bonus(t):
            return k * t.vx

        return reward_term(bonus)

    path = stopped_with(tmp_path, make(1))
    with pytest.raises(RunError, match="with the same text, but something that it uses has another value"):
        open_run(path, [make(50)]).train()
    kept = read_json(path / "config.json")
    old = [[0, kept["provenance"][0][1] | {"python": "3.9.2"}]]
    write_json(path / "config.json", kept | {"provenance": old})  # one text, of which each Python makes its own code
    with pytest.raises(RunError, match=r"was trained by Python 3\.9\.2, and this is .* Go on with that Python"):
        open_run(path, [make(50)]).train()
    write_json(path / "config.json", kept)
    open_run(path, [make(1)]).train()


def test_a_run_takes_only_the_terms_that_it_was_started_with(tmp_path):
    run = new_run("flip", "plain", root=tmp_path, **TINY)
    run.train(lambda record: run.stop() if record["update"] == 2 else None)
    for again in (open_run(run.path, [reward_term(speed)]), *readable_runs(tmp_path)[0]):
        assert again.extra_terms == ()
    LIVE.clear()
    again = open_run(run.path, [reward_term(speed)])
    again.train()
    header, *lines = (run.path / "metrics.csv").read_text().splitlines()
    assert not [name for name in header.split(",") if name.endswith("/speed")]
    assert {line.count(",") for line in lines} == {header.count(",")}


def test_before_anything_was_learned_a_term_may_be_corrected(tmp_path):
    def bonus(t):
        return t.leg_angle

    run = new_run("flip", "run", root=tmp_path, extra_terms=[reward_term(bonus)], **TINY)
    with pytest.raises(RunError, match="'bonus' returned shape"):
        run.start().join()
    assert not run.policy_path.exists()

    def bonus(t):
        return t.leg_angle.mean(axis=-1)

    assert open_run(run.path, [reward_term(bonus)]).start().join() == "finished"
    config = json.loads((run.path / "config.json").read_text())
    assert "mean" in config["own_terms"][0]["source"]
    assert run.policy.own_terms[0]["source"] == config["own_terms"][0]["source"]


def test_a_term_that_changes_while_it_trains_ends_the_run_and_leaves_the_last_checkpoint(tmp_path, monkeypatch):
    scale = [1.0]

    def pay(t):
        return scale[0] * t.vx

    run = new_run("flip", "run", root=tmp_path, extra_terms=[reward_term(pay)], **TINY)

    def interfere(record):
        if record["update"] == 2:
            run._training.save()
        if record["update"] == 3:
            scale[0] = 50.0

    with pytest.raises(RunError, match="'pay' changed while it trained"):
        run.train(interfere)
    assert run.state == "failed"
    LIVE.clear()
    with pytest.raises(RunError, match="something that it uses has another value"):
        open_run(run.path, [reward_term(pay)]).train()
    scale[0] = 1.0
    again = open_run(run.path, [reward_term(pay)])
    updates = []
    again.train(lambda record: updates.append(record["update"]))
    assert updates == [3, 4]


def test_files_of_an_older_version_go_on_with_their_term(tmp_path):
    path = stopped_with(tmp_path, reward_term(speed, weight=-0.5))
    file = path / "config.json"
    config = json.loads(file.read_text())
    old = [{"name": "speed", "weight": 0.5, "source": config["own_terms"][0]["source"]}]
    file.write_text(json.dumps({"config": config["config"], "own_terms": old, "command": config["command"]}))
    with pytest.raises(RunError, match="with another text"):
        open_run(path, [reward_term(braking, name="speed", weight=0.5)]).train()
    assert open_run(path, [reward_term(speed, weight=-0.5)]).start().join() == "finished"
    assert json.loads(file.read_text())["identity"] is None  # nobody knows what it was


TRAIN_ON = """
import sys
from pathlib import Path
from twmr_nb.runs.run import open_run
run = open_run(Path(sys.argv[1]))
run.start()
print("training", flush=True)
sys.stdin.readline()
run.stop()
run.join()
"""


@pytest.fixture
def trained_elsewhere(tmp_path):
    """A run that another process trains."""
    run = new_run("flip", "run", root=tmp_path, **TINY | {"total_timesteps": 10**7})
    command = [sys.executable, "-c", TRAIN_ON, str(run.path)]
    other = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert other.stdout.readline() == "training\n"
    wait_for(lambda: run.state == "running")
    yield run, other
    if other.poll() is None:
        other.communicate("\n", timeout=60)


def test_two_processes_never_train_one_folder_whatever_the_clock_says(trained_elsewhere, monkeypatch):
    run, other = trained_elsewhere
    status = run.path / "status.json"
    monkeypatch.setattr(time, "time", lambda: 1.0)
    monkeypatch.setattr("psutil.Process.create_time", lambda self: 1.0)
    assert run.state == "running"
    with pytest.raises(RunError, match="being trained by another process"):
        run.start()
    data = json.loads(status.read_text())
    status.write_text(json.dumps(data | {"state": "stopped"}))  # whatever a file says
    with pytest.raises(RunError, match="being trained by another process"):
        run.train()
    other.communicate("\n", timeout=60)
    assert run.state == "stopped"


def test_a_killed_trainer_leaves_an_interrupted_run_that_goes_on(trained_elsewhere):
    run, other = trained_elsewhere
    wait_for((run.path / "metrics.csv").exists)
    other.kill()
    other.wait()
    assert run.state == "interrupted"
    run.start()
    wait_for(lambda: run.records)
    run.stop()
    assert run.join() == "stopped"


def test_an_interrupted_wait_leaves_a_training_under_control(tmp_path, monkeypatch):
    run = new_run("flip", "run", root=tmp_path, **TINY | {"total_timesteps": 10**7})
    run.start()
    wait_for(lambda: run.records)
    waits = iter([False, KeyboardInterrupt])

    def wait(timeout):
        if next(waits) is KeyboardInterrupt:
            raise KeyboardInterrupt

    monkeypatch.setattr(run._training.over, "wait", wait)
    with pytest.raises(KeyboardInterrupt):
        run.join()
    monkeypatch.undo()
    assert run.training
    assert run.state == "running"
    assert open_run(run.path) is run
    assert run.join(0.01) == "running"
    run.stop()
    assert run.join(30) == "stopped"


def test_a_signal_in_mid_wait_ends_the_wait_only(tmp_path):
    """What the stop button of a notebook does, in a process of its own."""
    script = """
import signal, sys, threading, time
from twmr_nb.runs.run import new_run
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background is born deaf to it
run = new_run("flip", "run", root=sys.argv[1], num_envs=2, minibatches=1, rollout_steps=8, epochs=1,
              mlp_size=8, hidden_size=8, total_timesteps=10**7, max_steps=10).start()
while not run.records:
    time.sleep(0.05)
try:
    threading.Timer(0.3, lambda: signal.raise_signal(signal.SIGINT)).start()
    run.join()
except KeyboardInterrupt:
    print("interrupted", run.training, run.state)
run.stop()
print(run.join())
"""
    answer = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True, check=False)
    assert answer.stdout.splitlines() == ["interrupted True running", "stopped"]


PLACES = {
    "MetricsLog._write": "twmr_nb.runs.folder",
    "write_arrays": "twmr_nb.runs.folder",
    "write_json": "twmr_nb.runs.folder",
}


def full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("broken", PLACES)
def test_a_full_disk_ends_a_training_with_a_sentence_and_it_goes_on_once_there_is_room(tmp_path, monkeypatch, broken):
    run = new_run("flip", "run", root=tmp_path, **TINY)

    def fill(record):
        if record["update"] == 1:
            run._training.save()
        if record["update"] == 2:
            for name in PLACES:
                if name == broken or name == "write_json":  # no room for the state either
                    monkeypatch.setattr(f"{PLACES[name]}.{name}", full)
            if broken == "write_json":
                run._training.set_state("running")

    with pytest.raises((OSError, RunError)):
        run.train(fill)
    assert run.state == "failed"
    assert run.failure == "no space left on the disk: make room, then resume."
    assert not run.training
    with pytest.raises((OSError, RunError)):  # still no room
        run.train()
    assert run.state == "failed"
    monkeypatch.undo()
    assert run.start().join() == "finished"
    assert [r["update"] for r in run.records] == [1, 2, 3, 4]
    assert run.failure == ""


@pytest.mark.skipif(not Path("/dev/shm").exists() or os.geteuid() != 0, reason="mounts a small disk")
def test_on_a_disk_that_is_really_full(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", str(disk)], check=False).returncode:
        pytest.skip("cannot mount a small disk here")
    try:
        run = new_run("flip", "run", root=disk, **TINY | {"total_timesteps": 10**5})
        run.train(lambda record: run.stop() if record["update"] == 2 else None)
        ballast = disk / "ballast"
        with contextlib.suppress(OSError), ballast.open("wb") as file:
            while True:
                file.write(b"0" * 1024)
                file.flush()
        run.start()
        with pytest.raises(RunError, match="no space left on the disk: make room, then resume"):
            run.join()
        assert run.state == "failed"
        ballast.unlink()
        run.start()
        wait_for(lambda: len(run.records) > 4)
        run.stop()
        assert run.join() == "stopped"
        assert not [p.name for p in run.path.iterdir() if p.name.startswith(".")]
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_folder_that_goes_between_the_look_and_the_writing_is_gone_too(tmp_path, monkeypatch):
    run, append = new_run("flip", "run", root=tmp_path, **TINY), MetricsLog.append

    def too_late(log, record):
        if run.path.exists():
            run.path.rename(tmp_path / "elsewhere")
        append(log, record)

    monkeypatch.setattr(MetricsLog, "append", too_late)
    run.start()
    with pytest.raises(RunError, match=r"the folder of .* is gone, deleted or renamed"):
        run.join(60)
    assert run.state == "failed"
    assert not run.path.exists()


@pytest.mark.parametrize("how", ["deleted", "renamed"])
def test_a_run_whose_folder_goes_away_says_so_and_leaves_nothing_half_made(tmp_path, how):
    run = new_run("flip", "run", root=tmp_path, **TINY | {"total_timesteps": 10**7})
    run.start()
    wait_for(lambda: len(run.records) > 2)
    if how == "deleted":
        shutil.rmtree(run.path)
    else:
        run.path.rename(tmp_path / "elsewhere")
    with pytest.raises(RunError, match=r"the folder of .* is gone, deleted or renamed"):
        run.join(60)
    assert run.state == "failed"
    assert not run.path.exists()
    assert [r.name for r in readable_runs(tmp_path)[0]] == ([] if how == "deleted" else ["elsewhere"])
    with pytest.raises(RunError, match="is gone"):
        run.start()
    assert not run.path.exists()


def test_only_one_thread_gets_a_folder(tmp_path):
    path = new_run("flip", "run", root=tmp_path, **TINY).path
    answers = []

    def begin():
        LIVE.clear()
        try:
            answers.append(open_run(path).start())
        except RunError:
            answers.append(None)

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (run,) = [a for a in answers if a is not None]
    assert run.join() == "finished"
    assert len(run.records) == 4
