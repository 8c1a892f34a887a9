"""The reward explorer's picture: who pays when, who pays how much, and which pose was asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from twmr_nb.draw.contrast import SWATCH
from twmr_nb.draw.episode import robust_limits
from twmr_nb.draw.live_figure import LiveFigure, between, nice_limits
from twmr_nb.draw.panels import GatePanel, LegsPanel, MomentPanel, TimePanel
from twmr_nb.draw.side_view import WheelRow
from twmr_nb.draw.style import HALO, INK, TOTAL, style, term_colors, words
from twmr_nb.episodes.rescore import Rescored
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.robot.pose import MIDDLE
from twmr_nb.types import Array

STYLES = {"sum so far": "reward so far", "per step": "reward per step", "stacked": "reward per step, mean of 0.3 s"}
WINDOW = 0.3  # s


class RewardPicture:
    """Draws a rollout under changing settings; `names` are the reward terms, the learner's own included."""

    def __init__(self, rollout: Rollout, names: Sequence[str], before: Rescored) -> None:
        self.live = live = LiveFigure(830, 560)
        self.before = before.totals
        self.rests_on: tuple[Any, ...] | None = None
        self.terms = TermsPanel(live, live.axes(64, 22, 490, 222), rollout, names)
        self.totals = TotalsPanel(live, live.axes(722, 22, 98, 222), names)
        with live.resting():  # these do not depend on the weights
            self.gate = GatePanel(live, live.axes(64, 276, 490, 44), rollout)
            self.legs = LegsPanel(live, live.axes(64, 364, 490, 156), rollout)
            self.moment = MomentPanel(live, live.axes(584, 292, 240, 124), rollout)
            places = [live.axes(584 + 82 * k, 454, 76, 72) for k in range(3)]
            self.targets = WheelRow(live, places, "which pose is asked for?", ("gate shut", "gate open", "“midpoint”"))

    def draw(self, scored: Rescored, frame: int, how: str = "sum so far") -> bytes:
        """The picture as PNG, the cursor on step `frame`; `how` is one of STYLES."""
        self.terms.show(scored.weighted, how)
        self.totals.show(scored.totals, self.before)
        self.terms.point(frame, scored.passed_at)
        asked = (scored.gate.tobytes(), scored.retract.tobytes(), scored.extend.tobytes())
        key = (frame, scored.passed_at, *asked)
        if key != self.rests_on:
            self.show_resting(scored, frame)
            self.rests_on = key
        return self.live.png(key, (how, self.terms.axes.get_ylim(), self.totals.axes.get_xlim()))

    def show_resting(self, scored: Rescored, frame: int) -> None:
        """The panels that show the gate, the legs and the robot."""
        self.gate.show(scored.gate)
        self.legs.show(scored)
        self.targets.show([float(scored.retract[0]), float(scored.extend[0]), MIDDLE], chosen=1)
        for panel in (self.gate, self.legs):
            panel.point(frame, scored.passed_at)
        self.moment.show(scored, frame)


class TermsPanel(TimePanel):
    """Every term over time: as lines, as a running sum, or stacked; the total in black."""

    def __init__(self, live: LiveFigure, axes: Axes, rollout: Rollout, names: Sequence[str]) -> None:
        super().__init__(live, axes, rollout, "who pays when", "")
        colors = term_colors(names)
        with live.resting(1):  # an axis costs as much as all curves, and its limits are coarse
            live.moving(axes, axes.yaxis)
        live.moving(axes, axes.axhline(0, color=INK, linewidth=0.8))
        self.window = max(1, round(WINDOW / rollout.transition.ctrl_dt))
        self.areas = {name: self.area(facecolors=colors[name], linewidths=0, label=words(name)) for name in names}
        self.lines = {name: self.line(color=colors[name], linewidth=1.6, label=words(name)) for name in names}
        self.total = self.line(color=TOTAL, linewidth=1.3, path_effects=HALO, label="total")

    def show(self, weighted: Mapping[str, Array], how: str) -> None:
        self.axes.set_ylabel(STYLES[how], color=INK, fontsize=9)
        curves = {name: self.processed(values, how) for name, values in weighted.items()}
        total = np.sum(list(curves.values()), axis=0)
        stacked = how == "stacked"
        for name, line in self.lines.items():  # a term whose weight is 0 may not be scored
            paid = name in curves and bool(np.any(curves[name]))
            line.set_visible(paid and not stacked)
            self.areas[name].set_visible(paid and stacked)
            if paid:
                line.set_ydata(curves[name])
        shown = self.stack(curves) if stacked else list(curves.values())
        self.total.set_ydata(total)
        low, high = robust_limits([*shown, total]) if how != "sum so far" else span([*shown, total])
        self.axes.set_ylim(nice_limits(low, high))

    def processed(self, values: Array, how: str) -> Array:
        """The curve [T] to draw of a term's reward per step [T]."""
        if how == "sum so far":
            return np.cumsum(values)
        if how == "stacked":
            return np.convolve(values, np.ones(self.window) / self.window, mode="same")
        return values

    def stack(self, curves: Mapping[str, Array]) -> list[Array]:
        """Pile up gains above zero and costs below it; returns the two outer edges."""
        up, down = np.zeros_like(self.time), np.zeros_like(self.time)
        for name, values in curves.items():
            gain, cost = up + np.maximum(values, 0), down + np.minimum(values, 0)
            self.areas[name].set_verts([between(self.time, up, gain), between(self.time, cost, down)])
            up, down = gain, cost
        return [up, down]


