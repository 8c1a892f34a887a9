"""The playground in a browser: its robot is Python's, and a person can drive, push and question it; without a network.

Pictures are kept in tests/artifacts; look at them after a change.
"""

import copy
import gzip
import random
from pathlib import Path

import mujoco
import nbformat
import numpy as np
import pytest
from boxes import barriers, moving, troubles, until_still
from lab import new_page, screenshot
from storms import assert_flat, heap, storm

from tools import build_playground as tool
from twmr_nb.config.fields import settings_of
from twmr_nb.config.schema import EnvConfig
from twmr_nb.draw.replay_scene import WHEEL_BODIES
from twmr_nb.episodes.rollout import load_rollout, record
from twmr_nb.episodes.worlds import world
from twmr_nb.policies.saved import load_policy
from twmr_nb.robot.model import STEP_GEOM, height_to_box
from twmr_nb.task.disturbance import Circumstances, Pull, wrench
from twmr_nb.task.env import ACCELEROMETER_NOISE, GYRO_NOISE, JOINT_NOISE, SPEED_NOISE, TwmrEnv
from twmr_nb.task.rewards import REWARD_TERMS
from twmr_nb.task.simulation import STATE
from twmr_nb.ui.reward_explorer import RewardExplorer
from twmr_nb.ui.stage import Stage
from twmr_nb.ui.stops import stops

pytestmark = pytest.mark.browser


PLAY = "document.querySelector('.twmr-playground').playground"
REPLAYED = Path(__file__).with_name("playground.js").read_text()
STEPS, HEIGHTS = 200, (0.03, 0.05, 0.02, 0.045, 0.0)  # of each start, m
STORMS = 40
SAME, ALIKE = 1e-9, 1e-6  # of what is computed in the same way; of a network in float32 here and float64 there
LAST_BITS = 1e-12  # rad and m; joints come closer than this where no last bit decides about a contact


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
    """The page with a robot at the start, to be driven by hand, in its first world."""
    opened.mouse.up()  # a test that failed may have held it
    opened.evaluate(f"""async () => {{
      {PLAY}.view.levers.release();
      Object.assign({PLAY}, {{ playing: false, pace: 1, driver: "you", kept: [] }});
      {PLAY}.find(".kept").hidden = true;
      {PLAY}.meetAsUsual();
      await {PLAY}.enter("climber");
    }}""")
    opened.locator(".stage canvas").focus()
    return opened


# ---- against Python ----


def recorded(name, seed, steps=STEPS, delay=0, **circumstances):
    """An episode of a shipped policy in Python: what the page is given, and what must come out."""
    saved, height = load_policy(name), HEIGHTS[seed]
    env = TwmrEnv(tool.page_world(saved).replace(action_delay=delay), 1, autoreset=False)
    env.set_step_heights(height, height)
    obs, _ = env.reset(seed=seed)
    Circumstances(**circumstances).apply(env.sim, env.sim.factors.copy())
    player = saved.player()
    player.reset(1)
    given = {"world": name, "height": height, "states": [], "actions": [], "obs": []}
    given |= {"delay": delay, "circumstances": circumstances}
    wanted = []
    for _ in range(steps):
        action, state = player.act(obs), env.get_state()
        feeling = {k.removeprefix("feeling/"): v[0].tolist() for k, v in state.items() if k.startswith("feeling/")}
        known = {"passed": bool(state["passed"][0]), "action": state["action"][0].tolist()}
        known |= {"physics": state["physics"][0].tolist(), "feeling": feeling, "gate": float(state["gate"][0])}
        known["waiting"] = state["on_the_way"][:, 0].tolist()
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


def assert_ways_part_only_where_pythons_own_do(opened, env, given, wanted):
    """From the start alone, under Python's actions: every joint within 1e-9 to the end, or to such a last bit."""
    ways = zip(opened.evaluate(REPLAYED, given | {"free": True}), wanted, strict=True)
    gaps = [np.abs(np.subtract(here["qpos"], there["qpos"])).max() for here, there in ways]
    if parted := next((i for i, gap in enumerate(gaps) if gap > SAME), None):
        own = spread(env, given["states"][parted]["physics"], wanted[parted]["ctrl"])
        assert gaps[parted] < 10 * own, f"step {parted}: {gaps[parted]:.1e} apart, Python's own {own:.1e}"


