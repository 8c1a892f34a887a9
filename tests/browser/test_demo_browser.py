"""The page that `make demo` writes: whole on a phone and on a laptop, without a kernel and without a network."""

import importlib.util
from pathlib import Path

import nbformat
import pytest
from lab import new_page, screenshot
from tiny import TINY

pytest.importorskip("latex2mathml", reason="`make demo` installs it")
spec = importlib.util.spec_from_file_location("build_site", Path(__file__).parents[2] / "tools" / "build_site.py")
site = importlib.util.module_from_spec(spec)
spec.loader.exec_module(site)

CELLS = [
    """from twmr_nb.draw.film import video
from twmr_nb.episodes.rollout import record
from twmr_nb.policies.protocol import RandomPolicy, ZeroPolicy
from twmr_nb.runs.run import new_run
from twmr_nb.ui.live import LiveView
nothing, chance = (record(policy, num_steps=10) for policy in (ZeroPolicy(), RandomPolicy()))
video([nothing, chance], size=(400, 240))""",
    f"""run = new_run("flip", "demo", **{TINY})
run.start()
LiveView(run)""",
    """import threading
[thread.join() for thread in threading.enumerate() if thread.name == "live view"]""",
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory, gl):
    folder = tmp_path_factory.mktemp("demo")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# Demo\n\nNext: [01](01_the_robot.ipynb)")])
    book.cells += [nbformat.v4.new_code_cell(cell) for cell in CELLS]
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, folder / "demo.ipynb")
    site.build_page(folder / "demo.ipynb", folder / "demo.html")
    return folder / "demo.html"


@pytest.mark.parametrize("width", [390, 1366])
def test_everything_fits_the_page(demo, browser, width):
    page = new_page(browser, viewport={"width": width, "height": 844})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(demo.as_uri())
    page.wait_for_function("[...document.images].every(i => i.complete) && document.querySelector('video').videoWidth")
    for element in page.locator("img, video").all():
        box = element.bounding_box()
        assert box["width"] > 0.5 * min(width, 760)
        assert box["x"] + box["width"] <= width
    film = page.locator("video").bounding_box()
    assert film["width"] / film["height"] == pytest.approx(800 / 240, rel=0.02), "both robots, none cut off"
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    screenshot(page, f"demo_{width}", full_page=True)
    page.close()


def test_the_curve_is_the_finished_one_and_no_link_leads_nowhere(demo, browser):
    page = new_page(browser)
    page.goto(demo.as_uri())
    words = page.locator(".twmr-saved img").get_attribute("alt")
    assert words.startswith("Live view: finished")
    assert "64 of 64 steps" in words
    assert page.locator("a[href$='.ipynb'], a[href$='01_the_robot.html']").count() == 0
    assert "lives in the kernel" not in page.inner_text("body")
    page.close()


def test_on_paper_it_is_as_in_light_whatever_the_screen_is(demo, browser):
    page = new_page(browser)
    page.goto(demo.as_uri())
    keyword, ink = (f"getComputedStyle(document.querySelector('{of}')).color" for of in (".highlight .kn", "body"))
    light = page.evaluate(keyword)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(keyword) != light
    page.emulate_media(color_scheme="dark", media="print")
    assert (page.evaluate(keyword), page.evaluate(ink)) == (light, "rgb(0, 0, 0)")
    page.close()
