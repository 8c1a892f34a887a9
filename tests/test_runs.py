"""Run folders: written whole, resumed exactly, refused clearly."""

import json
import time

import jax
import numpy as np
import pytest

from twmr_nb.config import ConfigError, EnvConfig, TrainConfig
from twmr_nb.policies import PolicyError, load_policy
from twmr_nb.presets import preset_config
from twmr_nb.recipe import command_line, scene_words
from twmr_nb.rewards import reward_term
from twmr_nb.run_files import read_metrics, write_json
from twmr_nb.runs import LIVE, RunError, list_runs, new_run, open_run
from twmr_nb.storage import log_line

TINY = {
    "num_envs": 2, "minibatches": 1, "rollout_steps": 8, "epochs": 1, "mlp_size": 8, "hidden_size": 8,
    "total_timesteps": 2 * 8 * 4, "max_steps": 10,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _forget_live_runs():
    yield
    LIVE.clear()


def test_a_run_leaves_config_metrics_checkpoint_and_policy(tmp_path):
    run = new_run("recommended", "demo", root=tmp_path, **TINY)
    assert run.state == "new"
    lines = []
    run.train(lambda record: lines.append(log_line(record)))
    assert run.state == "finished"
    assert run.progress == 1.0
    assert len(lines) == 4
    assert "passed_obstacle=False" in lines[0]
    names = {p.name for p in run.path.iterdir()}
    assert names >= {"config.json", "status.json", "metrics.csv", "checkpoint.safetensors", "policy.safetensors"}
    records = read_metrics(run.path / "metrics.csv")
    assert [r["update"] for r in records] == [1, 2, 3, 4]
    assert records[-1]["global_step"] == 64
    assert sum(v for k, v in records[-1].items() if k.startswith("term/")) * 8 == pytest.approx(
        records[-1]["ep_return"]
    )
    saved = run.policy()
    assert saved.config == run.config
    assert saved.name.startswith("ppo_lstm_policy_")
    assert (run.path / f"{saved.name}.safetensors").exists()
    assert saved.results["global_step"] == 64
    assert saved.command.startswith("twmr train --total-timesteps") or "--total-timesteps 64" in saved.command


def parameters(run) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(run.policy().policy)]


def test_stopped_and_resumed_is_the_same_run_bit_for_bit(tmp_path):
    whole = new_run("recommended", "whole", root=tmp_path, **TINY)
    whole.train()
    broken = new_run("recommended", "broken", root=tmp_path, **TINY)
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
    whole = new_run("recommended", "whole", root=tmp_path, **TINY)
    whole.train()
    run = new_run("recommended", "run", root=tmp_path, **TINY)
    asked = iter(range(1000))
    run._should_stop = lambda: next(asked) == 13  # in the second rollout
    run.train()
    assert run.state == "stopped"
    del run._should_stop
    run.train()
    for ours, theirs in zip(parameters(run), parameters(whole), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_background_run_pauses_stops_and_saves(tmp_path):
    run = new_run("recommended", "run", root=tmp_path, **TINY | {"total_timesteps": 10**6})
    run.start()
    wait_for(lambda: run.records)
    other = new_run("recommended", "other", root=tmp_path, **TINY)
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
    begin = time.monotonic()
    run.stop()
    assert run.join(5) == "stopped"
    assert time.monotonic() - begin < 1
    assert open_run(run.path) is run
    assert [r.name for r in list_runs(tmp_path)] == [other.name, run.name]


def wait_for(condition, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def test_a_run_whose_process_died_is_interrupted(tmp_path):
    run = new_run("recommended", "run", root=tmp_path, **TINY)
    write_json(run.path / "status.json", {"state": "running", "pid": 2**22 - 1, "process_started": 0.0})
    assert run.state == "interrupted"
    run.train()
    assert run.state == "finished"
    with pytest.raises(RunError, match="is finished"):
        run.train()


def test_a_failure_is_kept_and_told_in_a_sentence(tmp_path):
    def breaks(t):
        raise ZeroDivisionError("no such thing")

    run = new_run("recommended", "run", root=tmp_path, extra_terms=[reward_term(breaks)], **TINY)
    run.start()
    with pytest.raises(RunError, match="failed: ZeroDivisionError: no such thing"):
        run.join()
    assert run.state == "failed"


def test_own_reward_term_is_trained_with_logged_and_kept_as_text(tmp_path):
    def calm(t):
        """Price of pitching."""
        return t.pitch**2

    term = reward_term(calm, weight=-0.5)
    run = new_run("recommended", "run", root=tmp_path, extra_terms=[term], **TINY)
    run.train(lambda record: run.stop())
    assert "term/calm" in run.records[0]
    assert run.records[0]["term/calm"] == pytest.approx(-0.5 * run.records[0]["raw/calm"])
    kept = run.policy().own_terms
    assert kept[0]["name"] == "calm"
    assert "Price of pitching" in kept[0]["source"]
    LIVE.clear()
    with pytest.raises(RunError, match=r"own reward term 'calm'.*define it again"):
        open_run(run.path).train()
    open_run(run.path, extra_terms=[term]).train()


def test_mistakes_are_answered_in_a_sentence(tmp_path):
    with pytest.raises(ConfigError, match="holds no run"):
        open_run(tmp_path)
    run = new_run("recommended", run_dir=tmp_path / "here", **TINY)
    with pytest.raises(ConfigError, match="already holds a run"):
        new_run("recommended", run_dir=tmp_path / "here")
    with pytest.raises(PolicyError, match="no policy at"):
        run.policy()
    with pytest.raises(RunError, match="nothing to save yet"):
        run.save()


def test_damaged_policy_is_refused(tmp_path):
    path = tmp_path / "policy.safetensors"
    path.write_bytes(b"not a policy")
    with pytest.raises(PolicyError, match="damaged or not a safetensors file"):
        load_policy(path)


def test_metrics_survive_a_line_cut_short(tmp_path):
    path = tmp_path / "metrics.csv"
    path.write_text("update,loss\n1,0.5\n2,nan\n3")
    assert [r["update"] for r in read_metrics(path)] == [1, 2]


def test_command_line_gives_the_same_configuration():
    from twmr_nb.cli import parse

    config = preset_config("walkthrough", seed=3, auto_retract=False, gamma=0.97, retract_angle=0.5)
    options = parse(command_line(config).split()[1:])
    assert TrainConfig(options.env, options.ppo, options.seed, options.preset) == config


def test_command_line_names_nothing_that_it_would_refuse():
    config = preset_config("tidy", step_height=0.03, gate_bias=2.0, max_steps=50)
    assert command_line(config) == "twmr train --preset tidy --max-steps 50"


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
