"""The command line's lab book: `twmr runs` and `twmr diff`."""

from dataclasses import dataclass
from pathlib import Path

import tyro

from twmr_nb.cli.flags import expanded
from twmr_nb.cli.streams import complain
from twmr_nb.config.schema import ConfigError
from twmr_nb.markup import printable


@dataclass(frozen=True)
class Runs:
    """List your runs, the newest first: all, or those in which every word is found; several seeds as one row."""

    words: tyro.conf.Positional[tuple[str, ...]] = ()
    """Looked for in name, state, tags, note, preset, changed settings and own terms; NAME=VALUE: in any setting."""
    each: bool = False
    """A row for every run, also where several differ in nothing but the seed."""
    root: Path | None = None
    """Another folder of runs than the one (TWMR_RUNS, or runs/ beside notebooks/)."""


@dataclass(frozen=True)
class Diff:
    """What differs between two runs: settings, own reward terms, versions and machine, beside what came of them."""

    one: tyro.conf.Positional[str]
    """A run's name or folder."""
    other: tyro.conf.Positional[str]
    """Another's."""


def runs(options: Runs) -> int:
    from twmr_nb.lab.book import find_runs
    from twmr_nb.runs.places import RUNS, missing

    root = expanded(options.root) if options.root else RUNS
    if lost := missing(root):
        raise ConfigError(lost[0])
    found = find_runs(" ".join(options.words), root)
    for problem in found.problems:
        complain(printable(problem))
    table = found.each if options.each else found.table
    print(table if found else "no run has these words." if options.words else "no run yet: `twmr train` makes one.")
    return 0


def diff(options: Diff) -> int:
    from twmr_nb.lab.book import diff

    print(diff(expanded(options.one), expanded(options.other)))
    return 0
