"""The policy browser in the real JupyterLab: films, 3D, traces, evaluation, files. Pictures go to tests/artifacts."""

import re

import pytest
from explorer_view import CELLS, assert_fits, button
from replay_view import wait_for_picture

from twmr_nb.policies.saved import load_policy

pytestmark = pytest.mark.browser


def test_it_fits_the_screen_in_both_themes(explorer_of):
    notebook = explorer_of("policies")
    notebook.evaluate("explorer.table.select(*explorer.policies[:1])")
    assert_fits(notebook, "policies")


def policy_row(notebook, run):
    return notebook.page.locator(".twmr-policy").filter(has_text=f"run {run}_").first  # another test may have more


def tick(notebook, run):
    policy_row(notebook, run).locator("input[type=checkbox]").check()


def test_a_policy_is_ticked_watched_and_evaluated(explorer_of, gl):
    notebook = explorer_of("policies")
    page = notebook.page
    notebook.evaluate("explorer.table.select()")
    tick(notebook, "second")
    wait_for_picture(page)  # it plays at once
    button(notebook, "Film").click()
    page.locator(".twmr-film video").wait_for()
    page.wait_for_function("() => document.querySelector('.twmr-film video').currentTime > 0.2")
    notebook.screenshot("policies_watch", ".twmr-shell")
    button(notebook, "3D replay").click()
    wait_for_picture(page)
    notebook.screenshot("policies_3d", ".twmr-shell")
    page.get_by_role("textbox", name="episodes").fill("2")
    page.get_by_role("textbox", name="episodes").press("Enter")
    button(notebook, "Evaluate").click()
    page.get_by_text("2 unseen episodes").first.wait_for()
    assert "0%" in policy_row(notebook, "second").inner_text()
    policy_row(notebook, "second").get_by_text("success of 2 unseen episodes").wait_for()
    notebook.screenshot("policies_evaluated", ".twmr-shell")
    tick(notebook, "first")
    button(notebook, "Traces").click()
    page.wait_for_function("() => document.querySelector('.twmr-shell img')?.naturalWidth > 500")
    assert page.locator(".twmr-shell").bounding_box()["height"] <= 700
    notebook.screenshot("policies_traces", ".twmr-shell")


LISTEN = """
import threading
heard = []
listen = lambda what: lambda *_: heard.append((what, threading.get_ident()))
explorer.stage.episodes.observe(listen("number"), "text")
next(box for box in explorer.stage.buttons if box.description == "Evaluate").on_click(listen("click"))
"""


def test_a_typed_number_is_heard_before_the_click_that_follows_it(open_notebook, folder):
    """In one thread, even after one of the two boxes was changed by a handler: ipykernel 7.4 hears them in two."""
    notebook = open_notebook([*CELLS["policies"], LISTEN])
    notebook.run_all()
    tick(notebook, "second")
    wait_for_picture(notebook.page)
    episodes = notebook.page.get_by_role("textbox", name="episodes")
    for number in ("2", "3"):
        episodes.fill(number)
        episodes.press("Enter")
        button(notebook, "Evaluate").click()
        policy_row(notebook, "second").get_by_text(f"success of {number} unseen episodes").wait_for()
    heard = notebook.evaluate("heard")
    assert [what for what, _ in heard] == ["number", "click"] * 2
    assert len({thread for _, thread in heard}) == 1


def test_a_policy_is_filtered_exported_renamed_and_deleted(explorer_of, folder):
    notebook = explorer_of("policies")
    page = notebook.page
    notebook.evaluate("explorer.table.select()")
    own = page.locator(".twmr-policy").filter(has_text="second_")
    page.get_by_placeholder("filter: name").fill("second_")
    page.wait_for_function("() => document.querySelectorAll('.twmr-policy').length === 1")
    own.locator("input[type=checkbox]").check()
    button(notebook, "Export").click()
    with page.expect_download() as download:
        page.get_by_text(re.compile("^save .*safetensors$")).click()
    assert load_policy(download.value.path()).config.ppo.hidden_size == 8
    button(notebook, "Rename").click()
    button(notebook, "Keep").wait_for()  # the question is there
    page.get_by_label("New name").fill("my_climber")
    button(notebook, "Rename").last.click()
    page.get_by_text("renamed to my_climber").wait_for()
    own.get_by_text("my_climber", exact=True).wait_for()
    button(notebook, "Delete").click()
    page.get_by_text(re.compile("Delete my_climber")).wait_for()
    button(notebook, "Delete").last.click()
    page.get_by_text("my_climber is deleted").wait_for()
    assert not list(folder.glob("runs/second_*/policy.safetensors"))
