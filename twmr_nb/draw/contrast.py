"""What can be told apart from the paper: colours keep their hue, and those too pale for a line get a darker edge.

Contrast as the web's accessibility guidelines (WCAG 2) count it: 1 is none, 21 is black on white.
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.collections import Collection
from matplotlib.colors import to_hex, to_rgb, to_rgba
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from numpy.typing import NDArray

PAPER = "#FFFFFF"
TEXT, LINE = 4.5, 3.0  # the contrast that text needs, and what must be told by its shape
SHADE = 0.5  # what is more transparent than this is a shade behind others, and carries nothing by itself
EDGE = 0.5  # points of a line
SWATCH = "■"  # a text that shows a colour


def contrast(color: Any, other: Any = PAPER) -> float:
    """From 1 to 21, whatever the order."""
    low, high = sorted((luminance(color), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def luminance(color: Any) -> float:
    """Relative luminance in [0, 1] of any colour that matplotlib knows."""
    channels = np.array(to_rgb(color))
    linear = np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)
    return float(linear @ (0.2126, 0.7152, 0.0722))


def on_paper(color: Any, alpha: float | None = None) -> str:
    """How a colour that lets the paper through looks on it."""
    *rgb, own = to_rgba(color, alpha)
    return hexed(own * np.array(rgb) + (1 - own) * np.array(to_rgb(PAPER)))


def edge_of(color: Any) -> str:
    """The same hue, as dark as text."""
    rgb = np.array(to_rgb(color))
    return hexed(next(rgb * share for share in np.arange(1, 0, -0.05) if contrast(rgb * share) >= TEXT))


def hexed(rgb: NDArray[np.float64]) -> str:
    red, green, blue = rgb.tolist()
    return to_hex((red, green, blue))


def pale(color: Any, alpha: float | None = None) -> bool:
    """Whether a colour is drawn to be seen, and cannot be told from the paper; white itself is left out on purpose."""
    return to_rgba(color, alpha)[3] >= SHADE and 1.1 < contrast(on_paper(color, alpha)) < LINE


def edge_pale(figure: Figure) -> None:
    """Give every pale line, area and bar of a figure its darker edge, in the legends as well."""
    for artist in drawn(figure):
        if isinstance(artist, Line2D):
            if pale(artist.get_color(), artist.get_alpha()) and not artist.get_path_effects():
                width = max(artist.get_linewidth(), artist.get_markeredgewidth() if artist.get_marker() == "|" else 0)
                artist.set_path_effects(
                    [withStroke(linewidth=width + 2 * EDGE, foreground=edge_of(artist.get_color()))]
                )
        elif isinstance(artist, Text):
            if artist.get_text() == SWATCH and pale(artist.get_color()):
                artist.set_path_effects([withStroke(linewidth=2 * EDGE, foreground=edge_of(artist.get_color()))])
        elif isinstance(artist, Patch):
            edge_area(artist, [artist.get_facecolor()], [artist.get_edgecolor()])
        elif isinstance(artist, Collection):
            edge_area(artist, artist.get_facecolor(), artist.get_edgecolor())


def edge_area(area: Patch | Collection, colors: Any, edges: Any) -> None:
    edged = np.any(area.get_linewidth()) and any(contrast(on_paper(edge)) >= LINE for edge in edges)
    if not edged and any(pale(color) for color in colors):
        dark: Any = [edge_of(color) for color in colors]
        area.set_edgecolor(dark[0] if isinstance(area, Patch) else dark)
        area.set_linewidth(EDGE)


def drawn(figure: Figure) -> Iterable[Artist]:
    """What a figure's panels and legends show; not their axes, ticks and grids."""
    for axes in figure.axes:
        legend = axes.get_legend()
        yield from (
            *axes.lines,
            *axes.patches,
            *axes.collections,
            *axes.texts,
            *(legend.legend_handles if legend else ()),
        )
