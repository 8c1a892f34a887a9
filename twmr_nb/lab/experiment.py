"""Experiments: variants of a setting, several seeds each, trained in turn and judged alike.

Every training is an ordinary run in a folder named after all that it depends on (see `identity`): asking again costs
nothing, what was interrupted goes on where it was, and no variant is ever shown another's result.
"""

import math
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from twmr_nb.config import presets
from twmr_nb.config.presets import QUICK_PRESET
from twmr_nb.config.schema import ConfigError, TrainConfig
from twmr_nb.draw.spread import spread_curves, spread_dots
from twmr_nb.draw.style import Plot
from twmr_nb.draw.table import Table
from twmr_nb.episodes.evaluate import evaluate
from twmr_nb.episodes.intervals import SURE, shift_interval
from twmr_nb.episodes.worlds import world
from twmr_nb.files import read_json, write_json
from twmr_nb.markup import one_line, shown
from twmr_nb.policies.saved import PolicyError, SavedPolicy, load_policy
from twmr_nb.progress import Progress
from twmr_nb.runs.identity import describe_evaluation, describe_training, digest, short_name
from twmr_nb.runs.places import RUNS
from twmr_nb.runs.run import Run, RunError, new_run, open_run, training_run
from twmr_nb.task.rewards import RewardTerm, checked_terms
from twmr_nb.types import Record

ROOT = RUNS / "experiments"
JUDGED = {  # what a comparison shows of an evaluation: heading, factor, digits
    "success_rate": ("passed [%]", 100, 0),
    "upright_pass": ("passed upright [%]", 100, 0),
    "mean_length": ("steps to pass or end", 1, 0),  # of all episodes; a time to pass is of those that passed
    "effort": ("effort [(N m)² s]", 1, 1),
    "mean_final_x": ("final x [m]", 1, 2),
}
NOTHING = "Not measured yet: `python -m twmr_nb.course.worked` trains it."
TRAINING = 0.9  # of the time that a training and its evaluation take
DOTS = ("success_rate", "mean_length", "effort")


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


@dataclass(frozen=True)
class Trial:
    """One training of one variant: its metrics, an update each, and the evaluation of its policy."""

    variant: str
    seed: int
    records: Sequence[Record]
    result: dict[str, Any]
    policy_path: Path | None = None
    """None where the results were shipped without the policies."""

    def __repr__(self) -> str:
        return f"Trial {one_line(self.variant)!r}, seed {self.seed}: {len(self.records)} updates, {self.result}"