ALL = [
    pytest.param(n, len(HEIGHTS), marks=pytest.mark.slow)
    for n in ("climber", "high_climber", "flip_7cm", "hopeless", "walkthrough")
]


@pytest.mark.parametrize(("name", "starts"), [("climber", 2), *ALL])
def test_the_robot_of_the_page_is_that_of_python(opened, name, starts):
    """Joints, gates, rewards, observations and actions of 200 control steps, each from Python's own state.

    Where a leg meets the step's edge, the last bit may decide which contact MuJoCo finds. There Python's own robot
    comes apart by as much when its last bits are changed; such steps must be few.
    """
    edges, off = 0, 0.0
    for seed in range(starts):
        env, given, wanted = recorded(name, seed)
        assert_ways_part_only_where_pythons_own_do(opened, env, given, wanted)
        for i, (here, there) in enumerate(zip(opened.evaluate(REPLAYED, given), wanted, strict=True)):
            off = max(off, np.abs(np.subtract(here["answer"], given["actions"][i])).max())
            far = np.abs(np.subtract(here["qpos"], there["qpos"])).max()
            if far > LAST_BITS:
                edges += 1
                assert far < 10 * spread(env, given["states"][i]["physics"], there["ctrl"]), f"start {seed}, step {i}"
            if far > SAME:
                continue
            np.testing.assert_allclose(here["gate"], there["gate"], atol=SAME)
            np.testing.assert_allclose(here["paid"], there["paid"], atol=SAME, rtol=0)
            scored, speed = ~np.isnan(there["raw"]), far / env.sim.ctrl_dt  # that a gap of places is
            near = {"atol": max(SAME, 2 * speed), "rtol": 0}
            np.testing.assert_allclose(np.array(here["raw"])[scored], np.array(there["raw"])[scored], **near)
            if far > LAST_BITS:  # a push that is felt comes apart by more
                continue
            np.testing.assert_allclose(here["seen"], there["seen"][: len(here["seen"])], atol=1e-6, rtol=3e-7)
    assert off < ALIKE
    assert edges <= 0.02 * STEPS * starts


@pytest.mark.parametrize("name", ["climber", "hopeless"])  # whose legs are servos, and torques
@pytest.mark.parametrize(
    "met",
    [{"friction": 0.3}, {"payload": 1.5}, {"strength": 0.5}, {"slope": 12.0}, {"delay": 3}],
    ids=lambda met: next(iter(met)),
)
def test_what_the_robot_meets_does_what_it_does_in_python(opened, name, met):
    """Step by step on the flat, each from Python's own state; and it makes a difference."""
    _, given, wanted = recorded(name, 0, 40, **met)
    found = opened.evaluate(REPLAYED, given)
    np.testing.assert_allclose([each["qpos"] for each in found], [each["qpos"] for each in wanted], atol=SAME, rtol=0)
    np.testing.assert_allclose([each["paid"] for each in found], [each["paid"] for each in wanted], atol=SAME, rtol=0)
    assert len(found) == 40
    alike = opened.evaluate(
        REPLAYED,
        given | {"circumstances": {}, "delay": 0, "free": True, "states": [given["states"][0] | {"waiting": []}] * 40},
    )
    assert np.abs(np.subtract(alike[-1]["qpos"], wanted[-1]["qpos"])).max() > 1e-6


