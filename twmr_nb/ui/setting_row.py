"""One setting as a row: name, slider or choice, a box for any number, what it was and the way back, words about it.

The page draws it; `text` is what its box says, and the one thing the user changes.
"""

from collections.abc import Callable
from typing import Any

import anywidget
import traitlets as t

from twmr_nb.config.fields import ConfigError, Setting, settings_of
from twmr_nb.config.schema import EnvConfig
from twmr_nb.markup import one_line, printable
from twmr_nb.task.rewards import RewardTerm
from twmr_nb.ui.script import script
from twmr_nb.ui.stops import stops
from twmr_nb.ui.value_text import read_value, value_text


class Row(anywidget.AnyWidget):
    """The row of a setting. `value` is what it says now; `changed(row)` is called after every change by the user.

    What cannot be used stays as it was typed, with the `problem` below it: `value` raises ConfigError, and `last` is
    still what it was before.
    """

    _esm = script("setting_row.js")
    kind = t.Unicode("").tag(sync=True)  # number, choice or switch
    label = t.Unicode("").tag(sync=True)
    unit = t.Unicode("").tag(sync=True)
    tip = t.Unicode("").tag(sync=True)
    color = t.Unicode("").tag(sync=True)  # of the slider's handle
    slider = t.Bool(False).tag(sync=True)
    optional = t.Bool(False).tag(sync=True)
    options = t.List(t.Unicode()).tag(sync=True)  # the words to choose from, or the slider's stops as they are written
    at = t.Int(0).tag(sync=True)  # the stop nearest to the number
    text = t.Unicode("").tag(sync=True)
    start_text = t.Unicode("").tag(sync=True)
    differs = t.Bool(False).tag(sync=True)  # from where it started
    problem = t.Unicode("").tag(sync=True)
    disabled = t.Bool(False).tag(sync=True)

    def __init__(
        self, setting: Setting, start: Any, changed: Callable[["Row"], None] = lambda row: None,
        label: str = "", color: str = "", slider: bool = True,
    ) -> None:  # fmt: skip
        self.setting, self._changed, self._by_code = setting, changed, False
        kind = "choice" if setting.words else "switch" if setting.kind is bool else "number"
        self.stops = stops(setting) if slider and kind == "number" else []
        super().__init__(
            kind=kind, label=one_line(label or setting.name.replace("_", " ")), unit=setting.unit, color=color,
            tip=printable(explained(setting)), slider=bool(self.stops), optional=setting.optional,
            options=[*setting.words, *map(value_text, self.stops)],
        )  # fmt: skip
        self.set(start, start)

    @property
    def value(self) -> Any:
        if self.problem:
            raise ConfigError(self.problem)
        return self.last

    def set(self, value: Any, start: Any = ...) -> None:
        """Show a value without calling `changed`; with `start`, also what it counts as unchanged from."""
        self._by_code = True
        with self.hold_sync():
            if start is not ...:
                self.start, self.start_text = start, value_text(start)
            self.last, self.text, self.problem, self.differs = value, value_text(value), "", value != self.start
            if self.stops and value is not None:
                self.at = min(range(len(self.stops)), key=lambda i: abs(self.stops[i] - value))
        self._by_code = False

    @t.observe("text")
    def _edited(self, change: dict[str, Any]) -> None:
        """The user has changed it: what was meant stands there at once, or what is wrong with it."""
        if self._by_code:
            return
        try:
            self.set(read_value(self.text, self.setting))
        except ConfigError as error:
            self.problem, self.differs = str(error), True
        self._changed(self)


def explained(setting: Setting) -> str:
    """A setting's words, what is allowed, and its default."""
    default = value_text(setting.default)
    if setting.kind is bool:
        return f"{setting.doc}\nDefault: {default}."
    allowed = ", ".join(setting.words) or f"{setting.low:g} to {setting.high:g} {setting.unit}".rstrip()
    return f"{setting.doc}\nAllowed: {allowed}{', or automatic' if setting.optional else ''}. Default: {default}."


def weight_setting(term: RewardTerm) -> Setting:
    """The weight of a learner's own reward term; negative makes it a cost."""
    high, doc = 10 * max(abs(term.weight), 1.0), term.doc or f"Weight of your own term {term.name!r}."
    return Setting(term.name, "reward", f"{doc} Below 0: a cost.", float, term.weight, -high, high, log=True)


def setting_told(setting: Setting, label: str = "") -> dict[str, Any]:
    """A setting for a page that has a slider or a choice for it, JSON-ready; the choice has words."""
    return {
        "name": setting.name,
        "label": one_line(label or setting.name.replace("_", " ")),
        "unit": setting.unit,
        "doc": printable(explained(setting)),
        "stops": [] if setting.words else stops(setting),
        "words": list(setting.words),
        "default": setting.default,
    }


def weight_told(term: RewardTerm, color: str) -> dict[str, Any]:
    """A reward term for a page that has a slider for the size of its weight, JSON-ready."""
    own = settings_of(EnvConfig)[term.setting] if term.setting else weight_setting(term)
    return {
        "name": term.name,
        "label": one_line(term.label),
        "setting": term.setting,
        "sign": term.weight if term.setting else 1.0,
        "unit": one_line(term.unit),
        "stops": stops(own),
        "weightUnit": own.unit,
        "doc": one_line(term.doc),
        "color": color,
    }


def number_box(
    name: str, doc: str, value: int, low: int, high: int, changed: Callable[[Row], None] = lambda row: None
) -> Row:
    """A whole number without a slider, to stand in a line among other controls."""
    row = Row(Setting(name, "", doc, int, value, low, high), value, changed, slider=False)
    row.add_class("twmr-compact")
    return row
