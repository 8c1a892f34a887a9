"""How each column of a training's log is drawn, whatever the figure: title, axis, unit, scale, colour."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from twmr_nb.draw.style import INK, TERM_COLORS, TOTAL, term_colors, words
from twmr_nb.learn.metrics_log import Records
from twmr_nb.types import Record

LARGEST = 1e15  # what lies above came from no training


class Metric(NamedTuple):
    """A column of the log in a figure; its values are shown times `factor`, in the unit that `y` names."""

    title: str
    y: str
    short: str = ""
    """Its name in a legend."""
    factor: float = 1.0
    log: bool = False
    color: str = INK
    limits: tuple[float, float] | None = None


METRICS = {
    "success_rate": Metric(
        "success", "episodes that pass [%]", factor=100, color=TERM_COLORS["success"], limits=(-3, 103)
    ),
    "episode_return": Metric("return of whole episodes", "reward per episode", color=TOTAL),
    "average_x": Metric("average place", "x [m]"),
    "average_speed": Metric("average speed, either way", "cm/s", factor=100),
    "on_back": Metric("upside down", "share of the time [%]", factor=100),
    "max_x": Metric("farthest robot", "x [m]"),
    "diverged": Metric("robots whose physics diverged", "robots per update"),
    "frontier": Metric("highest step drawn", "step height [mm]", factor=1000),
    "approx_kl": Metric("approx_kl: how far the policy moved", "nats", "KL", log=True, color="#C2607E"),
    "clip_fraction": Metric("clip_fraction: samples cut off", "%", factor=100),
    "std": Metric("std: exploration noise", "before squashing", "noise (std)", color="#A3A030"),
    "value_loss": Metric("value_loss: the critic's error", "reward²", "value loss", log=True, color="#7C8B99"),
    "explained_variance": Metric("explained_variance of the critic", "1 is perfect"),
}
PAID = {"term": "reward per step", "paid": "reward per episode"}  # by a term


def metric(key: str) -> Metric:
    """How to draw a column; one that is not in the table by its own name, a reward term in its colour."""
    if key in METRICS:
        return METRICS[key]
    kind, _, name = key.partition("/")
    if kind in PAID:
        return Metric(f"term: {words(name)}", PAID[kind], words(name), color=term_colors([name])[name])
    return Metric(words(key), "")


def column(records: Sequence[Record], key: str) -> NDArray[np.float64]:
    """One column of all records; nan where there is none, or none that could be drawn."""
    if isinstance(records, Records):
        values = records.column(key)
    else:
        values = np.array([record.get(key, np.nan) for record in records], dtype=float)
    return np.where(np.abs(values) < LARGEST, values, np.nan)


def shown(records: Sequence[Record], key: str) -> NDArray[np.float64]:
    """The same in the unit of its axis."""
    return column(records, key) * metric(key).factor


def steps_unit(most: float) -> tuple[str, float]:
    """How an axis of training steps counts: its label, and the steps that are one of it."""
    return ("million steps", 1e6) if most >= 1e6 else ("thousand steps", 1e3)
