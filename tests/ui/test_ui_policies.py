"""The policy browser: what is listed, how it is sorted, what happens to files."""

import dataclasses
import html
import os
import re
import shutil

import pytest
from legacy import their_policy
from ui_shelf import named, names

from twmr_nb import PolicyBrowser
from twmr_nb.policies.saved import PolicyError, load_policy
from twmr_nb.runs.run import open_run
from twmr_nb.ui import policy_files as files

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
    assert browser.table.rows == []
    assert "No policies here yet" in browser.table.empty
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
    browser.table.sort_by(column)
    assert names(browser.table.shown()) == order
    browser.table.sort_by(column)
    assert names(browser.table.shown()) == order[::-1]
    assert [row["title"] for row in browser.table.rows] == order[::-1]


def test_the_filter_looks_at_names_scenes_and_settings(browser):
    browser.table.show([p for p in browser.policies if not p.shipped])
    for words, found in {
        "beta": ["beta"],
        "step_7cm": ["beta"],
        "seed 3": ["beta"],
        "FLAT gam": ["gamma"],
        "zzz": [],
    }.items():
        browser.table.filter = words
        assert names(browser.table.shown()) == found
        assert len(browser.table.rows) == len(found)
        assert browser.table.count == f"{len(found)} of 3"
    assert "None of the 3 policies has “zzz”" in browser.table.empty


def test_ticking_a_third_policy_drops_the_first(browser, monkeypatch):
    played = []
    monkeypatch.setattr(browser.stage, "play", lambda: played.append(names(browser.table.selected)))
    own = [p for p in browser.policies if not p.shipped]
    for file in own:
        browser.table._heard(None, {"tick": str(file.path), "on": True}, [])
    assert played == [["alpha"], ["alpha", "beta"], ["beta", "gamma"]]
    assert browser.table.picked == [str(file.path) for file in own[1:]]
    browser.table.tick(own[1], False)
    assert played[-1] == names(browser.table.selected) == ["gamma"]


def test_the_name_that_was_typed_is_the_large_print_and_the_generated_one_the_small(browser):
    alpha = next(row for row in browser.table.rows if row["title"] == "alpha")
    assert re.match(r"run alpha_\d{8}_\d{6} · ppo_lstm_policy_alpha · \d+ kB · success as", alpha["more"])
    files.rename(named(browser, "alpha"), "my_best")
    browser.refresh()
    assert "my_best" in [row["title"] for row in browser.table.rows]  # typed later, so it goes before the run's


@pytest.mark.parametrize(
    ("folder", "title"),
    [("first_20261127_020304", "first"), ("first_20261127_020304_2", "first"), ("my_own_folder", "my_own_folder")],
)
def test_a_runs_title_is_its_folders_name_without_the_stamp(root, folder, title):
    run = next(path for path in root.iterdir() if path.name.startswith("alpha"))
    file = files.policy_file(run.rename(root / folder) / "policy.safetensors")
    assert file.title == title


def test_no_number_and_no_date_is_shortened(browser):
    beta = next(row for row in browser.table.rows if row["title"] == "beta")
    assert beta["cells"] == ["7 cm", "20%", "–", "2 k", "14 Nov 2023"]
    assert beta["more"].endswith("success as in training")


def test_how_a_policy_passed_is_listed_where_it_was_measured(browser):
    judged = {"success_rate": 0.9, "episodes": 10, "seed": 1, "deterministic": True}
    for name, upright, clean in (("alpha", 0.5, 0.25), ("beta", 0.8, None)):
        file = named(browser, name)
        measured = judged | {"upright_pass": upright, "clean_pass": clean}
        dataclasses.replace(file.saved, results={"evaluation": measured}).save(file.path)
    browser.refresh()
    rows = {row["title"]: row for row in browser.table.rows}
    assert [rows[name]["cells"][2] for name in ("alpha", "beta", "gamma")] == ["50%", "80%", "–"]
    assert "clean 25%" in rows["alpha"]["more"]
    assert "clean" not in rows["beta"]["more"]
    browser.table.show([p for p in browser.policies if not p.shipped])
    browser.table.sort_by("upright")
    assert names(browser.table.shown()) == ["beta", "alpha", "gamma"]


