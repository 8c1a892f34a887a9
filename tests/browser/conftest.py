"""Fixtures of the browser tests: `browser`, `browser_without_webgl`, `lab`, and `open_notebook` that joins them."""

import pytest
from lab import Lab, find_chromium, launch
from playwright.sync_api import Error, sync_playwright


@pytest.fixture(scope="session")
def playwright():
    with sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def chromium(playwright):
    """The path of an installed Chromium; the tests that need one are skipped where there is none."""
    if path := find_chromium(playwright):
        return path
    pytest.skip("no Chromium: install one with `apt-get install chromium` or `playwright install chromium`")


@pytest.fixture(scope="session")
def browser(playwright, chromium):
    yield from running(playwright, chromium, webgl=True)


@pytest.fixture(scope="session")
def browser_without_webgl(playwright, chromium):
    yield from running(playwright, chromium, webgl=False)


def running(playwright, chromium, webgl):
    try:
        browser = launch(playwright, chromium, webgl)
    except Error as error:
        pytest.skip(f"{chromium} does not start: {error.message.splitlines()[0]}")
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory):
    """One JupyterLab for all tests."""
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
