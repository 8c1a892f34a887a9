"""The robot drawn from its side, with matplotlib: quick, clear, and without a graphics library."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection
from numpy.typing import ArrayLike

from twmr_nb.draw.contrast import edge_of
from twmr_nb.draw.live_figure import LiveFigure
from twmr_nb.draw.style import INK, TERM_COLORS
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.robot.model import NQ, WHEEL_QPOS, step_box, tip_radius
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


class WheelRow:
    """One wheel with its legs in several poses side by side, each with the circle that its tips reach."""

    def __init__(self, live: LiveFigure, places: Sequence[Axes], title: str, names: Sequence[str]) -> None:
        head: dict[str, Any] = {"color": INK, "fontsize": 10, "fontweight": "bold", "transform": places[0].transAxes}
        places[0].text(0, 1.28, title, **head)
        self.glyphs = []
        for axes, name in zip(places, names, strict=True):
            axes.set_axis_off()
            axes.set_aspect("equal")
            axes.set_xlim(-0.052, 0.052)
            axes.set_ylim(-0.052, 0.052)
            text: dict[str, Any] = {"color": INK, "fontsize": 8.5, "ha": "center", "transform": axes.transAxes}
            ring = axes.plot([], [], linewidth=1.0, linestyle=":")
            parts = axes.add_collection(PolyCollection([], edgecolors=INK, linewidths=0.6))
            words = axes.text(0.5, 1.03, name, **text), axes.text(0.5, -0.04, "", va="top", **text)
            self.glyphs.append([live.moving(axes, artist) for artist in (*ring, parts, *words)])

    def show(self, angles: Sequence[float], chosen: int) -> None:
        """Draw the legs at these angles, rad; the chosen pose stands out."""
        around = np.linspace(0, 2 * np.pi, 60)
        for k, (angle, (ring, parts, name, words)) in enumerate(zip(angles, self.glyphs, strict=True)):
            shapes, reach = wheel_pose(angle), float(tip_radius(angle))
            parts.set_verts([part for part, _ in shapes])
            parts.set_facecolor([color for _, color in shapes])
            ring.set_data(reach * np.cos(around), reach * np.sin(around))
            ring.set_color(ASKED if k == chosen else INK)
            name.set(color=edge_of(ASKED) if k == chosen else INK, fontweight="bold" if k == chosen else "normal")
            words.set_text(f"{angle:.2f} rad\ntip {1000 * reach:.0f} mm")


def wheel_pose(leg_angle: float, turn: float = 0.0) -> list[tuple[Array, str]]:
    """The front left wheel about its axle at 0, 0: what to fill and in which colour; angles in rad."""
    qpos = np.zeros(NQ)
    qpos[3], qpos[WHEEL_QPOS] = 1.0, turn
    shape = outline(with_legs(qpos, leg_angle))
    return wheel_parts(shape.rims[0] - shape.axles[0], shape.legs[0] - shape.axles[0])


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
