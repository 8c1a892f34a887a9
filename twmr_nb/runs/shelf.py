"""The runs on disk: all that can be read, and those among them that somebody looks for."""

import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from twmr_nb.config.as_text import as_changes, flat, value_of
from twmr_nb.config.schema import TrainConfig
from twmr_nb.files import read_json, remembered
from twmr_nb.policies.checks import known_details
from twmr_nb.runs.folder import run_folders
from twmr_nb.runs.notes import notes_of
from twmr_nb.runs.places import missing
from twmr_nb.runs.run import Run, open_run
from twmr_nb.task.rewards import RewardTerm

SHOWN = ("update", "progress", "global_step", "episodes", "success_rate", "episode_return", "train_s")  # of a log


def readable_runs(root: str | Path, extra_terms: Iterable[RewardTerm] = ()) -> tuple[list[Run], list[str]]:
    """All runs below root, the newest first; and a line for each folder that cannot be read."""
    runs, problems = [], missing(root)
    for folder in run_folders(root):
        try:
            runs.append(showable(open_run(folder, extra_terms)))
        except (ValueError, OSError) as error:
            problems.append(f"{folder.name} is left out: {error}")
    return runs, problems


def showable(run: Run) -> Run:
    """The run, if its files say what a view needs; raises ValueError if not."""
    if not isinstance(run.state, str):
        raise ValueError(f"its status.json says state = {run.state!r}.")
    notes_of(run.folder)
    if run.records and (lacking := [name for name in SHOWN if name not in run.records[-1]]):
        raise ValueError(f"its metrics.csv has no column {lacking[0]!r}.")
    return run


def matches(run: Run, words: str) -> bool:
    """Whether all the words are found: each in the run's name, state, tags, note or settings (its preset, what differs
    from it, own reward terms), or as NAME=VALUE among all of its settings."""
    settings, told = words_of(run.config)
    own = [term["name"] for term in own_terms(run)]
    text = " ".join([run.name, run.state, *run.tags, run.note, *own, *told]).lower()

    def found(word: str) -> bool:
        name, equals, value = word.partition("=")
        return settings[name] == value_of(value) if equals and name in settings else word.lower() in text

    return all(map(found, words.split()))


@functools.lru_cache(maxsize=1 << 12)
def words_of(config: TrainConfig) -> tuple[dict[str, Any], list[str]]:
    """All settings by name; the preset, and what differs from it, in words."""
    preset, changes = as_changes(config)
    return flat(config) | {"preset": config.preset}, [preset, *(f"{name}={value}" for name, value in changes.items())]


def own_terms(run: Run) -> list[dict[str, Any]]:
    """Those that its folder tells of, as files keep them; none where they are of another kind."""
    return remembered(terms_in, run.path / "config.json")


def terms_in(path: Path) -> list[dict[str, Any]]:
    try:
        return known_details(read_json(path))["own_terms"]
    except ValueError:
        return []
