"""The benchmark runs, names its figures as promised, and its ratios fit them. No speed is asserted."""

import json
import sys
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import breakdown, contest, fresh, scaling, solve, suite, symptoms
from benchmarks.report import report
from twmr_nb.config import presets
from twmr_nb.config.schema import ConfigError

PROMISED = {
    *("ceiling_steps_per_s", "env_steps_per_s", "train_steps_per_s", "eval_steps_per_s", "steps_per_s"),
    *("env_over_ceiling", "train_over_ceiling", "train_over_original", "original_style_over_original"),
    *("rescore_ms", "first_update_s", "compile_s", "peak_mb"),
}


@pytest.fixture
def small(monkeypatch):
    """Measurements of a few dozen control steps."""
    monkeypatch.setattr(contest, "CONTROL_STEPS", 64)


def test_every_entry_returns_the_control_steps_that_it_took(small):
    for make in (contest.ceiling, contest.environment):
        entry = make(4)
        assert entry() == 64
    assert contest.training(2, rollout_steps=4, hidden_size=8)() == 64
    assert contest.evaluation(2, num_steps=3)() == 6


def test_the_ceiling_puts_robots_back_when_an_episode_would_be_over(monkeypatch):
    """The simulation is caught as it is made: two robots, staggered by half an episode of six steps."""
    made = []

    class Caught(contest.Simulation):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            made.append(self)

    monkeypatch.setattr(contest, "Simulation", Caught)
    short = presets.preset("flip", max_steps=6)
    monkeypatch.setattr(presets, "preset", lambda name: short)
    monkeypatch.setattr(contest, "CONTROL_STEPS", 2)
    steps = contest.ceiling(2)
    begin = made[0].qpos.copy()
    back = [np.all(made[0].qpos == begin, axis=1).tolist() for _ in range(6) if steps()]
    assert [place.count(True) for place in back] == [0, 0, 1, 0, 0, 1]
    assert (back[2], back[5]) == ([False, True], [True, False])


def test_contest_takes_turns_and_reports_medians():
    turns = []
    race = contest.Contest(2, {"a": lambda: turns.append("a") or 1, "b": lambda: turns.append("b") or 1})
    said = []
    speed = race.run(said.append)
    assert turns == ["a", "b"] * 3
    assert said == ["warming up", "round 1 of 2", "round 2 of 2"]
    assert list(speed) == ["a", "b"]


def test_bench_names_its_figures_and_its_ratios_fit(small, monkeypatch):
    figures = {"first_update_s": 1.0, "compile_s": 0.5, "peak_mb": 100.0}
    monkeypatch.setattr(suite, "fresh_processes", lambda rounds, updates: figures)
    monkeypatch.setattr(suite, "rescore_ms", lambda rounds: 1.0)
    races = {f"{what}/64{threads}": lambda: 64 for what in ("ceiling", "env", "train") for threads in suite.THREADS}
    races |= {"eval/64": lambda: 64, "original style/1": lambda: 1, "peer/one": lambda: 1, "peer/two": lambda: 2}
    monkeypatch.setattr(suite, "entries", lambda sizes, default, peer: races)
    result = suite.bench(rounds=1, peer=True)
    assert set(result) >= PROMISED
    assert result["train_over_ceiling"] == result["train_steps_per_s"] / result["ceiling_steps_per_s"]
    assert result["env_over_ceiling"] == result["env_steps_per_s"] / result["ceiling_steps_per_s"]
    speed = result["steps_per_s"]
    assert result["peer_steps_per_s"] == max(speed["peer/one"], speed["peer/two"])
    assert result["train_over_peer"] == result["train_steps_per_s"] / result["peer_steps_per_s"]
    json.dumps(result)
    text = report(result)
    rows = [line.split() for line in text.splitlines() if line.split()[:1] == ["64"]]
    assert [(row[1], row[-1] == "–") for row in rows] == [("all", False), ("1", True)]
    assert "MISSED" in report(result | {"rescore_ms": 6.0})
    assert f"{'re-scoring 1,000 steps [ms]':<46} {1:9.2f}   at most 5       reached" in text


