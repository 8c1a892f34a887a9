"""Many runs: curves of several variants with their spread over seeds, how each was judged, and a spread in words."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from twmr_nb.draw.metrics import column, metric, shown, steps_unit
from twmr_nb.draw.style import INK, TOTAL, Plot, halo, legend, style, variant_colors
from twmr_nb.markup import figure_text
from twmr_nb.types import Array, Record

Runs = Mapping[str, Sequence[Sequence[Record]]]  # variant -> one list of records per seed
COLUMNS = 3


def spread_curves(runs: Runs, keys: Sequence[str] = ("success_rate", "episode_return")) -> Plot:
    """One panel per column of the log, one curve per variant: the median over its seeds, and their range as a band."""
    columns = min(len(keys), COLUMNS)
    rows = -(-len(keys) // columns)
    figure = Plot(960, 68 + 210 * rows)
    panels = list(figure.subplots(rows, columns, squeeze=False).flat)
    figure.margins(56, 12, 24, 44, wspace=0.26, hspace=0.42)
    for panel in panels[len(keys) :]:
        panel.remove()
    last = [column(one, "global_step")[-1] for several in runs.values() for one in several if len(one)]
    unit, scale = steps_unit(max(last, default=0.0))
    for i, (axes, key) in enumerate(zip(panels, keys, strict=False)):
        look = metric(key)
        bottom = i + columns >= len(keys)
        style(axes, look.title, unit if bottom else "", look.y)
        axes.set_yscale("log" if look.log else "linear")
        for name, color in variant_colors(list(runs)).items():
            draw_spread(axes, runs[name], key, color, name, scale)
        if look.limits:
            axes.set_ylim(look.limits)
        axes.set_xlim(left=0)
    if last:
        legend(panels[0])
    return figure


def draw_spread(
    axes: Axes, runs: Sequence[Sequence[Record]], key: str, color: str, name: str, scale: float, **line: Any
) -> None:
    """One variant's median, and the range of its seeds; `scale`: steps that are one on the axis. line: its look."""
    steps, values = aligned(runs, key)
    if not len(steps):
        return
    if metric(key).log:
        values = np.where(values > 0, values, np.nan)
    known = np.isfinite(values).all(axis=0)
    steps, values = steps[known] / scale, values[:, known]
    if len(values) > 1:
        look: dict[str, Any] = {"color": color, "alpha": 0.16, "linewidth": 0, "label": f"_{name}, range"}
        axes.fill_between(steps, values.min(axis=0), values.max(axis=0), **look)
    line = {"color": color, "linewidth": 1.6, "label": figure_text(name), **halo(color)} | line
    axes.plot(steps, np.median(values, axis=0), zorder=3 if color == TOTAL else 2.5, **line)  # the baseline on top


def aligned(runs: Sequence[Sequence[Record]], key: str) -> tuple[Array, Array]:
    """Steps [T] and a column [seeds, T] of runs with the same settings, in its unit, as far as all of them came."""
    shortest = min((len(records) for records in runs), default=0)
    if shortest == 0:
        return np.zeros(0), np.zeros((len(runs), 0))
    return column(runs[0][:shortest], "global_step"), np.array([shown(r[:shortest], key) for r in runs])


def spread_dots(results: Mapping[str, Mapping[str, Sequence[float | None]]]) -> Plot:
    """How each variant was judged: a dot per seed, a bar at their median. quantity -> variant -> one value per seed."""
    variants = list(next(iter(results.values()), ()))
    figure = Plot(960, 72 + 30 * len(variants))
    panels = figure.subplots(1, len(results), sharey=True, squeeze=False)[0]
    colors = variant_colors(variants)
    for axes, (title, groups) in zip(panels, results.items(), strict=True):
        style(axes, "", title)
        for row, name in enumerate(variants):
            values = np.array([v for v in groups[name] if v is not None], dtype=float)
            look: dict[str, Any] = {"color": colors[name], "clip_on": False, **halo(colors[name])}
            if len(values):
                median: dict[str, Any] = {"linewidth": 2.5, "label": f"{name}, median"} | look
                axes.plot([np.median(values)] * 2, [row - 0.3, row + 0.3], **median)
                axes.plot(values, [row] * len(values), "o", markersize=6, alpha=0.65, label=name, **look)
        if "%" in title:  # where all are alike, an axis of their own would reach beyond what there can be
            axes.set_xlim(-4, 104)
        axes.set_ylim(len(variants) - 0.4, -0.6)
        axes.tick_params(axis="y", length=0)
        axes.set_yticks(range(len(variants)), [figure_text(name) for name in variants], color=INK, fontsize=9)
    widest = max((name.get_window_extent().width for name in panels[0].get_yticklabels()), default=0)
    figure.margins(24 + min(widest, 320), 16, 24, 44, wspace=0.12)  # the names are beside the first panel
    return figure


def spread(values: Sequence[float], factor: float = 1, digits: int = 2) -> str:
    """Median (lowest to highest)."""
    if not values:
        return "–"
    low, middle, high = (f"{factor * float(f(values)):.{digits}f}" for f in (np.min, np.median, np.max))
    return middle if low == high else f"{middle} ({low} to {high})"
