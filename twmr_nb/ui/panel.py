"""The training panel: every setting on the left; start, watch and steer the run on the right."""

import threading
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import ipywidgets as w

from twmr_nb.config.idle import refuse_passed
from twmr_nb.config.presets import DEFAULT_PRESET
from twmr_nb.config.schema import ConfigError, TrainConfig
from twmr_nb.files import checked_name
from twmr_nb.markup import one_line
from twmr_nb.runs.places import RUNS
from twmr_nb.runs.queue import QUEUE
from twmr_nb.runs.run import Run, RunError, new_run, training_run
from twmr_nb.runs.seeds import rows_of
from twmr_nb.runs.shelf import readable_runs
from twmr_nb.runs.start import fitting
from twmr_nb.task.rewards import RewardTerm
from twmr_nb.ui.controls import Controls
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.live import RunShell
from twmr_nb.ui.queue import QueueBox
from twmr_nb.ui.run_list import outcome_of
from twmr_nb.ui.shell import line, titled
from twmr_nb.ui.starting_point import StartingPoint, base_of

DOUBLE_CLICK = 0.6  # s
COMPARED = 3  # earlier runs drawn at a time, at most
EARLIER = f"earlier runs, up to {COMPARED} (Ctrl+click); of several seeds: median and range"
INTERRUPTED = "{} was interrupted at {:.0%}: tw.Runs() goes on with it; what starts here begins anew."
DOC = "choose settings, start a run, watch it learn; the kernel stays free"


class TrainingPanel(RunShell):
    """Begin with a preset, or with the settings of a policy, by its name or file; `settings` are changes to them.

    `run` is the run shown, `start()` what the button does. What this kernel trains already is shown at once, and what
    waits for its turn.

    >>> panel = tw.TrainingPanel("recommended", total_timesteps=50_000)
    >>> panel.controls.config.ppo.total_timesteps
    50000
    """

    def __init__(
        self,
        preset_or_policy: str = DEFAULT_PRESET,
        extra_terms: Iterable[RewardTerm] = (),
        *,
        root: str | Path | None = None,
        **settings: Any,
    ) -> None:
        self._turn = threading.RLock()  # clicks, cells and the threads that follow runs take turns
        self._asked: tuple[str, TrainConfig] | None = None  # name and settings of the run that the last click started
        self._started_at = 0.0
        self.interrupted = ""  # what to say of the newest run where it was
        self.root = Path(root or RUNS)
        self.origin = StartingPoint(preset_or_policy, self.root)
        config = self.origin.config
        self.controls = Controls(config.replace(**settings), base_of(config), extra_terms)
        self.note, self.queue = Html(), QueueBox()
        self.rows: dict[str, list[Run]] = {}  # of earlier runs, by name
        left = [self.origin, self.controls, self._start_row(), self.note]
        super().__init__("Training panel", DOC, left)
        self.view.stage.children = [self.view.picture, self._below()]
        self.origin.on_choose = lambda config: self.controls.show(config, base_of(config))
        self.controls.on_change = self.look
        for changing in (self.name, self.origin.train_on):
            changing.observe(lambda _: self.look(), "value")
        self.view.on_change = QUEUE.on_change = self.sync
        self.sync()

    @property
    def run(self) -> Run | None:
        """The run that is shown; one that a click is about to start is waited for."""
        with self._turn:
            return self.view.run

    def start(self) -> Run:
        """Start a new run with these settings, or let it wait for its turn while another trains; returns it.

        Raises ConfigError or RunError where that cannot be.
        """
        with self._turn:
            name, config, terms = checked_name(self.name.value.strip()), self.controls.config, self.controls.extra_terms
            refuse_passed(config.env)
            run = QUEUE.add(new_run(config, name, self.root, extra_terms=terms, start_from=self.origin.network))
            if not run.waiting:
                self.view.show(run)
            return run

    def sync(self) -> None:
        """Called when a training begins or ends, and when the queue changes. The newest panel shows what trains."""
        with self._turn:
            busy = training_run()
            if busy and busy is not self.run and QUEUE.on_change == self.sync:
                self.view.show(busy)  # which calls this again
                return
            words = ("Add to the queue", "plus") if busy else ("Start training", "play")
            self.button.description, self.button.icon = words
            self.queue.refresh()
            self.origin.refresh()
            self.list_earlier()
            self.look()

    def look(self) -> None:
        """Say what is wrong with what is set, as far as it can be known before training; else what it is for."""
        busy = training_run()
        told = f"{one_line(busy.name)} is training; what is set here is for the next one." if busy else self.interrupted
        self.note.say(told)
        try:
            if self.origin.network:
                fitting(self.origin.network, self.controls.config)
        except ConfigError as error:
            self.note.say(str(error), "twmr-error")

    def list_earlier(self) -> None:
        """Offer the runs that can be compared with, those that differ in nothing but the seed as one."""
        runs, _unreadable = readable_runs(self.root)
        newest = next(iter(runs), None)
        if newest and newest is not self.run and newest.state == "interrupted":
            self.interrupted = INTERRUPTED.format(one_line(newest.name), newest.progress)
        else:
            self.interrupted = ""
        here = self.run.name if self.run else ""
        chosen = {run.name for name in self.earlier.value for run in self.rows[name]}
        self.rows = rows_of(run for run in runs if run.records and run.name != here)
        self.earlier.options = [(f"{name}{outcome_of(row)}", name) for name, row in self.rows.items()]
        self.earlier.value = [name for name, row in self.rows.items() if chosen & {run.name for run in row}]

    def _start_row(self) -> w.HBox:
        self.name = w.Text("run", description="name", layout=w.Layout(flex="1 1 auto", width="auto"))
        self.name.style.description_width, self.name.tooltip = "40px", "The run's folder is NAME_TIMESTAMP"
        self.button = w.Button(button_style="primary")
        self.button.on_click(self._clicked)
        return w.HBox([self.name, self.button], layout=w.Layout(width="100%"))

    def _clicked(self, _: w.Button) -> None:
        """Start a run, or say why not; the second click of a double click is no wish for another one."""
        with self._turn:
            try:
                asked = self.name.value, self.controls.config
                if asked == self._asked and time.monotonic() - self._started_at < DOUBLE_CLICK:
                    return
                self.start()
                self._asked, self._started_at = asked, time.monotonic()
            except (RunError, ValueError, OSError) as error:
                self.note.say(str(error), "twmr-error")

    def _below(self) -> w.HBox:
        """Under the curves: the film of the policy, the runs to compare with, and those that wait."""
        self.earlier = titled(w.SelectMultiple(rows=7), EARLIER)
        self.earlier.observe(self._draw_earlier, "value")
        earlier = w.Box([self.earlier], layout=w.Layout(flex="1 1 170px", align_self="flex-start"))
        return line([self.view.clip, earlier, self.queue])

    def _draw_earlier(self, change: dict[str, Any]) -> None:
        with self._turn:
            shown = [name for name in change["new"] if name in self.rows][:COMPARED]
            self.view.compare({name: [run.records for run in self.rows[name]] for name in shown})