@dataclass(frozen=True)
class Comparison:
    """Trials of several variants; the first variant is the baseline. Shows itself as a table."""

    trials: tuple[Trial, ...]

    @property
    def variants(self) -> list[str]:
        return list(dict.fromkeys(t.variant for t in self.trials))

    def results(self, key: str = "success_rate") -> dict[str, list[Any]]:
        """One number of the evaluation per seed, by variant; None where a policy has none."""
        return {name: [t.result.get(key) for t in self.trials if t.variant == name] for name in self.variants}

    def policy(self, variant: str, seed: int) -> SavedPolicy:
        """The policy that a variant was judged by; raises ConfigError where there is none."""
        found = [t.policy_path for t in self.trials if (t.variant, t.seed) == (variant, seed) and t.policy_path]
        if not found:
            has = ", ".join(f"{t.variant!r} with seed {t.seed}" for t in self.trials if t.policy_path) or "none"
            raise ConfigError(f"no policy of {variant!r} with seed {seed!r} is here: there is {has}.")
        return load_policy(found[0])

    def curves(self, keys: Sequence[str] = ("success_rate", "average_x", "std")) -> Plot:
        """What was logged in training: medians over the seeds, and their range."""
        return spread_curves({v: [t.records for t in self.trials if t.variant == v] for v in self.variants}, keys)

    def dots(self, keys: Sequence[str] = DOTS) -> Plot:
        """How the trained policies were judged, a dot per seed."""
        scaled: dict[str, dict[str, list[float | None]]] = {}
        for key in keys:
            title, factor, _ = JUDGED.get(key, (key.replace("_", " "), 1, 2))
            groups = self.results(key).items()
            scaled[title] = {n: [None if v is None else v * factor for v in values] for n, values in groups}
        return spread_dots(scaled)

    def verdict(self, key: str = "success_rate") -> str:
        """A sentence per variant against the first: higher or lower, if the 95% interval of the difference is so."""
        title, factor, digits = JUDGED.get(key, (key.replace("_", " "), 1, 2))
        if not self.trials:
            return NOTHING
        baseline, *others = self.results(key).items()
        lines = []
        for name, values in others:
            ours, theirs = known(values), known(baseline[1])
            if not (ours and theirs):
                lines.append(f"{one_line(name)}: nothing to compare in {title}")
                continue
            low, high, sure = shift_interval(ours, theirs)
            numbers = f"{spread(ours, factor, digits)} against {spread(theirs, factor, digits)}"
            difference = f"{factor * low:+.{digits}f} to {factor * high:+.{digits}f}"
            few = "" if sure >= SURE else f", no surer than {sure:.0%} with so few seeds"
            said = f"the difference is {difference}{few}: {apart(ours, theirs) or 'cannot tell'}"
            lines.append(f"{one_line(name)}: {title} {numbers}; {said}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        variants, trainings = counted(len(self.variants), "variant"), counted(len(self.trials), "training")
        return f"Comparison of {variants}, {trainings} in all\n{self.verdict()}".rstrip()

    def _repr_markdown_(self) -> str:
        """Median over the seeds, and in brackets their range."""
        if not self.trials:
            return NOTHING
        rows = []
        for name in self.variants:
            cells = [spread(known(self.results(key)[name]), f, digits) for key, (_, f, digits) in JUDGED.items()]
            rows.append([name, str(len(self.results()[name])), *cells])
        return Table(["variant", "seeds", *(title for title, *_ in JUDGED.values())], rows)._repr_markdown_()


def apart(ours: Sequence[float], theirs: Sequence[float]) -> str:
    """Whether our seeds are "higher" or "lower" than theirs; "" where the 95% interval of the difference has 0 in it,
    or there are too few for one: it takes four of each."""
    low, high, sure = shift_interval(ours, theirs)
    return "" if sure < SURE or low <= 0 <= high else "higher" if low > 0 else "lower"


def counted(number: int, what: str) -> str:
    return f"{number} {what}" + "s" * (number != 1)


def known(values: Iterable[float | None]) -> list[float]:
    return [v for v in values if v is not None and math.isfinite(v)]


def spread(values: Sequence[float], factor: float = 1, digits: int = 2) -> str:
    """Median (lowest to highest)."""
    if not values:
        return "–"
    low, middle, high = (f"{factor * float(f(values)):.{digits}f}" for f in (np.min, np.median, np.max))
    return middle if low == high else f"{middle} ({low} to {high})"


def compare(
    variants: Mapping[str, Variant | Mapping[str, Any]],
    seeds: Sequence[int] = (0, 1, 2, 3),
    preset: str = QUICK_PRESET,
    steps: int | None = None,
    episodes: int = 100,
    step_height: float | None = None,
    root: str | Path | None = None,
    on_progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Train every variant with every seed, one after the other, and judge each on the same unseen episodes.

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
    try:
        seeds = list(seeds)
    except TypeError:
        raise ConfigError(f"seeds = {seeds!r} is not allowed: give a list of whole numbers.") from None
    if type(episodes) is not int or episodes < 1:
        raise ConfigError(f"episodes = {episodes!r} is not allowed: give a whole number, 1 or more.")
    if not isinstance(variants, Mapping):
        raise ConfigError(f"variants = {shown(variants)} is not allowed: give a dict, names to settings.")
    if not variants or not seeds:
        raise ConfigError("there is nothing to compare: give at least one variant and one seed.")
    if twice := [seed for i, seed in enumerate(seeds) if seed in seeds[:i]]:
        raise ConfigError(f"seed {twice[0]} is given twice: it would count twice and add nothing.")
    if busy := training_run():
        raise RunError(f"{busy.name} is training: stop it or let it finish before comparing.")
    plan = [(v, s, *planned(variants[v], s, preset, steps)) for s in seeds for v in variants]
    begin, trials = time.monotonic(), []
    with Progress("comparing", len(plan), first="", hidden=on_progress is not None) as bar:
        tell = on_progress or bar.say
        for done, (name, seed, config, terms) in enumerate(plan):
            label = f"{name}, seed {seed} (training {done + 1} of {len(plan)})"
            run = run_in(root or ROOT, config, terms)
            result = judged(run, episodes, step_height, lambda what, label=label: tell(f"{label}: {what}"), bar)  # type: ignore[misc]
            trials.append(Trial(name, seed, run.records[:], result, run.policy_path))
            bar.at(done + 1)
    tell(f"{counted(len(plan), 'training')} compared, {(time.monotonic() - begin) / 60:.1f} min")
    order = {name: i for i, name in enumerate(variants)}
    return Comparison(tuple(sorted(trials, key=lambda t: order[t.variant])))


def planned(
    given: Variant | Mapping[str, Any], seed: int, preset: str, steps: int | None
) -> tuple[TrainConfig, tuple[RewardTerm, ...]]:
    """The settings and own reward terms of one variant and seed; raises ConfigError if they are not allowed."""
    if not isinstance(given, Variant | Mapping):
        raise ConfigError(f"{shown(given)} is no variant: give a dict of settings or variant(...).")
    asked = given if isinstance(given, Variant) else Variant(given)
    common = {"seed": seed} | ({} if steps is None else {"total_timesteps": steps})
    for name in ("extra_terms", "preset"):
        if name in asked.settings:
            raise ConfigError(f"{name!r} is no setting: write variant({name}=..., **settings) in place of the dict.")
    for name in asked.settings.keys() & common:
        value = asked.settings[name]
        raise ConfigError(f"{name} = {value!r} is not allowed in a variant: it is the same for all of them.")
    return presets.preset(asked.preset or preset, **asked.settings, **common), asked.extra_terms


def run_in(root: str | Path, config: TrainConfig, terms: tuple[RewardTerm, ...]) -> Run:
    """The run of exactly this experiment below root: the one that is there, or a new one."""
    experiment = describe_training(config, terms)
    path = Path(root) / short_name(experiment)
    if not (path / "config.json").exists():
        return new_run(config, run_dir=path, extra_terms=terms)
    if read_json(path / "config.json").get("identity") != digest(experiment):
        raise RunError(
            f"{path} was begun as this experiment, but went on with other terms or another version: "
            "move or delete that folder, then compare again."
        )
    return open_run(path, terms)


def judged(
    run: Run, episodes: int, step_height: float | None, tell: Callable[[str], None], bar: Progress
) -> dict[str, Any]:
    """Train a run to its end if it is not there yet, and evaluate it; what was done before is read."""
    if run.state != "finished":
        tell("compiling")

        def trained(record: Record) -> None:
            bar.part = TRAINING * record["progress"]
            tell(f"{record['progress']:.0%}, {record['steps_per_s']:.0f} steps/s")

        run.train(trained)
    if run.state != "finished":
        raise RunError(f"the training {run.name} was stopped: compare again to go on where it is.")
    saved = checked_policy(run)
    # Whether, when and at what cost it passes is all that is compared: what comes after need not be played.
    trial = world(run.config.env, step_height=step_height, end_on_success=True)
    question = describe_evaluation(run.policy_path.read_bytes(), trial, episodes)
    file = run.path / f"evaluation_{short_name(question)}.json"
    try:
        kept = read_json(file)
    except ValueError:  # damaged: judged anew
        kept = {}
    if kept.get("question") != question or "result" not in kept:
        tell("evaluating")
        kept = {"question": question, "result": evaluate(saved, trial, episodes)}
        write_json(file, kept)
    return kept["result"]


def checked_policy(run: Run) -> SavedPolicy:
    """The policy of a finished training; raises RunError where its folder holds another's, or half a log."""
    try:
        saved = run.policy
    except PolicyError as error:
        raise RunError(f"{run.path} has lost its policy ({error}): delete that folder, then compare again.") from None
    own = [term.get("behaviour") for term in read_json(run.path / "config.json")["own_terms"]]
    if saved.config != run.config or [term.get("behaviour") for term in saved.own_terms] != own:
        raise RunError(f"{run.path} holds the policy of another training: delete that folder, then compare again.")
    if not run.records or run.records[-1]["progress"] < 1:
        raise RunError(f"{run.path} has lost its log (metrics.csv): delete that folder, then compare again.")
    return saved