def test_noise_is_as_strong_as_in_python(page):
    """Of a robot that rests: senses and joints, read 4,000 times."""
    found = page.evaluate(f"""() => {{
      const {{ env }} = {PLAY}, read = [() => env.observation("proprio").slice(0, 16)];
      read.push(() => Object.values(env.sense(env.world.config.sensor_noise)).slice(0, 2).flat());
      return read.map((look) => {{
        const still = look();
        env.world.config.sensor_noise = 0.5;
        const seen = Array.from({{ length: 4000 }}, () => Array.from(look(), (v, k) => v - still[k]));
        env.world.config.sensor_noise = 0;
        return seen;
      }});
    }}""")
    joints, senses = (np.array(each) for each in found)
    sizes = [JOINT_NOISE, SPEED_NOISE, JOINT_NOISE, SPEED_NOISE, ACCELEROMETER_NOISE, GYRO_NOISE]
    for size, values in zip(sizes, [*np.split(joints, 4, axis=1), *np.split(senses, 2, axis=1)], strict=True):
        assert values.std() == pytest.approx(0.5 * size, rel=0.04)
        assert abs(values.mean()) < 0.03 * size


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


def test_a_spring_pulls_as_in_python(page):
    world = tool.page_world(load_policy("climber"))
    env = TwmrEnv(world, 1, autoreset=False)
    env.set_step_heights(0.04, 0.04)
    env.reset(seed=1)
    model, data, start = env.sim.model, mujoco.MjData(env.sim.model), env.get_state()
    wheel = model.body(WHEEL_BODIES[0]).id
    pull = Pull(wheel, (0.0, 0.01, 0.02), (0.2, 0.15, 0.25))
    ends, forces = [], []
    for _ in range(25):
        data.qpos, data.qvel = env.sim.qpos[0], env.sim.qvel[0]
        for compute in (mujoco.mj_kinematics, mujoco.mj_comPos, mujoco.mj_comVel):
            compute(model, data)
        point, force = pull.force(model, data)
        outside = np.zeros((1, model.nbody, 6))
        outside[0, wheel] = wrench(data, wheel, point, force)
        env.sim.set_forces(outside)
        env.step(np.zeros((1, 8), np.float32))
        ends.append(env.sim.qpos[0].copy())
        forces.append([*point, *force])
    found = page.evaluate(
        f"""([physics, pull]) => {{
          const {{ env, mj }} = {PLAY};
          mj.mj_setState(env.model, env.data, physics, mj.mjtState.mjSTATE_INTEGRATION.value);
          env.gate = 0;
          return Array.from({{ length: 25 }}, () => {{
            env.pull = pull;
            const {{ qpos }} = env.step(new Array(8).fill(0));
            return {{ qpos, pulled: env.pulled.flat() }};
          }});
        }}""",
        [start["physics"][0].tolist(), {"body": pull.body, "at": list(pull.at), "to": list(pull.to)}],
    )
    assert np.linalg.norm(forces[0][3:]) > 10
    np.testing.assert_allclose([each["pulled"] for each in found], forces, atol=1e-7)
    np.testing.assert_allclose([each["qpos"] for each in found], ends, atol=SAME)


# ---- a person ----


def slide(page, name, value):
    """Move a slider of the world to the stop of this value."""
    page.evaluate(
        f"""([name, value]) => {{
      const {{ given, rows }} = {PLAY}, {{ slider }} = rows[name];
      for (let k = 0; k <= Number(slider.max); k++) {{
        slider.value = k;
        slider.oninput();
        if ({PLAY}.met(given.settings.find((each) => each.name === name)) === value) return;
      }}
      throw new Error(`${{name}} has no stop ${{value}}`);
    }}""",
        [name, value],
    )


