"""A picture that says in words what it shows."""

import anywidget
import traitlets as t

from twmr_nb.ui.script import script


class Picture(anywidget.AnyWidget):
    """A PNG in `value`, as wide as there is room for; `words` for those who do not see it."""

    _esm = script("picture.js")
    value = t.Bytes(b"").tag(sync=True)
    words = t.Unicode("").tag(sync=True)
