"""The pose explorer's picture: the robot standing before a step, and how far its leg tips reach at every angle."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from twmr_nb.config.fields import settings_of
from twmr_nb.config.schema import EnvConfig
from twmr_nb.draw.contrast import edge_of
from twmr_nb.draw.live_figure import LiveFigure
from twmr_nb.draw.side_view import ASKED, DRIVEN, SideView, WheelRow, corners
from twmr_nb.draw.style import INK, LEGS, TERM_COLORS, style
from twmr_nb.robot.model import LEG_RANGE, LEGS_OUT, WHEEL_RADIUS, tip_radius
from twmr_nb.robot.outline import Outline, outline
from twmr_nb.robot.pose import leg_targets
from twmr_nb.types import Array

MODES = settings_of(EnvConfig)["extend_mode"].words
STEP_AT = 0.115  # m ahead of the robot's middle
WHEEL_COLORS = ("#8F5BD6", "#B28CF0", "#B0703C", "#D6A27A")  # dots of the four wheels, in motor order


class PosePicture:
    """Draws a pose of the standing robot."""

    def __init__(self) -> None:
        self.live = live = LiveFigure(830, 590)
        self.view = SideView(live, live.axes(8, 10, 816, 262), height=0.14, ahead=0.045)
        self.ring = live.moving(self.view.axes, self.view.axes.plot([], [], color=INK, linestyle=":", linewidth=1.2))[0]
        self.curve = TipCurve(live, live.axes(64, 318, 430, 222))
        places = [live.axes(540 + 98 * k, 352, 88, 88) for k in range(3)]
        self.targets = WheelRow(live, places, "what an open gate asks for", MODES)
        words: dict[str, Any] = {"color": INK, "fontsize": 9, "va": "top", "linespacing": 1.5}
        self.note = live.moving(places[0], places[0].text(0, -0.62, "", transform=places[0].transAxes, **words))

    def draw(self, qpos: Array, leg_angle: ArrayLike, config: EnvConfig, step: float) -> bytes:
        """The picture as PNG: a pose, its leg angles [4] (rad), whose targets to mark, and the step's height [m]."""
        angles = np.broadcast_to(np.asarray(leg_angle, float), 4)
        self.view.show(qpos, step=corners(STEP_AT, STEP_AT + 0.5, step))
        self.show_ring(outline(qpos), float(tip_radius(angles[0])))
        targets = targets_by_mode(config)
        self.curve.show(angles, config, targets)
        self.targets.show([targets[mode] for mode in MODES], MODES.index(config.extend_mode))
        self.note.set_text(lesson(config, targets))
        return self.live.png()

    def show_ring(self, shape: Outline, radius: float) -> None:
        """The circle that the front left wheel's tips run on."""
        angle = np.linspace(0, 2 * np.pi, 90)
        x, z = shape.axles[0] - self.view.origin
        self.ring.set_visible(radius > WHEEL_RADIUS)
        self.ring.set_data(x + radius * np.cos(angle), z + radius * np.sin(angle))


class TipCurve:
    """Tip radius against leg angle, with the wheels' angles and the targets on it."""

    def __init__(self, live: LiveFigure, axes: Axes) -> None:
        style(axes, "how far the leg tips reach from the axle", "leg angle [rad]", "mm")
        angle = np.linspace(*LEG_RANGE, 300)
        axes.set_xlim(LEG_RANGE[0] - 0.1, LEG_RANGE[1] + 0.1)
        axes.set_ylim(15, 52)
        axes.axhspan(1000 * LEGS_OUT, 52, color=TERM_COLORS["success"], alpha=0.10, linewidth=0)
        axes.axhline(1000 * WHEEL_RADIUS, color=INK, linewidth=0.8, linestyle=":")
        inside: dict[str, Any] = {"color": INK, "fontsize": 8}
        axes.text(1.0, 1000 * WHEEL_RADIUS + 0.5, "the wheel's own radius, 25 mm", ha="center", **inside)
        axes.text(-0.1, 1000 * LEGS_OUT + 9.5, "legs out", ha="center", **inside)
        axes.plot(angle, 1000 * tip_radius(angle), color=DRIVEN, linewidth=2.2, label="at every angle")
        marker: dict[str, Any] = {"linestyle": "none", "marker": "o"}
        self.retract = live.moving(axes, axes.axvline(0, color=INK, linewidth=1.2, linestyle="--"))
        self.extend = live.moving(axes, axes.axvline(0, color=ASKED, linewidth=1.2, linestyle="--"))
        place: dict[str, Any] = {
            "fontsize": 8.5,
            "rotation": 90,
            "va": "center",
            "transform": axes.get_xaxis_transform(),
        }
        self.words = [
            live.moving(axes, axes.text(0, 0.60, word, color=color, **place))
            for word, color in (("gate shut asks", INK), ("gate open asks", edge_of(ASKED)))
        ]
        self.dots = [
            live.moving(axes, axes.plot([], [], markersize=11 - 2 * k, color=color, label=name, **marker))[0]
            for k, (color, (_, name)) in enumerate(zip(WHEEL_COLORS, LEGS, strict=True))
        ]

    def show(self, angles: Array, config: EnvConfig, targets: dict[str, float]) -> None:
        asked = (targets["retract"], targets[config.extend_mode])
        for line, word, angle in zip((self.retract, self.extend), self.words, asked, strict=True):
            line.set_xdata([angle] * 2)
            word.set(x=angle + (-0.03 if angle > 1.5 else 0.03), ha="right" if angle > 1.5 else "left")
        for dot, angle in zip(self.dots, angles, strict=True):
            dot.set_data([angle], [1000 * tip_radius(angle)])


def targets_by_mode(config: EnvConfig) -> dict[str, float]:
    """The leg angle [rad] that counts as retracted, and the one that each extend_mode calls extended."""
    by_mode = {mode: leg_targets(config.replace(extend_mode=mode, extend_angle=None)) for mode in MODES}
    retract = float(by_mode[MODES[0]][0][0])
    return {"retract": retract} | {mode: float(extend[0]) for mode, (_, extend) in by_mode.items()}


def lesson(config: EnvConfig, targets: dict[str, float]) -> str:
    """What the chosen targets mean, in words."""
    shut, out = (float(tip_radius(targets[name])) for name in ("retract", config.extend_mode))
    tips = f"The tips go from {1000 * shut:.0f} to {1000 * out:.0f} mm,"
    if out < LEGS_OUT:
        return (
            f"“{config.extend_mode}” asks for a folded pose.\n{tips} inside the\n"
            "wheel's own 25 mm: an open gate pulls\nthe legs away from what climbs."
        )
    return f"“{config.extend_mode}” asks for legs that stand out.\n{tips}\nwell beyond the wheel's own 25 mm."
