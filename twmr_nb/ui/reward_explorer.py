"""The reward explorer: a recorded episode, a slider per weight, and what each term would have paid."""

import base64
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import ipywidgets as w
import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from twmr_nb.config.fields import settings_of
from twmr_nb.config.idle import READ_BY_GATE
from twmr_nb.config.schema import EnvConfig, PPOConfig
from twmr_nb.draw.reward_picture import STYLES, RewardPicture
from twmr_nb.draw.scoreboard import ScoreboardPicture
from twmr_nb.draw.style import Plot, term_colors, words
from twmr_nb.episodes.rescore import Rescored, rescored
from twmr_nb.episodes.rollout import Rollout
from twmr_nb.episodes.scoreboard import WEIGHTS, Scoreboard, with_own
from twmr_nb.episodes.verdict import verdict
from twmr_nb.markup import one_line
from twmr_nb.robot.model import WHEEL_CTRL, step_edges
from twmr_nb.robot.pose import leg_targets
from twmr_nb.task.rewards import REWARD_TERMS, RewardTerm, checked_terms
from twmr_nb.ui.episode_explorer import GATE, EpisodeExplorer, effective, wide, world_setting
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.rollout_picker import RolloutPicker
from twmr_nb.ui.saved import REWARDS, Keepsake
from twmr_nb.ui.setting_row import Row, setting_told, weight_setting, weight_told
from twmr_nb.ui.shell import part

HEAVY = 0.05  # the extension penalty of the original's own instructions
ASKS = settings_of(EnvConfig)["extend_mode"].words
EVERYONE = "all behaviours"
SENTENCE = Markup("<div>{}</div>")
DOC = "The same movement, paid differently: nothing is trained anew, the recorded steps are scored again."


