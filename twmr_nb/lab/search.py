"""A search over weights for a stated aim: each try is an ordinary run, and a hopeless one is given up early.

The tries are proposed by a model of what was good so far (TPE, Bergstra et al. 2011), from a fixed seed: the same
search again proposes the same and reads what is trained already.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from twmr_nb.config.fields import refuse_unknown
from twmr_nb.config.presets import QUICK_PRESET
from twmr_nb.config.schema import ConfigError, all_settings
from twmr_nb.draw.table import Table
from twmr_nb.episodes.intervals import is_finite
from twmr_nb.lab.comparison import LESS, check_measured, counted
from twmr_nb.lab.engine import Engine, engine
from twmr_nb.lab.experiment import Variant, check_count, folder_of, refuse_both, task_of
from twmr_nb.lab.sweep import percent
from twmr_nb.lab.tasks import Result, Task
from twmr_nb.markup import shown
from twmr_nb.progress import Progress
from twmr_nb.runs.folder import RunFolder
from twmr_nb.runs.run import refuse_second
from twmr_nb.task.rewards import RewardTerm, checked_terms
from twmr_nb.types import Array, TrainingDiverged

STARTUP = 5  # tries drawn at random, and never given up, before there is a model
MOMENTS = np.arange(1, 101) / 100  # shares of a training: tries may differ in how many updates they have
Aim = str | Callable[[Result], float]


@dataclass(frozen=True)
class Try:
    """One training of a search."""

    settings: Mapping[str, Any]
    value: float | None
    """How well it does what is aimed at; None where it was given up."""
    result: Result | None
    path: Path


@dataclass(frozen=True)
class Search:
    """The tries of a search, in their order; shows itself as a table."""

    tries: Sequence[Try]
    aim: str
    less_is_better: bool = field(default=False, repr=False)

    @property
    def best(self) -> Try:
        """The one that does best what is aimed at; raises ConfigError where all were given up."""
        if (first := self.ranking()[0]).value is None:
            raise ConfigError("no training of this search came to its end: give it a larger budget.")
        return first

    def ranking(self) -> list[Try]:
        """The best first, those given up last."""
        sign = 1 if self.less_is_better else -1
        return sorted(self.tries, key=lambda t: math.inf if t.value is None else sign * t.value)

    @property
    def table(self) -> Table:
        """A row per try, the best first, those given up last."""
        rows = [
            [
                *map(rounded, t.settings.values()),
                rounded(t.value),
                percent(t.result["success_rate"] if t.result else None),
            ]
            for t in self.ranking()
        ]
        return Table([*self.tries[0].settings, self.aim, "passed [%]"], rows)

    def __repr__(self) -> str:
        given_up = sum(t.value is None for t in self.tries)
        return f"Search of {counted(len(self.tries), 'training')}, {given_up} given up\n{self.table}"

    def _repr_markdown_(self) -> str:
        return self.table._repr_markdown_()


def rounded(value: Any) -> str:
    return "given up" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


def search(
    ranges: Mapping[str, tuple[float, float] | Sequence[Any]],
    aim: Aim = "success_rate",
    budget: int = 20,
    preset: str = QUICK_PRESET,
    seed: int = 0,
    steps: int | None = None,
    episodes: int = 100,
    step_height: float | None = None,
    extra_terms: Iterable[RewardTerm] = (),
    root: str | Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    **settings: Any,
) -> Search:
    """Look for the settings that do best what is aimed at, in so many trainings; returns all of them.

    ranges: setting -> (lowest, highest), or a list of values. aim: a number of an evaluation, as large as can be or,
    of a cost, as small; or a function of the evaluation whose value is to be large. From the sixth on, a training that
    passes less than half of those before it did at that point is given up. The rest is as in `tw.sweep`. One seed says
    little: compare what is found with the preset, over several.

    >>> from tempfile import mkdtemp
    >>> tiny = {"num_envs": 2, "minibatches": 1, "rollout_steps": 8, "max_steps": 10}
    >>> found = tw.search({"alive_bonus": (0, 1)}, "mean_return", 2, steps=16, episodes=1, root=mkdtemp(), **tiny)
    >>> len(found.tries), found.best.settings.keys()
    (2, dict_keys(['alive_bonus']))
    """
    try:
        import optuna
    except ImportError:
        raise ConfigError("a search needs optuna: pip install 'twmr-nb[sweep]'.") from None
    check_count(episodes, "episodes")
    if type(budget) is not int or budget < 1:
        raise ConfigError(f"budget = {shown(budget)} is not allowed: give a whole number of trainings, 1 or more.")
    if not isinstance(ranges, Mapping) or not ranges:
        raise ConfigError(f"ranges = {shown(ranges)} is not allowed: give a dict, settings to (lowest, highest).")
    if not callable(aim):
        check_measured(aim, "aim")
    spaces = {name: space(name, given) for name, given in ranges.items()}
    refuse_both(ranges, settings, "ranges")
    if workers is None and scheduler is None:
        refuse_second()
    own, place, less = checked_terms(extra_terms), folder_of(root), isinstance(aim, str) and aim in LESS
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    sampler = optuna.samplers.TPESampler(seed=0, n_startup_trials=STARTUP)
    study = optuna.create_study(direction="minimize" if less else "maximize", sampler=sampler)
    tries: list[Try] = []
    with engine(place, workers, scheduler) as each, Progress("searching", budget, first="") as bar:
        while len(tries) < budget:
            asked = [study.ask(spaces) for _ in range(min(workers or 1, budget - len(tries)))]
            tasks = {
                i: task_of(Variant(settings | t.params, own), seed, preset, steps, place, episodes, step_height)
                for i, t in enumerate(asked)
            }
            results = attempt(each, tasks, [curve(t.path) for t in tries if t.result], bar)
            for i, trial in enumerate(asked):
                value = value_of(aim, results[i]) if i in results else None
                study.tell(trial, value, None if value is not None else optuna.trial.TrialState.PRUNED)
                tries.append(Try(trial.params, value, results.get(i), tasks[i].path))
                bar.step()
    return Search(tries, aim if isinstance(aim, str) else getattr(aim, "__name__", "aim"), less)


def space(name: str, given: Any) -> Any:
    """What is searched of one setting; raises ConfigError on an unknown one, or where an end is not allowed."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    known = all_settings()
    refuse_unknown([name], list(known))
    values = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else []
    pair = isinstance(given, tuple)
    if pair and not (known[name].kind in (int, float) and len(values) == 2 and all(map(is_finite, values))):
        values = []
    if not values or (pair and values[0] >= values[1]):
        raise ConfigError(f"{name} = {shown(given)} is no range: give (lowest, highest), or a list of values.")
    values = [known[name].checked(value) for value in values]
    if not pair:
        return CategoricalDistribution(values)
    (low, high), log = values, known[name].log and values[0] > 0
    whole = known[name].kind is int
    return IntDistribution(low, high, log) if whole else FloatDistribution(low, high, log)


