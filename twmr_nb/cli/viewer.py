"""Watching one episode in a window: MuJoCo's own viewer."""

import os
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from twmr_nb.episodes.rollout import Rollout


def has_display() -> bool:
    """Whether a window can be opened here; on macOS only where MuJoCo's own starter of Python runs it, mjpython."""
    wanted = {"win32": (), "darwin": ("MJPYTHON_BIN",)}.get(sys.platform, ("DISPLAY", "WAYLAND_DISPLAY"))
    return not wanted or any(os.environ.get(name) for name in wanted)


def no_display() -> str:
    """Why no window can be opened, and what to do."""
    if sys.platform == "darwin":
        return (
            "on macOS a window needs MuJoCo's mjpython: run `mjpython $(which twmr) play ...`, or leave --viewer out."
        )
    return "no window can be opened, for there is no display here: leave --viewer out for a video."


def show_in_window(rollout: "Rollout", speed: float = 1.0, follow: bool = True) -> None:
    """Play the recording in MuJoCo's viewer until it ends or the window is closed."""
    import mujoco.viewer

    from twmr_nb.robot.model import build_model

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
