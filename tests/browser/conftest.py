"""Fixtures of the browser tests: `browser`, `browser_without_webgl`, `lab`, and `open_notebook` that joins them.

`folder` and `explorer_of` are for the explorers.
"""

import dataclasses

import pytest
from climb import climb
from explorer_view import CELLS, SIZE
from lab import PATIENCE, QUICKLY, Lab, find_chromium, launch
from playwright.sync_api import Error, expect, sync_playwright
from tiny import ONE_UPDATE

from twmr_nb.runs.run import LIVE, new_run

expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="module")
def playwright():
    """Ended after each file: while it lives, its event loop is in the way of notebooks run in the same process."""
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="module")
def chromium(playwright):
    """The path of an installed Chromium; the tests that need one are skipped where there is none."""
    if path := find_chromium(playwright):
        return path
    pytest.skip("no Chromium: install one with `apt-get install chromium` or `playwright install chromium`")


@pytest.fixture(scope="module")
def browser(playwright, chromium):
    yield from running(playwright, chromium, webgl=True)


@pytest.fixture(scope="module")
def browser_without_webgl(playwright, chromium):
    yield from running(playwright, chromium, webgl=False)


def running(playwright, chromium, webgl):
    try:
        browser = launch(playwright, chromium, webgl, QUICKLY if webgl else ())
    except Error as error:
        pytest.skip(f"{chromium} does not start: {error.message.splitlines()[0]}")
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """One JupyterLab for all tests of this process."""
    lab = Lab(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.close()


@pytest.fixture
def open_notebook(lab, browser):
    """open_notebook(cells, theme="Light") -> lab.Notebook, closed after the test. Cells: source texts or a Path."""
    opened = []

    def open_(cells, theme="Light", in_browser=None):
        opened.append(lab.open(in_browser or browser, cells, theme))
        return opened[-1]

    yield open_
    for notebook in opened:
        notebook.shutdown_kernel()
        notebook.close()


@pytest.fixture(scope="session")
def folder(lab):
    """The notebooks' folder, with a recorded rollout and two policies that learned next to nothing."""
    climb().save(lab.notebooks / "climb.safetensors")
    root = lab.notebooks / "runs"
    first, second = (new_run("flip", name, root=root, **ONE_UPDATE) for name in ("first", "second"))
    first.train()
    dataclasses.replace(first.policy, name="a_second_policy", config=second.config).save(second.policy_path)
    LIVE.clear()
    return lab.notebooks


@pytest.fixture(scope="module")
def explorer_of(lab, browser, folder):
    """explorer_of(which) -> its notebook, opened and run once, in the light theme; errors fail the last test."""
    opened = {}

    def explorer_of_(which):
        if which not in opened:
            opened[which] = notebook = lab.open(browser, CELLS[which], viewport=SIZE)
            notebook.run_all()
            notebook.page.wait_for_selector(".twmr-shell")
            if which != "policies":
                notebook.page.wait_for_function("() => document.querySelector('.twmr-shell img')?.naturalWidth > 100")
        return opened[which]

    yield explorer_of_
    for notebook in opened.values():
        assert notebook.requests == []
        assert [error for error in notebook.errors if "favicon" not in error] == []
        notebook.shutdown_kernel()
        notebook.close()
