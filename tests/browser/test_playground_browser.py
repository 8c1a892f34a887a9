"""The playground in a browser: its robot is Python's, and a person can drive, push and question it; without a network.

Pictures are kept in tests/artifacts; look at them after a change.
"""

import copy
import gzip
import importlib.util
from pathlib import Path

import mujoco
import numpy as np
import pytest
from boxes import barriers, troubles
from lab import new_page, screenshot

from twmr_nb.policies.saved import load_policy
from twmr_nb.robot.model import STEP_GEOM, height_to_box
from twmr_nb.task.env import TwmrEnv
from twmr_nb.task.rewards import REWARD_TERMS
from twmr_nb.task.simulation import STATE

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("build_playground", ROOT / "tools" / "build_playground.py")
tool = importlib.util.module_from_spec(spec)
spec.loader.exec_module(tool)

PLAY = "document.querySelector('.twmr-playground').playground"
REPLAYED = Path(__file__).with_name("playground.js").read_text()
STEPS, HEIGHTS = 200, (0.03, 0.05, 0.02, 0.045, 0.0)  # of each start, m
SAME, ALIKE = 1e-9, 1e-6  # of what is computed in the same way; of a network in float32 here and float64 there


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    path = tmp_path_factory.mktemp("site") / "playground.html"
    try:
        tool.build(path)
    except OSError as error:
        pytest.skip(str(error))
    return path


@pytest.fixture(scope="module")
def opened(built, browser):
    """The page, offline, once its robot can move; what it asked for and complained of is looked at last."""
    page = new_page(browser, viewport={"width": 1366, "height": 768})
    page.asked, page.errors = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("pageerror", lambda error: page.errors.append(str(error)))
    page.on("console", lambda message: message.type == "error" and page.errors.append(message.text))
    page.context.set_offline(True)
    page.goto(built.as_uri())
    page.wait_for_function(f"() => {PLAY}?.panel?.env")
    yield page
    assert page.errors == []
    assert [url for url in page.asked if not url.startswith(("file:", "data:", "blob:"))] == []
    page.context.close()


@pytest.fixture
def page(opened):
    """The page with a robot at the start, driven by hand, in its first world."""
    opened.evaluate(f"""async () => {{
      Object.assign({PLAY}, {{ playing: true, speed: 1, driver: "you" }});
      {PLAY}.hands.held.clear();
      {PLAY}.find('[data-is=height]').value = 0.04;
      {PLAY}.setHeight(0.04);
      await {PLAY}.enter("climber");
    }}""")
    opened.locator(".stage canvas").focus()
    return opened


# ---- against Python ----


def recorded(name, seed):
    """An episode of a shipped policy in Python: what the page is given, and what must come out."""
    saved, height = load_policy(name), HEIGHTS[seed]
    env = TwmrEnv(tool.page_world(saved), 1, autoreset=False)
    env.set_step_heights(height, height)
    obs, _ = env.reset(seed=seed)
    player = saved.player()
    player.reset(1)
    given = {"world": name, "height": height, "states": [], "actions": [], "obs": []}
    wanted = []
    for _ in range(STEPS):
        action, state = player.act(obs), env.get_state()
        feeling = {k.removeprefix("feeling/"): v[0].tolist() for k, v in state.items() if k.startswith("feeling/")}
        known = {"passed": bool(state["passed"][0]), "action": state["action"][0].tolist()}
        known |= {"physics": state["physics"][0].tolist(), "feeling": feeling, "gate": float(state["gate"][0])}
        given["states"].append(known)
        given["actions"].append(action[0].tolist())
        given["obs"].append(obs[0].tolist())
        obs, _, terminated, _, info = env.step(action)
        paid = [info["reward_terms"].get(term.name, [0.0])[0] for term in REWARD_TERMS]
        raw = [info["reward_terms_raw"].get(term.name, [np.nan])[0] for term in REWARD_TERMS]
        more = {"qpos": env.sim.qpos[0].copy(), "ctrl": env.sim.ctrl[0].copy(), "gate": info["gate"][0]}
        wanted.append(more | {"raw": raw, "paid": paid, "seen": obs[0].copy()})
        if terminated[0]:
            break
    return env, given, wanted


