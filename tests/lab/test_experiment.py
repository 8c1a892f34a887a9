"""Comparing variants over seeds: what is trained, what is kept, what is said about it."""

import dataclasses
import json
import shutil

import pytest

from twmr_nb.config import presets
from twmr_nb.config.schema import ConfigError
from twmr_nb.course import worked
from twmr_nb.course.leaderboard import board, submit
from twmr_nb.course.worked import WORKED, measured
from twmr_nb.episodes import worlds
from twmr_nb.lab.comparison import NOTHING, Comparison, Trial
from twmr_nb.lab.experiment import Variant, compare, planned, variant
from twmr_nb.lab.tasks import run_in
from twmr_nb.runs.run import LIVE, RunError, open_run
from twmr_nb.task.rewards import reward_term

TINY = {"num_envs": 4, "minibatches": 1, "rollout_steps": 8, "max_steps": 16, "mlp_size": 8, "hidden_size": 8}


def run_of(given, seed=0, steps=64, root=None):
    """The run of one variant and seed as `compare` trains it: the one in its folder, or a new one, not begun."""
    return run_in(root, *planned(given, seed, "flip", steps))


def tilt(t):
    return t.pitch**2


def trial(variant, seed, success, effort=5.0):
    records = [{"global_step": s, "success_rate": success * s / 200, "std": 1.0} for s in (100, 200)]
    result = {"success_rate": success, "mean_length": 300.0, "effort": effort, "upright_pass": None}
    return Trial(variant, seed, records, result)


@pytest.fixture
def comparison():
    rates = {
        "base": (0.2, 0.4, 0.3, 0.3),
        "better": (0.5, 0.9, 0.6, 0.6),
        "like it": (0.3, 0.9, 0.1, 0.5),
        "never": (0.0, 0.0, 0.0, 0.0),
    }
    return Comparison(
        tuple(trial(v, i, r, None if v == "never" else 5.0) for v, all_ in rates.items() for i, r in enumerate(all_))
    )


