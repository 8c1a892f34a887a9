"""The front door of the scoreboard: what a reward would pay, before any training."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from twmr_nb.config.presets import DEFAULT_PRESET, preset
from twmr_nb.config.schema import ConfigError, EnvConfig, PPOConfig, TrainConfig
from twmr_nb.draw.page import output
from twmr_nb.draw.scoreboard import scoreboard_table
from twmr_nb.episodes.rollout import Rollout, record
from twmr_nb.episodes.scoreboard import STAGE, Scoreboard, with_own
from twmr_nb.episodes.verdict import verdict
from twmr_nb.episodes.worlds import own_world, world
from twmr_nb.markup import one_line, shown
from twmr_nb.policies.saved import PolicyLike, playable
from twmr_nb.task.rewards import RewardTerm, checked_terms

SENTENCE = Markup("<p>{}</p>")


@dataclass(frozen=True, repr=False)
class Verdict(Scoreboard):
    """A scoreboard that prints as a table, with what it says about the reward below."""

    @property
    def verdict(self) -> list[str]:
        """What this reward prefers and why, a sentence each."""
        return verdict(self)

    def __repr__(self) -> str:
        return "\n".join([str(scoreboard_table(self)), "", *map(one_line, self.verdict)])

    def _repr_html_(self) -> str:
        said = Markup().join(SENTENCE.format(text) for text in self.verdict)
        return output(scoreboard_table(self).html() + said).data


def scoreboard(
    of: str | TrainConfig | EnvConfig = DEFAULT_PRESET,
    extra_terms: Iterable[RewardTerm] = (),
    own: Rollout | PolicyLike | Iterable[Rollout | PolicyLike] = (),
    **settings: Any,
) -> Verdict:
    """What a reward would pay to behaviours that are known: a table, the best first, and a verdict in words.

    of: a preset's name, or settings; settings: changes on top. own: episodes, or policies, which are played at the
    board's step. Eight recorded behaviours of 20 s, at the step of 5 cm 1 m ahead, are scored by the environment's own
    functions up to where these settings would end their episode. Of the settings, the reward, the gate and what ends
    an episode are read, and the learner's gamma (0.99 where a world is given).

    `totals`, `discounted`, `ranks`, `paid(behaviour)` and `verdict` are its numbers and words, `flips(weight)` the
    values of a weight at which two behaviours swap places; `rollouts` can be filmed. Raises ConfigError on a setting,
    a term or an episode that is not allowed, PolicyError on a policy that cannot be read.

    >>> tw.scoreboard("flip").verdict[1]
    'Turning over is paid as well as climbing upright (...): no term tells them apart.'
    >>> tw.scoreboard("flip", alive_bonus=1).verdict[0]
    'Standing still earns ... more than climbing upright (alive pays it ... more).'
    """
    config, gamma = judged_settings(of, settings)
    given = [own] if isinstance(own, str | Rollout) or hasattr(own, "act") or not isinstance(own, Iterable) else own
    rollouts = with_own([one if isinstance(one, Rollout) else played(one) for one in given])
    return Verdict.of(rollouts, config, checked_terms(extra_terms), gamma)


def judged_settings(of: Any, settings: dict[str, Any]) -> tuple[EnvConfig, float]:
    """The world whose reward is meant, and the discount."""
    if isinstance(of, EnvConfig):
        return of.replace(**settings), PPOConfig().gamma
    if not isinstance(of, str | TrainConfig):
        raise ConfigError(f"{shown(of)} is no reward: give a preset's name, an EnvConfig or a TrainConfig.")
    config = preset(of, **settings) if isinstance(of, str) else of.replace(**settings)
    return config.env, config.ppo.gamma


def played(policy: Any) -> Rollout:
    """A policy of one's own at the board's step, from the same start, with nothing that ends its episode early."""
    playable(policy)  # or a sentence says why not
    own = own_world(policy)
    start = {name: getattr(STAGE, name) for name in ("min_z", "max_tilt", "start_x_range", "start_yaw_range")}
    return record(policy, STAGE if own == EnvConfig() else world(own, scene=STAGE.scene, **start))
