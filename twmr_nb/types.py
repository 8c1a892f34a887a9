"""What every room speaks of: arrays, records of numbers, and mistakes that their maker can mend."""

from typing import Any

from numpy.typing import NDArray

from twmr_nb.markup import printable

Array = NDArray[Any]
Record = dict[str, float]  # numbers by name, such as what one update of a training reports


class Mistake(Exception):
    """Something that whoever reads it can mend: the message is one sentence that says how."""

    def _render_traceback_(self) -> list[str]:
        """All that a notebook shows of it: where in our code it was found helps nobody who made it."""
        return [f"{type(self).__name__}: {printable(self)}"]


class ConfigError(Mistake, ValueError):
    """A setting that is unknown, out of bounds or contradicts another; the message says what is allowed.

    >>> tw.EnvConfig(success_bonus=-1)
    Traceback (most recent call last):
    twmr_nb.types.ConfigError: success_bonus = -1 is not allowed: give a number from 0 to 1000.
    """


class TrainingDiverged(Mistake, RuntimeError):
    """Something that learns became nan or infinite; the message says what, when, and what to change."""
