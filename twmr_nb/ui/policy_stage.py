"""Policies in play: a video, a 3D replay, traces or an evaluation of one policy, or of two side by side."""

import html
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import ipywidgets as w
import numpy as np

from twmr_nb.evaluate import BATCH, evaluate
from twmr_nb.play import gate_trace, leg_trace, outcome
from twmr_nb.policies import PolicyPlayer, SavedPolicy
from twmr_nb.render import video
from twmr_nb.rollout import Rollout, record
from twmr_nb.ui.background import Background, Turn
from twmr_nb.ui.policy_files import PolicyFile
from twmr_nb.ui.replay import Replay
from twmr_nb.ui.traces import signal_traces

WIDTH = 640  # px
FPS = 20


@dataclass(frozen=True)
class ReportingPolicy(SavedPolicy):
    """A policy that reports every control step it plays, for progress bars and for stopping."""

    on_act: Callable[[], None] = lambda: None

    def player(self, deterministic: bool = True, seed: int = 0) -> PolicyPlayer:
        player = super().player(deterministic, seed)
        act = player.act

        def reporting_act(obs: np.ndarray) -> np.ndarray:
            self.on_act()
            return act(obs)

        player.act = reporting_act  # type: ignore[method-assign]
        return player


class PolicyStage(w.VBox):
    """Plays the policies of `show`, on a thread; `evaluated(file, result)` hears of every evaluation."""

    def __init__(self, evaluated: Callable[[PolicyFile, dict[str, Any]], None]) -> None:
        self.evaluated = evaluated
        self.files: tuple[PolicyFile, ...] = ()
        self.recorded: dict[Any, Rollout] = {}
        self.replay: Replay | None = None
        self.work = Background(self._say)
        self.buttons = {
            "Watch": w.Button(
                description="Watch", icon="film", button_style="primary", tooltip="A video of one episode"
            ),
            "3D replay": w.Button(
                description="3D replay", icon="cube", tooltip="Turn, stop and step through one episode"
            ),
            "Traces": w.Button(description="Traces", icon="line-chart", tooltip="Gate, legs, wheel torques over time"),
            "Evaluate": w.Button(description="Evaluate", icon="check", tooltip="Play many unseen episodes"),
        }
        actions = (self.watch, self.replay_in_3d, self.trace, self.evaluate)
        for button, action in zip(self.buttons.values(), actions, strict=True):
            button.layout.width = "92px"
            button.on_click(lambda _, action=action: action())
        small = w.Layout(width="auto", flex="0 0 auto")
        self.seed = w.BoundedIntText(0, min=0, max=10**6, tooltip="Seed of the start", layout=w.Layout(width="56px"))
        self.sampled = w.Checkbox(
            False,
            description="with noise",
            indent=False,
            tooltip="Sample actions as in training, instead of the mean",
            layout=small,
        )
        self.episodes = w.BoundedIntText(
            200, min=1, max=10_000, tooltip="Episodes to evaluate", layout=w.Layout(width="60px")
        )
        label = {"layout": w.Layout(margin="0 2px 0 8px")}
        bar = [*self.buttons.values(), w.HTML("episodes", **label), self.episodes, w.HTML("seed", **label), self.seed]
        self.progress = w.FloatProgress(
            min=0, max=1, layout=w.Layout(width="140px", height="14px", visibility="hidden")
        )
        self.stop = w.Button(description="Stop", layout=w.Layout(width="60px", visibility="hidden"))
        self.line = w.HTML(layout=w.Layout(flex="1 1 auto"))
        self.content = w.VBox(layout=w.Layout(width="100%", max_width=f"{WIDTH}px", min_height="400px"))
        status = w.HBox(
            [self.sampled, self.progress, self.stop, self.line],
            layout=w.Layout(align_items="center", min_height="32px"),
        )
        super().__init__([w.HBox(bar, layout=w.Layout(align_items="center")), status, self.content])
        self.stop.on_click(lambda _: self._stop())
        self.show(())

    def show(self, files: Sequence[PolicyFile]) -> None:
        """Offer to play these: one, or two side by side."""
        self.files = tuple(files)
        for button in self.buttons.values():
            button.disabled = not files
        self._idle()

    # What the buttons do

    def watch(self) -> None:
        """A video of one episode; of two policies side by side."""

        def job(turn: Turn) -> list[w.Widget]:
            rollouts = self._record(turn)
            frames = sum(math.ceil(r.time[-1] * FPS) for r in rollouts)
            turn.say(f"drawing {frames} pictures … (the 3D replay is there at once)")
            size = (640, 360) if len(rollouts) == 1 else (480, 270)
            film = video(rollouts if len(rollouts) > 1 else rollouts[0], FPS, size).data
            return [w.HTML(f"<div class='twmr-film'>{film}</div>"), w.HTML(outcomes(rollouts))]

        self._run(job)

    def replay_in_3d(self) -> None:
        """The episode in 3D; a second policy as a ghost."""

        def job(turn: Turn) -> list[w.Widget]:
            rollouts = self._record(turn)
            return [
                Replay(rollouts[0], rollouts[1] if len(rollouts) > 1 else None, height=310),
                w.HTML(outcomes(rollouts)),
            ]

        self._run(job)

    def trace(self) -> None:
        """Gate, legs and wheel torques over time, and the same as text."""

        def job(turn: Turn) -> list[w.Widget]:
            rollouts = self._record(turn)
            figure = signal_traces(rollouts, WIDTH)
            picture = w.Image(value=figure.png(1.5), layout=w.Layout(width=f"{WIDTH}px"))
            return [picture, w.HTML(outcomes(rollouts)), *map(text_trace, rollouts)]

        self._run(job)

    def evaluate(self) -> None:
        """Many unseen episodes of each policy, as a table."""
        episodes, seed, deterministic = self.episodes.value, self.seed.value, not self.sampled.value

        def job(turn: Turn) -> list[w.Widget]:
            results = []
            for i, file in enumerate(self.files):
                steps = file.saved.config.env.max_steps * math.ceil(episodes / BATCH)
                said = f"{episodes} episodes of {html.escape(file.name)} …"
                saved = self._reporting(file, turn, said, steps, i, len(self.files))
                result = evaluate(saved, None, episodes, seed + 1, deterministic)
                turn.check()
                self.evaluated(file, result)
                results.append(result)
            return [w.HTML(evaluation_table(results))]

        self._run(job)

    # How it is done

    def _run(self, job: Callable[[Turn], list[w.Widget]]) -> None:
        """Do the job on a thread and show the widgets it returns."""
        if not self.files:
            return
        self._busy(True)

        def done(widgets: list[w.Widget]) -> None:
            old, self.content.children = self.content.children, widgets
            for widget in old:
                widget.close()
            self._busy(False)
            self._idle()

        self.work.run(job, done)

    def _record(self, turn: Turn) -> list[Rollout]:
        """One episode of each policy, recorded once."""
        seed, deterministic = self.seed.value, not self.sampled.value
        rollouts = []
        for i, file in enumerate(self.files):
            key = (file.path, file.modified, seed, deterministic)
            if key not in self.recorded:
                said = f"playing {html.escape(file.name)} …"
                saved = self._reporting(file, turn, said, file.saved.config.env.max_steps, i, len(self.files))
                player = saved.player(deterministic, seed)
                self.recorded[key] = record(player, file.saved.config.env, seed, title=file.name)
            rollouts.append(self.recorded[key])
        return rollouts

    def _reporting(self, file: PolicyFile, turn: Turn, said: str, steps: int, i: int, count: int) -> ReportingPolicy:
        """The policy, moving the progress bar through its share (the i-th of count) in `steps` steps."""
        taken, every = 0, max(1, steps // 50)
        turn.say(said)

        def on_act() -> None:
            nonlocal taken
            turn.check()
            taken += 1
            if taken % every == 0:
                self.progress.value = (i + min(taken / steps, 1.0)) / count

        saved = file.saved
        return ReportingPolicy(
            saved.name, saved.policy, saved.config, saved.results, saved.command, saved.own_terms, on_act
        )

    def _busy(self, on: bool) -> None:
        self.progress.value = 0.0
        for widget in (self.progress, self.stop):
            widget.layout.visibility = "visible" if on else "hidden"

    def _idle(self) -> None:
        hints = (
            "Tick a policy on the left to play it, or two to compare them.",
            "",
            "side by side, in the order of ticking",
        )
        self._say(hints[len(self.files)])

    def _stop(self) -> None:
        self.work.cancel()
        self._busy(False)
        self._say("stopped")

    def _say(self, text: str) -> None:
        self.line.value = f"<span class='twmr-sub'>&ensp;{text}</span>"
        if "twmr-error" in text:
            self._busy(False)


def outcomes(rollouts: Sequence[Rollout]) -> str:
    """How each episode ended, one line each."""
    lines = (f"<b>{html.escape(r.title)}</b>: {outcome(r)}; return {r.reward.sum():.2f}" for r in rollouts)
    return "<br>".join(lines)


def text_trace(rollout: Rollout) -> w.HTML:
    """The original's debug lines, folded away."""
    lines = html.escape("\n".join([*gate_trace(rollout), *leg_trace(rollout)]))
    style = "max-height:160px;overflow:auto;font-size:11px"
    return w.HTML(
        f"<details><summary>{html.escape(rollout.title)} as text</summary><pre style='{style}'>{lines}</pre></details>"
    )


def evaluation_table(results: Sequence[dict[str, Any]]) -> str:
    """What evaluations found, one column each."""
    rows: dict[str, Callable[[dict[str, Any]], str]] = {
        "success rate": lambda r: f"<b>{100 * r['success_rate']:.1f}%</b>",
        "95% interval": lambda r: "{:.1f} – {:.1f}%".format(*(100 * share for share in r["success_interval"])),
        "time to pass (median)": lambda r: "–" if r["time_to_pass"] is None else f"{r['time_to_pass']:.1f} s",
        "final x (mean)": lambda r: f"{r['mean_final_x']:.2f} m",
        "falls": lambda r: f"{100 * r['falls']:.1f}%",
        "return (mean)": lambda r: f"{r['mean_return']:.2f}",
    }
    for name in dict.fromkeys(name for r in results for name in r["reward_terms"]):
        rows[f"&emsp;{name.replace('_', ' ')}"] = lambda r, name=name: f"{r['reward_terms'].get(name, 0.0):+.2f}"  # type: ignore[misc]
    how = {True: "mean action", False: "with noise"}
    head = "".join(f"<th style='text-align:right;padding:3px 14px'>{html.escape(r['policy'])}</th>" for r in results)
    said = ", ".join(dict.fromkeys(f"{r['episodes']} unseen episodes, {how[r['deterministic']]}" for r in results))
    body = "".join(
        f"<tr><td class='twmr-sub'>{title}</td>"
        + "".join(f"<td class='twmr-value' style='text-align:right;padding:3px 14px'>{show(r)}</td>" for r in results)
        + "</tr>"
        for title, show in rows.items()
    )
    return f"<table><tr><th style='text-align:left' class='twmr-sub'>{said}</th>{head}</tr>{body}</table>"
