"""Keys pressed in a widget are the widget's: JupyterLab would take Enter and the arrows for commands on cells."""

import anywidget

from twmr_nb.ui.script import script


class Keys(anywidget.AnyWidget):
    """Keeps plain keys inside the `.twmr-shell` that it lies in; Shift+Enter and what is pressed with Ctrl pass."""

    _esm = script("keys.js")
