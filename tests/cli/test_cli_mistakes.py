"""Whatever is typed wrong is answered by one sentence and exit code 2, before any work, and nothing is left behind."""

import contextlib
import dataclasses
import shlex

import pytest
from tiny import TINY, as_flags

from twmr_nb.cli import main as cli
from twmr_nb.config.schema import ConfigError, EnvConfig, PPOConfig
from twmr_nb.policies.saved import PolicyError, find_policy, load_policy
from twmr_nb.runs.places import RUNS

FLAGS = as_flags(TINY | {"total_timesteps": 16}) + " --judge 0"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A folder with a finished run, `run`."""
    folder = tmp_path_factory.mktemp("mistakes")
    assert cli.main(["train", "--preset", "flip", *FLAGS.split(), "--run-dir", str(folder / "run")]) == 0
    return folder


@pytest.fixture
def here(trained, tmp_path, monkeypatch):
    """A working folder with a link to the run, a file, a folder that is no run, and nothing else."""
    (tmp_path / "run").symlink_to(trained / "run")
    (tmp_path / "file").write_text("x")
    (tmp_path / "folder" / "hopeless").mkdir(parents=True)
    (tmp_path / "folder.png").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(line, capsys):
    """The sentence that answers a command line."""
    assert cli.main(shlex.split(line)) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("twmr: ")
    assert said.err.count("\n") == 1, "one line"
    return said.err


MISTAKES = {
    "train": [
        ("--resume run", "is finished: start a new run"),
        ("--resume run --learning-rate 0.05", "--learning-rate cannot go with --resume: a run goes on with its own"),
        ("--resume run --seed 0", "--seed cannot go with --resume"),
        ("--resume run --name x --run-dir y", "--name --run-dir cannot go with --resume"),
        ("--resume=run --preset=flip_tidy", "--preset cannot go with --resume"),
        ("--resume run --no-stagger", "--stagger cannot go with --resume"),
        ("--resume run --start-from flip_5cm", "--start-from cannot go with --resume"),
        ("--start-from ''", "no policy at ''"),
        ("--start-from file", "is damaged or not a safetensors file"),
        ("--start-from zero", "no policy at 'zero'"),
        ("--start-from flip_5cm", "cannot begin from the network of 'flip_5cm', which was made with"),
        ("--resume file", "holds no run"),
        ("--resume folder", "holds no run"),
        ("--resume ''", "holds no run"),
        ("--scene step_7cm", "scene = 'step_7cm' draws no step heights, as step_height_max = 0.04 asks for"),
        ("--preset flip_tidy --preset walkthrough", "--preset is given twice"),
        ("--stagger --no-stagger", "--stagger is given twice"),
        ("--learning-rate 0.01 --learning_rate 0.02", "--learning-rate is given twice"),
        ("--preset flip --step-height 0.03", "step_height has no effect with scene = 'step_5cm'"),
        ("--preset flip_tidy --step-x 2", "step_x has no effect with scene = 'step_5cm'"),
        ("--preset flip --curriculum-retreat 0.5", "curriculum_retreat has no effect with curriculum_start = None"),
        ("--frame-skip 5 --ctrl-dt 0.04", "ctrl_dt has no effect with frame_skip = 5"),
        ("--name x --run-dir y", "--name and --run-dir exclude each other"),
        ("--name ''", "name = '' is not allowed: use up to 60 letters"),
        ("--name ..", "name = '..' is not allowed"),
        ("--name a/b", "name = 'a/b' is not allowed"),
        (f"--name {'n' * 300}", "is not allowed: use up to 60 letters"),
        ("--name 'a\nb'", "is not allowed: use up to 60 letters"),
        ("--name 'a\0b'", "is not allowed: use up to 60 letters"),
        ("--run-dir 'a\0b'", "cannot be a path"),
        ("--run-dir file", "a file is in the way"),
        ("--run-dir file/deep", "a file is in the way"),
        (f"--run-dir {'n' * 300}", "choose a shorter name"),
        ("--run-dir run", "already holds a run"),
        ("--seed -5", "seed = -5 is not allowed: give a whole number from 0"),
        ("--seed 1.5", "--seed '1.5' is not allowed: give a whole number in digits"),
        ("--learning-rate 5", "learning_rate = 5.0 is not allowed: give a number from 1e-06 to 0.1"),
        ("--learning-rate fast", "--learning-rate 'fast' is not allowed: give a number"),
        ("--timestep 0.0051", "timestep = 0.0051 is not allowed: give a number from 0.0005 to 0.005 s"),
        ("--num-envs 1000000", "num_envs = 1000000 is not allowed"),
        ("--num-envs 6", "minibatches = 8 does not divide num_envs = 6"),
        ("--extension-penalty -1", "extension_penalty = -1.0 is not allowed"),
        ("--judge -1", "judge = -1 is not allowed: give a whole number, 1 or more"),
        ("--max-tilt high", "--max-tilt 'high' is not allowed: give a number"),
    ],
    "play": [
        ("--policy my/hopeless", "no policy at 'my/hopeless': give a .safetensors file, a run folder, or a shipped"),
        ("--policy run --seed -1", "seed = -1 is not allowed: give a whole number from 0"),
        (f"--policy run --seed {2**64}", "is not allowed: give a whole number from 0"),
        ("--policy run --steps 0", "steps = 0 is not allowed: give a whole number from 1"),
        ("--policy run --playback-speed 0", "playback_speed = 0 is not allowed: give a number from 0.01"),
        ("--policy run --playback-speed nan", "playback_speed = nan is not allowed"),
        ("--policy run --playback-speed -1", "playback_speed = -1 is not allowed"),
        ("--policy run --strip s.txt", "'s.txt' cannot be written: give a name that ends in .png"),
        ("--policy run --strip folder.png", "'folder.png' cannot be written: is a directory"),
        ("--policy run --strip file/s.png", "a file is in the way"),
        ("--policy run --strip s.png --playback-speed 2", "--playback-speed has no effect on a --strip"),
        ("--policy run --strip s.png --no-follow", "--follow has no effect on a --strip"),
        ("--policy run --strip s.png --debug-log t.txt", "--debug-log has nothing to write: add --debug-gate"),
        ("--policy run --strip s.png --debug-gate --debug-log folder", "'folder' cannot be written: is a directory"),
        ("--policy run --viewer --strip s.png", "--viewer excludes --video and --strip"),
        ("--policy run --viewer", "there is no display here"),
        ("--policy zero", "--policy zero is no saved policy, so nothing says in which world to play it: give a file"),
        ("--load-path random", "--policy random is no saved policy"),
        ("--policy run --load-path run", "--load-path is given twice"),
        ("--policy run --scene flat --step-height 0.03", "--step-height 0.03 has no effect in scene 'flat'"),
    ],
    "evaluate": [
        ("my/hopeless", "no policy at 'my/hopeless'"),
        ("run --seed -3", "seed = -3 is not allowed: give a whole number from 0"),
        ("run --episodes 1e9", "--episodes '1e9' is not allowed: give a whole number in digits"),
        ("run --episodes 1000000000", "episodes = 1000000000 is not allowed: give a whole number, 1 or more, up to"),
        ("run --heights nan:1:0.1", "heights = 'nan:1:0.1' is not allowed: give LOW:HIGH:STEP in m"),
        ("run --heights 0:1:0.1", "up to 0.2"),
        ("run --heights 0:0.1:1e-9", "no more than 100 heights"),
        ("run --heights 0:0.1:inf", "is not allowed: give LOW:HIGH:STEP in m"),
        ("run --heights ''", "heights = '' is not allowed"),
        ("run --sweep --scene flat", "--scene has no effect in a sweep"),
        ("run --sweep --set step_height=0.1", "--set step_height=... has no effect in a sweep"),
        ("run --both --no-deterministic", "--both and --no-deterministic exclude each other"),
        ("run --scene step_7cm --step-height 0.03", "--step-height 0.03 has no effect in scene 'step_7cm'"),
        ("run --scene flat --set scene=step", "--scene and --set scene=... exclude each other"),
        ("run --set scene=flat step_height=0.03", "has no effect in scene 'flat'"),
        ("run --set step_x=2", "step_x has no effect with scene = 'step_5cm'"),
        ("run --set max_steps=1 max_steps=2", "max_steps is given twice"),
        ("run --set max_steps=1 --set reset_noise=0", "--set is given twice"),
        ("run --set scene=[1]", "scene = [1] is not allowed"),
        ("run --sweep --plot x.svg", "'x.svg' cannot be written: give a name that ends in .png"),
        ("run --sweep --plot folder.png", "'folder.png' cannot be written: is a directory"),
        ("run --sweep --plot file/x.png", "a file is in the way"),
        ("run ./run", "two policies have the same name"),
    ],
    "export": [
        ("my/hopeless --name x", "no policy at 'my/hopeless'"),
        ("run --name ''", "'' cannot be a policy's name"),
        ("run --name ../x", "'../x' cannot be a policy's name"),
        ("run --name x --to file", "a file is in the way"),
        ("run --name x --to file/deep/x.safetensors", "a file is in the way"),
        ("run --name x --episodes -1", "episodes = -1 is not allowed"),
        ("run", "--name is missing: give the policy's new name, or --tensorboard FOLDER for the log"),
        ("run --tensorboard board --name x", "--name cannot go with --tensorboard: the log is all that it writes"),
        ("folder --tensorboard board", "folder holds no run: give the name of one"),
    ],
    "runs": [
        ("--root nowhere", "There is no folder 'nowhere': give the one that holds the runs."),
        ("--root 'a\0b'", "cannot be a path"),
    ],
    "diff": [
        ("run nowhere", "nowhere holds no run: give the name of one"),
        ("folder run", "folder holds no run"),
    ],
    "policies": [
        ("nowhere", "no folder at 'nowhere': give one that holds .safetensors files"),
        ("file", "no folder at 'file'"),
    ],
}


@pytest.mark.parametrize(
    ("command", "flags", "sentence"),
    [pytest.param(c, *each, id=f"{c}-{i}") for c, mistakes in MISTAKES.items() for i, each in enumerate(mistakes)],
)
def test_one_sentence_before_any_work(here, monkeypatch, command, flags, sentence, capsys):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    before = sorted(here.rglob("*")), sorted(RUNS.glob("*"))
    assert sentence in refused(f"{command} {flags}", capsys)
    assert (sorted(here.rglob("*")), sorted(RUNS.glob("*"))) == before


@pytest.mark.parametrize("config", [EnvConfig, PPOConfig])
def test_a_bad_value_of_any_setting_is_answered_without_the_parsers_inner_names(config, capsys):
    for field in dataclasses.fields(config):
        for value in ("1e99", "-7", "nan", "x"):
            with contextlib.suppress(SystemExit, ConfigError):
                cli.parse(["train", f"--{field.name.replace('_', '-')}={value}"])
            said = "".join(capsys.readouterr())
            assert "tyro" not in said, said
            assert "NoneType" not in said, said


def test_what_a_preset_says_idly_is_nobodys_mistake(here):
    assert cli.main(f"train --preset flip_5cm --curriculum-start None {FLAGS} --run-dir new".split()) == 0


@pytest.mark.parametrize("preset", ["flip_tidy", "flip_5cm"])
def test_the_same_flags_are_fine_where_they_have_an_effect(here, preset):
    words = "--scene step --step-height 0.03 --step-height-max 0.05 --step-x 1.2 --curriculum-start 0.04"
    assert cli.main(f"train --preset {preset} {words} --curriculum-retreat 0.4 {FLAGS} --run-dir new".split()) == 0


@pytest.mark.parametrize(
    "place", ["my/hopeless", "./hopeless", "hopeless/", "folder/hopeless", "~/hopeless", "hopeless.safetensors",
              "/hopeless", "HOPELESS", " hopeless", "", ".", "folder", "file/x", "n" * 5000, "a\0b", "~nobody/x"],
)  # fmt: skip
def test_a_place_where_nothing_is_is_no_shipped_policy(here, place):
    with pytest.raises(
        PolicyError, match=r"^no policy at .*: give a .safetensors file, a run folder, or a shipped name"
    ):
        find_policy(place)


def test_a_bare_name_a_home_and_a_run_are_found(here, trained, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    assert find_policy("~/run").samefile(trained / "run" / "policy.safetensors")
    assert find_policy("run").samefile(trained / "run" / "policy.safetensors")
    (here / "flip_tidy").mkdir()
    assert load_policy("flip_tidy").name == "flip_tidy", "a folder of another kind is not in the way"
    (here / "flip_tidy" / "config.json").write_text("{}")
    with pytest.raises(PolicyError, match="the run 'flip_tidy' has no policy yet"):
        find_policy("flip_tidy")


def test_folders_are_made_and_the_table_comes_first(here, capsys):
    line = "evaluate run --heights 0.02:0.04:0.02 --episodes 1 --set max_steps=3 --plot a/b/x.png"
    assert cli.main(line.split()) == 0
    assert (here / "a/b/x.png").read_bytes().startswith(b"\x89PNG")
    line = "play --policy run --steps 2 --strip c/d/s.JPG --debug-legs --debug-log e/t.txt"
    assert cli.main(line.split()) == 0
    assert (here / "c/d/s.JPG").read_bytes().startswith(b"\xff\xd8")
    assert (here / "e/t.txt").read_text().startswith("legs")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("evaluate run --sweep --episodes 1 --set max_steps=3 --plot x.png", "step [cm]"),
        ("play --policy run --steps 2 --strip s.png", "did not pass"),
        ("export run --name tiny --episodes 1", "tiny"),
    ],
)
def test_what_was_found_out_is_told_even_if_the_disk_is_full_in_the_end(here, monkeypatch, line, told, capsys):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("twmr_nb.cli.policies.plot", full)
    monkeypatch.setattr("twmr_nb.draw.film.save_picture", full)
    monkeypatch.setattr("twmr_nb.policies.saved.SavedPolicy.save", full)
    assert cli.main(line.split()) == 2
    said = capsys.readouterr()
    assert told in said.out
    assert said.err == "twmr: no space left on device; make room on the disk, or write elsewhere.\n"


def test_one_damaged_policy_does_not_hide_the_others(here, capsys):
    assert cli.main(shlex.split("export run --name tiny --episodes 1 --to folder")) == 0
    (here / "folder" / "bad.safetensors").write_bytes(b"x")
    capsys.readouterr()
    assert cli.main(["policies", "folder"]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[1].startswith("tiny ")
    assert said.err.startswith("bad.safetensors is left out: ")
