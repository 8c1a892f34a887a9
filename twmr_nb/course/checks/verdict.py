"""What a check answers, and how answers are read: whatever a learner gives, the check says why, and never raises."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Verdict:
    """Whether an answer is right, and the reason; shows itself as a line in a notebook."""

    correct: bool
    reason: str

    def _repr_markdown_(self) -> str:
        return f"{'✓ **Right.**' if self.correct else '✗ **Not yet.**'} {self.reason}"

    def __str__(self) -> str:
        return f"{'Right.' if self.correct else 'Not yet.'} {self.reason}"


def right(reason: str) -> Verdict:
    return Verdict(True, reason)


def wrong(reason: str) -> Verdict:
    return Verdict(False, reason)


def as_number(answer: Any) -> float | None:
    """The answer as a finite float, also from a NumPy scalar or an array of one element; None if it is no number."""
    if isinstance(answer, bool | str | np.bool_) or answer is ...:
        return None
    try:
        value = float(np.asarray(answer, float).reshape(()))
    except (TypeError, ValueError, OverflowError):
        return None
    return value if math.isfinite(value) else None


def judge_number(
    answer: Any,
    expected: float,
    because: str,
    mistakes: Iterable[tuple[float, str]] = (),
    otherwise: str = "",
    tolerance: float = 0.02,
    example: str = "0.05",
) -> Verdict:
    """A verdict on a number: right if within `tolerance` (relative) of `expected`.

    mistakes: wrong values that people arrive at, each with what went wrong, in the order they are looked at.
    """
    value = as_number(answer)
    if value is None:
        return wrong(f"`{answer!r}` is no number: give one like `{example}`.")

    def near(other: float) -> bool:
        return abs(value - other) <= tolerance * max(abs(other), 1e-12)

    if near(expected):
        return right(because)
    for mistake, reason in mistakes:
        if near(mistake):
            return wrong(reason)
    return wrong(f"{value:g} is not it. {otherwise}".rstrip())


def judge_choice(answer: Any, expected: str, because: str, reasons: dict[str, str], options: Iterable[str]) -> Verdict:
    """A verdict on a word out of `options`; reasons: wrong option -> why it is wrong."""
    allowed = list(options)
    word = answer.strip().lower() if isinstance(answer, str) else answer
    if word not in allowed:
        return wrong(f"`{answer!r}` is none of the choices: give one of {', '.join(f'`{o!r}`' for o in allowed)}.")
    return right(because) if word == expected else wrong(reasons[word])


def judge_facts(answers: Any, facts: Mapping[str, tuple[bool, str]], choice: str, because: str) -> Verdict:
    """A verdict on name -> True or False for every fact; facts: name -> which of the two, and why."""
    if not isinstance(answers, dict):
        return wrong(f"Give the dictionary with {choice}.")
    if open_ := [name for name in facts if not isinstance(answers.get(name), bool | np.bool_)]:
        return wrong(f"Still to decide: {'; '.join(open_)}. Put `True` or `False`.")
    if mistaken := [name for name, (yes, _) in facts.items() if bool(answers[name]) != yes]:
        return wrong("; ".join(f"*{name}*: {facts[name][1]}" for name in mistaken) + ".")
    return right(because)
