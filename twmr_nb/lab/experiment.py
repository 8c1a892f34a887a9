"""Experiments: variants of a setting, several seeds each, trained and judged alike.

Every training is an ordinary run in a folder named after all that it depends on (see `identity`): asking again costs
nothing, what was interrupted goes on where it was, and no variant is ever shown another's result.
"""

import itertools
import math
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from twmr_nb.config import presets
from twmr_nb.config.fields import is_number, refuse_unknown
from twmr_nb.config.idle import idle_settings
from twmr_nb.config.presets import QUICK_PRESET
from twmr_nb.config.schema import ConfigError, TrainConfig, all_settings, checked_seed
from twmr_nb.episodes.worlds import world
from twmr_nb.lab.comparison import Comparison, counted
from twmr_nb.lab.sweep import Entry, Sweep
from twmr_nb.lab.tasks import ROOT, Task
from twmr_nb.markup import shown
from twmr_nb.runs.identity import describe_training, digest
from twmr_nb.task.rewards import RewardTerm, checked_terms

MOST = 1000  # trainings that a grid may have without being asked twice


@dataclass(frozen=True)
class Variant:
    """What is trained: settings that differ from a preset, reward terms of your own. Made by `variant`."""

    settings: Mapping[str, Any]
    extra_terms: tuple[RewardTerm, ...] = ()
    preset: str | None = None
    """None: the one that all variants share."""


def variant(extra_terms: Iterable[RewardTerm] = (), preset: str | None = None, **settings: Any) -> Variant:
    """A variant with reward terms of your own, or with another preset; for settings alone a dict will do.

    Raises ConfigError on an unknown preset, or settings that do not go with it.

    >>> tw.variant(preset="flip_tidy", alive_bonus=0.1).settings
    {'alive_bonus': 0.1}
    """
    if preset is not None:
        presets.preset(preset, **settings)
    return Variant(settings, checked_terms(extra_terms), preset)


def compare(
    variants: Mapping[str, Variant | Mapping[str, Any]],
    seeds: int | Sequence[int] = (0, 1, 2, 3),
    preset: str = QUICK_PRESET,
    steps: int | None = None,
    episodes: int = 100,
    step_height: float | None = None,
    root: str | Path | None = None,
    on_progress: Callable[[str], None] | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
) -> Comparison:
    """Train every variant with every seed and judge each on the same unseen episodes.

    variants: name -> a dict of the settings that differ from the preset, or `variant(extra_terms=[...], ...)`; the
    first is the baseline. preset: what all begin from; `flip` learns in half a minute, so that many trainings are soon
    done. steps: length of a training. step_height [m]: judge all on this step instead of each in its
    own world. Finished trainings are read from `root`, if not given experiments/ among your runs; interrupt the cell at
    any time and run it again to go on. Raises ConfigError, before anything is trained, for what is not allowed, and
    RunError while another run trains.

    >>> from tempfile import mkdtemp
    >>> tiny = {"num_envs": 2, "minibatches": 1, "rollout_steps": 8, "max_steps": 10}
    >>> variants = {"as it is": tiny, "no bonus": tiny | {"success_bonus": 0.0}}
    >>> tw.compare(variants, seeds=[0], steps=16, episodes=2, root=mkdtemp()).results("episodes")
    {'as it is': [2], 'no bonus': [2]}
    """
    check_count(episodes, "episodes")
    if not isinstance(variants, Mapping):
        raise ConfigError(f"variants = {shown(variants)} is not allowed: give a dict, names to settings.")
    if not variants:
        raise ConfigError("there is nothing to compare: give at least one variant and one seed.")
    seeds = seeds_of(seeds)
    entries = [
        Entry(v, s, task_of(variants[v], s, preset, steps, root, episodes, step_height), {})
        for s in seeds
        for v in variants
    ]
    begin, work = time.monotonic(), Sweep(entries, workers=workers, scheduler=scheduler)
    work.run(on_progress, strict=True)
    if on_progress:
        on_progress(f"{counted(len(entries), 'training')} compared, {(time.monotonic() - begin) / 60:.1f} min")
    return work.comparison


def sweep(
    grid: Mapping[str, Iterable[Any]],
    preset: str = QUICK_PRESET,
    seeds: int | Sequence[int] = 4,
    steps: int | None = None,
    episodes: int = 100,
    step_height: float | None = None,
    extra_terms: Iterable[RewardTerm] = (),
    most: int = MOST,
    root: str | Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    **settings: Any,
) -> Sweep:
    """Train every combination of a grid's values with every seed, in the background; returns at once with the sweep.

    grid: setting -> its values. seeds: how many, or which. settings: what differs from the preset in all of them; the
    rest is as in `compare`. The same again finds the sweep that is under way, or what it has done. In a script put the
    call below `if __name__ == "__main__":` where there are workers. Raises ConfigError, before anything is trained,
    for what is not allowed or makes more than `most` trainings.

    >>> from tempfile import mkdtemp
    >>> tiny = {"num_envs": 2, "minibatches": 1, "rollout_steps": 8, "max_steps": 10}
    >>> work = tw.sweep({"alive_bonus": [0, 1]}, seeds=1, steps=16, episodes=1, root=mkdtemp(), **tiny).join()
    >>> work.columns()["alive_bonus"], work.columns()["episodes"]
    ([0, 1], [1, 1])
    """
    points, seeds, own = points_of(grid), seeds_of(seeds), checked_terms(extra_terms)
    check_count(episodes, "episodes")
    check_count(most, "most")
    refuse_both(grid, settings, "a grid")
    number = len(seeds) * math.prod(map(len, points.values()))
    if number > most:
        raise ConfigError(f"{number} trainings are more than {most}: make the grid smaller, or say most={number}.")
    for name, each in points.items():
        refuse_twice(name, map(all_settings()[name].checked, each))
    entries = []
    for seed in seeds:
        for values in itertools.product(*points.values()):
            chosen = dict(zip(points, values, strict=True))
            given = Variant(settings | chosen, own)
            task = task_of(given, seed, preset, steps, root, episodes, step_height)
            entries.append(Entry(", ".join(f"{k} = {v}" for k, v in chosen.items()), seed, task, chosen))
    idle = [idle_settings(entry.task.config) for entry in entries]
    for name in (*points, *settings):
        if all(name in each for each in idle):
            out = f"{name} out of the grid" if name in points else f"{name} out"
            raise ConfigError(f"{name} has no effect with {idle[0][name]}, or leave {out}.")
    return Sweep(entries, workers=workers, scheduler=scheduler).start()


