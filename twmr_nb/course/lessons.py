"""The lessons as files: where they lie, a student's copy of them, the exercises in them, and the same with answers.

An installed package holds the lessons; in a checkout they are in notebooks/. No lesson holds its answers: they are kept
in answers/, each under the id of the cell that it takes the place of, and `solved` puts both together.
"""

import ast
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from twmr_nb.files import copy_whole, read_json, write_text
from twmr_nb.markup import shown
from twmr_nb.types import ConfigError

PACKAGE = Path(__file__).parents[1]
HOME = PACKAGE / "lessons" if (PACKAGE / "lessons").is_dir() else PACKAGE.parent / "notebooks"
ANSWERS = HOME / "answers"
PROGRESS = "progress.ipynb"  # in which a student sees what was passed
FIRST = "00_start_here.ipynb"
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)
ANSWER = re.compile(r"^# %% (\S+)\n", re.MULTILINE)  # begins an answer, with the id of its cell
LINK = re.compile(r"\]\((?=\d\d_\w+\.ipynb\))")  # to another lesson
MINE = "my_"  # how the names begin that a student gives to a check


@dataclass(frozen=True)
class Exercise:
    """A cell that asks for a check: `name` is the check's, and what it is told to check if there are several of it."""

    name: str
    lesson: str
    under: str
    cell: str


def lessons() -> list[Path]:
    """The lessons in reading order."""
    return sorted(HOME.glob("[0-9]*.ipynb"))


def title(lesson: Path) -> str:
    """What a lesson is called, its number first."""
    return HEADING.findall(cells_of(lesson)[0][1])[0]


@lru_cache(maxsize=1)
def exercises() -> dict[str, Exercise]:
    """Every exercise of the course by its name, in reading order."""
    found: dict[str, Exercise] = {}
    for lesson in lessons():
        heading = ""
        for kind, source in cells_of(lesson):
            if kind == "markdown":
                heading = (HEADING.findall(source) or [heading])[-1]
            else:
                found |= {name: Exercise(name, lesson.name, heading, source) for name in checks_in(source)}
    return found


def exercises_of(lesson: Path) -> list[Exercise]:
    return [each for each in exercises().values() if each.lesson == lesson.name]


def checks_in(source: str) -> list[str]:
    """The checks that a cell gives something of the student's, as in `tw.course.caught("gate", my_copy, my_fault)`."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    return [
        " ".join([call.func.attr, *(str(part.value) for part in call.args[:1] if isinstance(part, ast.Constant))])
        for call in calls
        if isinstance(call.func, ast.Attribute)
        and ast.unparse(call.func.value) == "tw.course"
        and any(isinstance(part, ast.Name) and part.id.startswith(MINE) for part in call.args)
    ]


def cells_of(path: Path) -> list[tuple[str, str]]:
    """Kind and source of a notebook's cells; none of a file that is no notebook."""
    try:
        return [(cell["cell_type"], "".join(cell["source"])) for cell in read_json(path)["cells"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def hand_out(folder: Path) -> tuple[list[str], list[str]]:
    """Copy into a folder the lessons that it lacks; the names of those, and of the ones that stay as they are.

    Raises ConfigError where the package came without them.
    """
    if not lessons():
        raise ConfigError(f"there are no lessons in {shown(str(HOME))}: install twmr_nb again.")
    folder.mkdir(parents=True, exist_ok=True)
    sources = [*lessons(), HOME / PROGRESS]
    there = [source.name for source in sources if (folder / source.name).exists()]
    new = [source for source in sources if source.name not in there]
    for source in new:
        copy_whole(source, folder / source.name)
    return [source.name for source in new], there


def reset(folder: Path, which: str) -> tuple[Path, Path | None]:
    """Put a lesson back as it was handed out; the lesson, and the copy of what was there before, None if nothing was.

    which: its number, or its file's name. Raises ConfigError where there is no such lesson.
    """
    name = which.removesuffix(".ipynb").zfill(2)
    found = [lesson for lesson in lessons() if name in (lesson.stem, lesson.stem[:2])]
    if not found:
        numbers = ", ".join(lesson.stem[:2] for lesson in lessons())
        raise ConfigError(f"there is no lesson {shown(which)}: give one of {numbers}.")
    lesson, number = folder / found[0].name, 1
    while (old := lesson.with_name(f"{lesson.stem}_old_{number}.ipynb")).exists():
        number += 1
    kept = lesson.rename(old) if lesson.exists() else None
    folder.mkdir(parents=True, exist_ok=True)
    return copy_whole(found[0], lesson), kept


def write_solutions(folder: Path) -> list[Path]:
    """Write every lesson with its answers into a folder; the new files. What is there already stays."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = {lesson: folder / f"{lesson.stem}_solutions.ipynb" for lesson in lessons() if answers_to(lesson)}
    new = {lesson: path for lesson, path in wanted.items() if not path.exists()}
    return [
        write_text(path, json.dumps(solved(lesson), indent=1, ensure_ascii=False) + "\n")
        for lesson, path in new.items()
    ]


def solved(lesson: Path) -> dict[str, Any]:
    """A lesson as a notebook in a folder beside it, its answers in the place of the cells that ask for them."""
    book, answers = read_json(lesson), answers_to(lesson)
    for cell in book["cells"]:
        source = "".join(cell["source"])
        moved = LINK.sub("](../", source) if cell["cell_type"] == "markdown" else source
        cell["source"] = answers.get(cell["id"], moved)
    first = book["cells"][0]
    first["source"] = first["source"].replace(title(lesson), f"{title(lesson)}: solutions", 1)
    return book


def answers_to(lesson: Path) -> dict[str, str]:
    """What stands in the cells of a solved lesson, by the cells' ids; none where nothing has to be solved."""
    path = ANSWERS / f"{lesson.stem}.py"
    if not path.exists():
        return {}
    _, *parts = ANSWER.split(path.read_text(encoding="utf-8"))
    return {name: source.strip("\n") for name, source in zip(parts[::2], parts[1::2], strict=True)}
