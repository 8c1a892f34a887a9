"""Predict, then reveal: a guess is committed before its result is shown, and held against it.

Guesses lie in one file among the runs, by the name of what is asked. What was guessed before the result was seen stays.
"""

import math
import os
from collections.abc import Callable, Iterable
from typing import Any
from uuid import uuid4

from IPython.display import display
from markupsafe import Markup

from twmr_nb.course.checks.verdict import as_number
from twmr_nb.draw.page import output
from twmr_nb.files import locked, read_json, set_aside, why, write_json
from twmr_nb.markup import shown
from twmr_nb.runs.places import RUNS
from twmr_nb.types import ConfigError
from twmr_nb.ui.guess import Guess

KEPT = RUNS / "predictions.json"
REVEAL = "TWMR_REVEAL"  # where this variable is set, every result is shown: on a teacher's screen, on static pages
ALIKE = 0.02  # relative; a number so near to what came out is right


class Prediction:
    """One question: what is asked, what was guessed, and the result that waits for a guess."""

    def __init__(self, name: str, choices: Iterable[str] = (), most: float | None = None) -> None:
        self.name, self.choices, self.most = name, tuple(choices), most
        self.entry: dict[str, Any] = {}  # what is kept: guess, and came_out once it was shown
        self.waiting: Callable[[], None] = lambda: None  # shows the result in the cell that has asked for it

    def read(self, given: Any) -> str | float | None:
        """A guess or a result, None for none; raises ConfigError where it does not answer the question."""
        if given is None:
            return None
        if self.choices:
            if isinstance(given, str) and given in self.choices:
                return given
            raise ConfigError(
                f"{shown(given)} is none of the choices: give one of {', '.join(map(repr, self.choices))}."
            )
        number, wanted = as_number(given), "like 0.5" if self.most is None else f"from 0 to {self.most:g}"
        if number is None:
            raise ConfigError(f"{shown(given)} is no number: give one {wanted}.")
        if self.most is not None and not 0 <= number <= self.most:
            raise ConfigError(f"{shown(given)} is not possible: give a number {wanted}.")
        return number

    def kept_in(self, data: dict[str, Any]) -> dict[str, Any]:
        """What a file keeps of this question; raises ValueError where that is no answer to it."""
        entry = entries(data).get(self.name, {})
        if not isinstance(entry, dict) or (entry and "guess" not in entry):
            raise ValueError(f"{shown(entry)} is no prediction")
        return {key: self.read(entry[key]) for key in ("guess", "came_out") if key in entry}

    def recall(self) -> str:
        """Take what the file keeps; returns a sentence where that cannot be read."""
        try:
            self.entry = self.kept_in(read_json(KEPT))
        except OSError as error:
            return f"{KEPT.name} cannot be read: {why(error)}."
        except ValueError as error:
            self.entry = {}
            return f"Your earlier prediction cannot be read ({error}); its file is kept beside the new one."
        return ""

    def keep(self) -> str:
        """Write the entry into the file; returns a sentence where that cannot be done."""
        data: dict[str, Any] = {}
        kept: dict[str, Any] = {}
        try:
            KEPT.parent.mkdir(parents=True, exist_ok=True)
            with locked(KEPT):
                try:
                    data = read_json(KEPT)
                    kept = entries(data)
                    self.kept_in(data)
                except ValueError:
                    set_aside(KEPT)
                write_json(KEPT, data | {"predictions": kept | {self.name: self.entry}})
        except OSError as error:
            return f"It is not kept, {KEPT.name} cannot be written: {why(error)}."
        return ""

    def commit(self, given: Any) -> str:
        """Keep a guess, and show the result that waits for it; returns what became of it."""
        if given is ...:
            return "First choose, or give a number."
        try:
            guess = self.read(given)
        except ConfigError as error:
            return str(error)
        if "came_out" in self.entry:
            return f"You predicted: {in_words(self.entry['guess'])}. That was before you saw the result, and stays."
        self.entry = {"guess": guess}
        self.waiting()
        then = (
            "What came out is shown below." if "came_out" in self.entry else "Now run the cell that shows the result."
        )
        return f"You predict: {in_words(guess)}. {then} {self.keep()}".strip()

    def reveal(self, came_out: Any, results: Iterable[Any]) -> None:
        """Show what came out beside the guess, and then the results; what to do first, where there is no guess yet."""
        nothing = isinstance(came_out, float) and math.isnan(came_out)  # of what could not be measured
        came_out = self.read(None if nothing else came_out)
        places = {uuid4().hex: result for result in results}
        head = uuid4().hex

        def show(update: bool = True) -> None:
            self.entry |= {"came_out": came_out} if self.entry else {}
            say(compared(self.entry.get("guess"), came_out), head, update)
            for place, result in places.items():
                if isinstance(result, str):
                    say(result, place, update)
                else:
                    display(result, display_id=place, update=update)

        if self.entry or os.environ.get(REVEAL):
            before = dict(self.entry)
            show(update=False)
            if self.entry != before and (problem := self.keep()):
                say(problem)
            return
        say(f"Predict first: answer where it asks {self.name!r} above, and what came out is shown here.", head)
        for place in places:
            display({"text/plain": ""}, raw=True, display_id=place)
        self.waiting = show