def test_entries_cover_all_sizes_and_threads(monkeypatch):
    for name in ("training", "evaluation"):
        monkeypatch.setattr(suite, name, lambda *sizes, **changes: lambda: 1)
    assert suite.SIZES == (1, 16, 64, 256)
    names = suite.entries([1, 2], 2, peer=False)
    assert {"ceiling/1", "env/2", "train/1/1 thread", "eval/2", "original style/1"} <= set(names)


def test_peak_memory_and_first_update_come_from_a_process_of_its_own():
    result = fresh.fresh_processes(1, updates=1)
    assert 0 < result["compile_s"] < result["first_update_s"]
    assert 50 < result["peak_mb"] < 5000


def test_stopwatch_counts_inner_parts_only_once(monkeypatch):
    clock = iter([0, 1, 3, 6, 10, 15])
    monkeypatch.setattr(breakdown.time, "perf_counter", lambda: next(clock))
    watch = breakdown.Stopwatch("rest")
    inner = watch.timed("inner", lambda: None)
    watch.timed("outer", inner)()
    watch.credit()
    assert watch.seconds == {"rest": 1 + 5, "outer": 2 + 4, "inner": 3}


def test_profile_accounts_for_every_part_and_leaves_no_trace(monkeypatch):
    trainer = contest.make_trainer(2, rollout_steps=4, hidden_size=8)
    monkeypatch.setattr(breakdown, "make_trainer", lambda num_envs: trainer)
    before = breakdown.twmr_nb.task.env.observe
    parts = breakdown.profile(updates=1, num_envs=2)
    assert tuple(parts) == breakdown.PARTS
    assert all(parts[name] > 0 for name in parts if name != "resets")
    assert breakdown.twmr_nb.task.env.observe is before


def test_scaling_is_measured_and_drawn(small, monkeypatch, tmp_path):
    monkeypatch.setattr(scaling, "training", lambda size, threads=0, rollout_steps=1: lambda: size * rollout_steps)
    speed = scaling.scaling(1, sizes=(1, 2), rollouts=(4, 8))
    assert set(speed) >= {"ceiling/2 robots/1 threads", "train/1 robots/2 threads", "train/8 rollout steps"}
    picture = scaling.save_plot(speed, tmp_path / "docs" / "scaling.png")
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_solve_counts_the_unbroken_row_of_successes_at_the_end(monkeypatch):
    """Success of the copies in time order: a lucky second one, then a row of three."""
    judged = iter([1.0, 0.97, 0.96, 0.5])
    monkeypatch.setattr("twmr_nb.episodes.evaluate.evaluate", lambda *_: {"success_rate": next(judged)})
    monkeypatch.setattr(solve, "COPIES", 6)
    flags = {"total_timesteps": 48, "num_envs": 2, "rollout_steps": 4, "minibatches": 1, "hidden_size": 8}
    result = solve.solve_once(3, flags, episodes=1)
    assert (result["seed"], result["solve_steps"], result["success_then"], result["success_end"]) == (3, 32, 0.96, 1.0)
    assert 0 < result["solve_s"] < result["whole_s"]


def test_a_seed_that_never_solves_it_counts_as_infinite(monkeypatch):
    never = {"solve_s": None, "solve_steps": None, "success_then": None, "success_end": 0.2, "whole_s": 9.0}
    runs = iter([never | {"seed": 0}, never | {"seed": 1}, never | {"seed": 2, "solve_s": 5.0, "solve_steps": 10}])
    monkeypatch.setattr(solve, "run_module", lambda *_: next(runs))
    result = solve.solve()
    assert result["solve_s"] == float("inf")
    assert "never" in report(result | {"solve": result["solve"][:1]})