def test_what_the_page_sends_by_mistake_changes_nothing(browser):
    for message in ({"sort": "size"}, {"tick": "nowhere", "on": True}, {}):
        browser.table._heard(None, message, [])
    assert (browser.table.sort, browser.table.selected) == ("", ())


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
    assert browser.tools.question.name == "ppo_lstm_policy_alpha"
    browser.tools.question.answer(True, "climber")
    assert load_policy(alpha.path).name == "climber"
    assert {p.name for p in alpha.path.parent.glob("*.safetensors")} == {
        "policy.safetensors", "climber.safetensors", "checkpoint.safetensors"
    }  # fmt: skip
    assert [p.name for p in browser.table.selected] == ["climber"]
    assert open_run(alpha.path.parent).policy.name == "climber"


@pytest.mark.parametrize("name", ["", "a/b", "../x", "policy", " "])
def test_a_bad_name_is_refused_in_a_sentence(browser, name):
    browser.table.select(named(browser, "alpha"))
    browser.tools.rename.click()
    browser.tools.question.answer(True, name)
    assert "cannot be a policy's name" in html.unescape(browser.tools.line.value)
    assert names(browser.table.selected) == ["alpha"]


def test_delete_asks_first(browser):
    beta = named(browser, "beta")
    browser.table.select(beta)
    browser.tools.delete.click()
    question = browser.tools.question
    assert question.text.startswith("Delete beta?")
    question.answer(False)
    assert beta.path.exists()
    assert not question.asking
    question.answer(True)  # too late: nothing is asked any more
    assert beta.path.exists()
    browser.stage.episodes.text = "10000"
    browser.stage.evaluate()
    assert browser.stage.progress.layout.display == ""
    browser.tools.delete.click()
    question.answer(True)
    assert browser.stage.progress.layout.display == "none"  # nobody is evaluated any more
    assert not beta.path.exists()
    assert "beta" not in names(browser.policies)
    assert (beta.path.parent / "metrics.csv").exists()
    assert browser.table.selected == ()


def test_a_question_stays_while_the_list_is_looked_through_again(browser):
    browser.table.select(named(browser, "alpha"))
    browser.tools.rename.click()
    browser.refresh()
    assert browser.tools.question.asking
    browser.table.select(named(browser, "beta"))
    assert not browser.tools.question.asking


def test_rename_keeps_what_the_run_learned_since_it_was_listed(browser):
    alpha = named(browser, "alpha")
    dataclasses.replace(alpha.saved, results={"global_step": 9999}).save(alpha.path)
    browser.table.select(alpha)
    browser.tools.rename.click()
    browser.tools.question.answer(True, "climber")
    assert load_policy(alpha.path).results == {"global_step": 9999}


def test_a_file_written_over_within_one_tick_of_the_clock_is_read_anew(browser):
    alpha = named(browser, "alpha")
    stat = alpha.path.stat()
    dataclasses.replace(alpha.saved, results={"success_rate": 0.7, "global_step": 4000}).save(alpha.path)
    os.utime(alpha.path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    browser.refresh()
    assert named(browser, "alpha").success == 0.7
    assert next(row for row in browser.table.rows if row["title"] == "alpha")["cells"][1] == "70%"


def test_an_originals_policy_asks_for_the_settings_that_it_lacks(browser):
    tools, upload = browser.tools, {"name": "theirs.pkl", "content": memoryview(their_policy())}
    tools._import({"new": (upload,)})
    assert tools.question.text.endswith("which the file does not hold: theirs.pkl")
    tools.question.answer(True, "extension_penalty=0.05 scene=step_9cm")
    assert "is not allowed: choose" in tools.line.value
    tools.question.answer(True, tools.question.name.replace("9", "7"))
    env = named(browser, "theirs").saved.config.env
    assert (env.scene, env.extension_penalty) == ("step_7cm", 0.05)


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
