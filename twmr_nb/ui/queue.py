"""The trainings that wait for their turn, to be put in another order or taken out."""

from collections.abc import Callable

import ipywidgets as w
from markupsafe import Markup

from twmr_nb.markup import one_line
from twmr_nb.runs.queue import QUEUE
from twmr_nb.runs.run import Run, RunError
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.shell import titled

RULE = "Stop ends only the one that trains: then the next of these begins. tw.Runs() goes on with a stopped one."
FAILED = Markup("<div class='twmr-error'>{} failed: {}</div>")


class QueueBox(w.VBox):
    """Who waits, the next first; `refresh()` shows them as they are. Not seen while there is nothing to say."""

    def __init__(self) -> None:
        self.choice = titled(w.Select(rows=4), "waiting, the next first")
        self.told = Html()
        how = w.Layout(width="auto", flex="1 1 auto")
        self.sooner = w.Button(description="Sooner", tooltip="One place nearer to its turn", layout=how)
        self.later = w.Button(description="Later", tooltip="One place further from its turn", layout=how)
        self.remove = w.Button(description="Remove", tooltip="Take it out: it is not trained", layout=how)
        self.sooner.on_click(lambda _: self._act(lambda run: QUEUE.move(run, 1)))
        self.later.on_click(lambda _: self._act(lambda run: QUEUE.move(run, -1)))
        self.remove.on_click(lambda _: self._act(QUEUE.remove))
        buttons = w.HBox([self.sooner, self.later, self.remove], layout=w.Layout(flex_flow="row wrap"))
        super().__init__([self.choice, buttons, self.told], layout=w.Layout(flex="1 1 190px", align_self="flex-start"))
        self.refresh()

    def refresh(self) -> None:
        runs, kept = QUEUE.waiting, self.choice.value
        self.choice.options = [(one_line(run.name), run) for run in runs]
        self.choice.value = kept if kept in runs else next(iter(runs), None)
        for widget in (self.choice, *self.children[1].children):
            widget.disabled = not runs
        failed = Markup().join(FAILED.format(one_line(name), why) for name, why in list(QUEUE.failures.items()))
        self.told.value = failed + Markup("<span class='twmr-sub'>{}</span>").format(RULE if runs else "")
        self.layout.display = "" if runs or QUEUE.failures else "none"

    def _act(self, act: Callable[[Run], None]) -> None:
        """On the one that is chosen, unless its turn came meanwhile: then the list says so."""
        try:
            if self.choice.value is not None:
                act(self.choice.value)
        except RunError:
            self.refresh()
