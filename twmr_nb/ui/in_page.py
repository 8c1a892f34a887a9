"""What every widget does in the page by itself: it keeps the keys pressed in it, and says when its kernel is gone."""

import anywidget

from twmr_nb.ui.script import script


class InPage(anywidget.AnyWidget):
    """Belongs into every `.twmr-shell`. Shift+Enter and what is pressed with Ctrl pass through to the notebook."""

    _esm = script("in_page.js")
