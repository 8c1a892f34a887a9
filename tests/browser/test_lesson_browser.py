"""The first lesson as a beginner meets it: Run All, then look."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
ROOT = Path(__file__).parents[2]
LESSON, SHORT = ROOT / "notebooks" / "00_start_here.ipynb", ROOT / "tests" / "short_lessons.py"
PICTURES = """() => [...document.querySelectorAll(".twmr-shell img")].map((image) => {
  image.scrollIntoView({ block: "center" });
  return [image.naturalWidth, image.getBoundingClientRect().height];
})"""


def test_every_picture_of_the_first_lesson_is_seen_after_run_all(lab, browser):
    notebook = lab.open(browser, LESSON, files=True, viewport={"width": 1366, "height": 768})
    notebook.evaluate(f"exec(open({str(SHORT)!r}).read())")
    notebook.run_all()
    notebook.page.wait_for_timeout(2000)  # what still comes from threads
    pictures = notebook.page.evaluate(PICTURES)
    assert pictures
    assert all(width > 100 and height > 100 for width, height in pictures), pictures
    assert [error for error in notebook.errors if "favicon" not in error] == []
    notebook.shutdown_kernel()
    notebook.close()