@pytest.fixture(scope="module", autouse=True)
def _short_trials():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(worlds, "TRIAL_STEPS", 25)
        yield


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Two variants, two seeds, four trainings of two updates; and the folder they lie in."""
    root = tmp_path_factory.mktemp("experiments")
    variants = {"base": TINY, "tilt": variant([reward_term(tilt, weight=-1.0)], **TINY)}
    told = []
    return compare(variants, (0, 1), steps=64, episodes=2, root=root, on_progress=told.append), variants, root, told


def test_every_variant_is_trained_with_every_seed(trained):
    comparison, _, root, told = trained
    assert [(t.variant, t.seed) for t in comparison.trials] == [("base", 0), ("base", 1), ("tilt", 0), ("tilt", 1)]
    assert all(t.records[-1]["global_step"] == 64 for t in comparison.trials)
    assert len(list(root.iterdir())) == 4
    assert any("tilt, seed 1 (training 4 of 4)" in text for text in told)
    assert "term/tilt" in comparison.trials[2].records[0]
    assert "term/tilt" not in comparison.trials[0].records[0]


def test_asked_again_nothing_is_trained(trained, monkeypatch):
    comparison, variants, root, _ = trained
    monkeypatch.setattr("twmr_nb.runs.run.Run.train", lambda *_: pytest.fail("trained again"))
    monkeypatch.setattr("twmr_nb.lab.tasks.evaluate", lambda *_: pytest.fail("evaluated again"))
    again = compare(variants, (0, 1), steps=64, episodes=2, root=root, on_progress=lambda text: None)
    assert again.results() == comparison.results()
    assert [len(t.records) for t in again.trials] == [len(t.records) for t in comparison.trials]


def test_other_settings_are_another_run(tmp_path):
    same = [run_of(TINY, steps=64, root=tmp_path).path for _ in range(2)]
    others = [
        run_of(TINY, seed=1, steps=64, root=tmp_path).path,
        run_of(TINY, steps=96, root=tmp_path).path,
        run_of(TINY | {"alive_bonus": 1.0}, steps=64, root=tmp_path).path,
        run_of(variant([reward_term(tilt, weight=-2.0)], **TINY), steps=64, root=tmp_path).path,
    ]
    assert same[0] == same[1]
    assert len({same[0], *others}) == 5


def quiet(_):
    """Nobody wants to hear of it."""


def bonus_of(k):
    def bonus(t):
        return k * t.vx

    return bonus


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (reward_term(bonus_of(1)), reward_term(bonus_of(50))),
        (reward_term(tilt, weight=5), reward_term(tilt, weight=-5)),
        (reward_term(tilt, weight=5), reward_term(tilt, weight=5.000000001)),
    ],
    ids=["another closure", "the sign of the weight", "a digit of the weight"],
)
def test_terms_of_the_same_text_never_get_each_others_result(tmp_path, one, other):
    variants = {"one": variant([one], **TINY), "other": variant([other], **TINY)}
    comparison = compare(variants, (0,), steps=64, episodes=2, root=tmp_path, on_progress=quiet)
    first, second = (t.records[-1] for t in comparison.trials)
    assert first[f"term/{one.name}"] != second[f"term/{one.name}"]
    assert len(list(tmp_path.iterdir())) == 2


def test_a_global_changed_between_two_comparisons_is_another_experiment(tmp_path, monkeypatch):
    monkeypatch.setitem(globals(), "GAIN", 1.0)

    def paid(t):
        return GAIN * t.vx  # noqa: F821

    own = {"own": variant([reward_term(paid)], **TINY)}
    first = compare(own, (0,), steps=64, episodes=2, root=tmp_path, on_progress=quiet)
    monkeypatch.setitem(globals(), "GAIN", 50.0)
    second = compare(own, (0,), steps=64, episodes=2, root=tmp_path, on_progress=quiet)
    assert first.trials[0].records[-1]["raw/paid"] != second.trials[0].records[-1]["raw/paid"]


def test_heights_that_differ_by_less_than_a_millimetre_are_judged_apart(tmp_path, monkeypatch):
    asked = []

    def judge(saved, world, episodes):
        asked.append(world.step_height)
        return {"success_rate": world.step_height, "episodes": episodes}

    monkeypatch.setattr("twmr_nb.lab.tasks.evaluate", judge)
    rates = [
        compare({"a": TINY}, (0,), steps=64, episodes=n, step_height=h, root=tmp_path, on_progress=quiet)
        for h, n in [(0.0525, 2), (0.052, 2), (0.0525, 2), (0.05250001, 2), (0.0525, 3)]
    ]
    assert [c.results()["a"][0] for c in rates] == [0.0525, 0.052, 0.0525, 0.05250001, 0.0525]
    assert asked == [0.0525, 0.052, 0.05250001, 0.0525]  # the third was read


def test_an_evaluation_is_of_the_policy_in_the_folder(tmp_path, monkeypatch):
    monkeypatch.setattr("twmr_nb.lab.tasks.evaluate", lambda saved, *_: {"success_rate": saved.results["mark"]})
    run = run_of(TINY, steps=64, root=tmp_path)
    run.train()

    def marked(value):
        saved = run.policy
        saved.results["mark"] = value
        saved.save(run.policy_path)
        return compare({"a": TINY}, (0,), steps=64, root=tmp_path, on_progress=quiet).results()["a"]

    assert [marked(0.25), marked(0.75), marked(0.25)] == [[0.25], [0.75], [0.25]]


def test_a_folder_that_went_on_as_something_else_is_not_used(tmp_path):
    run = run_of(TINY, steps=64, root=tmp_path)
    run.train(lambda record: run.stop())
    LIVE.clear()
    file = run.path / "config.json"
    config = json.loads(file.read_text())
    file.write_text(json.dumps(config | {"identity": "of an older version"}))
    open_run(run.path).train()  # an ordinary run may go on
    with pytest.raises(RunError, match="went on with other terms or another version"):
        run_of(TINY, steps=64, root=tmp_path)
    shutil.rmtree(run.path)
    assert run_of(TINY, steps=64, root=tmp_path).state == "new"


def test_a_training_that_was_stopped_is_not_judged(tmp_path, monkeypatch):
    monkeypatch.setattr("twmr_nb.lab.tasks.evaluate", lambda *_: pytest.fail("half a training was judged"))
    run = run_of(TINY, steps=64, root=tmp_path)
    with pytest.raises(RunError, match="was stopped: ask again to go on"):
        compare({"a": TINY}, (0,), steps=64, root=tmp_path, on_progress=lambda text: run_of_now(tmp_path).stop())
    assert run_of(TINY, steps=64, root=tmp_path).path == run.path


def test_seeds_may_come_one_by_one(tmp_path):
    comparison = compare({"a": TINY}, (s for s in (0, 1)), steps=64, episodes=2, root=tmp_path, on_progress=quiet)
    assert [t.seed for t in comparison.trials] == [0, 1]


@pytest.mark.parametrize("damage", ["policy of another", "no policy", "no log", "half an evaluation"])
def test_what_was_changed_in_a_folder_is_not_believed(tmp_path, damage):
    variants = {"a": TINY, "b": TINY | {"alive_bonus": 1.0}}

    def asked():
        return compare(variants, (0,), steps=64, episodes=2, root=tmp_path, on_progress=quiet)

    before = asked().results("mean_return")
    a, b = (run_of(flags, steps=64, root=tmp_path) for flags in variants.values())
    LIVE.clear()
    if damage == "half an evaluation":
        next(a.path.glob("evaluation_*.json")).write_text('{"question": {')
        assert asked().results("mean_return") == before
        return
    if damage == "policy of another":
        shutil.copyfile(a.policy_path, b.policy_path)
    elif damage == "no policy":
        b.policy_path.unlink()
    else:
        (b.path / "metrics.csv").write_text("")
    said = {
        "policy of another": "the policy of another training",
        "no policy": "lost its policy",
        "no log": "lost its log",
    }
    with pytest.raises(RunError, match=said[damage]):
        asked()


def run_of_now(root):
    return run_of(TINY, steps=64, root=root)


@pytest.mark.parametrize(
    ("variants", "seeds", "message"),
    [
        ({"a": {"seed": 3}}, (0,), "seed = 3 is not allowed here: it is the same for all"),
        (
            {"a": {"total_timesteps": 640}},
            (0,),
            "total_timesteps = 640 is not allowed here: .* give it as steps",
        ),
        ({"a": {}}, (0, 1, 0), "seed = 0 is given twice"),
        ({"a": {"no_such": 1}}, (0,), "unknown setting 'no_such'"),
        ({"a": Variant({}, preset="nonsense")}, (0,), "unknown preset 'nonsense'"),
        ({"a": {"preset": "flip_tidy"}}, (0,), r"'preset' is no setting: write variant\(preset="),
        (
            {"a": {"extra_terms": [reward_term(tilt)]}},
            (0,),
            r"'extra_terms' is no setting: write variant\(extra_terms=",
        ),
        ({"a": {}}, 3.5, "seeds = 3.5 is not allowed: give how many, from 1 to 1000, or a list"),
    ],
)
def test_what_cannot_be_compared_is_said_before_anything_is_trained(tmp_path, variants, seeds, message):
    with pytest.raises(ConfigError, match=message):
        compare(variants, seeds, steps=64, root=tmp_path, on_progress=quiet)
    assert not list(tmp_path.iterdir())


def test_a_preset_in_a_variant_brings_its_settings(tmp_path):
    config = run_of(variant(preset="walkthrough", **TINY), steps=64, root=tmp_path).config
    assert config.ppo.learning_rate == presets.preset("walkthrough").ppo.learning_rate
    with pytest.raises(ConfigError, match="two presets are given"):
        presets.preset("recommended", preset="walkthrough")


@pytest.mark.parametrize(
    ("terms", "message"),
    [([tilt], "wrap your function as reward_term"), (reward_term(tilt), "give a list of reward terms")],
)
def test_what_is_no_list_of_terms_is_refused_in_a_variant(terms, message):
    with pytest.raises(ConfigError, match=message):
        variant(extra_terms=terms)


def test_a_comparison_has_the_policy_of_every_trial(trained, comparison):
    own, *_ = trained
    assert own.policy("base", 1).config.seed == 1
    assert own.policy("tilt", 0).own_terms[0]["name"] == "tilt"
    with pytest.raises(ConfigError, match="no policy of 'tilt' with seed 7 is here: there is 'base' with seed 0"):
        own.policy("tilt", 7)
    with pytest.raises(ConfigError, match="there is none"):
        comparison.policy("base", 0)


@pytest.mark.parametrize(("variants", "seeds"), [({}, (0,)), ({"a": {}}, ())])
def test_nothing_to_compare_is_said(variants, seeds):
    with pytest.raises(ConfigError, match="at least one variant and one seed"):
        compare(variants, seeds)


def test_an_unknown_setting_is_refused_before_anything_is_trained(tmp_path):
    with pytest.raises(ConfigError, match="success_bonsu"):
        compare({"base": TINY, "typo": TINY | {"success_bonsu": 1.0}}, (0,), steps=64, root=tmp_path)
    assert not any(tmp_path.glob("*/metrics.csv"))


def test_a_verdict_needs_an_interval_of_the_difference_without_0(comparison):
    better, like, never = comparison.verdict().splitlines()
    assert better == "better: passed [%] 60 (50 to 90) against 30 (20 to 40); the difference is +10 to +70: higher"
    assert like.endswith("40 (10 to 90) against 30 (20 to 40); the difference is -30 to +70: cannot tell")
    assert never.endswith("0 against 30 (20 to 40); the difference is -40 to -20: lower")
    assert "never: nothing to compare" in comparison.verdict("effort")


def test_three_seeds_cannot_tell_however_far_apart(comparison):
    three = Comparison(tuple(t for t in comparison.trials if t.seed < 3))
    assert three.verdict().splitlines()[0].endswith("+10 to +70, no surer than 90% with so few seeds: cannot tell")


@pytest.mark.parametrize(
    ("count", "said"), [(1, "1 variant, 1 training in all"), (2, "2 variants, 2 trainings in all")]
)
def test_one_is_no_many(count, said):
    trials = tuple(Trial(f"variant {i}", 0, [], {"success_rate": 0.5}) for i in range(count))
    assert repr(Comparison(trials)).startswith(f"Comparison of {said}")


def test_the_table_has_a_row_per_variant(comparison):
    table = comparison._repr_markdown_().splitlines()
    assert len(table) == 2 + 4
    assert table[3].startswith("| better | 4 | 60 (50 to 90) |")
    assert "| – |" in table[5]  # no effort is known


def test_figures_show_every_variant(comparison):
    curves, dots = comparison.curves(["success_rate", "std"]), comparison.dots()
    assert [len(axes.lines) for axes in curves.axes] == [4, 4]
    assert len(curves.axes[0].collections) == 4  # the bands
    assert [label.get_text() for label in dots.axes[0].get_yticklabels()] == ["base", "better", "like it", "never"]
    assert dots.png()[:4] == b"\x89PNG"


def test_an_axis_of_percent_ends_where_percent_do():
    all_passed = Comparison(tuple(trial("base", seed, 1.0) for seed in range(3)))
    passed, *_ = all_passed.dots().axes
    assert passed.get_xlim() == (-4, 104)


def test_without_results_there_is_a_line_instead():
    nothing = Comparison(())
    assert nothing._repr_markdown_() == nothing.verdict() == NOTHING
    assert nothing.dots().png()
    assert nothing.curves().png()


@pytest.mark.parametrize("name", WORKED)
def test_worked_experiments_have_valid_settings(name):
    for given in WORKED[name].variants.values():
        planned(given, 0, "flip", worked.STEPS)


@pytest.mark.parametrize("name", WORKED)
def test_shipped_results_are_of_the_experiments_as_they_are(name):
    assert measured(name).variants == list(WORKED[name].variants)


def test_measuring_writes_what_the_lesson_reads(trained, tmp_path, monkeypatch):
    comparison, _, root, _ = trained
    plain = {"base": TINY, "alive": TINY | {"alive_bonus": 1.0}}
    asked = worked.Worked("?", plain)
    monkeypatch.setitem(WORKED, "sparse", asked)
    out = tmp_path / "experiments.json"
    worked.measure(["sparse"], steps=64, seeds=(0,), episodes=2, out=out, root=root)
    again = measured("sparse", out)
    assert again.variants == ["base", "alive"]
    assert again.trials[0].result["success_rate"] == comparison.trials[0].result["success_rate"]
    assert again.trials[0].records[-1]["global_step"] == 64
    assert json.loads(out.read_text())["steps"] == 64
    assert not measured("scale", out).trials
    for another in (
        {"step_height": 0.0525},
        {"variants": plain | {"alive": variant([reward_term(tilt)], **TINY)}},
        {"variants": plain | {"alive": variant([reward_term(tilt, weight=-1.0)], **plain["alive"])}},
    ):
        monkeypatch.setitem(WORKED, "sparse", dataclasses.replace(asked, **another))
        assert not measured("sparse", out).trials  # what is kept answers another question


def test_the_leaderboard_ranks_and_replaces(trained, tmp_path, monkeypatch):
    _, _, root, _ = trained
    policy, path = run_of(TINY, steps=64, root=root).policy, tmp_path / "board.json"
    scores = iter([(0.2, 9.0), (0.95, 5.0), (1.0, 3.0), (1.0, 7.0)])

    def judged(*_, **__):
        rate, effort = next(scores)
        return {"success_rate": rate, "effort": effort}

    monkeypatch.setattr("twmr_nb.course.leaderboard.evaluate", judged)
    for by in ("lazy", "ann", "bob", "ann"):
        submit(policy, by, "least effort", path=path)
    assert [e["by"] for e in board(path).ranking("least effort")] == ["bob", "ann"]  # lazy passes too rarely
    assert "| 1 | bob | 3 | 100% |" in board(path)._repr_markdown_()
    assert "*nobody yet*" in board(path)._repr_markdown_()
    with pytest.raises(ConfigError, match="choose '7 cm'"):
        submit(policy, "ann", "8 cm", path=path)
