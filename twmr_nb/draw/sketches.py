"""Drawings of the robot from its side, to scale: its wheel in several poses, what its legs reach, how it moved.

Plain matplotlib: they need no graphics library. Lengths in m, angles in rad.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.patheffects import withStroke

from twmr_nb.draw.side_view import CHASSIS, STEP, corners, step_corners, wheel_parts, wheel_pose
from twmr_nb.draw.style import INK, OWN_COLORS, TERM_COLORS, Plot, style
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.markup import figure_text
from twmr_nb.robot.model import CHASSIS_HALF_SIZE, NQ, WHEEL_QPOS, WHEEL_RADIUS, WHEGS, tip_radius
from twmr_nb.robot.outline import FAR, NEAR, outline, with_legs
from twmr_nb.robot.rotations import about_y
from twmr_nb.types import Array

RULE = OWN_COLORS[2]  # of dimension lines
GLOW = [withStroke(linewidth=3, foreground="white", alpha=0.8)]


def wheel_poses(angles: Mapping[str, float]) -> Plot:
    """One wheel per leg angle (name -> rad), with the circle that its leg tips reach (dotted)."""
    figure = Plot(960, 236)
    figure.margins(8, 8, 44, 40, wspace=0.1)
    row = figure.subplots(1, len(angles), squeeze=False)[0]
    for axes, (name, angle) in zip(row, angles.items(), strict=True):
        blank(axes, (-0.053, 0.053), (-0.053, 0.053))
        radius = float(tip_radius(angle))
        draw_wheel(axes, wheel_pose(angle))
        circle(axes, (0, 0), radius, linestyle=":", color=TERM_COLORS["extension"])
        axes.set_title(name, color=INK, fontsize=10, fontweight="bold")
        under = f"{angle:.2f} rad, tip at {1000 * radius:.1f} mm"
        axes.text(0.5, -0.06, under, transform=axes.transAxes, color=INK, fontsize=9, ha="center", va="top")
    return figure


def climbing_rules(leg_angle: float) -> Plot:
    """The two estimates of a step's height, drawn: what the next leg tip reaches, and what the belly clears."""
    figure = Plot(960, 300)
    figure.margins(16, 16, 28, 16, wspace=0.08)
    reach, belly = figure.subplots(1, 2)
    draw_reach(reach, leg_angle)
    draw_belly(belly, leg_angle)
    return figure


def draw_reach(axes: Axes, leg_angle: float) -> None:
    """A wheel that stands on one tip: the next one, a third of a turn on, is 1.5 tip radii above the floor."""
    radius = float(tip_radius(leg_angle))
    blank(axes, (-0.165, 0.13), (-0.012, 0.142), f"reach: the next tip lands at {WHEGS} R")
    parts = wheel_pose(leg_angle, standing_turn(leg_angle))
    tip_x, top = radius * np.sin(np.pi / 3), WHEGS * radius
    fill(axes, [corners(-0.2, 0.3, 0.0) - (0, 0.02)], STEP, 0.45)
    fill(axes, [corners(tip_x, 0.3, top)], STEP, 0.45)
    draw_wheel(axes, parts, (0, radius))
    circle(axes, (0, radius), radius, linestyle=":", color=TERM_COLORS["extension"])
    dimension(axes, -0.066, 0.0, radius, f"R = {1000 * radius:.1f} mm")
    dimension(axes, -0.066, radius, top, f"R cos 60° = {500 * radius:.1f} mm")
    dimension(axes, 0.06, 0.0, top, f"{WHEGS} R = {1000 * top:.1f} mm", side=1)
    axes.plot([-0.07, tip_x], [top, top], color=RULE, linewidth=0.8, linestyle="--")


def draw_belly(axes: Axes, leg_angle: float) -> None:
    """Front wheels up, rear wheels down: halfway between them the belly must clear the edge."""
    radius, height = max(float(tip_radius(leg_angle)), WHEEL_RADIUS), belly_height(leg_angle)
    blank(axes, (-0.135, 0.135), (-0.012, 0.128), "belly: the middle rises half as much as the front")
    fill(axes, [corners(-0.2, 0.3, 0.0) - (0, 0.02)], STEP, 0.45)
    fill(axes, [corners(0.0, 0.3, height)], STEP, 0.45)
    qpos = np.zeros(NQ)
    pitch = -np.arcsin(height / (2 * CHASSIS_HALF_SIZE[0]))
    qpos[2], qpos[3:7] = radius + height / 2, about_y(pitch)
    qpos[WHEEL_QPOS] = standing_turn(leg_angle) - pitch
    draw_robot(axes, with_legs(qpos, leg_angle))
    dimension(axes, 0.085, 0.0, height, f"{1000 * height:.1f} mm", side=1)


