"""A time cursor: a slider over an episode's control steps, with a play button."""

from typing import Any

import ipywidgets as w
import traitlets as t
from markupsafe import Markup

from twmr_nb.rollout import Rollout
from twmr_nb.ui.hypertext import Html

INTERVAL = 200  # ms between pictures while playing


class TimeCursor(w.HBox):
    """`frame` is the control step, from 0."""

    frame = t.Int(0)

    def __init__(self) -> None:
        self.play = w.Play(interval=INTERVAL, show_repeat=False, layout=w.Layout(width="auto", flex="0 0 auto"))
        self.slider = w.IntSlider(
            readout=False, tooltip="time: drag, or use the arrow keys", layout=w.Layout(flex="1 1 auto", width="auto")
        )
        self.clock = Html(layout=w.Layout(flex="0 0 90px", margin="0 0 0 8px"))
        super().__init__(
            [self.play, self.slider, self.clock], layout=w.Layout(width="100%", max_width="830px", align_items="center")
        )
        self.dt = 0.02
        w.jslink((self.play, "value"), (self.slider, "value"))
        t.link((self, "frame"), (self.slider, "value"))
        self.observe(self._show, "frame")

    def load(self, rollout: Rollout) -> None:
        """Span another episode; the cursor stays in it."""
        self.dt, last = rollout.transition.ctrl_dt, len(rollout.time) - 1
        for control in (self.play, self.slider):
            control.max = last
        self.play.step = max(1, round(INTERVAL / 1000 / self.dt))
        self._show()

    def _show(self, change: Any = None) -> None:
        self.clock.value = Markup("<span class='twmr-value'>{:.2f} s</span>").format((self.frame + 1) * self.dt)
