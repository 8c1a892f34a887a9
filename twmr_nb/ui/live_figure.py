"""A figure redrawn many times a second: what stands still is drawn once and kept, only what moves is drawn anew.

There may be a layer in between, which moves now and then and rests in most pictures.
"""

import io
import math
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from twmr_nb.plots import DPI

COLORS = 256  # of the PNG's palette: anti-aliased lines look the same, and a third is sent in half the time
SCALE = 1.5  # pixels of the PNG per pixel on the page: sharp enough on fine screens, and still quick to send


class LiveFigure:
    """width x height in page pixels. Register what moves with `moving`, change it, and take the next `png()`."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI * SCALE, facecolor="none")
        self.canvas = FigureCanvasAgg(self.figure)
        self.clear()

    def clear(self) -> None:
        """An empty page again. A new figure instead would leave the old one to wait for the garbage collector."""
        self.figure.clear()
        self._moving: list[tuple[Axes, Artist]] = []
        self._resting: list[tuple[Axes, Artist]] = []
        self._layer = self._moving
        self._still: Any = None
        self._base: Any = None
        self._rested_on: Hashable = None

    def axes(self, left: float, top: float, width: float, height: float, **how: Any) -> Axes:
        """A panel at a fixed place, in page pixels from the upper left corner."""
        bottom = self.height - top - height
        place = (left / self.width, bottom / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(place, **how)

    def moving(self, axes: Axes, artists: Sequence[Artist] | Artist) -> Any:
        """Draw these anew in every picture, in the order of registration; returns them. An axis may be one of them."""
        for artist in [artists] if isinstance(artists, Artist) else artists:
            artist.set_animated(True)
            self._layer.append((axes, artist))
        return artists

    @contextmanager
    def resting(self) -> Iterator[None]:
        """What is registered as moving in here is drawn anew only when the key given to `png` has changed."""
        self._layer = self._resting
        try:
            yield
        finally:
            self._layer = self._moving

    def png(self, key: Hashable = None) -> bytes:
        """The figure as it is now, with a transparent background; `key` stands for all that the resting layer shows."""
        if self._still is None:
            self.canvas.draw()
            self._still = self.canvas.copy_from_bbox(self.figure.bbox)
        if self._base is None or key != self._rested_on:
            self._draw(self._still, self._resting)
            self._base, self._rested_on = self.canvas.copy_from_bbox(self.figure.bbox), key
        self._draw(self._base, self._moving)
        picture = Image.fromarray(np.asarray(self.canvas.buffer_rgba()))
        buffer = io.BytesIO()
        picture.quantize(COLORS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(
            buffer, "PNG", compress_level=1
        )
        return buffer.getvalue()

    def _draw(self, background: Any, artists: Sequence[tuple[Axes, Artist]]) -> None:
        self.canvas.restore_region(background)
        for axes, artist in artists:
            if artist.get_visible():
                axes.draw_artist(artist)


def nice_limits(low: float, high: float) -> tuple[float, float]:
    """Limits around [low, high] and 0 on a coarse grid, so that small changes of the data leave the axis alone."""
    reach = max(abs(low), abs(high), 1e-9)
    decade = 10.0 ** math.floor(math.log10(reach))
    step = decade * next(f for f in (0.2, 0.5, 1, 2) if reach <= 8 * f * decade)
    return -step * math.ceil(max(0.25 - low / step, 0)), step * math.ceil(max(0.25 + high / step, 0))
