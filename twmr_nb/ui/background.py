"""Work that must not hold the kernel or the page: drawing at most once per change, and jobs on a thread."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Redraw:
    """Draws when called; inside `with redraw.hold():` only once, at the end. Threads take turns."""

    def __init__(self, draw: Callable[[], None]) -> None:
        self.draw = draw
        self.count = 0
        self._held, self._due, self._lock = 0, False, threading.RLock()

    def __call__(self, *_: Any) -> None:
        with self._lock:
            if self._held:  # by this very thread
                self._due = True
                return
            self.draw()
            self.count += 1

    @contextmanager
    def hold(self) -> Iterator[None]:
        with self._lock:
            self._held += 1
            try:
                yield
            finally:
                self._held -= 1
                if not self._held and self._due:
                    self._due = False
                    self()


class Background:
    """Runs one job at a time on a thread of its own; a newer job makes the results of an older one void.

    `say` is told what goes on, `failed` what went wrong.
    """

    def __init__(self, say: Callable[[str], None], failed: Callable[[str], None] | None = None) -> None:
        self.say, self.failed = say, failed or say
        self._turn, self._lock = 0, threading.RLock()
        self._over = threading.Event()  # of the newest job; an interrupted join would call a living thread ended
        self._over.set()

    def run(self, job: Callable[["Turn"], Any], done: Callable[[Any], None]) -> None:
        """Call job(turn) on a thread, then done(result), unless another job was started meanwhile."""
        with self._lock:
            self._turn += 1
            turn, self._over = Turn(self, self._turn), threading.Event()
        # No daemon: cut off in the midst of a simulation, it would bring the process down with an error.
        threading.Thread(target=self._work, args=(turn, job, done, self._over), daemon=False).start()

    def cancel(self) -> None:
        """Make the results of the job under way void."""
        with self._lock:
            self._turn += 1

    def join(self, timeout: float = 60.0) -> None:
        """Wait for the newest job to end, or for `timeout` seconds."""
        self._over.wait(timeout)

    def is_current(self, number: int) -> bool:
        return number == self._turn

    def _work(
        self, turn: "Turn", job: Callable[["Turn"], Any], done: Callable[[Any], None], over: threading.Event
    ) -> None:
        try:
            result = job(turn)
            with self._lock:  # so that what is done with it does not land after a newer job has begun
                turn.check()
                done(result)
        except Superseded:
            return
        except Exception as error:  # a thread has nobody above it to tell: the widget says what went wrong
            if turn.current:
                self.failed(in_one_line(error))
        finally:
            over.set()


class Superseded(Exception):
    """Raised inside a job that nobody waits for any more."""


class Turn:
    """A job's way to know whether it is still wanted."""

    def __init__(self, owner: Background, number: int) -> None:
        self.owner, self.number = owner, number

    @property
    def current(self) -> bool:
        return self.owner.is_current(self.number) and threading.main_thread().is_alive()

    def check(self) -> None:
        """Raise Superseded if a newer job has started, or the kernel is going down."""
        if not self.current:
            raise Superseded

    def say(self, text: str) -> None:
        if self.current:
            self.owner.say(text)


def in_one_line(error: Exception) -> str:
    """Our own errors speak for themselves; of others the kind says more than the text."""
    clear = isinstance(error, ValueError | RuntimeError) and str(error)
    return str(error) if clear else f"{type(error).__name__}: {error}"
