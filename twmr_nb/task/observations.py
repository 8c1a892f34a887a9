"""What the policy sees: six observation modes, as pure functions on arrays of any leading shape."""

import re
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twmr_nb.config.schema import EnvConfig
from twmr_nb.learn.policy import Mirror
from twmr_nb.robot.model import LEG_DOF, LEG_HINGES, LEG_QPOS, NQ, NV, WHEEL_DOF, WHEEL_QPOS, WHEELS, step_box
from twmr_nb.robot.rotations import roll_pitch, rotation
from twmr_nb.task.gate import obstacle_buffers, obstacle_gate
from twmr_nb.types import Array


class Memory(NamedTuple):
    """What a robot remembers of the steps before."""

    attitude: Array
    """Integrated from the gyro since the episode's start: unit quaternions, [..., 4]."""
    action: Array
    """Its last action, [..., 8]."""
    gate: Array
    """How far open its gate is, [...]."""


def observe(
    config: EnvConfig,
    qpos: Array,
    qvel: Array,
    accelerometer: Array,
    gyro: Array,
    touch: Array | float = 0.0,
    height: Array | float = 0.0,
    memory: Memory | None = None,
) -> NDArray[np.float32]:
    """The configured observation, float32 [..., D], of states qpos [..., 23], qvel [..., 22] and IMU [..., 3].

    touch [...]: force on the step, N; height [...]: the step's, m; memory: what obs_mode "proprio_phase" needs.
    What only the critic sees comes last.
    """
    if config.obs_mode == "proprio_phase" and memory is not None:
        parts = proprio_phase(qpos, qvel, accelerometer, gyro, memory)
    elif config.obs_mode in ("proprio", "proprio_contact"):
        joints = [qpos[..., WHEEL_QPOS], qvel[..., WHEEL_DOF], qpos[..., LEG_QPOS], qvel[..., LEG_DOF]]
        parts = [*joints, accelerometer, gyro]
        if config.obs_mode == "proprio_contact":
            parts.append(np.broadcast_to(np.asarray(touch) > 0, qpos.shape[:-1])[..., None])
    else:
        parts = privileged(config, config.obs_mode, qpos, qvel)
    if config.critic_obs_mode != "same":
        parts += privileged(config, config.critic_obs_mode, qpos, qvel)
        parts.append(np.broadcast_to(height, qpos.shape[:-1])[..., None])
    return np.concatenate(parts, axis=-1, dtype=np.float32, casting="same_kind")


def proprio_phase(qpos: Array, qvel: Array, accelerometer: Array, gyro: Array, memory: Memory) -> list[Array]:
    """Joints and IMU, and what a robot can make of them. A wheel with three legs looks the same after a third of a
    turn, so that what counts of its angle is sin and cos of three times it."""
    phase, turned = len(LEG_HINGES) * qpos[..., WHEEL_QPOS], rotation(memory.attitude)
    joints = [np.sin(phase), np.cos(phase), qvel[..., WHEEL_DOF], qpos[..., LEG_QPOS], qvel[..., LEG_DOF]]
    heading, up = turned[..., :2, 0], turned[..., 2, :]
    return [*joints, accelerometer, gyro, up, heading, memory.action, memory.gate[..., None]]


def privileged(config: EnvConfig, mode: str, qpos: Array, qvel: Array) -> list[Array]:
    """Columns that a robot on its own has no sensors for."""
    if mode == "full":
        return [qpos, qvel]
    return compact(qpos, qvel) + (obstacle(config, qpos[..., 0]) if mode == "compact_obstacle" else [])


def compact(qpos: Array, qvel: Array) -> list[Array]:
    """x, z (m), vx, vz (m/s), roll, pitch (rad) and the four leg angles (rad)."""
    roll, pitch = roll_pitch(qpos[..., 3:7])
    return [qpos[..., 0:3:2], qvel[..., 0:3:2], roll[..., None], pitch[..., None], qpos[..., LEG_QPOS]]


