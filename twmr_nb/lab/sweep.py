"""Many trainings, each a variant with a seed: under way, stopped and gone on with, and how they come out.

All that is known of one lies in its run folder. So another process, or this one tomorrow, that asks for the same
trainings finds what is done and goes on with the rest.
"""

import math
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack, closing, suppress
from dataclasses import dataclass
from typing import Any

from twmr_nb.config.as_text import flat
from twmr_nb.config.fields import is_number
from twmr_nb.config.schema import ConfigError, checked_timeout
from twmr_nb.draw.style import Plot
from twmr_nb.draw.table import Table
from twmr_nb.draw.tradeoff import tradeoff
from twmr_nb.lab.comparison import LESS, Comparison, Trial, check_measured, counted, known, measure
from twmr_nb.lab.engine import Engine, Outcome, check_engine, engine
from twmr_nb.lab.tasks import Result, Stopped, Task, done_before
from twmr_nb.markup import NAME, one_line, shown
from twmr_nb.progress import Progress, clock
from twmr_nb.runs.run import RunError, training_run

EVERY = 0.5  # s between two looks at what is under way
FEW = 12  # variants that a dot for each seed can be drawn of
Say = Callable[[str], None]


@dataclass(frozen=True)
class Entry:
    """One of many trainings."""

    variant: str
    seed: int
    task: Task
    settings: Mapping[str, Any]
    """What sets its variant apart."""


@dataclass(frozen=True)
class Row:
    """How one of them stands."""

    variant: str
    seed: int
    state: str
    """waiting, running, finished, stopped, or failed: why"""
    progress: float
    """Of its training, 0 to 1."""
    success: float | None
    """The share that passes: of the judged episodes once finished, of the training's last ones before."""


