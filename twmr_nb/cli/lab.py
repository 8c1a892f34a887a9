"""The command line's classroom: `twmr lab` hands the lessons out and opens them, `twmr grade` makes a class's table."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import tyro

from twmr_nb.cli.flags import expanded, refuse_beside
from twmr_nb.cli.streams import complain, say
from twmr_nb.columns import csv_text
from twmr_nb.config.schema import ConfigError
from twmr_nb.markup import one_line

FOLDER = Path("twmr-lessons")
HERE = "127.0.0.1"
DEFAULTS = Path(__file__).with_name("jupyter")  # JupyterLab's settings where the user has chosen none: no news
PLACES = (".", "runs")  # in a student's folder, where results may lie
BOM = "\ufeff"  # by which a spreadsheet knows UTF-8
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet computes what begins so


@dataclass(frozen=True)
class Lab:
    """Copy the lessons into a folder of yours, where they are not there yet, and open JupyterLab in it."""

    folder: tyro.conf.Positional[Path | None] = None
    """Your folder; without one it is twmr-lessons, or the one you are in if it holds the lessons."""
    browser: bool = True
    """Open a browser; without one, the address to open is printed."""
    port: int = 8888
    """Port of JupyterLab on this machine; if it is taken, the next free one."""
    reset: str | None = None
    """Restore this lesson, such as 03, instead of opening anything; what was there is kept as a copy."""
    solutions: bool = False
    """Write the lessons with every exercise solved into solutions/ instead of opening anything."""


@dataclass(frozen=True)
class Grade:
    """The table of a class: a row for each student, a column for each lesson, the checks passed of those there are."""

    folders: tyro.conf.Positional[tuple[Path, ...]]
    """The students' folders, or their results.json themselves."""
    csv: Path | None = None
    """Write the table into this file, too."""


def refuse_lab(options: Lab, given: Sequence[str]) -> None:
    """Raise on flags that would have no effect."""
    for chosen in ("reset", "solutions"):
        if chosen in given:
            refuse_beside(f"--{chosen}", given, (chosen,), "it opens nothing")
    if not 0 <= options.port < 1 << 16:
        raise ConfigError(f"port = {options.port} is not allowed: give a whole number from 1 to 65535, or 0 for any.")


def lab(options: Lab) -> int:
    from twmr_nb.course.lessons import ANSWERS, FIRST, HOME, PROGRESS, hand_out, reset, write_solutions
    from twmr_nb.course.results import FILE

    here = Path() if Path(FIRST).is_file() else FOLDER
    folder = Path(os.path.abspath(expanded(options.folder or here)))
    if options.reset is not None:
        lesson, old = reset(folder, options.reset)
        say(f"{lesson} is as it was handed out" + (f"; what you had is {old.name}, beside it." if old else "."))
        return 0
    if options.solutions:
        written = write_solutions(folder / "solutions")
        say(f"{len(written)} solved lessons written into {folder / 'solutions'}; what was there is as it was.")
        return 0
    new, kept = hand_out(folder)
    say(f"lessons: {folder}")
    for what, names in (("new", new), ("kept as they are", kept)):
        if names:
            say(f"  {what}: {', '.join(name.removesuffix('.ipynb') for name in names)}")
    again = any((folder / place / FILE).exists() for place in PLACES)
    hidden = [ANSWERS.name] if folder == HOME else []
    return open_lab(folder, PROGRESS if again else FIRST, options.browser, options.port, hidden)


def open_lab(folder: Path, notebook: str, browser: bool, port: int, hidden: Sequence[str]) -> int:
    """JupyterLab in this process, until it is stopped: on this machine only, and with its token."""
    from jupyter_server.services.contents.manager import ContentsManager
    from jupyterlab.labapp import LabApp

    paths = [os.environ.get("JUPYTER_CONFIG_PATH", ""), str(DEFAULTS)]
    os.environ["JUPYTER_CONFIG_PATH"] = os.pathsep.join(filter(None, paths))
    arguments = [f"--ServerApp.root_dir={folder}", f"--LabApp.default_url=/lab/tree/{notebook}"]
    arguments += [f"--ServerApp.ip={HERE}", f"--ServerApp.port={port}"]
    if not browser:
        arguments.append("--no-browser")
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        arguments.append("--allow-root")
    if hidden:
        globs = [*(ContentsManager.hide_globs.default() or []), *hidden]
        arguments += [f"--ContentsManager.hide_globs={glob}" for glob in globs]
    LabApp.launch_instance(arguments)
    return 0


def grade(options: Grade) -> int:
    from twmr_nb.course.lessons import exercises_of, lessons
    from twmr_nb.course.results import read
    from twmr_nb.draw.table import Table
    from twmr_nb.files import ready_file, why, write_text

    if options.csv:
        ready_file(options.csv, ".csv")
    students: list[tuple[str, list[int]]] = []
    for folder in map(expanded, options.folders):
        try:
            results = read(results_in(folder))
        except (OSError, ValueError) as error:
            complain(f"{one_line(folder)} is left out: {one_line(why(error)).rstrip('.')}.")
        else:
            passed = [results.passed(lesson) for lesson in lessons()]
            students.append((results.name or str(folder), [*passed, sum(passed)]))
    if not students:
        complain("no results to show.")
        return 1
    asked = [len(exercises_of(lesson)) for lesson in lessons()]
    heads = [*(lesson.stem[:2] for lesson in lessons()), "all"]
    asked = [*asked, sum(asked)]
    fractions = [[f"{part}/{of}" for part, of in zip(passed, asked, strict=True)] for _, passed in students]
    rows = [[one_line(name), *row] for (name, _), row in zip(students, fractions, strict=True)]
    print(Table(["student", *heads], rows))
    if options.csv:
        columns = [f"{head} (of {of})" for head, of in zip(heads, asked, strict=True)]
        lines: list[list[str | int]] = [["student", *columns]]
        lines += [[as_text(name), *passed] for name, passed in students]
        print(f"table: {write_text(expanded(options.csv), BOM + csv_text(lines))}")
    return 0


def results_in(folder: Path) -> Path:
    """The file of results in a student's folder, or that is given itself; raises ValueError where there is none."""
    from twmr_nb.course.results import FILE

    if folder.is_file():
        return folder
    if not folder.is_dir():
        raise ValueError("there is no such folder")
    found = [path for place in PLACES if (path := folder / place / FILE).exists()]
    if not found:
        raise ValueError(f"it holds no {FILE}, nor does its runs/")
    return found[0]


def as_text(name: str) -> str:
    """A name that a spreadsheet takes for text."""
    return f"'{one_line(name)}" if name.startswith(FORMULA) else one_line(name)
