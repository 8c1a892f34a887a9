"""Figures of evaluations: success against step height, where episodes ended, how large the wheels were on the way."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from twmr_nb.draw.style import GREY, HALO, INK, OWN_COLORS, PALE, TERM_COLORS, Plot, halo, legend, style, variant_colors
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.markup import figure_text
from twmr_nb.robot.model import MAX_TIP_RADIUS, WHEEL_RADIUS, WHEGS, step_edges, tip_radius

Result = Mapping[str, Any]
UPRIGHT = {"linestyle": (0, (3, 1.5)), "markerfacecolor": "white"}
AROUND = (-0.2, 1.8)  # m; the part of the way that is drawn, the step in its middle


def success_over_height(sweeps: Mapping[str, Sequence[Result]]) -> Plot:
    """Success against step height, one line per policy with its 95% band; a dashed line at the estimate for whegs.

    Broken, in the same colour: those that pass upright.

    sweeps: policy -> results of a `sweep`, or the `by_height` bins of an evaluation with drawn heights.
    """
    figure = Plot(720, 380)
    figure.margins(68, 14, 28, 46)
    axes = style(figure.subplots(), "success by step height", "step height [cm]", "episodes that pass [%]")
    colors = (TERM_COLORS["success"], *OWN_COLORS)
    for i, (name, results) in enumerate(sweeps.items()):
        heights = [100 * r["step_height"] for r in results]
        color, label = colors[i % len(colors)], figure_text(name)
        for rate, interval, how in (
            ("success_rate", "success_interval", {"label": label}),
            ("upright_pass", "upright_pass_interval", UPRIGHT | {"label": f"{label}, upright"}),
        ):
            if all(rate in r for r in results):
                low, high = 100 * np.array([r[interval] for r in results]).T
                band = f"_{how['label']}, 95% interval"
                axes.fill_between(heights, low, high, color=color, alpha=0.2, linewidth=0, label=band)
                shares = [100 * r[rate] for r in results]
                axes.plot(heights, shares, color=color, linewidth=2, marker="o", markersize=5, **how)
    limit = 100 * WHEGS * MAX_TIP_RADIUS
    axes.axvline(limit, color=INK, linewidth=1.2, linestyle="--")
    beside: dict[str, Any] = {"xytext": (-5, 0), "textcoords": "offset points", "ha": "right", "path_effects": HALO}
    text = f"{WHEGS} × tip radius\n= {limit:.1f} cm"
    axes.annotate(text, (limit, 0.2), xycoords=("data", "axes fraction"), color=INK, fontsize=8, **beside)
    rows = -(-len(axes.get_legend_handles_labels()[0]) // 3)
    axes.set_ylim(-3, 103 + 8 * rows)  # room for the legend
    axes.set_yticks(range(0, 101, 20))
    legend(axes, 3, "upper left", handle=2.6)
    return figure


def where_they_ended(rollouts: Sequence[Rollout]) -> Plot:
    """How many episodes ended at which place, in bins of 5 cm, the outer ones open; the step in grey."""
    figure = Plot(960, 200)
    axes = along_the_way(figure, rollouts[0], "where the episodes ended (grey: the step)", "episodes")
    ends = np.clip([rollout.transition.x[-1] for rollout in rollouts], AROUND[0], AROUND[1] - 1e-6)
    axes.hist(ends, bins=np.arange(AROUND[0], AROUND[1] + 0.01, 0.05).tolist(), color=OWN_COLORS[-1], label="ended")
    return figure


def wheels_along(walks: Mapping[str, Rollout]) -> Plot:
    """How large the wheels were along the way, mean of the four; dotted: the bare wheel, and the largest with legs out.

    walks: policy -> an episode.
    """
    figure = Plot(960, 340)
    title = "how large the wheels are, along the way (grey: the step)"
    axes = along_the_way(figure, next(iter(walks.values())), title, "tip radius [mm]")
    for limit in (WHEEL_RADIUS, MAX_TIP_RADIUS):
        axes.axhline(1000 * limit, color=GREY, linestyle=":")
    for name, color in variant_colors(list(walks)).items():
        t = walks[name].transition
        radius = np.maximum(tip_radius(t.leg_angle), WHEEL_RADIUS).mean(axis=1)
        axes.plot(t.x, 1000 * radius, color=color, linewidth=1.2, label=figure_text(name), **halo(color))
    axes.set_ylim(23, 52)  # room for the legend
    legend(axes, 6, "upper left")
    return figure


def along_the_way(figure: Plot, rollout: Rollout, title: str, y: str) -> Axes:
    """One panel over the place x, the step of this episode's world shaded."""
    figure.margins(68, 12, 24, 44)
    axes = style(figure.subplots(), title, "x [m]", y)
    edges = step_edges(rollout.config)
    if edges is not None:
        axes.axvspan(*edges, color=PALE, linewidth=0)
    axes.set_xlim(*AROUND)
    return axes
