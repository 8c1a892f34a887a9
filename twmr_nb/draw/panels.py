"""Panels over the time of one episode that the explorers share: cursor, gate, leg angles, the robot at the moment."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from twmr_nb.draw.episode import shade_step
from twmr_nb.draw.live_figure import LiveFigure, between
from twmr_nb.draw.side_view import ASKED, SideView, step_corners
from twmr_nb.draw.style import CURSOR, INK, LEGS, TERM_COLORS, style
from twmr_nb.episodes.rescore import Rescored
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.robot.model import LEG_RANGE, LEGS_OUT, tip_radius
from twmr_nb.types import Array


class TimePanel:
    """One panel over an episode's time: the step's place shaded, where it was passed, and the cursor."""

    def __init__(self, live: LiveFigure, axes: Axes, rollout: Rollout, title: str, y: str, x: str = "") -> None:
        self.live, self.axes, self.time = live, style(axes, title, x, y), rollout.time
        axes.set_xlim(0, rollout.time[-1])
        if not x:
            axes.tick_params(labelbottom=False)
        shade_step(axes, rollout)
        self.passed = live.moving(axes, axes.axvline(0, color=TERM_COLORS["success"], linewidth=1.2, linestyle="--"))
        self.cursor = live.moving(axes, axes.axvline(0, color=CURSOR, linewidth=1.2))

    def line(self, **look: Any) -> Any:
        """A curve that changes; give it its values with set_ydata."""
        return self.live.moving(self.axes, self.axes.plot(self.time, np.zeros_like(self.time), **look))[0]

    def area(self, **look: Any) -> Any:
        """A filled area that changes; give it its outline with set_verts([between(...)])."""
        return self.live.moving(self.axes, self.axes.add_collection(PolyCollection([], **look), autolim=False))

    def point(self, frame: int, passed_at: int | None) -> None:
        """Put the cursor on a step, and the mark where the obstacle is passed."""
        self.cursor.set_xdata([self.time[frame]] * 2)
        self.passed.set_visible(passed_at is not None)
        if passed_at is not None:
            self.passed.set_xdata([self.time[passed_at]] * 2)


class GatePanel(TimePanel):
    """The gate over time."""

    def __init__(self, live: LiveFigure, axes: Axes, rollout: Rollout) -> None:
        super().__init__(live, axes, rollout, "gate: should the legs be out?", "")
        axes.set_ylim(0, 1.08)
        axes.set_yticks([0, 1], ["in", "out"])
        self.fill = self.area(facecolors=INK, alpha=0.75, linewidths=0, label="_gate")

    def show(self, gate: Array) -> None:
        self.fill.set_verts([between(self.time, np.zeros_like(gate), gate)])


class LegsPanel(TimePanel):
    """The four leg angles, what is asked of them, and where the legs are out."""

    def __init__(self, live: LiveFigure, axes: Axes, rollout: Rollout) -> None:
        super().__init__(live, axes, rollout, "leg angles", "rad", "time [s]")
        axes.set_ylim(LEG_RANGE[0] - 0.45, LEG_RANGE[1] + 0.75)
        angles = np.linspace(*LEG_RANGE, 1000)
        out = angles[tip_radius(angles) >= LEGS_OUT]
        axes.axhspan(out[0], out[-1], color=TERM_COLORS["success"], alpha=0.10, linewidth=0)
        place: dict[str, Any] = {"color": INK, "fontsize": 7.5, "va": "center"}
        across = axes.get_yaxis_transform()
        reached = f"legs out: tips reach {1000 * LEGS_OUT:.0f} mm"
        axes.text(0.995, out[0] + 0.27, reached, transform=across, ha="right", **place)
        for (look, name), angle in zip(LEGS, rollout.transition.leg_angle.T, strict=True):
            label = {"front left": "front", "rear left": "rear (dashed: right)"}.get(name, f"_{name}")
            line: dict[str, Any] = {"linewidth": 1.0, "label": label, "alpha": 0.85, **look}
            axes.plot(self.time, angle, **line)
        self.asked = self.line(color=ASKED, linewidth=1.2, label="asked by the extension term")
        axes.legend(
            fontsize=8, labelcolor=INK, frameon=False, ncols=3, loc="lower right", bbox_to_anchor=(1.01, 0.96),
            handlelength=1.5, columnspacing=1.2, handletextpad=0.4,
        )  # fmt: skip
        dotted: dict[str, Any] = {"color": INK, "linewidth": 0.8, "linestyle": ":"}
        self.targets = [live.moving(axes, axes.axhline(0, **dotted)) for _ in range(2)]
        place |= {"ha": "right", "transform": across}
        self.names = [live.moving(axes, axes.text(0.995, 0, name, **place)) for name in ("retract", "extend")]

    def show(self, scored: Rescored) -> None:
        self.asked.set_ydata(scored.asked[:, 0])
        for line, name, target in zip(self.targets, self.names, (scored.retract[0], scored.extend[0]), strict=True):
            line.set_ydata([target] * 2)
            name.set_y(target + (0.27 if target > 1.2 else -0.27))


class MomentPanel:
    """The robot at the cursor's moment, with the pose that is asked of it, and the moment's numbers."""

    def __init__(self, live: LiveFigure, axes: Axes, rollout: Rollout) -> None:
        self.rollout, self.step = rollout, step_corners(rollout)
        self.view = SideView(live, axes, height=0.155, ahead=0.01)
        self.words = live.moving(
            axes, axes.text(0, 1.04, "", transform=axes.transAxes, color=INK, fontsize=8.5, fontweight="bold")
        )

    def show(self, scored: Rescored, frame: int) -> None:
        t = self.rollout.transition
        self.view.show(t.qpos[frame], scored.asked[frame], self.step)
        self.words.set_text(
            f"{self.rollout.time[frame]:.2f} s    x {t.x[frame]:.2f} m    gate {scored.gate[frame]:.2f}"
        )
