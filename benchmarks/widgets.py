"""How fast the widgets answer: in a real JupyterLab, in Chromium without a GPU. Needs the extra `bench`."""

import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from statistics import median

from benchmarks.contest import Tell
from twmr_nb.config.schema import ConfigError

try:
    from playwright.sync_api import Browser, expect, sync_playwright

    from tests.browser.lab import QUICKLY, Lab, Notebook, find_chromium, launch
except ModuleNotFoundError as error:
    raise ConfigError(
        f"the widgets need {error.name!r}, which is not installed: run `pip install -c pins.txt -e '.[bench]'`."
    ) from None

PATIENCE = 240_000  # ms; of a page that waits for a training to start
TRAINS = re.compile("collecting|learning")
WINDOW = 40  # s; of training with or without its view
EXPLORER = """\
from twmr_nb import EnvConfig
from twmr_nb.episodes.rollout import record
from twmr_nb.policies.protocol import RandomPolicy
from twmr_nb import RewardExplorer
explorer = RewardExplorer(record(RandomPolicy(), EnvConfig(), num_steps=1000, title="random"))
explorer"""
RECORD = """\
from twmr_nb.episodes.rollout import record
from twmr_nb.policies.saved import load_policy
from twmr_nb.ui.replay import Replay
saved = load_policy("flip_tidy")
rollout = record(saved.player(), saved.config.env, num_steps=500)"""
PANEL = """\
from twmr_nb import TrainingPanel
panel = TrainingPanel(root="measured", total_timesteps=10**9)
panel"""
PING = """\
import ipywidgets
ping, answer = ipywidgets.Button(description="ping"), ipywidgets.Label("0")
ping.on_click(lambda _: setattr(answer, "value", str(int(answer.value) + 1)))
answer.add_class("answer")
ipywidgets.HBox([ping, answer])"""
STAGE = """\
import twmr_nb as tw
stage = tw.Stage("you", tw.world("climber", step_height=0.03, max_steps=100_000))
stage"""
# Milliseconds from a key that goes down until a picture is drawn in which the wheels turn that way.
KEY_TO_MOTION = """async (count) => {
  const view = document.querySelector(".twmr-driven").stage, taken = [];
  const frame = () => new Promise(requestAnimationFrame), pause = (ms) => new Promise((r) => setTimeout(r, ms));
  const press = (type, key) => view.canvas.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true }));
  view.canvas.focus();
  for (let k = 0; k < count; k++) {
    const key = k % 2 ? "s" : "w", sign = k % 2 ? -1 : 1, begin = performance.now();
    press("keydown", key);
    while (!(view.frame && sign * view.frame.torque[0] > 0.4)) await frame();
    const drawn = view.drawn;
    while (view.drawn === drawn) await frame();
    taken.push(performance.now() - begin);
    press("keyup", key);
    await pause(500);
  }
  return taken;
}"""
# Simulated over real time while it plays, over the given milliseconds.
PACE = """async (ms) => {
  const view = document.querySelector(".twmr-driven").stage, pause = (ms) => new Promise((r) => setTimeout(r, ms));
  const simulated = view.frame.time[0], begin = performance.now();
  await pause(ms);
  return (1000 * (view.frame.time[0] - simulated)) / (performance.now() - begin);
}"""
# Milliseconds from a key press on a slider to its new picture, painted; one after the other.
SLIDER_TO_PICTURE = """async (slider, count) => {
  const taken = [], picture = () => document.querySelector(".twmr-shell img");
  const frame = () => new Promise(requestAnimationFrame), pause = (ms) => new Promise((r) => setTimeout(r, ms));
  for (let k = 0; k < count; k++) {
    const before = picture().src, begin = performance.now();
    k % 2 ? slider.stepDown() : slider.stepUp();
    slider.dispatchEvent(new Event("input"));
    while (picture().src === before) await frame();
    await picture().decode();
    taken.push(performance.now() - begin);
    await pause(150);
  }
  return taken;
}"""
# Seconds from running the active cell until its replay has been drawn.
FIRST_PICTURE = """async () => {
  const start = performance.now(), shown = () => document.querySelector(".twmr-replay")?.replay.drawn > 0;
  jupyterapp.commands.execute("notebook:run-cell");
  while (!shown() && performance.now() - start < 60000) await new Promise(requestAnimationFrame);
  return (performance.now() - start) / 1000;
}"""
# Pictures per second of the replay while it plays, once it has settled for a quality.
PICTURES = """async () => {
  const view = document.querySelector(".twmr-replay").replay, pause = (ms) => new Promise((r) => setTimeout(r, ms));
  view.playback.seek(0);
  view.playback.play();
  await pause(2500);
  const drawn = view.drawn, begin = performance.now();
  await pause(4000);
  return (1000 * (view.drawn - drawn)) / (performance.now() - begin);
}"""
# Seconds from a click on the button of this name until the text found by the selector begins otherwise.
CLICK = """([name, selector, begins]) => new Promise((resolve, reject) => {
  const text = document.querySelector(selector), before = text.textContent, begin = performance.now();
  new MutationObserver((_, watcher) => {
    if (text.textContent === before || !text.textContent.startsWith(begins)) return;
    watcher.disconnect();
    resolve((performance.now() - begin) / 1000);
  }).observe(text, { childList: true, characterData: true, subtree: true });
  setTimeout(() => reject(new Error(`a click on ${name} was not answered`)), 60_000);
  [...document.querySelectorAll("button")].find((b) => b.textContent.trim() === name).click();
})"""


