"""The command line's experiments: `twmr sweep` and `twmr ablate`."""

import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twmr_nb.cli.flags import expanded
from twmr_nb.cli.streams import complain, say
from twmr_nb.config.as_text import settings_in
from twmr_nb.config.presets import DEFAULT_PRESET, QUICK_PRESET
from twmr_nb.config.schema import ConfigError
from twmr_nb.files import ready_file, write_bytes
from twmr_nb.markup import printable, shown

if TYPE_CHECKING:
    from twmr_nb.draw.style import Plot
    from twmr_nb.lab.sweep import Sweep as Work


@dataclass(frozen=True)
class Many:
    """What both share."""

    preset: str
    """What all begin from: see `twmr presets`."""
    seeds: int
    """How many trainings of each, with seeds from 0 on."""
    set: tuple[str, ...] = ()
    """What differs from the preset in all of them, as name=value: any setting, e.g. max_tilt=1."""
    steps: int | None = None
    """Length of each training in control steps; the preset's when not given."""
    episodes: int = 100
    """Unseen episodes that each policy is judged on."""
    step_height: float | None = None
    """Judge all on a step of this height, in m, instead of each in its own world."""
    workers: int | None = None
    """So many processes train side by side, each with its share of the cores; one after the other when not given."""
    scheduler: str | None = None
    """The address of a dask scheduler, as tcp://HOST:PORT, whose workers train."""
    root: Path | None = None
    """The folder of the runs; when not given, experiments/ in the one folder of runs (TWMR_RUNS)."""
    plot: Path | None = None
    """Picture file to write, .png."""
    json: bool = False
    """Print JSON instead of a table: a column of each number, a value for each training."""


@dataclass(frozen=True)
class Sweep(Many):
    """Train every combination of some settings' values with several seeds, and judge all alike; again: it goes on."""

    preset: str = QUICK_PRESET
    """What all begin from: see `twmr presets`."""
    seeds: int = 4
    """How many trainings of each, with seeds from 0 on."""
    grid: tuple[str, ...] = ()
    """The values, as name=value,value,...: e.g. extension_penalty=0,0.001,0.01 end_on_success=true,false."""
    most: int = 1000
    """A grid of more trainings than this is refused."""
    x: str = "effort"
    """What --plot shows across: a number of an evaluation."""
    y: str = "success_rate"
    """And up."""


@dataclass(frozen=True)
class Ablate(Many):
    """Train a reward as it is and without each of its terms, several seeds each: what did each term do?"""

    preset: str = DEFAULT_PRESET
    """The reward, and what it is trained with: see `twmr presets`."""
    seeds: int = 3
    """How many trainings of each, with seeds from 0 on; fewer than five can tell no difference of several terms."""
    halves: bool = False
    """Also with each weight halved and doubled."""


def sweep(options: Sweep) -> int:
    from twmr_nb.lab.experiment import sweep

    work = sweep(values_of(options.grid), most=options.most, **shared(options))
    return follow(work, options, lambda: work.plot(options.x, options.y))


def ablate(options: Ablate) -> int:
    from twmr_nb.lab.ablation import ablate

    work = ablate(halves=options.halves, **shared(options))
    return follow(work, options, lambda: work.comparison.dots())


def refuse_many(options: Many, given: Sequence[str]) -> None:
    """Raise on what cannot be done, or would have no effect, before anything is trained."""
    from twmr_nb.config.idle import refuse_idle
    from twmr_nb.config.presets import preset
    from twmr_nb.lab.comparison import check_measured

    changes = settings_in(options.set)
    if isinstance(options, Sweep):
        if not options.grid:
            raise ConfigError("--grid is missing: give the values of one setting or more, as name=value,value,...")
        for name in values_of(options.grid).keys() & changes.keys():
            raise ConfigError(f"--set {name}=... has no effect on a grid of {name}: leave one of the two out.")
        for name in ("x", "y"):
            check_measured(getattr(options, name), name)
            if name in given and not options.plot:
                raise ConfigError(f"--{name} has no effect without a picture: give --plot FILE.png too.")
    else:  # of a sweep it depends on the grid
        refuse_idle(preset(options.preset, **changes), changes)
    if options.plot:
        ready_file(options.plot, ".png")


def shared(options: Many) -> dict[str, Any]:
    """What both are asked with."""
    names = ("preset", "seeds", "steps", "episodes", "step_height", "workers", "scheduler")
    root = expanded(options.root) if options.root else None
    return settings_in(options.set) | {name: getattr(options, name) for name in names} | {"root": root}


def follow(work: "Work", options: Many, draw: Callable[[], "Plot"]) -> int:
    """Tell each result as it comes, then all of them; 1 where some failed. Interrupted, all that trains is saved."""
    line = "\r\x1b[K" if sys.stdout.isatty() else ""  # in the place of the bar

    def told(label: str, outcome: Any) -> None:
        if isinstance(outcome, Exception):
            complain(line + printable(f"{label}: {outcome}"))
        elif not options.json:
            passed, effort = outcome["success_rate"], outcome["effort"]
            say(line + printable(f"{label}: passed {passed:.0%}, effort {effort:.1f} (N m)² s"))

    try:
        work.join(on_outcome=told)
    except KeyboardInterrupt:
        work.stop()
        work.join()
        raise
    comparison = work.comparison
    if options.json:
        say(json.dumps(work.columns()))
    elif comparison.trials:
        say("\n".join(filter(None, [f"\n{comparison.table}\n", comparison.verdict(), work.summary])))
    if options.plot and comparison.trials:
        picture = write_bytes(expanded(options.plot), draw().png(2))
        say(f"picture: {picture}")
    return 1 if work.failures else 0


def values_of(words: Sequence[str]) -> dict[str, list[Any]]:
    """A grid from name=value,value,...; a value is read as a number, true, false or null where it can be."""
    grid: dict[str, list[Any]] = {}
    for word in words:
        name, _, values = word.partition("=")
        if not name or not values:
            raise ConfigError(f"{shown(word)} is no part of a grid: give name=value,value,...")
        if name in grid:
            raise ConfigError(f"--grid gives {name} twice: give it once, with all its values.")
        grid[name] = [settings_in([f"{name}={value}"])[name] for value in values.split(",")]
    return grid
