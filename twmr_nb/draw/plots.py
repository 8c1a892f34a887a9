"""Every figure, in one style: fixed size, units on the axes, one colour per reward term everywhere.

Figures are built through matplotlib's object interface, never pyplot, so any thread may draw and nothing piles up.
They lie on white paper, so that ink and lines can be told on a light page and on a dark one.
"""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from twmr_nb.draw.contrast import PAPER, edge_pale
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.learn.metrics_log import Records
from twmr_nb.markup import figure_text
from twmr_nb.robot.model import LEG_RANGE, step_edges

Array = NDArray[np.float64]
Record = Mapping[str, float]

TERM_COLORS = {
    "forward": "#0072B2",
    "alive": "#56B4E9",
    "control": "#E69F00",
    "extension": "#D55E00",
    "post_success": "#CC79A7",
    "success": "#009E73",
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
DPI = 100


class Plot(Figure):
    """A figure that shows itself in a notebook, sharp on fine screens, at the same size everywhere."""

    def __init__(self, width: int, height: int) -> None:
        super().__init__(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor=PAPER)
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
        """The figure as a PNG file, `scale` pixels per point of size."""
        buffer = io.BytesIO()
        self.savefig(buffer, format="png", dpi=DPI * scale, pil_kwargs={"compress_level": 1})  # fast rather than small
        return buffer.getvalue()

    def _repr_png_(self) -> tuple[bytes, dict[str, int]]:
        width, height = self.get_size_inches() * DPI
        return self.png(2), {"width": int(width), "height": int(height)}


def term_colors(names: Sequence[str]) -> dict[str, str]:
    """A colour per reward term: the fixed ones, and for a learner's own terms the next of a fixed list."""
    own = [name for name in names if name not in TERM_COLORS]
    return {n: TERM_COLORS.get(n) or OWN_COLORS[own.index(n) % len(OWN_COLORS)] for n in names}


def style(axes: Axes, title: str = "", x: str = "", y: str = "") -> Axes:
    """The house style of one panel: title, axis labels with units, quiet ink."""
    axes.set_facecolor("none")
    axes.set_title(title, color=INK, fontsize=10, fontweight="bold", loc="left")
    axes.set_xlabel(x, color=INK, fontsize=9)
    axes.set_ylabel(y, color=INK, fontsize=9)
    axes.tick_params(colors=INK, labelsize=8)
    axes.grid(color=PALE, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(INK)
    return axes


def legend(axes: Axes, columns: int = 1, place: Any = "best", handle: float = 1.4) -> None:
    """handle: length of the line before a name, longer where its dashes must be told."""
    handles, labels = axes.get_legend_handles_labels()
    if handles:
        look: dict[str, Any] = {"fontsize": 8, "labelcolor": INK, "handlelength": handle, "frameon": False}
        axes.legend(handles, labels, loc=place, ncols=columns, **look)


def words(name: str) -> str:
    """A term's or a quantity's name as a figure shows it."""
    return figure_text(name.replace("_", " "))


# -- training ---------------------------------------------------------------------------------------------------------


def learning_curves(
    records: Sequence[Record], compare: Mapping[str, Sequence[Record]] | None = None, figure: Plot | None = None
) -> Plot:
    """Four panels over training steps: return, success, what each term pays per episode, losses and noise.

    `records`: one per update, as the trainer yields them. `compare`: earlier runs by name, drawn in grey.
    A `figure` given is drawn anew in place, which a live view does again and again.
    """
    figure = figure or Plot(960, 540)
    figure.clear()
    panels = figure.subplots(2, 2)
    figure.margins(68, 12, 24, 44, wspace=0.22, hspace=0.4)
    steps = column(records, "global_step")
    unit, scale = ("million", 1e6) if len(steps) and steps.max() >= 1e6 else ("thousand", 1e3)
    wanted = ((panels[0, 0], "episode_return", 1, "black"), (panels[0, 1], "success_rate", 100, "#009E73"))
    for axes, key, factor, color in wanted:
        for i, (name, other) in enumerate((compare or {}).items()):
            line = {"color": GREY, "linestyle": DASHES[i % len(DASHES)], "linewidth": 1.2, "label": figure_text(name)}
            axes.plot(column(other, "global_step") / scale, column(other, key) * factor, **line)
        halo = {"path_effects": HALO} if color == "black" else {}
        axes.plot(steps / scale, column(records, key) * factor, color=color, linewidth=2, label="this run", **halo)
        if compare:
            legend(axes, handle=2.6)
    x = f"{unit} steps"
    style(panels[0, 0], "return", "", "reward per episode")
    style(panels[0, 1], "success", "", "episodes that pass [%]").set_ylim(-3, 103)
    contributions(style(panels[1, 0], "what each term pays", x, "reward per episode"), records, steps / scale)
    losses(style(panels[1, 1], "losses and noise, logarithmic", x), records, steps / scale)
    for axes in panels.flat:
        axes.set_xlim(0, max(steps.max() / scale, 1e-3) if len(steps) else 1)
    return figure


def contributions(axes: Axes, records: Sequence[Record], x: Array) -> None:
    """Each term's reward per episode, stacked: gains upwards, costs downwards, their sum in black."""
    length = column(records, "episode_length")
    names = [key.removeprefix("term/") for key in (records[0] if records else ()) if key.startswith("term/")]
    colors = term_colors(names)
    up, down, unnamed = np.zeros(len(x)), np.zeros(len(x)), set(names)
    for name in names:
        value = column(records, f"term/{name}") * length
        for base, part in ((up, np.fmax(value, 0)), (down, np.fmin(value, 0))):
            drawn = np.any(part != 0)
            label = words(name) if drawn and name in unnamed else None
            unnamed -= {name} if drawn else set()
            axes.fill_between(x, base, base + part, color=colors[name], linewidth=0, alpha=float(drawn), label=label)
            base += np.nan_to_num(part)
    if names:
        axes.plot(x, np.where(np.isfinite(length), up + down, np.nan), color=TOTAL, linewidth=1.6, path_effects=HALO)
        low, high = axes.get_ylim()
        axes.set_ylim(low, high + 0.4 * (high - low))  # room for the legend
        legend(axes, 3, "upper left")


def losses(axes: Axes, records: Sequence[Record], x: Array) -> None:
    """The value loss, how far the policy moved (KL), and its exploration noise, on one logarithmic axis."""
    lines = {"value_loss": ("value loss", "#7C8B99"), "approx_kl": ("KL of the update", "#C2607E")}
    lines["std"] = ("exploration noise (std)", "#A3A030")
    axes.set_yscale("log")
    for key, (label, color) in lines.items():
        y = column(records, key)
        axes.plot(x, np.where(y > 0, y, np.nan), color=color, linewidth=1.4, label=label)
    if records:
        legend(axes)


def column(records: Sequence[Record], key: str) -> Array:
    """One quantity of all records, NaN where a record lacks it."""
    if isinstance(records, Records):
        return records.column(key)
    return np.array([record.get(key, np.nan) for record in records], dtype=float)


# -- one episode ------------------------------------------------------------------------------------------------------


def reward_traces(rollout: Rollout, terms: Mapping[str, ArrayLike] | None = None, cursor: float | None = None) -> Plot:
    """An episode over time: reward per step by term, the gate, the leg angles; the step's place shaded.

    `terms`: name -> [T] per-step values to draw instead of those scored live, e.g. `rescore`'s raw or weighted ones.
    `cursor`: a time [s] to mark.
    """
    figure = Plot(960, 560)
    reward, gate, legs = figure.subplots(3, 1, sharex=True, height_ratios=(3, 1, 1.7))
    figure.margins(68, 12, 24, 44, hspace=0.25)
    time, transition = rollout.time, rollout.transition
    shown = rollout.reward_terms if terms is None else {name: np.asarray(v, float) for name, v in terms.items()}
    for i, (name, color) in enumerate(term_colors(list(shown)).items()):
        if np.any(shown[name]):
            reward.plot(time, shown[name], color=color, linewidth=1.3, label=words(name), zorder=3 - 0.01 * i)
    total = np.sum(list(shown.values()), axis=0)
    reward.plot(time, total, color=TOTAL, linewidth=1.0, path_effects=HALO, label="total", zorder=1.5)
    style(reward, "reward   (band: over the step, dashes: passed)", "", "reward per step").set_ylim(
        *robust_limits([*shown.values(), total])
    )
    legend(reward, 7, "lower left")
    gate.fill_between(time, transition.gate, color=GREY, linewidth=0)
    style(gate, "gate", "", "0 in, 1 out").set_ylim(0, 1.05)
    for (line, name), angle in zip(LEGS, transition.leg_angle.T, strict=True):
        legs.plot(time, angle, linewidth=1.3, label=name, **line)
    for words_, target in (("retract", transition.retract), ("extend", transition.extend)):
        legs.axhline(target[0], color=INK, linewidth=0.8, linestyle=":")
        legs.annotate(words_, (time[-1], target[0]), color=INK, fontsize=8, ha="right", va="bottom")
    style(legs, "leg angles", "time [s]", "rad").set_ylim(LEG_RANGE[0] - 0.3, LEG_RANGE[1] + 1.3)
    legend(legs, 4, "upper left")
    for axes in (reward, gate, legs):
        mark_events(axes, rollout, cursor)
    return figure


def mark_events(axes: Axes, rollout: Rollout, cursor: float | None) -> None:
    """Shade the time over the step; lines where it was passed and at the cursor."""
    time, edges = rollout.time, step_edges(rollout.config)
    if edges is not None:
        over = (rollout.transition.x >= edges[0]) & (rollout.transition.x <= edges[1])
        axes.fill_between(time, 0, 1, where=over, transform=axes.get_xaxis_transform(), color=PALE, linewidth=0)
    passed = np.flatnonzero(rollout.transition.newly_passed)
    if len(passed):
        axes.axvline(time[passed[0]], color=TERM_COLORS["success"], linewidth=1.2, linestyle="--")
    if cursor is not None:
        axes.axvline(cursor, color="#D62728", linewidth=1.2)
    axes.set_xlim(0, time[-1])


def robust_limits(curves: Sequence[Array]) -> tuple[float, float]:
    """Limits that show the curves but not their rare spikes: the middle 99%, with a margin."""
    low = min(0.0, *(float(np.nanquantile(c, 0.005)) for c in curves))
    high = max(0.0, *(float(np.nanquantile(c, 0.995)) for c in curves))
    margin = 0.12 * (high - low) or 1.0
    return low - 2 * margin, high + margin


def term_totals(terms: Mapping[str, ArrayLike], against: Mapping[str, ArrayLike] | None = None) -> Plot:
    """What each term paid over an episode, and their sum, as bars; `against`: other weights, as outlines behind.

    terms: name -> [T] weighted per-step values.
    """
    totals = {name: float(np.sum(values)) for name, values in terms.items()}
    totals["total"] = sum(totals.values())
    colors = term_colors(list(terms)) | {"total": TOTAL}
    figure = Plot(480, 68 + 36 * len(totals))
    axes = style(figure.subplots(), "reward per episode", "sum over the episode")
    figure.margins(160, 12, 24, 44)
    rows = np.arange(len(totals))
    bars = axes.barh(rows, list(totals.values()), color=[colors[n] for n in totals], height=0.6)
    bars[-1].set_path_effects(HALO)
    if against is not None:
        other = {name: float(np.sum(against.get(name, 0.0))) for name in terms}
        other["total"] = sum(other.values())
        axes.barh(
            rows, list(other.values()), height=0.8, facecolor="none", edgecolor=INK, linewidth=1.2, label="before"
        )
        legend(axes)
    axes.set_yticks(rows, [f"{words(n)}  {v:+.2f}" for n, v in totals.items()], color=INK, fontsize=9)
    axes.invert_yaxis()
    axes.axvline(0, color=INK, linewidth=0.8)
    axes.grid(axis="y", visible=False)
    return figure