def test_the_sliders_of_the_world_are_the_notebooks_and_act_at_once(page):
    stage = Stage("climber", tool.page_world(load_policy("climber")), seed=0)
    rows = [*stage.rows.values(), *stage.circumstances.values()]
    labels = {
        row.label: row for row in rows if row.setting.name in now(page, "given.settings.map((each) => each.name)")
    }
    assert len(labels) == 7
    for label, row in labels.items():
        slider = page.get_by_label(label, exact=True)
        for key, value in (("Home", row.stops[0]), ("End", row.stops[-1])):
            slider.press(key)
            told = f"{value:g}".replace("-", "−")
            assert slider.get_attribute("aria-valuetext") == f"{told} {row.unit}".strip()
    for name, value in (("friction", 2.0), ("payload", 3.0), ("strength", 1.0), ("slope", 25.0)):
        assert now(page, f"env.circumstances.{name}") == value
    page.keyboard.press("Backspace")  # they stay over a start and another driver, as in the notebook
    page.locator("[data-is=driver]").select_option("hopeless")
    wait(page, "play.world.name === 'hopeless' && play.panel.env === env")
    assert now(page, "env.circumstances") == {"friction": 2, "payload": 3, "strength": 1, "slope": 25}
    page.get_by_role("button", name="world as it was").click()
    assert now(page, "env.circumstances") == {"friction": 1, "payload": 0, "strength": 1, "slope": 0}


@pytest.mark.parametrize(("name", "by"), [("climber", "climber"), ("hopeless", "you")])
def test_a_kept_drive_is_an_episode_of_the_notebook(page, tmp_path, name, by):
    """From the page to a file to Python: what it paid, term by term, and what other settings would pay."""
    page.locator("[data-is=driver]").select_option(name)
    wait(page, f"play.world.name === '{name}' && play.panel.env === env")
    slide(page, "friction", 0.79)
    slide(page, "sensor_noise", 0.5)
    slide(page, "action_delay", 1)
    page.evaluate(f"() => {{ for (let k = 0; k < 150; k++) {PLAY}.stepOnce(); }}")
    slide(page, "step_height", 0.03)  # with the robot far from it, at once
    if by == "you":
        page.evaluate(f"() => {{ {PLAY}.give('you'); {PLAY}.hands.levers.ahead = 1; }}")
    page.evaluate(f"() => {{ for (let k = 0; k < 350; k++) {PLAY}.env.over || {PLAY}.stepOnce(); }}")
    page.get_by_label("weight of forward", exact=True).first.press("End")
    page.locator("[data-do=keep]").click()
    title = name if by == name else f"{name} then {by}"
    with page.expect_download() as download:
        page.get_by_role("button", name=f"save {title}, ").last.click()
    assert download.value.suggested_filename.startswith(f"{title.replace(' ', '_')}_")
    rollout = load_rollout(download.value.path())
    assert rollout.title == title
    assert len(rollout.time) == now(page, "env.steps") > 100
    assert (rollout.config.action_delay, rollout.config.sensor_noise) == (1, 0.5)
    assert rollout.config.forward_weight > 0
    totals = {name: float(values.sum()) for name, values in rollout.reward_terms.items()}
    shown = now(page, "env.earned")
    assert totals | {"total": 0} == pytest.approx({name: shown[name] for name in totals} | {"total": 0}, abs=SAME)
    again = RewardExplorer(rollout).scored.totals
    assert again == rollout.rescore().totals
    # NumPy's cosine of float32, in `folded`, is rounded in a way of its own
    assert again.pop("total") == pytest.approx(sum(totals.values()), abs=1e-5)
    assert again.pop("folded", 0) == pytest.approx(totals.pop("folded", 0), abs=1e-5)
    assert again == pytest.approx(totals, abs=SAME)
    page.get_by_role("button", name="world as it was").click()
    assert now(page, "env.circumstances.friction") == 1
    assert [now(page, f"env.world.config.{name}") for name in ("sensor_noise", "action_delay")] == [0, 0]


def test_kept_drives_stand_beside_each_other_and_are_paid_anew(page):
    for _ in range(2):
        page.evaluate(f"() => {{ {PLAY}.restart(); for (let k = 0; k < 60; k++) {PLAY}.stepOnce(); }}")
        page.keyboard.press("k")
    assert page.locator("[data-do=keep]").inner_text() == f"keep ({now(page, 'kept.length')})"
    kept = page.locator(".kept")
    assert kept.locator("thead th[scope=col]").count() == now(page, "kept.length")
    before = kept.locator("tfoot b").all_inner_texts()
    kept.get_by_label("weight of alive").press("End")
    assert kept.locator("tfoot b").all_inner_texts() != before
    kept.get_by_role("button", name="all as it was").click()
    assert kept.locator("tfoot b").all_inner_texts() == before
    screenshot(page, "playground_kept", full_page=True)


