"""The one widget that shows HTML."""

from typing import Any

import ipywidgets as w
import traitlets as t
from markupsafe import Markup

from twmr_nb.markup import as_html


class Html(w.HTML):
    """An `ipywidgets.HTML` whose value is Markup; plain text is shown as it is written, also what looks like HTML."""

    @t.validate("value")
    def _escaped(self, proposal: dict[str, Any]) -> str:
        return as_html(proposal["value"])

    def say(self, text: Any, look: str = "twmr-sub") -> None:
        """Show one line; with the look "twmr-error" as what went wrong."""
        self.value: str = Markup("<span class='{}'>{}</span>").format(look, text)