class Sweep:
    """Many trainings. `start()` does them in the background, `run()` in the caller's thread.

    As the last line of a cell it is its own live view. What is finished is in `comparison`, as columns of numbers in
    `columns()`, and as a trade-off in `plot(x, y)`.
    """

    def __init__(
        self,
        entries: Sequence[Entry],
        shows: type[Comparison] = Comparison,
        workers: int | None = None,
        scheduler: str | None = None,
    ) -> None:
        check_engine(workers, scheduler)
        self.entries, self.shows, self.workers, self.scheduler = tuple(entries), shows, workers, scheduler
        self.root = entries[0].task.root
        self.outcomes: dict[int, Outcome] = {}
        self.error: BaseException | None = None  # what ended all of it
        self._shares = dict.fromkeys(range(len(entries)), 0.0)
        self._over, self._begun, self._share_then = threading.Event(), time.monotonic(), 0.0
        self._over.set()

    # How it stands

    @property
    def under_way(self) -> bool:
        return not self._over.is_set()

    @property
    def here(self) -> bool:
        """Whether this process trains, and not workers."""
        return self.workers is None and self.scheduler is None

    @property
    def share(self) -> float:
        """How much of all the work is done, 0 to 1."""
        return sum(self._shares.values()) / len(self.entries)

    @property
    def left(self) -> str:
        """The time that is left, such as "2:05"; "" where nobody knows."""
        gone, spent = self.share - self._share_then, time.monotonic() - self._begun
        return clock((1 - self.share) * spent / gone) if self.under_way and gone > 0 else ""

    @property
    def failures(self) -> dict[str, str]:
        """Why a training failed or was stopped, by variant and seed."""
        return {self.label(i): str(o) for i, o in sorted(self.outcomes.items()) if isinstance(o, Exception)}

    def rows(self) -> list[Row]:
        return [self._row(i) for i in range(len(self.entries))]

    def _row(self, i: int) -> Row:
        entry, outcome = self.entries[i], self.outcomes.get(i)
        if outcome is not None and not isinstance(outcome, Exception):
            return Row(entry.variant, entry.seed, "finished", 1.0, outcome.get("success_rate"))
        folder = entry.task.folder
        state, last = folder.state, folder.metrics[-1] if folder.metrics else {}
        if isinstance(outcome, Exception):
            state = "stopped" if isinstance(outcome, Stopped) else "failed"
        elif state != "running":
            state = "waiting" if self.under_way else "stopped"
        if state == "failed":
            state = f"failed: {one_line(outcome, NAME)}"
        return Row(entry.variant, entry.seed, state, last.get("progress", 0.0), last.get("success_rate"))

    @property
    def table(self) -> Table:
        """A row per training: state, progress, success."""
        heads = ["variant", "seed", "state", "trained [%]", "passed [%]"]
        rows = [[r.variant, str(r.seed), r.state, *map(percent, (r.progress, r.success))] for r in self.rows()]
        return Table(heads, rows)

    @property
    def summary(self) -> str:
        """How far all is, in a line."""
        done = sum(map(done_well, list(self.outcomes.values())))
        state = f"{self.share:.0%} done" if self.under_way else "over"
        said = [f"{done} of {counted(len(self.entries), 'training')} finished", state]
        said += [f"{self.left} left"] if self.left else []
        if self.failures:
            said.append(f"{len(self.failures)} stopped or failed: the same again goes on with them")
        if self.error:
            said.append(f"ended by {type(self.error).__name__}: {one_line(self.error, NAME)}")
        return ", ".join(said)

    # How they came out

    @property
    def comparison(self) -> Comparison:
        """Those that are finished, by variant."""
        order = {name: k for k, name in enumerate(dict.fromkeys(e.variant for e in self.entries))}
        trials = [
            Trial(e.variant, e.seed, e.task.folder.metrics[:], outcome, e.task.folder.policy)
            for e, outcome in ((self.entries[i], o) for i, o in sorted(self.outcomes.items()))
            if not isinstance(outcome, Exception)
        ]
        return self.shows(tuple(sorted(trials, key=lambda t: order[t.variant])), self.entries[0].variant)

    def columns(self) -> dict[str, list[Any]]:
        """A column per setting and per measured number, one value for each finished training, as for a data frame.

        What is measured and varied, too, as the step's height may be, is "judged_step_height" where it is measured.
        """
        rows, varied = [], dict.fromkeys(name for e in self.entries for name in e.settings)
        for i, outcome in sorted(self.outcomes.items()):
            if not isinstance(outcome, Exception):
                e = self.entries[i]
                names = {k: f"judged_{k}" if k in varied else k for k in measured(outcome) if k != "seed"}
                numbers = {name: outcome[k] for k, name in names.items()}
                known = {**flat(e.task.config), **e.settings}  # a variant has a value of what only others set, too
                settings = {name: known[name] for name in varied}
                rows.append({"variant": e.variant, "seed": e.seed, **settings, **numbers, "run": str(e.task.path)})
        heads = list(dict.fromkeys(name for row in rows for name in row))
        return {name: [row.get(name) for row in rows] for name in heads}

    def plot(self, x: str = "effort", y: str = "success_rate") -> Plot:
        """A trade-off: medians over the seeds and their range, of each variant; the front, which none beats, is marked.

        x and y: numbers of an evaluation. Raises ConfigError on a name that no evaluation has.
        """
        check_measured(x, "x")
        check_measured(y, "y")
        comparison = self.comparison
        points = {}
        for name in comparison.variants:
            both = [[v * measure(k)[1] for v in known(comparison.results(k)[name])] for k in (x, y)]
            if all(both):
                points[name] = (both[0], both[1])
        return tradeoff(points, (measure(x)[0], measure(y)[0]), (x in LESS, y in LESS))

    def figure(self) -> Plot:
        """Those that are finished, in one picture: a dot for each, or a trade-off where there are many variants."""
        comparison = self.comparison
        return comparison.dots() if len(comparison.variants) <= FEW else self.plot()

    def unfinished(self) -> list[tuple[str, int]]:
        """What can be stopped or gone on with, by name and row."""
        return [(self.label(i), i) for i in self._shares if not done_well(self.outcomes.get(i))]

    def __repr__(self) -> str:
        return f"Sweep: {self.summary}\n{self.table}"

    def _repr_markdown_(self) -> str:
        return f"{self.summary}\n\n{self.table._repr_markdown_()}"

    # What it can be told

    def start(self) -> "Sweep":
        """Do it on a background thread and return at once; one that is under way with the same question is that one.

        Raises RunError where another run trains in this process, or where no worker or scheduler answers.
        """
        if (going := GOING.get(self._key)) and going.under_way:
            return going
        stack, each = self._open()
        threading.Thread(target=self._quietly, args=(stack, each), name="sweep", daemon=True).start()
        return self

    def run(self, say: Say | None = None, strict: bool = False) -> None:
        """Do it in the caller's thread. say: hears what goes on, in place of a bar. strict: whatever ends one training
        ends all, and is raised."""
        self._work(*self._open(), say, strict)

    def join(self, timeout: float = math.inf, on_outcome: Callable[[str, Outcome], None] | None = None) -> "Sweep":
        """Wait for the end, or for `timeout` seconds, and return the sweep. Interrupted, it goes on.

        on_outcome hears of each training that ends, with its evaluation or what went wrong. Raises what ended all.
        """
        end, told = time.monotonic() + checked_timeout(timeout), set[int]()
        with Progress("training", len(self.entries), first="") as bar:
            over = False
            while not over and time.monotonic() < end:
                over = self._over.wait(min(EVERY, max(0.0, end - time.monotonic())))
                self._show(bar)
                for i in sorted(self.outcomes.keys() - told) if on_outcome else ():
                    told.add(i)
                    on_outcome(self.label(i), self.outcomes[i])  # type: ignore[misc]
        if self.error:
            raise self.error
        return self

    def stop(self, index: int | None = None) -> None:
        """Stop one training by its row, or all; each saves a checkpoint. The same sweep again goes on with them."""
        if index is not None and not (is_number(index, int) and 0 <= index < len(self.entries)):
            last = len(self.entries) - 1
            raise ConfigError(f"row {shown(index)} is not there: give one from 0 to {last}, or nothing to stop all.")
        for i in range(len(self.entries)) if index is None else [index]:
            if self.under_way and i not in self.outcomes:
                self.entries[i].task.ask_to_stop()

    # At work

    @property
    def _key(self) -> Any:
        """All that is asked: which trainings, by which names, how they are judged, and what is made of it."""
        asked = ((e.variant, e.task.path, e.task.episodes, e.task.step_height, e.task.drive_on) for e in self.entries)
        return self.shows, *asked

    def label(self, i: int) -> str:
        return f"{one_line(self.entries[i].variant)}, seed {self.entries[i].seed}"

    def _open(self) -> tuple[ExitStack, Engine | None]:
        """Take what is finished, and have the engine ready for the rest; None where nothing is left."""
        if self.here and (busy := training_run()):
            raise RunError(f"{busy.name} is training: stop it or let it finish first.")
        if self.here and any(other.here and other.under_way for other in GOING.values()):
            raise RunError("other trainings are under way: stop them or let them finish first.")
        if self.under_way:
            raise RunError("these trainings are under way already.")
        found = {i: done_before(entry.task) for i, entry in enumerate(self.entries)}
        self.outcomes = {i: result for i, result in found.items() if result is not None}
        self._withdraw_stops()
        stack = ExitStack()
        each = stack.enter_context(engine(self.root, self.workers, self.scheduler)) if self._unfinished else None
        self.error, self._begun = None, time.monotonic()
        self._shares = {i: float(i in self.outcomes) for i in self._shares}
        self._share_then = self.share
        self._over.clear()
        GOING[self._key] = self
        return stack, each

    @property
    def _unfinished(self) -> dict[int, Task]:
        return {i: entry.task for i, entry in enumerate(self.entries) if i not in self.outcomes}

    def _withdraw_stops(self) -> None:
        for entry in self.entries:
            entry.task.stop_file.unlink(missing_ok=True)

    def _quietly(self, stack: ExitStack, each: Engine | None) -> None:
        """What ends it is kept for who waits or looks."""
        with suppress(BaseException):
            self._work(stack, each)

    def _work(self, stack: ExitStack, each: Engine | None, say: Say | None = None, strict: bool = False) -> None:
        total = len(self.entries)
        try:
            with stack, Progress("comparing", total, first="", hidden=say is not None) as bar:
                tell = say or bar.say

                def heard(i: int, words: str, share: float) -> None:
                    self._shares[i] = share
                    self._show(bar)
                    tell(f"{self.label(i)} (training {i + 1} of {total}): {words}")

                self._show(bar)
                if each:
                    with closing(each(self._unfinished, heard)) as outcomes:  # type: ignore[type-var]
                        for i, outcome in outcomes:
                            if strict and isinstance(outcome, Exception):
                                raise outcome
                            self.outcomes[i], self._shares[i] = outcome, 1.0
                            self._show(bar)
        except BaseException as error:
            self.error = error
            raise
        finally:
            self._withdraw_stops()
            GOING.pop(self._key, None)
            self._over.set()

    def _show(self, bar: Progress) -> None:
        done = sum(share == 1 for share in self._shares.values())
        if done != bar.done:
            bar.at(done)
        bar.part = sum(self._shares.values()) - done


GOING: dict[Any, Sweep] = {}  # of this process, so that a new cell finds the one under way


def done_well(outcome: Outcome | None) -> bool:
    return outcome is not None and not isinstance(outcome, Exception)


def measured(result: Result) -> list[str]:
    """The names of an evaluation's numbers; one is None where what it measures never happened."""
    return [k for k, v in result.items() if isinstance(v, int | float | None) and not k.endswith("interval")]


def percent(share: float | None) -> str:
    return "–" if share is None or math.isnan(share) else f"{100 * share:.0f}"
