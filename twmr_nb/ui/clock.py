"""Real time for what is stepped by hand: a thread that ticks, as long as somebody looks and no other clock goes."""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import ClassVar

PATIENCE = 28.0  # s without a sign of a page, which may be late itself: within 30 s all is still
DEBT = 0.2  # s behind, of which the clock forgets the rest: it is late then, and skips nothing
SETTLED = 1.0  # s over which the speed is measured


class Clock:
    """Calls `tick()`, on a thread, so that as many periods pass as it returns; `told(why)` hears of each end.

    A tick returns by how many `period`s it went on, each of which takes `period` s / `pace`; 0 is the end.
    It stops where nobody has called `heard()` for half a minute, and when another clock starts: one goes at a time.
    """

    going: ClassVar["Clock | None"] = None
    _one: ClassVar = threading.Lock()

    def __init__(self, tick: Callable[[], int], told: Callable[[str], None], period: float) -> None:
        self.tick, self.told, self.period, self.pace = tick, told, period, 1.0
        self._stop, self._why, self._awake = threading.Event(), "", threading.Event()
        self._thread: threading.Thread | None = None
        self._ticks: deque[tuple[float, int]] = deque()  # when each of late began, and how many periods were over
        self._heard = time.monotonic()

    @property
    def runs(self) -> bool:
        return self._thread is not None and self._thread.is_alive() and not self._stop.is_set()

    @property
    def speed(self) -> float:
        """Simulated time over real time, of late; `pace` as long as it has hardly begun."""
        ticks = list(self._ticks)
        took = ticks[-1][0] - ticks[0][0] if ticks else 0.0
        if took < SETTLED / 5:
            return self.pace
        return self.period * (ticks[-1][1] - ticks[0][1]) / took

    def heard(self) -> None:
        """A page is there and looks."""
        self._heard = time.monotonic()

    def start(self) -> None:
        """Go on, and let any other clock stop."""
        with Clock._one:
            if self.runs:
                return
            if (other := Clock.going) and other is not self:
                other.stop("another stage plays now")
            Clock.going = self
            self.join()
            self._stop, self._why = threading.Event(), ""
            self._ticks.clear()
            self._awake.clear()
            self.heard()
            # No daemon: cut off in the midst of a simulation, it would bring the process down with an error.
            self._thread = threading.Thread(target=self._run, args=[self._stop], name="stage", daemon=False)
            self._thread.start()

    def stop(self, why: str = "") -> None:
        """Stop after the tick under way."""
        self._why = why
        self._stop.set()
        self.wake()

    def wake(self) -> None:
        """Let the next tick come at once."""
        self._awake.set()

    def join(self, timeout: float = 10.0) -> None:
        """Wait until the thread has ended, if there is one; its own ticks need not wait."""
        if self._thread and self._thread is not threading.current_thread():
            self._thread.join(timeout)

    def _run(self, stop: threading.Event) -> None:
        due, main, periods = time.monotonic(), threading.main_thread(), 0
        while not stop.is_set() and main.is_alive():
            now = time.monotonic()
            if now - self._heard > PATIENCE:
                self.stop("nobody was looking")
                break
            self._ticks.append((now, periods))
            while len(self._ticks) > 2 and now - self._ticks[1][0] > SETTLED:
                self._ticks.popleft()
            went_on = self.tick()
            if not went_on:
                stop.set()
                break
            periods += went_on
            due = max(due + went_on * self.period / self.pace, time.monotonic() - DEBT)
            if self._awake.wait(max(0.0, due - time.monotonic())):
                self._awake.clear()
                due = min(due, time.monotonic())
        self.told(self._why)