def now(page, what):
    return page.evaluate(f"{PLAY}.{what}")


def wait(page, condition):
    page.wait_for_function(f"() => {{ const play = {PLAY}, {{ env }} = play; return {condition}; }}")


def test_arrows_drive_ahead_and_turn_to_the_left(page):
    assert now(page, "playing") is False
    page.keyboard.down("ArrowUp")  # which starts the clock
    wait(page, "env.data.qpos[0] > 0.1")
    page.keyboard.down("a")
    wait(page, "2 * Math.atan2(env.data.qpos[6], env.data.qpos[3]) > 0.1")  # y is to the left
    page.keyboard.up("a")
    page.keyboard.up("ArrowUp")
    assert set(now(page, "hands.levers").values()) == {0}


def test_legs_come_out_by_key_and_by_slider_and_show_it(page):
    page.keyboard.down("e")
    wait(
        page,
        "Math.abs(env.data.qpos[8] - env.robot.middle) < 0.1 && Math.abs(env.data.qpos[16] - env.robot.middle) < 0.1",
    )
    page.keyboard.up("e")
    wait(page, "play.find('[data-legs=front]').value === '100'")
    page.locator("[data-legs=rear]").fill("0")
    wait(page, "env.data.qpos[16] > 3 || env.data.qpos[16] < -0.7")
    assert abs(page.evaluate(f"{PLAY}.env.data.qpos[8] - {PLAY}.env.robot.middle")) < 0.2


def test_the_last_of_quick_steps_is_told(page):
    """Though it may come while the numbers of the one before are still to be read, as happened in one round of four."""
    for _ in range(4):
        page.evaluate(f"""async () => {{
          for (let k = 0; k < 7; k++) {{
            {PLAY}.view.tell({{ do: "step" }});
            await new Promise(requestAnimationFrame);
          }}
        }}""")
        wait(page, "play.find('[data-is=time]').textContent === (env.steps * play.world.dt).toFixed(2)")


def test_a_policy_that_is_given_the_wheel_climbs_and_gives_it_back(page):
    page.evaluate(f"{PLAY}.pace = 4")  # as fast as this machine can
    page.keyboard.down("w")
    wait(page, "env.steps > 10")
    page.keyboard.up("w")
    page.locator("[data-is=driver]").select_option("climber")
    assert "with a fresh memory" in page.locator(".hud .title").inner_text()
    wait(page, "env.data.qpos[0] > 0.55 && env.data.qpos[2] > 0.05")
    screenshot(page, "playground_climbs")
    page.locator(".stage canvas").focus()
    page.keyboard.down("s")  # whoever steers drives
    assert now(page, "driver") == "you"
    page.keyboard.up("s")


def test_nobody_drives_without_power(page):
    """No motor holds a robot that somebody sets going."""
    page.locator("[data-is=driver]").select_option("nobody")
    moved = page.evaluate(f"""() => {{
      const {{ env }} = {PLAY}, from = env.data.qpos[0];
      env.data.qvel[0] = 0.3;
      for (let k = 0; k < 10; k++) {PLAY}.stepOnce();
      return env.data.qpos[0] - from;
    }}""")
    assert set(now(page, "env.transition.torque")) == {0}
    assert moved > 0.002
    page.locator("[data-is=driver]").select_option("you")
    page.evaluate(f"{PLAY}.stepOnce()")
    assert max(map(abs, now(page, "env.transition.torque"))) > 0


