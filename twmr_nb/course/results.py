"""Which checks a student has passed: kept in one file among the runs, and shown at a glance.

A note and no proof: who can write the file can write anything into it.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from twmr_nb.course.lessons import exercises, exercises_of, lessons, title
from twmr_nb.files import locked, read_json, set_aside, why, write_json
from twmr_nb.markup import NAME, one_line, shown, table_cell
from twmr_nb.runs.places import RUNS
from twmr_nb.types import ConfigError

FILE = "results.json"
KEPT = RUNS / FILE
PATIENCE = 10.0  # s that a check waits for another kernel's
LARGEST = 1 << 20  # bytes; a whole course is a hundredth of it


@dataclass(frozen=True)
class Results:
    """What a file says: whose it is, and of every exercise tried `tries`, `passed` (when, or None) and `answer`."""

    name: str = ""
    checks: dict[str, dict[str, Any]] = field(default_factory=dict)

    def passed(self, lesson: Path) -> int:
        """How many exercises of a lesson were passed."""
        return sum(self.has(each.name) for each in exercises_of(lesson))

    def has(self, exercise: str) -> bool:
        return bool(self.checks.get(exercise, {}).get("passed"))


@dataclass(frozen=True)
class Progress:
    """The lessons in reading order, with what was passed and what is open; shows itself as a table with links."""

    results: Results
    problem: str = ""

    def _repr_markdown_(self) -> str:
        lines = ["| lesson | passed | still open |", "| :--- | :--- | :--- |"]
        for lesson in lessons():
            asked, passed = exercises_of(lesson), self.results.passed(lesson)
            still = dict.fromkeys(table_cell(each.under) for each in asked if not self.results.has(each.name))
            link = f"[{table_cell(title(lesson))}]({lesson.name})"
            mark = "✓ " if passed == len(asked) else ""
            lines.append(f"| {link} | {mark}{passed} of {len(asked)} | {'; '.join(still)} |")
        whose = f"**{table_cell(self.results.name)}**\n\n" if self.results.name else ""
        return "\n".join([f"{whose}{lines[0]}", *lines[1:], *(["", table_cell(self.problem)] if self.problem else [])])

    def __str__(self) -> str:
        passed = [f"{each.stem[:2]} {self.results.passed(each)}/{len(exercises_of(each))}" for each in lessons()]
        return "\n".join([f"passed: {', '.join(passed)}", *([one_line(self.problem)] if self.problem else [])])

    __repr__ = __str__


def progress(name: str | None = None) -> Progress:
    """What was passed in which lesson. name: yours, kept with your results for who collects them."""
    problem = ""
    if name is not None:
        if not isinstance(name, str) or not name.strip() or len(name) > NAME:
            raise ConfigError(f"name = {shown(name)} is no name: give up to {NAME} letters in quotes.")
        problem = change(lambda data: data | {"name": name.strip()})
    try:
        return Progress(read(KEPT), problem)
    except (OSError, ValueError) as error:
        return Progress(Results(), f"Your results cannot be read: {why(error)}")


def keep(check: str, given: tuple[Any, ...], passed: bool, cell: str) -> str:
    """Count an answer to a check, unless its exercise is passed; returns a sentence where that cannot be kept.

    The cell as it was handed out is no try, nor is the same cell once more. What no lesson asks is not kept.
    """
    of_several = [f"{check} {part}" for part in given[:1] if isinstance(part, str)]
    exercise = next((exercises()[name] for name in (*of_several, check) if name in exercises()), None)
    if exercise is None or (not passed and cell.strip() == exercise.cell.strip()):
        return ""
    answer = hashlib.sha256(cell.strip().encode(errors="surrogatepass")).hexdigest()[:16]

    def with_it(data: dict[str, Any]) -> dict[str, Any]:
        checks = data.get("checks", {})
        before = checks.get(exercise.name, {"tries": 0, "passed": None, "answer": ""})
        if before["passed"] or (not passed and answer == before["answer"]):
            return data
        now = datetime.now(UTC).isoformat(timespec="seconds") if passed else None
        entry = before | {"tries": before["tries"] + 1, "passed": now, "answer": answer}
        return data | {"checks": checks | {exercise.name: entry}}

    return change(with_it)


def change(changed: Callable[[dict[str, Any]], dict[str, Any]]) -> str:
    """Change the student's file, one kernel at a time; returns a sentence where it cannot be done as it should."""
    problem = ""
    try:
        KEPT.parent.mkdir(parents=True, exist_ok=True)
        with locked(KEPT, PATIENCE):
            try:
                read(KEPT)
                data = read_json(KEPT)
            except ValueError as error:
                data = {}
                problem = f"Your earlier results cannot be read ({error}) and are kept as {set_aside(KEPT).name}."
            after = changed({"name": "", "checks": {}} | data)
            if after != data:
                write_json(KEPT, after)
    except OSError as error:
        return f"It is not kept, {FILE} cannot be written: {why(error)}."
    return problem


def read(path: Path) -> Results:
    """What a file of results says, nothing where there is none; raises ValueError if it is damaged or foreign."""
    if path.exists() and not path.is_file():
        raise ValueError(f"{path.name} is no file")
    if path.is_file() and path.stat().st_size > LARGEST:
        raise ValueError(f"{path.name} is larger than {LARGEST >> 20} MB, which no results are")
    try:
        data = read_json(path)
    except ValueError as error:
        raise ValueError(f"{path.name} is not JSON, or no named values") from error
    name, checks = data.get("name", ""), data.get("checks", {})
    if not isinstance(name, str):
        raise ValueError(f"{path.name} has no name, but {shown(name)}")
    if not isinstance(checks, dict):
        raise ValueError(f"{path.name} has no checks by their names, but {shown(checks)}")
    for exercise, entry in checks.items():
        if not (isinstance(entry, dict) and is_entry(entry)):
            raise ValueError(f"{path.name} has {shown(entry)} for {shown(exercise)}")
    return Results(name, checks)


def is_entry(entry: dict[str, Any]) -> bool:
    """Whether these are an exercise's tries, when it was passed, and the fingerprint of its answer."""
    tries, passed, answer = (entry.get(key) for key in ("tries", "passed", "answer"))
    return type(tries) is int and isinstance(passed, str | None) and isinstance(answer, str)
