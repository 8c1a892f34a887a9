"""Markup as the output of a notebook's cell."""

from typing import Any

from IPython.display import HTML
from markupsafe import Markup

from twmr_nb.markup import as_html


def output(value: Any) -> Any:
    """What a notebook's cell shows of this markup; its text is never read as mathematics."""
    return HTML(Markup('<div class="tex2jax_ignore mathjax_ignore">{}</div>').format(as_html(value)))
