"""One switch that shortens the lessons, so that tests can run every notebook in seconds."""

import os
from typing import TypeVar

T = TypeVar("T")


def fast_mode() -> bool:
    """Whether the environment variable TWMR_FAST asks for shortened lessons (set, and not 0)."""
    return os.environ.get("TWMR_FAST", "0") not in ("", "0")


def full_or_fast(full: T, fast: T) -> T:
    """`full` for a person, `fast` when tests run the notebook."""
    return fast if fast_mode() else full
