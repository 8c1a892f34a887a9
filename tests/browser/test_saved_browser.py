"""A notebook without its kernel: the last pictures are seen, in JupyterLab, trusted or not, and on an exported page."""

from pathlib import Path

import nbformat
import pytest
from lab import new_page, screenshot
from nbconvert import HTMLExporter
from playwright.sync_api import expect
from tiny import TINY

CELLS = [
    f"""from climb import climb
from twmr_nb.runs.run import new_run
from twmr_nb import RewardExplorer, TrainingPanel
from twmr_nb.ui.live import LiveView
run = new_run('flip', 'shown', root='shown_runs', **{TINY})
run.start()
view = LiveView(run)
view""",
    "run.join()",
    "panel = TrainingPanel(root='shown_runs')\npanel.view.show(run)\npanel",
    "explorer = RewardExplorer(climb())\nexplorer",
]
SUPPORT = Path(__file__).parents[1] / "support"  # which the kernel imports from, too
TITLES = ("Live view", "Training panel", "Reward explorer")


@pytest.fixture(scope="module")
def saved(lab, browser):
    """The notebook run, its explorer moved, saved, its kernel ended."""
    notebook = lab.open(browser, [f"import sys\nsys.path.insert(0, {str(SUPPORT)!r})", *CELLS])
    notebook.run_all()
    page = notebook.page
    expect(page.locator(".twmr-state").first).to_contain_text("finished")
    copies = page.locator(".twmr-saved")
    expect(copies).to_have_count(3)
    for k in range(3):
        expect(copies.nth(k)).to_be_hidden()  # the widgets themselves are there
    before = copies.nth(2).locator("img").get_attribute("src")
    notebook.evaluate("explorer.override(extension_penalty=0.5)")
    changed = "src => document.querySelectorAll('.twmr-saved img')[2].src !== src"
    page.wait_for_function(changed, arg=before)
    notebook.screenshot("saved_live")
    notebook.save()
    notebook.shutdown_kernel()
    yield notebook
    assert notebook.requests == []
    notebook.close()


def seen(page, name):
    """Every picture is there, with what it shows in words, and nothing else in the widget's place."""
    copies = page.locator(".twmr-saved")
    expect(copies).to_have_count(3)
    for k, title in enumerate(TITLES):
        copies.nth(k).scroll_into_view_if_needed()
        picture = copies.nth(k).locator("img")
        expect(picture).to_be_visible()
        assert picture.evaluate("img => img.naturalWidth") > 600
        assert picture.get_attribute("alt").startswith(f"{title}: ")
        expect(copies.nth(k)).to_contain_text("Run this cell in JupyterLab")
        screenshot(page, f"{name}_{k}")
    assert "finished" in copies.nth(0).locator("img").get_attribute("alt")
    assert "-1" in copies.nth(2).locator("img").get_attribute("alt"), "the explorer's last sum, not its first"
    assert "children=" not in page.inner_text("body")
    for text in ("Error displaying widget", "Loading widget"):
        for found in page.get_by_text(text).all():
            assert not found.is_visible()


def test_a_saved_notebook_shows_the_last_pictures(saved):
    saved.load()
    saved.page.wait_for_timeout(4000)  # the page gives up on a missing widget after two seconds
    seen(saved.page, "saved_without_kernel")


def test_a_notebook_that_is_not_trusted_shows_them_too(saved, lab, browser):
    book = nbformat.read(saved.path, as_version=4)
    for cell in book.cells:
        cell.metadata.pop("trusted", None)
    book.metadata["title"] = "another file, so that no signature fits"
    copy = saved.path.with_name("copied.ipynb")
    nbformat.write(book, copy)
    notebook = lab.open(browser, copy, theme="Dark")
    seen(notebook.page, "saved_untrusted")
    notebook.shutdown_kernel()
    notebook.close()


def test_an_exported_page_shows_them_without_a_network(saved, browser):
    book = nbformat.read(saved.path, as_version=4)
    body, _ = HTMLExporter().from_notebook_node(book)
    path = saved.path.with_suffix(".html")
    path.write_text(body)
    page = new_page(browser, viewport={"width": 390, "height": 844})
    page.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    page.goto(path.as_uri())
    seen(page, "saved_exported")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.close()


def test_a_saved_notebook_stays_of_moderate_size(saved):
    assert saved.path.stat().st_size < 1_500_000


def test_a_bar_stands_under_the_cell_while_it_works_and_leaves_nothing(open_notebook):
    code = """import time
from pathlib import Path
from twmr_nb.progress import Progress

def until(seen):
    while not Path(seen).exists():
        time.sleep(0.05)

with Progress("counting sheep", 40) as bar:
    until("seen_compiling")
    for _ in range(20):
        bar.step()
        time.sleep(0.01)
    until("seen_counting")
    bar.step(20)
print("done")"""
    notebook = open_notebook([code], theme="Dark")
    page = notebook.page
    page.evaluate("() => { jupyterapp.commands.execute('notebook:run-all-cells'); }")
    expect(page.get_by_text("counting sheep: compiling")).to_be_visible()
    notebook.path.with_name("seen_compiling").touch()
    expect(page.get_by_text("s left")).to_be_visible()
    assert page.locator(".jp-OutputArea progress").evaluate("bar => bar.value") > 0
    notebook.screenshot("progress_in_a_cell")
    notebook.path.with_name("seen_counting").touch()
    expect(page.get_by_text("done", exact=True)).to_be_visible()
    expect(page.locator(".jp-OutputArea progress")).to_have_count(0)
    notebook.screenshot("progress_gone")
    notebook.save()
    assert "counting sheep" not in str(nbformat.read(notebook.path, as_version=4).cells[0].outputs)
    assert notebook.page.locator(".jp-OutputArea-child").first.bounding_box()["height"] < 25
