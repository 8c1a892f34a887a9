"""The live view of one run: what it is doing, how far it is, its curves, and the buttons that steer it.

One thread follows the run and only changes widgets' values: it never prints, and ends when the run does.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from functools import partial
from pathlib import Path

import ipywidgets as w
from markupsafe import Markup, escape

from twmr_nb.draw.curves import LiveCurves, curves_text
from twmr_nb.markup import one_line
from twmr_nb.runs.run import Run, RunError
from twmr_nb.runs.symptoms import Symptoms, symptoms_of
from twmr_nb.types import Record
from twmr_nb.ui.clip import EvaluationClip, ReplaySwitch
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.in_page import InPage
from twmr_nb.ui.picture import Picture
from twmr_nb.ui.saved import Keepsake, changed, plain, show
from twmr_nb.ui.shell import STYLE, Shell, line
from twmr_nb.ui.status import (
    advice_text,
    failure_text,
    progress_text,
    result_text,
    state_text,
    symptoms_text,
    unhurried,
)

TICK, SELDOM, HASTE = 1.0, 3.0, 0.05  # s between two looks at the run: at first, later; while it stops
DRAW_EVERY, DRAW_SELDOM = 1.0, 6.0  # s between two pictures: at first, later
AGE = 0.02  # share of the training so far that either wait grows to
SHARE = 0.03  # of a core's time that drawing may take
POINTS = 400  # drawn per curve
WIDEST = 820  # px
WIDTH, HEIGHT = 640, 328  # px that the curves are drawn for; shown as wide as there is room
CONTROLS = 424  # px
SCENE = 290  # px, height of a 3D replay's picture
RESUMABLE = ("new", "stopped", "failed", "interrupted")
OVER = (*RESUMABLE[1:], "finished", "gone")
ELSEWHERE = "This run is now shown in a newer view. To see it here, run this cell again."
views: dict[Path, "LiveView"] = {}  # the newest view of each run: only that one follows it


class LiveView(w.VBox):
    """Shows a run; `show(run)` turns to another one, `compare` draws earlier ones in grey.

    `stage` holds the picture, and the clip if there is one; a 3D replay takes their place.
    """

    title = "Live view"

    def __init__(self, run: Run | None = None, clip: EvaluationClip | None = None) -> None:
        self.run: Run | None = None
        self.clip = clip
        self.compared: Mapping[str, Sequence[Sequence[Record]]] = {}
        self.on_change: Callable[[], None] = lambda: None  # told when training begins or goes on, and when it ends
        self.curves = LiveCurves(WIDTH, HEIGHT)
        self._lock, self._poke, self._end = threading.RLock(), threading.Event(), threading.Event()
        self._drawn, self._draw_at = -1, 0.0  # records in the picture; when it may be drawn again
        self.named = Symptoms()  # as they were when the picture was drawn
        self.state, self.steps, self.result, self.message, self.symptoms = (Html() for _ in range(5))
        self.bar = w.FloatProgress(min=0, max=1, layout=w.Layout(width="100%", height="16px", margin="0"))
        wide = w.Layout(width="100%", max_width=f"{WIDEST}px")  # wider, what is drawn for WIDTH would blur
        self.picture = Picture(self.save_figure, "learning_curves", layout=wide)
        self.pause = self._button("Pause", "pause", "Hold still, losing nothing", lambda run: run.pause())
        self.resume = self._button("Resume", "play", "Go on where it was", resume)
        self.stop = self._button("Stop", "stop", "End it here; it can be resumed", lambda run: run.stop())
        self.save = self._button("Save now", "save", "Write checkpoint and policy", Run.save_now)
        self.stage = w.VBox([self.picture, *([clip] if clip else [])])
        in_3d = [ReplaySwitch(clip, self.stage, SCENE)] if clip else []
        buttons = line([self.pause, self.resume, self.stop, self.save, *in_3d])
        rows = [line([self.state, self.steps], apart=True), self.bar, line([buttons, self.result], apart=True)]
        style = Html(STYLE, layout=w.Layout(display="none"))
        super().__init__([style, *rows, self.symptoms, self.message, self.stage, InPage()])
        self.add_class("twmr-shell")
        self.add_class("twmr-live")
        self.state.add_class("twmr-state")
        self.picture.add_class("twmr-curves")
        self.picture.observe(lambda _: changed(self), "value")
        self.show(run)

    def show(self, run: Run | None) -> None:
        """Turn to a run: its newest view is this one from now on."""
        self.leave()
        self.run, self._drawn, self._draw_at, self.named = run, -1, 0.0, Symptoms()
        self.message.value = self.symptoms.value = ""
        if self.clip:
            self.clip.show(run)
        if run:
            if other := views.get(run.path):
                other.leave(ELSEWHERE)
            views[run.path] = self
            run.on_start = partial(self.follow, tell=True)
            self.tell(run, run.records[:])
            self.follow()
            self.on_change()
        else:
            self.update()

    def follow(self, tell: bool = False) -> None:
        """Follow the run on a thread until it ends. That thread tells the owner: who starts a run may hold a lock."""
        self._end.set()
        self._end = threading.Event()
        threading.Thread(target=self._follow, args=(self.run, self._end, tell), name="live view", daemon=True).start()

    def leave(self, why: str = "") -> None:
        """Stop following."""
        with self._lock:
            self._end.set()
            self._poke.set()
            self.message.value = why
            if why and self.run and self.run.training:  # it still has to say when the run is over
                self.steps.value = ""
                threading.Thread(target=self._wait_for, args=(self.run,), name="waiting", daemon=True).start()
            for button in (self.pause, self.resume, self.stop, self.save):
                button.disabled = True
            if self.run and views.get(self.run.path) is self:
                del views[self.run.path]
                self.run.on_start = lambda: None

    def _wait_for(self, run: Run) -> None:
        """Tell the owner of a view that follows no more when its run is over."""
        with suppress(RunError):
            run.join()
        if self.run is run and views.get(run.path) is not self:
            self.state.say(one_line(run.name))
            self.on_change()

    def compare(self, records: Mapping[str, Sequence[Sequence[Record]]]) -> None:
        """Draw these earlier runs in grey; of several seeds, cut where the shortest ends, the median and the range."""
        ends = {name: min(map(len, logs)) for name, logs in records.items()}
        self.compared = {name: [thinned(log[: ends[name]]) for log in records[name]] for name in ends if ends[name]}
        self._drawn, self._draw_at = -1, 0.0
        self.update()

    def close(self) -> None:
        self.leave()
        super().close()

    def _follow(self, run: Run, end: threading.Event, tell: bool) -> None:
        if tell:
            self.on_change()
        while not end.is_set():
            over = not run.training and run.state in OVER
            with self._lock:
                if end.is_set():
                    return
                self._try_update(last=over)
            if over:
                self.on_change()
                changed(self, at_once=True)
                if self.clip:
                    self.clip.finish()
                return
            self._poke.wait(HASTE if run.stopping else unhurried(run.records, AGE, TICK, SELDOM))
            self._poke.clear()

    def _try_update(self, last: bool) -> None:
        """A thread has nobody above it to tell: the view itself says what went wrong."""
        try:
            self.update(last)
        except Exception as error:
            self._complain(error)

    def update(self, last: bool = False) -> None:
        """Show what the run is doing now; a new picture only if there is something new and time for it."""
        with self._lock:
            if self.run is None:
                self.state.value = Markup("<span class='twmr-head'>no run yet</span>")
                self.draw([])
                return
            self.run.refresh()
            records = self.run.records[:]
            self.tell(self.run, records)
            if last or (len(records) != self._drawn and time.monotonic() >= self._draw_at):
                self.draw(records)
            if last:  # what was drawn has its symptoms named
                self.tell(self.run, records)
            if self.clip and not last:
                self.clip.consider()

    def tell(self, run: Run, records: Sequence[Record]) -> None:
        """State, progress, result, and the buttons that make sense."""
        state = state_text(run)
        head = Markup("<span class='twmr-head'>{}</span>&ensp;<span class='twmr-sub'>{}</span>")
        self.state.value = head.format(state, one_line(run.name))
        self.steps.value = Markup("<span class='twmr-value'>{}</span>").format(progress_text(run, records))
        first, *rest = [*result_text(records), *saved(run), one_line(run.fell_back), ""]
        lines = Markup("<div class='twmr-value twmr-result'>{}<br>{}</div>")
        self.result.value = lines.format(first, " · ".join(filter(None, rest)))
        self.bar.value = min(run.progress, 1.0) if run.progress > 0 else 0.0  # nan cannot be sent
        self.bar.bar_style = {"finished": "success", "failed": "danger"}.get(state, "")
        if state == "failed":
            self.message.value = failure_text(run)
        elif state == "finished":
            self.message.value = escape(advice_text(records, self.named))
        steady = run.training and not run.stopping
        self.pause.disabled = not steady or state == "paused"
        self.resume.disabled = not (state == "paused" or (not run.training and state.split(":")[0] in RESUMABLE))
        self.stop.disabled = self.save.disabled = not steady

    def draw(self, records: Sequence[Record]) -> None:
        """A new picture, and its symptoms; it stays longer the more it costs, and the longer the curves are: they
        change less.

        Never longer than DRAW_SELDOM: the first one, which also loads the fonts, is no measure of the next.
        """
        begin = time.thread_time()
        total = self.run.config.ppo.total_timesteps if self.run else 0
        with self.picture.hold_sync():
            self.picture.value = self.curves.png(thinned(records), self.compared, total)
            self.picture.words = curves_text(records, self.compared)
        if self.run:
            self.named = symptoms_of(records, self.run.config)
            self.symptoms.value = symptoms_text(self.named)
        wait = max(unhurried(records, AGE, DRAW_EVERY, DRAW_SELDOM), (time.thread_time() - begin) / SHARE)
        self._drawn, self._draw_at = len(records), time.monotonic() + min(wait, DRAW_SELDOM)

    def save_figure(self, path: str | Path) -> Path:
        """Save the curves as they are shown, .svg, .pdf or .png, and their numbers as .csv beside it."""
        with self._lock:
            return self.curves.live.figure.save(path)

    def _button(self, name: str, icon: str, tooltip: str, act: Callable[[Run], None]) -> w.Button:
        button = w.Button(description=name, icon=icon, tooltip=tooltip, layout=w.Layout(width="auto", flex="0 0 auto"))

        def clicked(_: w.Button) -> None:
            assert self.run is not None
            self.message.value = ""
            try:
                act(self.run)
            except (RunError, ValueError, OSError) as error:
                self._complain(error)
            self._poke.set()
            with self._lock:  # or what was true a moment ago might come after the last word
                self.tell(self.run, self.run.records[:])

        button.on_click(clicked)
        return button

    def _complain(self, error: Exception) -> None:
        self.message.say(str(error) or type(error).__name__, "twmr-error")

    def keepsake(self) -> Keepsake:
        words = [plain(text.value) for text in (self.state, self.steps, self.result)]
        words += [symptom.name for symptom in self.named]
        return Keepsake(", ".join(filter(None, words)), self.picture.value)

    def _ipython_display_(self) -> None:
        show(self)


class RunShell(Shell):
    """A widget whose result is the live view of a run, with a film of its policy."""

    def __init__(self, title: str, doc: str, controls: Sequence[w.Widget]) -> None:
        self.view = LiveView(clip=EvaluationClip())
        super().__init__(title, doc, controls, [self.view], CONTROLS)
        self.view.picture.observe(lambda _: changed(self), "value")

    def keepsake(self) -> Keepsake:
        return self.view.keepsake()

    @property
    def run(self) -> Run | None:
        """The run that is shown."""
        return self.view.run


def resume(run: Run) -> None:
    if run.training:
        run.unpause()
    else:
        run.start()


def saved(run: Run) -> list[str]:
    """When the policy was last written, if it was."""
    if not run.policy_path.exists():
        return []
    return [f"saved {datetime.fromtimestamp(run.policy_path.stat().st_mtime):%H:%M:%S}"]


def thinned(records: Sequence[Record]) -> Sequence[Record]:
    """Every n-th record and the last: more than a curve can show costs time only."""
    stride = -(-len(records) // POINTS) or 1
    return records[::-1][::stride][::-1]
