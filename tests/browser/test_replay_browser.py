"""The 3D replay in a real browser: poses and pictures against MuJoCo, controls, links, themes, what stays behind.

Pictures are kept in tests/artifacts; look at them after a change.
"""

import base64
import io
import os
import time

import mujoco
import numpy as np
import pytest
from climb import climb, play_again
from lab import artifact, screenshot
from nbconvert import HTMLExporter
from PIL import Image, ImageDraw

from twmr_nb.ui.replay import Replay
from twmr_nb.ui.replay_scene import episode_model

pytestmark = pytest.mark.browser
VIEW = "document.querySelector('.twmr-replay').replay"
BUSY = os.getloadavg()[0] > (os.cpu_count() or 1)  # then no speed is asserted
SETUP = """\
import ipywidgets
from twmr_nb.rollout import load_rollout
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


@pytest.fixture
def show(browser, tmp_path):
    """show(replay) -> a page without kernel and network that plays it."""
    pages = []

    def show_(replay, in_browser=None, **options):
        path = tmp_path / f"replay{len(pages)}.html"
        path.write_text(replay.to_html(), encoding="utf-8")
        page = (in_browser or browser).new_page(**({"viewport": {"width": 1200, "height": 700}} | options))
        page.asked, page.errors = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.context.set_offline(True)
        page.goto(path.as_uri())
        page.wait_for_function(f"() => {VIEW}?.drawn > 0")
        pages.append(page)
        return page

    yield show_
    for page in pages:
        assert page.errors == []
        assert [url for url in page.asked if not url.startswith(("file:", "data:"))] == []
        page.context.close()


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


def wait_for_picture(page):
    page.wait_for_function(f"() => document.querySelector('.twmr-replay') && {VIEW}.drawn > 0")


def frame(page):
    return page.evaluate(f"{VIEW}.playback.frame")


def seek(page, to):
    page.evaluate(f"{VIEW}.playback.seek({to})")
    page.wait_for_function(f"() => !{VIEW}.dirty")


def chart_point(page, to, y):
    """Where on the page frame `to` lies on the chart, y pixels below its top."""
    chart = page.locator(".twmr-replay .chart canvas").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    return box["x"] + page.evaluate(f"{VIEW}.chart.x({to})"), box["y"] + y


def eventually(condition, seconds=10):
    """Wait until a condition, a function of nothing, holds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError(f"not within {seconds} s")


# ---- against MuJoCo ----


def test_poses_agree_with_mujoco(show, rollout):
    page = show(Replay(rollout))
    model = episode_model(rollout)
    data = mujoco.MjData(model)
    for at in np.linspace(0, 499, 10).astype(int):
        drawn = np.array(page.evaluate(f"{VIEW}.shot({at}).bodies")).reshape(-1, 4, 4)  # column by column
        data.qpos = rollout.transition.qpos[at]
        mujoco.mj_forward(model, data)
        np.testing.assert_allclose(drawn[:, 3, :3], data.xpos, atol=1e-5)
        np.testing.assert_allclose(drawn[:, :3, :3].transpose(0, 2, 1).reshape(-1, 9), data.xmat, atol=1e-5)


def test_picture_agrees_with_mujoco(show, rollout, gl):
    """Same camera, same pixels: the silhouettes of robot and step overlap; both pictures are kept side by side."""
    at, camera = 165, {"azimuth": 62.0, "elevation": -20.0, "distance": 0.6, "lookat": [0.82, 0, 0.03], "follow": False}
    replay = Replay(rollout, height=450)
    replay.frame, replay.camera = at, camera
    page = show(replay, viewport={"width": 804, "height": 760})
    ours = canvas_picture(page)
    silhouette = canvas_picture(page, bare=True)
    red, green, blue = silhouette.astype(int).transpose(2, 0, 1)
    drawn = (green > 8) | (abs(red - blue) > 8)  # what is left is magenta, in the light or in the shadow

    theirs, truth = mujoco_picture(rollout, replay, at, camera, ours.shape[1::-1])
    overlap = (drawn & truth).sum() / (drawn | truth).sum()
    keep_side_by_side(theirs, ours, f"silhouettes overlap by {100 * overlap:.1f}%")
    assert overlap > 0.98


