"""A short film that says in words what it shows; it starts by itself only where motion is welcome."""

import anywidget
import traitlets as t

from twmr_nb.ui.script import script


class Film(anywidget.AnyWidget):
    """An mp4 in `value`, as wide as there is room for; `words` for those who do not see it. Played once."""

    _esm = script("film.js")
    value = t.Bytes(b"").tag(sync=True)
    words = t.Unicode("").tag(sync=True)