def points_of(grid: Any) -> dict[str, list[Any]]:
    """A grid's values by setting; raises ConfigError on what is none."""
    if not isinstance(grid, Mapping) or not grid:
        raise ConfigError(f"grid = {shown(grid)} is not allowed: give a dict, settings to lists of values.")
    refuse_unknown(grid, list(all_settings()))
    points: dict[str, list[Any]] = {}
    for name, values in grid.items():
        if isinstance(values, str) or not isinstance(values, Iterable) or getattr(values, "shape", None) == ():
            raise ConfigError(f"{name} = {shown(values)} is no list of values: give one, such as {name}=[...].")
        points[name] = [getattr(v, "tolist", lambda v=v: v)() for v in values]  # numbers of NumPy as plain ones
        if not points[name]:
            raise ConfigError(f"{name} has no values in the grid: give at least one.")
    return points


def seeds_of(seeds: Any) -> list[int]:
    """Which seeds: so many, or these; raises ConfigError on what is neither, none, too many, or one twice."""
    many = is_number(seeds, int)
    if isinstance(seeds, str) or not (1 <= seeds <= MOST if many else isinstance(seeds, Iterable)):
        raise ConfigError(
            f"seeds = {shown(seeds)} is not allowed: give how many, from 1 to {MOST}, or a list of whole numbers."
        )
    found = [checked_seed(seed) for seed in (range(int(seeds)) if many else seeds)]
    if not found:
        raise ConfigError("there is nothing to compare: give at least one variant and one seed.")
    refuse_twice("seed", found)
    return found


def refuse_twice(name: str, values: Iterable[Any]) -> None:
    """Raise ConfigError on the first value that was there before."""
    before = set[Any]()
    for value in values:
        if value in before:
            raise ConfigError(f"{name} = {shown(value)} is given twice: it would count twice and add nothing.")
        before.add(value)


def refuse_both(chosen: Mapping[str, Any], settings: Mapping[str, Any], name: str) -> None:
    """Raise ConfigError on a setting that is given for all and varied, too."""
    for each in settings.keys() & chosen.keys():
        raise ConfigError(
            f"{each} = {shown(settings[each])} has no effect on {name} of {each}: leave one of the two out."
        )


def folder_of(root: Any) -> Path:
    """Where the runs of an experiment lie; raises ConfigError on what is no folder, or cannot be written to."""
    if not isinstance(root, str | Path | None) or "\0" in str(root):
        raise ConfigError(f"root = {shown(root)} is not allowed: give the path of a folder.")
    path = Path(os.path.abspath(os.path.expanduser(root))) if root else ROOT
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    if not there.is_dir():
        raise ConfigError(f"root = {shown(str(root))} cannot hold runs: {there} is a file; choose another folder.")
    if not os.access(there, os.W_OK):
        raise ConfigError(f"root = {shown(str(root))} cannot hold runs: choose a folder that you may write to.")
    return path


def check_count(value: Any, name: str) -> None:
    if type(value) is not int or value < 1:
        raise ConfigError(f"{name} = {shown(value)} is not allowed: give a whole number, 1 or more.")


def task_of(
    given: Variant | Mapping[str, Any],
    seed: int,
    preset: str,
    steps: int | None,
    root: str | Path | None,
    episodes: int,
    step_height: float | None = None,
    drive_on: bool = False,
) -> Task:
    """The training of one variant and seed, and how it is judged; raises ConfigError if that is not allowed."""
    config, terms = planned(given, seed, preset, steps)
    world(config.env, step_height=step_height)  # or a sentence says why not, before anything is trained
    identity = digest(describe_training(config, terms))
    return Task(config, terms, folder_of(root), identity, episodes, step_height, drive_on)


def planned(
    given: Variant | Mapping[str, Any], seed: int, preset: str, steps: int | None
) -> tuple[TrainConfig, tuple[RewardTerm, ...]]:
    """The settings and own reward terms of one variant and seed; raises ConfigError if they are not allowed."""
    if not isinstance(given, Variant | Mapping):
        raise ConfigError(f"{shown(given)} is no variant: give a dict of settings or variant(...).")
    asked = given if isinstance(given, Variant) else Variant(given)
    common = {"seed": seed}
    if steps is not None:
        common["total_timesteps"] = replace(all_settings()["total_timesteps"], name="steps").checked(steps)
    for name in ("extra_terms", "preset"):
        if name in asked.settings:
            raise ConfigError(f"{name!r} is no setting: write variant({name}=..., **settings) in place of the dict.")
    for name in asked.settings.keys() & common:
        value = asked.settings[name]
        beside = {"seed": "seed or seeds", "total_timesteps": "steps"}[name]
        raise ConfigError(f"{name} = {shown(value)} is not allowed here: it is the same for all, give it as {beside}.")
    return presets.preset(asked.preset or preset, **asked.settings, **common), asked.extra_terms
