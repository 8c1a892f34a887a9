"""A folder of files that anybody may have written: the odd ones are left out with a line, everything else goes on."""

import dataclasses
import json
import os
import shutil

import numpy as np
import pytest
from safetensors.numpy import save_file

from twmr_nb import PolicyBrowser, TrainingPanel
from twmr_nb.policies.checks import known_details
from twmr_nb.policies.saved import PolicyError, load_policy, read_arrays, stem_of
from twmr_nb.runs.run import LIVE, new_run, open_run
from twmr_nb.types import ConfigError
from twmr_nb.ui import policy_files as files
from twmr_nb.ui.policy_table import COLUMNS
from twmr_nb.ui.runs import Runs
from twmr_nb.ui.status import clock

ATTACK = '<img src=x onerror="hacked()">'
EVALUATION = {"success_rate": 0.5, "episodes": 10, "seed": 1, "deterministic": True}


@pytest.fixture(scope="module")
def good(three_runs):
    """A policy's file that is as it should be."""
    return next(three_runs.glob("alpha_*")) / "policy.safetensors"


@pytest.fixture
def root(good, tmp_path):
    (tmp_path / "imported").mkdir(parents=True)
    shutil.copy(good, tmp_path / "imported" / "good.safetensors")
    return tmp_path


def write_odd(good, path, arrays=(), **details):
    """A copy of a policy's file with other details, in JSON, or None to leave them out, and other arrays."""
    ours, theirs = read_arrays(good)
    texts = {name: json.dumps(value) for name, value in theirs.items()} | {k: json.dumps(v) for k, v in details.items()}
    for name in [name for name, value in details.items() if value is None]:
        del texts[name]
    ours |= dict(arrays)
    save_file({name: array for name, array in ours.items() if array is not None}, path, metadata=texts)
    return path


def config_with(good, **changes):
    config = load_policy(good).config.to_dict()
    return config | changes


DETAILS = {
    "a name that is a number": {"name": 5},
    "results that are a list": {"results": [1, 2]},
    "results that are text": {"results": ATTACK},
    "a command that is a list": {"command": ["rm"]},
    "own terms that are text": {"own_terms": ATTACK},
    "an own term without a source": {"own_terms": [{"name": "calm"}]},
    "an own term that is text": {"own_terms": [ATTACK]},
    "half a letter": {"name": "\ud83d"},
    "settings that are a list": {"config": [1]},
    "no settings": {"config": None},
    "no format": {"format": None},
    "another format": {"format": "twmr_nb policy 99"},
}


@pytest.mark.parametrize("what", DETAILS)
def test_a_file_that_is_no_policy_is_refused_in_a_sentence_and_left_out(good, root, what):
    path = write_odd(good, root / "imported" / "odd.safetensors", **DETAILS[what])
    with pytest.raises(PolicyError) as refused:
        load_policy(path)
    assert "\n" not in str(refused.value)
    found, problems = files.list_policies(root)
    assert [p.name for p in found if not p.shipped] == [load_policy(root / "imported" / "good.safetensors").name]
    assert len(problems) == 1
    assert problems[0].startswith("odd.safetensors is left out: ")


@pytest.mark.parametrize(
    "settings", [{"preset": ["x"]}, {"preset": {}}, {"env": 5}, {"ppo": {"new_knob": 1}}, {"seed": "0"}]
)
def test_settings_of_another_version_are_a_sentence(good, root, settings):
    path = write_odd(good, root / "odd.safetensors", config=config_with(good, **settings))
    with pytest.raises(PolicyError):
        load_policy(path)


ARRAYS = {
    "one missing": {"log_std": None},
    "one too many": {"params/backdoor/kernel": np.zeros(3, np.float32)},
    "another shape": {"log_std": np.zeros(7, np.float32)},
    "another kind": {"log_std": np.zeros(8, np.int64)},
    "not a number": {"params/value/bias": np.array([np.nan], np.float32)},
    "without end": {"normalizer/mean": np.full(22, np.inf, np.float32)},
    "huge": {"params/value/bias": np.array([1e30], np.float32)},
    "louder than can be computed": {"log_std": np.full(8, 1e3, np.float32)},
    "a negative variance": {"normalizer/var": np.full(22, -1.0, np.float32)},
}


