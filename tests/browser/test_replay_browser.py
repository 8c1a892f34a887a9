"""The 3D replay in a browser, without a kernel: poses and pictures against MuJoCo, playing, marks, no WebGL2, speed.

Pictures are kept in tests/artifacts; look at them after a change.
"""

import base64
import io

import mujoco
import numpy as np
import pytest
from boxes import barriers, troubles
from climb import climb, play_again
from lab import artifact, new_page, screenshot
from PIL import Image, ImageDraw
from replay_view import VIEW, chart_point, frame, seek
from waiting import wait_for

from twmr_nb.draw.replay_scene import episode_model
from twmr_nb.ui.replay import Replay
from twmr_nb.ui.replay import page as html_page

pytestmark = pytest.mark.browser


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
        page = new_page(in_browser or browser, **({"viewport": {"width": 1200, "height": 700}} | options))
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
    wait_for(lambda: frame(page) > 20)
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
    page.wait_for_function(f"() => !{VIEW}.dirty")
    before = page.evaluate(f"{VIEW}.drawn")
    page.wait_for_timeout(500)
    assert page.evaluate(f"{VIEW}.drawn") == before


def test_speed_is_real_time(show, rollout):
    """By a clock that this test turns: however slowly a machine draws, the robot's time is right."""
    page = show(Replay(rollout))
    page.clock.install(time=0)
    page.clock.pause_at(1)
    for speed in ("0.5", "4"):
        page.get_by_label("speed", exact=True).select_option(speed)
        page.evaluate(f"{VIEW}.playback.seek(0); window.began = performance.now(); {VIEW}.playback.play()")
        for _ in range(3):
            page.clock.fast_forward(400)
        cursor, seconds = page.evaluate(f"[{VIEW}.playback.cursor, ({VIEW}.playback.clock - began) / 1000]")
        assert seconds == pytest.approx(1.2, abs=0.05)
        assert cursor * 0.02 == pytest.approx(float(speed) * seconds, abs=0.03)


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
    words = "No WebGL2 in this browser: one moment of the episode, seen from its side, stands in."
    assert page.locator(".notice").inner_text() == words
    picture = page.get_by_role("img", name="The robot in 3D: a recorded climb")
    wait_for(lambda: picture.evaluate("(image) => image.naturalWidth") > 100)
    page.mouse.click(*chart_point(page, 165, 120))
    assert frame(page) == 165
    page.wait_for_function(f"() => !{VIEW}.dirty")
    screenshot(page, "replay_without_webgl")
    page.get_by_label("play", exact=True).click()
    wait_for(lambda: frame(page) > 175)


def test_a_lost_context_can_be_brought_back(show, rollout):
    page = show(Replay(rollout))
    page.evaluate(f"{VIEW}.painter.gl.getExtension('WEBGL_lose_context').loseContext()")
    wait_for(lambda: page.locator(".stage > img").evaluate("(image) => image.naturalWidth") > 100)
    button = page.get_by_role("button", name="bring it back")
    button.click()
    page.wait_for_function(f"() => {VIEW}.painter.gl && !{VIEW}.painter.gl.isContextLost()")
    assert page.locator(".notice").is_hidden()


# ---- for everyone ----


def test_nobody_is_kept_out(show, rollout):
    page = show(Replay(rollout))
    assert barriers(page, ".twmr-replay") == []


def test_it_says_what_it_shows_and_is_played_by_keys(show, rollout):
    page = show(Replay(rollout))
    picture = page.get_by_role("img", name="The robot in 3D: a recorded climb")
    time = page.get_by_role("slider", name="time")
    picture.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"() => !{VIEW}.dirty")
    assert time.get_attribute("aria-valuetext") == "0.04 of 10.00 seconds"
    assert "at 0.04 of 10.00 seconds: x " in picture.get_attribute("aria-label")
    page.keyboard.press("PageDown")
    page.wait_for_function(f"() => !{VIEW}.dirty")
    assert time.get_attribute("aria-valuetext") == "2.72 of 10.00 seconds, contact with the step"
    page.keyboard.press("Space")
    wait_for(lambda: frame(page) > 145)
    page.keyboard.press("Space")
    azimuth = page.evaluate(f"{VIEW}.orbit.azimuth")
    page.keyboard.press("Shift+D")  # as with caps lock
    assert page.evaluate(f"{VIEW}.orbit.azimuth") != azimuth


def test_help_is_reached_by_keyboard_and_finger(show, rollout):
    page = show(Replay(rollout))
    button = page.get_by_role("button", name="keys and help")
    button.press("Enter")
    assert "page up/down: marks" in page.get_by_role("status").inner_text()
    assert button.get_attribute("aria-expanded") == "true"
    button.press("Enter")
    assert page.locator(".notice").is_hidden()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_curve_can_be_told_from_the_page(show, rollout, scheme):
    """Light colours keep their hue and get a dark edge."""
    own = {name: np.linspace(0, 1, len(rollout.action)) for name in ("a", "b", "c", "d", "e", "f")}
    page = show(Replay(rollout, series=rollout.reward_terms | own | {"total": rollout.reward}), color_scheme=scheme)
    edges = page.evaluate(f"{VIEW}.chart.show.curves.map((c) => [c.color, c.edge])")
    paper = page.evaluate(f"getComputedStyle({VIEW}.root).backgroundColor")
    assert len(edges) == 13
    for color, edge in edges:
        if color != "ink":
            assert contrast(edge, paper) >= 3, (color, edge, paper)
    changed = {color for color, edge in edges if edge not in (color, "ink")}
    assert ({"#E69F00", "#56B4E9"} <= changed) == (scheme == "light")


def contrast(one, other):
    """How well two colours, #rrggbb or rgb(...), can be told apart, as WCAG counts it."""

    def luminance(color):
        parts = [int(color[i : i + 2], 16) for i in (1, 3, 5)] if color[0] == "#" else numbers_of(color)
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (p / 255 for p in parts)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def numbers_of(color):
    return [float(v) for v in color[color.index("(") + 1 : -1].split(",")[:3]]


@pytest.mark.parametrize(("wish", "plays"), [("no-preference", True), ("reduce", False)])
def test_it_plays_by_itself_only_where_motion_is_welcome(show, rollout, wish, plays):
    replay = Replay(rollout, autoplay=True)
    state = replay.state() | {"autoplay": True}
    replay.to_html = lambda: html_page(state)
    page = show(replay, reduced_motion=wish)
    if plays:
        wait_for(lambda: frame(page) > 0)
    else:
        page.wait_for_timeout(500)
        assert frame(page) == 0


@pytest.mark.parametrize("width", [620, 480, 360])
def test_nothing_is_cut_where_it_is_narrow(show, rollout, width):
    replay = Replay(rollout, ghost=play_again("tall_settings_on_5cm_1", "g" * 60))
    page = show(replay, viewport={"width": width, "height": 800})
    page.get_by_role("button", name="keys and help").click()
    assert troubles(page, ".twmr-replay") == []
    x, y = chart_point(page, 250, 120)
    page.mouse.click(x, y)
    assert frame(page) == 250  # the scaled chart is hit where it is seen
    screenshot(page, f"replay_{width}")