def spread(env, state, ctrl):
    """How far Python's own joints come apart in a control step when their last bits are others."""
    model = copy.copy(env.sim.model)
    step = model.geom(STEP_GEOM).id
    model.geom_pos[step, 2], model.geom_size[step, 2] = height_to_box(env.sim.heights[0])
    data, rng, ends = mujoco.MjData(model), np.random.default_rng(0), []
    for trial in range(25):
        near = np.array(state)
        near[1:46] *= 1 + (trial > 0) * rng.uniform(-4e-16, 4e-16, 45)
        mujoco.mj_setState(model, data, near, STATE)
        data.ctrl = ctrl
        for _ in range(env.sim.frame_skip):
            mujoco.mj_step(model, data)
        ends.append(data.qpos.copy())
    return float(np.ptp(ends, axis=0).max())


@pytest.mark.parametrize(
    "name", ["climber", "flip_7cm", "hopeless", pytest.param("walkthrough", marks=pytest.mark.slow)]
)
def test_the_robot_of_the_page_is_that_of_python(opened, name):
    """Joints, gates, rewards, observations and actions of 5 starts x 200 control steps, each from Python's own state.

    Where a leg meets the step's edge, the last bit may decide which contact MuJoCo finds. There Python's own robot
    comes apart by as much when its last bits are changed; such steps must be few.
    """
    edges, off = 0, 0.0
    for seed in range(len(HEIGHTS)):
        env, given, wanted = recorded(name, seed)
        for i, (here, there) in enumerate(zip(opened.evaluate(REPLAYED, given), wanted, strict=True)):
            off = max(off, np.abs(np.subtract(here["answer"], given["actions"][i])).max())
            far = np.abs(np.subtract(here["qpos"], there["qpos"])).max()
            if far > SAME:
                edges += 1
                assert far < 10 * spread(env, given["states"][i]["physics"], there["ctrl"]), f"start {seed}, step {i}"
                continue
            np.testing.assert_allclose(here["gate"], there["gate"], atol=SAME)
            np.testing.assert_allclose(here["paid"], there["paid"], atol=SAME, rtol=0)
            scored = ~np.isnan(there["raw"])
            np.testing.assert_allclose(np.array(here["raw"])[scored], np.array(there["raw"])[scored], atol=SAME, rtol=0)
            np.testing.assert_allclose(here["seen"], there["seen"][: len(here["seen"])], atol=1e-6, rtol=3e-7)
    assert off < ALIKE
    assert edges <= 0.02 * STEPS * len(HEIGHTS)


@pytest.mark.parametrize("name", ["climber", "flip_7cm", "hopeless"])
def test_an_episode_begins_as_in_python(opened, name):
    """The same draws lead to the same start, and then for a while along the same way."""
    world = tool.page_world(load_policy(name))
    env = TwmrEnv(world, 1)
    env.set_step_heights(0.05, 0.05)
    obs, _ = env.reset(seed=5)
    rng = np.random.default_rng(5)
    rng.uniform(0.05, 0.05)
    aside = [rng.uniform(-reach, reach) if reach else 0.0 for reach in (world.start_x_range, world.start_yaw_range)]
    draws = [rng.normal(0, world.reset_noise, size).tolist() for size in (23, 22)]
    drawn = {"x": aside[0], "yaw": world.start_yaw + aside[1], "qpos": draws[0], "qvel": draws[1]}
    script = f"""async ([name, drawn]) => {{
      {PLAY}.playing = false;
      await {PLAY}.enter(name);
      const {{ env }} = {PLAY}, mode = env.world.config.obs_mode;
      env.reset(0.05, drawn);
      const start = [...env.data.qpos], seen = [...env.observation(mode)];
      for (let k = 0; k < 25; k++) env.step([0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0], env.world.config.action_mode);
      return {{ start, seen, end: [...env.data.qpos] }};
    }}"""
    found = opened.evaluate(script, [name, drawn])
    np.testing.assert_allclose(found["start"], env.sim.qpos[0], atol=SAME)
    np.testing.assert_allclose(found["seen"], obs[0][: len(found["seen"])], atol=1e-5)
    for _ in range(25):
        env.step(np.array([[0.5, 0.5, 0.5, 0.5, 0, 0, 0, 0]], np.float32))
    np.testing.assert_allclose(found["end"], env.sim.qpos[0], atol=SAME)


