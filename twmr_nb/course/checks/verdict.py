"""What a check answers, and how answers are read: whatever a learner gives, the check says why, and never raises."""

import functools
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from twmr_nb.course.checks.cells import cells_to_run, running_cell
from twmr_nb.course.results import keep
from twmr_nb.markup import one_line, shown

SENTENCE = 400  # letters of an error that are told
# The unit that is asked for -> its name, and other units: how many of them make one, and how an answer in them is told.
UNITS: dict[str, tuple[str, dict[float, str]]] = {
    "m": ("metres", {100: "in centimetres", 1000: "in millimetres"}),
    "m/s": ("metres per second", {100: "in cm/s", 1000: "in mm/s", 3.6: "in km/h"}),
    "rad": ("radians", {180 / math.pi: "in degrees"}),
    "s": ("seconds", {1000: "in milliseconds"}),
    "min": ("minutes", {1 / 60: "in hours", 60: "in seconds"}),
    "1": ("a number from 0 to 1", {100: "in percent"}),
}


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


def check(judge: Callable[..., Verdict]) -> Callable[..., Verdict]:
    """A check that answers whatever it is given: what it cannot judge was not made by the cells before it.

    In a notebook its verdict is kept among the student's results.
    """

    @functools.wraps(judge)
    def judged(*given: Any, **more: Any) -> Verdict:
        try:
            verdict = judge(*given, **more)
        except Exception as error:
            what = one_line(f"{type(error).__name__}: {error}", SENTENCE)
            return wrong(f"This check was given something else than it needs ({what}): {cells_to_run(judge.__name__)}.")
        cell = running_cell()
        problem = keep(judge.__name__, given, verdict.correct, cell) if cell else ""
        return replace(verdict, reason=f"{verdict.reason} {problem}") if problem else verdict

    return judged


def as_number(answer: Any) -> float | None:
    """The answer as a finite float, also from a NumPy scalar or an array of one element; None if it is no number."""
    if isinstance(answer, bool | str | np.bool_) or answer is ...:
        return None
    try:
        value = float(np.asarray(answer, float).reshape(()))
    except Exception:  # whatever the answer does when it is looked at
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
    unit: str = "",
) -> Verdict:
    """A verdict on a number: right if within `tolerance` (relative) of `expected`, and nearer to it than to a mistake.

    mistakes: wrong values that people arrive at, each with what went wrong; the nearest is told. unit: one of UNITS, of
    which other units are caught.
    """
    value = as_number(answer)
    if value is None:
        return wrong(f"`{shown(answer)}` is no number: give one like `{example}`.")
    known = [(expected, right(because)), *((mistake, wrong(reason)) for mistake, reason in mistakes)]
    if unit:
        name, others = UNITS[unit]
        known += [(expected * factor, wrong(f"That is {told}: give {name}.")) for factor, told in others.items()]
    near = [(abs(value - other), verdict) for other, verdict in known if is_near(value, other, tolerance)]
    return min(near, key=lambda each: each[0])[1] if near else wrong(f"{value:g} is not it. {otherwise}".rstrip())


def is_near(value: float, other: float, tolerance: float) -> bool:
    """Whether a value is another up to a relative tolerance; the last digits of both are rounded."""
    return abs(value - other) <= tolerance * abs(other) + 1e-9 * abs(other) + 1e-15


def judge_choice(answer: Any, expected: str, because: str, reasons: dict[str, str], options: Iterable[str]) -> Verdict:
    """A verdict on a word out of `options`; reasons: wrong option -> why it is wrong."""
    allowed = list(options)
    word = as_word(answer)
    if word not in allowed:
        return wrong(f"`{shown(answer)}` is none of the choices: give one of {', '.join(f'`{o!r}`' for o in allowed)}.")
    return right(because) if word == expected else wrong(reasons[word])


def as_word(answer: Any) -> str:
    """The answer as a word of a choice, whatever its capitals; empty if it is no text."""
    return answer.strip().lower() if isinstance(answer, str) else ""


def judge_facts(
    answers: Any, facts: Mapping[str, tuple[bool, str]], choice: str, because: str, otherwise: str
) -> Verdict:
    """A verdict on name -> True or False for every fact; facts: name -> which of the two, and why.

    How many are wrong is told, not which: with two answers to choose from that would be all there is to find out.
    """
    if not isinstance(answers, dict):
        return wrong(f"Give the dictionary with {choice}.")
    if open_ := [name for name in facts if not isinstance(answers.get(name), bool | np.bool_)]:
        return wrong(f"Still to decide: {'; '.join(open_)}. Put `True` or `False`.")
    if mistaken := sum(bool(answers[name]) != yes for name, (yes, _) in facts.items()):
        return wrong(f"{mistaken} of {len(facts)} {'is' if mistaken == 1 else 'are'} not right. {otherwise}")
    return right(f"{because} " + "; ".join(f"*{name}*: {why}" for name, (_, why) in facts.items()) + ".")
