"""A picture that says in words what it shows, and can be saved with its numbers."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

from twmr_nb.files import checked_name
from twmr_nb.runs.places import RUNS
from twmr_nb.types import Mistake
from twmr_nb.ui.script import script

FIGURES = RUNS / "figures"
SAVED = (".svg", ".pdf")  # what its button writes, the numbers beside them


class Picture(anywidget.AnyWidget):
    """A PNG in `value`, as wide as there is room for; `words` for those who do not see it.

    `save(path)` writes the figure that it shows, as `Plot.save` does: with it there is a button, in the lower left
    corner, where figures are empty. `name` is what the button's files are called, the time behind it.
    """

    _esm = script("picture.js")
    value = t.Bytes(b"").tag(sync=True)
    words = t.Unicode("").tag(sync=True)
    can_save = t.Bool(False).tag(sync=True)
    said = t.Unicode("").tag(sync=True)

    def __init__(self, save: Callable[[Path], Any] | None = None, name: str = "figure", **traits: Any) -> None:
        super().__init__(can_save=save is not None, **traits)
        self.save, self.name = save, checked_name(name)
        self.on_msg(self._asked)

    def _asked(self, _: Any, message: Any, __: Any) -> None:
        """The button was pressed: save, and say where, or why not."""
        if message != "save" or self.save is None:
            return
        stem = FIGURES / f"{self.name}_{datetime.now():%Y%m%d_%H%M%S}"
        self.said = ""
        try:
            for kind in SAVED:
                self.save(stem.with_suffix(kind))
        except (Mistake, OSError) as error:
            self.said = str(error)
        else:
            self.said = f"Saved {', '.join((stem.name + SAVED[0], *SAVED[1:]))} and the numbers, .csv, in {FIGURES}"
