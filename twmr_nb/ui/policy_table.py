"""A table of policies to sort, filter and tick. The page draws it; what is listed and in which order is said here."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import anywidget
import traitlets as t

from twmr_nb.config.as_text import scene_words
from twmr_nb.markup import one_line
from twmr_nb.ui.policy_files import PolicyFile
from twmr_nb.ui.script import HERE, script

SortKey = Callable[[PolicyFile], Any]
COLUMNS: dict[str, SortKey] = {  # title: what to sort by
    "policy": lambda p: p.title.lower(),
    "scene": lambda p: (p.saved.config.env.scene, p.saved.config.env.step_height),
    "success": lambda p: -1.0 if p.success is None else p.success,
    "upright": lambda p: -1.0 if p.upright is None else p.upright,
    "steps": lambda p: p.steps or 0,
    "date": lambda p: p.date,
}
WORDS = ("policy", "scene")  # columns that begin with A; numbers and dates begin with the largest
MOST = 2  # policies ticked at a time: one to watch, two to compare


class PolicyTable(anywidget.AnyWidget):
    """`selected` holds up to two policies, in the order in which they were ticked.

    `ticked(selected)` is called when a person ticks or unticks a row, `refresh()` when one asks for a new look.
    """

    _esm = script("policy_table.js")
    _css = (HERE / "policy_table.css").read_text(encoding="utf-8")
    selected = t.Tuple()
    # What the page shows
    titles = t.List(list(COLUMNS)).tag(sync=True)
    rows = t.List(t.Dict()).tag(sync=True)
    picked = t.List(t.Unicode()).tag(sync=True)
    filter = t.Unicode("").tag(sync=True)
    sort = t.Unicode("").tag(sync=True)
    descending = t.Bool(False).tag(sync=True)
    count = t.Unicode("").tag(sync=True)
    empty = t.Unicode("").tag(sync=True)

    def __init__(self, ticked: Callable[[Sequence[PolicyFile]], None], refresh: Callable[[], None]) -> None:
        self.files: list[PolicyFile] = []
        self.ticked, self.refresh = ticked, refresh
        super().__init__()
        self.on_msg(self._heard)

    def show(self, files: Sequence[PolicyFile]) -> None:
        """List these; what was selected stays so, if it is still there."""
        by_path = {file.path: file for file in files}
        self.files = list(files)
        self.selected = tuple(by_path[file.path] for file in self.selected if file.path in by_path)
        self._arrange()

    def select(self, *files: PolicyFile) -> None:
        """Select exactly these."""
        self.selected = files[-MOST:]

    def tick(self, file: PolicyFile, on: bool) -> None:
        """What a click on a row does; the one ticked first goes where there are too many."""
        others = tuple(f for f in self.selected if f.path != file.path)
        self.selected = (*others, file)[-MOST:] if on else others
        self.ticked(self.selected)

    def sort_by(self, name: str) -> None:
        """Sort by a column; once more, the other way round."""
        self.descending = not self.descending if self.sort == name else name not in WORDS
        self.sort = name
        self._arrange()

    def shown(self) -> list[PolicyFile]:
        """The policies that pass the filter, in order."""
        words = self.filter.lower().split()
        files = [file for file in self.files if all(word in searchable(file) for word in words)]
        return sorted(files, key=COLUMNS[self.sort], reverse=self.descending) if self.sort else files

    @t.observe("filter")
    def _arrange(self, change: Any = None) -> None:
        shown = self.shown()
        with self.hold_sync():
            self.rows = [row_of(file) for file in shown]
            self.count = f"{len(shown)} of {len(self.files)}"
            if self.files:
                self.empty = f"None of the {len(self.files)} policies has “{self.filter.strip()}” in its row."
            else:
                self.empty = "No policies here yet: train one, or import a file."

    @t.observe("selected")
    def _mark(self, change: Any) -> None:
        self.picked = [str(file.path) for file in self.selected]

    def _heard(self, _: Any, message: dict[str, Any], __: Any) -> None:
        """What a person did in the page."""
        if "sort" in message and message["sort"] in COLUMNS:
            self.sort_by(message["sort"])
        elif "tick" in message:
            for file in [file for file in self.files if str(file.path) == message["tick"]]:
                self.tick(file, bool(message["on"]))
            self.send_state("picked")  # the page marked the row itself; where that was wrong, it learns so
        elif "refresh" in message:
            self.refresh()


def row_of(file: PolicyFile) -> dict[str, Any]:
    """What a row says, as plain text: the page never reads it as markup."""
    alias = file.name if file.name != file.title else ""
    clean = "" if file.clean is None else f"clean {percent(file.clean)}"
    more = " · ".join(filter(None, [file.origin, alias, f"{file.size / 1000:.0f} kB", clean, file.measured]))
    return {
        "key": str(file.path),
        "title": one_line(file.title),
        "cells": [
            scene_words(file.saved.config.env),
            percent(file.success),
            percent(file.upright),
            steps_words(file.steps),
            "–" if file.date == datetime.min else f"{file.date:%d %b %Y}",
        ],
        "more": one_line(more),
        "settings": one_line(file.settings),
    }


def steps_words(steps: float | None) -> str:
    if steps is None:
        return "–"
    return f"{steps / 1e6:.3g} M" if steps >= 1e6 else f"{steps / 1e3:.3g} k" if steps >= 1e3 else f"{steps:.0f}"


def percent(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:.0f}%"


def searchable(file: PolicyFile) -> str:
    """All words of a row, in lower case."""
    row = row_of(file)
    return " ".join([row["title"], file.saved.config.env.scene, *row["cells"], row["more"], row["settings"]]).lower()
