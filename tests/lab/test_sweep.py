"""Sweeps and ablations: the same policies as alone whoever trains them, nothing twice, and what is said about them."""

import os
import pickle
import re
import signal
import socket
import subprocess
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from twmr_nb.config.presets import preset
from twmr_nb.config.schema import ConfigError
from twmr_nb.draw.tradeoff import front
from twmr_nb.episodes.intervals import seeds_needed
from twmr_nb.lab import engine, tasks
from twmr_nb.lab.ablation import BASE, Ablation, ablate, variants_of
from twmr_nb.lab.comparison import Comparison, Trial
from twmr_nb.lab.experiment import compare, sweep
from twmr_nb.lab.search import best_by, hopeless, search, value_of
from twmr_nb.lab.sweep import GOING, percent
from twmr_nb.lab.tasks import Stopped, do
from twmr_nb.policies.saved import read_arrays
from twmr_nb.runs.folder import RunFolder
from twmr_nb.runs.run import Run, RunError, new_run
from twmr_nb.task.rewards import REWARD_TERMS, TermError, reward_term

# It has passed where it starts, so that to judge it takes no time.
TINY = {"num_envs": 4, "minibatches": 1, "rollout_steps": 8, "max_steps": 16, "mlp_size": 8, "hidden_size": 8}
TINY |= {"success_x": -1.0}
DOC = (Path(__file__).parents[2] / "docs" / "sweeps.md").read_text()
GRID = {"alive_bonus": [0.0, 1.0]}
UPDATES = 24
LONG = 32 * UPDATES  # steps: enough to be met in the middle


def calm(t):
    return t.pitch**2


def asked(root, **more):
    options = {"steps": 64, "seeds": 2, "episodes": 2, "root": root, "extra_terms": [reward_term(calm)]}
    return sweep(GRID, **TINY, **options | more)


def test_who_asks_for_the_same_a_moment_later_waits_for_it(tmp_path, monkeypatch):
    """Another process makes the folder, then begins to train, each between a look and the deed."""
    locks, waited = [], []

    def made_meanwhile(*given, **more):
        new_run(*given, **more)
        return new_run(*given, **more)

    def begun_meanwhile(run, *given, train=Run.train):
        if not locks:
            locks.append(run.folder.lock())
        return train(run, *given)

    def sleep(seconds):
        waited.append(locks[0].release())

    monkeypatch.setattr(tasks, "new_run", made_meanwhile)
    monkeypatch.setattr(Run, "train", begun_meanwhile)
    monkeypatch.setattr(tasks, "time", SimpleNamespace(sleep=sleep))
    work = asked(tmp_path, seeds=1).join()
    assert (work.failures, len(work.outcomes), len(waited)) == ({}, 2, 1)


def test_another_question_about_the_same_trainings_is_another_sweep(tmp_path):
    """One that is under way answers its own: other episodes, or another step to judge on, are not its numbers."""
    work = asked(tmp_path, steps=LONG)
    for other in ({"episodes": 3}, {"step_height": 0.03}):
        with pytest.raises(RunError, match=r"under way|is training"):
            asked(tmp_path, steps=LONG, **other)
    work.stop()
    work.join()


def test_a_height_that_is_varied_is_not_the_one_that_is_judged(tmp_path):
    world = {"scene": "step", "steps": 64, "episodes": 2, "seeds": 1, "step_height": 0.05}
    columns = sweep({"step_height": [0.02, 0.07]}, root=tmp_path, **TINY, **world).join().columns()
    assert (columns["step_height"], columns["judged_step_height"]) == ([0.02, 0.07], [0.05, 0.05])


def test_a_setting_that_changes_nothing_anywhere_is_not_varied(tmp_path):
    with pytest.raises(ConfigError, match=r"step_height has no effect with scene = 'step_5cm': .* out of the grid"):
        sweep({"step_height": [0.02, 0.07]}, root=tmp_path, **TINY)
    assert list(tmp_path.iterdir()) == []


