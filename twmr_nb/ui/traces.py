"""The signals of one or two played episodes: gate, legs, wheel torque, as the original's debug output had them."""

from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes

from twmr_nb.draw.plots import GREY, INK, LEGS, Plot, legend, mark_events, style
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.markup import figure_text, one_line
from twmr_nb.robot.model import LEG_CTRL, LEG_RANGE, WHEEL_CTRL, WHEEL_TORQUE
from twmr_nb.task.gate import GATE_OPEN

LETTERS = 60  # of a title, as many as the figure is wide


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
        lines(panels[2], rollout, rollout.action[:, LEG_CTRL], "leg actions", "−1 to 1" if first else "")
        panels[2].set_ylim(-1.1, 1.1)
        lines(panels[3], rollout, rollout.transition.torque[:, WHEEL_CTRL], "wheel torques", "N m" if first else "")
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
    axes.fill_between(rollout.time, rollout.transition.gate, color=GREY, linewidth=0)
    axes.axhline(GATE_OPEN, color=INK, linewidth=0.8, linestyle=":")
    style(axes, f"gate (dotted: {GATE_OPEN:g})", "", "0 to 1" if first else "").set_ylim(0, 1.08)


def draw_legs(axes: Axes, rollout: Rollout, first: bool, columns: int) -> None:
    lines(axes, rollout, rollout.transition.leg_angle, "leg angles", "rad" if first else "")
    axes.set_ylim(LEG_RANGE[0] - 0.3, LEG_RANGE[1] + 2.2)
    if first:
        legend(axes, columns, "upper left")


def lines(axes: Axes, rollout: Rollout, values: Any, title: str, unit: str) -> None:
    """Four curves [T, 4], one per wheel."""
    for (look, name), column in zip(LEGS, values.T, strict=True):
        line: dict[str, Any] = {"linewidth": 1.0, "label": name, "alpha": 0.9, **look}
        axes.plot(rollout.time, column, **line)
    style(axes, title, "", unit)
