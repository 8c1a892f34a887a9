"""Which recorded episode to look at: nothing, chance, a saved policy, or one recorded in a cell above."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import ipywidgets as w
import traitlets as t
from markupsafe import Markup

from twmr_nb.config import EnvConfig
from twmr_nb.evaluate import trial_world
from twmr_nb.rewards import RewardTerm
from twmr_nb.rollout import Player, RandomPolicy, Rollout, ZeroPolicy, record
from twmr_nb.runs import RUNS
from twmr_nb.ui.background import Background, Turn
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.policy_files import PolicyFile, list_policies
from twmr_nb.ui.reporting import ReportingPlayer

Recorder = Callable[[Turn], Rollout]


class RolloutPicker(w.VBox):
    """A drop-down of episodes; `rollout` is the chosen one, recorded on a thread when it is first asked for."""

    rollout = t.Instance(Rollout, allow_none=True)

    def __init__(
        self,
        given: Iterable[Rollout] = (),
        config: EnvConfig | None = None,
        extra_terms: Iterable[RewardTerm] = (),
        root: str | Path = RUNS,
    ) -> None:
        self.given, self.config, self.root = list(given), config or EnvConfig(), root
        self.extra_terms = tuple(extra_terms)
        self.recorded: dict[Any, Rollout] = {}
        self.recorders: dict[Any, Recorder] = {}
        self.choice = w.Dropdown(
            layout=w.Layout(flex="1 1 0", width="auto", min_width="0"), tooltip="The episode to look at"
        )
        again = w.Button(
            icon="refresh", tooltip="Look for new runs and policies", layout=w.Layout(flex="0 0 34px", width="34px")
        )
        self.line = Html()
        self.work = Background(self._say)
        super().__init__([w.HBox([self.choice, again]), self.line])
        again.on_click(self.refresh)
        self.choice.observe(self._chosen, "value")
        self.refresh()

    def refresh(self, *_: Any) -> None:
        """List what there is now; keeps the choice if it is still there."""
        options: list[tuple[str, Any]] = []
        self.recorders = {}

        def offer(label: str, key: Any, recorder: Recorder) -> None:
            options.append((label, key))
            self.recorders[key] = recorder

        for i, rollout in enumerate(self.given):
            offer(rollout.title or f"recording {i + 1}", ("given", i), lambda turn, rollout=rollout: rollout)  # type: ignore[misc]
        for policy in (ZeroPolicy(), RandomPolicy()):
            offer(policy.title, policy.title, lambda turn, policy=policy: self.play(turn, policy, self.config))  # type: ignore[misc]
        files, _problems = list_policies(self.root)
        newest = max((f for f in files if f.run), key=lambda f: f.modified, default=None)
        for file in [newest, *files] if newest else files:
            last = "last run: " if file is newest and not any(k == file_key(file) for k in self.recorders) else ""
            if last or file_key(file) not in self.recorders:
                offer(f"{last}{file.name}", file_key(file), lambda turn, file=file: self.play_file(turn, file))  # type: ignore[misc]
        kept = self.choice.value if self.choice.value in self.recorders else options[0][1]
        self.choice.options = options
        self.choice.value = kept

    def play(self, turn: Turn, policy: Player, config: EnvConfig, title: str | None = None) -> Rollout:
        return record(ReportingPlayer(policy, turn.check), config, extra_terms=self.extra_terms, title=title)

    def play_file(self, turn: Turn, file: PolicyFile) -> Rollout:
        return self.play(turn, file.saved.player(), trial_world(file.saved.config.env), file.name)

    def join(self) -> Rollout:
        """Wait for the recording under way; returns the chosen episode."""
        self.work.join()
        assert self.rollout is not None
        return self.rollout

    def _chosen(self, change: dict[str, Any]) -> None:
        key = change["new"]
        if key is None:  # while the options are exchanged
            return
        if key[0] == "given":
            self.recorded[key] = self.given[key[1]]
        if key in self.recorded:
            self.work.cancel()
            self._show(self.recorded[key])
            return
        self._say("recording an episode …")

        def done(rollout: Rollout) -> None:
            self.recorded[key] = rollout
            self._show(rollout)

        self.work.run(self.recorders[key], done)

    def _show(self, rollout: Rollout) -> None:
        """Say what happens in it, and let `rollout` be it."""
        self.rollout = rollout
        t_ = rollout.transition
        passed = "passes" if t_.passed.any() else "does not pass"
        end = ", falls" if rollout.terminated else ""
        self._say(
            f"{rollout.config.scene.replace('_', ' ')}, {len(t_.x)} steps, ends at x = {t_.x[-1]:.2f} m, {passed}{end}"
        )

    def _say(self, text: str) -> None:
        self.line.value = Markup("<span class='twmr-sub'>{}</span>").format(text)


def file_key(file: PolicyFile) -> tuple[str, float]:
    return (str(file.path), file.modified)