def test_only_the_points_of_a_grid_must_be_possible_and_one_must_read_what_is_set(tmp_path):
    rest = {"root": tmp_path, "seeds": 1, "steps": 48, "episodes": 1, **TINY, "num_envs": 6}
    del rest["minibatches"]  # whose four in the preset do not divide six robots
    work = sweep({"minibatches": [2, 3]}, **rest).join()
    assert work.columns()["minibatches"] == [2, 3]
    rest |= {"minibatches": 1, "gate_tilt": 0.2}
    assert not sweep({"gate_mode": ["felt", "none"]}, **rest).join().failures
    with pytest.raises(ConfigError, match=r"gate_tilt has no effect with .*, or leave gate_tilt out\."):
        sweep(GRID, gate_mode="none", **rest)


def test_a_folder_that_cannot_be_made_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: (_ for _ in ()).throw(OSError(30, "Read-only file system")))
    with pytest.raises(RunError, match=r"cannot hold runs \(Read-only file system\): choose another folder"):
        asked(tmp_path / "new")


def policies(work):
    """The numbers of every policy, by the name of its folder."""
    return {e.task.path.name: read_arrays(e.task.folder.policy)[0] for e in work.entries}


def same(ours, theirs):
    return ours.keys() == theirs.keys() and all(
        a.tobytes() == theirs[name][k].tobytes() for name, arrays in ours.items() for k, a in arrays.items()
    )