def canvas_picture(page, bare=False):
    """The 3D picture as [height, width, 3]; optionally with everything magenta that is neither robot nor step."""
    text = page.evaluate(
        """bare => {
          const view = document.querySelector(".twmr-replay").replay, shot = view.shot(view.playback.cursor);
          const [sky, ground, lines, words, goal] = Array(5).fill([1, 0, 1]);
          const palette = { ...shot.palette, sky, ground, lines, words, goal };
          if (bare) Object.assign(shot, { contacts: null, palette });
          view.painter.draw({ ...shot, smooth: true });
          return view.canvas.toDataURL("image/png");
        }""",
        bare,
    )
    return np.array(Image.open(io.BytesIO(base64.b64decode(text.split(",")[1]))).convert("RGB"))


def mujoco_picture(rollout, replay, at, camera, size):
    """MuJoCo's rendering of the same moment, and where it sees robot or step."""
    model = episode_model(rollout)
    step = next(geom for geom in replay.scene["geoms"] if geom["part"] == "step")
    geom = model.geom("traverse_box").id
    model.geom_size[geom], model.geom_pos[geom] = step["size"], step["pos"]  # the lane that the replay draws
    model.vis.global_.offwidth, model.vis.global_.offheight = size
    data = mujoco.MjData(model)
    data.qpos = rollout.transition.qpos[at]
    mujoco.mj_forward(model, data)
    view = mujoco.MjvCamera()
    view.lookat, view.distance = camera["lookat"], camera["distance"]
    view.azimuth, view.elevation = camera["azimuth"], camera["elevation"]
    with mujoco.Renderer(model, height=size[1], width=size[0]) as renderer:
        renderer.update_scene(data, view)
        picture = renderer.render()
        renderer.enable_segmentation_rendering()
        renderer.update_scene(data, view)
        ids = renderer.render()[:, :, 0]
    return picture, (ids >= 0) & (ids != model.geom("ground").id)


def keep_side_by_side(theirs, ours, words):
    both = Image.fromarray(np.concatenate([theirs, ours], axis=1))
    pen = ImageDraw.Draw(both)
    pen.text((10, 8), "MuJoCo", fill="black")
    pen.text((theirs.shape[1] + 10, 8), f"replay ({words})", fill="black")
    both.save(artifact("replay_beside_mujoco"))


# ---- without a kernel ----


def test_page_plays_without_kernel_and_network(show, rollout):
    page = show(Replay(rollout, ghost=play_again("tall_settings_on_5cm_1", "other settings")))
    page.get_by_label("play", exact=True).click()
    eventually(lambda: frame(page) > 20)
    page.get_by_label("pause", exact=True).click()
    stopped = frame(page)
    page.wait_for_timeout(300)
    assert frame(page) == stopped
    seek(page, 165)
    screenshot(page, "replay_page_light")


def test_page_in_the_dark(show, rollout):
    page = show(Replay(rollout), color_scheme="dark")
    seek(page, 190)
    screenshot(page, "replay_page_dark")
    paper = page.evaluate(f"getComputedStyle({VIEW}.root).backgroundColor")
    assert max(int(v) for v in paper[4:-1].split(",")) < 60


def test_paused_replay_draws_nothing(show, rollout):
    page = show(Replay(rollout))
    page.wait_for_timeout(500)
    before = page.evaluate(f"{VIEW}.drawn")
    page.wait_for_timeout(1000)
    assert page.evaluate(f"{VIEW}.drawn") == before


def test_speed_is_real_time(show, rollout):
    page = show(Replay(rollout))
    for speed in ("0.5", "4"):
        page.get_by_label("speed", exact=True).select_option(speed)
        seek(page, 0)
        page.evaluate(f"window.began = performance.now(); {VIEW}.playback.play()")
        page.wait_for_timeout(1200)
        cursor, seconds = page.evaluate(f"[{VIEW}.playback.cursor, ({VIEW}.playback.clock - began) / 1000]")
        assert cursor * 0.02 == pytest.approx(float(speed) * seconds, rel=0.1, abs=0.03)


def test_marks_and_hover(show, rollout):
    page = show(Replay(rollout))
    x, y = chart_point(page, 135, 9)  # the contact mark
    page.mouse.move(x + 2, y)
    assert page.locator(".tip").inner_text() == "2.72 s: contact with the step"
    page.mouse.click(x + 2, y)
    assert frame(page) == 135
    value = rollout.reward_terms["forward"][300]
    page.mouse.move(*chart_point(page, 300, page.evaluate(f"{VIEW}.chart.y({value})")))
    assert page.locator(".tip").inner_text().startswith("6.02 s: ")


