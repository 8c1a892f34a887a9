"""Runs as a lab book in a real JupyterLab: a queue, seeds as a band, a figure saved with its numbers.

Pictures are kept in tests/artifacts; look at them after a change.
"""

import csv
import re

import pytest
from boxes import barriers, troubles, until_still
from explorer_view import CELLS
from lab import artifact
from playwright.sync_api import expect
from test_panel_browser import PANEL, SLOWLY, TINY, assert_fits, press, shell, state, stop, wait_until_training

from twmr_nb.runs.run import LIVE, new_run

pytestmark = pytest.mark.browser
ROOT = ".twmr-shell"
WIDE = {"width": 1366, "height": 768}
SAVE = "Save this figure as SVG and PDF, its numbers as CSV"


def seeds(root):
    """Three logs of one recipe, by hand."""
    for seed, success in enumerate((0.55, 0.95, 0.7)):
        run = new_run("flip", "by_hand", root, seed=seed, control_cost=0.002)
        for k in range(1, 41):
            share = min(max(k / 25 - 0.5, 0), 1)
            known = {"update": k, "num_updates": 40, "progress": k / 40, "global_step": 2000.0 * k, "episodes": 1.0}
            known |= {"success_rate": success * share, "episode_return": 4 + 30 * success * share, "train_s": 1.0 * k}
            known |= {"steps_per_s": 2000.0, "collect_s": 0.5, "learn_s": 0.5}
            run.folder.metrics.append(known)
        run.folder.keep_state("finished")
    LIVE.clear()


def test_a_queue_a_band_and_a_saved_figure(lab, open_notebook):
    seeds(lab.notebooks / "book")
    notebook = open_notebook([PANEL.format(root="book", flags=TINY)])
    page = notebook.page
    page.set_viewport_size(WIDE)
    notebook.evaluate(f"exec({SLOWLY!r})")
    notebook.run_cell(0)
    page.wait_for_selector(".twmr-curves img")
    press(notebook, "Start training")
    wait_until_training(notebook)
    for name in ("second", "third", "fourth"):
        box = shell(notebook).get_by_role("textbox", name="name")
        box.fill(name)
        press(notebook, "Add to the queue")
        queue = page.get_by_label("waiting, the next first")
        expect(queue.locator("option", has_text=name)).to_have_count(1)
    page.get_by_label("earlier runs, up to 3").select_option(index=0)
    page.wait_for_function("() => document.querySelector('.twmr-curves img').alt.includes('3 seeds')")
    for theme in ("Dark", "Light"):
        notebook.wear(theme)
        until_still(page, ROOT)
        assert troubles(page, ROOT) == []
        assert barriers(page, ROOT) == []
        notebook.screenshot(f"queue_{theme.lower()}", ROOT)
    page.set_viewport_size({"width": 1800, "height": 1000})
    until_still(page, ROOT)
    assert_fits(shell(notebook))
    page.set_viewport_size(WIDE)

    save = page.get_by_role("button", name=SAVE)
    save.focus()
    save.press("Enter")
    expect(page.get_by_text("Saved learning_curves_")).to_be_visible()
    assert troubles(page, ROOT) == []
    notebook.screenshot("queue_saved", ROOT)
    folder = lab.notebooks / "runs" / "figures"
    (svg,), (pdf,), (table,) = (sorted(folder.glob(f"learning_curves_*.{kind}")) for kind in ("svg", "pdf", "csv"))
    assert pdf.read_bytes().startswith(b"%PDF")
    rows = list(csv.DictReader(table.read_text().splitlines()))
    band = [row for row in rows if (row["panel"], row["series"]) == ("success", "by_hand, 3 seeds, range, upper edge")]
    assert band, sorted({(row["panel"], row["series"]) for row in rows})
    assert (band[-1]["x axis"], float(band[-1]["x"])) == ("thousand steps", 80)
    assert float(band[-1]["y"]) == pytest.approx(95)
    show(page.context.browser, svg)

    queue.select_option(index=2)
    press(notebook, "Sooner")
    expect(queue.locator("option").nth(1)).to_have_text(re.compile("^fourth"))
    first = notebook.evaluate("panel.run.name")
    notebook.save()
    notebook.reload(".twmr-curves img")
    notebook.run_cell(0)  # the same cell again
    expect(queue.locator("option")).to_have_text([re.compile(f"^{name}") for name in ("second", "fourth", "third")])
    assert notebook.evaluate("panel.run.name") == first
    press(notebook, "Stop")
    expect(state(notebook)).to_contain_text("second")
    wait_until_training(notebook)
    expect(queue.locator("option")).to_have_count(2)

    for _ in range(2):
        press(notebook, "Remove")
    expect(queue).to_be_hidden()
    stop(notebook)
    assert notebook.errors == []


def show(browser, svg):
    """A saved figure as a browser draws it, kept as a picture."""
    page = browser.new_page(viewport={"width": 900, "height": 620})
    page.goto(svg.as_uri())
    assert page.locator("svg").first.bounding_box()["width"] > 400
    page.screenshot(path=artifact(svg.stem.rsplit("_", 2)[0] + "_svg"))
    page.close()


def test_an_explorers_figure_is_saved_as_it_is_and_no_taller_for_it(lab, open_notebook, folder):
    notebook = open_notebook(CELLS["reward"])
    page = notebook.page
    page.set_viewport_size({"width": 1366, "height": 900})
    notebook.run_all()
    page.wait_for_function("() => document.querySelector('.twmr-shell img')?.naturalWidth > 100")
    until_still(page, ROOT)
    picture, button = page.locator(".twmr-picture"), page.get_by_role("button", name=SAVE)
    box, image = picture.bounding_box(), picture.locator("img").bounding_box()
    assert abs(box["height"] - image["height"]) < 1, "the button takes no room of its own"
    assert button.bounding_box()["width"] >= 24
    assert_fits(page.locator(ROOT))
    button.click()
    expect(page.get_by_text("Saved Reward_explorer_")).to_be_visible()
    notebook.screenshot("explorer_saved", ROOT)
    svg = next((lab.notebooks / "runs" / "figures").glob("Reward_explorer_*.svg"))
    rows = list(csv.DictReader(svg.with_suffix(".csv").read_text().splitlines()))
    totals = {
        row["y"]: float(row["x"]) for row in rows if (row["panel"], row["series"]) == ("who pays how much", "now")
    }
    assert totals["total"] == pytest.approx(notebook.evaluate("explorer.scored.totals['total']"))
    show(page.context.browser, svg)
    assert [error for error in notebook.errors if "favicon" not in error] == []
