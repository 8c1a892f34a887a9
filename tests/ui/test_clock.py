"""The clock of a stage: it ticks and skips nothing, until it is told to stop, nobody looks, or another one goes."""

import threading
import time

import pytest
from waiting import wait_for

from twmr_nb.ui import clock
from twmr_nb.ui.clock import Clock


@pytest.fixture
def clocks():
    """clocks(tick) -> a clock and the list of why it stopped; all are stopped at the end."""
    made = []

    def new(tick, period=0.001):
        why = []
        made.append(Clock(tick, why.append, period))
        return made[-1], why

    yield new
    for each in made:
        each.stop()
        each.join()


def test_it_ticks_until_a_tick_says_no(clocks):
    left = list(range(20))
    ticker, why = clocks(lambda: bool(left.pop()))
    ticker.start()
    wait_for(lambda: why)
    assert (why, left) == ([""], [])
    wait_for(lambda: not ticker.runs)


def test_a_slow_tick_makes_it_late_and_is_not_skipped(clocks):
    ticks = []
    ticker, _ = clocks(lambda: bool(ticks.append(time.sleep(0.01)) or True), period=0.001)
    ticker.start()
    wait_for(lambda: len(ticks) > 30)
    assert ticker.speed < 0.5
    ticker.stop()
    ticker.join()
    count = len(ticks)
    time.sleep(0.03)
    assert len(ticks) == count


def test_a_tick_of_many_periods_waits_for_all_of_them(clocks):
    ticks = []
    ticker, _ = clocks(lambda: ticks.append(time.monotonic()) or 20, period=0.01)
    ticker.start()
    wait_for(lambda: len(ticks) > 4)
    assert ticks[4] - ticks[0] > 0.5  # 0.8 if the first was not late
    assert ticker.speed > 0.1  # of real time; a period for a tick would be 0.05


def test_a_clock_that_waits_long_is_woken(clocks):
    ticks = []
    ticker, _ = clocks(lambda: ticks.append(1) or 1, period=1000.0)
    ticker.start()
    wait_for(lambda: len(ticks) == 1)
    ticker.wake()
    wait_for(lambda: len(ticks) == 2)
    ticker.stop()
    ticker.join(timeout=60.0)
    assert not ticker.runs


def test_one_goes_at_a_time_and_the_other_is_told(clocks):
    first, why = clocks(lambda: True)
    second, _ = clocks(lambda: True)
    first.start()
    second.start()
    wait_for(lambda: why)
    assert why == ["another stage plays now"]
    assert second.runs
    assert not first.runs
    second.start()  # it goes already
    assert [t.name for t in threading.enumerate()].count("stage") <= 2


def test_it_ends_where_nobody_looks(clocks, monkeypatch):
    monkeypatch.setattr(clock, "PATIENCE", 0.05)
    ticker, why = clocks(lambda: True)
    ticker.start()
    wait_for(lambda: why)
    assert why == ["nobody was looking"]
    assert not ticker.runs
    ticker.start()  # and begins again when asked to
    assert ticker.runs
