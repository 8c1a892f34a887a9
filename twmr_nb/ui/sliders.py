"""A slider over sensible stops for one setting: its label, its value, and what it was before."""

import math
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as w
import traitlets as t
from markupsafe import Markup

from twmr_nb.config import EnvConfig
from twmr_nb.knobs import field_docs
from twmr_nb.ui.hypertext import Html

MANTISSAS = (1, 1.5, 2, 3, 5, 7)
DECADES = 5


class ValueSlider(w.HBox):
    """One row. `value` is the setting's value; what it was before is shown beside it where that differs."""

    value = t.Float()

    def __init__(
        self, label: str, tooltip: str, stops: Sequence[float], value: float, color: str = "", unit: str = ""
    ) -> None:
        self.stops, self.unit = sorted(stops), unit
        self.before: float | None = value
        self._told: Callable[[float], None] | None = None
        self._exchanging = False
        name = Html(label, tooltip=tooltip, layout=w.Layout(flex="0 0 104px", margin="0"))
        self.slider = w.SelectionSlider(
            options=self.options(value), value=value, readout=False, tooltip=tooltip,
            layout=w.Layout(flex="1 1 auto", width="auto", min_width="60px"),
            style={"handle_color": color or None},
        )  # fmt: skip
        self.readout = Html(layout=w.Layout(flex="0 0 100px", margin="0 0 0 6px"))
        row = w.Layout(height="26px", align_items="center", width="100%")
        super().__init__([name, self.slider, self.readout], layout=row)
        self.value = value
        self._say()
        self.slider.observe(self._moved, "value")
        self.observe(self._set, "value")

    def on_move(self, told: Callable[[float], None]) -> None:
        """Call told(value) when the value changes, but not when `show` changes it."""
        self._told = told

    def show(self, value: float, before: float | None) -> None:
        """Show a value, and what it was before, without telling anybody."""
        told, self._told = self._told, None
        self.before, self.value = before, value
        self._told = told
        self._say()

    def options(self, value: float) -> list[tuple[str, float]]:
        """The stops, and the value itself if it is none of them."""
        return [(number(stop), stop) for stop in sorted({*self.stops, value})]

    def _moved(self, change: dict[str, Any]) -> None:
        if not self._exchanging:
            self.value = change["new"]

    def _set(self, change: dict[str, Any]) -> None:
        if self.slider.value != self.value:
            self._exchanging = True  # new options put the slider on the first of them
            if self.value not in [stop for _, stop in self.slider.options]:
                self.slider.options = self.options(self.value)
            self.slider.value = self.value
            self._exchanging = False
        self._say()
        if self._told:
            self._told(self.value)

    def _say(self) -> None:
        changed = self.before is not None and self.value != self.before
        was = ""
        if changed and self.before is not None:
            was = Markup("&ensp;<span class='twmr-was'>was {}</span>").format(number(self.before))
        mark = " twmr-changed" if changed else ""
        said = Markup("<span class='twmr-value{}'>{}{}{}</span>")
        self.readout.value = said.format(mark, number(self.value), self.unit, was)


def field_slider(name: str, value: float, label: str = "", color: str = "") -> ValueSlider:
    """A slider for one number of EnvConfig, with the field's own bounds, unit and words."""
    meta = EnvConfig.__dataclass_fields__[name].metadata
    unit = f" [{meta['unit']}]" if meta["unit"] else ""
    stops = straight_stops(meta["low"], meta["high"]) if meta["low"] < 0 else log_stops(meta["low"], meta["high"])
    return ValueSlider(label or name.replace("_", " "), field_docs(EnvConfig)[name] + unit, stops, value, color)


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


def number(value: float) -> str:
    return f"{value:.4g}"