# ---- a person ----


def now(page, what):
    return page.evaluate(f"{PLAY}.{what}")


def wait(page, condition):
    page.wait_for_function(f"() => {{ const play = {PLAY}, {{ env }} = play; return {condition}; }}")


def test_arrows_drive_ahead_and_turn_to_the_left(page):
    page.keyboard.down("ArrowUp")
    wait(page, "env.data.qpos[0] > 0.1")
    page.keyboard.down("a")
    wait(page, "play.heading(env.data.qpos)[0] > 0.1")  # y is to the left
    page.keyboard.up("a")
    page.keyboard.up("ArrowUp")
    assert now(page, "hands.held.size") == 0


def test_legs_come_out_by_key_and_by_slider_and_show_it(page):
    page.keyboard.down("e")
    wait(
        page,
        "Math.abs(env.data.qpos[8] - env.robot.middle) < 0.1 && Math.abs(env.data.qpos[16] - env.robot.middle) < 0.1",
    )
    page.keyboard.up("e")
    wait(page, "play.find('[data-legs=front]').value === '1'")
    page.locator("[data-legs=rear]").fill("0")
    wait(page, "env.data.qpos[16] > 3 || env.data.qpos[16] < -0.7")
    assert abs(page.evaluate(f"{PLAY}.env.data.qpos[8] - {PLAY}.env.robot.middle")) < 0.2


def test_a_policy_that_is_given_the_wheel_climbs_and_gives_it_back(page):
    page.evaluate(f"{PLAY}.speed = 4")  # as fast as this machine can
    page.keyboard.press("h")
    assert page.locator(".hud .title").inner_text().startswith("climber drives")
    assert "its memory begins here" in page.locator(".notice").inner_text()
    wait(page, "env.data.qpos[0] > 0.55 && env.data.qpos[2] > 0.05")
    screenshot(page, "playground_climbs")
    page.keyboard.down("s")  # whoever steers drives
    assert now(page, "driver") == "you"
    page.keyboard.up("s")


@pytest.mark.parametrize(("side", "axis", "sign"), [("from behind", 0, 1), ("from the left", 1, -1)])
def test_a_push_moves_it_where_it_points(page, side, axis, sign):
    page.evaluate(f"{PLAY}.playing = false")
    page.locator("[data-is=side]").select_option(side)
    page.locator("[data-is=impulse]").fill("2")
    page.locator("[data-do=push]").click()
    moved = page.evaluate(f"""() => {{
      const {{ env }} = {PLAY}, before = [...env.data.qpos];
      for (let k = 0; k < 25; k++) env.step({PLAY}.hands.act(env), "leg_position");
      return [0, 1].map((axis) => env.data.qpos[axis] - before[axis]);
    }}""")
    assert sign * moved[axis] > 0.005
    assert sign * moved[axis] > 2 * abs(moved[1 - axis])


