"""What the training panel costs and how fast it answers, measured in the browser with the recommended preset.

`TWMR_MINUTES=30 pytest -s -m slow tests/browser/test_panel_measured.py` on a machine that does nothing else; without
TWMR_MINUTES the memory is watched for 7 minutes only. TWMR_PAIRS=1 makes fewer pairs of windows with and without view
than 8. The figures are printed as JSON.
"""

import json
import os
import re
import statistics
import time

import pytest
from playwright.sync_api import expect
from replay_view import BUSY

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MINUTES = float(os.environ.get("TWMR_MINUTES", "7"))
PAIRS = int(os.environ.get("TWMR_PAIRS", "8"))
SETTLED = min(5 * 60, 30 * MINUTES)  # s after which memory should stand still
PATIENCE = 240_000  # ms
TRAINS = re.compile("collecting|learning")
PANEL = "from twmr_nb.ui import TrainingPanel\npanel = TrainingPanel(root='measured', total_timesteps=10**9)\npanel"
PING = """\
import ipywidgets
ping, answer = ipywidgets.Button(description="ping"), ipywidgets.Label("0")
ping.on_click(lambda _: setattr(answer, "value", str(int(answer.value) + 1)))
answer.add_class("answer")
ipywidgets.HBox([ping, answer])"""
# Milliseconds from a click until the page shows the answer.
CLICK = """() => new Promise(resolve => {
  const answer = document.querySelector(".answer"), before = answer.textContent, begin = performance.now();
  const watcher = new MutationObserver(() => {
    if (answer.textContent !== before) { watcher.disconnect(); resolve(performance.now() - begin); }
  });
  watcher.observe(answer, { childList: true, characterData: true, subtree: true });
  [...document.querySelectorAll("button")].find(b => b.textContent === "ping").click();
})"""
# The same from pressing Stop until the page says that it has stopped.
STOP = """() => new Promise(resolve => {
  const state = document.querySelector(".twmr-shell .twmr-state"), begin = performance.now();
  const watcher = new MutationObserver(() => {
    if (state.textContent.startsWith("stopped")) { watcher.disconnect(); resolve(performance.now() - begin); }
  });
  watcher.observe(state, { childList: true, characterData: true, subtree: true });
  [...document.querySelectorAll(".twmr-shell button")].find(b => b.textContent.trim() === "Stop").click();
})"""
# Figures are counted as they are made: whoever holds gc.get_objects() breaks tuples that the training is just making.
COUNT_FIGURES = """\
import weakref
from matplotlib.figure import Figure

figures, make = weakref.WeakSet(), Figure.__init__

def made(figure, *args, **kwargs):
    figures.add(figure)
    make(figure, *args, **kwargs)

Figure.__init__ = made"""
MEMORY = '[__import__("psutil").Process().memory_info().rss / 2**20, len(figures), len(panel.run.records)]'


@pytest.fixture
def training(open_notebook):
    """A notebook in which the recommended preset trains."""
    notebook = open_notebook([COUNT_FIGURES, PANEL, PING])
    notebook.run_all()
    press(notebook, "Start training")
    expect(notebook.page.locator(".twmr-state")).to_have_text(TRAINS, timeout=PATIENCE)
    notebook.page.wait_for_timeout(10_000)
    return notebook


def press(notebook, name):
    notebook.page.locator(".twmr-shell button", has_text=name).last.click()


def report(**figures):
    print("\n" + json.dumps({k: round(v, 3) if isinstance(v, float) else v for k, v in figures.items()}))


def test_clicks_are_answered_while_it_trains(training):
    times = []
    for _ in range(40):
        times.append(training.page.evaluate(CLICK))
        training.page.wait_for_timeout(250)
    report(click_ms_median=statistics.median(times), click_ms_worst=max(times), busy=BUSY)
    assert BUSY or statistics.median(times) < 200


def test_stop_is_obeyed_within_a_second(training):
    times = []
    for _ in range(7):
        times.append(training.page.evaluate(STOP) / 1000)
        press(training, "Resume")
        expect(training.page.locator(".twmr-state")).to_have_text(TRAINS, timeout=60_000)
        training.page.wait_for_timeout(2000)
    report(stop_s_median=statistics.median(times), stop_s_worst=max(times), busy=BUSY)
    assert BUSY or max(times) < 1


def test_the_live_view_costs_little_training(training):
    """Windows of 40 s with and without view, in turns within one run: training speed of each pair."""
    ratios = []
    for pair in range(PAIRS):
        order = ["panel.view.follow()", "panel.view.leave()"]
        speed = {action: speed_during(training, action) for action in (order if pair % 2 else order[::-1])}
        ratios.append(speed[order[0]] / speed[order[1]])
    cost = 1 - statistics.median(ratios)
    report(view_cost=cost, pairs=PAIRS, ratios=[round(r, 3) for r in ratios], busy=BUSY)
    assert BUSY or PAIRS < 8 or cost < 0.05


def speed_during(notebook, action, seconds=40):
    """Control steps per second of training while the view is there or not."""
    notebook.evaluate(action)
    first = notebook.evaluate("len(panel.run.records)")
    notebook.page.wait_for_timeout(1000 * seconds)
    steps, spent = notebook.evaluate(
        "(lambda r: [r[-1]['global_step'] - r[0]['global_step'], r[-1]['train_s'] - r[0]['train_s']])"
        f"(panel.run.records[{first}:])"
    )
    return steps / spent


def test_memory_stands_still(training):
    """Kernel and page after the first five minutes; the number of figures."""
    session = training.page.context.new_cdp_session(training.page)
    begin, samples = time.monotonic(), []
    while time.monotonic() - begin < 60 * MINUTES:
        session.send("HeapProfiler.collectGarbage")
        heap = training.page.evaluate("() => performance.memory.usedJSHeapSize / 2**20")
        samples.append([time.monotonic() - begin, *training.evaluate(MEMORY), heap])
        training.page.wait_for_timeout(15_000)
    settled = [s for s in samples if s[0] >= SETTLED]
    kernel, page = (mean_at_end(settled, i) / mean_at_start(settled, i) - 1 for i in (1, 4))
    report(
        minutes=MINUTES, kernel_mb=settled[-1][1], kernel_growth=kernel, page_mb=settled[-1][4], page_growth=page,
        figures=settled[-1][2], updates=settled[-1][3],
    )  # fmt: skip
    assert kernel < 0.05
    assert page < 0.05
    assert settled[-1][2] == samples[0][2], "figures pile up"


def mean_at_start(samples, i, count=4):
    return statistics.mean(s[i] for s in samples[:count])


def mean_at_end(samples, i, count=4):
    return statistics.mean(s[i] for s in samples[-count:])
