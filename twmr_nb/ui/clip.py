"""A small film of the policy as it is now, made anew every so often while it learns; its episode also in 3D."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import ipywidgets as w
from markupsafe import Markup

from twmr_nb.draw.film import NO_GL, RenderError, gl_available, mp4
from twmr_nb.episodes.rollout import Rollout, record
from twmr_nb.runs.run import Run
from twmr_nb.task.rewards import TermError
from twmr_nb.ui.film import Film
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.replay import Replay
from twmr_nb.ui.shell import line
from twmr_nb.ui.status import steps_text, unhurried

SIZE, STEPS = (320, 180), 400  # pixels; control steps at most
FPS, SPEED = 10, 2.0  # frames per second; times real time
EVERY, SELDOM = 20.0, 120.0  # s between two films: at first, later
AGE = 0.1  # share of the training so far that this wait grows to
SHARE = 0.01  # of the time that recording, drawing and encoding may take; playing it in the page costs more
# One thread for all films: memory that a thread took stays with it, so one for each film would take more and more.
# Python waits for it at its end, as a thread that is cut short inside MuJoCo or JAX aborts it.
FILMING = ThreadPoolExecutor(1, "evaluation clip")
EMPTY = Markup("""<div style="height: 178px; border: 1px dashed var(--jp-border-color1, #bdbdbd); border-radius: 4px;
  display: flex; align-items: center; justify-content: center" class="twmr-sub">the policy, filmed</div>""")


class EvaluationClip(w.VBox):
    """`consider()` has a film made in the background if one is due; the switch turns it off.

    `rollout` is the newest episode; `on_episode` hears of every change of it.
    """

    def __init__(self) -> None:
        self.run: Run | None = None
        self.rollout: Rollout | None = None
        self.on_episode: Callable[[], None] = lambda: None
        self.can_film, self._lock = True, threading.RLock()
        self.filming: Future[None] | None = None
        self._policy_time, self._due = 0.0, 0.0
        self.switch = w.Checkbox(True, description="film it", indent=False, layout=w.Layout(width="auto"))
        self.switch.tooltip = (
            f"Film the newest policy as it learns, deterministic, every {EVERY:.0f} s or less often; "
            f"{SPEED:.0f} x real time"
        )
        size = w.Layout(width=f"{SIZE[0]}px", max_width="100%", margin="0")
        # Played once: where pages are drawn without a GPU, one that runs on takes a third of a core from the training.
        self.film = Film(layout=size)
        self.empty = Html(EMPTY, layout=size)
        self.line = Html()
        self.screen = w.Box([self.empty], layout=size)
        wide = w.Layout(width=f"{SIZE[0]}px", max_width="100%")
        super().__init__([self.screen, line([self.switch, self.line])], layout=wide)
        self.show(None)

    def show(self, run: Run | None) -> None:
        """Turn to another run."""
        with self._lock:
            self.run, self.rollout, self._policy_time, self._due = run, None, 0.0, 0.0
            self.screen.children = [self.empty]
            self.on_episode()
            self.line.say("")

    def finish(self) -> None:
        """The run has ended: film what it has become."""
        with self._lock:
            filming = self.filming
        if filming:
            filming.result()
        self._due = 0.0
        self.consider()

    def consider(self) -> None:
        """Make a film if there is a newer policy and it is time; if there is none, ask the run to save one."""
        with self._lock:  # a view that turns to another run may still be ending its work for the last one
            run = self.run
            if run is None or not self.switch.value or (self.filming and not self.filming.done()):
                return
            if time.monotonic() < self._due:
                return
            changed = run.policy_path.stat().st_mtime if run.policy_path.exists() else 0.0
            if changed == self._policy_time:
                if run.training:
                    run.save_now()
                return
            self._policy_time = changed
            with suppress(RuntimeError):  # Python is ending and takes no more work
                self.filming = FILMING.submit(self._make, run)

    def _make(self, run: Run) -> None:
        begin, made, trouble = time.monotonic(), b"", ""
        try:
            rollout, words = self.record(run)
            with self._lock:
                if run is not self.run:
                    return
                self.rollout = rollout
                self.on_episode()
                self.line.say(words)
            made = film(rollout) if self.can_film else b""
        except RenderError as error:  # no GL, no ffmpeg: that will not change
            self.can_film, trouble = False, f"{error} The 3D replay works without."
        except Exception as error:  # a thread has nobody above it to tell: the widget says what went wrong
            trouble = str(error) or type(error).__name__
        wait = max(unhurried(run.records, AGE, EVERY, SELDOM), (time.monotonic() - begin) / SHARE)
        with self._lock:
            if run is not self.run:  # another one's film is none of its
                return
            if made:
                with self.film.hold_sync():
                    self.film.value, self.film.words = made, f"The newest policy, filmed: it {words}."
                self.screen.children = [self.film]
            if trouble:
                self.line.say(trouble)
            self._due = time.monotonic() + wait

    def record(self, run: Run) -> tuple[Rollout, str]:
        """The newest policy's episode, and a line about it."""
        saved = run.policy
        steps = steps_text(saved.results.get("global_step", 0))
        title = f"after {steps} steps of training"
        how: dict[str, Any] = {"num_steps": STEPS, "title": title}
        try:
            rollout = record(saved.player(), run.config.env, extra_terms=run.extra_terms, **how)
        except TermError:  # told by the run already; how the robot drives can still be seen
            rollout = record(saved.player(), run.config.env, **how)
        passed = "passes" if rollout.transition.passed.any() else f"reaches {rollout.transition.x.max():.2f} m"
        return rollout, f"{passed} after {steps} steps"


def film(rollout: Rollout) -> bytes:
    """The episode as an mp4 file; raises RenderError where nothing can be drawn."""
    if not gl_available():
        raise RenderError(NO_GL)
    return mp4([rollout], FPS, SIZE, speed=SPEED)


class ReplaySwitch(w.ToggleButton):
    """While pressed, the clip's episode in 3D stands on the stage instead of what is there otherwise."""

    def __init__(self, clip: EvaluationClip, stage: w.Box, height: int) -> None:
        self.clip, self.stage, self.height = clip, stage, height
        self.replay: Replay | None = None
        super().__init__(description="3D replay", icon="cube", disabled=True, layout=w.Layout(width="98px"))
        self.tooltip = "The newest episode in 3D, with its rewards: turn it, stop it, click on a curve"
        clip.on_episode = self._offer
        self.observe(self._switch, "value")

    def _offer(self) -> None:
        """It can be pressed once there is an episode."""
        self.disabled = self.clip.rollout is None
        if self.disabled:
            self.value = False

    def _switch(self, change: dict[str, Any]) -> None:
        if change["new"] and self.clip.rollout:
            self.ordinary, self.replay = self.stage.children, Replay(self.clip.rollout, height=self.height)
            self.stage.children = [self.replay]
        elif self.replay:
            self.stage.children = self.ordinary
            self.replay.close()
            self.replay = None
