"""Watching one episode outside a notebook: a viewer window, and traces of gate and legs in text."""

import os
import sys
import time

import numpy as np

from twmr_nb.episodes.rollout import Rollout
from twmr_nb.robot.model import build_model

GATE_THRESHOLD = 0.2  # above it the legs are being asked out
TRACE_EVERY = 50  # control steps


def outcome(rollout: Rollout) -> str:
    """One line: how far, how long, passed or not, and why it ended."""
    x, steps = rollout.transition.x, len(rollout.transition.x)
    passed = "passed the obstacle" if rollout.transition.passed.any() else "did not pass"
    end = "fell" if rollout.terminated else "time was up"
    return f"{passed}, final x = {x[-1]:.2f} m after {steps * rollout.transition.ctrl_dt:.1f} s ({end})"


def gate_trace(rollout: Rollout) -> list[str]:
    """A line whenever the gate crosses its threshold, and every 50 steps."""
    gate, x, dt = rollout.transition.gate, rollout.transition.x, rollout.transition.ctrl_dt
    is_open = gate > GATE_THRESHOLD
    lines = []
    for t in range(len(gate)):
        crossed = t > 0 and is_open[t] != is_open[t - 1]
        if crossed or t % TRACE_EVERY == 0:
            event = ("  opens" if is_open[t] else "  closes") if crossed else ""
            lines.append(f"gate  step {t:4d}  t={t * dt:6.2f} s  x={x[t]:7.3f} m  gate={gate[t]:.3f}{event}")
    return lines


def leg_trace(rollout: Rollout) -> list[str]:
    """Leg actions and leg angles (front left, front right, rear left, rear right), every 50 steps."""
    transition, lines = rollout.transition, []
    for t in range(0, len(transition.x), TRACE_EVERY):
        action = " ".join(f"{a:+.2f}" for a in rollout.action[t, 4:])
        angle = " ".join(f"{a:+.2f}" for a in transition.leg_angle[t])
        lines.append(f"legs  step {t:4d}  t={t * transition.ctrl_dt:6.2f} s  action=[{action}]  angle=[{angle}] rad")
    return lines


def has_display() -> bool:
    """Whether a window can be opened here."""
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def show_in_window(rollout: Rollout, speed: float = 1.0, follow: bool = True) -> None:
    """Play the recording in MuJoCo's viewer until it ends or the window is closed."""
    import mujoco.viewer

    model = build_model(rollout.config)
    data = mujoco.MjData(model)
    with mujoco.viewer.launch_passive(model, data) as viewer:
        viewer.cam.lookat[:], viewer.cam.distance, viewer.cam.azimuth, viewer.cam.elevation = (
            (0.3, 0, 0.03),
            0.9,
            120,
            -20,
        )
        for qpos in rollout.transition.qpos:
            if not viewer.is_running():
                return
            data.qpos[:] = qpos
            mujoco.mj_forward(model, data)
            if follow:
                viewer.cam.lookat[:] = np.array([qpos[0], 0, 0.03])
            viewer.sync()
            time.sleep(rollout.transition.ctrl_dt / speed)
