"""The one widget that shows HTML."""

from typing import Any

import ipywidgets as w
import traitlets as t

from twmr_nb.markup import as_html


class Html(w.HTML):
    """An `ipywidgets.HTML` whose value is Markup; plain text is shown as it is written, also what looks like HTML."""

    @t.validate("value")
    def _escaped(self, proposal: dict[str, Any]) -> str:
        return as_html(proposal["value"])