@pytest.mark.parametrize("what", ARRAYS)
def test_arrays_that_the_network_cannot_use_are_refused_by_name(good, tmp_path, what):
    path = write_odd(good, tmp_path / "odd.safetensors", ARRAYS[what])
    with pytest.raises(PolicyError, match=next(iter(ARRAYS[what]))):
        load_policy(path)


def test_arrays_of_other_settings_are_refused(good, tmp_path):
    wide = config_with(good)
    wide["ppo"] |= {"hidden_size": 2048}
    with pytest.raises(PolicyError, match="where float32"):
        load_policy(write_odd(good, tmp_path / "odd.safetensors", config=wide))


@pytest.mark.parametrize(
    "odd",
    [
        {"evaluation": None}, {"evaluation": []}, {"evaluation": {"success_rate": None}}, {"evaluation": {}},
        {"evaluation": EVALUATION | {"episodes": ATTACK}}, {"evaluation": EVALUATION | {"success_rate": 7}},
        {"evaluation": EVALUATION | {"upright_pass": ATTACK}}, {"evaluation": EVALUATION | {"clean_pass": 7}},
        {"success_rate": float("nan")}, {"success_rate": "93%"}, {"success_rate": -1}, {"success_rate": True},
        {"global_step": [1]}, {"global_step": 10**400}, {"global_step": float("inf")}, {"global_step": {}},
        {"train_s": ATTACK}, {"note": 5}, {"curve": [1]}, {"validation": ["a", 1]}, {"sampled": 0},
    ],
)  # fmt: skip
def test_a_result_of_another_kind_is_left_out_and_the_policy_is_shown(good, root, odd):
    path = write_odd(good, root / "imported" / "odd.safetensors", results=odd)
    assert load_policy(path).results == {}
    browser = PolicyBrowser(root)
    assert len([p for p in browser.policies if not p.shipped]) == 2
    for column in COLUMNS:
        browser.table.sort_by(column)
    from twmr_nb.draw.words import policies_table

    assert "odd" in policies_table({"odd": (load_policy(path), 1)})


def test_results_that_are_right_are_kept():
    results = {"evaluation": EVALUATION, "success_rate": 1, "global_step": 5e6, "note": ATTACK, "of the future": [1]}
    found = known_details({"results": results, "of the future": 1})
    assert found == {"name": "", "results": results, "command": "", "own_terms": []}


@pytest.mark.parametrize(
    "name",
    [
        "leg_12345678_123456",
        "leg_00000000_000000",
        "two\nlines",
        "🤖",
        "n" * 300,
        "",
        "../../up",
        "a/b",
        "\x1b[2J",
        "\0",
    ],
)
def test_a_policy_of_any_name_is_listed_and_can_be_deleted_and_renamed(good, root, name):
    path = write_odd(good, root / "imported" / "odd.safetensors", name=name)
    browser = PolicyBrowser(root)
    odd = next(p for p in browser.policies if p.path == path)
    assert odd.name.isprintable()
    assert 0 < len(odd.name) <= 80
    assert odd.date.year >= 1970
    TrainingPanel(root=root)
    renamed = files.rename(odd, "better")
    assert load_policy(renamed).name == "better"
    files.delete(next(p for p in files.list_policies(root)[0] if p.path == renamed))
    assert [p.name for p in (root / "imported").iterdir()] == ["good.safetensors"]


@pytest.mark.parametrize("name", ["checkpoint", "best", "policy", "../other_1/policy", "CHECKPOINT"])
def test_deleting_or_renaming_a_runs_policy_takes_no_other_file_along(three_runs, tmp_path, name):
    """Its name comes from the file: beside it, or above it, may lie what bears that name."""
    shutil.copytree(three_runs, tmp_path / "runs")
    folder = next((tmp_path / "runs").glob("alpha_*"))
    path = folder / "policy.safetensors"
    dataclasses.replace(load_policy(path), name=name).save(path)
    before = set((tmp_path / "runs").rglob("*.safetensors"))
    (file,) = (p for p in files.list_policies(tmp_path / "runs")[0] if p.path == path)
    files.rename(file, "mine")
    assert set((tmp_path / "runs").rglob("*.safetensors")) == before
    dataclasses.replace(load_policy(path), name=name).save(path)
    (file,) = (p for p in files.list_policies(tmp_path / "runs")[0] if p.path == path)
    files.delete(file)
    assert set((tmp_path / "runs").rglob("*.safetensors")) == before - {path}