def wait_for(what, patience=120.0):
    end = time.monotonic() + patience
    while not (found := what()):
        assert time.monotonic() < end, "it never came"
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Four tiny trainings, one after the other in this process."""
    return asked(tmp_path_factory.mktemp("alone"), steps=LONG).join()


def test_a_sweep_trains_every_combination_with_every_seed(alone):
    assert [(r.variant, r.seed, r.state) for r in alone.rows()] == [
        (f"alive_bonus = {bonus}", seed, "finished") for seed in (0, 1) for bonus in GRID["alive_bonus"]
    ]
    assert alone.share == 1
    assert alone.summary == "4 of 4 trainings finished, over"
    columns = alone.columns()
    assert columns["alive_bonus"] == [0.0, 1.0, 0.0, 1.0]
    assert columns["seed"] == [0, 0, 1, 1]
    assert columns["success_rate"] == [1.0] * 4
    assert {len(values) for values in columns.values()} == {4}
    assert alone.comparison.variants == ["alive_bonus = 0.0", "alive_bonus = 1.0"]
    assert alone.plot().png()[:4] == b"\x89PNG"
    with pytest.raises(ConfigError, match="x = 'speed' is not measured: choose"):
        alone.plot("speed")


@pytest.mark.slow
def test_two_workers_of_which_one_is_killed_train_the_same_policies(alone, tmp_path):
    work = asked(tmp_path, steps=LONG, workers=2)
    running = wait_for(lambda: next((e.task for e in work.entries if e.task.folder.metrics), None))
    pid = running.folder.status["pid"]
    assert pid != os.getpid()
    os.kill(pid, signal.SIGKILL)
    assert asked(tmp_path, steps=LONG, workers=2) is work  # a new cell finds it
    work.join(300)
    assert not work.failures
    assert same(policies(work), policies(alone))
    assert work.comparison.results("mean_return") == alone.comparison.results("mean_return")
    assert [len(t.records) for t in work.comparison.trials] == [UPDATES] * 4
    assert not list(tmp_path.glob("*.stop"))
    assert not list(tmp_path.glob(".workers*"))


def test_what_is_stopped_goes_on_and_nothing_is_done_twice(alone, tmp_path):
    work = asked(tmp_path, steps=LONG)
    wait_for(lambda: work.entries[1].task.folder.metrics)
    work.stop()
    work.join()
    states = [row.state for row in work.rows()]
    assert states == ["finished", "stopped", "stopped", "stopped"]
    assert "was stopped" in next(iter(work.failures.values()))
    first = work.entries[0].task.folder.policy
    written = first.stat().st_mtime_ns
    again = asked(tmp_path, steps=LONG)
    assert again is not work
    again.join()
    assert [row.state for row in again.rows()] == ["finished"] * 4
    assert first.stat().st_mtime_ns == written
    assert same(policies(again), policies(alone))


def test_one_training_is_stopped_by_its_row(tmp_path):
    work = asked(tmp_path)
    with pytest.raises(ConfigError, match="row 99 is not there: give one from 0 to 3, or nothing to stop all"):
        work.stop(99)
    with pytest.raises(ConfigError, match="timeout = 'x' is not allowed: give a number of seconds"):
        work.join("x")
    work.stop(1)
    work.join()
    assert [row.state for row in work.rows()] == ["finished", "stopped", "finished", "finished"]
    assert len(work.columns()["seed"]) == 3


def test_what_is_finished_needs_no_worker(alone, monkeypatch):
    monkeypatch.setattr(engine, "connected", lambda *_: pytest.fail("workers were started for nothing"))
    root = alone.root
    assert asked(root, steps=LONG, workers=2).join().share == 1


def test_a_training_that_fails_is_told_and_the_others_go_on(tmp_path, monkeypatch):
    def half(task, tell):
        if task.config.seed == 1:
            raise RunError("no luck")
        return do(task, tell)

    monkeypatch.setattr(engine, "do", half)
    work = asked(tmp_path).join()
    assert set(work.failures.values()) == {"no luck"}
    assert [r.state for r in work.rows()] == ["finished", "finished", "failed: no luck", "failed: no luck"]
    assert "2 stopped or failed" in repr(work)
    with pytest.raises(RunError, match="no luck"):
        compare({"a": TINY}, [1], steps=64, root=tmp_path, on_progress=lambda text: None)


def test_what_goes_wrong_in_a_worker_comes_back_as_a_sentence(tmp_path, monkeypatch):
    def broken(error):
        def do(task):
            raise error

        monkeypatch.setattr(engine, "do", do)
        monkeypatch.setattr(engine, "compile_for", lambda threads: None)
        with pytest.raises(type(error) if isinstance(error, Stopped) else RunError) as found:
            engine.work(None, "2")
        return pickle.loads(pickle.dumps(found.value))

    assert str(broken(TermError(reward_term(calm), "pays nan"))) == "reward term 'calm' pays nan"
    assert str(broken(KeyError("x"))) == "KeyError: 'x'"
    assert isinstance(broken(Stopped("by hand")), Stopped)


def test_what_another_process_trains_is_waited_for(tmp_path, monkeypatch):
    work = asked(tmp_path, seeds=1).join()
    task = work.entries[0].task
    lock, told = task.folder.lock(), []

    def tell(words, share):
        told.append(words)
        lock.release()

    do(task, tell)
    assert told[0] == "another process trains it"


def test_what_ends_all_of_it_is_raised_where_it_is_waited_for(tmp_path, monkeypatch):
    def lost(tasks, tell):
        raise OSError("the scheduler is gone")
        yield

    monkeypatch.setattr(engine, "in_turn", lost)
    work = asked(tmp_path)
    with pytest.raises(OSError, match="the scheduler is gone"):
        work.join()
    assert work.summary == "0 of 4 trainings finished, over, ended by OSError: the scheduler is gone"
    assert not GOING


def test_two_sweeps_in_one_process_take_turns(tmp_path):
    work = asked(tmp_path, steps=LONG)
    with pytest.raises(RunError, match=r"is training|are under way"):
        asked(tmp_path, steps=LONG, seeds=[7])
    work.stop()
    work.join()


@pytest.mark.parametrize(
    ("grid", "options", "message"),
    [
        ({"alive_bonsu": [1]}, {}, "unknown setting 'alive_bonsu'; did you mean 'alive_bonus'"),
        ({"alive_bonus": [1, -1]}, {}, "alive_bonus = -1 is not allowed"),
        ({"alive_bonus": []}, {}, "alive_bonus has no values"),
        ({"alive_bonus": [1, 1.0]}, {}, "alive_bonus = 1.0 is given twice"),
        ({"alive_bonus": 3}, {}, "alive_bonus = 3 is no list of values"),
        ({"scene": "step"}, {}, "scene = 'step' is no list of values"),
        ({"seed": [1, 2]}, {}, "seed = 1 is not allowed here: it is the same for all"),
        ([1], {}, r"grid = \[1\] is not allowed: give a dict"),
        ({"alive_bonus": np.linspace(0, 1, 1000), "gamma": np.linspace(0, 1, 1000)}, {}, "1000000 trainings are more"),
        ({"alive_bonus": range(1_000_000)}, {}, "1000000 trainings are more than 1000: make the grid smaller"),
        ({"alive_bonus": [[0, 1]]}, {}, r"alive_bonus = \[0, 1\] is not allowed: give a number"),
        ({"alive_bonus": np.zeros((1, 2))}, {}, r"alive_bonus = \[0.0, 0.0\] is not allowed: give a number"),
        ({3: [1]}, {}, "unknown setting 3; `twmr train --help`"),
        (GRID, {"alive_bonus": 0.5}, "alive_bonus = 0.5 has no effect on a grid of alive_bonus"),
        (GRID, {"seeds": 0}, "seeds = 0 is not allowed: give how many, from 1 to 1000, or a list"),
        (GRID, {"seeds": []}, "at least one variant and one seed"),
        (GRID, {"seeds": 2.5}, "seeds = 2.5 is not allowed"),
        (GRID, {"seeds": "01"}, "seeds = '01' is not allowed"),
        (GRID, {"seeds": 10**9}, "seeds = 1000000000 is not allowed"),
        (GRID, {"seeds": [[0]]}, r"seed = \[0\] is not allowed"),
        (GRID, {"steps": 0}, "^steps = 0 is not allowed: give a whole number from 1"),
        (GRID, {"step_height": 5}, "step_height = 5 is not allowed"),
        (GRID, {"most": "x"}, "most = 'x' is not allowed: give a whole number, 1 or more"),
        (GRID, {"root": 3}, "root = 3 is not allowed: give the path of a folder"),
        (GRID, {"root": "a\0b"}, "root = .* is not allowed: give the path of a folder"),
        (GRID, {"root": __file__}, "cannot hold runs: .* is a file"),
        (GRID, {"root": f"{__file__}/deep"}, "cannot hold runs: .* is a file"),
        (GRID, {"preset": ["flip"]}, r"unknown preset \['flip'\]"),
        (GRID, {"preset": "flup"}, "unknown preset 'flup'"),
        (GRID, {"episodes": 0}, "episodes = 0 is not allowed"),
        (GRID, {"workers": 0}, "workers = 0 is not allowed"),
        (GRID, {"workers": 2, "scheduler": "tcp://127.0.0.1:1"}, "workers and scheduler exclude each other"),
        (GRID, {"scheduler": "somewhere"}, "scheduler = 'somewhere' is not allowed: give its address"),
    ],
)
def test_what_cannot_be_swept_is_said_before_anything_is_trained(tmp_path, grid, options, message):
    with pytest.raises(ConfigError, match=message):
        sweep(grid, **{"seeds": 1, "root": tmp_path} | options)
    assert not list(tmp_path.iterdir())


def test_a_folder_that_may_not_be_written_to_is_said(tmp_path, monkeypatch):
    monkeypatch.setattr("os.access", lambda path, mode: False)
    with pytest.raises(ConfigError, match="cannot hold runs: choose a folder that you may write to"):
        sweep(GRID, root=tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_each_own_term_is_left_out_by_its_name_and_those_without_weight_are_not():
    """Two labels may be alike, and like one of the table's; two variants of one name would be one."""
    alike = [reward_term(calm, name=name, label="forward") for name in ("one", "two")]
    idle = reward_term(calm, weight=0)
    paid = dict.fromkeys((term.setting for term in REWARD_TERMS), 0) | {"forward_weight": 1}
    found = variants_of(preset("flip", **paid), (*alike, idle), paid, halves=False)
    assert list(found) == [BASE, "without forward", "without one", "without two"]
    assert found["without two"].extra_terms == (alike[0], idle)