def belly_height(leg_angle: float) -> float:
    """The step [m] on whose edge the chassis' middle just does not rest: height = 2 (R - half-height / cos(tilt))."""
    radius = max(float(tip_radius(leg_angle)), WHEEL_RADIUS)
    half_length, _, half_height = CHASSIS_HALF_SIZE
    height = 0.0
    for _ in range(40):  # the tilt depends on the height, and the height on the tilt
        height = 2 * (radius - half_height / np.sqrt(1 - (height / (2 * half_length)) ** 2))
    return float(height)


def motion(rollout: Rollout, spacing: float = 0.16, start: float | None = None, end: float | None = None) -> Plot:
    """The robot every `spacing` m of its way in one picture, with the path of its middle, between two x (m)."""
    x, z = rollout.transition.x, rollout.transition.z
    left = float(x[0]) if start is None else start
    right = float(x.max()) if end is None else end
    bottom, top, width = -0.02, rollout.step_height + 0.1, right - left + 0.26
    figure = Plot(960, round(944 * (top - bottom) / width) + 60)
    figure.margins(8, 8, 26, 34)
    axes = figure.subplots()
    blank(axes, (left - 0.13, right + 0.13), (bottom, top), figure_text(rollout.title))
    floor = corners(left - 1, right + 1, 0.0) - (0, 0.1)
    floor[2:, 1] = 0.0
    step = step_corners(rollout)
    fill(axes, [floor] if step is None else [floor, step], STEP, 0.45)
    axes.plot(x, z, color=TERM_COLORS["forward"], linewidth=1.2)
    for moment in moments_along(x, left, right, spacing):
        draw_robot(axes, rollout.transition.qpos[moment])
        axes.annotate(
            f"{rollout.time[moment]:.1f} s", (x[moment], bottom), color=INK, fontsize=8, ha="center", va="top",
            annotation_clip=False, xytext=(0, -3), textcoords="offset points",
        )  # fmt: skip
    return figure


def moments_along(x: Array, left: float, right: float, spacing: float) -> list[int]:
    """The steps at which a way x [T] first passes places `spacing` apart; also the last, if it ends between."""
    places = np.arange(left, min(right, float(x.max())), spacing)
    moments = [int(np.argmax(x >= place - 1e-9)) for place in places]
    if left < x[-1] < right and (not moments or abs(x[-1] - x[moments[-1]]) > 0.05):
        moments.append(len(x) - 1)
    return moments


# -- parts ------------------------------------------------------------------------------------------------------------


def blank(axes: Axes, x: tuple[float, float], y: tuple[float, float], title: str = "") -> None:
    """An empty panel to scale, without an axis."""
    style(axes, title)
    axes.set_aspect("equal")
    axes.set_xlim(*x)
    axes.set_ylim(*y)
    axes.grid(False)
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def fill(axes: Axes, shapes: list[Array], color: str | list[str], alpha: float = 1.0, line: float = 0.0) -> None:
    edge: dict[str, Any] = {"edgecolors": INK, "linewidths": line}
    axes.add_collection(PolyCollection(shapes, facecolors=color, alpha=alpha, **edge), autolim=False)


def circle(axes: Axes, centre: tuple[float, float], radius: float, **look: Any) -> None:
    angle = np.linspace(0, 2 * np.pi, 120)
    axes.plot(centre[0] + radius * np.cos(angle), centre[1] + radius * np.sin(angle), linewidth=1.2, **look)


def dimension(axes: Axes, x: float, low: float, high: float, words: str, side: int = -1) -> None:
    """A vertical dimension line with its words to the left (-1) or right (1)."""
    arrow = {"arrowstyle": "<->", "color": RULE, "linewidth": 1.2, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (x, high), (x, low), arrowprops=arrow)
    align = "right" if side < 0 else "left"
    text: dict[str, Any] = {"color": INK, "fontsize": 9, "ha": align, "va": "center", "path_effects": GLOW}
    axes.text(x + 0.003 * side, (low + high) / 2, words, **text)


def standing_turn(leg_angle: float) -> float:
    """The wheel angle at which one leg tip points straight down."""
    qpos = np.zeros(NQ)
    qpos[3] = 1.0
    shape = outline(with_legs(qpos, leg_angle))
    x, z = shape.legs[0, 0, 2:].mean(axis=0) - shape.axles[0]
    return float(np.arctan2(z, x) + np.pi / 2)


def draw_wheel(axes: Axes, parts: list[tuple[Array, str]], centre: tuple[float, float] = (0.0, 0.0)) -> None:
    fill(axes, [part + centre for part, _ in parts], [color for _, color in parts], line=0.6)


def draw_robot(axes: Axes, qpos: Array) -> None:
    """The whole robot in a pose, qpos [23]; its far wheels pale."""
    shape = outline(qpos)
    for wheels, alpha in ((FAR, 0.35), (NEAR, 1.0)):
        parts = [part for k in wheels for part in wheel_parts(shape.rims[k], shape.legs[k])]
        fill(axes, [part for part, _ in parts], [color for _, color in parts], alpha, line=0.5)
        if wheels == FAR:
            fill(axes, [shape.chassis], CHASSIS, 0.85, line=0.6)