def test_five_seconds_back_all_is_as_it_was(page):
    """A policy under way: its robot, senses, sums and gate; but its memory begins afresh."""
    page.locator("[data-is=driver]").select_option("climber")
    was = page.evaluate(f"""() => {{
      const play = {PLAY}, states = {{}};
      for (let k = 0; k < 310; k++) {{
        if (k === 50) Object.assign(states, structuredClone(play.env.moment()));
        play.stepOnce();
      }}
      return states;
    }}""")
    page.keyboard.press("z")
    page.wait_for_function(f"() => {PLAY}.env.steps === 50")
    found = now(page, "env.moment()")
    assert found == {name: was[name] for name in found}
    assert was["own"]["sums"]["climb"] != 0
    assert set(page.evaluate(f"Object.values({PLAY}.player.memories[0].out)")) == {0}
    assert "since 1.00 s, with a fresh memory" in page.locator(".hud .title").inner_text()


def test_the_robot_is_pulled_where_it_is_dragged(page):
    page.locator("[data-is=driver]").select_option("nobody")
    page.locator("[data-do=play]").click()
    x, y = page.evaluate(f"""() => {{
      const {{ view }} = {PLAY}, box = view.stage.getBoundingClientRect();
      const [x, y] = view.where(view.frame.qpos.slice(0, 3));
      return [box.x + x, box.y + y];
    }}""")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y - 30, steps=3)
    wait(page, "env.pulled && Math.hypot(...env.pulled[1]) > 2")
    page.locator(".newtons").wait_for()
    screenshot(page, "playground_pulled")
    before, force = now(page, "view.frame.qpos.slice(0, 3)"), now(page, "env.pulled[1]")
    wait(page, f"Math.hypot(env.data.qpos[0] - {before[0]}, env.data.qpos[1] - {before[1]}) > 0.02")
    after = now(page, "view.frame.qpos.slice(0, 3)")
    assert sum(f * (b - a) for f, a, b in zip(force, before, after, strict=True)) > 0
    page.evaluate("() => document.querySelector('[data-do=play]').click()")  # the mouse is busy
    wait(page, "!play.playing && Math.hypot(...play.view.frame.pull) > 0")
    page.mouse.up()
    wait(page, "Math.hypot(...play.view.frame.pull) === 0")


def test_a_gamepad_drives(page):
    pad = "[null, { axes: [0, -1], buttons: [{ pressed: false }] }]"
    page.evaluate(f"() => {{ navigator.getGamepads = () => {pad}; }}")
    wait(page, "env.data.qpos[0] > 0.05")
    page.evaluate("() => { delete navigator.getGamepads; }")
    wait(page, "play.hands.levers.ahead === 0")


@pytest.mark.parametrize(("way", "axis", "sign"), [("ahead", 0, 1), ("to the right", 1, -1)])
def test_a_push_moves_it_where_it_points(page, way, axis, sign):
    page.locator("[data-is=way]").select_option(label=way)
    page.locator("[data-is=impulse]").fill("2")
    page.locator("[data-do=push]").click()
    moved = page.evaluate(f"""() => {{
      const {{ env }} = {PLAY}, before = [...env.data.qpos];
      for (let k = 0; k < 25; k++) {PLAY}.stepOnce();
      return [0, 1].map((axis) => env.data.qpos[axis] - before[axis]);
    }}""")
    assert sign * moved[axis] > 0.005
    assert sign * moved[axis] > 2 * abs(moved[1 - axis])


def test_a_push_without_a_size_asks_for_one(page):
    box = page.locator("[data-is=impulse]")
    box.fill("")
    page.locator("[data-do=push]").click()
    assert page.evaluate("() => document.activeElement.dataset.is") == "impulse"


def test_a_weight_acts_at_once_and_the_sums_are_what_was_paid(page):
    page.keyboard.down("w")
    wait(page, "env.steps > 40")
    page.keyboard.up("w")
    page.keyboard.press("Space")
    wait(page, "!play.playing")
    page.get_by_label("weight of forward").first.fill("70")
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
    slide(page, "step_height", 0.06)
    assert now(page, "env.height") == 0.06
    assert page.locator(".notice").is_hidden()
    page.evaluate(f"{PLAY}.env.data.qpos[0] = {PLAY}.world.edge")
    slide(page, "step_height", 0.02)
    assert now(page, "env.height") == 0.06
    assert page.locator(".notice").inner_text() == "The step is that high from the next start on."
    page.locator(".stage canvas").focus()
    page.keyboard.press("Backspace")
    assert now(page, "env.height") == 0.02


