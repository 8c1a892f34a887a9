"""The values that a setting's slider passes through."""

import math
from dataclasses import replace
from typing import Any

from twmr_nb.config.fields import Setting

DOWN, UP = 100, 10_000  # how far from the default a logarithmic slider reaches; the number box reaches further
MANTISSAS = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8)
MOST_DOUBLINGS = 2**12  # whole numbers up to this double from stop to stop, so that batches divide


def stops(setting: Setting) -> list[Any]:
    """Round values, the bounds and the default; denser near 0 if logarithmic."""
    low, high, whole = setting.low, setting.high, setting.kind is int
    if setting.log and low < 0:
        gains = stops(replace(setting, low=0.0, default=abs(setting.default)))
        return sorted({*gains, *(-gain for gain in gains)})
    if whole and setting.log and high <= MOST_DOUBLINGS:
        values = [2.0**k for k in range(13)]
    elif whole and high - low <= 200:
        values = [float(n) for n in range(round(low), round(high) + 1)]
    elif setting.log or is_wide(setting):
        middle = abs(setting.default or 0) or high * 1e-2
        low, high = (max(low, middle / DOWN) if low else 0.0), min(high, middle * UP)
        first, last = (math.floor(math.log10(v)) for v in (low or middle / DOWN, high))
        values = [low, *(float(f"{m}e{k}") for k in range(first, last + 1) for m in MANTISSAS), high]
    else:
        decimals = max(0, math.ceil(-math.log10((high - low) / 100)))
        values = [low, *(round(low + (high - low) * k / 100, decimals) for k in range(1, 100)), high]
    values = [v for v in values if low <= v <= high] + ([] if setting.default is None else [setting.default])
    return sorted({setting.kind(v) for v in values})


def is_wide(setting: Setting) -> bool:
    """Whether the default would sit at the very end of a straight slider."""
    return setting.low >= 0 and 0 < (setting.default or 0) < 0.05 * setting.high
