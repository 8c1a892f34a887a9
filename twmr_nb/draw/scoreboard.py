"""A scoreboard as a table, and as a picture that follows the sliders: who earns what, and where they swap places."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from twmr_nb.draw.contrast import SWATCH
from twmr_nb.draw.live_figure import LiveFigure, nice_limits
from twmr_nb.draw.reward_picture import name_rows, signed
from twmr_nb.draw.style import CURSOR, HALO, INK, TOTAL, style, term_colors, variant_colors, words
from twmr_nb.draw.table import Table
from twmr_nb.episodes.scoreboard import CLIMBING, Scoreboard

HIGH, ROW = 0.62, 22  # of a bar in its row; px of a row
LEGEND, KEY = 8, 100  # names of terms in a line; px of each
LEAST = 1e-3  # a weight of 0 is shown up to this at least
WIDTH, LINES, BETWEEN = 830, 140, 76  # px of the picture; of the panel below, and between the two


def scoreboard_table(board: Scoreboard) -> Table:
    """A row for each behaviour, the best first; a column for each term that pays or charges."""
    terms = [name for name, size in board.weights.items() if size]
    rows = []
    for name, rank in board.ranks.items():
        paid = board.paid(name)
        sums = [signed(value) for value in (board.totals[name], board.discounted[name], *paid.values())]
        rows.append([f"{rank}", name, *sums, f"{board.earned[name].end}, {board.earned[name].steps} steps"])
    return Table(["", "behaviour", "sum", f"discounted {board.gamma:g}", *map(words, terms), "ends by"], rows)


class ScoreboardPicture:
    """Draws behaviours under changing settings; `names` are theirs, `terms` those of the reward."""

    def __init__(self, names: Sequence[str], terms: Sequence[str]) -> None:
        tall = ROW * len(names)
        self.live = live = LiveFigure(WIDTH, 26 + tall + BETWEEN + LINES + 42)
        self.bars = BarsPanel(live, live.axes(176, 26, 400, tall), names, terms)
        first = [CLIMBING, *(name for name in names if name != CLIMBING)]
        self.lines = LinesPanel(live, live.axes(64, 26 + tall + BETWEEN, 512, LINES), variant_colors(first))

    def draw(self, board: Scoreboard, weight: str) -> bytes:
        """The picture as PNG; the panel below is over this weight."""
        self.bars.show(board)
        self.lines.show(board, weight)
        axes = self.lines.axes
        resting = (self.bars.axes.get_xlim(), *self.bars.words, axes.get_xlim(), axes.get_ylim(), weight)
        return self.live.png(resting, tuple(self.lines.heights.items()))


class BarsPanel:
    """What each term pays each behaviour, gains to the right and costs to the left, the sum as a black mark."""

    def __init__(self, live: LiveFigure, axes: Axes, names: Sequence[str], terms: Sequence[str]) -> None:
        self.axes = style(axes, "who earns what in an episode")
        with live.resting():
            live.moving(axes, axes.xaxis)
        self.colors = term_colors(terms)
        self.order: list[str] = []  # of the behaviours, as the rows are named
        self.areas = {}
        for name, color in self.colors.items():
            area = PolyCollection([], facecolors=color, linewidths=0, label=words(name))
            self.areas[name] = live.moving(axes, axes.add_collection(area, autolim=False))
        live.moving(axes, axes.axvline(0, color=INK, linewidth=0.8))
        mark: dict[str, Any] = {"marker": "|", "markersize": 15, "markeredgewidth": 2.4, "linestyle": ""}
        self.sums = live.moving(axes, axes.plot([], [], color=TOTAL, path_effects=HALO, label="sum", **mark))[0]
        axes.set_ylim(len(names) - 0.5, -0.5)
        axes.grid(axis="y", visible=False)
        axes.spines["left"].set_visible(False)
        place: dict[str, Any] = {"color": INK, "fontsize": 8.5, "va": "center", "transform": axes.get_yaxis_transform()}
        columns = {"sum": (1.12, "right"), "discounted": (1.33, "right")}

        def texts(x: float, side: str) -> Any:
            return live.moving(axes, [axes.text(x, k, "", ha=side, **place) for k in range(len(names))])

        self.cells = {column: texts(*where) for column, where in columns.items()}
        with live.resting():  # letters take longest
            self.cells |= {"name": texts(-0.4, "left"), "end": texts(1.36, "left")}
            self.keys = live.moving(axes, [axes.text(0, 0, "", color=INK, fontsize=8) for _ in terms])
            self.swatches = live.moving(axes, [axes.text(0, 0, SWATCH, fontsize=9) for _ in terms])
        for column in ("sum", "discounted"):
            x, side = columns[column]
            axes.text(x, 1.035, column, ha=side, color=INK, fontsize=8.5, fontweight="bold", transform=axes.transAxes)

    def show(self, board: Scoreboard) -> None:
        order = list(board.ranks)
        sizes = np.array([[board.paid(name).get(term, 0.0) for name in order] for term in self.areas])
        up, down = np.zeros(len(order)), np.zeros(len(order))
        for area, values in zip(self.areas.values(), sizes, strict=True):
            start = np.where(values > 0, up, down)
            area.set_verts([corners(k, *ends) for k, ends in enumerate(zip(start, start + values, strict=True))])
            up, down = up + np.maximum(values, 0), down + np.minimum(values, 0)
        self.axes.set_xlim(nice_limits(float(down.min()), float(up.max())))
        self.sums.set_data([board.totals[name] for name in order], range(len(order)))
        for k, name in enumerate(order):
            earned = board.earned[name]
            seconds = earned.steps * board.rollouts[name].transition.ctrl_dt
            said = {"sum": signed(board.totals[name]), "discounted": signed(board.discounted[name])}
            said |= {"name": f"{k + 1}  {words(name)}", "end": f"{earned.end}, {seconds:.1f} s"}
            for column, text in said.items():
                self.cells[column][k].set_text(text)
            self.cells["name"][k].set_fontweight("bold" if name == CLIMBING else "normal")
        paid = [term for term, values in zip(self.areas, sizes, strict=True) if values.any()]
        self._name(paid)
        if order != self.order:
            name_rows(self.axes, [words(name) for name in order])
            self.order = order
        self.words = [*paid, *(cell.get_text() for column in ("name", "end") for cell in self.cells[column])]

    def _name(self, paid: list[str]) -> None:
        """The names of the terms that are paid or charged, under the bars."""
        across, tall = (self.axes.bbox.width, self.axes.bbox.height)
        scale = self.axes.figure.dpi / 100
        for k, (key, swatch) in enumerate(zip(self.keys, self.swatches, strict=True)):
            for text in (key, swatch):
                text.set_visible(k < len(paid))
            if k < len(paid):
                x, y = -160 + KEY * (k % LEGEND), -36 - 15 * (k // LEGEND)
                for text, shift in ((swatch, 0), (key, 12)):
                    text.set(x=(x + shift) * scale / across, y=y * scale / tall, transform=self.axes.transAxes)
                swatch.set_color(self.colors[paid[k]])
                key.set_text(words(paid[k]))


class LinesPanel:
    """Each behaviour's sum over one weight, a straight line; a ring where two of them swap places."""

    def __init__(self, live: LiveFigure, axes: Axes, colors: dict[str, str]) -> None:
        self.axes = style(axes, "where they swap places")
        with live.resting():
            live.moving(axes, [axes.xaxis, axes.yaxis])
        self.lines, self.names = {}, {}
        for k, (name, color) in enumerate(colors.items()):
            look: dict[str, Any] = {
                "label": words(name),
                "color": color,
                "linestyle": "-" if k < len(set(colors.values())) else "--",
            }
            look |= {"linewidth": 2.4} if name == CLIMBING else {"linewidth": 1.4}
            self.lines[name] = live.moving(axes, axes.plot([], [], **look))[0]
            beside: dict[str, Any] = {"xycoords": axes.transAxes, "textcoords": "offset points", "va": "center"}
            label = axes.annotate(words(name), (1, 0), xytext=(8, 0), color=color, fontsize=8.5, **beside)
            with live.resting(1):
                self.names[name] = live.moving(axes, label)
        above: dict[str, Any] = {"ha": "right", "color": INK, "fontsize": 8.5, "transform": axes.transAxes}
        self.said = live.moving(axes, axes.text(1, 1.05, "", **above))
        ring: dict[str, Any] = {"marker": "o", "markersize": 6, "markerfacecolor": "white", "linestyle": ""}
        self.rings = live.moving(axes, axes.plot([], [], color=INK, label="two swap places", **ring))[0]
        self.now = live.moving(axes, axes.axvline(0, color=CURSOR, linewidth=1.2))

    def show(self, board: Scoreboard, weight: str) -> None:
        term, lowest, highest = board.weight_of(weight)
        now = board.weights[term]
        flips = board.flips(weight)
        low, high = reach(now, lowest, highest, [f.value for f in flips if CLIMBING in (f.gains, f.loses)])
        ends = {}
        for name, line in self.lines.items():
            at, slope = board.line(name, term)
            line.set_data([low, high], [at + slope * low, at + slope * high])
            ends[name] = (at + slope * low, at + slope * high)
        bottom, top = nice_limits(min(map(min, ends.values())), max(map(max, ends.values())))
        self.axes.set_xlim(low, high)
        self.axes.set_ylim(bottom, top)
        order = sorted(ends, key=lambda name: ends[name][1])
        heights = apart([(ends[name][1] - bottom) / (top - bottom) for name in order], 13 / LINES)
        self.heights = {name: round(height * LINES) for name, height in zip(order, heights, strict=True)}  # px
        for name, height in self.heights.items():
            self.names[name].xy = (1, height / LINES)
        inside = [flip for flip in flips if low < flip.value < high]
        heights_of = [board.line(flip.gains, term) for flip in inside]
        self.rings.set_data(
            [f.value for f in inside], [a + s * f.value for f, (a, s) in zip(inside, heights_of, strict=True)]
        )
        self.now.set_xdata([now, now])
        self.axes.set_xlabel(words(weight), color=INK, fontsize=9)
        self.said.set_text(f"now {now:.4g}, ○ two swap places")


def reach(now: float, lowest: float, highest: float, flips: Sequence[float]) -> tuple[float, float]:
    """The range of a weight to show: around 0, what it is now, and the next value at which the climb swaps places."""
    beyond = [value for value in flips if value > max(now, 0)]
    far = max(2 * abs(now), 1.25 * min(beyond) if beyond and min(beyond) < 100 * max(now, LEAST) else 0, LEAST)
    high = min(nice_limits(0, far)[1], highest)
    return (0.0 if lowest >= 0 else -high), high


def corners(row: int, start: float, end: float) -> list[tuple[float, float]]:
    low, high = row - HIGH / 2, row + HIGH / 2
    return [(start, low), (end, low), (end, high), (start, high)]


def apart(heights: Sequence[float], gap: float) -> list[float]:
    """Heights, ascending, moved so that each is at least `gap` above the one before, the last not above the panel."""
    moved = list(heights)
    for k in range(1, len(moved)):
        moved[k] = max(moved[k], moved[k - 1] + gap)
    moved[-1] = min(moved[-1], 1.0)
    for k in reversed(range(len(moved) - 1)):
        moved[k] = min(moved[k], moved[k + 1] - gap)
    return moved
