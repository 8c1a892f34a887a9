"""The learning curves of a run, finished or under way: return, success, what each term pays, losses and noise.

Axes, ticks and legends are drawn once and kept until a limit has to move; then only the curves are drawn anew, so that
a live view can show them every second.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from twmr_nb.draw.live_figure import LiveFigure, between, nice_limits
from twmr_nb.draw.metrics import METRICS, column, shown, steps_unit
from twmr_nb.draw.spread import draw_spread
from twmr_nb.draw.style import DASHES, GREY, TOTAL, Plot, halo, legend, style, term_colors, words
from twmr_nb.types import Array, Record

Runs = Mapping[str, Sequence[Record] | Sequence[Sequence[Record]]]  # name -> a log, or several that differ by seed
LEFT, TOP, RIGHT, BOTTOM, BETWEEN_X, BETWEEN_Y = 62, 22, 18, 42, 62, 46  # px around and between the panels
CURVES, LOSSES = ("episode_return", "success_rate"), ("value_loss", "approx_kl", "std")
ROUND = (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
SMALLEST = 1e-6  # what lies below is noise on the logarithmic axis


def learning_curves(records: Sequence[Record], compare: Runs | None = None) -> Plot:
    """Four panels over training steps: return, success, what each term adds to the return, losses and noise.

    Episodes that a staggered start cut short do not count: the upper curves begin where the first whole one has ended.
    `records`: one per update, as `run.records` holds them. `compare`: earlier runs by name, drawn in grey; in place of
    one's records a list of them, of runs that differ in nothing but the seed: their median, and their range as a band.
    """
    curves = LiveCurves(960, 540)
    curves.show(records, compare or {}, total=0)
    return curves.live.figure


@dataclass(frozen=True)
class Frame:
    """All that stands still: limits, which terms, which earlier runs."""

    steps: float
    returns: tuple[float, float]
    paid: tuple[float, float]
    losses: tuple[float, float]
    terms: tuple[str, ...]
    compared: tuple[str, ...]
    curriculum: bool
    logged: bool
    """Whether the log says what each term paid; those of earlier versions do not."""


class LiveCurves:
    """width x height in page pixels; `png` gives the next picture."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.frame: Frame | None = None
        self.live = LiveFigure(width, height)

    def png(self, records: Sequence[Record], compared: Runs, total: float) -> bytes:
        """records: one per update; compared: earlier runs, drawn in grey; total: steps that the run will take."""
        self.show(records, compared, total)
        return self.live.png()

    def show(self, records: Sequence[Record], compared: Runs, total: float) -> None:
        """The same, not yet drawn; without a `total` the axis ends where the curves do."""
        data = Curves(records)
        frame = frame_of(data, compared, total)
        if frame != self.frame:
            self._build(frame, compared)
        self._move(data)

    def _build(self, frame: Frame, compared: Runs) -> None:
        self.frame = frame
        self.live.clear()
        x, self.scale = steps_unit(frame.steps)
        height = METRICS["frontier"]
        note = "; dash-dot: step [mm]" if frame.curriculum else ""  # millimetres and percent share the axis
        returned, success = (
            self._panel(i, 0, METRICS[key].title + end, METRICS[key].y)
            for i, (key, end) in enumerate(zip(CURVES, ("", note), strict=True))
        )
        told = "" if frame.logged else ": not logged"
        paid = self._panel(0, 1, f"what each term pays{told}", METRICS["episode_return"].y, x)
        losses = self._panel(1, 1, "losses and noise, logarithmic", "", x)
        returned.set_ylim(*frame.returns)
        success.set_ylim(METRICS["success_rate"].limits)
        paid.set_ylim(*frame.paid)
        losses.set_yscale("log")
        losses.set_ylim(*frame.losses)
        losses.minorticks_off()
        self.curves = {}
        for axes, key in zip((returned, success), CURVES, strict=True):
            for dash, (name, others) in zip(DASHES, compared.items(), strict=False):
                draw_spread(axes, several(others), key, GREY, name, self.scale, linestyle=dash, linewidth=1.2)
            color = METRICS[key].color
            self.curves[key] = self._line(axes, color=color, linewidth=2, label="this run", **halo(color))
            if compared:
                legend(axes, 1, "lower right", handle=2.6)
        if frame.curriculum:
            look = {"color": height.color, "linestyle": "-.", "label": "_highest step drawn [mm]"}
            self.curves["frontier"] = self._line(success, linewidth=1.2, **look)
        colors = term_colors(frame.terms)
        areas = {n: PolyCollection([], facecolors=colors[n], label=words(n)) for n in frame.terms}
        self.areas = {n: self.live.moving(paid, paid.add_collection(area, autolim=False)) for n, area in areas.items()}
        self.paid = self._line(paid, color=TOTAL, linewidth=1.6, label="_all terms", **halo(TOTAL))
        for key in LOSSES:
            self.curves[key] = self._line(losses, color=METRICS[key].color, linewidth=1.4, label=METRICS[key].short)
        legend(paid, 3, "upper left")
        legend(losses, 3, "upper left")

    def _move(self, data: "Curves") -> None:
        x = data.steps / self.scale
        for key, line in self.curves.items():
            values = shown(data.records, key)
            line.set_data(x, np.fmax(values, SMALLEST) if key in LOSSES else values)
        x = x[data.known]
        up, down = np.zeros(len(x)), np.zeros(len(x))
        for name, area in self.areas.items():
            value = data.paid[name][data.known]
            gains, costs = up + np.fmax(value, 0), down + np.fmin(value, 0)
            area.set_verts([between(x, up, gains), between(x, down, costs)])
            up, down = gains, costs
        self.paid.set_data(x, up + down)

    def _panel(self, i: int, j: int, title: str, y: str, x: str = "") -> Axes:
        assert self.frame is not None
        width = (self.width - LEFT - RIGHT - BETWEEN_X) / 2
        height = (self.height - TOP - BOTTOM - BETWEEN_Y) / 2
        axes = self.live.axes(LEFT + i * (width + BETWEEN_X), TOP + j * (height + BETWEEN_Y), width, height)
        style(axes, title, x, y).set_xlim(0, self.frame.steps / self.scale)
        axes.locator_params(nbins=5)
        return axes

    def _line(self, axes: Axes, **look: Any) -> Any:
        return self.live.moving(axes, axes.plot([], [], **look))[0]


