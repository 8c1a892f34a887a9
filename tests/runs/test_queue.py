"""The queue of trainings, and trainings that begin from a policy: tiny runs."""

import numpy as np
import pytest
from tiny import TINY
from waiting import wait_for

import twmr_nb as tw
from twmr_nb import ConfigError
from twmr_nb.learn.network import named_leaves
from twmr_nb.policies.saved import PolicyError, load_policy
from twmr_nb.runs.queue import QUEUE, enqueue
from twmr_nb.runs.run import RunError, new_run, open_run, training_run

pytestmark = pytest.mark.usefixtures("no_run_left")
ENDLESS = TINY | {"total_timesteps": 10**8}


def test_the_queue_runs_in_order_and_one_at_a_time(tmp_path):
    first = enqueue("flip", "run", root=tmp_path, **ENDLESS)
    rest = [enqueue("flip", "run", root=tmp_path, seed=seed, **TINY) for seed in (1, 2, 3)]
    assert first.training
    assert [run.state for run in rest] == ["waiting"] * 3
    assert len({run.name for run in (first, *rest)}) == 4
    assert open_run(rest[0].path) is rest[0], "another cell finds the same"
    QUEUE.move(rest[2], 2)
    first.stop()
    assert [run.join() for run in rest] == ["finished"] * 3
    begun = [run.started_at for run in (first, rest[2], rest[0], rest[1])]
    assert begun == sorted(begun)
    ends = {run: run.folder.status["time"] for run in rest}
    assert ends[rest[2]] < ends[rest[0]] < ends[rest[1]]
    wait_for(lambda: not QUEUE._busy)


def test_a_paused_training_keeps_its_place(tmp_path):
    first = enqueue("flip", root=tmp_path, **ENDLESS)
    wait_for(lambda: first.records)
    first.pause()
    wait_for(lambda: first.state == "paused")
    then = enqueue("flip", root=tmp_path, **TINY)
    assert then.join(timeout=1.2) == "waiting"
    assert training_run() is first
    first.stop()
    assert then.join() == "finished"


def test_what_is_removed_or_begun_by_hand_waits_no_more(tmp_path):
    first = enqueue("flip", root=tmp_path, **ENDLESS)
    out, by_hand = (enqueue("flip", name, root=tmp_path, **TINY) for name in ("out", "hand"))
    QUEUE.remove(out)
    assert out.join() == "gone"
    with pytest.raises(RunError, match="does not wait any more"):
        QUEUE.remove(out)
    with pytest.raises(RunError, match="is training"):
        by_hand.start()
    assert QUEUE.waiting == (by_hand,)
    stopped = enqueue("flip", root=tmp_path, **TINY)
    stopped.stop()
    assert (stopped.state, QUEUE.waiting) == ("new", (by_hand,))
    first.stop()
    assert by_hand.join() == "finished"
    wait_for(lambda: not QUEUE._busy)
    assert stopped.state == "new"


def test_a_run_that_was_stopped_can_wait_too_and_keeps_its_folder(tmp_path):
    first = enqueue("flip", root=tmp_path, **ENDLESS)
    wait_for(lambda: first.records)
    first.stop()
    first.join()
    second = enqueue("flip", root=tmp_path, **ENDLESS)
    QUEUE.add(first)
    assert first.state == "waiting"
    QUEUE.remove(first)
    assert first.state == "stopped"
    assert first.policy_path.exists()
    second.stop()


# -- beginning from a policy ------------------------------------------------------------------------------------------


def parameters(params):
    return {name: np.asarray(leaf) for name, leaf in named_leaves(params)}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    run = new_run("flip", root=tmp_path_factory.mktemp("trained"), **TINY)
    run.train()
    return run


def test_the_network_begins_as_the_policys_and_the_noise_as_the_settings_say(trained, tmp_path):
    run = new_run("flip", root=tmp_path, start_from=trained.path, **TINY, seed=9, log_std_init=-0.5)
    trainer = run._training.prepare()
    begun, was = parameters(trainer.policy), parameters(trained.policy.params)
    assert begun.keys() == was.keys()
    for name in was:
        if name == "log_std":
            np.testing.assert_array_equal(begun[name], np.full(8, -0.5, np.float32))
        else:
            np.testing.assert_array_equal(begun[name], was[name])
    random = parameters(new_run("flip", root=tmp_path, **TINY, seed=9)._training.prepare().policy)
    assert any((random[name] != was[name]).any() for name in was)


def test_where_it_began_is_kept_with_the_run_and_tells_it_from_others(trained, tmp_path):
    plain = new_run("flip", root=tmp_path, **TINY)
    run = new_run("flip", root=tmp_path, start_from=trained.policy, **TINY)
    assert run.folder.details["identity"] != plain.folder.details["identity"]
    assert run.folder.details["start"]["name"] == trained.policy.name
    assert run.folder.details["command"].endswith(f"# begun from the network of {trained.policy.name!r}")
    kept = load_policy(run.folder.start)
    np.testing.assert_array_equal(parameters(kept.params)["log_std"], parameters(trained.policy.params)["log_std"])
    run.train()
    assert run.state == "finished"
    assert run.folder.details["identity"] is not None


def test_a_run_whose_start_is_lost_says_so(trained, tmp_path):
    run = new_run("flip", root=tmp_path, start_from=trained.policy, **TINY)
    run.folder.start.unlink()
    with pytest.raises(PolicyError, match="no policy at"):
        run.train()
    assert run.state == "failed"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"obs_mode": "compact"}, "obs_mode = 'compact' cannot begin from the network of 'X', which was made with "
                                  "obs_mode = 'proprio': set it so, or begin from another policy."),
        ({"mlp_size": 16}, "mlp_size = 16 cannot"),
        ({"hidden_size": 9}, "hidden_size = 9 cannot"),
        ({"action_mode": "reflex", "gate_mode": "felt"}, "action_mode = 'reflex' cannot"),
        ({"critic_obs_mode": "full"}, "critic_obs_mode = 'full' cannot"),
        ({"symmetric": True}, "symmetric = True cannot"),
        ({"normalize_observations": False}, "normalize_observations = False cannot"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_one_sentence_before_anything_is_made(trained, tmp_path, settings, told):
    with pytest.raises(ConfigError) as error:
        new_run("flip", root=tmp_path, start_from=trained.policy, **TINY | settings)
    assert told in str(error.value).replace(trained.policy.name, "X")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("start_from", [5, ["flip_5cm"], TINY])
def test_what_is_no_policy_is_refused(start_from, tmp_path):
    with pytest.raises(ConfigError, match="is no policy: give one"):
        tw.train("flip", root=tmp_path, start_from=start_from, **TINY)
    with pytest.raises(PolicyError, match="no policy at 'nowhere'"):
        tw.enqueue("flip", root=tmp_path, start_from="nowhere", **TINY)
    assert list(tmp_path.iterdir()) == []