@pytest.mark.parametrize("name", ["checkpoint", "Policy", "best", "n" * 61, "-x", ".hidden", "a b", "a\n", ATTACK])
def test_a_name_that_would_break_something_is_refused(good, root, name):
    (file,) = (p for p in files.list_policies(root)[0] if not p.shipped)
    with pytest.raises(PolicyError, match="cannot be a policy's name"):
        files.rename(file, name)


@pytest.mark.parametrize(
    "name", [".hidden.safetensors", "checkpoint.safetensors", "..", "", "/", "a\0b", "n" * 300, ATTACK, "\ud800"]
)
def test_what_is_imported_is_listed_whatever_its_file_was_called(good, tmp_path, name):
    path = files.import_policy(name, good.read_bytes(), tmp_path)
    assert path.parent == tmp_path / files.IMPORTED
    assert path in [p.path for p in files.list_policies(tmp_path)[0]]
    assert files.is_name(stem_of(name)) or stem_of(name) in files.RESERVED


def test_things_that_are_no_files_are_left_out(good, root, monkeypatch):
    folder = root / "imported"
    (folder / "empty.safetensors").write_bytes(b"")
    (folder / "folder.safetensors").mkdir()
    (folder / "loop.safetensors").symlink_to(folder / "loop.safetensors")
    (folder / "nowhere.safetensors").symlink_to(folder / "gone")
    (folder / "length.safetensors").write_bytes(b"\xff" * 8 + b"{}")
    (folder / "deep.safetensors").write_bytes((100_000).to_bytes(8, "little") + b"[" * 100_000)
    os.mkfifo(folder / "pipe.safetensors")
    locked = shutil.copy(good, folder / "locked.safetensors")
    real = files.load_policy

    def load(path):
        if str(path) == str(locked):
            raise PermissionError(13, "Permission denied")
        return real(path)

    monkeypatch.setattr(files, "load_policy", load)
    files.read.cache_clear()
    found, problems = files.list_policies(root)
    assert len([p for p in found if not p.shipped]) == 1
    assert len(problems) == 8
    browser = PolicyBrowser(root)
    assert browser.problems.value.count("is left out") == 8


# -- runs -------------------------------------------------------------------------------------------------------------

METRICS = (
    "update,num_updates,progress,global_step,episodes,success_rate,episode_return,episode_length,train_s,steps_per_s,"
    "collect_s,learn_s,value_loss,approx_kl,std,paid/{term}\n"
)


def odd_run(root, line, term="forward", **config):
    run = new_run("flip", "odd", root=root)
    (run.path / "metrics.csv").write_text(METRICS.format(term=term) + line)
    if config:
        told = json.loads((run.path / "config.json").read_text()) | config
        (run.path / "config.json").write_text(json.dumps(told))
    LIVE.clear()
    return run


@pytest.mark.parametrize(
    "line",
    [
        ",".join(["nan"] * 16), ",".join(["inf"] * 16), ",".join(["-inf"] * 16), ",".join(["1e300"] * 16),
        ",".join(["0"] * 16), ",".join(["-5"] * 16), "1,2,9,1e999,3,5,nan,inf,-1,0,0,0,-1,0,nan,1e308",
    ],
)  # fmt: skip
@pytest.mark.usefixtures("no_run_left")
def test_a_log_with_odd_numbers_is_drawn_as_far_as_it_can_be(tmp_path, line):
    odd_run(tmp_path, line + "\n" + line + "\n")
    view = Runs(tmp_path)
    view.view.draw(list(view.run.records))
    assert bytes(view.view.picture.value).startswith(b"\x89PNG")
    assert 0 <= view.view.bar.value <= 1
    panel = TrainingPanel(root=tmp_path)
    panel.earlier.value = [name for _, name in panel.earlier.options[:1]]


@pytest.mark.parametrize("own", [None, 5, "calm", [5], [{"name": 5}], [{"source": "x"}], {"name": "x"}])
@pytest.mark.usefixtures("no_run_left")
def test_own_terms_of_another_kind_are_not_shown(tmp_path, own):
    odd_run(tmp_path, "", own_terms=own)
    view = Runs(tmp_path)
    assert "preset <b>flip</b>" in view.settings.value


