"""A time cursor: a slider over an episode's control steps, with a play button."""

import anywidget
import traitlets as t

from twmr_nb.episodes.rollout import Rollout
from twmr_nb.ui.script import script

INTERVAL = 200  # ms between pictures while playing


class TimeCursor(anywidget.AnyWidget):
    """`frame` is the control step, from 0."""

    _esm = script("time_cursor.js")
    frame = t.Int(0).tag(sync=True)
    last = t.Int(0).tag(sync=True)
    dt = t.Float(0.02).tag(sync=True)
    interval = t.Int(INTERVAL).tag(sync=True)

    @t.validate("frame")
    def _inside(self, proposal: dict[str, int]) -> int:
        """The page may not know yet that the episode is a shorter one."""
        return min(max(proposal["value"], 0), self.last)

    def load(self, rollout: Rollout) -> None:
        """Span another episode; the cursor stays in it."""
        last = len(rollout.time) - 1
        with self.hold_sync():
            self.dt, self.last, self.frame = rollout.transition.ctrl_dt, last, self.frame
