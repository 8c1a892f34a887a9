"""What a reward pays to behaviours that are known, before anything is trained: totals, ranks, and where they swap.

The recorded behaviours lie in `behaviours/`; `tools/record_behaviours.py` makes them. Each is scored by the
environment's own functions up to where the settings would have ended its episode. A total is linear in every weight, so
each term is computed once, for a weight of 1.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import combinations
from pathlib import Path
from typing import Self

import numpy as np

from twmr_nb.config.fields import settings_of
from twmr_nb.config.schema import ConfigError, EnvConfig
from twmr_nb.episodes.rescore import rescored
from twmr_nb.episodes.rollout import Rollout, load_rollout
from twmr_nb.markup import shown
from twmr_nb.task.env import is_down
from twmr_nb.task.rewards import REWARD_TERMS, RewardTerm, refuse_mixing
from twmr_nb.types import Array

SHIPPED = Path(__file__).parent / "behaviours"
STANDING, PUSHING, OVER, CLIMBING = "standing folded", "pushing at the step", "turning over", "climbing upright"
NAMES = (
    STANDING, "standing with legs out", PUSHING, "hanging at the edge", "driving to and fro", "trembling", OVER,
    CLIMBING,
)  # fmt: skip
# The world of the recorded behaviours: the original's step, legs that are servos, nothing that ends an episode early.
STAGE = EnvConfig(action_mode="leg_position", gate_mode="none", min_z=-1.0)
ENDINGS = ("max_steps", "min_z", "max_tilt", "end_on_success", "drive_on")
JUDGES = [  # the settings that say what a movement is paid, whatever world it was recorded in
    name
    for name, setting in settings_of(EnvConfig).items()
    if setting.group == "reward" or name.startswith(("gate_", "obstacle_")) or name in ENDINGS
]
WEIGHTS = [term.setting for term in REWARD_TERMS]


@dataclass(frozen=True)
class Earned:
    """One behaviour: what it earns for each term at a weight of 1, and how it ends."""

    unit: Mapping[str, Array]
    """Name of a term -> signed sum over the episode [2]: plain, and discounted from its start."""
    steps: int
    passed: bool
    end: str
    """"time limit", "passed", "fall", or "recording" where that was shorter."""


@dataclass(frozen=True)
class Flip:
    """Where two behaviours earn the same: above this weight `gains` earns more than `loses`, below it less."""

    weight: str
    value: float
    gains: str
    loses: str

    def __repr__(self) -> str:
        return f"{self.weight} above {self.value:.4g}: {self.gains} earns more than {self.loses}"


@dataclass(frozen=True, repr=False)
class Scoreboard:
    """Behaviours under one reward; `under` gives the same under another."""

    config: EnvConfig
    extra_terms: tuple[RewardTerm, ...]
    gamma: float
    rollouts: Mapping[str, Rollout]
    earned: Mapping[str, Earned]

    @classmethod
    def of(
        cls, rollouts: Mapping[str, Rollout], config: EnvConfig, extra_terms: Iterable[RewardTerm], gamma: float
    ) -> Self:
        """Score the rollouts by these settings, each at its own step and in its own physics."""
        terms = tuple(extra_terms)
        for rollout in rollouts.values():
            refuse_mixing(terms, rollout.transition)
        earned = {name: earn(rollout, config, terms, gamma) for name, rollout in rollouts.items()}
        return cls(config, terms, gamma, rollouts, earned)

    def under(self, config: EnvConfig, extra_terms: Iterable[RewardTerm] = ()) -> Self:
        """The same behaviours under other settings; where only weights differ, nothing is scored anew."""
        terms = tuple(extra_terms)
        if (at_one(config), *map(one, terms)) == (at_one(self.config), *map(one, self.extra_terms)):
            return dataclasses.replace(self, config=config, extra_terms=terms)
        return self.of(self.rollouts, config, terms, self.gamma)

    @cached_property
    def weights(self) -> dict[str, float]:
        """Name of a term -> the size of its weight; that of a learner's own term has a sign."""
        return {t.name: getattr(self.config, t.setting) for t in REWARD_TERMS} | {
            t.name: t.weight for t in self.extra_terms
        }

    def paid(self, behaviour: str, discounted: bool = False) -> dict[str, float]:
        """What each term pays a behaviour over its episode; those of weight 0 are left out.

        Raises ConfigError on a behaviour that is not on the board.
        """
        if not isinstance(behaviour, str) or behaviour not in self.rollouts:
            raise ConfigError(f"{shown(behaviour)} is not on the board: choose {', '.join(map(repr, self.rollouts))}.")
        unit = self.earned[behaviour].unit
        return {name: size * float(unit[name][int(discounted)]) for name, size in self.weights.items() if size}

    @cached_property
    def totals(self) -> dict[str, float]:
        """Behaviour -> what it earns in all, the best first."""
        return ordered({name: sum(self.paid(name).values()) for name in self.rollouts})

    @cached_property
    def discounted(self) -> dict[str, float]:
        """Behaviour -> what it earns as seen from its start, each step counted gamma times the one before."""
        return ordered({name: sum(self.paid(name, True).values()) for name in self.rollouts})

    @property
    def ranks(self) -> dict[str, int]:
        """Behaviour -> 1 for the one that earns most, and so on."""
        return {name: 1 + place for place, name in enumerate(self.totals)}

    def flips(self, weight: str, discounted: bool = False) -> list[Flip]:
        """The values of a weight, a setting or your own term, at which two behaviours swap places, in their order.

        Raises ConfigError on what is no weight.
        """
        term, low, high = self.weight_of(weight)
        found = []
        for a, b in combinations(self.rollouts, 2):
            (at_a, slope_a), (at_b, slope_b) = self.line(a, term, discounted), self.line(b, term, discounted)
            if slope_a != slope_b and low <= (value := (at_b - at_a) / (slope_a - slope_b)) <= high:
                gains, loses = (a, b) if slope_a > slope_b else (b, a)
                found.append(Flip(weight, value, gains, loses))
        return sorted(found, key=lambda flip: flip.value)

    def line(self, behaviour: str, term: str, discounted: bool = False) -> tuple[float, float]:
        """A behaviour's total as a straight line over a term's weight: at a weight of 0, and its slope."""
        paid = self.paid(behaviour, discounted)
        return sum(v for k, v in paid.items() if k != term), float(self.earned[behaviour].unit[term][int(discounted)])

    def weight_of(self, weight: str) -> tuple[str, float, float]:
        """The term that a weight belongs to, and the weight's bounds."""
        for term in (*REWARD_TERMS, *self.extra_terms):
            if weight == (term.setting or term.name):
                setting = settings_of(EnvConfig).get(term.setting)
                return (term.name, setting.low, setting.high) if setting else (term.name, -np.inf, np.inf)
        own = [term.name for term in self.extra_terms]
        raise ConfigError(f"{shown(weight)} is no weight: give one of {', '.join([*WEIGHTS, *own])}.")