def widgets(rounds: int, tell: Tell) -> dict[str, float]:
    """All figures; medians."""
    figures: dict[str, float] = {}
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        chromium = find_chromium(playwright)
        if not chromium:
            raise ConfigError("the widgets need a browser, and none is here: install Chromium.")
        with closing(Lab(Path(folder))) as lab:
            for webgl, words, part in PARTS:
                tell(words)
                with closing(launch(playwright, chromium, webgl, QUICKLY if webgl else ())) as browser:
                    figures |= part(lab, browser, rounds)
    return figures


@contextmanager
def opened(lab: Lab, browser: Browser, cells: list[str]) -> Iterator[Notebook]:
    notebook = lab.open(browser, cells, viewport={"width": 1440, "height": 1000})
    try:
        yield notebook
    finally:
        notebook.shutdown_kernel()
        notebook.close()


def explorer(lab: Lab, browser: Browser, rounds: int) -> dict[str, float]:
    """An episode of 1,000 steps scored and drawn again, as a slider moves."""
    with opened(lab, browser, [EXPLORER]) as notebook:
        notebook.run_all()
        notebook.page.wait_for_function("() => document.querySelector('.twmr-shell img')?.naturalWidth > 100")
        notebook.page.wait_for_timeout(1000)
        slider = notebook.page.locator(".twmr-shell").get_by_role("slider", name="extension, slider", exact=True)
        taken = slider.evaluate(SLIDER_TO_PICTURE, 5 + 6 * rounds)
    return {"slider_to_picture_ms": median(taken[5:])}


def replay(lab: Lab, browser: Browser, rounds: int) -> dict[str, float]:
    """WebGL drawn by the processor; the first picture is of a page that has not shown a replay yet."""
    with opened(lab, browser, [RECORD, "Replay(rollout, height=450)"]) as notebook:
        notebook.run_cell(0)
        notebook.page.evaluate("jupyterapp.shell.currentWidget.content.activeCellIndex = 1")
        first = notebook.page.evaluate(FIRST_PICTURE)
        rates = [notebook.page.evaluate(PICTURES) for _ in range(rounds)]
    return {"replay_first_picture_s": first, "replay_pictures_per_s": median(rates)}


