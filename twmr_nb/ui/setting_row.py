"""One setting as a row of widgets: name, slider or choice, number, and a button back to where it started."""

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import ipywidgets as w
from markupsafe import Markup

from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.settings import Setting, shown, stops

COLUMNS = "180px 1fr 84px 22px"  # the columns of a page of rows
STYLE = Markup("""<style>
.twmr-rows { overflow-y: auto; padding-right: 6px; }
.twmr-rows > * { margin: 0 !important; }
.twmr-rows .widget-html-content { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.twmr-rows .twmr-new { color: var(--jp-brand-color1, #1976d2); }
.twmr-rows input[type=number], .twmr-rows select { height: 24px; font-size: 12.5px; }
.twmr-rows .mod-active { color: var(--jp-brand-color1, #1976d2); font-weight: 600; box-shadow: none; }
.twmr-rows .jupyter-button { padding: 0; height: 24px; line-height: 22px; }
</style>""")


class Row:
    """A choice or a switch. `changed` is called after every change by the user."""

    def __init__(self, setting: Setting, start: Any, changed: Callable[[], None]) -> None:
        self.setting, self.start, self._changed = setting, start, changed
        self._setting_by_code = False
        self.name = Html(tooltip=setting.tooltip)
        self.back = w.Button(icon="undo", layout=w.Layout(width="22px"))
        self.back.on_click(lambda _: self._go_back())
        self.middle = self.make_inputs()
        self.set(start)

    @property
    def widgets(self) -> list[w.Widget]:
        return [self.name, *self.middle, self.back]

    @property
    def value(self) -> Any:
        return self.box.value

    def make_inputs(self) -> list[w.Widget]:
        """The widgets of the two middle columns; `box` is the one that holds the value."""
        how: dict[str, Any] = {"tooltip": self.setting.tooltip}
        how["layout"] = w.Layout(width="100%", grid_area="auto / span 2 / auto / auto")
        if self.setting.words:
            self.box: Any = w.Dropdown(options=self.setting.words, **how)
        else:
            self.box = w.Checkbox(indent=False, **how)
        self.box.observe(self.edited, "value")
        return [self.box]

    def set(self, value: Any, start: Any = ...) -> None:
        """Show a value without calling `changed`; with `start`, also what it counts as unchanged from."""
        if start is not ...:
            self.start = start
        with self.by_code():
            self.show(value)
        self.mark()

    def show(self, value: Any) -> None:
        self.box.value = value

    def disable(self, disabled: bool) -> None:
        self.box.disabled = self.back.disabled = disabled

    def edited(self, _: Any = None) -> None:
        """The user has changed an input."""
        if not self._setting_by_code:
            self.mark()
            self._changed()

    def mark(self) -> None:
        """Show whether the value is another than the one it started from."""
        changed = self.value != self.start
        look = "twmr-new" if changed else ""
        name = Markup("<span class='{}'>{}{}</span>").format(look, "● " if changed else "", self.setting.label)
        unit = Markup(" <span class='twmr-sub'>{}</span>").format(self.setting.unit)
        self.name.value = name + unit if self.setting.unit else name
        self.back.layout.visibility = "visible" if changed else "hidden"
        self.back.tooltip = f"Back to {shown(self.start)}"

    @contextmanager
    def by_code(self) -> Any:
        self._setting_by_code = True
        try:
            yield
        finally:
            self._setting_by_code = False

    def _go_back(self) -> None:
        self.set(self.start)
        self._changed()


class NumberRow(Row):
    """A number: a slider over round values, a box for any other, and a switch where it may be automatic."""

    def make_inputs(self) -> list[w.Widget]:
        setting = self.setting
        box, step = (w.BoundedIntText, 1) if setting.kind is int else (w.BoundedFloatText, None)
        first = min(max(setting.default or 0, setting.low), setting.high)
        self.box = box(
            first, min=setting.low, max=setting.high, step=step, tooltip=setting.tooltip, layout=w.Layout(width="100%")
        )
        self.stops = stops(setting)
        self.slider = w.IntSlider(max=len(self.stops) - 1, readout=False, tooltip=setting.tooltip)
        self.slider.layout = w.Layout(width="auto", flex="1 1 auto", min_width="40px")
        self.automatic = w.ToggleButton(description="auto", tooltip="Chosen automatically while pressed")
        self.automatic.layout = w.Layout(width="42px", flex="0 0 42px")
        self.slider.observe(self._slid, "value")
        for each in (self.box, self.automatic):
            each.observe(self.edited, "value")
        parts = [self.automatic] * setting.optional + [self.slider] * setting.slider
        return [w.HBox(parts, layout=w.Layout(overflow="hidden")), self.box]

    @property
    def value(self) -> Any:
        return None if self.automatic.value else self.box.value

    def show(self, value: Any) -> None:
        self.automatic.value = value is None
        if value is not None:
            self.box.value = value
        self._follow()

    def disable(self, disabled: bool) -> None:
        self.automatic.disabled = self.back.disabled = disabled
        self.box.disabled = self.slider.disabled = disabled or self.automatic.value

    def edited(self, change: Any = None) -> None:
        if not self._setting_by_code:
            with self.by_code():
                self._follow()
        super().edited(change)

    def _follow(self) -> None:
        """The slider goes to the stop nearest to the number; an automatic number cannot be moved."""
        self.slider.value = min(range(len(self.stops)), key=lambda i: abs(self.stops[i] - self.box.value))
        self.disable(self.automatic.disabled)

    def _slid(self, change: dict[str, Any]) -> None:
        if not self._setting_by_code:
            with self.by_code():
                self.box.value = self.stops[change["new"]]
            self.edited()


def make_row(setting: Setting, start: Any, changed: Callable[[], None]) -> Row:
    """The row that fits the kind of setting."""
    number = not setting.words and setting.kind is not bool
    return (NumberRow if number else Row)(setting, start, changed)
