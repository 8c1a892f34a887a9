"""The widgets' JavaScript: what a page gets is one whole module, and its mathematics is Python's."""

import json
import re

import mujoco
import numpy as np
import pytest
from climb import climb
from javascript import deno, evaluator

from twmr_nb.draw.replay_scene import describe_scene, episode_model, pack
from twmr_nb.ui.script import HERE, script

MODULES = sorted(path.relative_to(HERE).as_posix() for path in HERE.rglob("*.js"))


@pytest.fixture
def js(tmp_path):
    """js(module, expression) -> its value; the module's exports are `all` in it."""
    return evaluator(HERE, tmp_path)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_joins_to_one_that_a_page_takes(name, tmp_path):
    """Two equal names at the top of modules that meet would be a syntax error of the whole."""
    text = script(name)
    assert not re.search(r"^import ", text, re.MULTILINE)
    assert len(re.findall(r"^export ", text, re.MULTILINE)) == ("export default" in text)
    (tmp_path / "joined.js").write_text(text, encoding="utf-8")
    deno("run", "--quiet", "--check=none", "--no-lock", str(tmp_path / "joined.js"), DENO_DIR=str(tmp_path))


def test_a_module_comes_once_and_after_what_it_imports():
    text = script("replay_js/view.js")
    for name in ("vectors", "camera", "mesh", "webgl", "view"):
        head = (HERE / "replay_js" / f"{name}.js").read_text().splitlines()[0]
        assert text.count(head) == 1
    assert text.index("const SUN") > text.index("const unit")


@pytest.mark.parametrize(
    ("reports", "seen"), [([True], True), ([False], False), ([False, True], True), ([True, False], False)]
)
def test_of_several_reports_about_a_view_in_sight_the_last_one_holds(js, reports, seen):
    """As they come at once after a hold-up: a view that took the first one never drew again."""
    told = [{"isIntersecting": each} for each in reports]
    hold = (
        "globalThis.IntersectionObserver = class { constructor(act) { this.act = act; } observe() { this.act(told); } }"
    )
    expression = f"(() => {{ let is; {hold}; all.watchSight(null, (seen) => (is = seen)); return is; }})()"
    assert js("element.js", expression, told=told) is seen


def test_bodies_lie_where_mujoco_has_them(js):
    rollout = climb()
    model = episode_model(rollout)
    data = mujoco.MjData(model)
    data.qpos = rollout.transition.qpos[165]
    mujoco.mj_kinematics(model, data)
    tree = describe_scene(rollout, model, None)["tree"]
    bodies = js("replay_js/robot.js", "all.bodyMatrices(tree, qpos)", tree=tree, qpos=list(data.qpos))
    drawn = np.array(bodies).reshape(-1, 4, 4)  # column by column
    np.testing.assert_allclose(drawn[:, 3, :3], data.xpos, atol=1e-9)
    np.testing.assert_allclose(drawn[:, :3, :3].transpose(0, 2, 1).reshape(-1, 9), data.xmat, atol=1e-9)


def test_between_two_frames_a_pose_is_between(js):
    first, then = [0.0] * 3 + [1.0, 0, 0, 0, 0.5], [1.0] * 3 + [-1.0, 0, 0, 0, 1.5]  # q and -q turn alike
    both = json.dumps(first + then)
    assert js("replay_js/robot.js", f"all.poseAt(new Float64Array({both}), 8, 0.25)") == [0.25] * 3 + [1, 0, 0, 0, 0.75]
    assert js("replay_js/robot.js", f"all.poseAt(new Float64Array({both}), 8, 9)") == then


def test_floats_arrive_as_python_packed_them(js):
    values = np.array([0.1, -2.5, 3e7, 1e-9], np.float32)
    sent = list(pack(values))
    got = js(
        "replay_js/robot.js", "[...all.unpack(new DataView(new Uint8Array(sent).buffer), Float32Array)]", sent=sent
    )
    np.testing.assert_array_equal(np.array(got, np.float32), values)


def test_the_camera_stands_behind_what_it_looks_at(js):
    """As MuJoCo's free camera does, and sees its target in the middle of the picture."""
    camera, target = {"azimuth": 62.0, "elevation": -20.0, "distance": 0.46}, [0.82, 0.0, 0.03]
    lens = js("replay_js/camera.js", "all.lens(camera, target, 16 / 9)", camera=camera, target=target)
    az, el = np.radians(62.0), np.radians(-20.0)
    ahead = np.array([np.cos(el) * np.cos(az), np.cos(el) * np.sin(az), np.sin(el)])
    np.testing.assert_allclose(lens["eye"], np.array(target) - 0.46 * ahead, atol=1e-12)
    x, y, _, w = np.array(lens["view"]).reshape(4, 4).T @ [*target, 1.0]
    assert (x / w, y / w) == (pytest.approx(0, abs=1e-9), pytest.approx(0, abs=1e-9))


def test_a_turn_and_its_inverse_cancel(js):
    turned = js(
        "replay_js/vectors.js",
        "all.multiply(all.inverse(all.matrix(q, [1, 2, 3])), all.matrix(q, [1, 2, 3]))",
        q=[0.5, 0.5, -0.5, 0.5],
    )
    np.testing.assert_allclose(np.array(turned).reshape(4, 4), np.eye(4), atol=1e-12)


def test_a_hand_takes_hold_of_what_lies_under_the_pointer(js):
    """Straight from above, on the middle of the chassis and on nothing beside it; and drags it across."""
    rollout = climb()
    scene = describe_scene(rollout, episode_model(rollout), None)
    qpos = [*rollout.transition.qpos[0, :3], 1.0, 0.0, 0.0, 0.0, *rollout.transition.qpos[0, 7:]]
    camera, target = {"azimuth": 90.0, "elevation": -89.999, "distance": 0.5}, qpos[:3]
    bodies = js("replay_js/robot.js", "all.bodyMatrices(tree, qpos)", tree=scene["tree"], qpos=qpos)
    given = {"scene": scene, "bodies": bodies, "camera": camera, "target": target}
    ray = "all.rayThrough(camera, target, 1, across, 0)"
    hit, miss = js("stage_js/grab.js", f"[0, 0.9].map((across) => all.pick(scene, bodies, {ray}))", **given)
    assert miss is None
    assert hit["body"] == scene["chassis"]["body"]
    np.testing.assert_allclose(hit["at"], [0, 0, scene["chassis"]["size"][2] + 0.004], atol=1e-5)
    to = js("stage_js/grab.js", f"((across) => all.onPlane({ray}, point))(0.5)", point=hit["point"], **given)
    x, y, z = hit["point"]
    np.testing.assert_allclose(to, [x + 0.5 * np.tan(np.pi / 8) * (0.5 - hit["at"][2]), y, z], atol=1e-5)
