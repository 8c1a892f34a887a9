"""A guess to be made before a result is shown: one of a few words, or a number; or none, to see it all the same."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as w
from markupsafe import Markup

from twmr_nb.markup import one_line
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.in_page import InPage
from twmr_nb.ui.saved import Keepsake, changed, show
from twmr_nb.ui.shell import STYLE, line
from twmr_nb.ui.value_text import number_of


class Guess(w.VBox):
    """Words to choose from, or a box for a number where there are none; `then(guess)` says what became of it."""

    title = "Prediction"

    def __init__(self, name: str, choices: Sequence[str], then: Callable[[Any], str], said: str = "") -> None:
        self.name, self.choices, self._then = one_line(name), choices, then
        if choices:
            self.box: Any = w.RadioButtons(options=list(choices), value=None, layout=w.Layout(width="auto"))
        else:
            # Told when it is left: of a box that tells every key, the click below may overtake the last ones.
            self.box = w.Text(placeholder="a number", continuous_update=False, layout=w.Layout(width="160px"))
        self.commit = w.Button(description="That is my prediction", button_style="primary")
        self.skip = w.Button(description="Show it without one")
        self.commit.on_click(lambda _: self._answered(self.given))
        self.skip.on_click(lambda _: self._answered(None))
        self.said, self.words = Html(), said
        self.said.say(said)
        head = Markup("{}<span class='twmr-head'>Predict</span>&ensp;<span class='twmr-sub'>{}</span>")
        buttons = line([self.commit, self.skip])
        super().__init__([Html(head.format(STYLE, self.name)), self.box, buttons, self.said, InPage()])
        self.add_class("twmr-shell")
        self.add_class("twmr-live")

    @property
    def given(self) -> Any:
        """What the box says: a word, a number, or the text that is none; `...` while it says nothing."""
        if self.choices:
            return self.box.value or ...
        words = self.box.value.strip()
        number = number_of(words, float)
        return words or ... if number is None else number

    def keepsake(self) -> Keepsake:
        asked = " / ".join(self.choices) or "a number"
        return Keepsake(self.name, below=Markup("<p>Predict, {}: {}. {}</p>").format(self.name, asked, self.words))

    def _answered(self, guess: Any) -> None:
        self.words = self._then(guess)
        self.said.say(self.words)
        changed(self, at_once=True)

    def _ipython_display_(self) -> None:
        show(self)
