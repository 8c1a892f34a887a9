"""Policies in play: a video, a 3D replay, traces or an evaluation of one policy, or of two side by side."""

import dataclasses
import io
import math
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as w
from markupsafe import Markup

from twmr_nb.config.schema import ConfigError
from twmr_nb.draw.episode import signal_traces
from twmr_nb.draw.film import frame_strip, video
from twmr_nb.episodes.evaluate import BATCH, evaluate
from twmr_nb.episodes.rollout import Rollout, record
from twmr_nb.episodes.worlds import world
from twmr_nb.ui.background import Background, Turn
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.picture import Picture
from twmr_nb.ui.policy_files import PolicyFile
from twmr_nb.ui.policy_results import evaluation_table, outcomes, text_trace
from twmr_nb.ui.replay import Replay
from twmr_nb.ui.reporting import ReportingPolicy
from twmr_nb.ui.saved import Keepsake, plain
from twmr_nb.ui.setting_row import number_box
from twmr_nb.ui.shell import line

WIDTH = 640  # px of a picture; a film and a replay take the room there is
FPS = 20
Files = tuple[PolicyFile, ...]


class PolicyStage(w.VBox):
    """Plays the policies of `show`, on a thread.

    `look_again()` returns them as their files are at the moment, `evaluated(file, result)` hears of every evaluation.
    """

    def __init__(
        self, look_again: Callable[[], Files], evaluated: Callable[[PolicyFile, dict[str, Any]], None]
    ) -> None:
        self.look_again, self.evaluated = look_again, evaluated
        self.last: Callable[[], None] = self.replay_in_3d  # the view that was asked for last
        self.files: tuple[PolicyFile, ...] = ()
        self.recorded: dict[Any, Rollout] = {}
        self.played: list[Rollout] = []  # last
        self.line = Html(layout=w.Layout(flex="1 1 auto"))
        self.work = Background(self.line.say, self._failed)
        self.buttons = [
            self._button("3D replay", "cube", "Turn, stop and step through one episode", self.replay_in_3d),
            self._button("Film", "film", "A video of one episode, to keep", self.watch),
            self._button("Traces", "line-chart", "Gate, legs, wheel torques over time", self.trace),
            self._button("Evaluate", "check", "Play many unseen episodes", self.evaluate),
        ]
        self.episodes = number_box("episodes", "Unseen episodes of an evaluation.", 200, 1, 10_000)
        self.seed = number_box(
            "seed", "Of the robot's start; another seed, another episode.", 1, 0, 10**6, self._own_start
        )
        self.sampled = w.Checkbox(
            description="with noise", indent=False, tooltip="Sample actions as in training, instead of the mean",
            layout=w.Layout(width="auto", flex="0 0 auto"),
        )  # fmt: skip
        self.failed = w.Dropdown(
            options=[("failed episodes", "")],
            tooltip="An episode of the last evaluation that did not pass: chosen, it plays",
            layout=w.Layout(width="150px", display="none"),
        )
        self.failed.observe(self._watch_failed, "value")
        self.sampled.observe(self._own_start, "value")
        self.judged_by = (0, True)  # seed of the last evaluation, and whether it took the mean action
        self.progress = w.FloatProgress(max=1, layout=w.Layout(width="140px", height="14px", display="none"))
        self.stop = w.Button(description="Stop", layout=w.Layout(width="60px", display="none"))
        self.content = w.VBox(layout=w.Layout(width="100%", max_width="900px", min_height="400px"))
        top = [*self.buttons, self.episodes, self.seed]
        status = [self.sampled, self.failed, self.progress, self.stop, self.line]
        super().__init__([line(top), line(status), self.content])
        self.stop.on_click(lambda _: self._stop())
        self.show(())

    def _button(self, label: str, icon: str, tip: str, action: Callable[[], None]) -> w.Button:
        button = w.Button(description=label, icon=icon, tooltip=tip, layout=w.Layout(width="98px"))
        button.on_click(lambda _: self._attempt(action))
        return button

    def show(self, files: Sequence[PolicyFile]) -> None:
        """Offer to play these: one, or two side by side."""
        if [file.path for file in files] != [file.path for file in self.files]:
            self._offer_failed(())
        self.files = tuple(files)
        for button in self.buttons:
            button.disabled = not files
        if self.progress.layout.display == "none":
            self._idle()

    def play(self) -> None:
        """Show the policies in the view that was asked for last; in 3D at first."""
        self._attempt(self.last)

    def clear(self) -> None:
        """Nothing is selected, so nothing is shown."""
        self.work.cancel()
        self._show(())
        self._busy(False)
        self._idle()

    def keepsake(self) -> Keepsake | None:
        """What was shown last: the curves, or stills of what was filmed, and what came of it; None before that."""
        shown = self.content.children
        if not shown:
            return None
        texts = [part.value for part in shown if isinstance(part, w.HTML)]
        picture = next((part.value for part in shown if isinstance(part, Picture)), b"")
        if isinstance(shown[0], Replay) or "twmr-film" in texts[0]:
            buffer = io.BytesIO()
            frame_strip(self.played[0], 3).save(buffer, "PNG")
            picture = buffer.getvalue()
        said = next((text for text in texts if "twmr-film" not in text), "")
        below = Markup("<div>{}</div>").format(Markup(said))  # noqa: S704 (what an Html holds is escaped)
        return Keepsake(plain(said.replace("</tr>", "; ")), picture, below)

    # What the buttons do

    def _offer_failed(self, results: Sequence[dict[str, Any]]) -> None:
        """Whatever failed in these evaluations, to be chosen; nothing is where nothing did."""
        numbers = sorted({number for result in results for number in result["failed"]})
        self.failed.options = [("failed episodes", ""), *((f"episode {number}", number) for number in numbers)]
        self.failed.layout.display = "" if numbers else "none"

    def _watch_failed(self, change: dict[str, Any]) -> None:
        if change["new"] != "":
            self.play()

    def _own_start(self, *_: Any) -> None:
        """From now on the seed and the noise that are asked for count, and no episode of an evaluation."""
        self.failed.value = ""

    def watch(self) -> None:
        """A video of one episode; of two policies side by side."""
        how = self._how()

        def job(turn: Turn, files: Files) -> list[w.Widget]:
            rollouts = self._record(turn, files, *how)
            frames = sum(math.ceil(r.time[-1] * FPS) for r in rollouts)
            turn.say(f"drawing {frames} pictures … (the 3D replay is there at once)")
            size = (640, 360) if len(rollouts) == 1 else (480, 270)
            film = Markup("<div class='twmr-film'>{}</div>").format(video(rollouts, fps=FPS, size=size))
            return [Html(film), Html(outcomes(rollouts))]

        self._run(job, self.watch)

    def replay_in_3d(self) -> None:
        """The episode in 3D; a second policy as a ghost."""
        how = self._how()

        def job(turn: Turn, files: Files) -> list[w.Widget]:
            rollouts = self._record(turn, files, *how)
            ghost = rollouts[1] if len(rollouts) > 1 else None
            return [Replay(rollouts[0], ghost, height=310, autoplay=True), Html(outcomes(rollouts))]

        self._run(job, self.replay_in_3d)

    def trace(self) -> None:
        """Gate, legs and wheel torques over time, and the same as text."""
        how = self._how()

        def job(turn: Turn, files: Files) -> list[w.Widget]:
            rollouts = self._record(turn, files, *how)
            figure, said = signal_traces(rollouts, WIDTH), " and ".join(rollout.title for rollout in rollouts)
            words = f"Gate, legs and wheel torques over time of {said}"
            picture = Picture(figure.save, "traces", value=figure.png(1.5), words=words)
            return [picture, Html(outcomes(rollouts)), *map(text_trace, rollouts)]

        self._run(job, self.trace)

    def evaluate(self) -> None:
        """Many unseen episodes of each policy, as a table."""
        self._own_start()
        episodes, (seed, deterministic, _) = self.episodes.value, self._how()

        def job(turn: Turn, files: Files) -> list[w.Widget]:
            results = []
            for i, file in enumerate(files):
                steps = world(file.saved.config.env).max_steps * math.ceil(episodes / BATCH)
                said = f"{episodes} episodes of {file.title} …"
                saved = self._reporting(file, turn, said, steps, i / len(files), (i + 1) / len(files))
                results.append(evaluate(saved, None, episodes, seed, deterministic) | {"policy": file.title})
                turn.check()
                self.evaluated(file, results[-1])
            turn.check()
            self.judged_by = seed, deterministic
            self._offer_failed(results)
            return [Html(evaluation_table(results))]

        self._run(job)

    # How it is done

    def _attempt(self, action: Callable[[], None]) -> None:
        """Do it, or say which number cannot be used."""
        try:
            action()
        except ConfigError as error:
            self._failed(str(error))

    def _how(self) -> tuple[int, bool, int | None]:
        """The seed, whether actions are taken without noise, and the failed episode that was chosen, if one was.

        Raises ConfigError on a seed that is none.
        """
        if self.failed.value != "":
            return *self.judged_by, self.failed.value
        return self.seed.value, not self.sampled.value, None

    def _run(self, job: Callable[[Turn, Files], list[w.Widget]], view: Callable[[], None] | None = None) -> None:
        """Do the job for the files of this moment on a thread, then show the widgets it returns."""
        self.last = view or self.last
        files = self.look_again()
        if not files:
            self.clear()
            return
        self.work.cancel()  # or what an older job ends with could still come after this
        self._busy(True)

        def done(widgets: list[w.Widget]) -> None:
            self._show(widgets)
            self._busy(False)
            self._idle()

        self.work.run(lambda turn: job(turn, files), done)

    def _show(self, widgets: Sequence[w.Widget]) -> None:
        old, self.content.children = self.content.children, tuple(widgets)
        for widget in old:
            widget.close()

    def _record(self, turn: Turn, files: Files, seed: int, deterministic: bool, episode: int | None) -> list[Rollout]:
        """One episode of each policy, recorded once for the same policy, world, seed, noise and number."""
        rollouts = []
        for i, file in enumerate(files):
            env = world(file.saved.config.env)
            key = (file.digest, file.title, env, seed, deterministic, episode)
            if key not in self.recorded:
                said = f"playing {file.title} …"
                saved = self._reporting(file, turn, said, env.max_steps, i / len(files), (i + 1) / len(files))
                how: dict[str, Any] = {"episode": episode, "deterministic": deterministic}
                self.recorded[key] = record(saved, env, seed, title=file.title, **how)
            rollouts.append(self.recorded[key])
        self.played = rollouts
        return rollouts

    def _reporting(
        self, file: PolicyFile, turn: Turn, said: str, steps: int, begin: float, end: float
    ) -> ReportingPolicy:
        """The policy; while it plays `steps` steps, the progress bar goes from `begin` to `end`."""
        taken, every = 0, max(1, steps // 50)
        turn.say(said)

        def on_act() -> None:
            nonlocal taken
            turn.check()
            taken += 1
            if taken % every == 0:
                self.progress.value = begin + (end - begin) * min(taken / steps, 1.0)

        values = {field.name: getattr(file.saved, field.name) for field in dataclasses.fields(file.saved)}
        return ReportingPolicy(**values, on_act=on_act)

    def _busy(self, on: bool) -> None:
        self.progress.value = 0.0
        for widget in (self.progress, self.stop):
            widget.layout.display = "" if on else "none"

    def _idle(self) -> None:
        hints = ("Tick a policy in the table, and it plays.", "", "In the order of ticking.")
        self.line.say(hints[len(self.files)])

    def _stop(self) -> None:
        self.work.cancel()
        self._busy(False)
        self.line.say("Stopped.")

    def _failed(self, text: str) -> None:
        self._busy(False)
        self.line.say(text, "twmr-error")