def test_a_share_that_nobody_knows_yet_is_a_dash():
    assert [percent(share) for share in (None, float("nan"), 0.0, 0.256)] == ["–", "–", "0", "26"]


def test_a_reward_without_terms_has_none_to_leave_out(tmp_path):
    with pytest.raises(ConfigError, match="there is no term to leave out: every weight of this reward is 0"):
        ablate("flip", root=tmp_path, **dict.fromkeys((term.setting for term in REWARD_TERMS), 0))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("ask", ["verdict", "judgements", "chances", "dots"])
def test_what_is_not_measured_is_no_verdict(ask):
    key = ["speed"] if ask == "dots" else "speed"
    with pytest.raises(ConfigError, match="key = 'speed' is not measured: choose"):
        getattr(ablation(2), ask)(key)


def test_workers_start_beside_another_cluster_without_a_word(tmp_path):
    """Warnings are errors here."""
    with socket.socket() as taken:
        with suppress(OSError):  # taken already: so much the better
            taken.bind(("127.0.0.1", 8787))  # the port of a dashboard
            taken.listen()
        with engine.local_cluster(1, str(tmp_path)) as cluster:
            assert cluster.scheduler.http_server.address == "127.0.0.1"


def test_a_scheduler_that_is_not_there_is_said_soon(tmp_path, monkeypatch):
    monkeypatch.setattr(engine, "ANSWER", 0.5)
    with pytest.raises(RunError, match=r"no scheduler answers at tcp://127\.0\.0\.1:9"):
        asked(tmp_path, scheduler="tcp://127.0.0.1:9")
    assert not GOING


