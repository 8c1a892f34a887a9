"""The 3D replay in JupyterLab: links, camera, keys, themes, what it leaves behind, saved and exported notebooks."""

import pytest
from boxes import until_still
from climb import climb
from lab import new_page
from nbconvert import HTMLExporter
from replay_view import VIEW, chart_point, frame, seek, wait_for_picture
from waiting import wait_for

pytestmark = pytest.mark.browser
SETUP = """\
import ipywidgets
from twmr_nb.episodes.rollout import load_rollout
from twmr_nb.ui.replay import Replay
rollout = load_rollout("climb.safetensors")"""
LINKED = """\
slider = ipywidgets.IntSlider(max=499, description="frame")
ipywidgets.jslink((slider, "value"), (replay, "frame"))
slider"""
CELLS = [SETUP, "replay = Replay(rollout)\nreplay", LINKED]


@pytest.fixture(scope="module")
def rollout():
    return climb()


@pytest.fixture(scope="module")
def notebook(lab, browser, rollout):
    """A notebook in JupyterLab with a replay and a slider linked to it in the browser."""
    rollout.save(lab.notebooks / "climb.safetensors")
    notebook = lab.open(browser, CELLS)
    notebook.run_all()
    wait_for_picture(notebook.page)
    yield notebook
    notebook.shutdown_kernel()
    notebook.close()


def test_plays_and_the_kernel_hears(notebook):
    page = notebook.page
    seek(page, 0)
    page.get_by_label("play", exact=True).click()
    wait_for(lambda: notebook.evaluate("replay.frame") > 20)
    page.get_by_label("pause", exact=True).click()
    wait_for(lambda: notebook.evaluate("replay.frame") == frame(page))
    assert notebook.evaluate("replay.time") == pytest.approx((frame(page) + 1) * 0.02)


def test_cursor_links_both_ways(notebook):
    page = notebook.page
    shown = lambda: page.locator(".widget-slider .widget-readout").inner_text()  # noqa: E731
    page.mouse.click(*chart_point(page, 200, 130))  # a curve: the robot goes there
    assert frame(page) == 200
    wait_for(lambda: notebook.evaluate("replay.frame") == 200 and shown() == "200")
    notebook.evaluate("setattr(replay, 'frame', 320)")
    wait_for(lambda: frame(page) == 320 and shown() == "320")
    notebook.evaluate("setattr(replay, 'time', 2.0)")
    wait_for(lambda: frame(page) == 99 and shown() == "99")
    handle = page.locator(".widget-slider .noUi-handle")
    handle.focus()
    handle.press("ArrowRight")
    wait_for(lambda: frame(page) == 100 and notebook.evaluate("replay.frame") == 100)


def test_other_weights_redraw_the_curves(notebook):
    page = notebook.page
    notebook.evaluate("replay.show_series({'forward': 3 * rollout.reward_terms['forward']})")
    wait_for(lambda: page.evaluate(f"{VIEW}.chart.show.curves.length") == 1)
    sent = page.evaluate(f"{VIEW}.chart.show.curves[0].values[100]")
    assert sent == pytest.approx(3 * notebook.evaluate("rollout.reward_terms['forward'][100]"), rel=1e-5)
    notebook.evaluate("replay.load(rollout)")
    wait_for(lambda: page.evaluate(f"{VIEW}.chart.show.curves.length") == 7)


def test_orbit_zoom_and_follow(notebook):
    page = notebook.page
    seek(page, 100)
    page.locator(".twmr-replay .stage").scroll_into_view_if_needed()
    box = page.locator(".twmr-replay .stage").bounding_box()
    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = notebook.evaluate("replay.camera")
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 120, middle[1] + 40, steps=4)
    page.mouse.up()
    wait_for(lambda: notebook.evaluate("replay.camera")["azimuth"] == pytest.approx(before["azimuth"] - 48))
    page.locator(".twmr-replay").focus()
    page.mouse.wheel(0, -100)
    wait_for(lambda: notebook.evaluate("replay.camera")["distance"] < before["distance"])

    target = f"{VIEW}.orbit.target({VIEW}.playback.cursor)[0]"
    followed = page.evaluate(target)
    seek(page, 300)
    assert page.evaluate(target) - followed > 0.5  # the camera went along
    page.get_by_role("button", name="follow", exact=True).click()
    left = page.evaluate(target)
    seek(page, 100)
    assert page.evaluate(target) == pytest.approx(left)
    wait_for(lambda: not notebook.evaluate("replay.camera")["follow"])
    page.get_by_role("button", name="follow", exact=True).click()
    # a page does not hear of a new camera while its own is still on the way
    wait_for(lambda: notebook.evaluate("replay.camera")["follow"])
    notebook.evaluate("setattr(replay, 'camera', replay.camera | {'azimuth': 62.0, 'elevation': -20.0})")
    wait_for(lambda: page.evaluate(f"{VIEW}.orbit.azimuth") == 62)