def obstacle(config: EnvConfig, x: Array) -> list[Array]:
    """The obstacle gate, and where the robot is relative to the step in units of the gate's reach; 0 without a step."""
    box = step_box(config)
    if box is None:
        return [np.zeros((*x.shape, 2))]
    centre, _, half_depth, _ = box
    place = (x - centre) / (half_depth + max(obstacle_buffers(config)))
    return [obstacle_gate(config, x)[..., None], place[..., None]]


def observation_labels(config: EnvConfig) -> list[str]:
    """One name per column of what the policy sees, with its unit."""
    return mode_labels(config.obs_mode)


def critic_labels(config: EnvConfig) -> list[str]:
    """One name per further column that only the critic sees, in training."""
    return [] if config.critic_obs_mode == "same" else [*mode_labels(config.critic_obs_mode), "step height (m)"]


def mirror_of(config: EnvConfig) -> Mirror:
    """What columns are in a mirror that stands along x, upright: left and right change places, and what points aside
    or turns about x or z has the other sign. Robot and step look the same in it."""
    seen, told = observation_labels(config), critic_labels(config)
    actions = [f"{wheel} {what}" for what in ("wheel", "leg") for wheel in WHEELS]
    images = [*mirror_image(seen), *((len(seen) + source, sign) for source, sign in mirror_image(told))]
    return Mirror(tuple(images), tuple(mirror_image(actions)))


ASIDE = re.compile(r"((acceleration|up along|heading along) y|rotation [xz]|roll)( |$)")
QPOS_ASIDE, QVEL_ASIDE = (1, 4, 6), (1, 3, 5)  # y, and the quaternion's x and z; speed along y, turning about x and z


def mirror_image(labels: list[str]) -> list[tuple[int, int]]:
    """For every column the one that it is the image of, and 1 or -1."""

    def image(name: str) -> tuple[str, int]:
        kind, _, index = name.partition(" ")
        if kind in ("qpos", "qvel"):
            first, aside = (WHEEL_QPOS.start, QPOS_ASIDE) if kind == "qpos" else (WHEEL_DOF.start, QVEL_ASIDE)
            i = int(index)  # four joints a wheel, left and right in turn: the other side's are four before or behind
            return f"{kind} {i if i < first else first + ((i - first) ^ 4)}", -1 if i in aside else 1
        other = re.sub("left|right", lambda side: {"left": "right", "right": "left"}[side[0]], name)
        return other, -1 if ASIDE.match(name) else 1

    return [(labels.index(other), sign) for other, sign in map(image, labels)]


def mode_labels(mode: str) -> list[str]:
    def wheels(what: str) -> list[str]:
        return [f"{wheel.replace('_', ' ')} {what}" for wheel in WHEELS]

    legs = wheels("leg angle (rad)")
    if mode == "full":
        return [f"qpos {i}" for i in range(NQ)] + [f"qvel {i}" for i in range(NV)]
    if mode in ("proprio", "proprio_contact"):
        joints = wheels("wheel angle (rad)") + wheels("wheel speed (rad/s)") + legs + wheels("leg speed (rad/s)")
        imu = [f"acceleration {a} (m/s²)" for a in "xyz"] + [f"rotation {a} (rad/s)" for a in "xyz"]
        return joints + imu + (["touches the step (0 or 1)"] if mode == "proprio_contact" else [])
    if mode == "proprio_phase":
        phases = wheels("sin of 3 x wheel angle") + wheels("cos of 3 x wheel angle")
        joints = phases + wheels("wheel speed (rad/s)") + legs + wheels("leg speed (rad/s)")
        imu = [f"acceleration {a} (m/s²)" for a in "xyz"] + [f"rotation {a} (rad/s)" for a in "xyz"]
        attitude = [f"up along {a}" for a in "xyz"] + ["heading along x", "heading along y"]
        last = wheels("last wheel action") + wheels("last leg action")
        return [*joints, *imu, *attitude, *last, "gate"]
    labels = ["x (m)", "z (m)", "vx (m/s)", "vz (m/s)", "roll (rad)", "pitch (rad)", *legs]
    return labels if mode == "compact" else [*labels, "obstacle gate", "place relative to the step"]
