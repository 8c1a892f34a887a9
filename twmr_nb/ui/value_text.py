"""A setting's value as people read and type it: 0.05, -3, 1e6, 1_000_000, 1 000 000, 1,000,000, 2.4M, 200k, auto."""

import math
import re
from decimal import Decimal, Overflow
from typing import Any

from twmr_nb.config.fields import ConfigError, Setting

FACTORS = {"k": 1_000, "K": 1_000, "M": 1_000_000}  # as steps are shown; a small m could mean a thousandth
PLAIN = re.compile(r"[+-]?(\d+(_\d+)*\.?\d*|\.\d+)([eE][+-]?\d+)?")
SPACE = "\u0020\u00a0\u202f"  # plain, unbreakable, narrow
GROUPED = re.compile(rf"[+-]?\d{{1,3}}([,_{SPACE}])\d{{3}}(?:\1\d{{3}})*")
AUTOMATIC = ("", "auto", "automatic", "none")
LONGEST = 40  # characters of what was typed that a sentence repeats


def value_text(value: Any) -> str:
    """A value as it stands in a row; a number is read again as the same."""
    if value is None:
        return "auto"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, int):
        return f"{value:,}" if abs(value) >= 10_000 else str(value)
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)


def read_value(text: str, setting: Setting) -> Any:
    """The value that a text stands for; raises ConfigError on what the setting does not allow."""
    if setting.kind is bool:
        return text == value_text(True)
    if setting.words:
        return setting.checked(text)
    words = text.strip().replace("−", "-")
    if setting.optional and words.lower() in AUTOMATIC:
        return None
    value = number_of(words, setting.kind)
    if value is None or not setting.allows(value):
        hint = ", with a point instead of the comma" if value is None and "," in words else ""
        raise ConfigError(f"{setting.name} = {typed(words)} is not allowed: {setting.allowed}{hint}.")
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