asked: dict[str, Prediction] = {}  # in this kernel, by name


def predict(name: str, choices: Iterable[str] = (), mine: Any = ..., most: float | None = None) -> None:
    """Ask for a guess before its result: one of `choices`, or a number where there are none, from 0 to `most` if given.

    Shows a box with a button; or give the guess as `mine`, or None to see the result without. `reveal` of the same name
    shows what came out.
    """
    prediction = asked.get(name)
    if prediction is None or (prediction.choices, prediction.most) != (tuple(choices), most):
        prediction = asked[name] = Prediction(name, choices, most)
    problem = prediction.recall()
    if mine is not ...:
        say(prediction.commit(mine))
    elif "came_out" in prediction.entry:
        say(f"You predicted: {in_words(prediction.entry['guess'])}.")
    else:
        said = problem or (f"You predict: {in_words(prediction.entry['guess'])}." if prediction.entry else "")
        display(Guess(name, prediction.choices, prediction.commit, said))


def reveal(name: str, came_out: Any, *results: Any) -> None:
    """Show what came out beside what was predicted, and the results (figures, tables, words).

    Nothing of it before a prediction; one that comes later shows it in the same place. `TWMR_REVEAL=1` in the
    environment shows everything always.
    """
    if name in asked:
        asked[name].reveal(came_out, results)
    else:
        say(f"Predict first: run the cell above that asks {shown(name)}.")


def entries(data: dict[str, Any]) -> dict[str, Any]:
    kept = data.get("predictions", {})
    if not isinstance(kept, dict):
        raise ValueError("it holds no predictions by their names")
    return kept


def compared(guess: str | float | None, came_out: str | float | None) -> str:
    """A guess and what came out, in a sentence or two."""
    came = in_words(came_out)
    if guess is None:
        return f"What came out: {came}."
    said = f"You predicted: {in_words(guess)}"
    if guess == came_out:
        return f"{said}, and so it came out."
    if isinstance(guess, str) or not isinstance(came_out, float):
        return f"{said}. What came out: {came}."
    off = came_out - guess
    if abs(off) <= ALIKE * abs(came_out):
        return f"{said}, and so it came out: {came}."
    return f"{said}. What came out: {came}, {abs(off):.3g} {'more' if off > 0 else 'less'}."


def in_words(value: str | float | None) -> str:
    if value is None or isinstance(value, str):
        return value or "nothing"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def say(text: str, place: str | None = None, update: bool = False) -> None:
    """Words as a cell's output; what they quote is text."""
    page = output(Markup("<p style='white-space: pre-line'>{}</p>").format(text)).data
    display({"text/html": page, "text/plain": text}, raw=True, display_id=place, update=update)