def test_a_fall_ends_the_episode_and_says_how_to_begin_anew(page):
    page.evaluate(f"{PLAY}.env.data.qpos.set([0, 1, 0, 0], 3)")  # on its back
    page.keyboard.press("Space")
    page.get_by_text("The episode is over: fell. Start anew, or go back by five seconds.").wait_for()
    assert now(page, "playing") is False
    page.get_by_role("button", name="start anew").click()
    assert page.locator(".notice").is_hidden()
    assert (now(page, "env.steps"), now(page, "env.over")) == (0, "")


def test_every_world_can_be_entered(page):
    for name in page.evaluate(f"{PLAY}.given.worlds.map((world) => world.name)"):
        page.locator("[data-is=driver]").select_option(name)
        wait(page, f"play.world.name === '{name}' && play.driver === '{name}' && play.panel.env === env")
        page.evaluate(f"() => {{ for (let k = 0; k < 5; k++) {PLAY}.stepOnce(); }}")
        assert now(page, "env.steps") == 5


def test_keys_never_hold_a_person(page):
    """Escape gives the keys back, Tab goes on through the page, and a slider's arrows are its own."""
    slider = page.locator("[data-is=step_height]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    assert set(now(page, "hands.levers").values()) == {0}
    assert now(page, "height") > 0.04
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.do") == "play"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.dataset.do") == "step"
    page.keyboard.press("Space")  # presses the button, and plays nothing
    assert (now(page, "env.steps"), now(page, "playing")) == (1, False)


@pytest.mark.slow
def test_storms_break_nothing(opened):
    rng, sizes = random.Random(1), []
    for _ in range(STORMS):
        storm(opened, ".twmr-playground", rng)
        assert opened.errors == []
        assert opened.evaluate(f"[...{PLAY}.env.data.qpos, ...Object.values({PLAY}.env.earned)].every(Number.isFinite)")
        sizes.append(heap(opened) + opened.evaluate(f"{PLAY}.env.data.qpos.buffer.byteLength"))
    assert_flat(sizes)


# ---- the page ----


def test_the_page_is_small_and_names_the_licence(built):
    text = built.read_bytes()
    assert len(gzip.compress(text, 9)) < 6e6
    assert b"Apache License" in text
    assert b"export default" not in text


@pytest.mark.parametrize(("width", "scheme"), [(1366, "light"), (1366, "dark"), (390, "light")])
def test_everything_fits_and_can_be_reached(page, width, scheme):
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    wait(page, f"play.view.dark === {str(scheme == 'dark').lower()}")
    until_still(page, ".twmr-playground")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert troubles(page, ".twmr-playground") == []
    assert barriers(page, "main") == []
    screenshot(page, f"playground_{width}_{scheme}", full_page=True)
    if width == 390:  # where fingers drive
        button = page.locator("[data-lever=ahead]")
        assert min(button.bounding_box()["width"], button.bounding_box()["height"]) >= 44
        button.hover()
        page.mouse.down()
        wait(page, "env.data.qpos[0] > 0.05")
        page.mouse.up()
        wait(page, "play.hands.levers.ahead === 0")
    page.set_viewport_size({"width": 1366, "height": 768})
    page.emulate_media(color_scheme="light")


def test_on_paper_it_is_light(page):
    ink = "getComputedStyle(document.querySelector('.rewards')).color"
    light = page.evaluate(ink)
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ink) != light
    page.emulate_media(color_scheme="dark", media="print")
    assert page.evaluate(ink) == light
    page.emulate_media(color_scheme="light", media="screen")


def test_nothing_moves_unasked(page):
    """Before somebody plays or steers, as those who ask for little motion want it."""
    page.emulate_media(reduced_motion="reduce")
    wait(page, "!play.stale")
    before = now(page, "view.frame.qpos")
    page.evaluate("() => new Promise((done) => setTimeout(done, 300))")
    assert (now(page, "view.frame.qpos"), now(page, "env.steps"), now(page, "playing")) == (before, 0, False)
    assert moving(page, ".twmr-playground") == 0
    page.emulate_media(reduced_motion="no-preference")


