"""Two checkpoints: where the newest is torn, cut short or gone, a run goes on from the one before, and says so.

And: the policy is that of the checkpoint gone on from; a robot whose physics diverges is no reason to stop.
"""

import json

import numpy as np
import pytest
from tiny import TINY

from twmr_nb.learn.storage import log_line
from twmr_nb.runs.run import LIVE, RunError, new_run, open_run

CLOCKS = ("steps_per_s", "collect_s", "learn_s", "train_s", "compile_s")


@pytest.fixture(autouse=True)
def _forget_live_runs():
    yield
    LIVE.clear()


def save_each(run, last: int = 9):
    """Train and save after each update; stop after the last one."""

    def each(record):
        run._training.save()
        if record["update"] == last:
            run.stop()

    run.train(each)


def numbers(run) -> tuple[dict, list]:
    """What a run leaves, without its clocks."""
    policy = {
        name: array
        for name, array in run.folder.read_checkpoint(run.folder.checkpoint).items()
        if "train_s" not in name
    }
    return policy, [{k: v for k, v in r.items() if k not in CLOCKS} for r in run.records]


def assert_same(ours, theirs):
    for name, array in theirs[0].items():
        np.testing.assert_array_equal(ours[0][name], array, err_msg=name)
    np.testing.assert_equal(ours[1], theirs[1])


def truncate(path):
    path.write_bytes(path.read_bytes()[:-100])


def tear(path):
    """The size is right, but the second half never reached the disk."""
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2] + bytes(len(data) - len(data) // 2))


def flip_a_bit(path):
    data = bytearray(path.read_bytes())
    data[-7] ^= 1
    path.write_bytes(data)


def remove(path):
    path.unlink()


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    run = new_run("flip", "whole", root=tmp_path_factory.mktemp("whole"), **TINY)
    run.train()
    return numbers(run)


@pytest.mark.parametrize("damage", [truncate, tear, flip_a_bit, remove])
def test_it_goes_on_from_the_checkpoint_before_and_says_so(damage, whole, tmp_path):
    run = new_run("flip", "run", root=tmp_path, **TINY)
    save_each(run, last=2)
    damage(run.folder.checkpoint)
    LIVE.clear()
    again = open_run(run.path)
    again.train()
    sentence = "the newest checkpoint was damaged or missing, so it went on from update 1"
    assert again.fell_back == sentence
    assert repr(open_run(run.path)).endswith(sentence)
    assert_same(numbers(again), whole)


def test_a_damaged_one_never_takes_the_place_of_the_good_one(tmp_path):
    run = new_run("flip", "run", root=tmp_path, **TINY)
    save_each(run, last=2)
    good = run.folder.checkpoint_before.read_bytes()
    truncate(run.folder.checkpoint)
    LIVE.clear()
    again = open_run(run.path)
    again._training.claim()
    again._training.prepare()
    assert again.folder.checkpoint_before.read_bytes() == good
    again._training.lock.release()


def test_with_both_damaged_it_is_refused_in_a_sentence(tmp_path):
    run = new_run("flip", "run", root=tmp_path, **TINY)
    save_each(run, last=3)
    tear(run.folder.checkpoint)
    truncate(run.folder.checkpoint_before)
    LIVE.clear()
    with pytest.raises(RunError, match="The checkpoint before is of no use either: start a new run"):
        open_run(run.path).train()


def test_the_policy_is_that_of_the_checkpoint(tmp_path):
    """As after a kill between the two writes: whoever opens the run has a pair that belongs together."""
    run = new_run("flip", "run", root=tmp_path, **TINY)
    save_each(run, last=1)
    earlier = run.policy_path.read_bytes()
    LIVE.clear()
    run = open_run(run.path)
    save_each(run, last=3)
    run.policy_path.write_bytes(earlier)
    LIVE.clear()
    again = open_run(run.path)
    again._training.claim()
    trainer = again._training.prepare()
    assert again.policy.results["global_step"] == trainer.global_step == 48
    np.testing.assert_array_equal(again.policy.params.log_std, trainer.policy.log_std)
    again._training.lock.release()


def test_a_robot_whose_physics_explodes_is_counted_and_the_training_goes_on(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # MuJoCo writes its warning to a file where it runs
    run = new_run("flip", "run", root=tmp_path, **TINY)

    def explode(record):
        if record["update"] == 2:
            run._training.trainer.env.sim.qvel[1, 7] = np.nan

    run.train(explode)
    assert run.state == "finished"
    assert [r["diverged"] for r in run.records] == [0, 0, 1, 0]
    assert log_line(run.records[2]).endswith(" diverged=1")
    assert "diverged" not in log_line(run.records[3])
    [lost] = json.loads((run.path / "diverged.json").read_text())["robots"]
    assert (lost["robot"], len(lost["qpos"]), len(lost["action"])) == (1, 23, 8)
