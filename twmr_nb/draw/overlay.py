"""What is written on a frame (uint8 [height, width, 3]): time, place and reward so far, and a bar for the gate."""

import functools

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from twmr_nb.markup import one_line

Frame = NDArray[np.uint8]
WORDS = 60  # letters of a title, at most
INK, PAPER, EMPTY = (25, 25, 28), (255, 255, 255, 190), (205, 208, 212)


@functools.cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def draw_overlay(frame: Frame, time: float, x: float, gate: float, reward: float) -> Frame:
    """A copy of the frame with a line on top: time [s], x [m], gate in [0, 1] as a bar, reward so far."""
    image = Image.fromarray(frame)
    draw = ImageDraw.Draw(image, "RGBA")
    unit = max(10, frame.shape[1] // 42)  # the size of the letters; all else follows from it
    height = round(unit * 1.7)
    draw.rectangle((0, 0, frame.shape[1], height), fill=PAPER)
    write = functools.partial(draw.text, fill=INK, font=font(unit), anchor="lm")
    column, middle = frame.shape[1] / 4, height / 2
    for place, words in ((0, f"{time:5.2f} s"), (1, f"x {x:5.2f} m"), (2, f"reward {reward:7.2f}"), (3, "gate")):
        write((unit * 0.6 + place * column, middle), words)
    left, right = 3 * column + 3.2 * unit, frame.shape[1] - 0.6 * unit
    top, bottom = middle - unit * 0.35, middle + unit * 0.35
    draw.rectangle((left, top, right, bottom), fill=EMPTY, outline=INK)
    if np.isfinite(gate):
        draw.rectangle((left, top, left + (right - left) * float(np.clip(gate, 0, 1)), bottom), fill=INK)
    return np.asarray(image)


def draw_title(frame: Frame, title: str) -> Frame:
    """A copy of the frame with a title in its lower left corner."""
    image = Image.fromarray(frame)
    draw = ImageDraw.Draw(image, "RGBA")
    title = one_line(title, WORDS)
    unit = max(10, frame.shape[1] // 38)
    place = (unit * 0.6, frame.shape[0] - unit * 0.6)
    left, top, right, bottom = draw.textbbox(place, title, font=font(unit), anchor="lb")
    draw.rectangle((left - unit * 0.4, top - unit * 0.3, right + unit * 0.4, bottom + unit * 0.3), fill=PAPER)
    draw.text(place, title, fill=INK, font=font(unit), anchor="lb")
    return np.asarray(image)
