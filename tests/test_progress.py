"""The line under long work: it waits a second, tells what is left, goes away, and never speaks from a thread."""

import io
import re
import sys
import threading
import time
from types import SimpleNamespace

import jax
import pytest

from twmr_nb import progress
from twmr_nb.config.schema import EnvConfig, TrainConfig
from twmr_nb.episodes.evaluate import evaluate, sweep_heights
from twmr_nb.episodes.rollout import record, record_many
from twmr_nb.learn.network import ActorCritic, init_policy
from twmr_nb.policies.protocol import RandomPolicy
from twmr_nb.policies.saved import SavedPolicy
from twmr_nb.progress import Progress, clock

WORLD = EnvConfig(max_steps=4)


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def terminal(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=terminal, modules=sys.modules))
    monkeypatch.setattr(progress, "PATIENCE", 0.05)
    monkeypatch.setattr(progress, "EVERY", 0.02)
    return terminal


@pytest.fixture
def ended(monkeypatch):
    """What every bar had counted at its end: total, done, hidden, by what it was for."""
    seen = {}
    leave = Progress.__exit__

    def end(self, *error):
        seen.setdefault(self.what, []).append((self.total, self.done, self.hidden))
        leave(self, *error)

    monkeypatch.setattr(Progress, "__exit__", end)
    return seen


def lines(terminal):
    return terminal.getvalue().replace("\x1b[K", "").split("\r")


def until(terminal, words):
    """Wait until the line has said so, however slowly the machine draws it."""
    end = time.monotonic() + 60
    while words not in terminal.getvalue():
        assert time.monotonic() < end, f"never said: {words}"
        time.sleep(0.01)


def work(bar, terminal, steps=6):
    """Steps, each of which takes until the line shows it."""
    for _ in range(steps):
        bar.step()
        until(terminal, f"{bar.share:.0%}")


def test_it_tells_how_far_it_is_and_is_gone_at_the_end(terminal):
    with Progress("counting", 6) as bar:
        work(bar, terminal)
    *told, last = lines(terminal)
    assert last == ""
    assert any("counting, 50%" in line for line in told)
    assert "[############............]" in terminal.getvalue()
    assert "[########################] counting, 100%" in told[-1]


def test_compiling_is_named_while_the_first_step_takes_its_time(terminal):
    with Progress("evaluating", 6) as bar:
        until(terminal, "compiling")
        work(bar, terminal, 1)
    told = lines(terminal)
    assert re.search(r"evaluating: compiling, \d+ s so far", told[1])
    assert not any("compiling" in line for line in told[-2:])


def test_what_is_quick_leaves_no_trace(terminal, monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE", 60.0)
    with Progress("counting", 6) as bar:
        bar.step(6)
    assert terminal.getvalue() == ""


def test_the_line_is_gone_when_the_work_is_interrupted(terminal):
    def interrupted():
        with Progress("counting", 6) as bar:
            work(bar, terminal)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    told = lines(terminal)
    assert len(told) > 3
    assert told[-1] == ""
    assert Progress.current is None


@pytest.mark.parametrize("how", ["thread", "hidden", "no terminal"])
def test_where_nobody_waits_nothing_is_written(terminal, monkeypatch, how):
    if how == "no terminal":
        monkeypatch.setattr(terminal, "isatty", lambda: False, raising=False)

    def count():
        with Progress("counting", 6, hidden=how == "hidden") as bar:
            bar.step()
            time.sleep(0.3)  # several times as long as the line waits

    if how == "thread":
        thread = threading.Thread(target=count)
        thread.start()
        thread.join()
    else:
        count()
    assert terminal.getvalue() == ""


def test_one_inside_another_is_a_part_of_its_step(terminal):
    with Progress("outer", 2) as outer:
        outer.step()
        outer.part = 0.5
        with Progress("inner", 4) as inner:
            inner.step(2)
            assert outer.share == pytest.approx((1 + 0.75) / 2)
            until(terminal, "outer, 88%")
        outer.step()
        assert outer.share == 1.0
    assert "inner" not in terminal.getvalue()


def test_the_time_left_leaves_out_what_compiling_took(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(progress.time, "monotonic", lambda: now[0])
    with Progress("counting", 11, hidden=True) as bar:
        now[0] = 100.0
        bar.step()
        now[0] = 105.0
        bar.step(5)
        assert bar.text() == "counting, 55%, 5 s left"


def test_a_long_line_fits_the_terminal(terminal, monkeypatch):
    monkeypatch.setenv("COLUMNS", "40")
    with Progress("counting " * 20, 6):
        until(terminal, "counting")
    assert 30 < max(map(len, lines(terminal))) <= 39


@pytest.mark.parametrize(("seconds", "text"), [(8.4, "8 s"), (125, "2:05"), (3725, "1:02:05")])
def test_clock(seconds, text):
    assert clock(seconds) == text


def test_recording_and_evaluating_count_their_steps(ended):
    config = TrainConfig().replace(mlp_size=8, hidden_size=8)
    policy = SavedPolicy("fresh", init_policy(ActorCritic(8, 8), jax.random.key(0), 22, -0.5), config)
    record(RandomPolicy(), WORLD)
    record_many(RandomPolicy(), 3, WORLD, num_steps=2)
    evaluate(policy, WORLD, episodes=2)
    sweep_heights(policy, WORLD, heights=(0.01, 0.02), episodes=2)
    assert ended["recording"] == [(4, 4, False), (2, 2, False)]
    assert ended["evaluating"][0] == (4, 4, False)
    assert ended["evaluating"][-1] == (2, 2, False)
