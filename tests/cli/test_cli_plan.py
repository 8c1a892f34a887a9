"""`twmr plan` as a user meets it."""

import pytest

import twmr_nb as tw
from twmr_nb.cli import main as cli

TINY = "plan --samples 8 --steps 3 --set timestep=0.005"


def test_plan_tells_how_it_went_and_writes_the_episode_and_a_strip(tmp_path, capsys):
    file, strip = tmp_path / "a.safetensors", tmp_path / "a.png"
    line = f"{TINY} forward_weight=2 --step-height 0.06 --yaw 0.7 --seed 4 --save {file} --strip {strip}"
    assert cli.main(line.split()) == 0
    out = capsys.readouterr().out
    assert "seed 4: did not pass" in out
    assert "the world's reward" in out
    episode = tw.load_rollout(file)
    assert (episode.config.step_height, episode.config.forward_weight, len(episode.action)) == (0.06, 2, 3)
    assert strip.read_bytes().startswith(b"\x89PNG")


def test_several_episodes_are_files_named_by_their_seeds(tmp_path, capsys):
    line = f"{TINY} --goal reward --scene flat --episodes 2 --seed 7 --save {tmp_path / 'demo.safetensors'}"
    assert cli.main(line.split()) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["demo_7.safetensors", "demo_8.safetensors"]
    assert capsys.readouterr().out.count("did not pass") == 2


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ("--goal up", "goal = 'up' is not allowed: give 'climb' or 'reward'"),
        ("--goal reward --yaw 0.7", "yaw = 0.7 has no effect with goal 'reward'"),
        ("--yaw -1", "yaw = -1.0 is not allowed: give a number from 0 to 1.5"),
        ("--samples 2", "samples = 2 is not allowed: give a whole number from 8"),
        ("--episodes 0", "episodes = 0 is not allowed: give a whole number from 1 to 100"),
        ("--steps 0", "num_steps = 0 is not allowed"),
        ("--seed -1", "seed = -1 is not allowed"),
        ("--scene flat --step-height 0.05", "--step-height 0.05 has no effect in scene 'flat'"),
        ("--scene moon", "scene = 'moon' is not allowed"),
        ("--step-height 0.05 --set step_height=0.06", "--step-height and --set step_height=... exclude each other"),
        ("--set step_x=0.5", "step_x has no effect with scene = 'step_5cm'"),
        ("--save a.mp4", "'a.mp4' cannot be written: give a name that ends in .safetensors"),
        ("--strip a.txt", "'a.txt' cannot be written: give a name that ends in .png"),
        ("nowhere", "no policy at 'nowhere'"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_one_sentence(flags, sentence, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["plan", *flags.split()]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert not list(tmp_path.iterdir())