def test_keys_belong_to_whoever_has_the_focus(notebook):
    page = notebook.page
    active = "jupyterapp.shell.currentWidget.content.activeCellIndex"
    page.locator(".twmr-replay").focus()
    cell = page.evaluate(active)
    for key, expected in (("Home", 0), ("ArrowRight", 1), ("Shift+ArrowRight", 11), ("ArrowLeft", 10), ("End", 499)):
        page.keyboard.press(key)
        assert frame(page) == expected
    page.keyboard.press("PageUp")
    assert frame(page) == 266  # the mark before the end: passed
    page.keyboard.press("ArrowDown")
    wait_for(lambda: page.get_by_label("speed", exact=True).input_value() == "0.5")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    assert page.evaluate(f"{VIEW}.playback.playing")
    page.keyboard.press("Space")
    assert page.evaluate(active) == cell
    page.keyboard.press("Control+s")  # JupyterLab's own keys still work in there
    wait_for(lambda: not page.evaluate("jupyterapp.shell.currentWidget.context.model.dirty"))

    notebook.command("notebook:enter-command-mode")
    page.evaluate(f"{active} = 0")
    page.locator(".jp-Cell .jp-InputPrompt").first.click()
    stopped = frame(page)
    page.keyboard.press("ArrowDown")
    assert page.evaluate(active) == 1
    assert frame(page) == stopped


def test_second_run_leaves_one_context(notebook):
    for _ in range(3):
        notebook.run_cell(1)
        wait_for_picture(notebook.page)
    wait_for(lambda: notebook.live_contexts() == 1)
    notebook.run_cell(2)


def test_fits_a_small_screen_in_both_themes(notebook):
    page = notebook.page
    for theme in ("Light", "Dark"):
        notebook.wear(theme)
        seek(page, 165)
        page.locator(".twmr-replay").scroll_into_view_if_needed()
        until_still(page, ".twmr-replay")
        box = page.locator(".twmr-replay").bounding_box()
        assert box["width"] <= 1200
        assert box["height"] <= 700
        notebook.screenshot(f"replay_lab_{theme.lower()}")
        assert page.evaluate(f"{VIEW}.dark") == (theme == "Dark")
    notebook.wear("Light")


def test_reload_with_the_kernel_alive_brings_it_back(notebook):
    page = notebook.page
    seek(page, 222)
    wait_for(lambda: notebook.evaluate("replay.frame") == 222)
    notebook.save()
    notebook.load()
    wait_for_picture(page)
    assert frame(page) == 222
    page.wait_for_timeout(1000)
    assert notebook.live_contexts() == 1
    assert page.locator("iframe[title='saved replay']").bounding_box()["height"] == 0


def test_lab_pages_stay_clean(notebook):
    """No error in the console, nothing asked from elsewhere."""
    assert notebook.errors == []
    assert notebook.requests == []


@pytest.fixture(scope="module")
def saved(lab, browser, rollout):
    """A notebook with a replay, saved, its kernel ended."""
    rollout.save(lab.notebooks / "climb.safetensors")
    notebook = lab.open(browser, CELLS[:2])
    notebook.run_all()
    wait_for_picture(notebook.page)
    notebook.save()
    notebook.shutdown_kernel()
    yield notebook
    notebook.close()


def test_saved_notebook_plays_without_a_kernel(saved, rollout):
    notebook = saved
    print(f"saved notebook: {notebook.path.stat().st_size / 1e6:.2f} MB for {len(rollout.action)} steps")
    assert notebook.path.stat().st_size < 300_000
    notebook.load()
    inside = notebook.page.frame_locator("iframe[title='saved replay']")
    inside.get_by_label("play", exact=True).click()
    wait_for(lambda: inside.locator(".clock").inner_text() > "0.5")
    notebook.screenshot("replay_saved_notebook")
    assert notebook.page.get_by_text("Error displaying widget").is_hidden()


def test_exported_notebook_plays(saved, browser, tmp_path):
    """What `jupyter nbconvert --to html` makes of a saved notebook, opened without a network."""
    text, _ = HTMLExporter().from_filename(str(saved.path))
    (tmp_path / "exported.html").write_text(text, encoding="utf-8")
    page = new_page(browser, viewport={"width": 1300, "height": 900})
    page.context.set_offline(True)
    page.goto((tmp_path / "exported.html").as_uri())
    inside = page.frame_locator("iframe[title='saved replay']")
    inside.get_by_label("play", exact=True).click()
    wait_for(lambda: inside.locator(".clock").inner_text() > "0.5")
    assert page.get_by_text("Replay of").count() == 0
    page.context.close()


def test_without_webgl_the_kernel_sends_pictures(open_notebook, rollout, lab, browser_without_webgl):
    """The timeline steps through them."""
    rollout.save(lab.notebooks / "climb.safetensors")
    notebook = open_notebook(CELLS[:2], in_browser=browser_without_webgl)
    notebook.run_all()
    wait_for_picture(notebook.page)
    words = "No WebGL2 in this browser: the robot, seen from its side, stands in."
    assert notebook.page.locator(".notice").inner_text() == words
    shown = notebook.page.locator(".twmr-replay .stage > img")
    wait_for(lambda: shown.evaluate("(image) => image.naturalWidth") > 100)
    seek(notebook.page, 0)
    first = shown.get_attribute("src")
    seek(notebook.page, 190)
    wait_for(lambda: shown.get_attribute("src") != first)
    assert notebook.evaluate("len(replay.pictures)") == 60
    notebook.screenshot("replay_lab_without_webgl")
    assert notebook.errors == []
