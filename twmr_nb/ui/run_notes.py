"""What is said of a run, beside the list of runs: its tags and its note, to be read and changed."""

from collections.abc import Callable
from typing import Any

import ipywidgets as w

from twmr_nb.markup import one_line, printable
from twmr_nb.runs.run import Run
from twmr_nb.types import Mistake
from twmr_nb.ui.hypertext import Html


class RunNotes(w.VBox):
    """What is typed is kept in the run's folder when its box is left; `kept()` is told then."""

    def __init__(self, kept: Callable[[], None]) -> None:
        self.kept = kept
        self.run: Run | None = None
        wide: dict[str, Any] = {"layout": {"width": "auto"}, "style": {"description_width": "50px"}}
        self.tags = w.Text(description="tags", placeholder="words to find it by", continuous_update=False, **wide)
        self.note = w.Textarea(description="note", placeholder="what you saw", rows=2, continuous_update=False, **wide)
        self.line = Html()
        super().__init__([self.tags, self.note, self.line], layout=w.Layout(width="100%"))
        for name, box in self.boxes.items():
            box.observe(lambda _, name=name: self._keep(name), "value")
        self.show(None)

    @property
    def boxes(self) -> dict[str, w.Widget]:
        """By what they hold of a run."""
        return {"tags": self.tags, "note": self.note}

    def show(self, run: Run | None) -> None:
        self.run = None  # so that what is shown is not kept anew
        self.tags.value = one_line(" ".join(run.tags)) if run else ""
        self.note.value = printable(run.note) if run else ""
        self.line.value = ""
        for box in self.boxes.values():
            box.disabled = run is None
        self.run = run

    def _keep(self, name: str) -> None:
        if self.run is None:
            return
        try:
            setattr(self.run, name, self.boxes[name].value)
        except (Mistake, OSError, ValueError) as error:
            self.line.say(str(error), "twmr-error")
            return
        self.line.say(f"{name} kept")
        self.kept()
