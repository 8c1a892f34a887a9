"""The policy browser: what is listed, how it is sorted, what happens to files, what playing a policy shows."""

import dataclasses
import html
import os
import shutil
import threading

import pytest

from twmr_nb import evaluate as evaluation
from twmr_nb.policies import PolicyError, load_policy
from twmr_nb.runs import LIVE, new_run, open_run
from twmr_nb.ui import PolicyBrowser, RewardExplorer
from twmr_nb.ui import policy_files as files
from twmr_nb.ui.background import Background, Turn
from twmr_nb.ui.reporting import ReportingPolicy

TINY = {
    "num_envs": 2, "minibatches": 1, "rollout_steps": 8, "epochs": 1, "mlp_size": 8, "hidden_size": 8,
    "total_timesteps": 2 * 8, "max_steps": 25,
}  # fmt: skip
CASES = {"alpha": {"scene": "step_5cm"}, "beta": {"scene": "step_7cm", "seed": 3}, "gamma": {"scene": "flat"}}


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Three tiny runs, made once."""
    root = tmp_path_factory.mktemp("trained")
    for age, (name, settings) in enumerate(reversed(CASES.items())):
        run = new_run("recommended", name, root=root, **TINY, **settings)
        run.train()
        saved = run.policy()
        results = saved.results | {"success_rate": 0.1 * (age + 1), "global_step": 1000 * (age + 1)}
        for path in run.path.glob("*.safetensors"):
            if path.name != "checkpoint.safetensors":
                name_ = f"ppo_lstm_policy_{name}"
                dataclasses.replace(saved, name=name_, results=results).save(path)
                os.utime(path, (1_700_000_000 + 100 * age,) * 2)
                if path.name != "policy.safetensors":
                    path.rename(path.with_name(f"{name_}.safetensors"))
    LIVE.clear()
    return root


@pytest.fixture(autouse=True)
def _short_trials(monkeypatch):
    monkeypatch.setattr(evaluation, "TRIAL_STEPS", 25)


@pytest.fixture
def root(trained, tmp_path):
    """A copy that a test may change."""
    shutil.copytree(trained, tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture
def browser(root):
    return PolicyBrowser(root)


def names(policies) -> list[str]:
    return [policy.name.removeprefix("ppo_lstm_policy_") for policy in policies]


def named(browser, name):
    return next(p for p in browser.policies if p.name.endswith(name))


# -- the table --------------------------------------------------------------------------------------------------------


def test_each_run_is_listed_once_the_newest_first(browser):
    own = [p for p in browser.policies if not p.shipped]
    assert names(own) == ["alpha", "beta", "gamma"]
    alpha = own[0]
    assert alpha.run.startswith("alpha_")
    assert alpha.success == pytest.approx(0.3)
    assert alpha.steps == 3000
    assert alpha.size == alpha.path.stat().st_size
    assert "max_steps 25" in alpha.settings
    assert "seed 3" in own[1].settings


def test_no_policies_at_all_is_a_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "SHIPPED", tmp_path / "shipped")
    browser = PolicyBrowser(tmp_path / "nothing")
    assert browser.policies == []
    assert "No policies here yet" in browser.table.body.children[0].value
    assert all(button.disabled for button in browser.stage.buttons)


@pytest.mark.parametrize(
    ("column", "order"),
    [
        ("policy", ["alpha", "beta", "gamma"]),
        ("success", ["alpha", "beta", "gamma"]),
        ("steps", ["alpha", "beta", "gamma"]),
        ("scene", ["gamma", "alpha", "beta"]),
        ("date", ["alpha", "beta", "gamma"]),
    ],
)
def test_a_title_sorts_and_sorts_back(browser, column, order):
    own = [p for p in browser.policies if not p.shipped]
    browser.table.show(own)
    browser.table.titles[column].click()
    assert names(browser.table.shown()) == order
    browser.table.titles[column].click()
    assert names(browser.table.shown()) == order[::-1]


def test_the_filter_looks_at_names_scenes_and_settings(browser):
    for words, found in {
        "beta": ["beta"],
        "step_7cm": ["beta"],
        "seed 3": ["beta"],
        "FLAT gam": ["gamma"],
        "zzz": [],
    }.items():
        browser.table.filter.value = words
        assert names(browser.table.shown()) == found
        if found:
            assert len(browser.table.body.children) == len(found)


def test_ticking_a_third_policy_drops_the_first(browser):
    rows = [browser.table.rows[key] for key in browser.table.rows]
    for row in rows[:3]:
        row.tick.value = True
    assert len(browser.table.selected) == 2
    assert [row.tick.value for row in rows[:3]] == [False, True, True]
    rows[1].tick.value = False
    assert len(browser.table.selected) == 1


def test_a_damaged_file_is_named_and_left_out(root):
    (root / "imported").mkdir()
    (root / "imported" / "broken.safetensors").write_bytes(b"nonsense")
    browser = PolicyBrowser(root)
    assert "broken" not in names(browser.policies)
    assert "broken.safetensors is left out" in browser.problems.value


# -- files ------------------------------------------------------------------------------------------------------------


def test_rename_changes_the_policy_and_its_copy(browser):
    alpha = named(browser, "alpha")
    browser.table.select(alpha)
    browser.tools.rename.click()
    text, rename, _ = browser.tools.question.children
    text.value = "climber"
    rename.click()
    assert load_policy(alpha.path).name == "climber"
    assert {p.name for p in alpha.path.parent.glob("*.safetensors")} == {
        "policy.safetensors", "climber.safetensors", "checkpoint.safetensors"
    }  # fmt: skip
    assert [p.name for p in browser.table.selected] == ["climber"]
    assert open_run(alpha.path.parent).policy().name == "climber"


@pytest.mark.parametrize("name", ["", "a/b", "../x", "policy", " "])
def test_a_bad_name_is_refused_in_a_sentence(browser, name):
    browser.table.select(named(browser, "alpha"))
    browser.tools.rename.click()
    browser.tools.question.children[0].value = name
    browser.tools.question.children[1].click()
    assert "cannot be a policy's name" in html.unescape(browser.tools.line.value)
    assert names(browser.table.selected) == ["alpha"]


def test_delete_asks_first(browser):
    beta = named(browser, "beta")
    browser.table.select(beta)
    browser.tools.delete.click()
    question, _, keep = browser.tools.question.children
    assert "Delete <b>ppo_lstm_policy_beta</b>?" in question.value
    keep.click()
    assert beta.path.exists()
    assert browser.tools.question.children == ()
    browser.tools.delete.click()
    browser.tools.question.children[1].click()
    assert not beta.path.exists()
    assert "beta" not in names(browser.policies)
    assert (beta.path.parent / "metrics.csv").exists()
    assert browser.table.selected == ()


def test_what_is_exported_can_be_imported(browser, root):
    gamma = named(browser, "gamma")
    browser.table.select(gamma)
    browser.tools.export.click()
    assert 'download="ppo_lstm_policy_gamma.safetensors"' in browser.tools.line.value
    upload = {"name": "from a friend.safetensors", "content": memoryview(gamma.path.read_bytes())}
    browser.tools._import({"new": (upload,)})
    assert [p.name for p in browser.table.selected] == ["from_a_friend"]
    again = named(browser, "from_a_friend")
    assert again.saved.config == gamma.saved.config
    assert again.origin == "imported"
    browser.tools._import({"new": (upload,)})
    assert "from_a_friend_2" in [p.name for p in browser.policies]
    files.rename(again, "friend")
    assert sorted(p.name for p in (root / "imported").iterdir()) == [
        "friend.safetensors",
        "from_a_friend_2.safetensors",
    ]


def test_importing_something_else_is_refused_and_leaves_nothing(browser, root):
    browser.tools._import({"new": ({"name": "photo.safetensors", "content": memoryview(b"\x89PNG")},)})
    assert "photo.safetensors is not a policy of this project" in browser.tools.line.value
    assert list((root / "imported").iterdir()) == []


def test_shipped_policies_are_read_only(browser, root, monkeypatch):
    shipped = root.parent / "shipped"
    shipped.mkdir()
    shutil.copy(named(browser, "alpha").path, shipped / "hopeless.safetensors")
    monkeypatch.setattr(files, "SHIPPED", shipped)
    browser.refresh()
    first = browser.policies[0]
    assert (first.name, first.origin) == ("hopeless", "shipped")
    browser.table.select(first)
    assert browser.tools.rename.disabled
    assert browser.tools.delete.disabled
    assert not browser.tools.export.disabled
    with pytest.raises(PolicyError, match="came with the package"):
        files.delete(first)
    with pytest.raises(PolicyError, match="came with the package"):
        files.rename(first, "mine")


def test_a_running_runs_policy_stays(browser, monkeypatch):
    alpha = named(browser, "alpha")
    monkeypatch.setattr(type(open_run(alpha.path.parent)), "state", property(lambda run: "running"))
    for act in (lambda: files.delete(alpha), lambda: files.rename(alpha, "mine")):
        with pytest.raises(PolicyError, match="still training"):
            act()
    assert alpha.path.exists()


# -- playing ----------------------------------------------------------------------------------------------------------


def play(browser, action, *policies):
    browser.table.select(*policies)
    getattr(browser.stage, action)()
    browser.stage.work.join()
    assert "twmr-error" not in browser.stage.line.value
    return browser.stage.content.children


def test_watch_shows_a_film_and_how_it_ended(browser, gl):
    film, outcome = play(browser, "watch", named(browser, "alpha"))
    assert "<video" in film.value
    assert "did not pass" in outcome.value
    assert browser.stage.progress.layout.display == "none"


def test_two_policies_are_watched_side_by_side(browser, gl):
    film, outcome = play(browser, "watch", named(browser, "alpha"), named(browser, "gamma"))
    assert film.value.count("<video") == 1
    assert outcome.value.index("alpha") < outcome.value.index("gamma")


def test_traces_are_a_picture_and_the_original_debug_lines(browser):
    picture, _, text = play(browser, "trace", named(browser, "beta"))
    assert bytes(picture.value[:4]) == b"\x89PNG"
    assert "gate  step" in text.value
    assert len(play(browser, "trace", named(browser, "beta"), named(browser, "alpha"))) == 4


def test_the_replay_has_a_ghost_when_two_are_ticked(browser):
    replay, _ = play(browser, "replay_in_3d", named(browser, "alpha"), named(browser, "beta"))
    assert replay.ghost["title"].startswith("ppo_lstm_policy_beta")
    (alone, _) = play(browser, "replay_in_3d", named(browser, "alpha"))
    assert alone.ghost == {}


def test_evaluation_fills_the_table_and_stays_until_the_file_changes(browser):
    browser.stage.episodes.value = 3
    (table,) = play(browser, "evaluate", named(browser, "alpha"))
    assert "3 unseen episodes" in table.value
    assert "0.0%" in table.value
    assert named(browser, "alpha").success == 0.0
    assert names(browser.table.selected) == ["alpha"]
    browser.refresh()
    assert named(browser, "alpha").success == 0.0
    assert named(browser, "beta").success == pytest.approx(0.2)


def test_an_episode_is_recorded_once_per_seed(browser):
    alpha = named(browser, "alpha")
    play(browser, "trace", alpha)
    play(browser, "replay_in_3d", alpha)
    assert len(browser.stage.recorded) == 1
    browser.stage.seed.value = 5
    play(browser, "trace", alpha)
    assert len(browser.stage.recorded) == 2


def test_every_step_played_is_reported(browser):
    saved = named(browser, "alpha").saved
    values = {field.name: getattr(saved, field.name) for field in dataclasses.fields(saved)}
    steps = []
    result = evaluation.evaluate(ReportingPolicy(**values, on_act=lambda: steps.append(1)), episodes=2)
    assert len(steps) == 25
    assert result["success_rate"] == evaluation.evaluate(saved, episodes=2)["success_rate"]


def test_a_stopped_job_shows_nothing():
    said, shown, started, go = [], [], threading.Event(), threading.Event()
    work = Background(said.append)

    def slow(turn: Turn) -> str:
        started.set()
        go.wait(10)
        turn.check()
        return "late"

    work.run(slow, shown.append)
    assert started.wait(10)
    work.cancel()
    go.set()
    work.join()
    assert (shown, said) == ([], [])
    work.run(lambda turn: 1 / 0, shown.append)
    work.join()
    assert "ZeroDivisionError" in said[0]


# -- elsewhere --------------------------------------------------------------------------------------------------------


def test_the_explorers_offer_the_last_run_and_every_policy(root):
    explorer = RewardExplorer(root=root)
    labels = [label for label, _ in explorer.picker.choice.options]
    assert labels[:3] == ["zero actions", "random actions", "last run: ppo_lstm_policy_alpha"]
    assert {"ppo_lstm_policy_beta", "ppo_lstm_policy_gamma"} <= set(labels)
    explorer.picker.choice.value = dict(explorer.picker.choice.options)["ppo_lstm_policy_beta"]
    rollout = explorer.picker.join()
    assert (rollout.title, rollout.config.scene, len(rollout.action)) == ("ppo_lstm_policy_beta", "step_7cm", 25)
    assert explorer.config == rollout.config
