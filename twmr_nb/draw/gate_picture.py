"""The gate explorer's picture: every gate on one episode, what it listens to, and where they open."""

from itertools import chain
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from twmr_nb.config.fields import settings_of
from twmr_nb.config.schema import EnvConfig
from twmr_nb.draw.contrast import SWATCH
from twmr_nb.draw.live_figure import LiveFigure, between, nice_limits
from twmr_nb.draw.panels import GatePanel, LegsPanel, MomentPanel, TimePanel
from twmr_nb.draw.style import CURSOR, INK, PALE, style
from twmr_nb.episodes.rescore import Rescored, gate_of
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.robot.model import WHEEL_CTRL, at_step, step_edges
from twmr_nb.robot.rotations import nose_up
from twmr_nb.task.gate import obstacle_window, proprio_parts
from twmr_nb.types import Array

MODES = settings_of(EnvConfig)["gate_mode"].words
GATE_COLORS = {"none": "#8C8C8C", "obstacle": "#3FA7A0", "proprio": "#8F5BD6", "felt": "#AA1166"}
PART_COLORS = {"impact": "#D55E00", "rotation": "#E69F00", "stall": "#0072B2"}


class GatePicture:
    """Draws an episode under changing gate settings."""

    def __init__(self, rollout: Rollout) -> None:
        self.rollout = rollout
        self.live = live = LiveFigure(830, 560)
        self.gates = GatesPanel(live, live.axes(64, 22, 490, 112), rollout)
        self.cause = CausePanel(live, live.axes(64, 174, 490, 130), rollout)
        self.legs = LegsPanel(live, live.axes(64, 346, 490, 174), rollout)
        self.moment = MomentPanel(live, live.axes(584, 26, 240, 126), rollout)
        self.way = WayPanel(live, live.axes(612, 190, 212, 114), rollout)
        self.shares = SharesPanel(live, live.axes(584, 372, 240, 120), rollout)

    def draw(self, gates: dict[str, Array], scored: Rescored, frame: int) -> bytes:
        """The picture as PNG: the gate [T] of every mode, the chosen one in `scored`, the cursor on step `frame`."""
        config = scored.config
        self.gates.show_modes(gates, config.gate_mode)
        self.cause.show(config)
        self.legs.show(scored)
        for panel in (self.gates, self.cause, self.legs):
            panel.point(frame, scored.passed_at)
        self.moment.show(scored, frame)
        self.way.show(scored.gate, config, frame)
        self.shares.show(gates, config.gate_mode)
        return self.live.png()


class GatesPanel(GatePanel):
    """Every mode's gate as a line, the chosen one filled."""

    def __init__(self, live: LiveFigure, axes: Axes, rollout: Rollout) -> None:
        super().__init__(live, axes, rollout)
        self.lines = {mode: self.line(color=GATE_COLORS[mode], linewidth=1.2, label=mode) for mode in MODES}
        axes.legend(
            fontsize=8, labelcolor=INK, frameon=False, ncols=len(MODES), loc="lower right", bbox_to_anchor=(1.01, 0.96),
            handlelength=0.8, columnspacing=0.9,
        )  # fmt: skip

    def show_modes(self, gates: dict[str, Array], chosen: str) -> None:
        self.show(gates[chosen])
        self.fill.set(facecolor=GATE_COLORS[chosen], alpha=0.5)
        for mode, line in self.lines.items():
            line.set_ydata(gates[mode])
            line.set_linewidth(1.4 if mode == chosen else 0.8)