def test_a_lesson_has_it_a_click_away_and_weights_to_move(built, browser):
    """From a disk and offline: the stage's still gives way to the playground; the explorer's episode is paid anew."""
    pytest.importorskip("latex2mathml", reason="`make site` installs it")
    from tools import build_site as site

    ours = world("climber", step_height=0.03, climb_weight=7.0)
    episodes = [record("climber", ours, num_steps=250, title="<b>mine"), record("zero", ours, num_steps=50)]
    told = RewardExplorer(episodes).keepsake().told[site.REWARDS]
    stood = Stage("climber", ours).keepsake().told[site.STAGE]
    still = {"text/plain": "Stage: Ada", "text/html": '<img class="still" alt="">', site.STAGE: stood}
    outputs = [still, {"text/plain": "Reward explorer", "text/html": "", site.REWARDS: told}]
    cell = nbformat.v4.new_code_cell(outputs=[nbformat.v4.new_output("display_data", data) for data in outputs])
    lesson = built.with_name("lesson.html")
    lesson.write_text(site.lesson_page(nbformat.v4.new_notebook(cells=[cell]), "", playable=True), encoding="utf-8")
    page = new_page(browser)
    page.context.set_offline(True)
    page.goto(lesson.as_uri())
    sums = page.locator("tfoot tr:first-child b")

    def as_python_pays(**settings):
        totals = [episode.rescore(**settings).totals["total"] for episode in episodes]
        texts = [f"{v:+.{0 if abs(v) >= 100 else 1 if abs(v) >= 10 else 2 if abs(v) >= 0.1 else 3}f}" for v in totals]
        return ["0" if float(text) == 0 else text.replace("-", "−") for text in texts]

    assert sums.all_inner_texts() == as_python_pays()
    page.get_by_label("weight of extension").press("End")
    dear = settings_of(EnvConfig)["extension_penalty"]
    assert sums.all_inner_texts() == as_python_pays(extension_penalty=stops(dear)[-1])
    page.get_by_label("gate", exact=True).select_option("proprio")
    page.get_by_label("bias").press("Home")
    bias = settings_of(EnvConfig)["gate_bias"]
    moved = {"gate_mode": "proprio", "gate_bias": stops(bias)[0]}
    assert sums.all_inner_texts() == as_python_pays(extension_penalty=stops(dear)[-1], **moved)
    assert page.get_by_label("tilt", exact=True).is_hidden()  # which this gate does not read
    page.get_by_role("button", name="all as it was").click()
    assert sums.all_inner_texts() == as_python_pays()
    assert page.locator("th[scope=col]").first.inner_text() == "<b>mine"
    assert page.locator("iframe").count() == 0
    page.get_by_role("button", name="Drive the robot here").click()
    assert page.locator(".still").count() == 0
    page.frame_locator("iframe").locator(".rewards b").first.wait_for()
    frame = page.frames[1]
    assert frame.evaluate(f"[{PLAY}.world.name, {PLAY}.driver, {PLAY}.env.height]") == ["climber", "climber", 0.03]
    assert frame.evaluate(f"{PLAY}.env.weights.climb") == 7
    frame.evaluate(f"{PLAY}.stepOnce()")
    page.context.close()


def test_without_graphics_a_picture_and_one_line_stand_in(built, browser_without_webgl):
    page = new_page(browser_without_webgl)
    page.goto(built.as_uri())
    page.get_by_text("To move, the robot needs JavaScript, WebAssembly and WebGL2").wait_for()
    assert page.locator(".fallback img").evaluate("image => image.decode().then(() => image.naturalWidth)") == 480
    page.emulate_media(reduced_motion="reduce")  # a still stands in for the film
    page.wait_for_function("() => document.querySelector('.fallback img').currentSrc.startsWith('data:image/png')")
    assert page.locator(".twmr-playground").is_hidden()
    page.context.close()
