"""What did each reward term do? The base, and one variant for each term switched off, judged by the same episodes."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from twmr_nb.config import presets
from twmr_nb.config.presets import DEFAULT_PRESET
from twmr_nb.config.schema import ConfigError, TrainConfig, all_settings
from twmr_nb.draw.table import Table
from twmr_nb.episodes.intervals import SURE, holm, rank_test, seeds_needed
from twmr_nb.lab.comparison import LESS, Comparison, apart, check_measured, counted, measure
from twmr_nb.lab.experiment import Variant, check_count, seeds_of, task_of
from twmr_nb.lab.sweep import Entry, Sweep
from twmr_nb.markup import one_line
from twmr_nb.task.rewards import REWARD_TERMS, RewardTerm, checked_terms

BASE = "as it is"
SHOWN = ("success_rate", "time_to_pass", "effort", "upright_pass", "folded_on_flat")


class Ablation(Comparison):
    """A comparison with a base that says of every variant whether it is better or worse, or that nobody can tell.

    All are asked at once, and one of many is easily found by chance: what is said holds with Holm's correction for
    their number.
    """

    columns: ClassVar[Sequence[str]] = SHOWN
    dotted: ClassVar[Sequence[str]] = SHOWN

    def chances(self, key: str = "success_rate") -> dict[str, float | None]:
        """By variant: how often chance alone would set it as far apart from the base, Holm's correction included.

        None where there is nothing to compare. Raises ConfigError on what no evaluation measures.
        """
        check_measured(key, "key")
        base, others = self.against(key)
        asked = {name: rank_test(values, base) for name, values in others.items() if values and base}
        raised = dict(zip(asked, holm(list(asked.values())), strict=True))
        return {name: raised.get(name) for name in others}

    def judgements(self, key: str = "success_rate") -> dict[str, str]:
        """By variant: better, worse or cannot tell."""
        chances, (base, others) = self.chances(key), self.against(key)
        found = {}
        for name, chance in chances.items():
            side = apart(others[name], base) if chance is not None else ""
            sure = chance is not None and chance <= 1 - SURE and side
            found[name] = ("better" if (side == "lower") == (key in LESS) else "worse") if sure else "cannot tell"
        return found

    def verdict(self, key: str = "success_rate") -> str:
        """A sentence for each of the variants, and one on what so few seeds can tell."""
        chances, judged = self.chances(key), self.judgements(key)
        lines = [f"{one_line(name)}: {judged[name]}{probability(chances[name])}" for name in judged]
        seeds, needed = min(map(len, self.results(key).values()), default=0), seeds_needed(max(1, len(chances)))
        if chances and seeds < needed:
            few = f"{counted(seeds, 'seed')} of each can tell no difference, however large: "
            lines.append(f"{few}with {counted(len(chances), 'question')} at once it takes {needed}.")
        return "\n".join([f"{measure(key)[0]}, against {one_line(self.base)}:", *lines]) if chances else ""

    @property
    def table(self) -> Table:
        plain, judged = super().table, self.judgements()
        rows = [[*row, judged.get(name, "")] for row, name in zip(plain.rows, self.variants, strict=True)]
        return Table([*plain.heads, "passes"], rows)


def probability(chance: float | None) -> str:
    return "" if chance is None else f" (p = {chance:.2g})"


def ablate(
    preset: str = DEFAULT_PRESET,
    seeds: int | Sequence[int] = 3,
    halves: bool = False,
    steps: int | None = None,
    episodes: int = 100,
    step_height: float | None = None,
    extra_terms: Iterable[RewardTerm] = (),
    root: str | Path | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    **settings: Any,
) -> Sweep:
    """Train a reward as it is, and once without each of its terms, in the background; returns at once with the sweep.

    Its `comparison` is an `Ablation`: a table, `dots()` and a `verdict()`. halves: also with each weight halved and
    doubled, where its bounds allow. seeds: how many of each, or which; the rest is as in `tw.sweep`. Fewer than five
    can tell no difference of several terms.

    >>> from tempfile import mkdtemp
    >>> tiny = {"num_envs": 2, "minibatches": 1, "rollout_steps": 8, "max_steps": 10}
    >>> paid = {"extension_penalty": 0, "control_cost": 0, "alive_bonus": 0}
    >>> work = tw.ablate("flip", seeds=1, steps=16, episodes=1, root=mkdtemp(), **tiny, **paid).join()
    >>> work.comparison.judgements()
    {'without forward': 'cannot tell', 'without success': 'cannot tell'}
    """
    check_count(episodes, "episodes")
    base, own = presets.preset(preset, **settings), checked_terms(extra_terms)
    entries, variants = [], variants_of(base, own, settings, halves)
    if len(variants) == 1:
        raise ConfigError("there is no term to leave out: every weight of this reward is 0.")
    for seed in seeds_of(seeds):
        for name, given in variants.items():
            task = task_of(given, seed, preset, steps, root, episodes, step_height, drive_on=True)
            entries.append(Entry(name, seed, task, given.settings))
    return Sweep(entries, Ablation, workers, scheduler).start()


def variants_of(
    base: TrainConfig, own: tuple[RewardTerm, ...], settings: Mapping[str, Any], halves: bool
) -> dict[str, Variant]:
    """The base, and by name what is changed of one term; terms without weight are left out."""
    changes = {"without": 0.0} | ({"half": 0.5, "double": 2.0} if halves else {})
    found = {BASE: Variant(settings, own)}
    for term in REWARD_TERMS:
        weight = getattr(base.env, term.setting)
        for word, factor in changes.items() if weight else ():
            if all_settings()[term.setting].allows(weight * factor):
                found[f"{word} {term.label}"] = Variant({**settings, term.setting: weight * factor}, own)
    for term in own:
        rest = tuple(other for other in own if other is not term)
        for word, factor in changes.items() if term.weight else ():
            changed = () if factor == 0 else (dataclasses.replace(term, weight=factor * term.weight),)
            found[f"{word} {term.name}"] = Variant(settings, (*rest, *changed))  # a label may be taken
    return found