def earn(rollout: Rollout, config: EnvConfig, extra_terms: Iterable[RewardTerm], gamma: float) -> Earned:
    """What a rollout earns by these settings up to where they end its episode, for weights of 1."""
    t = rollout.transition
    judged = judged_by(config, rollout)
    down = is_down(judged, t.qpos) | t.fell
    scored = rescored(rollout, at_one(judged), map(one, extra_terms), down)
    passed, ends = scored.passed_at, {"time limit": judged.max_steps, "recording": len(t.x)}
    if judged.end_on_success and passed is not None:
        ends["passed"] = passed + 1 + round(judged.drive_on / t.ctrl_dt)
    end = min(ends, key=lambda name: ends[name])
    last = ends[end]
    if down[:last].any():
        last, end = int(np.argmax(down)) + 1, "fall"
    counted = np.stack([np.ones(last), gamma ** np.arange(last)])
    unit = {name: counted @ values[:last] for name, values in scored.weighted.items()}
    return Earned(unit, last, passed is not None and passed < last, end)


def judged_by(config: EnvConfig, rollout: Rollout) -> EnvConfig:
    """The world of a rollout with the reward, the gate and the endings of other settings."""
    return rollout.world.replace(**{name: getattr(config, name) for name in JUDGES})


def at_one(config: EnvConfig) -> EnvConfig:
    """The settings with every weight at 1."""
    return config.replace(**dict.fromkeys(WEIGHTS, 1.0))


def one(term: RewardTerm) -> RewardTerm:
    return dataclasses.replace(term, weight=1.0)


def ordered(totals: dict[str, float]) -> dict[str, float]:
    return dict(sorted(totals.items(), key=lambda item: -item[1]))


@lru_cache(maxsize=1)
def shipped_behaviours() -> dict[str, Rollout]:
    """The recorded behaviours by name, 20 s each at the step of 5 cm; leave them unchanged."""
    return {name: load_rollout(SHIPPED / f"{name.replace(' ', '_')}.safetensors") for name in NAMES}


def with_own(rollouts: Iterable[Rollout]) -> dict[str, Rollout]:
    """The recorded behaviours and these, by their titles; with a number where a name is taken."""
    named = dict(shipped_behaviours())
    for rollout in rollouts:
        name = title = rollout.title or "my own"
        for number in range(2, len(named) + 3):
            if name not in named:
                break
            name = f"{title} ({number})"
        named[name] = rollout
    return named
