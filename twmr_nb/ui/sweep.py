"""The live view of many trainings: a row for each, the time left, the comparison as it fills, and what stops them.

One thread follows them and only changes widgets' values; it ends when they do.
"""

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import ipywidgets as w

from twmr_nb.draw.style import Plot
from twmr_nb.draw.table import Table
from twmr_nb.types import Mistake
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.in_page import InPage
from twmr_nb.ui.picture import Picture
from twmr_nb.ui.saved import Keepsake, changed, show
from twmr_nb.ui.shell import STYLE, line

TICK = 1.0  # s between two looks
ALL = ("all", -1)  # None would be no choice at all, and nothing to read
TABLE_HEIGHT = "250px"  # more rows are scrolled


class Many(Protocol):
    """Many trainings, as this view needs to know them."""

    outcomes: Any

    @property
    def under_way(self) -> bool: ...
    @property
    def share(self) -> float: ...
    @property
    def summary(self) -> str: ...
    @property
    def table(self) -> Table: ...
    def figure(self) -> Plot: ...
    def unfinished(self) -> Sequence[tuple[str, int]]: ...
    def start(self) -> "Many": ...
    def stop(self, index: int | None = None) -> None: ...


class SweepView(w.VBox):
    """Shows many trainings; `Stop` is for the one that is chosen, `Go on` for all that is not finished."""

    title = "Many trainings"

    def __init__(self, work: Many) -> None:
        self.work = work
        self.summary, self.message = Html(), Html()
        self.bar = w.FloatProgress(min=0, max=1, layout=w.Layout(width="100%", height="16px", margin="0"))
        self.table = Html(layout=w.Layout(max_height=TABLE_HEIGHT, overflow="auto"))
        self.picture = Picture(self.save, "sweep", layout=w.Layout(width="100%"))
        self.choice = w.Dropdown(description="training", options=[ALL])
        self.stop = w.Button(description="Stop", icon="stop", tooltip="Save and stop; it can go on later")
        self.go_on = w.Button(description="Go on", icon="play", tooltip="Go on with all that is not finished")
        self.stop.on_click(lambda _: self._try(self._stop))
        self.go_on.on_click(lambda _: self._try(self._begin))
        self._drawn = -1  # trainings in the picture
        self._end = threading.Event()
        style = Html(STYLE, layout=w.Layout(display="none"))
        buttons = line([self.choice, self.stop, self.go_on])
        rows = [line([self.summary], apart=True), self.bar, buttons, self.message, self.table, self.picture]
        super().__init__([style, *rows, InPage()])
        self.add_class("twmr-shell")
        self.add_class("twmr-live")
        self.follow()

    def _stop(self) -> None:
        self.work.stop(None if self.choice.value == ALL[1] else self.choice.value)

    def follow(self) -> None:
        """Follow them on a thread to their end."""
        self.update()
        threading.Thread(target=self._follow, name="sweep view", daemon=True).start()

    def update(self) -> None:
        """Show how they stand; a new picture where another one has ended."""
        self.summary.say(self.work.summary, "twmr-head")
        self.bar.value = self.work.share
        self.table.value = self.work.table.html()
        left = [ALL, *self.work.unfinished()]
        if left != list(self.choice.options):
            chosen = self.choice.value
            self.choice.options = left
            self.choice.value = chosen if chosen in [index for _, index in left] else ALL[1]
        self.stop.disabled, self.go_on.disabled = not self.work.under_way, self.work.under_way or len(left) == 1
        if len(self.work.outcomes) != self._drawn:
            self._drawn = len(self.work.outcomes)
            with self.picture.hold_sync():
                self.figure = self.work.figure()
                self.picture.value, self.picture.words = self.figure.png(2), self.work.summary
            changed(self)

    def save(self, path: str | Path) -> Path:
        """Save the figure that is shown, .svg, .pdf or .png, and its numbers as .csv beside it."""
        return self.figure.save(path)

    def close(self) -> None:
        self._end.set()
        super().close()

    def _follow(self) -> None:
        over = False
        while not (over or self._end.wait(TICK)):
            over = not self.work.under_way
            self._try(self.update)
        changed(self, at_once=True)

    def _begin(self) -> None:
        self.work = self.work.start()
        self.follow()

    def _try(self, act: Any) -> None:
        """A thread has nobody above it to tell: the view itself says what went wrong."""
        try:
            act()
        except (Mistake, ValueError, OSError) as error:
            self.message.say(str(error) or type(error).__name__, "twmr-error")

    def keepsake(self) -> Keepsake:
        return Keepsake(self.work.summary, self.picture.value, self.work.table.html())

    def _ipython_display_(self) -> None:
        show(self)
