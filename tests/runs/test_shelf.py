"""Which runs are found by a word, and what is told to differ between two."""

import json

import pytest

from twmr_nb.draw.table import Table
from twmr_nb.lab.book import find_runs
from twmr_nb.runs.difference import difference
from twmr_nb.runs.run import new_run, open_run
from twmr_nb.runs.shelf import matches
from twmr_nb.task.rewards import reward_term

COLUMNS = "update,progress,global_step,episodes,success_rate,episode_return,train_s"


def calm(t):
    return t.pitch**2


def steady(t):
    limit = 0.1
    return abs(t.pitch) - limit


def a_run(root, name, log="", term=calm, weight=-0.5, **settings):
    """A run with a term of its own called calm, and a log of these lines."""
    own = [reward_term(term, weight=weight, name="calm")]
    run = new_run("flip", run_dir=root / name, extra_terms=own, **settings)
    (run.path / "metrics.csv").write_text(f"{COLUMNS}\n{log}\n")
    return open_run(run.path)


@pytest.fixture
def run(tmp_path):
    run = a_run(tmp_path, "Climb_7", alive_bonus=0.5, end_on_success=False)
    run.tags, run.note = "good 4cm", "Hangs at the edge,\nthen falls"
    return run


@pytest.mark.parametrize(
    "words",
    [
        "", "  ", "climb", "CLIMB_7", "new", "good", "4cm edge", "hangs then", "flip", "calm", "alive_bonus",
        "alive_bonus=0.5", "alive_bonus=5e-1", "end_on_success=false", "seed=0", "scene=step_5cm", "max_tilt=null",
        "preset=flip", "bonus=0.5", "success_bonus=10", "alive_bonus=.50", "end_on_success=False", "max_tilt=None",
    ],
)  # fmt: skip
def test_a_run_is_found(run, words):
    assert matches(run, words)


@pytest.mark.parametrize(
    "words",
    [
        "climber", "bad", "good bad", "seed=1", "alive_bonus=0.51", "alive_bonus=", "success_bonus", "pitch",
        "end_on_success=true", "nonsense=5", "seed=zero",
    ],
)  # fmt: skip
def test_a_run_is_not_found(run, words):
    """success_bonus is as in the preset; what a term's text says is not looked at."""
    assert not matches(run, words)


def test_a_mistyped_setting_is_told_where_nothing_is_found(run):
    assert find_runs("alive_bonsu=0.5", run.path.parent).problems == (
        "unknown setting 'alive_bonsu'; did you mean 'alive_bonus'?",
    )
    assert find_runs("alive_bonus=7", run.path.parent).problems == ()
    some = find_runs("", run.path.parent)[:1]
    assert repr(some).startswith("run")


def test_what_came_of_two_runs_stands_beside_what_differs(tmp_path):
    one = a_run(tmp_path, "one", "1,0.5,16,0,nan,nan,30\n2,1,3200,4,0.25,-1.26,61", alive_bonus=0.5)
    other = a_run(tmp_path, "other", "", term=steady, weight=-0.25, seed=3)
    other.tags = "good"
    assert difference(one, other) == [
        ("state", "new", "new"),
        ("success", "25%", "–"),
        ("return per episode", "-1.3", "–"),
        ("steps", "3,200", "0"),
        ("training", "1:01", "–"),
        ("symptoms", "–", "–"),
        ("tags", "–", "good"),
        ("seed", "0", "3"),
        ("alive_bonus", "0.5", "0.0"),
        ("calm: weight", "-0.5", "-0.25"),
        ("calm: source", "def calm(t):", "def steady(t):"),
        ("calm: source", "    return t.pitch**2", "    limit = 0.1"),
        ("calm: source", "", "    return abs(t.pitch) - limit"),
    ]


def test_a_term_that_only_one_has_is_told_whole(tmp_path):
    one, other = a_run(tmp_path, "one"), new_run("flip", run_dir=tmp_path / "other")
    rows = [row for row in difference(one, other) if "calm" in row[0]]
    assert rows == [
        ("calm: weight", "-0.5", "–"),
        ("calm: source", "def calm(t):", ""),
        ("calm: source", "    return t.pitch**2", ""),
    ]


def test_a_term_of_the_same_text_may_do_something_else(tmp_path):
    def paying(limit):
        return lambda t: t.pitch * limit

    one, other = (a_run(tmp_path, name, term=paying(k)) for name, k in (("one", 1.0), ("other", 2.0)))
    ((what, ours, theirs),) = [row for row in difference(one, other) if "calm" in row[0]]
    assert what == "calm: behaviour"
    assert ours != theirs
    assert len(ours) == len(theirs) == 12


def test_versions_and_machine_are_told_where_they_differ_also_within_a_run(tmp_path):
    one, other = a_run(tmp_path, "one"), a_run(tmp_path, "other")
    assert difference(one, other)[-1] == ("settings, terms, versions", "the same", "the same")
    place = {"jax": "0.9", "numpy": "2.4", "commit": ""}
    for run, places in ((one, [(0, place), (40, place | {"jax": "0.10"})]), (other, [(0, place | {"gpu": "big"})])):
        run.folder.keep_details(run.folder.details | {"provenance": places})
    assert difference(one, other)[-2:] == [("jax", "0.9 → 0.10", "0.9"), ("gpu", "–", "big")]


def test_a_strangers_words_stay_text(tmp_path):
    one, other = a_run(tmp_path, "one"), a_run(tmp_path, "other")
    terms = [{"name": "<b>", "weight": 1, "source": "\x1b[2J"}]
    (one.path / "config.json").write_text(json.dumps(one.folder.details | {"own_terms": terms}))
    table = Table(["", "one", "other"], difference(one, other))
    assert "\\x1b[2J" in str(table)
    assert "<b>" not in table.html()
    (one.path / "config.json").write_text(json.dumps(one.folder.details | {"own_terms": 5}))
    assert ("calm: weight", "–", "-0.5") in difference(one, other)
