"""What every widget of the suite shares: controls left, result right, one look, a line for when the kernel is gone."""

import html
from collections.abc import Sequence
from pathlib import Path

import ipywidgets as w
from IPython.display import HTML, display

CONTROLS = 330  # px, where controls and result stand beside each other
STYLE = f"<style>{Path(__file__).with_suffix('.css').read_text(encoding='utf-8')}</style>"


class Shell(w.VBox):
    """A titled widget: controls left, result right, below each other where that is too narrow; 1,190 px at most."""

    def __init__(
        self, title: str, doc: str, controls: Sequence[w.Widget], result: Sequence[w.Widget], left: int = CONTROLS
    ) -> None:
        self.title = title
        head = w.HTML(f"{STYLE}<span class='twmr-head'>{title}</span>&ensp;<span class='twmr-sub'>{doc}</span>")
        panes = w.HBox([w.VBox(list(controls), layout=w.Layout(width=f"{left}px")), w.VBox(list(result))])
        for box, look in zip((panes, *panes.children), ("twmr-panes", "twmr-controls", "twmr-stage"), strict=True):
            box.add_class(look)
        super().__init__([head, panes])
        self.add_class("twmr-shell")
        self.add_class("twmr-live")

    def _ipython_display_(self) -> None:
        show_or_hint(self, self.title)


def show_or_hint(widget: w.DOMWidget, title: str) -> None:
    """Display a widget, and a line that shows instead of it in a saved notebook without a kernel."""
    display(widget._repr_mimebundle_(), raw=True)
    say = f"The {html.escape(title.lower())} lives in the kernel: run this cell (Shift+Enter) to bring it back."
    display(HTML(f'<p class="twmr-rerun"><i>{say}</i></p>'))


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


def part(title: str) -> w.HTML:
    """A small heading among the controls."""
    return w.HTML(f"<div class='twmr-part'>{title}</div>")
