"""`Runs()` in any cell: every run on disk, the one under way included, to watch, stop and resume.

A run outlives the page: after a reload, in a new tab or after a kernel restart this is the way back to it.
"""

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ipywidgets as w
from markupsafe import Markup

from twmr_nb.markup import one_line
from twmr_nb.runs.places import RUNS, earlier_hint
from twmr_nb.runs.run import Run
from twmr_nb.runs.seeds import rows_of
from twmr_nb.runs.shelf import matches, readable_runs
from twmr_nb.task.rewards import RewardTerm
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.live import RunShell
from twmr_nb.ui.run_list import difference_table, outcome_of, run_label, seed_label, settings_table
from twmr_nb.ui.run_notes import RunNotes
from twmr_nb.ui.shell import part, titled

DOC = "watch, stop or resume any run; an interrupted one goes on from its last checkpoint"
NOBODY = ("no other run", "")  # None would be no choice at all, and nothing to read
INDENT = "\u2003"  # a list drops blanks in front
WIDE: dict[str, Any] = {"layout": {"flex": "1 1 auto", "width": "auto"}, "style": {"description_width": "50px"}}
SCROLLED = Markup("<div class='twmr-scroll' style='max-height: 250px' tabindex='0'>{}</div>")  # also by keys
NONE = "No run in {root} yet: start one with tw.TrainingPanel() or tw.train()."


class Runs(RunShell):
    """A list of runs, the chosen one's settings, and its live view: to watch, stop and resume any of them.

    Finished runs that differ in nothing but the seed are one row, with median and range; chosen, it opens to its seeds,
    and the newest is drawn on the range of all in grey. `search` lists those in which all its words are found (see
    `tw.find_runs`); tags and note are kept when their box is left. A run chosen under `against` is set against the one
    that is shown: what differs, and its curve in grey.

    root: the folder that holds them. extra_terms: your own reward terms, needed to resume a run that used them.

    >>> tw.Runs("no/runs/here").run is None
    True
    """

    def __init__(self, root: str | Path | None = None, extra_terms: Iterable[RewardTerm] = ()) -> None:
        self.root, self.extra_terms = Path(root or RUNS), tuple(extra_terms)
        self.runs: dict[str, Run] = {}
        self.rows: dict[str, list[Run]] = {}  # of those that are looked for, by title
        self.opened: str | None = None  # name of a run; the seeds in its row are listed, too
        self._lock, self._listing = threading.RLock(), False  # a run that ends is listed anew by its own thread
        self.choice = titled(w.Select(rows=8), "")
        self.search = w.Text(placeholder="name, tag, note or setting", description="search", **WIDE)
        again = w.Button(description="List again", icon="refresh", layout=w.Layout(width="auto"))
        again.on_click(lambda _: self.refresh())
        self.notes = RunNotes(self.refresh)
        self.other = w.Dropdown(description="against", options=[NOBODY], style=WIDE["style"])
        self.other.layout.width = "auto"
        self.other.tooltip = "What differs between the run that is shown and this one; its curve is drawn in grey"
        self.settings, self.problems = Html(), Html()
        lists = [w.HBox([self.search, again]), self.choice, self.problems, self.notes]
        super().__init__("Runs", DOC, [*lists, part("settings, and what differs"), self.other, self.settings])
        self.title = "list of runs"
        self.refresh()
        self.choice.observe(self._chosen, "value")
        self.search.observe(lambda _: self._list(), "value")
        self.other.observe(self._chosen, "value")
        self.view.on_change = self.refresh

    def refresh(self) -> None:
        """Read what runs there are now, and list them."""
        runs, problems = readable_runs(self.root, self.extra_terms)
        self.runs = {run.name: run for run in runs}
        problems += [hint] if self.root == RUNS and (hint := earlier_hint(RUNS)) else []
        self.problems.value = Markup().join(Markup("<div class='twmr-error'>{}</div>").format(p) for p in problems)
        self._list()

    def _list(self) -> None:
        """List those that are looked for; keeps the choice, else takes the one that needs looking at most."""
        with self._lock:
            found = [run for run in self.runs.values() if matches(run, self.search.value)]
            self.rows = rows_of(found)
            name, other = self.run.name if self.run else most_urgent(found), self.other.value
            self.opened = self.opened or name
            wanted: list[Any] = [name, *map(names_of, self._seeds(name).values())]
            if isinstance(self.choice.value, tuple):  # a row was chosen, not a seed of it
                wanted.reverse()
            self._listing = True
            self.choice.description = f"{len(found)} of {len(self.runs)} runs, the newest first"
            self.choice.options = [option for title, row in self.rows.items() for option in self._options(title, row)]
            # One whose folder is gone stays on show, and no other is marked as if it were it.
            values = [value for _, value in self.choice.options]
            self.choice.value = next((value for value in wanted if value in values), None)
            self.other.options = [NOBODY, *((one_line(name), name) for name in self.runs)]
            self.other.value = other if other in self.runs else ""
            self._listing = False
            if self.run is None:
                self._show(name)

    def _options(self, title: str, row: list[Run]) -> list[tuple[str, Any]]:
        """Label and value of what is listed of a row: a run and its name; several seeds and their names, then each."""
        if len(row) == 1:
            return [(run_label(row[0]), row[0].name)]
        names = names_of(row)
        seeds = [(f"{INDENT}{seed_label(run)}", run.name) for run in row]
        return [(f"{title}{outcome_of(row)}", names), *(seeds if self.opened in names else [])]

    def _seeds(self, name: str | None) -> dict[str, list[Run]]:
        """The row of a run that is one of several seeds, by its title; none of any other."""
        return {title: row for title, row in self.rows.items() if len(row) > 1 and name in names_of(row)}

    def _chosen(self, change: dict[str, Any]) -> None:
        with self._lock:
            if self._listing:
                return
            if change["owner"] is self.other:
                self._show(self.run.name if self.run else None)
                return
            value = change["new"]  # what the list says may be another by now
            name = value[0] if isinstance(value, tuple) else value
            before, self.opened = self._seeds(self.opened), name or self.opened
            self._show(name)
            if self._seeds(self.opened) != before or self.choice.value != value:
                self._list()

    def _show(self, name: str | None) -> None:
        if name is None:
            self.settings.value = NONE.format(root=self.root)
            return
        if self.run is None or self.run.name != name:
            self.view.show(self.runs[name])
            self.notes.show(self.run)
        run, other = self.view.run, self.runs.get(self.other.value)
        assert run is not None, "shown just now"
        self.settings.value = SCROLLED.format(difference_table(run, other) if other else settings_table(run))
        beside = {other.name: [other]} if other else self._seeds(self.opened)
        if beside or self.view.compared:
            self.view.compare({one_line(title): [each.records for each in row] for title, row in beside.items()})


def names_of(row: list[Run]) -> tuple[str, ...]:
    return tuple(run.name for run in row)


def most_urgent(runs: list[Run]) -> str | None:
    """The run that trains, else the newest that was interrupted, else the newest."""
    for wanted in (lambda r: r.training, lambda r: r.state == "interrupted", lambda r: True):
        if found := next(filter(wanted, runs), None):
            return found.name
    return None
