"""A trade-off: what each variant buys of one thing for another, and the front that no variant beats in both."""

from collections.abc import Mapping, Sequence

import numpy as np

from twmr_nb.draw.style import GREY, INK, OWN_COLORS, Plot, style
from twmr_nb.markup import figure_text
from twmr_nb.types import Array

Values = Sequence[float]  # one per seed


def tradeoff(
    points: Mapping[str, tuple[Values, Values]], titles: tuple[str, str], less_is_better: tuple[bool, bool]
) -> Plot:
    """A dot per variant at its medians, whiskers over its seeds; those on the front in colour, joined, with names.

    points: variant -> its seeds' values along x and along y.
    """
    figure = Plot(960, 420)
    figure.margins(68, 330, 28, 48)
    axes = style(figure.subplots(), "the front: what none beats in both", *titles)
    medians = np.array([[np.median(values) for values in both] for both in points.values()]).reshape(-1, 2)
    best = front(medians * np.where(less_is_better, -1, 1))
    for i, (name, (x, y)) in enumerate(points.items()):
        color = OWN_COLORS[best.index(i) % len(OWN_COLORS)] if i in best else GREY
        across, up = medians[i]
        axes.plot([min(x), max(x)], [up, up], color=color, linewidth=1, label=f"_{name}, range")
        axes.plot([across, across], [min(y), max(y)], color=color, linewidth=1, label=f"_{name}, range")
        axes.plot(across, up, "o", color=color, markersize=6, label=figure_text(name) if i in best else f"_{name}")
    axes.plot(*medians[best].T, color=INK, linewidth=1, linestyle="--", zorder=1, label="_the front")
    if best:
        axes.legend(loc="upper left", bbox_to_anchor=(1.01, 1), fontsize=8, labelcolor=INK, frameon=False)
    return figure


def front(points: Array) -> list[int]:
    """Which of the points [n, 2], where more is better, no other beats: it is as good in both, and better in one."""
    beaten = [bool(((points >= p).all(axis=1) & (points > p).any(axis=1)).any()) for p in points]
    return sorted((i for i, is_beaten in enumerate(beaten) if not is_beaten), key=lambda i: tuple(points[i]))
