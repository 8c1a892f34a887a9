"""A figure redrawn many times a second: what stands still is drawn once and kept, only what moves is drawn anew.

There may be two layers in between, which move now and then and rest in most pictures.
"""

import io
import math
from collections.abc import Hashable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from numpy.typing import NDArray
from PIL import Image

from twmr_nb.draw.style import Plot
from twmr_nb.types import Array

COLORS = 256  # of the PNG's palette: anti-aliased lines look the same, and a third is sent in half the time
LAYERS = 2  # that may rest
SCALE = 1.5  # pixels of the PNG per pixel on the page: sharp enough on fine screens, and still quick to send


class LiveFigure:
    """width x height in page pixels. Register what moves with `moving`, change it, and take the next `png()`."""

    def __init__(self, width: int, height: int, scale: float = SCALE) -> None:
        self.width, self.height = width, height
        self.figure = Plot(width, height, scale)
        self.canvas: Any = self.figure.canvas
        self.clear()

    def clear(self) -> None:
        """An empty page again. A new figure instead would leave the old one to wait for the garbage collector."""
        self.figure.clear()
        self._moving: list[tuple[Axes, Artist]] = []
        self._resting: list[list[tuple[Axes, Artist]]] = [[] for _ in range(LAYERS)]
        self._layer = self._moving
        self._still: Any = None
        self._bases: list[Any] = [None] * LAYERS
        self._rested_on: list[Hashable] = [None] * LAYERS

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
    def resting(self, layer: int = 0) -> Iterator[None]:
        """What is registered as moving in here is drawn anew only when the key of this layer or a lower one changes."""
        self._layer = self._resting[layer]
        try:
            yield
        finally:
            self._layer = self._moving

    def png(self, *keys: Hashable) -> bytes:
        """The figure as it is now; each key stands for all that a resting layer shows."""
        buffer = io.BytesIO()
        few = Image.fromarray(self.pixels(*keys)).quantize(COLORS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
        few.save(buffer, "PNG", compress_level=1)
        return buffer.getvalue()

    def pixels(self, *keys: Hashable) -> NDArray[np.uint8]:
        """The same as [height, width, 3]; a copy, as the next picture is drawn over this one."""
        if self._still is None:
            self.canvas.draw()
            self._still = self.canvas.copy_from_bbox(self.figure.bbox)
        background = self._still
        for layer, artists in enumerate(self._resting):
            if self._bases[layer] is None or keys[: layer + 1] != self._rested_on[layer]:
                self._draw(background, artists)
                self._bases[layer] = self.canvas.copy_from_bbox(self.figure.bbox)
                self._rested_on[layer] = keys[: layer + 1]
            background = self._bases[layer]
        self._draw(background, self._moving)
        picture = Image.fromarray(np.asarray(self.canvas.buffer_rgba())).convert("RGB")  # pale shades keep their colour
        return np.array(picture)

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


def between(x: Array, low: Array, high: Array) -> Array:
    """The outline of the area between two curves."""
    return np.column_stack([np.concatenate([x, x[::-1]]), np.concatenate([low, high[::-1]])])
