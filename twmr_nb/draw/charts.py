"""Small general figures in the house style, also for a learner's own numbers: curves by name."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from twmr_nb.draw.style import INK, OWN_COLORS, Plot, legend, style
from twmr_nb.markup import figure_text


def lines(
    x: ArrayLike,
    curves: Mapping[str, ArrayLike],
    title: str = "",
    x_label: str = "",
    y_label: str = "",
    marks: Mapping[str, float] | None = None,
    levels: Mapping[str, float] | None = None,
    colors: Mapping[str, str] | None = None,
    dots: bool = False,
    size: tuple[int, int] = (720, 330),
    y_limits: tuple[float, float] | None = None,
) -> Plot:
    """Curves over a common x, name -> one number for each of x.

    marks: places on the x axis, levels: heights, each a thin line with its name. colors: of the curves, by name.
    dots: a dot at each x. size: in pixels.

    >>> figure = lines([0, 1, 2], {"square": [0, 1, 4]}, "a parabola", "x [m]", "area [m²]", marks={"here": 1.5})
    """
    figure = Plot(*size)
    figure.margins(68, 14, 28, 46)
    axes = style(figure.subplots(), title, x_label, y_label)
    for i, (name, y) in enumerate(curves.items()):
        color = (colors or {}).get(name, OWN_COLORS[i % len(OWN_COLORS)])
        axes.plot(
            np.asarray(x),
            np.asarray(y),
            color=color,
            linewidth=2 if np.size(x) < 300 else 1.4,
            label=figure_text(name),
            marker="o" if dots else None,
        )
    thin: dict[str, Any] = {"color": INK, "linewidth": 1.0, "linestyle": ":"}
    words: dict[str, Any] = {"color": INK, "fontsize": 8.5}
    for name, place in (marks or {}).items():
        axes.axvline(place, **thin)
        beside: dict[str, Any] = {"xytext": (3, -3), "textcoords": "offset points", "va": "top", "rotation": 90}
        axes.annotate(figure_text(name), (place, 1), xycoords=("data", "axes fraction"), **beside, **words)
    for name, height in (levels or {}).items():
        axes.axhline(height, **thin)
        above: dict[str, Any] = {"xytext": (3, 3), "textcoords": "offset points"}
        axes.annotate(figure_text(name), (1, height), xycoords=("axes fraction", "data"), ha="right", **above, **words)
    if y_limits is not None:
        axes.set_ylim(*y_limits)
    if len(curves) > 1:
        legend(axes)
    return figure