def test_without_webgl_the_rest_works(show, rollout, browser_without_webgl):
    page = show(Replay(rollout), in_browser=browser_without_webgl)
    assert page.locator(".notice").inner_text().startswith("No WebGL2 in this browser")
    page.mouse.click(*chart_point(page, 165, 120))
    assert frame(page) == 165
    page.wait_for_function(f"() => !{VIEW}.dirty")
    screenshot(page, "replay_without_webgl")
    colors = page.evaluate(
        f"new Set({VIEW}.canvas.getContext('2d').getImageData(0, 0, 1000, 300).data.filter((_, i) => i % 4 === 0)).size"
    )
    assert colors > 20  # there is a drawing, not a blank
    page.get_by_label("play", exact=True).click()
    eventually(lambda: frame(page) > 175)


def test_a_lost_context_can_be_brought_back(show, rollout):
    page = show(Replay(rollout))
    page.evaluate(f"{VIEW}.painter.gl.getExtension('WEBGL_lose_context').loseContext()")
    button = page.get_by_role("button", name="bring it back")
    button.click()
    page.wait_for_function(f"() => {VIEW}.painter.gl && !{VIEW}.painter.gl.isContextLost()")
    assert page.locator(".notice").is_hidden()


def test_frame_rate_on_a_software_rasteriser(show, rollout):
    """At least 15 pictures per second at 800 x 450; how fast depends on what else the machine does."""
    page = show(Replay(rollout, height=450), viewport={"width": 804, "height": 760})
    page.evaluate(f"{VIEW}.playback.play()")
    page.wait_for_timeout(2500)  # long enough to settle for a quality
    first, start = page.evaluate(f"[{VIEW}.drawn, performance.now()]")
    page.wait_for_timeout(4000)
    last, end = page.evaluate(f"[{VIEW}.drawn, performance.now()]")
    rate = 1000 * (last - first) / (end - start)
    width = page.evaluate(f"{VIEW}.canvas.width")
    print(f"{rate:.1f} pictures/s, {width} px wide, load {os.getloadavg()[0]:.1f}")
    assert rate >= 15 or BUSY


# ---- in JupyterLab ----


def test_plays_and_the_kernel_hears(notebook):
    page = notebook.page
    seek(page, 0)
    page.get_by_label("play", exact=True).click()
    eventually(lambda: notebook.evaluate("replay.frame") > 20)
    page.get_by_label("pause", exact=True).click()
    eventually(lambda: notebook.evaluate("replay.frame") == frame(page))
    assert notebook.evaluate("replay.time") == pytest.approx((frame(page) + 1) * 0.02)


def test_cursor_links_both_ways(notebook):
    page = notebook.page
    shown = lambda: page.locator(".widget-slider .widget-readout").inner_text()  # noqa: E731
    page.mouse.click(*chart_point(page, 200, 130))  # a curve: the robot goes there
    assert frame(page) == 200
    eventually(lambda: notebook.evaluate("replay.frame") == 200 and shown() == "200")
    notebook.evaluate("setattr(replay, 'frame', 320)")
    eventually(lambda: frame(page) == 320 and shown() == "320")
    notebook.evaluate("setattr(replay, 'time', 2.0)")
    eventually(lambda: frame(page) == 99 and shown() == "99")
    handle = page.locator(".widget-slider .noUi-handle")
    handle.focus()
    handle.press("ArrowRight")
    eventually(lambda: frame(page) == 100 and notebook.evaluate("replay.frame") == 100)


def test_other_weights_redraw_the_curves(notebook):
    page = notebook.page
    notebook.evaluate("replay.show_series({'forward': 3 * rollout.reward_terms['forward']})")
    eventually(lambda: page.evaluate(f"{VIEW}.chart.show.curves.length") == 1)
    sent = page.evaluate(f"{VIEW}.chart.show.curves[0].values[100]")
    assert sent == pytest.approx(3 * notebook.evaluate("rollout.reward_terms['forward'][100]"), rel=1e-5)
    notebook.evaluate("replay.load(rollout)")
    eventually(lambda: page.evaluate(f"{VIEW}.chart.show.curves.length") == 7)


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
    eventually(lambda: notebook.evaluate("replay.camera")["azimuth"] == pytest.approx(before["azimuth"] - 48))
    page.locator(".twmr-replay").focus()
    page.mouse.wheel(0, -100)
    eventually(lambda: notebook.evaluate("replay.camera")["distance"] < before["distance"])

    target = f"{VIEW}.orbit.target({VIEW}.playback.cursor)[0]"
    followed = page.evaluate(target)
    seek(page, 300)
    assert page.evaluate(target) - followed > 0.5  # the camera went along
    page.get_by_role("button", name="follow", exact=True).click()
    left = page.evaluate(target)
    seek(page, 100)
    assert page.evaluate(target) == pytest.approx(left)
    page.get_by_role("button", name="follow", exact=True).click()
    notebook.evaluate("setattr(replay, 'camera', replay.camera | {'azimuth': 62.0, 'elevation': -20.0})")
    eventually(lambda: page.evaluate(f"{VIEW}.orbit.azimuth") == 62)


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
    eventually(lambda: page.get_by_label("speed", exact=True).input_value() == "0.5")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Space")
    assert page.evaluate(f"{VIEW}.playback.playing")
    page.keyboard.press("Space")
    assert page.evaluate(active) == cell
    page.keyboard.press("Control+s")  # JupyterLab's own keys still work in there
    eventually(lambda: not page.evaluate("jupyterapp.shell.currentWidget.context.model.dirty"))

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
    eventually(lambda: notebook.live_contexts() == 1)
    notebook.run_cell(2)