def curves_text(records: Sequence[Record], compared: Runs) -> str:
    """What the picture shows, for those who do not see it."""
    if not records:
        return "Learning curves: nothing yet."
    first, last = records[0], records[-1]
    texts = [f"Learning curves after {last['global_step']:,.0f} steps"]
    for key, what, unit in (("success_rate", "success", "%"), ("episode_return", "return per whole episode", "")):
        if math.isfinite(last[key]):
            factor = METRICS[key].factor
            begin = f" (at first {factor * first[key]:.4g}{unit})" if math.isfinite(first[key]) else ""
            texts.append(f"{what} {factor * last[key]:.4g}{unit}{begin}")
    terms = {key.removeprefix("paid/"): value for key, value in last.items() if key.startswith("paid/")}
    paid = [f"{words(name)} {value:+.3g}" for name, value in terms.items() if math.isfinite(value) and value]
    texts += ["of the return each term pays " + ", ".join(paid)] if paid else []
    texts += ["compared with " + ", ".join(compared)] if compared else []
    return "; ".join(texts) + "."


class Curves:
    """A run's records as arrays over its updates: `steps`, what the terms `paid`, and where that is `known`."""

    def __init__(self, records: Sequence[Record]) -> None:
        self.records, self.steps = records, column(records, "global_step")
        names = [key.removeprefix("paid/") for key in (records[0] if records else ()) if key.startswith("paid/")]
        self.paid = {name: column(records, f"paid/{name}") for name in names}
        self.known = np.isfinite(np.sum([*self.paid.values()] or [np.nan * self.steps], axis=0))


def frame_of(data: Curves, compared: Runs, total: float) -> Frame:
    """Limits that change seldom while the curves grow; without a total the steps end where the curves do."""
    earlier = [log for others in compared.values() for log in several(others)]
    last = np.concatenate([data.steps, *(column(log, "global_step") for log in earlier)])
    done = float(np.nanmax([1e3, *last]))
    steps = float(np.nanmax([min(round_up(done), total or done), *last]))
    returns = [column(run, "episode_return") for run in (data.records, *earlier)]
    gains = [np.fmax(values, 0) for values in data.paid.values()]
    costs = [np.fmin(values, 0) for values in data.paid.values()]
    low, high = nice_limits(*span([np.sum(costs, axis=0), np.sum(gains, axis=0)] if gains else []))
    losses = span([np.fmax(column(data.records, key), SMALLEST) for key in LOSSES], least=SMALLEST)
    first, last_ = math.floor(math.log10(losses[0])), math.ceil(math.log10(losses[1]))
    return Frame(
        steps=steps,
        returns=nice_limits(*span(returns)),
        paid=(low, high + 0.4 * (high - low)),  # room for the legend
        losses=(10.0**first, 10.0 ** (last_ + 0.35 * max(last_ - first, 1))),
        terms=tuple(name for name, values in data.paid.items() if np.any(values[data.known] != 0)),
        compared=tuple(compared)[: len(DASHES)],
        curriculum=bool(np.isfinite(column(data.records, "frontier")).any()),
        logged=bool(data.paid or not data.records),
    )


def several(logs: Any) -> Sequence[Sequence[Record]]:
    """The logs of runs that differ by their seed; where one is given, that one."""
    return [logs] if not len(logs) or isinstance(logs[0], Mapping) else logs


def span(curves: Sequence[Array], least: float = 0.0) -> tuple[float, float]:
    """The smallest and the largest finite value; from `least` to 1 where there is none, or nothing but `least`."""
    finite = [values[np.isfinite(values)] for values in curves]
    every = np.concatenate([*finite, np.zeros(0)])
    if not np.any(every != least):
        return max(least, 1e-3), 1.0
    return float(every.min()), float(every.max())


def round_up(value: float) -> float:
    """The next round number."""
    decade = 10.0 ** math.floor(math.log10(value))
    return next(decade * f for f in ROUND if value <= decade * f * (1 + 1e-9))
