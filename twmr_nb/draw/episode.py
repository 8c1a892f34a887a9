"""One episode over time: what each reward term paid, the gate, legs and wheels; and what the terms paid in all."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from twmr_nb.draw.style import (
    CURSOR,
    GREY,
    HALO,
    INK,
    LEGS,
    PALE,
    TERM_COLORS,
    TOTAL,
    Plot,
    legend,
    style,
    term_colors,
    words,
)
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.markup import figure_text, one_line
from twmr_nb.robot.model import LEG_CTRL, LEG_RANGE, WHEEL_CTRL, WHEEL_TORQUE, at_step
from twmr_nb.task.gate import GATE_OPEN
from twmr_nb.types import Array

LETTERS = 60  # of a title, as many as the figure is wide


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
    gate.fill_between(time, transition.gate, color=GREY, linewidth=0, label="gate")
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


def signal_traces(rollouts: Sequence[Rollout], width: int = 710, height: int = 500) -> Plot:
    """Gate, leg angles, leg actions and wheel torques over time, one column per episode."""
    figure = Plot(width, height)
    shape: dict[str, Any] = {"sharex": "col", "sharey": "row", "squeeze": False, "height_ratios": (1, 2, 1.4, 1.4)}
    columns = figure.subplots(4, len(rollouts), **shape).T
    figure.margins(58, 18, 42, 40, hspace=0.4, wspace=0.12)
    for k, (rollout, panels) in enumerate(zip(rollouts, columns, strict=True)):
        first = k == 0
        draw_gate(panels[0], rollout, first)
        draw_legs(panels[1], rollout, first, 4 // len(rollouts))
        four_lines(panels[2], rollout, rollout.action[:, LEG_CTRL], "leg actions", "−1 to 1" if first else "")
        panels[2].set_ylim(-1.1, 1.1)
        torque = rollout.transition.torque[:, WHEEL_CTRL]
        four_lines(panels[3], rollout, torque, "wheel torques", "N m" if first else "")
        panels[3].set_ylim(-1.1 * WHEEL_TORQUE, 1.1 * WHEEL_TORQUE)
        panels[3].set_xlabel("time [s]", color=INK, fontsize=9)
        for axes in panels:
            mark_events(axes, rollout, None)
        panels[3].locator_params(axis="x", nbins=9 // len(rollouts))
        title = one_line(rollout.title, LETTERS // len(rollouts))
        panels[0].text(1, 1.42, figure_text(title), transform=panels[0].transAxes, color=INK, fontsize=9, ha="right")
    return figure


def draw_gate(axes: Axes, rollout: Rollout, first: bool) -> None:
    """The gate, and the value above which it counts as open."""
    axes.fill_between(rollout.time, rollout.transition.gate, color=GREY, linewidth=0, label="gate")
    axes.axhline(GATE_OPEN, color=INK, linewidth=0.8, linestyle=":")
    style(axes, f"gate (dotted: {GATE_OPEN:g})", "", "0 to 1" if first else "").set_ylim(0, 1.08)


def draw_legs(axes: Axes, rollout: Rollout, first: bool, columns: int) -> None:
    four_lines(axes, rollout, rollout.transition.leg_angle, "leg angles", "rad" if first else "")
    axes.set_ylim(LEG_RANGE[0] - 0.3, LEG_RANGE[1] + 2.2)
    if first:
        legend(axes, columns, "upper left")


def four_lines(axes: Axes, rollout: Rollout, values: Any, title: str, unit: str) -> None:
    """Four curves [T, 4], one per wheel."""
    for (look, name), column in zip(LEGS, values.T, strict=True):
        line: dict[str, Any] = {"linewidth": 1.0, "label": name, "alpha": 0.9, **look}
        axes.plot(rollout.time, column, **line)
    style(axes, title, "", unit)


def mark_events(axes: Axes, rollout: Rollout, cursor: float | None) -> None:
    """Shade the time over the step; lines where it was passed and at the cursor."""
    time = rollout.time
    shade_step(axes, rollout)
    passed = np.flatnonzero(rollout.transition.newly_passed)
    if len(passed):
        axes.axvline(time[passed[0]], color=TERM_COLORS["success"], linewidth=1.2, linestyle="--")
    if cursor is not None:
        axes.axvline(cursor, color=CURSOR, linewidth=1.2)
    axes.set_xlim(0, time[-1])


def shade_step(axes: Axes, rollout: Rollout) -> None:
    """Shade the time that the robot's middle is over the step."""
    over = at_step(rollout.config, rollout.transition.x, near=0.0)
    axes.fill_between(rollout.time, 0, 1, where=over, transform=axes.get_xaxis_transform(), color=PALE, linewidth=0)


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
