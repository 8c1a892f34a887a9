"""Numbers as people type them: 0.05, -3, 1e6, 1_000_000, 1 000 000, 1,000,000, 2.4M, 200k."""

import math
import re
from decimal import Decimal, Overflow
from typing import Any

from twmr_nb.config.fields import allowed_numbers, is_number
from twmr_nb.config.schema import ConfigError
from twmr_nb.ui.settings import Setting

FACTORS = {"k": 1_000, "K": 1_000, "M": 1_000_000}  # as steps are shown; a small m could mean a thousandth
PLAIN = re.compile(r"[+-]?(\d+(_\d+)*\.?\d*|\.\d+)([eE][+-]?\d+)?")
SPACE = "\u0020\u00a0\u202f"  # plain, unbreakable, narrow
GROUPED = re.compile(rf"[+-]?\d{{1,3}}([,_{SPACE}])\d{{3}}(?:\1\d{{3}})*")
AUTOMATIC = ("", "auto", "automatic", "none")
LONGEST = 40  # characters of what was typed that a sentence repeats


def read_number(text: str, setting: Setting) -> Any:
    """The setting's value, None where it is to be automatic; raises ConfigError on anything that is not allowed."""
    words = text.strip().replace("−", "-")
    if setting.optional and words.lower() in AUTOMATIC:
        return None
    value = number_of(words, setting.kind)
    if value is None or not (is_number(value, setting.kind) and setting.low <= value <= setting.high):
        allowed = allowed_numbers(setting.kind, setting.low, setting.high, setting.unit, setting.optional)
        hint = ", with a point instead of the comma" if value is None and "," in words else ""
        raise ConfigError(f"{setting.name} = {typed(words)} is not allowed: {allowed}{hint}.")
    return setting.kind(value)


def number_of(words: str, kind: type) -> int | float | None:
    """The number that is meant, of whatever size; None if there is none, or if a comma could be a decimal one."""
    factor = FACTORS.get(words[-1:], 1)
    digits = (words[:-1] if factor > 1 else words).strip()
    if GROUPED.fullmatch(digits) and ("," not in digits or kind is int):
        digits = re.sub(f"[,_{SPACE}]", "", digits)
    if not PLAIN.fullmatch(digits):
        return None
    try:
        exact = Decimal(digits) * factor
    except Overflow:
        return math.inf
    value = float(exact)  # infinite where it is beyond all bounds
    return int(exact) if abs(value) < 2**63 and exact == exact.to_integral_value() else value


def typed(words: str) -> str:
    """What was typed, for a sentence: as it is if it is a number."""
    short = words if len(words) <= LONGEST else f"{words[: LONGEST - 3]}..."
    return short if re.fullmatch(r"[-+\d.eE_]+[kKM]?", short) else repr(short)


def number_text(value: float | None) -> str:
    """A number as it stands in a box: read again, it is the same."""
    if value is None:
        return "auto"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    return repr(int(value)) if value.is_integer() and abs(value) < 1e15 else repr(value)