def test_fits_a_small_screen_in_both_themes(notebook):
    page = notebook.page
    for theme in ("Light", "Dark"):
        notebook.command("apputils:change-theme", theme=f"JupyterLab {theme}")
        seek(page, 165)
        page.locator(".twmr-replay").scroll_into_view_if_needed()
        page.wait_for_timeout(500)
        box = page.locator(".twmr-replay").bounding_box()
        assert box["width"] <= 1200
        assert box["height"] <= 700
        notebook.screenshot(f"replay_lab_{theme.lower()}")
        assert page.evaluate(f"{VIEW}.dark") == (theme == "Dark")
    notebook.command("apputils:change-theme", theme="JupyterLab Light")


def test_reload_with_the_kernel_alive_brings_it_back(notebook):
    page = notebook.page
    seek(page, 222)
    eventually(lambda: notebook.evaluate("replay.frame") == 222)
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


def test_saved_notebook_plays_without_a_kernel(open_notebook, rollout, lab):
    rollout.save(lab.notebooks / "climb.safetensors")
    notebook = open_notebook(CELLS[:2])
    notebook.run_all()
    wait_for_picture(notebook.page)
    notebook.save()
    print(f"saved notebook: {notebook.path.stat().st_size / 1e6:.2f} MB for {len(rollout.action)} steps")
    assert notebook.path.stat().st_size < 300_000
    notebook.shutdown_kernel()
    notebook.load()
    inside = notebook.page.frame_locator("iframe[title='saved replay']")
    inside.get_by_label("play", exact=True).click(timeout=20_000)
    eventually(lambda: inside.locator(".clock").inner_text() > "0.5")
    notebook.screenshot("replay_saved_notebook")
    assert notebook.page.get_by_text("Error displaying widget").is_hidden()


def test_exported_notebook_plays(open_notebook, rollout, lab, browser, tmp_path):
    """What `jupyter nbconvert --to html` makes of a saved notebook, opened without a network."""
    rollout.save(lab.notebooks / "climb.safetensors")
    notebook = open_notebook(CELLS[:2])
    notebook.run_all()
    notebook.save()
    text, _ = HTMLExporter().from_filename(str(notebook.path))
    (tmp_path / "exported.html").write_text(text, encoding="utf-8")
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    page.context.set_offline(True)
    page.goto((tmp_path / "exported.html").as_uri())
    inside = page.frame_locator("iframe[title='saved replay']")
    inside.get_by_label("play", exact=True).click()
    eventually(lambda: inside.locator(".clock").inner_text() > "0.5")
    assert page.get_by_text("Replay of").count() == 0
    page.context.close()


def test_first_picture_comes_soon(open_notebook, rollout, lab):
    """From running the cell to the first picture: under 2 s."""
    rollout.save(lab.notebooks / "climb.safetensors")
    notebook = open_notebook(CELLS[:2])
    notebook.run_cell(0)
    notebook.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 1")
    seconds = notebook.page.evaluate(
        """async () => {
          const start = performance.now(), shown = () => document.querySelector(".twmr-replay")?.replay.drawn > 0;
          jupyterapp.commands.execute("notebook:run-cell");
          while (!shown() && performance.now() - start < 30000) await new Promise(requestAnimationFrame);
          return (performance.now() - start) / 1000;
        }"""
    )
    print(f"first picture after {seconds:.2f} s, load {os.getloadavg()[0]:.1f}")
    assert seconds < 2 or BUSY
