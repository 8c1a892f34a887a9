"""The queue of trainings: one trains, the rest wait; the next begins when the one before is over, however it ended.

It belongs to the process, as the run that trains does: a new cell finds it as it was.
"""

import shutil
import threading
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from twmr_nb.config.schema import TrainConfig
from twmr_nb.policies.saved import SavedPolicy
from twmr_nb.runs.folder import RunError
from twmr_nb.runs.run import Run, new_run, training_run
from twmr_nb.task.rewards import RewardTerm
from twmr_nb.types import Mistake

LOOK = 1.0  # s between two looks at a training that nobody stops


class Queue:
    """Runs that wait for their turn. One thread lives while any of them does, and until the last of them is over."""

    def __init__(self) -> None:
        self.failures: dict[str, str] = {}  # why one came to nothing, by name; forgotten once a new queue begins
        self.on_change: Callable[[], None] = lambda: None  # told of every change; the newest panel listens
        self._runs: list[Run] = []
        self._lock, self._busy = threading.Lock(), False

    @property
    def waiting(self) -> tuple[Run, ...]:
        """Who waits, the next first."""
        return tuple(run for run in self._runs if run.waiting)

    def add(self, run: Run) -> Run:
        """Start a run, or let it wait where another trains or waits already; returns it."""
        with self._lock:
            if not self._busy and training_run() is None:
                self.failures = {}
                return run.start()
            run.waiting = True
            self._runs.append(run)
            if not self._busy:
                self._busy, self.failures = True, {}
                threading.Thread(target=self._work, name="queue", daemon=True).start()
        self.on_change()
        return run

    def move(self, run: Run, places: int) -> None:
        """So many places nearer to its turn, or further from it where that is negative."""
        with self._lock:
            here = self._place(run)
            self._runs.insert(max(0, here - places), self._runs.pop(here))
        self.on_change()

    def remove(self, run: Run) -> None:
        """Let a run wait no more; of one that never trained nothing is left."""
        with self._lock:
            self._runs.pop(self._place(run))
            run.waiting = False
            if run.state == "new":
                shutil.rmtree(run.path)
        self.on_change()

    def _place(self, run: Run) -> int:
        if run not in self._runs:
            raise RunError(f"{run.name} does not wait any more.")
        return self._runs.index(run)

    def _work(self) -> None:
        """Give each its turn, whatever the one before has come to."""
        while self._busy:
            if run := training_run():
                with suppress(RunError):  # that it failed: told below
                    run.join(LOOK)
                if run.training:
                    continue
                if run.state == "failed":
                    self.failures[run.name] = run.failure
            else:
                self._next()
            with suppress(Exception):  # a page that is gone must not end the queue
                self.on_change()

    def _next(self) -> None:
        """Start who is first, if he can be."""
        with self._lock:
            self._busy = bool(self._runs)
            if not self._runs:
                return
            run = self._runs[0]
            try:
                if run.waiting:  # and was not started by hand
                    run.start()
            except (Mistake, ValueError, OSError) as error:
                if training_run():  # somebody was quicker: it waits on
                    return
                self.failures[run.name] = str(error)
            self._runs.remove(run)
            run.waiting = False


QUEUE = Queue()  # of this process


def enqueue(
    config: TrainConfig | str = "recommended",
    name: str = "run",
    *,
    root: str | Path | None = None,
    extra_terms: Iterable[RewardTerm] = (),
    start_from: SavedPolicy | str | Path | None = None,
    **settings: Any,
) -> Run:
    """Make a run that trains when its turn comes, at once where none trains; returns at once with the run.

    The arguments are those of `train`. Whatever one comes to, finished, stopped or failed, the next begins.

    >>> from tempfile import mkdtemp
    >>> tiny = {"num_envs": 2, "minibatches": 1, "rollout_steps": 8, "total_timesteps": 32}
    >>> runs = [tw.enqueue("flip", root=mkdtemp(), seed=seed, **tiny) for seed in (0, 1)]
    >>> [run.join() for run in runs]
    ['finished', 'finished']
    """
    return QUEUE.add(new_run(config, name, root, None, extra_terms, start_from, **settings))