class Answering:
    """A client whose one worker answers so."""

    def __init__(self, answer):
        self.answer = answer

    def wait_for_workers(self, count, timeout):
        if self.answer is None:
            raise TimeoutError

    def run(self, *_):
        if isinstance(self.answer, Exception):
            raise self.answer
        return {"tcp://far": self.answer}


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (({"mujoco": "3.0"}, True), "the worker tcp://far has .* so its trainings would be others"),
        (None, "no worker came within"),
        (ModuleNotFoundError("No module named 'twmr_nb'"), "a worker cannot do our work .*No module named"),
    ],
)
def test_a_worker_that_is_not_like_us_is_refused(tmp_path, answer, message):
    with pytest.raises(RunError, match=message):
        engine.greet(Answering(answer), tmp_path)


def test_a_worker_that_does_not_see_the_runs_is_refused(tmp_path):
    engine.greet(Answering((engine.versions(), True)), tmp_path)
    with pytest.raises(RunError, match="does not see the folder"):
        engine.greet(Answering((engine.versions(), False)), tmp_path)


def test_a_task_is_refused_where_it_would_be_another_training(tmp_path):
    task = asked(tmp_path, seeds=1).join().entries[0].task
    with pytest.raises(RunError, match="would be another one: its versions or flags differ or 'calm' uses"):
        do(replace(task, identity="0" * 64))


def test_an_ablation_leaves_out_each_term_that_has_a_weight():
    base = preset("flip", control_cost=0, alive_bonus=4)
    named = variants_of(base, (reward_term(calm, weight=2.0),), {"control_cost": 0}, halves=True)
    assert list(named) == [
        BASE,
        *("without forward", "half forward", "double forward"),
        *("without alive", "half alive"),  # the double is out of bounds
        *("without extension", "half extension", "double extension"),
        *("without success", "half success", "double success"),
        *("without calm", "half calm", "double calm"),
    ]
    assert named["half alive"].settings == {"control_cost": 0, "alive_bonus": 2.0}
    assert [t.weight for t in named["double calm"].extra_terms] == [4.0]
    assert not named["without calm"].extra_terms


def judged(variant, seed, success, effort):
    result = {"success_rate": success, "effort": effort, "time_to_pass": None, "upright_pass": 0.0}
    return Trial(variant, seed, [], result | {"folded_on_flat": 0.5})


def ablation(seeds):
    rates = {BASE: (0.8, 10.0), "without alive": (0.7, 10.0), "without way": (0.1, 5.0)}
    return Ablation(
        tuple(
            judged(name, s, rate + 0.01 * s * (-1) ** s * (name == "without alive"), effort + 0.01 * s)
            for name, (rate, effort) in rates.items()
            for s in range(seeds)
        )
    )


