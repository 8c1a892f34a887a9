"""What stays of a widget in a saved notebook: a picture in a second output, which follows the widget."""

import base64
import io
import re
import threading
import time

import ipywidgets as w
import numpy as np
import pytest
from climb import climb
from PIL import Image
from tiny import TINY
from waiting import wait_for

from twmr_nb import GateExplorer, PolicyBrowser, PoseExplorer, RewardExplorer, TrainingPanel
from twmr_nb.config.schema import EnvConfig
from twmr_nb.runs.run import new_run
from twmr_nb.ui import saved
from twmr_nb.ui.live import LiveView
from twmr_nb.ui.runs import Runs
from twmr_nb.ui.saved import LARGEST, Keepsake, bundle, changed, show

VIEW = "application/vnd.jupyter.widget-view+json"


@pytest.fixture
def outputs(monkeypatch):
    """What is displayed and updated, as (data, display id, thread), in order."""
    seen = []

    def display(data, raw, display_id=None, update=False):
        seen.append((data, display_id, threading.current_thread(), update))

    monkeypatch.setattr(saved, "display", display)
    monkeypatch.setattr(saved, "REST", 0.05)
    monkeypatch.setattr(saved, "EVERY", 0.1)
    return seen


@pytest.fixture
def run(tmp_path):
    """A tiny run, not begun."""
    return new_run("flip", "first", root=tmp_path, **TINY)


class Lamp(w.Image):
    """A picture of one colour."""

    title, words = "Lamp", "it is <on> & warm"

    def keepsake(self):
        return Keepsake(self.words, self.value)


def square(color, size=60):
    buffer = io.BytesIO()
    Image.new("RGB", (size, size), color).save(buffer, "PNG")
    return buffer.getvalue()


