"""Runs as a lab book: find one again by what was noted or set, and see what differs between two."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from twmr_nb.config.fields import refuse_unknown
from twmr_nb.config.schema import ConfigError, all_settings
from twmr_nb.draw.spread import spread
from twmr_nb.draw.table import Table
from twmr_nb.markup import shown
from twmr_nb.progress import clock
from twmr_nb.runs.difference import difference
from twmr_nb.runs.places import RUNS
from twmr_nb.runs.run import Run, open_run
from twmr_nb.runs.seeds import rows_of
from twmr_nb.runs.shelf import matches, readable_runs

HEADS = ("run", "state", "done", "success", "return", "training", "tags", "note")


class RunList(tuple[Run, ...]):
    """Runs, the newest first, which show as a table, seeds of equal settings as one row; `problems` has a line for each
    folder that cannot be read."""

    problems: tuple[str, ...] = ()

    def __getitem__(self, index: Any) -> Any:
        found = super().__getitem__(index)
        return RunList(found) if isinstance(index, slice) else found

    @property
    def table(self) -> Table:
        """Of several seeds the median, and their range in brackets."""
        return Table(HEADS, [cells(name, row) for name, row in rows_of(self).items()])

    @property
    def each(self) -> Table:
        """A row for every run."""
        return Table(HEADS, [cells(run.name, [run]) for run in self])

    def __repr__(self) -> str:
        return "\n".join([str(self.table) if self else "no run has these words.", *self.problems])

    def _repr_markdown_(self) -> str | None:
        return self.table._repr_markdown_() if self and not self.problems else None


def cells(name: str, row: Sequence[Run]) -> list[str]:
    """What is told of a run, or of several that differ in their seed alone."""
    ends = [run.records[-1] if run.records else {"episodes": 0, "train_s": 0} for run in row]
    ended = [end for end in ends if end["episodes"]]
    passed = spread([end["success_rate"] for end in ended], 100, digits=0) + ("%" if ended else "")
    earned = spread([end["episode_return"] for end in ended], digits=1)
    took = clock(float(np.median([end["train_s"] for end in ends])))
    tags = dict.fromkeys(tag for run in row for tag in run.tags)
    notes = dict.fromkeys(" ".join(run.note.split()) for run in row if run.note)
    return [name, row[0].state, f"{row[0].progress:.0%}", passed, earned, took, " ".join(tags), "; ".join(notes)]


def find_runs(words: str = "", root: str | Path | None = None) -> RunList:
    """Your runs in which all the words are found, the newest first; all of them without words.

    They show as a table; finished ones that differ in nothing but the seed are one row, their median and range. `each`
    is the table of them all.

    A word is looked for in name, state, tags, note, preset, the settings that differ from it and own reward terms;
    NAME=VALUE compares any setting; where nothing is found, a name that is none's is told. root: another folder of
    runs, such as that of experiments. Raises ConfigError where words is no text.

    >>> from tempfile import mkdtemp
    >>> root = mkdtemp()
    >>> run = tw.train(root=root, num_envs=2, minibatches=1, rollout_steps=8, total_timesteps=32)
    >>> run.tags, run.note = "tiny first", "too short to learn anything"
    >>> [len(tw.find_runs(words, root)) for words in ("tiny", "short num_envs=2", "num_envs=4")], run.join()
    ([1, 1, 0], 'finished')
    """
    if not isinstance(words, str):
        raise ConfigError(f"words = {shown(words)} is not allowed: give one text, such as 'good alive_bonus=0.5'.")
    runs, problems = readable_runs(root or RUNS)
    found = RunList(run for run in runs if matches(run, words))
    found.problems = (*problems, *(() if found else mistyped(words)))
    return found


def mistyped(words: str) -> Iterator[str]:
    """A line for each NAME=VALUE whose name is no setting's."""
    names = [name for name, equals, _ in (word.partition("=") for word in words.split()) if equals]
    for name in names:
        try:
            refuse_unknown([name], ["preset", *all_settings()])
        except ConfigError as error:
            yield str(error)


def diff(one: Run | str | Path, other: Run | str | Path) -> Table:
    """What differs between two runs, beside what came of them: a table that shows itself.

    Each is a run, or the name or folder of one. Compared are settings, own reward terms line by line, versions and
    machine. Raises ConfigError where there is no run.

    >>> from tempfile import mkdtemp
    >>> tiny = {"root": mkdtemp(), "num_envs": 2, "minibatches": 1, "rollout_steps": 8, "total_timesteps": 16}
    >>> first = tw.train(**tiny)
    >>> first.join()
    'finished'
    >>> second = tw.train(**tiny, alive_bonus=0.5)
    >>> second.join(), [row for row in tw.diff(first, second).rows if row[0] in ("steps", "alive_bonus")]
    ('finished', [['steps', '16', '16'], ['alive_bonus', '0.0', '0.5']])
    """
    runs = [given if isinstance(given, Run) else open_run(given) for given in (one, other)]
    return Table(["", *(run.name for run in runs)], difference(*runs))
