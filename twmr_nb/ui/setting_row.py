"""One setting as a row: name, slider or choice, a box for any number, a way back, words that explain it.

The page draws it; `text` is what its box says, and the one thing the user changes.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

from twmr_nb.config.schema import ConfigError
from twmr_nb.ui.number_text import number_text, read_number
from twmr_nb.ui.settings import Setting, stops

HERE = Path(__file__).parent
SWITCH = {True: "on", False: "off"}


class Row(anywidget.AnyWidget):
    """The row of a setting. `value` is what it says now; `changed` is called after every change by the user.

    What cannot be used stays as it was typed, with the `problem` below it, and `value` raises ConfigError.
    """

    _esm = (HERE / "setting_row.js").read_text(encoding="utf-8")
    _css = (HERE / "setting_row.css").read_text(encoding="utf-8")
    kind = t.Unicode("").tag(sync=True)  # number, choice or switch
    label = t.Unicode("").tag(sync=True)
    unit = t.Unicode("").tag(sync=True)
    tip = t.Unicode("").tag(sync=True)
    slider = t.Bool(False).tag(sync=True)
    optional = t.Bool(False).tag(sync=True)
    options = t.List(t.Unicode()).tag(sync=True)  # the words to choose from, or the slider's stops as they are written
    at = t.Int(0).tag(sync=True)  # the stop nearest to the number
    text = t.Unicode("").tag(sync=True)
    start_text = t.Unicode("").tag(sync=True)
    differs = t.Bool(False).tag(sync=True)  # from where it started
    problem = t.Unicode("").tag(sync=True)
    disabled = t.Bool(False).tag(sync=True)

    def __init__(self, setting: Setting, start: Any, changed: Callable[[], None] = lambda: None) -> None:
        self.setting, self._changed, self._by_code = setting, changed, False
        self.stops = stops(setting) if setting.slider and kind_of(setting) == "number" else []
        super().__init__(
            kind=kind_of(setting), label=setting.label, unit=setting.unit, tip=setting.tooltip,
            slider=bool(self.stops), optional=setting.optional,
            options=[*setting.words, *map(number_text, self.stops)],
        )  # fmt: skip
        self.set(start, start)

    @property
    def value(self) -> Any:
        if self.problem:
            raise ConfigError(self.problem)
        return self._value

    def set(self, value: Any, start: Any = ...) -> None:
        """Show a value without calling `changed`; with `start`, also what it counts as unchanged from."""
        if start is not ...:
            self.start, self.start_text = start, self.write(start)
        self._by_code = True
        with self.hold_sync():
            self.text = self.write(value)
            self._take(value)
        self._by_code = False

    def write(self, value: Any) -> str:
        """A value as the row says it."""
        if self.kind == "number":
            return number_text(value)
        return SWITCH[value] if self.kind == "switch" else value

    def read(self, text: str) -> Any:
        """The value that a text stands for; raises ConfigError if it is none."""
        if self.kind == "number":
            return read_number(text, self.setting)
        return text == SWITCH[True] if self.kind == "switch" else text

    @t.observe("text")
    def _edited(self, change: dict[str, Any]) -> None:
        """The user has changed it: what was meant stands there at once, or what is wrong with it."""
        if self._by_code:
            return
        try:
            value = self.read(self.text)
        except ConfigError as error:
            self.problem, self.differs = str(error), True
        else:
            self.set(value)
        self._changed()

    def _take(self, value: Any) -> None:
        self._value, self.problem, self.differs = value, "", value != self.start
        if self.stops and value is not None:
            self.at = min(range(len(self.stops)), key=lambda i: abs(self.stops[i] - value))


def kind_of(setting: Setting) -> str:
    return "choice" if setting.words else "switch" if setting.kind is bool else "number"


def number_box(name: str, doc: str, value: int, low: int, high: int, changed: Callable[[], None] = lambda: None) -> Row:
    """A whole number without a slider, to stand in a line among other controls."""
    row = Row(Setting(name, "", doc, int, value, low, high, slider=False), value, changed)
    row.add_class("twmr-compact")
    return row
