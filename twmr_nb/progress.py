"""A line with a bar and the time left, under the cell or in the terminal, while something takes longer than a second.

It is gone when the work is done, so that a notebook keeps only results. It shows only where somebody waits: in a cell
or a terminal, on the main thread. A thread of its own draws it, so it also moves while a program is being compiled.
"""

import contextvars
import math
import shutil
import sys
import threading
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

from markupsafe import Markup

from twmr_nb.markup import one_line

PATIENCE, EVERY = 1.0, 0.4  # s until it appears; between two looks of it
BAR = 24  # letters in a terminal
Line = Callable[[str, float | None], None]  # shows words and a share done; None takes the line away


class Progress:
    """`with Progress("evaluating", total) as bar:`, then `bar.step()`; until the first one it says `first`.

    Inside another one it has no line of its own, and counts as a part of the other's current step.
    """

    current: "Progress | None" = None

    def __init__(self, what: str, total: float, first: str = "compiling", hidden: bool = False) -> None:
        self.what, self.total, self.first, self.hidden = what, total, first, hidden
        self.done, self.part = 0.0, 0.0  # part: how much of the current step
        self.words = ""
        self._outer: Progress | None = None
        self._thread: threading.Thread | None = None

    def step(self, count: float = 1) -> None:
        """So much more is done."""
        self.at(self.done + count)

    def at(self, done: float) -> None:
        """So much is done."""
        if done and not self.done:
            self._first_at, self._first_done = time.monotonic(), done
        self.done, self.part = done, 0.0
        if self._outer:
            self._outer.part = self._from + (1 - self._from) * min(self.share, 1.0)

    def say(self, words: str) -> None:
        """What goes on now."""
        self.words = words

    @property
    def share(self) -> float:
        return (self.done + self.part) / self.total if self.total else 0.0

    def text(self) -> str:
        """What is done, for how long, and how long it will take."""
        waited = f"{clock(time.monotonic() - self._begin)} so far"
        if not self.done and not self.part:
            now = self.words or self.first
            return f"{self.what}: {now}, {waited}" if now else f"{self.what}, {waited}"
        words = f"{self.what}: {self.words}" if self.words else self.what
        return f"{words}, {min(self.share, 1):.0%}, {self.left() or waited}"

    def left(self) -> str:
        """The time left, judged by the time since the first step, which had the compiling in it."""
        if self.done:
            gone, spent = self.done + self.part - self._first_done, time.monotonic() - self._first_at
        else:
            gone, spent = self.part, time.monotonic() - self._begin
        if gone <= 0 or spent < PATIENCE / 2:
            return ""
        return f"{clock(max(self.total - self.done - self.part, 0) * spent / gone)} left"

    def __enter__(self) -> "Progress":
        self._begin = time.monotonic()
        if self.hidden or threading.current_thread() is not threading.main_thread():
            return self
        self._outer, Progress.current = Progress.current, self
        self._from = self._outer.part if self._outer else 0.0
        if self._outer is None and (line := where_somebody_waits()):
            self._over = threading.Event()
            # In this context, the thread's output belongs to this cell.
            draw = contextvars.copy_context().run
            self._thread = threading.Thread(target=draw, args=(self._follow, line), name="progress", daemon=True)
            self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        if Progress.current is self:
            Progress.current = self._outer
        if self._thread:
            self._over.set()
            self._thread.join()
            self._thread = None

    def _follow(self, line: Line) -> None:
        shown, wait = False, PATIENCE
        while not self._over.wait(wait):
            line(self.text(), min(self.share, 1.0))
            shown, wait = True, EVERY
        if shown:
            line("", None)


def where_somebody_waits() -> Line | None:
    """The place of a line: below the cell that runs, or in the terminal; None where nobody would see it."""
    get_ipython = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)
    shell: Any = get_ipython()
    if hasattr(shell, "kernel"):
        # A widget's callback belongs to no cell.
        running = shell.get_parent().get("header", {}).get("msg_type") == "execute_request"
        return cell_line(shell.display_pub) if running else None
    return terminal_line if sys.stderr.isatty() else None


def cell_line(publisher: Any) -> Line:
    place = uuid4().hex
    begun = False

    def show(words: str, share: float | None) -> None:
        nonlocal begun
        bar = Markup('<progress value="{:.3f}" aria-label="{}"></progress> {}')
        page = "" if share is None else bar.format(share, words, words)
        data: dict[str, Any] = {"text/html": page, "text/plain": words}
        publisher.publish(data, transient={"display_id": place}, update=begun)
        begun = True

    return show


def terminal_line(words: str, share: float | None) -> None:
    width = shutil.get_terminal_size().columns - 1
    full = round(BAR * (share or 0.0))
    bar = "" if share is None else f"[{'#' * full}{'.' * (BAR - full)}] {one_line(words)}"
    sys.stderr.write(f"\r{bar[:width]}\x1b[K")
    sys.stderr.flush()


def clock(seconds: float) -> str:
    """8 s | 2:05 | 1:02:05"""
    if not math.isfinite(seconds):
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