def attempt(each: Engine, tasks: Mapping[int, Task], earlier: Sequence[Array], bar: Progress) -> dict[int, Result]:
    """Train and judge; returns the evaluations of those that were not given up."""

    def given_up(i: int) -> bool:
        return hopeless(curve(tasks[i].path), earlier)

    def heard(i: int, words: str, share: float) -> None:
        bar.say(words)
        if given_up(i):
            tasks[i].ask_to_stop()

    results: dict[int, Result] = {}
    for task in tasks.values():
        task.stop_file.unlink(missing_ok=True)
    try:
        for i, outcome in each({i: task for i, task in tasks.items() if not given_up(i)}, heard):
            if given_up(i) or isinstance(outcome, TrainingDiverged):
                continue
            if isinstance(outcome, Exception):
                raise outcome
            results[i] = outcome
    finally:
        for task in tasks.values():
            task.stop_file.unlink(missing_ok=True)
    return results


def curve(path: Path) -> Array:
    """The share that passed in a training, the best so far, at all MOMENTS up to where it has come, [moments]."""
    log = RunFolder(path).metrics
    return best_by(log.column("progress"), log.column("success_rate"))


def best_by(progress: Array, passed: Array) -> Array:
    """The best of `passed` by all MOMENTS up to the last progress, [moments] of [updates]; 0 before the first."""
    moments = MOMENTS[: np.searchsorted(MOMENTS, progress[-1] + 1e-9)] if len(progress) else MOMENTS[:0]
    best = np.maximum.accumulate([0.0, *np.nan_to_num(passed)])
    return best[np.searchsorted(progress, moments + 1e-9)]


def hopeless(ours: Array, earlier: Sequence[Array]) -> bool:
    """Whether ours, at some moment after the first third, had not come as far as half of those before it had by then.

    ours: [moments so far]; earlier: each [all moments]. Never before there are STARTUP of them.
    """
    if len(earlier) < STARTUP:
        return False
    begin, end = len(earlier[0]) // 3, len(ours)
    return bool((ours[begin:] < np.median([other[begin:end] for other in earlier], axis=0)).any())


def value_of(aim: Aim, result: Result) -> float | None:
    """How well an evaluation does what is aimed at; None where that never happened.

    Raises ConfigError where an aim of one's own gives no number.
    """
    if not callable(aim):
        return result[aim]
    if is_finite(value := aim(result)):
        return float(value)
    raise ConfigError(f"the aim returned {shown(value)} for an evaluation: let it return a finite number.")
