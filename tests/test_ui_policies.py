"""The policy browser: what is listed, how it is sorted, what happens to files."""

import html
import shutil

import pytest
from ui_shelf import named, names

from twmr_nb import evaluate as evaluation
from twmr_nb.policies import PolicyError, load_policy
from twmr_nb.runs import open_run
from twmr_nb.ui import PolicyBrowser
from twmr_nb.ui import policy_files as files


@pytest.fixture(autouse=True)
def _short_trials(monkeypatch):
    monkeypatch.setattr(evaluation, "TRIAL_STEPS", 25)


@pytest.fixture
def root(three_runs, tmp_path):
    """A copy that a test may change."""
    shutil.copytree(three_runs, tmp_path / "runs")
    return tmp_path / "runs"


@pytest.fixture
def browser(root):
    return PolicyBrowser(root)


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
    browser.table.show([p for p in browser.policies if not p.shipped])
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