def test_a_weight_acts_at_once_and_the_sums_are_what_was_paid(page):
    page.keyboard.down("w")
    wait(page, "env.steps > 40")
    page.keyboard.up("w")
    page.keyboard.press("Space")
    page.get_by_label("weight of forward").fill("70")
    weight, sums, paid, scores = (now(page, f"env.{name}") for name in ("weights.forward", "sums", "paid", "scores"))
    assert weight > 0
    assert paid["forward"] == weight * scores["forward"]["raw"]
    row = page.locator(".rewards").inner_text()
    assert f"{weight * sums['forward']:+#.3g}" in row
    page.get_by_role("button", name="weights as they were").click()
    assert now(page, "env.weights.forward") == 0
    total = page.evaluate(f"""() => {{
      const {{ env }} = {PLAY}, sum = (each) => Object.values(each).reduce((a, b) => a + b, 0);
      let before = sum(env.earned), paid = 0;
      for (let k = 0; k < 50; k++) {{ env.step([1, 1, 1, 1, 0, 0, 0, 0], "leg_position"); paid += sum(env.paid); }}
      return sum(env.earned) - before - paid;
    }}""")
    assert total == pytest.approx(0, abs=1e-9)


def test_the_step_rises_at_once_before_a_robot_that_is_far_and_later_for_one_that_is_near(page):
    page.locator("[data-is=height]").fill("0.06")
    assert now(page, "env.height") == 0.06
    assert page.locator("[data-is=cm]").inner_text() == "6 cm"
    page.evaluate(f"{PLAY}.env.data.qpos[0] = {PLAY}.world.edge")
    page.locator("[data-is=height]").fill("0.02")
    assert now(page, "env.height") == 0.06
    assert page.locator("[data-is=cm]").inner_text() == "2 cm, from the next start"
    page.locator(".stage canvas").focus()
    page.keyboard.press("r")
    assert now(page, "env.height") == 0.02


def test_a_fall_ends_the_episode_and_says_how_to_begin_anew(page):
    page.evaluate(f"{PLAY}.env.data.qpos.set([0, 1, 0, 0], 3)")  # on its back
    page.get_by_text("The episode ends: the robot fell. R, or the button, begins anew.").wait_for()
    steps = now(page, "env.steps")
    page.get_by_role("button", name="begin anew").click()
    assert page.locator(".notice").is_hidden()
    assert now(page, "env.steps") <= steps + 2
    assert now(page, "env.over") == ""


def test_every_world_can_be_entered(page):
    for name in page.evaluate(f"{PLAY}.given.worlds.map((world) => world.name)"):
        page.evaluate(f"{PLAY}.driver = 'policy'")
        page.locator("[data-is=world]").select_option(name)
        wait(page, f"play.world.name === '{name}' && play.driver === '{name}' && env.steps > 5")


def test_keys_never_hold_a_person(page):
    """Tab goes on through the page; Escape leaves a slider, whose arrows are its own."""
    slider = page.locator("[data-is=height]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert now(page, "hands.held.size") == 0
    assert float(slider.input_value()) == 0.045
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.tagName") == "CANVAS"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.do") == "hand"
    page.keyboard.press("Space")  # presses the button, and does not pause
    assert (now(page, "driver"), now(page, "playing")) == ("climber", True)


# ---- the page ----


def test_the_page_is_small_and_names_the_licence(built):
    text = built.read_bytes()
    assert len(gzip.compress(text, 9)) < 6e6
    assert b"Apache License" in text
    assert b"export default" not in text


@pytest.mark.parametrize(("width", "scheme"), [(1366, "light"), (1366, "dark"), (390, "light")])
def test_everything_fits_and_can_be_reached(built, browser, width, scheme):
    page = new_page(browser, viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto(built.as_uri())
    page.wait_for_function(f"() => {PLAY}?.panel?.env")
    page.evaluate(f"{PLAY}.playing = false")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert troubles(page, ".twmr-playground") == []
    assert barriers(page, "main") == []
    screenshot(page, f"playground_{width}_{scheme}", full_page=True)
    page.context.close()


def test_without_graphics_a_picture_and_one_line_stand_in(built, browser_without_webgl):
    page = new_page(browser_without_webgl)
    page.goto(built.as_uri())
    page.get_by_text("To move, the robot needs JavaScript, WebAssembly and WebGL2").wait_for()
    assert page.locator(".fallback img").evaluate("image => image.decode().then(() => image.naturalWidth)") > 300
    assert page.locator(".twmr-playground").is_hidden()
    page.context.close()