def test_an_ablation_says_better_worse_or_cannot_tell():
    many_seeds = ablation(8)
    assert many_seeds.judgements() == {"without alive": "worse", "without way": "worse"}
    assert many_seeds.judgements("effort") == {"without alive": "cannot tell", "without way": "better"}
    assert "worse" in many_seeds._repr_markdown_()
    assert many_seeds.dots().png()
    assert many_seeds.verdict().splitlines()[1].startswith("without alive: worse (p = ")


def test_without_its_base_an_ablation_sets_nothing_against_another_variant():
    """All seeds of the base failed, or are not done yet."""
    rest = Ablation(tuple(t for t in ablation(8).trials if t.variant != BASE), BASE)
    assert (rest.chances(), rest.judgements()) == (
        {"without alive": None, "without way": None},
        {"without alive": "cannot tell", "without way": "cannot tell"},
    )
    assert "better" not in str(rest.table)
    assert "worse" not in str(rest.table)
    plain = Comparison(rest.trials, BASE)
    assert plain.verdict() == f"Nothing of {BASE}, which the others are set against, is measured yet."
    assert Comparison(rest.trials).base == "without alive"


def test_an_ablation_has_a_value_of_each_setting_for_each_training(tmp_path):
    paid = {"extension_penalty": 0, "control_cost": 0, "alive_bonus": 0}
    columns = ablate("flip", seeds=1, steps=64, episodes=1, root=tmp_path, **TINY, **paid).join().columns()
    assert columns["variant"] == [BASE, "without forward", "without success"]
    assert columns["forward_weight"] == [1.0, 0.0, 1.0]
    assert columns["success_bonus"] == [preset("flip").env.success_bonus] * 2 + [0.0]


def test_an_ablation_of_few_seeds_says_how_many_it_takes():
    few = ablation(3)
    assert set(few.judgements().values()) == {"cannot tell"}
    assert few.verdict().splitlines()[-1] == (
        "3 seeds of each can tell no difference, however large: with 2 questions at once it takes 5."
    )


def test_the_front_has_what_no_other_beats():
    points = np.array([[0, 3], [1, 2], [1, 1], [2, 2], [3, 0], [2, 2]])
    assert front(points) == [0, 3, 5, 4]
    assert front(np.zeros((0, 2))) == []


def looked_for(root, **more):
    options = {"aim": "mean_return", "budget": 4, "steps": 64, "episodes": 2, "root": root}
    return search({"alive_bonus": (0.0, 1.0), "epochs": [1, 2]}, **TINY, **options | more)


def test_a_search_asked_again_proposes_the_same_and_trains_nothing(tmp_path, monkeypatch):
    found = looked_for(tmp_path)
    assert len({t.path for t in found.tries}) == 4
    assert found.best.value == max(t.value for t in found.tries)
    assert found.table.rows[0][-2] == f"{found.best.value:.4g}"
    monkeypatch.setattr("twmr_nb.runs.run.Run.train", lambda *_: pytest.fail("trained again"))
    assert looked_for(tmp_path) == found


def test_a_search_aims_at_what_is_asked_for(tmp_path):
    cheap = looked_for(tmp_path, aim="effort", budget=3)
    assert cheap.best.value == min(t.result["effort"] for t in cheap.tries)

    def quick(result):
        return -result["mean_length"]

    assert looked_for(tmp_path, aim=quick, budget=1).best.value == -1


def test_a_training_behind_half_of_the_others_is_hopeless():
    earlier = [np.linspace(0, top, 9) for top in (0.2, 0.4, 0.6, 0.8, 1.0)]
    assert not hopeless(earlier[2], earlier)
    assert hopeless(earlier[1], earlier)
    assert not hopeless(earlier[1][:3], earlier)  # in the first third nobody knows
    assert hopeless(earlier[1][:4], earlier)
    assert not hopeless(earlier[0], earlier[1:])  # too few to judge by


