"""A prediction in a real notebook: Run All asks and hides, one click shows the result where it was waited for."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
SIZE = {"width": 1366, "height": 768}
CELLS = [
    "import numpy as np\nimport twmr_nb as tw",
    "tw.course.predict('01 how far it comes', ['it passes', 'to its <b>belly</b>', 'not at all'])",
    "x = np.linspace(0, 1)\nfigure = tw.plot.lines(x, {'x': x}, 'the way', 'time [s]', 'x [m]')\n"
    "tw.course.reveal('01 how far it comes', 'to its <b>belly</b>', figure)",
    "tw.course.predict('01 at which speed [m/s]')",
    "tw.course.reveal('01 at which speed [m/s]', 0.26)",
]


@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_one_click_shows_the_result_where_it_was_asked_for(lab, browser, theme):
    (lab.notebooks / "runs" / "predictions.json").unlink(missing_ok=True)
    notebook = lab.open(browser, CELLS, theme, viewport=SIZE)
    page = notebook.page
    notebook.run_all()
    expect(page.get_by_text("Predict first")).to_have_count(2)
    figure = page.locator(".jp-OutputArea-output img[src^='data:image/png']:visible")
    expect(figure).to_have_count(0)
    notebook.screenshot(f"prediction_asked_{theme.lower()}")
    page.get_by_role("radio", name="it passes").check()
    page.get_by_role("button", name="That is my prediction").first.click()
    expect(page.get_by_text("You predicted: it passes. What came out: to its <b>belly</b>.")).to_be_visible()
    expect(figure).to_have_count(1)
    box = page.get_by_placeholder("a number")
    box.press_sequentially("0.36")  # key by key: none may be taken for a command on cells
    page.get_by_role("button", name="That is my prediction").nth(1).click()
    expect(page.get_by_text("You predicted: 0.36. What came out: 0.26, 0.1 less.")).to_be_visible()
    assert page.locator(".jp-OutputArea-output b").filter(has_text="belly").count() == 0
    notebook.screenshot(f"prediction_shown_{theme.lower()}")
    assert [error for error in notebook.errors if "favicon" not in error] == []
    assert notebook.requests == []
    notebook.shutdown_kernel()
    notebook.close()