def test_the_command_prints_json_or_a_table(monkeypatch, capsys):
    monkeypatch.setattr(command, "profile", lambda: {"physics": 3.0, "acting": 1.0})
    assert command.main(["--profile", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"profile": {"physics": 3.0, "acting": 1.0}}
    assert command.main(["--profile"]) == 0
    assert "75.0%" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("--solve --profile", "--solve and --profile exclude each other"),
        ("--solve --rounds 3", "--rounds has no effect with --solve"),
        ("--peer --profile", "--peer has no effect with --profile"),
        ("--peer --widgets", "--peer has no effect with --widgets"),
        ("--scaling x.txt", "'x.txt' cannot be written: give a name that ends in .png"),
        ("--scaling folder.png", "'folder.png' cannot be written: is a directory"),
        ("--rounds 0", "rounds = 0 is not allowed"),
    ],
)
def test_one_sentence_before_any_work(tmp_path, monkeypatch, line, sentence, capsys):
    (tmp_path / "folder.png").mkdir()
    monkeypatch.chdir(tmp_path)
    assert command.main(line.split()) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("benchmarks: ")
    assert said.err.count("\n") == 1
    assert sentence in said.err
    assert [path.name for path in tmp_path.iterdir()] == ["folder.png"]


def test_a_missing_peer_is_refused_in_a_sentence(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    monkeypatch.delitem(sys.modules, "benchmarks.peer", raising=False)
    monkeypatch.setattr(suite, "SIZES", ())
    with pytest.raises(ConfigError, match="torch"):
        suite.entries([], 2, peer=True)


# -- symptoms ---------------------------------------------------------------------------------------------------------


def a_run(seed: int, success: float, *names: str) -> SimpleNamespace:
    """What the page needs of a run."""
    found = [SimpleNamespace(name=name) for name in names]
    return SimpleNamespace(config=SimpleNamespace(seed=seed), records=[{"success_rate": success}], symptoms=found)


def test_the_page_counts_symptoms_in_healthy_and_sick_trainings():
    healthy = [a_run(200, 0.9), a_run(201, 0.2, "proxy divergence"), a_run(202, 0.5, "standing")]
    sick = {"too loud": [a_run(300, 0.0, "standing", "KL too high"), a_run(301, 0.6)], "not yet trained": []}
    page = symptoms.report(healthy, sick)
    assert "| symptom | healthy, of 2 | sick, of 2 | healthy, but unlucky, of 1 | what it usually means |" in page
    assert "| standing | 1 | 1 | 0 | " in page
    assert "| proxy divergence | 0 | 0 | 1 | " in page
    assert "| none | 1 | 1 | 0 |  |" in page
    assert "**1 of 2 healthy trainings show no symptom.**" in page
    assert "| too loud | 2 | 1 | standing 1, KL too high 1 |" in page
    assert "not yet trained" not in page
    assert "**56 trainings are still to be done**" in page


def test_healthy_seeds_are_taken_until_enough_pass_and_the_page_grows(tmp_path, monkeypatch, capsys):
    success = {200: 0.9, 201: 0.1, 202: 0.8}
    monkeypatch.setattr(symptoms, "COUNT", 2)
    monkeypatch.setattr(symptoms, "SICK", [300])
    monkeypatch.setattr(symptoms, "trained", lambda given, seed: a_run(seed, success.get(seed, 0.0)))
    assert symptoms.main([str(tmp_path / "page.md")]) == 0
    assert "healthy, of 2 | sick, of 10 | healthy, but unlucky, of 1" in (tmp_path / "page.md").read_text()
    assert capsys.readouterr().out.splitlines()[0] == "1 healthy and 1 sick trainings"


@pytest.mark.parametrize(("argv", "sentence"), [([], "usage: "), (["page.txt"], "give a name that ends in .md")])
def test_a_page_needs_a_name(argv, sentence, capsys):
    assert symptoms.main(argv) == 2
    assert sentence in capsys.readouterr().err