def test_tries_are_compared_at_the_same_share_of_a_training_however_many_updates_it_has():
    few, many = (np.arange(1, n + 1) / n for n in (4, 16))
    passed = [best_by(progress, np.where(progress > 0.5, 0.8, np.nan)) for progress in (few, many)]
    assert [len(each) for each in passed] == [100, 100]
    assert list(passed[0][[73, 74]]) == [0, 0.8]  # by the third of four updates
    assert list(passed[1][[55, 56]]) == [0, 0.8]  # by the ninth of sixteen: 0.5625
    assert len(best_by(many[:5], np.zeros(5))) == 31  # 5 of 16 is 0.3125
    assert hopeless(best_by(few[:2], np.zeros(2)), [best_by(many, many)] * 5)
    assert not hopeless(best_by(few[:1], np.zeros(1)), [best_by(many, many)] * 5)
    assert len(best_by(np.zeros(0), np.zeros(0))) == 0


def test_a_hopeless_try_is_given_up(tmp_path, monkeypatch):
    monkeypatch.setattr(
        "twmr_nb.lab.search.hopeless", lambda ours, earlier: len(ours) > 100 / UPDATES
    )  # from the second on
    found = looked_for(tmp_path, budget=2, steps=LONG)
    assert [t.value for t in found.tries] == [None, None]
    assert all(2 <= len(RunFolder(t.path).metrics) < UPDATES for t in found.tries)
    assert "2 given up" in repr(found)
    with pytest.raises(ConfigError, match="no training of this search came to its end"):
        _ = found.best
    assert not list(tmp_path.glob("*.stop"))


@pytest.mark.parametrize(
    ("ranges", "options", "message"),
    [
        ({}, {}, "ranges = {} is not allowed"),
        ({"alive_bonsu": (0, 1)}, {}, "unknown setting 'alive_bonsu'"),
        ({"alive_bonus": (0, 9)}, {}, "alive_bonus = 9 is not allowed: give a number from 0 to 5"),
        ({"alive_bonus": (1, 0)}, {}, r"alive_bonus = \(1, 0\) is no range"),
        ({"alive_bonus": 1}, {}, "alive_bonus = 1 is no range"),
        ({"alive_bonus": (0, "b")}, {}, r"alive_bonus = \(0, 'b'\) is no range"),
        ({"scene": ("flat", "step")}, {}, r"scene = \('flat', 'step'\) is no range"),
        ({"stagger": (False, True)}, {}, r"stagger = \(False, True\) is no range"),
        ({"target_kl": (None, 1)}, {}, r"target_kl = \(None, 1\) is no range"),
        ({"alive_bonus": (0, 1)}, {"alive_bonus": 0.5}, "alive_bonus = 0.5 has no effect on ranges of alive_bonus"),
        ({"alive_bonus": (0, 1)}, {"root": __file__}, "cannot hold runs: .* is a file"),
        ({"alive_bonus": (0, 1)}, {"aim": "speed"}, "aim = 'speed' is not measured"),
        ({"alive_bonus": (0, 1)}, {"budget": 0}, "budget = 0 is not allowed"),
    ],
)
def test_what_cannot_be_searched_is_said(tmp_path, ranges, options, message):
    with pytest.raises(ConfigError, match=message):
        search(ranges, **{"root": tmp_path} | options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("given", ["x", None, float("nan")])
def test_an_aim_of_ones_own_gives_a_number(given):
    with pytest.raises(ConfigError, match=f"the aim returned {given!r} for an evaluation: let it return a finite"):
        value_of(lambda result: given, {})


def test_the_documents_say_how_many_seeds_it_takes():
    table = [line.split("|")[2:-1] for line in DOC.splitlines() if line.startswith(("| questions", "| seeds of"))]
    said = {int(n): int(seeds) for range_, seeds in zip(*table, strict=True) for n in re.findall(r"\d+", range_)}
    assert len(said) == 7
    assert {n: seeds_needed(n) for n in said} == said


def test_the_script_for_a_cluster_is_bash():
    script = DOC.split("```bash\n")[1].split("```")[0]
    assert "twmr ablate" in script
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