class TotalsPanel:
    """What each term paid over the episode: a bar now, an outline for the original weights, and the number."""

    def __init__(self, live: LiveFigure, axes: Axes, names: Sequence[str]) -> None:
        self.axes = style(axes)
        axes.set_label("who pays how much")
        with live.resting(1):
            live.moving(axes, axes.xaxis)
        self.rows = rows = [*names, "total"]
        colors = term_colors(names) | {"total": TOTAL}
        place = np.arange(len(rows))
        tints: dict[str, Any] = {"color": [colors[n] for n in rows], "label": "now"}
        self.bars = live.moving(axes, axes.barh(place, 0, height=0.56, **tints).patches)
        self.bars[-1].set_path_effects(HALO)
        outline: dict[str, Any] = {"facecolor": "none", "edgecolor": INK, "linewidth": 1.1, "label": "before"}
        self.outlines = live.moving(axes, axes.barh(place, 0, height=0.82, **outline).patches)
        live.moving(axes, axes.axvline(0, color=INK, linewidth=0.8))
        axes.set_ylim(len(rows) - 0.4, -0.6)
        name_rows(axes, [words(name) for name in rows])
        axes.grid(axis="y", visible=False)
        axes.spines["left"].set_visible(False)
        axes.locator_params(axis="x", nbins=4)
        aside: dict[str, Any] = {"color": INK, "fontsize": 8.5, "va": "center", "transform": axes.get_yaxis_transform()}
        for row, name in enumerate(rows):
            swatch = axes.text(-1.36, row, SWATCH, **aside | {"color": colors[name], "fontsize": 9})
            if name == "total":
                swatch.set(path_effects=HALO)
            axes.text(-1.24, row, words(name), fontweight="bold" if name == "total" else "normal", **aside)
        self.numbers = [live.moving(axes, axes.text(-0.04, row, "", ha="right", **aside)) for row in range(len(rows))]
        head: dict[str, Any] = {"color": INK, "transform": axes.transAxes}
        axes.text(-1.36, 1.035, "who pays how much", fontsize=10, fontweight="bold", **head)
        axes.text(1, 1.035, "□ before", ha="right", fontsize=8, **head)

    def show(self, now: Mapping[str, float], before: Mapping[str, float]) -> None:
        for name, bar, outline, text in zip(self.rows, self.bars, self.outlines, self.numbers, strict=True):
            bar.set_width(now.get(name, 0.0))
            outline.set_width(before.get(name, 0.0))
            text.set_text(signed(now[name]) if name in now else "off")
        everything = [*now.values(), *before.values(), 0.0]
        self.axes.set_xlim(nice_limits(min(everything), max(everything)))


def name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Call the rows 0, 1, ... of a panel so where its numbers are saved; in the picture they are named elsewhere."""
    axes.set_yticks(range(len(names)), names)
    axes.tick_params(axis="y", length=0, labelleft=False)


def span(curves: Sequence[Array]) -> tuple[float, float]:
    return min(float(c.min()) for c in curves), max(float(c.max()) for c in curves)


def signed(value: float) -> str:
    """A reward with its sign, in about three digits."""
    return f"{value:+.0f}" if abs(value) >= 1000 else f"{value:+.1f}" if abs(value) >= 100 else f"{value:+.2f}"
