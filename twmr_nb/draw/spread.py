"""Figures of many runs: curves of several variants with their spread over seeds, and how each was judged."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes

from twmr_nb.draw.plots import HALO, INK, OWN_COLORS, TOTAL, Array, Plot, Record, column, legend, style, words
from twmr_nb.markup import figure_text

Runs = Mapping[str, Sequence[Sequence[Record]]]  # variant -> one list of records per seed
COLUMNS = 3


class Panel(NamedTuple):
    """How a quantity of the log is drawn."""

    title: str
    y: str = ""
    factor: float = 1.0
    log: bool = False


PANELS = {
    "success_rate": Panel("success", "episodes that pass [%]", 100),
    "episode_return": Panel("return", "reward per episode"),
    "average_x": Panel("average place", "x [m]"),
    "max_x": Panel("farthest robot", "x [m]"),
    "frontier": Panel("highest step drawn", "cm", 100),
    "approx_kl": Panel("approx_kl: how far the policy moved", "nats", log=True),
    "clip_fraction": Panel("clip_fraction: samples cut off", "%", 100),
    "std": Panel("std: exploration noise", "before squashing"),
    "value_loss": Panel("value_loss: the critic's error", "reward²", log=True),
    "explained_variance": Panel("explained_variance of the critic", "1 is perfect"),
}


def variant_colors(names: Sequence[str]) -> dict[str, str]:
    """The first variant, the baseline, in black; the others in colours that no reward term has."""
    return {name: TOTAL if i == 0 else OWN_COLORS[(i - 1) % len(OWN_COLORS)] for i, name in enumerate(names)}


def spread_curves(runs: Runs, keys: Sequence[str] = ("success_rate", "episode_return")) -> Plot:
    """One panel per quantity, one curve per variant: the median over its seeds, and their range as a band."""
    columns = min(len(keys), COLUMNS)
    rows = -(-len(keys) // columns)
    figure = Plot(960, 68 + 210 * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    figure.margins(56, 12, 24, 44, wspace=0.26, hspace=0.42)
    for panel in panels[len(keys) :]:
        panel.remove()
    longest = max((len(one) for several in runs.values() for one in several), default=0)
    for i, (axes, key) in enumerate(zip(panels, keys, strict=False)):
        look = PANELS.get(key, Panel(words(key).replace("/", ": ")))
        bottom = i + columns >= len(keys)
        style(axes, look.title, "thousand steps" if bottom else "", look.y)
        axes.set_yscale("log" if look.log else "linear")
        for name, color in variant_colors(list(runs)).items():
            draw_spread(axes, runs[name], key, look, color, name)
        if key == "success_rate":
            axes.set_ylim(-3, 103)
        axes.set_xlim(left=0)
    if longest:
        legend(panels[0])
    return figure


def draw_spread(axes: Axes, runs: Sequence[Sequence[Record]], key: str, look: Panel, color: str, name: str) -> None:
    """One variant's median, and the range of its seeds."""
    steps, values = aligned(runs, key)
    if not len(steps):
        return
    values = values * look.factor
    if look.log:
        values = np.where(values > 0, values, np.nan)
    known = np.isfinite(values).all(axis=0)
    steps, values = steps[known] / 1e3, values[:, known]
    if len(values) > 1:
        axes.fill_between(steps, values.min(axis=0), values.max(axis=0), color=color, alpha=0.16, linewidth=0)
    halo: dict[str, Any] = {"path_effects": HALO} if color == TOTAL else {}
    order = 3 if color == TOTAL else 2.5  # the baseline on top
    axes.plot(
        steps, np.median(values, axis=0), color=color, linewidth=1.6, label=figure_text(name), zorder=order, **halo
    )


def aligned(runs: Sequence[Sequence[Record]], key: str) -> tuple[Array, Array]:
    """Steps [T] and a quantity [seeds, T] of runs with the same settings, as far as all of them came."""
    shortest = min((len(records) for records in runs), default=0)
    if shortest == 0:
        return np.zeros(0), np.zeros((len(runs), 0))
    return column(runs[0][:shortest], "global_step"), np.array([column(r[:shortest], key) for r in runs])


def spread_dots(results: Mapping[str, Mapping[str, Sequence[float | None]]]) -> Plot:
    """How each variant was judged: a dot per seed, a bar at their median. quantity -> variant -> one value per seed."""
    variants = list(next(iter(results.values()), ()))
    figure = Plot(960, 72 + 30 * len(variants))
    panels = figure.subplots(1, len(results), sharey=True, squeeze=False)[0]
    figure.margins(230, 16, 24, 44, wspace=0.12)
    colors = variant_colors(variants)
    for axes, (title, groups) in zip(panels, results.items(), strict=True):
        style(axes, "", title)
        for row, name in enumerate(variants):
            values = np.array([v for v in groups[name] if v is not None], dtype=float)
            halo: dict[str, Any] = {"path_effects": HALO} if colors[name] == TOTAL else {}
            if len(values):
                axes.plot([np.median(values)] * 2, [row - 0.3, row + 0.3], color=colors[name], linewidth=2.5, **halo)
                axes.plot(values, [row] * len(values), "o", color=colors[name], markersize=6, alpha=0.65, **halo)
        if "%" in title:  # where all are alike, an axis of their own would reach beyond what there can be
            axes.set_xlim(-4, 104)
        axes.set_ylim(len(variants) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.set_yticks(range(len(variants)), [figure_text(name) for name in variants], color=INK, fontsize=9)
    return figure
