"""What every widget of the suite shares: controls left, result right, one look, a line for when the kernel is gone."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import ipywidgets as w
import traitlets as t
from markupsafe import Markup

from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.in_page import InPage
from twmr_nb.ui.saved import Keepsake, show

CONTROLS = 330  # px, where controls and result stand beside each other
SHEETS = [Path(__file__).with_name(name).read_text(encoding="utf-8") for name in ("shell.css", "setting_row.css")]
STYLE = Markup("<style>{}</style>").format(Markup("".join(SHEETS)))  # noqa: S704 (our own)


class Shell(w.VBox):
    """A titled widget: controls left, result right, below each other where that is too narrow; 1,190 px at most."""

    def __init__(
        self, title: str, doc: str, controls: Sequence[w.Widget], result: Sequence[w.Widget], left: int = CONTROLS
    ) -> None:
        self.title = title
        words = Markup("{}<span class='twmr-head'>{}</span>&ensp;<span class='twmr-sub'>{}</span>")
        head = Html(words.format(STYLE, title, doc))
        panes = w.HBox([w.VBox(list(controls), layout=w.Layout(width=f"{left}px")), w.VBox(list(result))])
        for box, look in zip((panes, *panes.children), ("twmr-panes", "twmr-controls", "twmr-stage"), strict=True):
            box.add_class(look)
        super().__init__([head, panes, InPage()])
        self.add_class("twmr-shell")
        self.add_class("twmr-live")

    def keepsake(self) -> Keepsake:
        """What stays of it in a saved notebook."""
        return Keepsake("")

    def _ipython_display_(self) -> None:
        show(self)


class Tabs(w.Tab):
    """Pages of rows, each behind a tab of its name."""

    _titles = t.Dict().tag(sync=True)  # what ipywidgets 7 calls them; its pages would only number the tabs

    def __init__(self, pages: Mapping[str, w.Box]) -> None:
        super().__init__(list(pages.values()), titles=list(pages))
        self.add_class("twmr-tabs")
        for page in self.children:
            page.add_class("twmr-rows")

    @t.observe("titles")
    def _named(self, change: dict[str, Any]) -> None:
        self._titles = {str(place): title for place, title in enumerate(change["new"])}


def line(widgets: Sequence[w.Widget], apart: bool = False) -> w.HBox:
    """Widgets beside each other, on a second line where there is no room; `apart`: from edge to edge."""
    box = w.HBox(list(widgets))
    box.add_class("twmr-line")
    if apart:
        box.add_class("twmr-apart")
    return box


def titled(choice: w.Select | w.SelectMultiple, title: str) -> w.Select | w.SelectMultiple:
    """A list with its name above it, across the whole width."""
    choice.description, choice.layout.width = title, "100%"
    choice.add_class("twmr-titled")
    return choice


def part(title: str) -> Html:
    """A small heading among the controls."""
    return Html(Markup("<div class='twmr-part'>{}</div>").format(title))