class RewardExplorer(EpisodeExplorer):
    """Re-scores an episode as its sliders move: `config` and `extra_terms` are what they say, `scored` what it pays.

    Under "all behaviours" this episode stands among the recorded ones, `board`, with a verdict in words.

    Show a rollout of your own, several to choose from, or none; `extra_terms` are your own reward terms; saved policies
    are looked for below `root`.

    >>> explorer = tw.RewardExplorer(tw.record("zero", tw.EnvConfig(), num_steps=5))
    >>> sorted(explorer.scored.totals)[:2]
    ['alive', 'control']
    """

    def __init__(
        self,
        rollouts: Rollout | Iterable[Rollout] = (),
        extra_terms: Iterable[RewardTerm] = (),
        config: EnvConfig | None = None,
        *,
        root: str | Path | None = None,
    ) -> None:
        self.terms = checked_terms(extra_terms)
        colors = term_colors([term.name for term in (*REWARD_TERMS, *self.terms)])
        rows = [self.row(term.setting, term.label, colors[term.name]) for term in REWARD_TERMS]
        self.weights = {
            term.name: Row(weight_setting(term), term.weight, self._own_moved, term.label, colors[term.name])
            for term in self.terms
        }
        self.weight = "extension_penalty"  # the one moved last
        self.board: Scoreboard | None = None
        self.verdict = Html(layout=wide())
        self.how = w.RadioButtons(options=[*STYLES, EVERYONE], orientation="horizontal", layout=w.Layout(width="auto"))
        picker = RolloutPicker(rollouts, config, self.terms, root)
        above = [part("weights"), *rows, *self.weights.values(), part("gate and asked pose")]
        super().__init__(
            "Reward explorer", DOC, picker, above, [part("try"), self._buttons()], bar=[self.how], rows=rows
        )
        self.result = self.children[1].children[1]  # bar, picture, cursor
        self.how.observe(self._look, "value")

    @property
    def extra_terms(self) -> list[RewardTerm]:
        """Your own terms with the weights that their sliders say."""
        return [replace(term, weight=self.weights[term.name].last) for term in self.terms]

    def override(self, **settings: Any) -> None:
        self.weight = next((name for name in settings if name in WEIGHTS), self.weight)
        super().override(**settings)

    def _own_moved(self, row: Row) -> None:
        self.weight = row.setting.name
        self.redraw()

    def _look(self, change: dict[str, Any]) -> None:
        """At one episode with its cursor, or at all behaviours and what they say about the reward."""
        everyone = self.how.value == EVERYONE
        with self.redraw.hold():
            self.in_3d.value &= not everyone
            self.in_3d.disabled = everyone
            self.result.children = [*self.result.children[:2], self.verdict if everyone else self.cursor]
            self.redraw()

    def reset(self, *_: Any) -> None:
        for term in self.terms:
            self.weights[term.name].set(term.weight)
        super().reset()

    def prepare(self, rollout: Rollout) -> None:
        self.before = rescored(rollout, rollout.config, self.terms)
        names = [term.name for term in (*REWARD_TERMS, *self.terms)]
        self.picture = RewardPicture(rollout, names, self.before)
        self.board = None

    def score(self, rollout: Rollout) -> None:
        self.scored: Rescored = rescored(rollout, self.config, self.extra_terms)
        now, was = self.scored.totals["total"], self.before.totals["total"]
        before = Markup(" <span class='twmr-was'>was {:+.2f}</span>").format(was)
        said = Markup("&emsp;sum <b class='twmr-value'>{:+.2f}</b>{}")
        self.summary.value = said.format(now, before if now != was else " as recorded")

        if self.how.value == EVERYONE:
            self._compare(rollout)

    def _compare(self, rollout: Rollout) -> None:
        """Score all behaviours, and say what that means."""
        if self.board is None:
            gamma = PPOConfig().gamma if rollout.gamma is None else rollout.gamma
            self.board = Scoreboard.of(with_own([rollout]), self.config, self.extra_terms, gamma)
            self.standings = ScoreboardPicture(list(self.board.rollouts), list(self.board.weights))
        self.board = self.board.under(self.config, self.extra_terms)
        whose = "the default" if rollout.gamma is None else "as in the training of this policy"
        discount = f"Discounted by {self.board.gamma:g} a step, {whose}."
        self.verdict.value = Markup().join(SENTENCE.format(text) for text in (*verdict(self.board), discount))

    def draw(self) -> bytes:
        if self.how.value == EVERYONE and self.board is not None:
            return self.standings.draw(self.board, self.weight)
        return self.picture.draw(self.scored, self.frame, self.how.value)

    @property
    def figure(self) -> Plot:
        everyone = self.how.value == EVERYONE and self.board is not None
        return (self.standings if everyone else self.picture).live.figure

    def words(self) -> str:
        if self.how.value == EVERYONE and self.board is not None:
            earned = ", ".join(f"{name} {value:+.2f}" for name, value in self.board.totals.items())
            return f"What each behaviour earns, the best first: {earned}."
        totals = self.scored.totals
        terms = ", ".join(f"{words(name)} {totals[name]:+.2f}" for name in self.scored.weighted)
        end = self.scored.passed_at
        passed = (
            "The step is not passed." if end is None else f"The step is passed at {self.picture.terms.time[end]:.2f} s."
        )
        return f"Rewards over the episode, {STYLES[self.how.value]}: total {totals['total']:+.2f}, {terms}. {passed}"

    def keepsake(self) -> Keepsake:
        return super().keepsake()._replace(told={REWARDS: self._weighable()} if self.rollout else {})

    def _weighable(self) -> dict[str, Any]:
        """What a page can weigh anew: terms, the weights that are set, and each episode's sums before any weight."""
        terms = (*REWARD_TERMS, *self.terms)
        colors, ones = term_colors([term.name for term in terms]), [replace(term, weight=1.0) for term in self.terms]
        rollouts = {id(one): one for one in (*self.picker.given, self.rollout) if one is not None}.values()
        signs = {term.name: term.weight for term in REWARD_TERMS}
        episodes = []
        for rollout in rollouts:
            config = rollout.config.replace(**self.overrides | {term.setting: 1.0 for term in REWARD_TERMS})
            paid = rescored(rollout, config, ones).weighted
            sums = {name: float(values.sum()) * signs.get(name, 1.0) for name, values in paid.items()}
            episodes.append({"title": one_line(rollout.title), "sums": sums} | regated(rollout, config))
        weights = {term.name: term.weight_in(self.config) for term in (*REWARD_TERMS, *self.extra_terms)}
        return {
            "terms": [weight_told(term, colors[term.name]) for term in terms],
            "weights": weights,
            "gate": gate_told(),
            "episodes": episodes,
        }

    def curves(self) -> dict[str, NDArray[Any]]:
        return self.scored.weighted | {"total": np.sum(list(self.scored.weighted.values()), axis=0)}

    def _buttons(self) -> w.HBox:
        """The reference's two traps, one click each, and the way back."""
        wide = w.Layout(width="auto", flex="1 1 auto")
        tips = {
            f"penalty {HEAVY:g}": f"Set extension_penalty to {HEAVY:g} and watch the sum",
            "ask for midpoint": "Let the open gate ask for the extended pose",
            "reset": "Back to the episode's own settings",
        }
        heavy, middle, back = (w.Button(description=k, tooltip=tip, layout=wide) for k, tip in tips.items())
        heavy.on_click(lambda _: self.override(extension_penalty=HEAVY))
        middle.on_click(lambda _: self.override(extend_mode="midpoint", extend_angle=None))
        back.on_click(self.reset)
        return w.HBox([heavy, middle, back], layout=w.Layout(flex_flow="row wrap"))


def gate_told() -> dict[str, Any]:
    """The settings of gate and asked pose for a page without a kernel, and which of them each gate reads."""
    return {
        "settings": [setting_told(world_setting(name), label) for name, label in GATE.items()],
        "readBy": READ_BY_GATE,
    }


def regated(rollout: Rollout, config: EnvConfig) -> dict[str, Any]:
    """What a page makes an episode's gate of, and the poses that it asks for, JSON-ready; arrays as base64."""
    t = rollout.transition
    senses = {
        "x": t.x, "accelerometer": t.accelerometer, "gyro": t.gyro, "torque": t.torque[:, WHEEL_CTRL],
        "wheelSpeed": t.wheel_speed, "leg": t.leg_angle,
    }  # fmt: skip
    return {
        "gate": {name: effective(config, name) for name in GATE},
        "retract": leg_targets(config)[0].tolist(),
        "asks": poses_asked(config),
        "edges": step_edges(config),
        "dt": float(t.ctrl_dt),
        "senses": {name: base64.b64encode(np.ascontiguousarray(v).tobytes()).decode() for name, v in senses.items()},
    }


def poses_asked(config: EnvConfig) -> dict[str, list[float]]:
    """The leg angles [4] that an open gate asks for by extend_mode, rad; under its own as the config has it."""
    modes = {mode: config.replace(extend_mode=mode, extend_angle=None) for mode in ASKS} | {config.extend_mode: config}
    return {mode: leg_targets(each)[1].tolist() for mode, each in modes.items()}
