"""What stays of a widget in a saved notebook and on an exported page, where there is no kernel."""

import html

import ipywidgets as w
from IPython.display import HTML, display


def show_or_hint(widget: w.DOMWidget, title: str) -> None:
    """Display a widget, and a line that shows instead of it in a saved notebook without a kernel."""
    display(widget._repr_mimebundle_(), raw=True)
    say = f"The {html.escape(title.lower())} lives in the kernel: run this cell (Shift+Enter) to bring it back."
    display(HTML(f'<p class="twmr-rerun"><i>{say}</i></p>'))
