"""`Runs()` in any cell: every run on disk, the one under way included, to watch, stop and resume.

A run outlives the page: after a reload, in a new tab or after a kernel restart this is the way back to it.
"""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ipywidgets as w
from markupsafe import Markup

from twmr_nb.runs.places import RUNS, earlier_hint
from twmr_nb.runs.run import Run
from twmr_nb.task.rewards import RewardTerm
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.live import RunShell
from twmr_nb.ui.run_list import readable_runs, run_label, settings_table
from twmr_nb.ui.shell import part, titled

DOC = "watch, stop or resume any run; an interrupted one goes on from its last checkpoint"
NONE = "No run in {root} yet: start one with tw.TrainingPanel() or tw.train()."


class Runs(RunShell):
    """A list of runs, the chosen one's settings, and its live view: to watch, stop and resume any of them.

    root: the folder that holds them. extra_terms: your own reward terms, needed to resume a run that used them.

    >>> tw.Runs("no/runs/here").run is None
    True
    """

    def __init__(self, root: str | Path | None = None, extra_terms: Iterable[RewardTerm] = ()) -> None:
        self.root, self.extra_terms = Path(root or RUNS), tuple(extra_terms)
        self.runs: dict[str, Run] = {}
        self.choice = titled(w.Select(rows=12), "runs, the newest first")
        again = w.Button(description="List again", icon="refresh", layout=w.Layout(width="auto"))
        again.on_click(lambda _: self.refresh())
        self.settings, self.problems = Html(), Html()
        settings = w.VBox([self.settings], layout=w.Layout(max_height="260px"))
        settings.add_class("twmr-scroll")
        left = [self.choice, again, self.problems, part("settings"), settings]
        super().__init__("Runs", DOC, left)
        self.title = "list of runs"
        self.refresh()
        self.choice.observe(self._chosen, "value")
        self.view.on_change = self.refresh

    def refresh(self) -> None:
        """List the runs that there are now; keeps the choice, else takes the one that needs looking at most."""
        runs, problems = readable_runs(self.root, self.extra_terms)
        self.runs = {run.name: run for run in runs}
        problems += [hint] if self.root == RUNS and (hint := earlier_hint(RUNS)) else []
        self.problems.value = Markup().join(Markup("<div class='twmr-error'>{}</div>").format(p) for p in problems)
        kept = self.run.name if self.run else None
        self._listing = True
        self.choice.options = [(run_label(run), run.name) for run in runs]
        # One whose folder is gone stays on show, and no other is marked as if it were it.
        self.choice.value = kept if kept in self.runs else most_urgent(runs) if kept is None else None
        self._listing = False
        if self.run is None:
            self._show(self.choice.value)

    def _chosen(self, change: dict[str, Any]) -> None:
        if not self._listing:
            self._show(change["new"])

    def _show(self, name: str | None) -> None:
        if name is None:
            self.settings.value = NONE.format(root=self.root)
            return
        run = self.runs[name]
        self.settings.value = settings_table(run)
        self.view.show(run)


def most_urgent(runs: list[Run]) -> str | None:
    """The run that trains, else the newest that was interrupted, else the newest."""
    for wanted in (lambda r: r.training, lambda r: r.state == "interrupted", lambda r: True):
        if found := next(filter(wanted, runs), None):
            return found.name
    return None
