"""The robot drawn from its side, with matplotlib: quick, clear, and without a graphics library."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from numpy.typing import ArrayLike

from twmr_nb.draw.live_figure import LiveFigure
from twmr_nb.draw.style import INK, TERM_COLORS
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.robot.model import step_box
from twmr_nb.robot.outline import FAR, NEAR, outline, with_legs
from twmr_nb.types import Array

CHASSIS, WHEEL, STEP = "#5B7C99", "#77828F", "#8C9CAE"
DRIVEN, FOLLOWING = "#D98F00", "#E9B44C"  # a wheel's leg 0, and the two that follow it
ASKED = TERM_COLORS["extension"]


class SideView:
    """The robot and its surroundings in one panel that follows it. `asked` legs are drawn as outlines over it."""

    def __init__(self, live: LiveFigure, axes: Axes, height: float = 0.19, ahead: float = 0.0) -> None:
        """`height` is that of the view, m; its width follows from the panel's. `ahead` shifts it forwards, m."""
        self.axes = axes
        box = axes.get_position()
        self.width = height * (box.width * live.width) / (box.height * live.height)
        self.height, self.ahead = height, ahead
        axes.set_axis_off()
        axes.set_xlim(0, self.width)
        axes.set_ylim(-0.18 * height, 0.82 * height)
        edge: dict[str, Any] = {"edgecolors": INK, "linewidths": 0.6}
        self.ground = self.patch(live, facecolors=STEP, alpha=0.45, edgecolors="none")
        self.marks = live.moving(axes, axes.add_collection(LineCollection([], colors=INK, linewidths=0.8)))
        self.far = self.patch(live, alpha=0.4, **edge)
        self.chassis = self.patch(live, facecolors=CHASSIS, alpha=0.85, **edge)
        self.near = self.patch(live, **edge)
        self.asked = self.patch(live, facecolors="none", edgecolors=ASKED, linewidths=1.3)
        self.words = [live.moving(axes, axes.text(0, 0, "", color=INK, fontsize=7, ha="center")) for _ in range(12)]

    def patch(self, live: LiveFigure, **look: Any) -> PolyCollection:
        return live.moving(self.axes, self.axes.add_collection(PolyCollection([], **look)))

    def show(self, qpos: Array, asked: ArrayLike | None = None, step: Array | None = None) -> None:
        """Draw a pose, qpos [23]; `asked` leg angles [4], rad; the step's corners [4, 2], m."""
        shape = outline(qpos)
        x, z = shape.chassis.mean(axis=0)
        origin = np.array([x + self.ahead - self.width / 2, max(0.0, z - 0.45 * self.height)])
        self.origin = origin  # the view moves with the robot, not the axes, which would have to be drawn anew
        self.chassis.set_verts([shape.chassis - origin])
        for wheels, collection in ((FAR, self.far), (NEAR, self.near)):
            parts = [(part, color) for k in wheels for part, color in wheel_parts(shape.rims[k], shape.legs[k])]
            collection.set_verts([part - origin for part, _ in parts])
            collection.set_facecolor([color for _, color in parts])
        self.asked.set_visible(asked is not None)
        if asked is not None:
            legs = outline(with_legs(qpos, asked)).legs[list(NEAR)]
            self.asked.set_verts(list(legs.reshape(-1, 4, 2) - origin))
        floor = np.array([[0, -1], [self.width, -1], [self.width, -origin[1]], [0, -origin[1]]])
        self.ground.set_verts([floor] if step is None else [floor, step - origin])
        self.rule(*origin)

    def rule(self, left: float, bottom: float) -> None:
        """A ruler along the floor: a mark every 5 cm, a number every 10 cm."""
        marks = np.arange(np.ceil(left * 20), np.floor((left + self.width) * 20) + 1) / 20
        drop = 0.035 * self.height
        ticks = ([(x - left, -bottom), (x - left, -bottom - drop)] for x in marks)
        self.marks.set_segments([[(0, -bottom), (self.width, -bottom)], *ticks])
        tenths = [x for x in marks if abs(x * 10 - round(x * 10)) < 1e-6]
        for text in self.words:
            text.set_visible(False)
        for x, text in zip(tenths, self.words, strict=False):
            text.set_visible(0.05 < (x - left) / self.width < 0.95)
            text.set_position((x - left, min(-0.15 * self.height, -bottom - 0.1 * self.height)))
            text.set_text(f"{x:.1f} m" if len(tenths) < 6 else f"{x:.1f}")


class WheelGlyph:
    """One wheel with its legs, alone, and the circle that its tips reach."""

    def __init__(self, live: LiveFigure, axes: Axes, color: str = INK) -> None:
        self.axes = axes
        axes.set_axis_off()
        axes.set_aspect("equal")
        axes.set_xlim(-0.052, 0.052)
        axes.set_ylim(-0.052, 0.052)
        self.circle = live.moving(axes, axes.plot([], [], color=color, linewidth=1.0, linestyle=":"))[0]
        look: dict[str, Any] = {"edgecolors": INK, "linewidths": 0.6}
        self.parts = live.moving(axes, axes.add_collection(PolyCollection([], **look)))

    def show(self, leg_angle: float, tip_radius: float) -> None:
        """Draw the legs at an angle, rad; `tip_radius` in m."""
        shape = outline(with_legs(np.array([0, 0, 0, 1.0] + [0.0] * 19), leg_angle))
        parts = wheel_parts(shape.rims[0] - shape.axles[0], shape.legs[0] - shape.axles[0])
        self.parts.set_verts([part for part, _ in parts])
        self.parts.set_facecolor([color for _, color in parts])
        angle = np.linspace(0, 2 * np.pi, 60)
        self.circle.set_data(tip_radius * np.cos(angle), tip_radius * np.sin(angle))


def wheel_parts(rim: Array, legs: Array) -> list[tuple[Array, str]]:
    """What to fill for one wheel, back to front, with its colour: rim, a mark that shows it turn, legs."""
    centre = rim[:-1].mean(axis=0)
    mark = centre + 0.8 * (rim[[0, 2, 46]] - centre)
    colors = (DRIVEN, FOLLOWING, FOLLOWING)
    return [(rim, WHEEL), (np.vstack([centre, mark[[1, 0, 2]]]), INK), *zip(legs, colors, strict=True)]


def step_corners(rollout: Rollout) -> Array | None:
    """The step's outline in a rollout, [4, 2] in x and z, m; None where there is none."""
    box = step_box(rollout.config)
    if box is None:
        return None
    x, _, half_depth, _ = box
    return corners(x - half_depth, x + half_depth, rollout.step_height)


def corners(left: float, right: float, top: float) -> Array:
    return np.array([(left, 0.0), (right, 0.0), (right, top), (left, top)])
