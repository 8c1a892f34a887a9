"""The numbers that a figure draws, as a table: a row per point, with the names and units that stand beside it."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.collections import PolyCollection
from matplotlib.container import BarContainer
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from twmr_nb.columns import csv_text
from twmr_nb.types import Array

HEADS = ("panel", "series", "x axis", "y axis", "x", "y")
UNNAMED = re.compile(r"_$|_(child|container)\d+$")  # what matplotlib calls an artist that has no name
FORMULA = ("=", "+", "-", "@")  # a spreadsheet would compute what begins so
Values = Sequence[Any] | Array
Series = tuple[str, Values, Values]  # name, x, y


def as_csv(figure: Figure) -> str:
    """Every curve, point, bar, area and map of numbers; an area by its lower and upper edge.

    What a panel's axes say stands in two columns of their own; panels above one another share what is below the last.
    Left out are marks across a panel, shades behind it and drawings of the robot.
    """
    rows: list[Sequence[str]] = [HEADS]
    panels = [axes for axes in figure.axes if axes.axison]
    for k, axes in enumerate(panels):
        below = (other.get_xlabel() for other in panels[k:] if other.get_xlim() == axes.get_xlim())
        panel = axes.get_title(loc="left") or str(axes.get_label()) or f"panel {k + 1}"
        panel, x_axis, y_axis = map(plain, (panel, next(filter(None, below), ""), axes.get_ylabel()))
        for name, across, up in series_of(axes):
            for x, y in zip(across, up, strict=True):
                rows.append([panel, plain(name), x_axis, y_axis, cell(x), cell(y)])
    return csv_text(rows)


def series_of(axes: Axes) -> Iterator[Series]:
    """All that a panel draws in the units of its axes, and shows."""
    for k, line in enumerate(axes.lines):
        if line.get_visible() and line.get_transform() == axes.transData:
            x, y = np.asarray(line.get_xydata(), float).T
            yield named(line, f"line {k + 1}"), x, rows(axes.yaxis, y) if line.get_linestyle() == "None" else y
    for k, area in enumerate(axes.collections):
        if isinstance(area, PolyCollection) and area.get_visible() and area.get_transform() == axes.transData:
            yield from outlines(axes, named(area, f"area {k + 1}"), [path.vertices for path in area.get_paths()])
    for k, bars in enumerate(axes.containers):
        if isinstance(bars, BarContainer):
            boxes = [(b.get_x(), b.get_y(), b.get_width(), b.get_height()) for b in bars.patches]
            x, y, wide, tall = np.array(boxes).reshape(-1, 4).T
            lying = bars.orientation == "horizontal"
            points = (wide, rows(axes.yaxis, y + tall / 2)) if lying else (x + wide / 2, tall)
            yield named(bars, f"bars {k + 1}"), *points
    for image in axes.images:
        left, right, *_ = image.get_extent()
        for k, values in enumerate(np.asarray(image.get_array(), float)):
            edges = np.linspace(left, right, len(values) + 1)
            yield f"row {k + 1}", (edges[:-1] + edges[1:]) / 2, values


def outlines(axes: Axes, name: str, shapes: Sequence[Any]) -> Iterator[Series]:
    """Of areas over x both edges, of flat ones nothing; of boxes in rows that have names, how long each is."""
    count = 0
    for corners in shapes:
        across, where = np.unique(corners[:, 0], return_inverse=True)
        row = rows(axes.yaxis, [(corners[:, 1].min() + corners[:, 1].max()) / 2])
        if len(across) <= 2 and isinstance(row[0], str):
            yield name, [corners[1, 0] - corners[0, 0]], row
            continue
        low, high = np.full(len(across), np.inf), np.full(len(across), -np.inf)
        np.minimum.at(low, where, corners[:, 1])
        np.maximum.at(high, where, corners[:, 1])
        if (low == high).all():
            continue
        count += 1
        part = name if count == 1 else f"{name} ({count})"
        yield f"{part}, lower edge", across, low
        yield f"{part}, upper edge", across, high


def rows(axis: Axis, places: Values) -> Values:
    """The names of an axis's ticks at these places, where each of them has one; else the places."""
    called = axis.get_major_formatter()
    if not isinstance(called, FuncFormatter):  # which ticks that were given names have
        return places
    names = [called(round(float(place), 6)) for place in places]
    return list(map(plain, names)) if all(names) else places


def named(artist: Any, otherwise: str) -> str:
    """What an artist is called; one that no legend shall name has its name behind an underscore."""
    label = str(artist.get_label() or "")
    return otherwise if not label or UNNAMED.match(label) else label.lstrip("_")


def plain(text: str) -> str:
    """A name as people read it; never a formula."""
    read = " ".join(text.replace(r"\$", "$").split())
    return f"'{read}" if read.startswith(FORMULA) else read


def cell(value: Any) -> str:
    """A number in full, empty where there is none; a name as it is."""
    return value if isinstance(value, str) else f"{value:.10g}" if np.isfinite(value) else ""
