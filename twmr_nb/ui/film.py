"""A short film that says in words what it shows; it starts by itself only where motion is welcome."""

from twmr_nb.ui.picture import Picture
from twmr_nb.ui.script import script


class Film(Picture):
    """An mp4 in `value`, as wide as there is room for; `words` for those who do not see it. Played once."""

    _esm = script("film.js")
