"""The playground: a robot to drive, push and question on one page, without Python, a server or a network.

`python tools/build_playground.py [--out site/playground.html]`; `make site` calls it. The physics is MuJoCo's own
WebAssembly build, of the version that Python simulates with, fetched from npm when the page is built. The models go in
as MuJoCo's binary files, so that their numbers are the same to the last bit. What else Python and the page have in
common, sizes, thresholds, words, colours, is read from the package. The JavaScript lies in playground/.
"""

import argparse
import base64
import gzip
import html
import io
import json
import os
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

import mujoco
import numpy as np
from deno import find_deno_bin
from PIL import Image
from safetensors.numpy import save

from twmr_nb.config.schema import EnvConfig
from twmr_nb.draw.replay_scene import CLEARANCE, describe_place, floor_labels
from twmr_nb.draw.stills import side_view_frames
from twmr_nb.draw.style import TERM_COLORS
from twmr_nb.episodes.rollout import record
from twmr_nb.episodes.worlds import TAUGHT, world
from twmr_nb.learn.network import named_leaves
from twmr_nb.policies.hand import FOLDING
from twmr_nb.policies.saved import SavedPolicy, load_policy, shipped_policies
from twmr_nb.robot import model as robot
from twmr_nb.robot import pose
from twmr_nb.task import disturbance, env, feeling, gate, rewards
from twmr_nb.task.env import TwmrEnv
from twmr_nb.task.observations import mirror_of
from twmr_nb.ui.episode_explorer import BUFFERS
from twmr_nb.ui.replay import STYLE
from twmr_nb.ui.reward_explorer import gate_told, poses_asked
from twmr_nb.ui.script import HERE as WIDGETS
from twmr_nb.ui.script import script
from twmr_nb.ui.setting_row import setting_told, weight_told
from twmr_nb.ui.stage import HEIGHTS, met_settings

ROOT = Path(__file__).parent.parent
HERE = Path(__file__).parent / "playground"
SHEETS = (WIDGETS / "stage_js" / "style.css", HERE / "weigh.css", HERE / "style.css")
PACKAGE = "@mujoco/mujoco"
HIGHEST = HEIGHTS  # m; the slider's end
EPISODE = 60.0  # s
LANE = (-0.5, 0.5)  # m of the step that are drawn, to the sides
ROAD = (-0.4, 3.0)  # m along x that get marks
FIRST = "climber"  # the world that the page begins with
FILMED, FILM_FPS, FILM_SIZE = 300, 8, (480, 160)  # control steps, pictures a second, px
PART = '<script type="text/plain" id="{name}">{data}</script>'
EXPORT = "export default loadMujoco;"
ACTOR = ("encoder", "lstm_input", "lstm_recurrent", "decoder", "action_mean")  # what acts; critic and value do not


def build(page: Path, folder: Path = ROOT / "build" / "npm") -> None:
    """Write the page; raises OSError where MuJoCo's build cannot be had, ValueError where the page lacks a term."""
    code, binary = fetched(folder)
    given, parts = content()
    parts["wasm"] = binary
    begin = f"start({json.dumps(given)}, loadMujoco);"
    fills = {
        "style": STYLE + "".join(path.read_text(encoding="utf-8") for path in SHEETS),
        "picture": base64.b64encode((ROOT / "docs" / "climb.png").read_bytes()).decode(),
        "film": base64.b64encode(film()).decode(),
        "version": mujoco.__version__,
        "licences": html.escape(licences()),
        "parts": "\n".join(PART.format(name=name, data=packed(data)) for name, data in parts.items()),
        "script": "\n".join([code, script(str(HERE / "main.js")), begin]).replace("</script", "<\\/script"),
    }
    text = (HERE / "page.html").read_text(encoding="utf-8")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(re.sub(r"\{\{(\w+)\}\}", lambda found: fills[found[1]], text), encoding="utf-8")


def fetched(folder: Path) -> tuple[str, bytes]:
    """MuJoCo for the web, of the version that Python has: its JavaScript without the export, and its WebAssembly."""
    folder = folder / mujoco.__version__
    place = folder / "node_modules" / PACKAGE
    if not (place / "mujoco.wasm").exists():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text("{}", encoding="utf-8")
        quiet = {"NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1", "DENO_DIR": str(folder / "deno")}
        command = [find_deno_bin(), "install", "--node-modules-dir=auto", f"npm:{PACKAGE}@{mujoco.__version__}"]
        done = subprocess.run(command, cwd=folder, env=os.environ | quiet, capture_output=True, text=True)
        if done.returncode:
            raise OSError(f"{PACKAGE} {mujoco.__version__} could not be fetched: {done.stderr.strip()}")
    code = (place / "mujoco.js").read_text(encoding="utf-8")
    if code.count(EXPORT) != 1:
        raise OSError(f"{PACKAGE} {mujoco.__version__} is built in another way than the page expects: no {EXPORT!r}.")
    return code.replace(EXPORT, ""), (place / "mujoco.wasm").read_bytes()