def stage(lab: Lab, browser: Browser, rounds: int) -> dict[str, float]:
    """A key and its motion, real time while a policy drives, what it takes of training; WebGL by the processor."""
    with opened(lab, browser, [STAGE, PANEL]) as notebook:
        notebook.run_cell(0)
        page, state = notebook.page, notebook.page.locator(".twmr-shell .twmr-state")
        page.wait_for_function("() => document.querySelector('.twmr-driven')?.stage.drawn > 0")
        keys = page.evaluate(KEY_TO_MOTION, 3 + 8 * rounds)[3:]
        notebook.evaluate("[stage.hand_over('climber'), stage.reset()]")
        paces = [page.evaluate(PACE, 4000) for _ in range(rounds)]
        notebook.evaluate("stage.pause()")
        notebook.run_cell(1)
        page.locator(".twmr-shell button", has_text="Start training").click()
        expect(state).to_have_text(TRAINS, timeout=PATIENCE)
        page.wait_for_timeout(10_000)
        notebook.evaluate("panel.view.leave()")
        page.locator(".twmr-driven").scroll_into_view_if_needed()
        costs = []
        for number in range(rounds):
            order = ["[stage.reset(), stage.play()] and None", "stage.pause()"]
            speed = {action: speed_during(notebook, action) for action in (order if number % 2 else order[::-1])}
            costs.append(1 - speed[order[0]] / speed[order[1]])
            assert notebook.evaluate("len(stage.drive.past)") > 100, "the stage did not play"
        notebook.evaluate("[stage.pause(), panel.run.stop()] and None")
    return {"key_to_motion_ms": median(keys), "stage_pace": median(paces), "stage_cost": median(costs)}


def panel(lab: Lab, browser: Browser, rounds: int) -> dict[str, float]:
    """The recommended preset trains: clicks answered meanwhile, Stop obeyed, what the live view costs."""
    with opened(lab, browser, [PANEL, PING]) as notebook:
        notebook.run_all()
        page, state = notebook.page, notebook.page.locator(".twmr-shell .twmr-state")
        page.locator(".twmr-shell button", has_text="Start training").click()
        expect(state).to_have_text(TRAINS, timeout=PATIENCE)
        page.wait_for_timeout(10_000)
        clicks, stops, costs = [], [], []
        for _ in range(8 * rounds):
            clicks.append(1000 * page.evaluate(CLICK, ["ping", ".answer", ""]))
            page.wait_for_timeout(250)
        for number in range(rounds):
            order = ["panel.view.show(panel.run)", "panel.view.leave()"]
            speed = {action: speed_during(notebook, action) for action in (order if number % 2 else order[::-1])}
            costs.append(1 - speed[order[0]] / speed[order[1]])
        notebook.evaluate("panel.view.show(panel.run)")
        for _ in range(rounds):
            stops.append(page.evaluate(CLICK, ["Stop", ".twmr-shell .twmr-state", "stopped"]))
            page.locator(".twmr-shell button", has_text="Resume").last.click()
            expect(state).to_have_text(TRAINS, timeout=PATIENCE)
            page.wait_for_timeout(2000)
    return {"click_ms": median(clicks), "stop_s": median(stops), "view_cost": median(costs)}


def speed_during(notebook: Notebook, action: str) -> float:
    """Control steps per second of training, learning included, after an action."""
    notebook.evaluate(action)
    first = notebook.evaluate("len(panel.run.records)")
    notebook.page.wait_for_timeout(1000 * WINDOW)
    steps, seconds = notebook.evaluate(
        "(lambda r: [r[-1]['global_step'] - r[0]['global_step'], r[-1]['train_s'] - r[0]['train_s']])"
        f"(panel.run.records[{first}:])"
    )
    return float(steps) / float(seconds)


# Whether the browser emulates WebGL (it would draw every page through that: slower), what is said, what is measured.
PARTS: tuple[tuple[bool, str, Callable[[Lab, Browser, int], dict[str, float]]], ...] = (
    (False, "moving a slider", explorer),
    (True, "playing a replay", replay),
    (True, "driving on a stage", stage),
    (False, "training beside a browser", panel),
)
