"""The training panel: every setting on the left; start, watch and steer the run on the right."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import ipywidgets as w

from twmr_nb.config.presets import DEFAULT_PRESET
from twmr_nb.files import checked_name
from twmr_nb.markup import one_line
from twmr_nb.runs.places import RUNS
from twmr_nb.runs.run import Run, RunError, new_run, refuse_second, training_run
from twmr_nb.runs.shelf import readable_runs
from twmr_nb.task.rewards import RewardTerm
from twmr_nb.ui.controls import Controls
from twmr_nb.ui.hypertext import Html
from twmr_nb.ui.live import RunShell
from twmr_nb.ui.shell import line, titled
from twmr_nb.ui.starting_point import StartingPoint, base_of

COMPARED = 3  # earlier runs drawn at a time, at most
DOC = "choose settings, start a run, watch it learn; the kernel stays free"


class TrainingPanel(RunShell):
    """Begin with a preset, or with the settings of a policy, by its name or file; `settings` are changes to them.

    `run` is the run shown, `start()` what the button does. A run that this kernel trains already is shown at once.

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
        self.root = Path(root or RUNS)
        self.origin = StartingPoint(preset_or_policy, self.root)
        config = self.origin.config
        self.controls = Controls(config.replace(**settings), base_of(config), extra_terms)
        self.note, self.busy = Html(), self._busy_row()
        left = [self.origin, self.controls, self._start_row(), self.busy, self.note]
        super().__init__("Training panel", DOC, left)
        self.view.stage.children = [self.view.picture, self._below()]
        self.origin.on_choose = lambda config: self.controls.show(config, base_of(config))
        self.controls.on_change = self._forget_mistake
        self.name.observe(lambda _: self._forget_mistake(), "value")
        self.view.on_change = self.sync
        self.list_earlier()
        if busy := training_run():
            self.view.show(busy)

    def start(self) -> Run:
        """Start a new run with these settings; raises ConfigError or RunError where that cannot be."""
        name = checked_name(self.name.value.strip())
        refuse_second()
        run = new_run(self.controls.config, name, self.root, extra_terms=self.controls.extra_terms)
        run.start()
        self.view.show(run)
        return run

    def stop_and_start(self) -> None:
        """Stop what trains now, saving it, then start."""
        if busy := training_run():
            busy.stop()
            busy.join()
        self.start()

    def sync(self) -> None:
        """A run's settings are shown while it trains, and cannot be changed; called when one begins or ends."""
        run = self.run
        locked = run is not None and run.training
        if run and locked:
            self.controls.show(run.config, base_of(run.config))
        self.controls.disable(locked)
        self.origin.choice.disabled = locked
        self.busy.layout.display = "none"
        self.note.say(
            f"The settings of {one_line(run.name)} while it trains; stop it to change them." if run and locked else ""
        )
        if not locked:
            self.origin.refresh()
            self.list_earlier()

    def list_earlier(self) -> None:
        """Offer the runs that can be compared with."""
        runs, _unreadable = readable_runs(self.root)
        here = self.run.name if self.run else ""
        self.records = {one_line(run.name): run.records for run in runs if run.records and run.name != here}
        kept = [name for name in self.earlier.value if name in self.records]
        self.earlier.options = list(self.records)
        self.earlier.value = kept

    def _forget_mistake(self) -> None:
        """What was wrong may be mended now."""
        if "twmr-error" in self.note.value:
            self.note.say("")

    def _start_row(self) -> w.HBox:
        self.name = w.Text("run", description="name", layout=w.Layout(flex="1 1 auto", width="auto"))
        self.name.style.description_width, self.name.tooltip = "40px", "The run's folder is NAME_TIMESTAMP"
        button = w.Button(description="Start training", icon="play", button_style="primary")
        button.on_click(lambda _: self._ask_or_start())
        return w.HBox([self.name, button], layout=w.Layout(width="100%"))

    def _busy_row(self) -> w.HBox:
        """Asked when a run trains already."""
        stop = w.Button(description="Stop it and start this one", layout=w.Layout(width="auto"))
        leave = w.Button(description="Let it train", layout=w.Layout(width="auto"))
        stop.on_click(lambda _: self._try(self.stop_and_start))
        leave.on_click(lambda _: self._answered())
        return w.HBox([stop, leave], layout=w.Layout(display="none"))

    def _ask_or_start(self) -> None:
        if busy := training_run():
            self.busy.layout.display = "flex"
            self.note.say(f"{busy.name} is training in this kernel, and one trains at a time.")
        else:
            self._try(self.start)

    def _answered(self) -> None:
        self.busy.layout.display = "none"
        self.note.say("")

    def _try(self, act: Callable[[], Any]) -> None:
        try:
            act()
        except (RunError, ValueError, OSError) as error:
            self.note.say(str(error), "twmr-error")

    def _below(self) -> w.HBox:
        """Under the curves: the film of the policy, and the runs to compare with."""
        self.earlier = titled(w.SelectMultiple(rows=8), "compare with earlier runs: up to three, Ctrl+click")
        self.earlier.observe(self._draw_earlier, "value")
        return line([self.view.clip, w.Box([self.earlier], layout=w.Layout(flex="1 1 170px", align_self="flex-start"))])

    def _draw_earlier(self, change: dict[str, Any]) -> None:
        self.view.compare({name: self.records[name] for name in change["new"][:COMPARED]})
