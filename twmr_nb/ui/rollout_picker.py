"""Which recorded episode to look at: nothing, chance, a saved policy, or one recorded in a cell above."""

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import ipywidgets as w
import traitlets as t

from twmr_nb.config.schema import EnvConfig, checked_world
from twmr_nb.draw.episode_text import folding, outcome
from twmr_nb.episodes.rollout import Rollout, checked_episode, record
from twmr_nb.episodes.worlds import world
from twmr_nb.policies.protocol import Policy, RandomPolicy, ZeroPolicy
from twmr_nb.runs.places import RUNS
from twmr_nb.task.rewards import RewardTerm
from twmr_nb.ui.background import Background, Turn
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.policy_files import list_policies, policy_file
from twmr_nb.ui.reporting import ReportingPlayer


@dataclass(frozen=True)
class Offer:
    """Who would play in which world."""

    identity: Hashable
    """The same only where the same player acts the same way."""
    player: Policy
    world: EnvConfig
    title: str


class RolloutPicker(w.VBox):
    """A drop-down of episodes; `rollout` is the chosen one, recorded on a thread when it is first asked for."""

    rollout = t.Instance(Rollout, allow_none=True)

    def __init__(
        self,
        given: Rollout | Iterable[Rollout] = (),
        config: EnvConfig | None = None,
        extra_terms: Iterable[RewardTerm] = (),
        root: str | Path | None = None,
    ) -> None:
        several = given if isinstance(given, Iterable) and not isinstance(given, str) else [given]
        self.given = [checked_episode(one) for one in several]
        self.config, self.root = checked_world(config), Path(root or RUNS)
        self.extra_terms = tuple(extra_terms)
        self.recorded: dict[Hashable, Rollout] = {}  # by all that decides what is recorded
        self.offers: dict[Any, Callable[[], Offer]] = {}
        self._exchanging = False
        self.choice = w.Dropdown(
            description="episode",
            layout=w.Layout(flex="1 1 0", width="auto", min_width="0"),
            style={"description_width": "60px"},
            tooltip="The episode to look at",
        )
        again = w.Button(
            description="refresh",
            tooltip="Look for new runs and policies",
            layout=w.Layout(flex="0 0 auto", width="auto"),
        )
        self.line = Html()
        self.work = Background(self.line.say, self._failed)
        super().__init__([w.HBox([self.choice, again]), self.line])
        again.on_click(self.refresh)
        self.choice.observe(self._chosen, "value")
        self.refresh()

    def refresh(self, *_: Any) -> None:
        """List what there is now; keeps the choice if it is still there."""
        options: list[tuple[str, Any]] = []
        offers: dict[Any, Callable[[], Offer]] = {}

        def offer(label: str, key: Any, look: Callable[[], Offer]) -> None:
            options.append((label, key))
            offers[key] = look

        for i, rollout in enumerate(self.given):
            options.append((rollout.title or f"recording {i + 1}", ("given", i)))
        for policy in (ZeroPolicy(), RandomPolicy()):
            offer(policy.title, policy.title, partial(Offer, policy.title, policy, self.config, policy.title))
        files, _problems = list_policies(self.root)
        newest = max((f for f in files if f.run), key=lambda f: f.modified, default=None)
        for file in files if newest is None else [newest, *(f for f in files if f is not newest)]:
            label = ("last run: " if file is newest else "") + file.title
            label += f" ({file.origin})" if file.title != file.name else ""
            offer(label, str(file.path), partial(of_file, file.path))
        self.offers, keys = offers, [key for _, key in options]
        kept = self.choice.value if self.choice.value in keys else keys[0]
        self._exchanging = True
        self.choice.options = options
        self.choice.value = kept
        self._exchanging = False
        self._choose(kept)

    def join(self) -> Rollout:
        """Wait for the recording under way; returns the chosen episode."""
        self.work.join()
        assert self.rollout is not None
        return self.rollout

    def _chosen(self, change: dict[str, Any]) -> None:
        if not self._exchanging and change["new"] is not None:
            self._choose(change["new"])

    def _choose(self, key: Any) -> None:
        """Show the episode, recorded anew unless it was under the same circumstances."""
        self.work.cancel()
        if key[0] == "given":
            self._show(self.given[key[1]])
            return
        try:
            offer = self.offers[key]()
        except (ValueError, KeyError, TypeError, OSError) as error:
            self._failed(str(error))
            return
        question = (offer.identity, offer.world)
        if question in self.recorded:
            self._show(self.recorded[question])
            return
        self.line.say(f"recording an episode … {self._still()}")

        def job(turn: Turn) -> Rollout:
            player = ReportingPlayer(offer.player, turn.check)
            return record(player, offer.world, extra_terms=self.extra_terms, title=offer.title)

        def done(rollout: Rollout) -> None:
            self.recorded[question] = rollout
            self._show(rollout)

        self.work.run(job, done)

    def _failed(self, problem: str) -> None:
        self.line.say(f"{problem} {self._still()}", "twmr-error")

    def _still(self) -> str:
        """What is shown while there is nothing of the chosen one."""
        return f"Still shown: {self.rollout.title or 'the episode before'}." if self.rollout else ""

    def _show(self, rollout: Rollout) -> None:
        """Say what happens in it, and let `rollout` be it."""
        self.rollout = rollout
        said = ", ".join(filter(None, [outcome(rollout), folding(rollout)]))
        self.line.say(f"{rollout.config.scene.replace('_', ' ')}: {said}")


def of_file(path: Path) -> Offer:
    """A policy as its file is at this moment, in the world it is judged in."""
    file = policy_file(path)
    return Offer((file.digest, file.title), file.saved.player(), world(file.saved.config.env), file.title)