class CausePanel(TimePanel):
    """Why the chosen gate opens: the score, part by part, the robot's place and the window, or how its nose rises."""

    def __init__(self, live: LiveFigure, axes: Axes, rollout: Rollout) -> None:
        super().__init__(live, axes, rollout, "", "")
        self.rollout, self.nose = rollout, nose_up(rollout.attitude)
        live.moving(axes, axes.yaxis)
        self.parts = {
            name: self.area(facecolors=color, linewidths=0, label=name) for name, color in PART_COLORS.items()
        }
        self.window = live.moving(axes, axes.axhspan(0, 1, color=GATE_COLORS["obstacle"], alpha=0.25, linewidth=0))
        self.signal = self.line(color=INK, linewidth=1.6, label="signal")
        self.limit = live.moving(axes, axes.axhline(0, color=INK, linewidth=1.6, linestyle="--"))
        head: dict[str, Any] = {"color": INK, "transform": axes.transAxes}
        self.title = live.moving(axes, axes.text(0, 1.06, "", fontsize=10, fontweight="bold", **head))
        key = [
            live.moving(axes, axes.text(x - gap, 1.06, text, fontsize=8, ha="right", **head | {"color": tint}))
            for x, (name, color) in zip((0.74, 0.89, 1.0), PART_COLORS.items(), strict=True)
            for text, tint, gap in ((name, INK, 0.025), (SWATCH, color, 0.0))
        ]
        self.shown = {  # by gate mode
            "proprio": [*self.parts.values(), *key, self.limit],
            "obstacle": [self.window, self.signal],
            "felt": [self.signal, self.limit],
        }

    def show(self, config: EnvConfig) -> None:
        shown = self.shown.get(config.gate_mode, [])
        for artist in chain(*self.shown.values()):
            artist.set_visible(artist in shown)
        if config.gate_mode == "proprio":
            self.show_score(config)
        elif config.gate_mode == "obstacle":
            self.show_place(config)
        elif config.gate_mode == "felt":
            self.show_nose(config)
        else:
            self.call("this gate listens to nothing and stays shut")
            self.axes.set_ylim(0, 1)
            self.axes.set_yticks([])

    def show_score(self, config: EnvConfig) -> None:
        self.call("what it feels: opens above the bias")
        base = np.zeros_like(self.time)
        t = self.rollout.transition
        parts = proprio_parts(config, t.accelerometer, t.gyro, t.torque[:, WHEEL_CTRL], t.wheel_speed)
        for name, values in parts.items():
            self.parts[name].set_verts([between(self.time, base, base + values)])
            base = base + values
        self.limit.set_ydata([config.gate_bias] * 2)
        top = max(float(np.quantile(base, 0.97)), 2 * abs(config.gate_bias))
        low, high = nice_limits(config.gate_bias, top)
        self.scale(low if config.gate_bias < 0 else 0.0, high)

    def show_nose(self, config: EnvConfig) -> None:
        self.call("how far it feels its nose up [rad]: opens above the line")
        self.signal.set_ydata(self.nose)
        self.limit.set_ydata([config.gate_tilt] * 2)
        self.scale(*nice_limits(float(self.nose.min()), max(float(self.nose.max()), config.gate_tilt)))

    def show_place(self, config: EnvConfig) -> None:
        self.call("where it is: open between these places [m]")
        window = obstacle_window(config)
        self.signal.set_ydata(self.rollout.transition.x)
        self.window.set_visible(window is not None)
        if window is not None:
            self.window.set_y(window[0])
            self.window.set_height(window[1] - window[0])
        x = self.rollout.transition.x
        self.scale(*nice_limits(float(x.min()), max(float(x.max()), window[1] if window else 0.0)))

    def call(self, title: str) -> None:
        self.title.set_text(title)
        self.axes.set_label(title)

    def scale(self, low: float, high: float) -> None:
        self.axes.set_ylim(low, high)
        self.axes.yaxis.set_major_locator(MaxNLocator(4))


class WayPanel:
    """The gate against the robot's place: each step is a dot."""

    def __init__(self, live: LiveFigure, axes: Axes, rollout: Rollout) -> None:
        self.x = rollout.transition.x
        style(axes, "where it opens", "x [m]")
        axes.set_ylim(-0.05, 1.08)
        axes.set_yticks([0, 1], ["in", "out"])
        edges = step_edges(rollout.config)
        if edges is not None:
            axes.axvspan(*edges, color=PALE, linewidth=0)
        middle = edges[1] + 0.1 if edges is not None else 0.5
        axes.set_xlim(min(float(self.x.min()), -0.05), max(float(self.x.max()), middle) + 0.05)
        look: dict[str, Any] = {"linestyle": "none", "marker": "o", "markeredgewidth": 0}
        self.dots = {
            mode: live.moving(axes, axes.plot([], [], markersize=2.5, alpha=0.5, color=color, label=mode, **look))[0]
            for mode, color in GATE_COLORS.items()
        }
        look |= {"color": CURSOR, "label": "under the cursor"}
        self.here = live.moving(axes, axes.plot([], [], markersize=7, **look))[0]

    def show(self, gate: Array, config: EnvConfig, frame: int) -> None:
        for mode, dots in self.dots.items():
            dots.set_visible(mode == config.gate_mode)
            dots.set_data(self.x, gate)
        self.here.set_data([self.x[frame]], [gate[frame]])


class SharesPanel:
    """How much of the time each mode's gate is open, at the step and elsewhere."""

    def __init__(self, live: LiveFigure, axes: Axes, rollout: Rollout) -> None:
        axes.set_axis_off()
        self.near = at_step(rollout.config, rollout.transition.x)
        look: dict[str, Any] = {"color": INK, "transform": axes.transAxes, "va": "center"}
        axes.text(0, 1.0, "how far open, on average", fontsize=10, fontweight="bold", **look)
        columns = ((0.62, "at the step"), (1.0, "elsewhere"))
        for place, word in columns:
            axes.text(place, 0.78, word, fontsize=8.5, ha="right", **look)
        self.words, self.numbers = {}, {}
        for k, mode in enumerate(MODES):
            row, tinted = 0.58 - 0.19 * k, look | {"color": GATE_COLORS[mode]}
            axes.text(0, row, SWATCH, fontsize=9, **tinted)
            self.words[mode] = live.moving(axes, axes.text(0.065, row, mode, fontsize=9, **look))
            self.numbers[mode] = [
                live.moving(axes, axes.text(c, row, "", fontsize=9, ha="right", **look)) for c, _ in columns
            ]

    def show(self, gates: dict[str, Array], chosen: str) -> None:
        for mode, gate in gates.items():
            weight = "bold" if mode == chosen else "normal"
            self.words[mode].set_fontweight(weight)
            for text, part in zip(self.numbers[mode], (gate[self.near], gate[~self.near]), strict=True):
                text.set(text=f"{100 * part.mean():.0f}%" if len(part) else "—", fontweight=weight)


def all_gates(rollout: Rollout, config: EnvConfig) -> dict[str, Array]:
    """The gate [T] of every mode, under one set of parameters."""
    return {mode: gate_of(rollout, config.replace(gate_mode=mode)) for mode in MODES}
