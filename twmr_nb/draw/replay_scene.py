"""What the browser needs to draw a rollout: the robot's tree and shapes, its joint positions, contacts and marks.

The browser computes the bodies' poses from qpos itself, so 1,000 steps are 0.2 MB. Floats are little-endian float32.
"""

from typing import Any

import mujoco
import numpy as np
from mujoco import mjtGeom, mjtJoint
from numpy.typing import ArrayLike, NDArray

from twmr_nb.config.schema import EnvConfig
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.markup import one_line
from twmr_nb.robot import model as robot
from twmr_nb.task.gate import GATE_OPEN
from twmr_nb.task.rewards import success_x

SHAPES = {int(mjtGeom.mjGEOM_BOX): "box", int(mjtGeom.mjGEOM_CYLINDER): "cylinder"}
CHASSIS = "chassis"
WHEEL_BODIES = [f"{wheel}_wheel_body" for wheel in robot.WHEELS]
WHEEL_COLOR = [0.14, 0.16, 0.19]
CLEARANCE = 0.16  # m beside the robot's way that is drawn of the step; its whole 10 m would hide its profile
FOOT = 0.005  # m of the step that is drawn below ground, to hide its rounded lower edge
POINT_UNIT, FORCE_UNIT = 1e-4, 1e-2  # m and N per count of the int16 contacts


def episode_model(rollout: Rollout) -> mujoco.MjModel:
    """The model a rollout was recorded in, its own step height included; legs driven by torque, as recorded."""
    return robot.build_model(rollout.world.replace(action_mode="torque"))


def describe_scene(rollout: Rollout, model: mujoco.MjModel, ghost: Rollout | None = None) -> dict[str, Any]:
    """The part of a replay that does not move, JSON-ready: m, rad, s."""
    shown = [rollout, ghost] if ghost else [rollout]
    path = np.concatenate([known(each.transition.qpos)[:, :2] for each in shown])
    (first, right), (last, left) = path.min(axis=0).tolist(), path.max(axis=0).tolist()
    lane = right - CLEARANCE, left + CLEARANCE
    place = describe_place(rollout.config, float(rollout.step_height), model, (first, last), lane)
    ends = {"title": one_line(rollout.title), "dt": float(rollout.transition.ctrl_dt), "marks": find_marks(rollout)}
    return place | ends


def describe_place(
    config: EnvConfig, height: float, model: mujoco.MjModel, way: tuple[float, float], lane: tuple[float, float]
) -> dict[str, Any]:
    """The robot and a world with this step, of which a way (from x, to x) and a lane (from y, to y) are drawn."""
    chassis = model.body(CHASSIS).id
    return {
        "nq": model.nq,
        "tree": [describe_body(model, i) for i in range(model.nbody)],
        "geoms": [describe_geom(model, i, lane) for i in range(model.ngeom) if is_drawn(model, i)],
        "chassis": {"body": chassis, "size": model.geom_size[model.body_geomadr[chassis]].tolist()},
        "wheels": [{"body": model.body(name).id} for name in WHEEL_BODIES],
        "torque": robot.WHEEL_TORQUE,
        "labels": floor_labels(config, height, way, lane),
        "goal": success_x(config) if config.scene != "flat" else None,
    }


def describe_body(model: mujoco.MjModel, i: int) -> dict[str, Any]:
    """One link of the kinematic tree, as mj_kinematics uses it."""
    pos, quat = model.body_pos[i].tolist(), model.body_quat[i].tolist()
    body = {"parent": int(model.body_parentid[i]), "pos": pos, "quat": quat}
    if not model.body_jntnum[i]:
        return body | {"joint": "fixed"}
    joint = model.body_jntadr[i]
    kind = "free" if model.jnt_type[joint] == mjtJoint.mjJNT_FREE else "hinge"
    return body | {"joint": kind, "adr": int(model.jnt_qposadr[joint]), "axis": model.jnt_axis[joint].tolist()}


def is_drawn(model: mujoco.MjModel, i: int) -> bool:
    """Whether a geom is a visible box or cylinder; the floor is drawn as a grid instead."""
    return int(model.geom_type[i]) in SHAPES and model.geom_rgba[i, 3] > 0


def describe_geom(model: mujoco.MjModel, i: int, lane: tuple[float, float]) -> dict[str, Any]:
    """A shape in its body's frame; of the step only what stands out of the lane (from y, to y) that is used."""
    size, pos = model.geom_size[i].copy(), model.geom_pos[i].copy()
    name, material = model.geom(i).name, model.geom_matid[i]
    color = (model.mat_rgba[material] if material >= 0 else model.geom_rgba[i])[:3].tolist()
    part = "plain"
    if name == robot.STEP_GEOM:
        part, top = "step", pos[2] + size[2]
        size[1:] = (lane[1] - lane[0]) / 2, (top + FOOT) / 2
        pos[1:] = (lane[1] + lane[0]) / 2, (top - FOOT) / 2
    elif "extension" in name:
        part = "leg"
    elif "wheel" in name:
        part, color = "wheel", WHEEL_COLOR
    return {
        "type": SHAPES[int(model.geom_type[i])],
        "part": part,
        "body": int(model.geom_bodyid[i]),
        "size": size.tolist(),
        "pos": pos.tolist(),
        "quat": model.geom_quat[i].tolist(),
        "color": color,
    }


