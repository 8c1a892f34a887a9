"""Figures of evaluations: success against step height, and what each term paid each policy."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from twmr_nb.plots import HALO, INK, OWN_COLORS, TERM_COLORS, TOTAL, Plot, legend, style, term_colors, words
from twmr_nb.robot import LEG_RANGE, tip_radius

Result = Mapping[str, Any]
WHEGS = 1.5  # a wheel-leg climbs steps of about so many times its radius


def success_over_height(sweeps: Mapping[str, Sequence[Result]]) -> Plot:
    """Success against step height, one line per policy with its 95% band; a dashed line at the estimate for whegs.

    sweeps: policy -> results of a `sweep`, or the `by_height` bins of an evaluation with drawn heights.
    """
    figure = Plot(720, 380)
    figure.margins(68, 14, 28, 46)
    axes = style(figure.subplots(), "success by step height", "step height [cm]", "episodes that pass [%]")
    colors = (TERM_COLORS["success"], *OWN_COLORS)
    for i, (name, results) in enumerate(sweeps.items()):
        heights = [100 * r["step_height"] for r in results]
        rate = [100 * r["success_rate"] for r in results]
        low, high = 100 * np.array([r["success_interval"] for r in results]).T
        color = colors[i % len(colors)]
        axes.fill_between(heights, low, high, color=color, alpha=0.2, linewidth=0)
        axes.plot(heights, rate, color=color, linewidth=2, marker="o", markersize=5, label=name)
    limit = 100 * WHEGS * float(tip_radius(np.linspace(*LEG_RANGE, 1000)).max())
    axes.axvline(limit, color=INK, linewidth=1.2, linestyle="--")
    beside: dict[str, Any] = {"xytext": (-5, 0), "textcoords": "offset points", "ha": "right"}
    text = f"{WHEGS} × tip radius\n= {limit:.1f} cm"
    axes.annotate(text, (limit, 0.2), xycoords=("data", "axes fraction"), color=INK, fontsize=8, **beside)
    axes.set_ylim(-3, 103)
    legend(axes, place="lower left")
    return figure


def terms_by_policy(results: Mapping[str, Result]) -> Plot:
    """What each reward term paid each policy per episode, stacked: gains to the right, costs to the left; total black.

    results: policy -> evaluation.
    """
    names = list(dict.fromkeys(term for r in results.values() for term in r["reward_terms"]))
    colors = term_colors(names)
    figure = Plot(960, 100 + 40 * len(results))
    figure.margins(170, 14, 34, 46)
    axes = style(figure.subplots(), "", "reward per episode (black: the sum)")
    rows = np.arange(len(results))
    right, left = np.zeros(len(results)), np.zeros(len(results))
    for name in names:
        paid = np.array([r["reward_terms"].get(name, 0.0) for r in results.values()])
        for base, part in ((right, np.maximum(paid, 0)), (left, np.minimum(paid, 0))):
            if part.any():
                axes.barh(rows, part, left=base.copy(), color=colors[name], height=0.6, label=words(name))
                base += part
    total = right + left
    axes.plot(total, rows, "|", color=TOTAL, markersize=22, markeredgewidth=2.4, path_effects=HALO)
    axes.set_yticks(
        rows, [f"{name}  {sum_:+.1f}" for name, sum_ in zip(results, total, strict=True)], color=INK, fontsize=9
    )
    axes.invert_yaxis()
    axes.margins(x=0.02)
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.grid(axis="y", visible=False)
    handles, labels = axes.get_legend_handles_labels()
    unique = dict(zip(labels, handles, strict=True))  # a term may be a gain here and a cost there
    look: dict[str, Any] = {"fontsize": 8, "labelcolor": INK, "handlelength": 1.4, "frameon": False}
    axes.legend(unique.values(), unique.keys(), loc="lower left", bbox_to_anchor=(0, 1), ncols=len(unique), **look)
    return figure
