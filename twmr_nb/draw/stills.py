"""Moments of an episode seen from the robot's left-hand side: for machines and pages that cannot draw in 3D."""

import io
from collections.abc import Iterable, Iterator

import numpy as np
from PIL import Image

from twmr_nb.draw.live_figure import LiveFigure
from twmr_nb.draw.overlay import Frame, draw_overlay
from twmr_nb.draw.replay_scene import known
from twmr_nb.draw.side_view import SideView, step_corners
from twmr_nb.episodes.rollout import Rollout

VIEW = 0.24  # m from top to bottom
AHEAD = 0.05  # m that the view lies ahead of the robot
SEAM = 4  # px left white at the right, so that stills side by side do not look like one place


def side_view_frames(
    rollout: Rollout, index: Iterable[int], size: tuple[int, int], overlay: bool = True
) -> Iterator[Frame]:
    """The given control steps as frames [height, width, 3]; `overlay`: time, place, reward so far and gate on top."""
    live = LiveFigure(*size, scale=1)
    view = SideView(live, live.axes(0, 0, size[0] - SEAM, size[1]), VIEW, AHEAD)
    t, reward, step = rollout.transition, rollout.reward.cumsum(), step_corners(rollout)
    qpos = known(t.qpos)  # a diverged robot stays where it was last seen
    for k in index:
        view.show(qpos[k], step=step)
        picture = live.pixels()
        yield draw_overlay(picture, rollout.time[k], t.x[k], t.gate[k], reward[k]) if overlay else picture


def moments(rollout: Rollout, n: int) -> list[int]:
    """n control steps, evenly spread from the first to the last."""
    return np.linspace(0, len(rollout.time) - 1, n).round().astype(int).tolist()


def png(frame: Frame) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "PNG")
    return buffer.getvalue()