def pixel(data):
    """The colour in the middle of the page's picture, and of the print's."""
    webp = re.search(r"data:image/webp;base64,([^\"]+)", data["text/html"])[1]
    pictures = [Image.open(io.BytesIO(base64.b64decode(text))).convert("RGB") for text in (webp, data["image/png"])]
    assert pictures[0].size == pictures[1].size
    return pictures[0].getpixel((pictures[0].width // 2, pictures[0].height // 2))


def widgets(run, root):
    run.train()
    return {
        "live view": LiveView(run),
        "panel": TrainingPanel(root=root),
        "runs": Runs(root),
        "rewards": RewardExplorer(climb(), root=root),
        "gates": GateExplorer(climb(), root=root),
        "pose": PoseExplorer(),
        "policies": PolicyBrowser(root),
    }


def test_every_widget_leaves_a_short_line_and_a_picture(outputs, run, tmp_path):
    for name, widget in widgets(run, tmp_path).items():
        outputs.clear()
        widget._ipython_display_()
        live, copy = outputs[0][0], outputs[1][0]
        assert live[VIEW]["model_id"] == widget.model_id
        assert set(live) == {VIEW, "text/plain"}
        assert len(live["text/plain"]) < 40, name
        assert "(" not in live["text/plain"]
        assert VIEW not in copy
        assert "Run this cell" in copy["text/html"]
        assert "children=" not in str(copy)
        if name == "policies":
            assert "flip_5cm" in copy["text/html"], "the policies by name"
        else:
            assert len(np.unique(np.asarray(Image.open(io.BytesIO(base64.b64decode(copy["image/png"])))))) > 3, name
            assert re.search(r'alt="[^"]{20,}"', copy["text/html"]), name
        assert len(str(copy)) < 2.2 * 4 / 3 * LARGEST
        widget.close()


def test_the_copy_follows_when_the_widget_rests(outputs):
    lamp = Lamp(value=square("red"))
    show(lamp)
    assert pixel(outputs[1][0]) == (255, 0, 0)
    for color in ("green", "yellow", "blue"):
        lamp.value = square(color)
        changed(lamp)
    wait_for(lambda: len(outputs) == 3)
    data, place, thread, update = outputs[2]
    assert pixel(data) == (0, 0, 255)
    assert update
    assert place == outputs[1][1]
    assert thread.daemon
    time.sleep(0.2)
    assert len(outputs) == 3  # four pictures, one of them sent


def test_what_looks_as_before_is_not_sent_again(outputs):
    lamp = Lamp(value=square("red"))
    show(lamp)
    changed(lamp, at_once=True)
    assert len(outputs) == 2


def test_a_widget_shown_twice_has_two_copies_that_follow(outputs):
    lamp = Lamp(value=square("red"))
    show(lamp)
    show(lamp)
    lamp.value = square("blue")
    changed(lamp, at_once=True)
    assert {place for _, place, _, update in outputs if update} == {outputs[1][1], outputs[3][1]}


def test_what_was_never_shown_keeps_nothing(outputs):
    changed(Lamp(value=square("red")))
    changed(Lamp(value=square("red")), at_once=True)
    assert not outputs


def test_a_picture_of_noise_is_made_smaller():
    noise = np.random.default_rng(0).integers(0, 255, (900, 1200, 3), np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    data = bundle("Noise", Keepsake("noise", buffer.getvalue()))
    assert len(data["image/png"]) <= 4 / 3 * LARGEST + 4
    assert len(data["text/html"]) <= 4 / 3 * LARGEST + 2000
    assert 'width="800"' in data["text/html"]  # on the page as large as before


def test_words_are_text():
    data = bundle("Lamp", Keepsake('"><b onclick=x>', square("red")))
    assert "<b onclick" not in data["text/html"]


def test_an_explorer_that_shows_3d_keeps_its_curves(outputs):
    explorer = RewardExplorer(climb())
    explorer._ipython_display_()
    explorer.in_3d.value = True
    explorer.override(extension_penalty=0.02)
    changed(explorer, at_once=True)
    assert outputs[-1][0]["image/png"] != outputs[1][0]["image/png"]
    explorer.close()


def test_drawing_and_keeping_do_not_wait_for_each_other(outputs):
    """Many moves of a slider while copies are made on another thread."""
    explorer = PoseExplorer(EnvConfig())
    explorer._ipython_display_()
    explorer.in_3d.value = True

    def keep():
        for _ in range(8):
            changed(explorer, at_once=True)

    thread = threading.Thread(target=keep)
    thread.start()
    for k in range(30):
        explorer.turn.text = f"{0.1 * k}"
    thread.join(240)
    assert not thread.is_alive()
    explorer.close()


def test_a_live_view_keeps_the_finished_curve(outputs, run):
    run.start()
    view = LiveView(run)
    view._ipython_display_()
    run.join()
    wait_for(lambda: "finished" in outputs[-1][0]["text/plain"])
    assert outputs[-1][1] == outputs[1][1]
    view.close()


def test_a_policy_browser_keeps_what_it_played_last(outputs, run, tmp_path):
    run.train()
    browser = PolicyBrowser(tmp_path)
    browser._ipython_display_()
    browser.table.select(next(file for file in browser.policies if str(tmp_path) in str(file.path)))
    browser.stage.episodes.text = "2"
    kept = {}
    for act in ("trace", "replay_in_3d", "evaluate"):
        getattr(browser.stage, act)()
        browser.stage.work.join()
        wait_for(lambda: browser.stage.content.children)
        kept[act] = browser.keepsake()
    assert kept["trace"].picture
    assert kept["replay_in_3d"].picture
    assert kept["trace"].picture != kept["replay_in_3d"].picture
    assert "return" in kept["replay_in_3d"].words
    assert not kept["evaluate"].picture
    assert "<table" in kept["evaluate"].below
    assert "2 unseen episodes" in kept["evaluate"].words
    wait_for(lambda: "2 unseen episodes" in outputs[-1][0]["text/html"])
    browser.close()
