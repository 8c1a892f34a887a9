"""A figure redrawn many times a second: what stands still is drawn once and kept, only what moves is drawn anew."""

import io
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from twmr_nb.plots import DPI

SCALE = 1.5  # pixels of the PNG per pixel on the page: sharp enough on fine screens, and still quick to send


class LiveFigure:
    """width x height in page pixels. Register what moves with `moving`, change it, and take the next `png()`."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self.figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI * SCALE, facecolor="none")
        self.canvas = FigureCanvasAgg(self.figure)
        self._moving: list[tuple[Axes, Artist]] = []
        self._still: Any = None

    def axes(self, left: float, top: float, width: float, height: float, **how: Any) -> Axes:
        """A panel at a fixed place, in page pixels from the upper left corner."""
        bottom = self.height - top - height
        place = (left / self.width, bottom / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(place, **how)

    def moving(self, axes: Axes, artists: Sequence[Artist] | Artist) -> Any:
        """Draw these anew in every picture, in the order of registration; returns them. An axis may be one of them."""
        for artist in [artists] if isinstance(artists, Artist) else artists:
            artist.set_animated(True)
            self._moving.append((axes, artist))
        return artists

    def png(self) -> bytes:
        """The figure as it is now, with a transparent background."""
        if self._still is None:
            self.canvas.draw()
            self._still = self.canvas.copy_from_bbox(self.figure.bbox)
        self.canvas.restore_region(self._still)
        for axes, artist in self._moving:
            if artist.get_visible():
                axes.draw_artist(artist)
        buffer = io.BytesIO()
        Image.fromarray(np.asarray(self.canvas.buffer_rgba())).save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()


def nice_limits(low: float, high: float) -> tuple[float, float]:
    """Limits around [low, high] and 0 on a coarse grid, so that small changes of the data leave the axis alone."""
    reach = max(abs(low), abs(high), 1e-9)
    decade = 10.0 ** math.floor(math.log10(reach))
    step = decade * next(f for f in (0.2, 0.5, 1, 2) if reach <= 8 * f * decade)
    return -step * math.ceil(max(0.25 - low / step, 0)), step * math.ceil(max(0.25 + high / step, 0))
