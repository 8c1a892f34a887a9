"""The one folder of runs, whichever folder a terminal or a notebook works in."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from twmr_nb.markup import shown

VARIABLE = "TWMR_RUNS"
LESSON = Path("notebooks", "00_start_here.ipynb")  # the suite's folder is the one that holds it, or its copy
EARLIER = ("notebooks/runs", "notebooks/solutions/runs")  # runs lay where a notebook lay, once


def runs_folder(environment: Mapping[str, str] = os.environ) -> Path:
    """Where runs lie: TWMR_RUNS if set, else runs/ beside the lessons, else the nearest runs/ that holds a run.

    Beside notebooks/, that is, or in a folder that `twmr lab` has filled. Both are looked for from the working
    directory upwards; where there is neither, it is runs/ in that directory.
    """
    if chosen := environment.get(VARIABLE, "").strip():
        return Path(os.path.abspath(os.path.expanduser(chosen))) if working_folder() else Path(chosen)
    if suite := suite_folder():
        return suite / "runs"
    held = (folder / "runs" for folder in upwards() if holds_runs(folder / "runs"))
    return next(held, (working_folder() or Path()) / "runs")


def earlier_runs(runs: Path) -> list[Path]:
    """Folders in which runs were kept before there was one place, and still lie."""
    suite = suite_folder()
    folders = [suite / name for name in EARLIER] if suite else []
    return [folder for folder in folders if folder != runs and holds_runs(folder)]


def earlier_hint(runs: str | Path) -> str:
    """One line on runs that lie elsewhere from before, and how to bring them here; "" if there are none."""
    found = " ".join(f"'{folder}'/*" for folder in earlier_runs(Path(runs)))
    return f"older runs lie elsewhere; to see them here: mv {found} '{runs}'" if found else ""


def missing(root: str | Path) -> list[str]:
    """A line if there is no such folder: its name may be mistyped. The one folder of runs comes with the first run."""
    there = Path(root) == RUNS or os.path.isdir(root)
    return [] if there else [f"There is no folder {shown(str(root))}: give the one that holds the runs."]


def suite_folder() -> Path | None:
    """The nearest folder upwards that holds the lessons, in its notebooks/ or itself."""
    for folder in upwards():
        if os.path.isfile(folder / LESSON):
            return folder
        if os.path.isfile(folder / LESSON.name) and folder.name != LESSON.parent.name:
            return folder
    return None


def holds_runs(folder: Path) -> bool:
    try:
        return any(os.path.isfile(each / "config.json") for each in folder.iterdir())
    except OSError:  # not there, no folder, not ours to read
        return False


def upwards() -> Iterator[Path]:
    """The working directory and all above it."""
    if here := working_folder():
        yield from (here, *here.parents)


def working_folder() -> Path | None:
    """None where it was deleted."""
    try:
        return Path.cwd()
    except OSError:
        return None


RUNS = runs_folder()
