"""The live view of many trainings: it follows them to their end, stops one or all, and goes on."""

import pytest
from ui_hands import click, threads, words
from waiting import wait_for

from twmr_nb.draw.style import Plot
from twmr_nb.draw.table import Table
from twmr_nb.lab.experiment import sweep
from twmr_nb.types import ConfigError
from twmr_nb.ui.sweep import SweepView


class Work:
    """Two trainings, as a view knows them."""

    def __init__(self):
        self.under_way, self.outcomes, self.told, self.drawn = True, {}, [], 0

    @property
    def share(self):
        return len(self.outcomes) / 2

    @property
    def summary(self):
        return f"{len(self.outcomes)} of 2 trainings finished"

    @property
    def table(self):
        return Table(["variant", "state"], [[n, "finished" if i in self.outcomes else "running"] for i, n in NAMES])

    def figure(self):
        self.drawn += 1
        return Plot(100, 100)

    def unfinished(self):
        return [(name, i) for i, name in NAMES if i not in self.outcomes]

    def stop(self, index=None):
        self.told.append(("stop", index))

    def start(self):
        self.told.append("start")
        self.under_way = True
        return self


NAMES = ((0, "<b>a</b>"), (1, "b"))


@pytest.fixture
def work(monkeypatch):
    monkeypatch.setattr("twmr_nb.ui.sweep.TICK", 0.02)
    work = Work()
    yield work
    work.under_way = False
    wait_for(lambda: not threads("sweep view"))


def test_the_view_fills_and_ends_with_the_work(work):
    view = SweepView(work)
    assert words(view.summary) == "0 of 2 trainings finished"
    assert "&lt;b&gt;a&lt;/b&gt;" in view.table.value  # a name is text
    work.outcomes[0] = {}
    wait_for(lambda: view.bar.value == 0.5)
    assert list(view.choice.options) == [("all", -1), ("b", 1)]
    assert work.drawn == 2  # once for each change
    assert view.picture.value[:4] == b"\x89PNG"
    work.outcomes[1] = {}
    work.under_way = False
    wait_for(lambda: not threads("sweep view"))
    assert view.bar.value == 1
    assert view.stop.disabled
    assert view.go_on.disabled
    assert view.keepsake().words == "2 of 2 trainings finished"


def test_one_or_all_are_stopped_and_go_on(work):
    view = SweepView(work)
    click(view.stop)
    view.choice.value = 1
    click(view.stop)
    assert work.told == [("stop", None), ("stop", 1)]
    assert view.go_on.disabled
    work.under_way = False
    wait_for(lambda: not view.go_on.disabled)
    wait_for(lambda: not threads("sweep view"))
    click(view.go_on)
    assert work.told[-1] == "start"
    assert not view.stop.disabled


def test_what_goes_wrong_is_said_in_the_view(work):
    view = SweepView(work)

    def refuse(index):
        raise ConfigError("no <i>way</i>")

    work.stop = refuse
    click(view.stop)
    assert words(view.message) == "no &lt;i&gt;way&lt;/i&gt;"


def test_a_sweep_is_what_the_view_asks_for(tmp_path, monkeypatch):
    monkeypatch.setattr("twmr_nb.ui.sweep.TICK", 0.02)
    tiny = {"num_envs": 4, "minibatches": 1, "rollout_steps": 8, "max_steps": 16, "mlp_size": 8, "hidden_size": 8}
    work = sweep({"alive_bonus": [0, 1]}, seeds=1, steps=64, episodes=2, root=tmp_path, success_x=-1.0, **tiny)
    view = SweepView(work)
    work.join()
    wait_for(lambda: not threads("sweep view"))
    assert words(view.summary) == "2 of 2 trainings finished, over"
    assert view.table.value.count("finished") == 2
    assert view.bar.value == 1
