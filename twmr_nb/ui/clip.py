"""A small film of the policy as it is now, made anew every so often while it learns."""

import html
import threading
import time

import ipywidgets as w

from twmr_nb.render import NO_GL, RenderError, gl_available, mp4
from twmr_nb.rollout import record
from twmr_nb.runs import Run
from twmr_nb.ui.status import steps_text

SIZE, FPS, STEPS = (320, 180), 10, 400  # pixels; frames per second; control steps at most
EVERY = 20.0  # s between two films at least
SHARE = 0.01  # of a core's time that the thread may take; what draws and encodes beside it takes about twice as much
EMPTY = """<div style="height: 178px; border: 1px dashed var(--jp-border-color1, #bdbdbd); border-radius: 4px;
  display: flex; align-items: center; justify-content: center" class="twmr-sub">the policy, filmed</div>"""


class EvaluationClip(w.VBox):
    """`consider()` makes a film on a thread of its own if one is due; the switch turns it off."""

    def __init__(self) -> None:
        self.run: Run | None = None
        self.thread: threading.Thread | None = None
        self._policy_time, self._due = 0.0, 0.0
        self.switch = w.Checkbox(True, description="film it", indent=False, layout=w.Layout(width="72px"))
        self.switch.tooltip = f"Film the newest policy as it learns, deterministic, every {EVERY:.0f} s or less often"
        size = w.Layout(width=f"{SIZE[0]}px", height=f"{SIZE[1]}px", margin="0")
        self.film = w.Video(
            autoplay=True, loop=True, controls=True, width=str(SIZE[0]), height=str(SIZE[1]), layout=size
        )
        self.empty = w.HTML(EMPTY, layout=size)
        self.line = w.HTML()
        self.screen = w.Box([self.empty], layout=size)
        super().__init__([self.screen, w.HBox([self.switch, self.line])], layout=w.Layout(width=size.width))
        self.show(None)

    def show(self, run: Run | None) -> None:
        """Turn to another run."""
        self.run, self._policy_time, self._due = run, 0.0, 0.0
        self.screen.children = [self.empty]
        self.say("")

    def finish(self) -> None:
        """The run has ended: film what it has become."""
        if self.thread:
            self.thread.join()
        self._due = 0.0
        self.consider()

    def consider(self) -> None:
        """Make a film if there is a newer policy and it is time; if there is none, ask the run to save one."""
        run = self.run
        if run is None or not self.switch.value or (self.thread and self.thread.is_alive()):
            return
        if time.monotonic() < self._due:
            return
        changed = run.policy_path.stat().st_mtime if run.policy_path.exists() else 0.0
        if changed == self._policy_time:
            if run.training:
                run.save_now()
            return
        self._policy_time = changed
        self.thread = threading.Thread(target=self._make, args=(run,), name="evaluation clip")
        self.thread.start()

    def _make(self, run: Run) -> None:
        begin = time.thread_time()
        try:
            film, words = self.record(run)
            if run is self.run:
                self.film.value, self.screen.children = film, [self.film]
                self.say(words)
        except RenderError as error:  # no GL, no ffmpeg: that will not change
            self.switch.value, self.switch.disabled = False, True
            self.say(str(error))
        except Exception as error:  # a thread has nobody above it to tell: the widget says what went wrong
            self.say(str(error) or type(error).__name__)
        self._due = time.monotonic() + max(EVERY, (time.thread_time() - begin) / SHARE)

    def record(self, run: Run) -> tuple[bytes, str]:
        """The newest policy's episode as an mp4 file, and a line about it."""
        if not gl_available():
            raise RenderError(NO_GL)
        saved = run.policy()
        rollout = record(saved.player(), run.config.env, num_steps=STEPS, extra_terms=run.extra_terms)
        passed = "passes" if rollout.transition.passed.any() else f"reaches {rollout.transition.x.max():.2f} m"
        return mp4(rollout, FPS, SIZE), f"{passed} after {steps_text(saved.results.get('global_step', 0))} steps"

    def say(self, text: str) -> None:
        self.line.value = f"<span class='twmr-sub'>{html.escape(text)}</span>"
