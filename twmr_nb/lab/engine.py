"""Who does the tasks: this process, one after the other, or worker processes of dask.distributed, many at once.

A worker trains one run at a time, with its share of the cores; everything it does lies in the run's folder, where its
progress is read. One that dies has its task done by another, from the last checkpoint on.
"""

import functools
import logging
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from twmr_nb.lab.tasks import TRAINING, Result, Stopped, Task, Tell, do
from twmr_nb.markup import one_line, shown
from twmr_nb.progress import Progress
from twmr_nb.runs.identity import XLA_THREADS, cores, versions, xla_threads
from twmr_nb.runs.run import RunError
from twmr_nb.runs.training import in_a_sentence
from twmr_nb.task.simulation import THREADS
from twmr_nb.types import ConfigError, TrainingDiverged

EVERY = 0.5  # s between two looks at the workers
ANSWER, BEGIN = 5.0, 120.0  # s that a scheduler has to answer, the first worker to begin
FAREWELL = 30.0  # s that stopped workers have to save
GUARD = '`if __name__ == "__main__":`'
MOST_WORKERS = 256
DASK = {
    "distributed.worker.multiprocessing-method": "spawn",
    "distributed.worker.preload": [__name__],  # whose `dask_setup` a worker calls as it begins
    # Else workers look at themselves a hundred times a second, which holds up what they train.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
}
Outcome = Result | Exception
Tasks = Mapping[int, Task]
TellOf = Callable[[int, str, float], None]  # which task, what goes on, the share of it that is done
Engine = Callable[[Tasks, TellOf], Iterator[tuple[int, Outcome]]]
"""Yields the outcome of every task as soon as it is there; what went wrong with one is its outcome."""


@contextmanager
def engine(root: Path, workers: int | None = None, scheduler: str | None = None) -> Iterator[Engine]:
    """The engine of so many workers on this machine, of a scheduler's, or without either of this process.

    Raises ConfigError on what names no engine, RunError where there is none or the folder of runs cannot be made.
    """
    check_engine(workers, scheduler)
    try:
        root.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RunError(f"{shown(str(root))} cannot hold runs ({error.strerror}): choose another folder.") from None
    if workers is None and scheduler is None:
        yield in_turn
        return
    with ExitStack() as stack:
        with Progress("finding workers" if scheduler else "starting workers", 1, first=""):
            client = stack.enter_context(connected(root, workers, scheduler))
            greet(client, root)
        yield functools.partial(on_workers, client)


def check_engine(workers: int | None, scheduler: str | None) -> None:
    """Raise ConfigError on what names no engine."""
    if workers is not None and scheduler is not None:
        raise ConfigError("workers and scheduler exclude each other: a scheduler has workers of its own.")
    if workers is not None and not (type(workers) is int and 1 <= workers <= MOST_WORKERS):
        raise ConfigError(f"workers = {workers!r} is not allowed: give a whole number from 1 to {MOST_WORKERS}.")
    if scheduler is not None and not (isinstance(scheduler, str) and "://" in scheduler):
        raise ConfigError(f"scheduler = {scheduler!r} is not allowed: give its address, such as 'tcp://10.0.0.1:8786'.")
    if workers is not None or scheduler is not None:
        try:
            import distributed  # noqa: F401
        except ImportError:
            raise ConfigError("workers need dask.distributed: pip install 'twmr-nb[sweep]'.") from None


def in_turn(tasks: Tasks, tell: TellOf) -> Iterator[tuple[int, Outcome]]:
    """One after the other, here."""
    for i, task in tasks.items():
        try:
            outcome: Outcome = do(task, functools.partial(tell, i))
        except Exception as error:
            outcome = error
        yield i, outcome


def on_workers(client: Any, tasks: Tasks, tell: TellOf) -> Iterator[tuple[int, Outcome]]:
    """All at once, as far as there are workers. Left before the end, it has those that train save and stop."""
    futures = {i: client.submit(work, task, str(xla_threads()), pure=False) for i, task in tasks.items()}
    try:
        while futures:
            for i in [i for i, future in futures.items() if future.done()]:
                yield i, outcome_of(futures.pop(i))
            for i in futures:
                look(tasks[i], functools.partial(tell, i))
            time.sleep(EVERY)
    finally:
        for i in futures:
            tasks[i].ask_to_stop()
        end = time.monotonic() + FAREWELL
        while time.monotonic() < end and any(tasks[i].folder.state == "running" for i in futures):
            time.sleep(EVERY)
        client.cancel(list(futures.values()))


