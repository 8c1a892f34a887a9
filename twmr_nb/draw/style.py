"""Every figure, in one style: fixed size, units on the axes, one colour per reward term everywhere.

Figures are built through matplotlib's object interface, never pyplot, so any thread may draw and nothing piles up.
They lie on white paper, so that ink and lines can be told on a light page and on a dark one.
"""

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke

from twmr_nb.draw.contrast import PAPER, edge_pale
from twmr_nb.draw.numbers import as_csv
from twmr_nb.files import ready_file, write_bytes, write_text
from twmr_nb.markup import figure_text
from twmr_nb.types import ConfigError

TERM_COLORS = {
    "forward": "#0072B2",
    "alive": "#56B4E9",
    "control": "#E69F00",
    "extension": "#D55E00",
    "post_success": "#CC79A7",
    "success": "#009E73",
    "climb": "#3300BB",
    "lift": "#5A7D00",
    "folded": "#BB11EE",
    "tipping": "#660066",
    "astray": "#005566",
    "action_rate": "#775566",
    "fall": "#990000",
}
OWN_COLORS = ("#8F5BD6", "#A3A030", "#B0703C", "#3FA7A0", "#C2607E", "#7C8B99")  # a learner's terms, in their order
INK, GREY, PALE, TOTAL = "#5F6368", "#767676", "#8C8C8C40", "black"
HALO = [withStroke(linewidth=3.2, foreground="white", alpha=0.75)]  # lifts black lines from what they cross
DASHES: tuple[Any, ...] = ("-", (0, (4.5, 1.8)), (0, (1.2, 1.2)))  # of earlier runs, all grey
LEGS = (  # motor order: line, name
    ({"color": "#8F5BD6"}, "front left"),
    ({"color": "#8F5BD6", "linestyle": "--"}, "front right"),
    ({"color": "#B0703C"}, "rear left"),
    ({"color": "#B0703C", "linestyle": "--"}, "rear right"),
)
CURSOR = "#D62728"
DPI = 100
PICTURES = (".svg", ".pdf", ".png")  # what a figure can be saved as


class Plot(Figure):
    """A figure that shows itself in a notebook, sharp on fine screens, at the same size everywhere."""

    def __init__(self, width: int, height: int, scale: float = 1.0) -> None:
        """width x height in pixels of the page; `scale`: pixels drawn for each of them, where it draws itself."""
        super().__init__(figsize=(width / DPI, height / DPI), dpi=DPI * scale, facecolor=PAPER)
        FigureCanvasAgg(self)

    def margins(self, left: float, right: float, top: float, bottom: float, **gaps: float) -> None:
        """Room around the panels in pixels, always the same, so that a live figure does not jump."""
        width, height = self.get_size_inches() * DPI
        x, y = {"left": left / width, "right": 1 - right / width}, {"bottom": bottom / height, "top": 1 - top / height}
        self.subplots_adjust(**x, **y, **gaps)

    def draw(self, renderer: Any) -> None:
        edge_pale(self)
        super().draw(renderer)

    def png(self, scale: float = 1.0) -> bytes:
        """The figure as a PNG file, `scale` pixels for each pixel of its size."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=DPI * scale, pil_kwargs={"compress_level": 1})  # fast rather than small
        return buffer.getvalue()

    def save(self, path: str | Path) -> Path:
        """Write the figure as .svg, .pdf or .png, and beside it the numbers that it draws, as .csv; returns the path.

        Raises ConfigError where one of the two cannot be written, or the .csv of that name holds something else.
        """
        path = ready_file(path, *PICTURES)
        table, numbers = ready_file(path.with_suffix(".csv")), as_csv(self)
        first = numbers.splitlines()[0].encode()
        if table.exists() and not table.read_bytes().startswith(first):
            raise ConfigError(f"{str(table)!r} holds other numbers than a figure's: choose another name.")
        kind, drawn = path.suffix.lower()[1:], io.BytesIO()
        self.savefig(drawn, format=kind, dpi=2 * DPI if kind == "png" else DPI)
        write_text(table, numbers)
        return write_bytes(path, drawn.getvalue())

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        width, height = self.get_size_inches() * DPI
        return self.png(2), {"width": int(width), "height": int(height)}


def term_colors(names: Sequence[str]) -> dict[str, str]:
    """A colour per reward term: the fixed ones, and for a learner's own terms the next of a fixed list."""
    own = [name for name in names if name not in TERM_COLORS]
    return {n: TERM_COLORS.get(n) or OWN_COLORS[own.index(n) % len(OWN_COLORS)] for n in names}


def variant_colors(names: Sequence[str]) -> dict[str, str]:
    """The first variant, the baseline, in black; the others in colours that no reward term has."""
    return {name: TOTAL if i == 0 else OWN_COLORS[(i - 1) % len(OWN_COLORS)] for i, name in enumerate(names)}


def halo(color: str) -> dict[str, Any]:
    """What a black line is drawn with, to be told from what it crosses; nothing for other colours."""
    return {"path_effects": HALO} if color == TOTAL else {}


def style(axes: Axes, title: str = "", x: str = "", y: str = "") -> Axes:
    """The house style of one panel: title, axis labels with units, quiet ink."""
    axes.set_facecolor("none")
    axes.set_title(title, color=INK, fontsize=10, fontweight="bold", loc="left")
    axes.set_xlabel(x, color=INK, fontsize=9)
    axes.set_ylabel(y, color=INK, fontsize=9)
    axes.tick_params(which="both", colors=INK, labelsize=8)
    axes.grid(color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
    return axes


def legend(axes: Axes, columns: int = 1, place: Any = "best", handle: float = 1.4) -> None:
    """The names of all that has one. handle: length of the line before a name, longer where its dashes must be told."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        look: dict[str, Any] = {"fontsize": 8, "labelcolor": INK, "handlelength": handle, "frameon": False}
        axes.legend(handles, labels, loc=place, ncols=columns, **look)


def words(name: str) -> str:
    """A term's or a quantity's name as a figure shows it."""
    return figure_text(name.replace("_", " "))
