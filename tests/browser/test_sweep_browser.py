"""A sweep in a real JupyterLab: table and figure fill, one training is stopped, the page reloaded, and it goes on."""

import re

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
TINY = "num_envs=4, minibatches=1, rollout_steps=8, max_steps=16, mlp_size=8, hidden_size=8, success_x=-1"
# Each control step takes a while, so that there is time to press a button; the second training waits to be found again.
SLOWLY = """\
import threading, time
from twmr_nb.task.env import TwmrEnv
taken, found = [], threading.Event()
def step(self, actions, step=TwmrEnv.step):
    time.sleep(0.01)
    taken.append(1)
    if len(taken) > 320:
        found.wait()
    return step(self, actions)
TwmrEnv.step = step"""
SWEEP = f"""\
import twmr_nb as tw
work = tw.sweep({{"alive_bonus": [0, 1, 2]}}, seeds=1, steps=1024, episodes=2, root="many", {TINY})
work"""


def test_a_sweep_fills_is_stopped_in_part_found_again_and_goes_on(open_notebook):
    notebook = open_notebook([SWEEP])
    page = notebook.page
    notebook.evaluate(f"exec({SLOWLY!r})")
    notebook.run_cell(0)
    rows = page.locator(".twmr-shell tr")
    expect(rows).to_have_count(4)
    expect(rows.nth(1)).to_contain_text("running")
    empty = page.locator(".twmr-shell img").get_attribute("src")
    page.get_by_role("combobox", name="training").select_option(label="alive_bonus = 2, seed 0")
    page.get_by_role("button", name=re.compile(r"\bStop$")).click()
    expect(rows.nth(1)).to_contain_text("finished")
    expect(page.locator(f".twmr-shell img:not([src='{empty}'])")).to_be_visible()
    notebook.evaluate("setattr(tw, 'first', work) or 0")

    notebook.save()
    notebook.reload(".twmr-shell")
    notebook.run_cell(0)
    assert notebook.evaluate("[work is tw.first, work.under_way]") == [True, True]
    notebook.evaluate("found.set()")
    expect(page.get_by_text("2 of 3 trainings finished, over")).to_be_visible()
    expect(rows.nth(3)).to_contain_text("stopped")
    expect(page.locator(".twmr-shell img")).to_have_attribute("alt", re.compile("2 of 3"))
    notebook.screenshot("many", ".twmr-shell")
    box = page.locator(".twmr-shell").first.bounding_box()
    assert box["width"] <= 1200
    assert box["height"] <= 700

    page.get_by_role("button", name=re.compile(r"\bGo on$")).click()
    expect(page.get_by_text("3 of 3 trainings finished, over")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile(r"\bGo on$"))).to_be_disabled()
    assert notebook.errors == []
    assert notebook.requests == []