def floor_labels(
    config: EnvConfig, height: float, way: tuple[float, float], lane: tuple[float, float]
) -> list[dict[str, Any]]:
    """Words painted beside the robot's way: metres along x, the step's height. `y` is for a camera at -y and at +y."""
    first, last = way[0] - 0.4, way[1] + 0.8
    spacing = 0.2 if last - first < 16 else 10.0 ** np.ceil(np.log10((last - first) / 80))  # a robot may be flung far
    beside = [lane[0] - 0.06, lane[1] + 0.06]
    marks = [spacing * k for k in range(int(np.floor(first / spacing)), int(np.ceil(last / spacing)) + 1)]
    labels: list[dict[str, Any]] = [{"text": f"{mark:.1f} m", "x": mark, "y": beside, "z": 0.0} for mark in marks]
    if edges := robot.step_edges(config):
        on_top = [lane[0] + 0.035, lane[1] - 0.035]
        labels.append({"text": f"step {100 * height:.3g} cm", "x": sum(edges) / 2, "y": on_top, "z": height})
    return labels


def describe_motion(rollout: Rollout, model: mujoco.MjModel) -> dict[str, bytes]:
    """The part that moves, packed: qpos [T, nq], gate and touch [T], wheel torque [T, 4], contacts [T, 4, 6]."""
    transition = rollout.transition
    qpos, qvel, torque = known(transition.qpos), known(transition.qvel), np.nan_to_num(transition.torque)
    return {
        "qpos": pack(qpos),
        "gate": pack(np.nan_to_num(transition.gate)),
        "touch": pack(np.nan_to_num(transition.touch)),
        "torque": pack(torque[:, robot.WHEEL_CTRL]),
        "contacts": contact_forces(model, qpos, qvel, torque).tobytes(),
    }


def pack(values: ArrayLike) -> bytes:
    return np.asarray(values, dtype="<f4").tobytes()


def known(states: NDArray[np.float64]) -> NDArray[np.float64]:
    """States [T, n] of a diverged robot, with rows that are not finite replaced by the last one that is."""
    good = np.isfinite(states).all(axis=1)
    if not good.any():
        raise ValueError("this rollout has no finite state: record a new one.")
    last = np.maximum.accumulate(np.where(good, np.arange(len(states)), good.argmax()))
    return np.asarray(states)[last]


def contact_forces(
    model: mujoco.MjModel, qpos: NDArray[np.float64], qvel: NDArray[np.float64], torque: NDArray[np.float64]
) -> NDArray[np.int16]:
    """Where and how hard the world pushes each wheel and its legs [T, 4, 6]: point from the root, force; int16 counts.

    Recomputed from the recorded states under the recorded torques, so they are those of the moment shown.
    """
    data = mujoco.MjData(model)
    wheel_of = wheels_by_body(model)
    out = np.zeros((len(qpos), len(WHEEL_BODIES), 6))
    force = np.zeros(6)
    for t in range(len(qpos)):
        data.qpos, data.qvel, data.ctrl = qpos[t], qvel[t], torque[t]
        mujoco.mj_forward(model, data)
        size = np.zeros((len(WHEEL_BODIES), 1))
        for i in range(data.ncon):
            contact = data.contact[i]
            first, second = (wheel_of[model.geom_bodyid[g]] for g in contact.geom)
            wheel = max(first, second)
            if wheel < 0:
                continue
            mujoco.mj_contactForce(model, data, i, force)
            push = contact.frame.reshape(3, 3).T @ force[:3]  # on the second geom
            out[t, wheel, 3:] += push if wheel == second else -push
            out[t, wheel, :3] += force[0] * (contact.pos - qpos[t, :3])
            size[wheel] += force[0]
        out[t, :, :3] /= np.maximum(size, 1e-9)
    units = np.repeat([POINT_UNIT, FORCE_UNIT], 3)
    return np.clip(np.round(out / units), -32767, 32767).astype("<i2")


def wheels_by_body(model: mujoco.MjModel) -> list[int]:
    """For each body the number of the wheel it is or hangs on, -1 for the rest."""
    wheel_of = [-1] * model.nbody
    for i in range(1, model.nbody):
        name = model.body(i).name
        wheel_of[i] = WHEEL_BODIES.index(name) if name in WHEEL_BODIES else wheel_of[model.body_parentid[i]]
    return wheel_of


def find_marks(rollout: Rollout) -> list[dict[str, Any]]:
    """The moments worth jumping to, in order: contact with the step, gate open, passed, end."""
    transition = rollout.transition
    passed = transition.passed
    gap = max(1, round(0.4 / transition.ctrl_dt))
    marks = [(i, "contact", "contact with the step") for i in onsets(transition.touch > 0, gap)]
    marks += [(i, "gate", "the gate opens") for i in onsets(transition.gate > GATE_OPEN, gap)]
    if passed.any():
        first = int(passed.argmax())
        marks.append((first, "passed", f"step passed, x = {transition.qpos[first, 0]:.2f} m"))
    marks.append((len(passed) - 1, "end", describe_end(rollout, bool(passed.any()))))
    return [{"frame": int(i), "kind": kind, "label": label} for i, kind, label in sorted(marks)]


def onsets(active: NDArray[np.bool_], gap: int) -> list[int]:
    """Frames at which something begins that was absent for at least `gap` frames."""
    found, last = [], -gap - 1
    for i in np.flatnonzero(active):
        if i - last > gap:
            found.append(int(i))
        last = int(i)
    return found


def describe_end(rollout: Rollout, passed: bool) -> str:
    if rollout.terminated:
        finite = np.isfinite(rollout.transition.qpos[-1]).all()
        return "the episode ends: the robot " + ("sank below min_z" if finite else "diverged")
    if rollout.truncated:
        return "the episode ends: " + ("passed" if rollout.config.end_on_success and passed else "time limit")
    return "the recording ends"