def licences() -> str:
    """MuJoCo's licence and those of what is built into it, as they come with Python's."""
    ours = distribution("mujoco")
    return "\n\n".join(ours.read_text(f"licenses/{name}") or "" for name in ("LICENSE", "LICENSES_THIRD_PARTY.md"))


def film() -> bytes:
    """The first policy's climb, seen from the robot's side, for a browser that cannot play: an animated WebP file."""
    episode = record(FIRST, world(FIRST, step_height=0.04), num_steps=FILMED)
    step = round(1 / FILM_FPS / float(episode.transition.ctrl_dt))
    shown = side_view_frames(episode, range(0, len(episode.time), step), FILM_SIZE, overlay=False)
    first, *others = [Image.fromarray(frame) for frame in shown]
    file = io.BytesIO()
    first.save(file, "WEBP", save_all=True, append_images=others, duration=1000 // FILM_FPS, loop=0, quality=50)
    return file.getvalue()


def packed(data: bytes) -> str:
    """Compressed, as text; the same bytes every time."""
    return base64.b64encode(gzip.compress(data, 9, mtime=0)).decode()


def content() -> tuple[dict[str, Any], dict[str, bytes]]:
    """What the page is told, JSON-ready, and its binary parts by name: models, and every policy's weights."""
    players = {name: load_policy(name) for name in shipped_policies()}
    parts: dict[str, bytes] = {}
    worlds = []
    for name, saved in sorted(players.items(), key=lambda each: (each[0] != FIRST, each[0])):
        told, model = describe_world(name, page_world(saved))
        if parts.setdefault(told["model"], model) != model:
            raise ValueError(f"the world of {name} has a model of its own: tell it by a name of its own.")
        parts[f"policy-{name}"] = actor_bytes(saved)
        worlds.append(told | {"mirror": mirrored(saved)})
    given = {"robot": constants(), "terms": terms(), "worlds": worlds, "highest": HIGHEST}
    return given | {"settings": [setting_told(each) for each in met_settings()], "gate": gate_told()}, parts


def page_world(of: SavedPolicy | EnvConfig) -> EnvConfig:
    """The world that a policy is judged in, or one that is given, with a step of any height and a longer episode."""
    judged = of if isinstance(of, EnvConfig) else world(of)
    x, _, half_depth, _ = robot.step_box(judged) or (judged.step_x, 0.0, judged.step_half_depth, 0.0)
    step = {"scene": "step", "step_height": 0.0, "step_height_max": HIGHEST, "step_x": x, "step_half_depth": half_depth}
    return judged.replace(**step, max_steps=round(EPISODE / judged.ctrl_dt), end_on_success=False)


def lesson_begins(told: dict[str, Any]) -> dict[str, Any]:
    """What a page is told that begins as a saved stage stood, JSON-ready: who drives in which world, and the step, m.

    Where you drive, or somebody that only the kernel knows, the world is that of a policy that acts in it.
    """
    config, driver = EnvConfig(**told["world"]), told["driver"]
    taught = {name: load_policy(name).config.env for name in sorted(shipped_policies(), key=lambda name: name != FIRST)}
    fits = [name for name, env in taught.items() if all(getattr(env, k) == getattr(config, k) for k in TAUGHT)]
    name = driver if driver in taught else next(iter(fits), FIRST)
    told_world, _ = describe_world(name, page_world(config))
    by = driver if driver in (*taught, "you", "nobody") else "you"
    return {"driver": by, "height": min(robot.step_height(config), HIGHEST), "world": told_world}


def describe_world(name: str, config: EnvConfig) -> tuple[dict[str, Any], bytes]:
    """A world as the page needs it, JSON-ready, and its model as a binary file."""
    env = TwmrEnv(config, 1)
    env.reset(seed=0)
    sim, model = env.sim, env.sim.model
    first, below = pose.robot_geoms(model)
    edges = robot.step_edges(config)
    box = robot.step_box(config)
    if not (box and edges):
        raise ValueError(f"the world of {name} has no step: give it one.")
    servos = config.action_mode != "torque"
    told = {
        "name": name,
        "model": f"model-{'servos' if servos else 'torques'}-{config.step_x:g}-{config.step_half_depth:g}",
        "config": config.to_dict(),
        "servos": servos,
        "dt": sim.ctrl_dt,
        "frameSkip": sim.frame_skip,
        "retract": sim.retract.tolist(),
        "extend": sim.extend.tolist(),
        "asks": poses_asked(config),
        "edges": edges,
        "buffers": dict(zip(BUFFERS, gate.obstacle_buffers(config), strict=True)),
        "middle": sim.ctrl_middle.tolist(),
        "half": sim.ctrl_half_range.tolist(),
        "box": box,
        "edge": edges[0],
        "window": gate.obstacle_window(config),
        "reach": box[2] + max(gate.obstacle_buffers(config)),
        "successX": env.success_x,
        "stepGeom": model.geom(robot.STEP_GEOM).id,
        "firstGeom": first,
        "below": below.tolist(),
        "pose": sim.qpos[0].tolist(),
        "scene": describe_scene(config, model),
    }
    data = np.zeros(mujoco.mj_sizeModel(model), np.uint8)
    mujoco.mj_saveModel(model, None, data)
    return told, data.tobytes()


def describe_scene(config: EnvConfig, model: mujoco.MjModel) -> dict[str, Any]:
    """What the picture needs, as a stage has it; the step is drawn as high as it can be, and scaled in the page."""
    place = describe_place(config, HIGHEST, model, ROAD, LANE)
    labels = floor_labels(config, HIGHEST, ROAD, (-CLEARANCE, CLEARANCE))
    legs = list(range(model.nq))[robot.LEG_QPOS]
    return place | {"legs": legs, "labels": [label for label in labels if not label["z"]]}


def constants() -> dict[str, Any]:
    """Sizes of the robot, thresholds of senses and rewards, the spring that pulls; m, rad, s, N."""
    return {
        "hinge": robot.LEG_HINGE_RADIUS,
        "length": robot.LEG_LENGTH,
        "mount": robot.LEG_MOUNT,
        "wheelRadius": robot.WHEEL_RADIUS,
        "chassisMass": robot.CHASSIS_MASS,
        "maxTip": robot.MAX_TIP_RADIUS,
        "places": robot.WHEEL_PLACES.tolist(),
        "legsOut": robot.LEGS_OUT,
        "legsStowed": robot.LEGS_STOWED,
        "low": pose.LOW,
        "middle": pose.MIDDLE,
        "high": pose.HIGH,
        "noise": {
            "accelerometer": env.ACCELEROMETER_NOISE,
            "gyro": env.GYRO_NOISE,
            "joint": env.JOINT_NOISE,
            "speed": env.SPEED_NOISE,
        },
        "gravity": gate.GRAVITY,
        "stallSpeed": gate.STALL_SPEED,
        "hardEdge": gate.HARD_EDGE,
        "smoothed": feeling.SMOOTHED,
        "level": feeling.LEVEL,
        "levelFor": feeling.LEVEL_FOR,
        "sunk": feeling.SUNK,
        "deafFor": feeling.DEAF_FOR,
        "wayDown": feeling.WAY_DOWN,
        "foldedRadius": rewards.FOLDED_RADIUS,
        "astray": rewards.ASTRAY,
        "upright": rewards.UPRIGHT,
        "tipping": rewards.TIPPING,
        "folding": FOLDING,
        "stiffness": disturbance.STIFFNESS,
        "damping": disturbance.DAMPING,
        "strongest": disturbance.STRONGEST,
    }


def terms() -> list[dict[str, Any]]:
    """The table of reward terms, with what a slider needs; raises ValueError if the page's JavaScript lacks one."""
    known = (HERE / "rewards.js").read_text(encoding="utf-8")
    for term in rewards.REWARD_TERMS:
        if f"\n  {term.name}: (" not in known:
            raise ValueError(f"the page cannot compute the reward term {term.name!r}: add it to {HERE / 'rewards.js'}.")
    return [weight_told(term, TERM_COLORS[term.name]) | {"optional": term.optional} for term in rewards.REWARD_TERMS]


def actor_bytes(saved: SavedPolicy) -> bytes:
    """The weights that act, and the scale of what they see, as a safetensors file."""
    arrays = {name: np.asarray(leaf) for name, leaf in named_leaves(saved.params)}
    seen = len(arrays["params/encoder/kernel"])
    kept = {name: array for name, array in arrays.items() if name.startswith(tuple(f"params/{part}" for part in ACTOR))}
    return save(kept | {f"normalizer/{name}": arrays[f"normalizer/{name}"][:seen].copy() for name in ("mean", "var")})


def mirrored(saved: SavedPolicy) -> dict[str, Any] | None:
    """The mirror that a symmetric policy also looks into."""
    return mirror_of(saved.config.env)._asdict() if saved.config.ppo.symmetric else None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT / "site" / "playground.html")
    given = parser.parse_args()
    try:
        build(given.out)
    except OSError as error:
        print(f"no playground: {error}", file=sys.stderr)
        return 1
    print(given.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
