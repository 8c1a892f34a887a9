"""What every room speaks of: arrays, records of numbers, and a mistake that its maker can mend."""

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]
Record = dict[str, float]  # numbers by name, such as what one update of a training reports


class Mistake(Exception):
    """Something that whoever reads it can mend: the message is one sentence that says how."""


class ConfigError(Mistake, ValueError):
    """A setting that is unknown, out of bounds or contradicts another; the message says what is allowed.

    >>> tw.EnvConfig(success_bonus=-1)
    Traceback (most recent call last):
    twmr_nb.types.ConfigError: success_bonus = -1 is not allowed: give a number from 0 to 1000.
    """
