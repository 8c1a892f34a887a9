"""A slider over sensible stops for one setting: its label, its value, and what it was before."""

import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import traitlets as t

from twmr_nb.config.fields import field_docs
from twmr_nb.config.schema import EnvConfig
from twmr_nb.markup import one_line, printable

MANTISSAS = (1, 1.5, 2, 3, 5, 7)
DECADES = 5
HERE = Path(__file__).parent


class ValueSlider(anywidget.AnyWidget):
    """One row: name, slider, value with its unit. What the value was before is shown where that differs.

    `tip` explains it: to the mouse over the name, to a finger on the name, to the keyboard on the slider.
    """

    _esm = (HERE / "slider.js").read_text(encoding="utf-8")
    _css = (HERE / "slider.css").read_text(encoding="utf-8")
    label = t.Unicode("").tag(sync=True)
    tip = t.Unicode("").tag(sync=True)
    unit = t.Unicode("").tag(sync=True)
    color = t.Unicode("").tag(sync=True)
    positions = t.List(t.Float()).tag(sync=True)
    before = t.Float(None, allow_none=True).tag(sync=True)
    value = t.Float().tag(sync=True)

    def __init__(
        self, label: str, tip: str, stops: Sequence[float], value: float, color: str = "", unit: str = ""
    ) -> None:
        self.stops = sorted(stops)
        self._told: Callable[[float], None] | None = None
        positions = self.with_stop(value)
        super().__init__(
            label=one_line(label), tip=printable(tip), unit=unit, color=color,
            positions=positions, before=value, value=value,
        )  # fmt: skip

    def on_move(self, told: Callable[[float], None]) -> None:
        """Call told(value) when the value changes, but not when `show` changes it."""
        self._told = told

    def show(self, value: float, before: float | None) -> None:
        """Show a value, and what it was before, without telling anybody."""
        told, self._told = self._told, None
        with self.hold_sync():
            self.before, self.value = before, value
        self._told = told

    def with_stop(self, value: float) -> list[float]:
        """The stops, and the value itself if it is none of them."""
        return sorted({*self.stops, value})

    @t.observe("value")
    def _moved(self, change: dict[str, Any]) -> None:
        if self.value not in self.positions:
            self.positions = self.with_stop(self.value)
        if self._told:
            self._told(self.value)


def field_slider(name: str, value: float, label: str = "", color: str = "") -> ValueSlider:
    """A slider for one number of EnvConfig, with the field's own bounds, unit and words."""
    meta = EnvConfig.__dataclass_fields__[name].metadata
    stops = straight_stops(meta["low"], meta["high"]) if meta["low"] < 0 else log_stops(meta["low"], meta["high"])
    return ValueSlider(label or name.replace("_", " "), field_docs(EnvConfig)[name], stops, value, color, meta["unit"])


def log_stops(low: float, high: float) -> list[float]:
    """1, 1.5, 2, 3, 5, 7, 10, ... over the five decades up to `high`; and 0 where that is allowed."""
    top = math.ceil(math.log10(high))
    numbers = {float(f"{m}e{e}") for e in range(top - DECADES, top + 1) for m in MANTISSAS}
    return sorted({low, high, *(n for n in numbers if low < n < high)})


def straight_stops(low: float, high: float, count: int = 100) -> list[float]:
    return [round(low + (high - low) * k / count, 6) for k in range(count + 1)]


def signed_stops(high: float = 10.0) -> list[float]:
    """Stops on both sides of 0, for a weight that may be a price or a gain."""
    gains = [stop for stop in log_stops(0.0, high) if stop >= high * 1e-4]
    return [-g for g in reversed(gains)] + [0.0] + gains
