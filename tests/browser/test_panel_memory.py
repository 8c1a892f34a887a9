"""What kernel and page hold of memory while the recommended preset trains and is looked at.

`TWMR_MINUTES=30 pytest -s -m slow tests/browser/test_panel_memory.py` watches for longer than 7 minutes.
"""

import json
import os
import re
import statistics
import time

import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.slow]
MINUTES = float(os.environ.get("TWMR_MINUTES", "7"))
SETTLED = min(5 * 60, 30 * MINUTES)  # s after which memory should stand still
PANEL = "from twmr_nb import TrainingPanel\npanel = TrainingPanel(root='measured', total_timesteps=10**9)\npanel"
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
    notebook = open_notebook([COUNT_FIGURES, PANEL])
    notebook.run_all()
    notebook.page.locator(".twmr-shell button", has_text="Start training").last.click()
    expect(notebook.page.locator(".twmr-state")).to_have_text(re.compile("collecting|learning"))
    notebook.page.wait_for_timeout(10_000)
    return notebook


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
    figures = {"kernel_mb": settled[-1][1], "kernel_growth": kernel, "page_mb": settled[-1][4], "page_growth": page}
    print("\n" + json.dumps({"minutes": MINUTES, **figures, "figures": settled[-1][2], "updates": settled[-1][3]}))
    assert kernel < 0.05
    assert page < 0.05
    assert settled[-1][2] == samples[0][2], "figures pile up"


def mean_at_start(samples, i, count=4):
    return statistics.mean(s[i] for s in samples[:count])


def mean_at_end(samples, i, count=4):
    return statistics.mean(s[i] for s in samples[-count:])