def work(task: Task, threads: str) -> Result:
    """In a worker: do a task as it would be done where it was asked for."""
    compile_for(threads)
    try:
        return do(task)
    except (Stopped, TrainingDiverged):
        raise
    except Exception as error:  # others may not survive the way back
        raise RunError(in_a_sentence(error)) from None


def compile_for(threads: str) -> None:
    """Have XLA compile for so many threads; too late where something is compiled, which the run's name then shows."""
    if not xla_threads.cache_info().currsize:
        os.environ[XLA_THREADS[0]] = threads


def outcome_of(future: Any) -> Outcome:
    """What a worker returned or raised, or that it died."""
    from distributed.scheduler import KilledWorker

    try:
        return future.result()
    except KilledWorker:
        return RunError("one worker after the other died of it, perhaps for want of memory: try fewer workers.")
    except Exception as error:
        return error


def look(task: Task, tell: Tell) -> None:
    """Tell what the run's folder says of a task that a worker does, or will do."""
    if task.folder.state == "running":
        last = task.folder.metrics[-1] if task.folder.metrics else {}
        done = last.get("progress", 0.0)
        tell("evaluating" if done >= 1 else f"{done:.0%}" if last else "compiling", TRAINING * done)


@contextmanager
def connected(root: Path, workers: int | None, scheduler: str | None) -> Iterator[Any]:
    """A client of the scheduler, or of processes of this machine that are started for it and end with it."""
    import dask
    from distributed import Client

    if scheduler is not None:
        try:
            client = Client(scheduler, timeout=ANSWER, set_as_default=False)
        except (OSError, TimeoutError, ValueError):
            raise RunError(
                f"no scheduler answers at {one_line(scheduler)}: start one, or correct the address."
            ) from None
        with client:
            yield client
        return
    with (
        TemporaryDirectory(prefix=".workers_", dir=root, ignore_cleanup_errors=True) as place,
        dask.config.set(DASK),
        local_cluster(workers or 1, place) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield client


def local_cluster(workers: int, place: str) -> Any:
    """Worker processes that nothing but this machine reaches; raises RunError where they cannot start."""
    from distributed import LocalCluster

    unguarded = f"the workers could not start: in a script, put what needs them below {GUARD}."
    if getattr(multiprocessing.current_process(), "_inheriting", False):  # a worker that runs the script it came from
        raise RunError(unguarded)
    try:
        return LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address="127.0.0.1:0",  # any port: the default's may be another cluster's
            scheduler_kwargs={"dashboard": False},
            memory_limit=0,
            local_directory=place,
            silence_logs=logging.CRITICAL,
            env=thread_counts(physics=max(1, cores() // workers)),
        )
    except RuntimeError:
        raise RunError(unguarded) from None


def dask_setup(worker: Any) -> None:
    """In a worker of this machine: Ctrl-C, which reaches all processes, is for the one that asks; it has them save."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def thread_counts(physics: int) -> dict[str, str]:
    """A worker's share of the cores for physics. XLA gets as many threads as here: with others, sums round otherwise
    and the same training ends in another policy."""
    return {THREADS: str(physics), XLA_THREADS[0]: str(xla_threads())}


def greet(client: Any, root: Path) -> None:
    """Raise RunError unless there are workers, that see the folder of runs and compute with the versions of here."""
    try:
        client.wait_for_workers(1, timeout=BEGIN)
    except TimeoutError:
        raise RunError(f"no worker came within {BEGIN:.0f} s: start one with `dask worker`.") from None
    try:
        answers = client.run(introduced, str(xla_threads()), str(root.resolve()))
    except Exception as error:  # such as a worker without this package
        said = one_line(error)
        raise RunError(f"a worker cannot do our work ({said}): install the same version of twmr-nb there.") from None
    here = versions()
    for worker, (theirs, sees) in answers.items():
        if other := [name for name in sorted(here | theirs) if here.get(name) != theirs.get(name)]:
            name = other[0]
            raise RunError(
                f"the worker {worker} has {name} {str(theirs.get(name))[:20]!r} and not {str(here.get(name))[:20]!r}, "
                "so its trainings would be others: install and set the same there."
            )
        if not sees:
            raise RunError(
                f"the worker {worker} does not see the folder {root}: "
                "put the runs where all machines see them (TWMR_RUNS)."
            )


def introduced(threads: str, root: str) -> tuple[dict[str, str], bool]:
    """In a worker: what it computes with, and whether it sees the folder of runs."""
    compile_for(threads)
    return versions(), os.path.isdir(root)
