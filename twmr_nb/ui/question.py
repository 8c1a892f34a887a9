"""A question on one line, with the button that does it and the one that does not; a name may be asked for."""

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets as t

from twmr_nb.markup import one_line
from twmr_nb.ui.script import HERE, script


class Question(anywidget.AnyWidget):
    """Nothing to see until `ask`; Enter in the name says yes, Escape says no."""

    _esm = script("question.js")
    _css = (HERE / "question.css").read_text(encoding="utf-8")
    asking = t.Bool(False).tag(sync=True)
    text = t.Unicode("").tag(sync=True)
    asks = t.Bool(False).tag(sync=True)
    name = t.Unicode("").tag(sync=True)
    yes = t.Unicode("").tag(sync=True)
    danger = t.Bool(False).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self._then: Callable[[str], object] = lambda name: None
        self.on_msg(self._heard)

    def ask(
        self, text: str, yes: str, then: Callable[[str], object], name: str | None = None, danger: bool = False
    ) -> None:
        """Call then(name) if the answer is yes; a `name` given is offered to be changed."""
        self.drop()
        with self.hold_sync():
            self.text, self.yes, self.danger = one_line(text), yes, danger
            self.asks, self.name = name is not None, one_line(name or "")
            self.asking = True
        self._then = then

    def answer(self, yes: bool, name: str = "") -> None:
        """What the two buttons do."""
        if self.asking:
            self.drop()
            if yes:
                self._then(name)

    def drop(self) -> None:
        """Take the question back."""
        self.asking = False

    def _heard(self, _: Any, message: dict[str, Any], __: Any) -> None:
        self.answer(bool(message.get("yes")), str(message.get("name", "")))