def test_a_time_that_is_none_has_no_clock():
    assert clock(float("nan")) == clock(float("inf")) == "–"


@pytest.mark.parametrize("file", ["config.json", "metrics.csv", "notes.json"])
@pytest.mark.usefixtures("no_run_left")
def test_a_file_of_a_run_that_is_far_too_large_is_not_read(tmp_path, file):
    run = odd_run(tmp_path, "")
    with (run.path / file).open("ab") as opened:
        opened.truncate(1 << 40)  # a hole: it takes no room on the disk
    with pytest.raises(ConfigError, match=r"is larger than 1024 MiB, as no file of this project is\."):
        print(open_run(run.path).frame(), open_run(run.path).note)
    assert not Runs(tmp_path).runs


# -- what a cell's last line shows ------------------------------------------------------------------------------------


def test_a_last_line_is_a_few_readable_lines(good):
    from climb import climb

    rollout, saved = climb(), load_policy(good)
    told = dataclasses.replace(saved, name="\x1b[2J", results={"note": "two\nlines", "evaluation": EVALUATION})
    for shown in (rollout, rollout.transition, saved, told, dataclasses.replace(rollout, title=f"\n{ATTACK}")):
        assert len(repr(shown)) < 1800
        assert repr(shown).replace("\n", "").isprintable()
    assert "500 control steps, 10.00 s" in repr(rollout)
    assert "50.0% of 10 unseen episodes" in repr(told)
    assert "qpos           [500, 23]" in repr(rollout.transition)


def test_an_evaluation_is_a_line_each_and_still_a_dict():
    from twmr_nb.episodes.report import Evaluation

    result = Evaluation(success_rate=0.93333, success_interval=[0.9, 0.95], reward_terms={"a\nb": 1.0}, policy="a\nb")
    assert [line.split("  ")[-1].strip() for line in repr(result).splitlines()] == ["93.3% (90.0–95.0%)", "+1.00"]
    assert json.loads(json.dumps(result)) == result


def test_a_run_says_its_state(tmp_path):
    assert repr(new_run("flip", "mine", root=tmp_path)).startswith("Run 'mine_")
    LIVE.clear()


# -- recorded episodes ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arrays", "details"),
    [
        ({"qpos": None}, {}), ({"qpos": np.zeros((500, 22))}, {}), ({"gate": np.zeros(499)}, {}),
        ({"action": np.zeros((0, 8), np.float32)}, {}), ({"term/alive": np.zeros((500, 2))}, {}),
        ({}, {"title": None}), ({}, {"terms": None}), ({}, {"terms": ["nothing"]}), ({}, {"terms": 5}),
        ({}, {"constants": {"success_x": 1.0, "ctrl_dt": 0.0}}), ({}, {"constants": {"success_x": 1.0}}),
        ({}, {"constants": [1]}), ({}, {"config": {"new_knob": 1}}), ({}, {"config": 5}), ({}, {"step_height": "high"}),
        ({}, {"gamma": 5}), ({}, {"gamma": "low"}),
    ],
)  # fmt: skip
def test_an_odd_rollout_is_refused_in_a_sentence(tmp_path, arrays, details):
    from climb import climb

    from twmr_nb.episodes.rollout import load_rollout

    good = climb().save(tmp_path / "good.safetensors")
    assert len(load_rollout(good).time) == 500
    with pytest.raises(PolicyError, match="is not what it should be: ") as refused:
        load_rollout(write_odd(good, tmp_path / "odd.safetensors", arrays, **details))
    assert "\n" not in str(refused.value)


def test_a_table_in_a_terminal_is_lines_that_steer_nothing(good):
    from twmr_nb.draw.words import policies_table, results_table

    name = "red \x1b[31m\nnext\u202e"
    told = dataclasses.replace(load_policy(good), name=name, results={"note": name, "evaluation": EVALUATION})
    table = policies_table({name: (told, 1)})
    assert len(table.splitlines()) == 3
    assert table.replace("\n", "").isprintable()
    result = load_policy("hopeless").results["evaluation"] | {"reward_terms": {name: 1.0}}
    assert str(results_table([name], [result])).replace("\n", "").isprintable()
