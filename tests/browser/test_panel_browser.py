"""The training panel in a real JupyterLab: train, compute beside it, stop, resume, reload, kill, go on.

Pictures are kept in tests/artifacts; look at them after a change.
"""

import os
import re
import signal
from pathlib import Path

import pytest
from boxes import barriers, troubles, until_still
from lab import KERNEL
from playwright.sync_api import expect
from replay_view import chart_point, frame, wait_for_picture
from waiting import wait_for

from twmr_nb.runs.run import new_run

pytestmark = pytest.mark.browser
TINY = "num_envs=4, minibatches=1, rollout_steps=16, mlp_size=8, hidden_size=8, max_steps=200, total_timesteps=10**8"
PANEL = "from twmr_nb import TrainingPanel\npanel = TrainingPanel('flip', root={root!r}, {flags})\npanel"
COMPUTE = """\
from pathlib import Path
while not Path("seen_enough").exists():
    sum(range(10_000))
print("computed")"""
# Each control step takes a while, so that training leaves the machine to the page and to other tests.
SLOWLY = """\
import time
from twmr_nb.task.env import TwmrEnv
def step(self, actions, step=TwmrEnv.step):
    time.sleep(0.01)
    return step(self, actions)
TwmrEnv.step = step"""
SAVED = re.compile(r"saved [\d:]+")
SCREENS = ((900, 768), (1024, 768), (1366, 768), (1800, 1000))
PANEL_ROOT, RUNS_ROOT = (f".jp-Notebook .jp-Cell:nth-of-type({n}) .twmr-shell" for n in (1, 3))
RUNS = "import twmr_nb as tw\ntw.Runs({root!r})"
# Notes every picture of the curves and every width of the progress bar that the page shows.
WATCH = """() => {
  window.pictures = new Set(); window.bars = new Set();
  setInterval(() => {
    for (const img of document.querySelectorAll(".twmr-curves img")) if (img.complete) window.pictures.add(img.src);
    for (const bar of document.querySelectorAll(".progress-bar")) window.bars.add(bar.style.width);
  }, 50);
}"""


def state(notebook):
    """The line that says what the run is doing; of the last view on the page."""
    return notebook.page.locator(".twmr-state").last


def shell(notebook):
    """The last widget on the page."""
    return notebook.page.locator(".jp-OutputArea-output .twmr-shell:not(.twmr-shell .twmr-shell)").last


def press(notebook, name):
    shell(notebook).get_by_role("button", name=re.compile(rf"\b{name}$")).click()


def wait_until_training(notebook):
    expect(state(notebook)).to_have_text(re.compile("collecting|learning"))


def stop(notebook):
    press(notebook, "Stop")
    expect(state(notebook)).to_contain_text("stopped")


def new_pictures(notebook, count):
    """Wait until the page has shown this many pictures of the curves."""
    notebook.page.evaluate(WATCH)
    notebook.page.wait_for_function(f"() => window.pictures.size >= {count}")


def updates_of(notebook):
    runs = "__import__('twmr_nb.runs.run').runs.run.LIVE.values()"
    return notebook.evaluate(f"[r['update'] for run in {runs} for r in run.records]")


def assert_quiet(notebook):
    """Nothing was printed by a thread, nothing failed in the page, nothing was asked from elsewhere."""
    page = notebook.page
    assert page.locator("[data-mime-type='application/vnd.jupyter.stderr']").all_inner_texts() == []
    assert notebook.errors == []
    assert notebook.requests == []


def assert_fits(widget):
    box = widget.bounding_box()
    assert box["width"] <= 1200
    assert box["height"] <= 700


# -- one session: train, compute, look, stop, resume, save, reload; each test brings about what it begins with ---------


@pytest.fixture(scope="module")
def notebook(lab, browser):
    """A notebook with a panel, a cell that computes, and the list of runs; shared by the tests of this part."""
    cells = [PANEL.format(root="runs_a", flags=TINY), COMPUTE, RUNS.format(root="runs_a")]
    notebook = lab.open(browser, cells, files=True, viewport={"width": 1366, "height": 768})
    notebook.evaluate(f"exec({SLOWLY!r})")
    notebook.run_cell(0)
    notebook.page.wait_for_selector(".twmr-curves img")
    yield notebook
    assert_quiet(notebook)
    notebook.shutdown_kernel()
    notebook.close()


@pytest.fixture
def training(notebook):
    """The notebook while its run trains: started, or gone on with."""
    if not notebook.evaluate("bool(panel.run and panel.run.training)"):
        press(notebook, "Resume" if notebook.evaluate("bool(panel.run)") else "Start training")
    wait_until_training(notebook)
    return notebook


@pytest.fixture
def stopped(notebook, request):
    """The notebook when its run was stopped after it had learned something."""
    if not notebook.evaluate("bool(panel.run and panel.run.state == 'stopped')"):
        request.getfixturevalue("training")
        wait_for(lambda: updates_of(notebook))
        stop(notebook)
    return notebook


def test_two_sliders_by_the_keyboard(notebook):
    page = notebook.page
    page.locator(".lm-TabBar-tab", has_text="reward").click()
    before = notebook.evaluate("panel.controls.config.env.to_dict()")
    for label in ("forward weight", "control cost"):
        page.get_by_role("slider", name=label).press("ArrowRight")
    expect(page.locator(".lm-TabBar-tab", has_text="reward ●2")).to_be_visible()
    after = notebook.evaluate("panel.controls.config.env.to_dict()")
    assert {k for k in after if after[k] != before[k]} == {"forward_weight", "control_cost"}
    assert after["forward_weight"] > before["forward_weight"]
    notebook.screenshot("panel_new", ".twmr-shell")


def test_curves_and_bar_move_while_another_cell_computes(training):
    page, computed = training.page, training.page.locator(".jp-OutputArea-output", has_text="computed")
    training.start_cell(1)
    page.evaluate(WATCH)
    page.wait_for_function("() => window.pictures.size >= 4 && window.bars.size >= 2")  # the first one is no change
    expect(computed).to_have_count(0)
    training.path.with_name("seen_enough").touch()
    expect(computed).to_be_visible()
    assert training.evaluate("panel.run.training")


def test_the_policy_is_filmed_and_its_episode_shown_in_3d(training, gl):
    notebook, page = training, training.page
    expect(page.locator(".twmr-shell video")).to_be_visible()
    page.wait_for_function("() => document.querySelector('.twmr-shell video').currentTime > 0.3")
    press(notebook, "3D replay")
    wait_for_picture(page)
    page.mouse.click(*chart_point(page, 60, 120))
    wait_for(lambda: frame(page) == 60)
    notebook.screenshot("panel_3d", ".twmr-shell")
    page.set_viewport_size({"width": 1800, "height": 1000})
    until_still(page, PANEL_ROOT)
    assert_fits(shell(notebook))
    page.set_viewport_size({"width": 1366, "height": 768})
    press(notebook, "3D replay")
    expect(page.locator(".twmr-curves img")).to_be_visible()
    wait_for(lambda: notebook.live_contexts() == 0)


def test_it_fits_every_screen_in_both_themes(training):
    """With the file browser open: all can be reached, nothing is cut or in the way, and it reads well."""
    notebook, page = training, training.page
    for theme, tabs in {"Dark": ("robot", "learner", "code"), "Light": ("senses", "reward", "code")}.items():
        notebook.wear(theme)
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            for tab in tabs:
                page.locator(".lm-TabBar-tab", has_text=tab).click()
                until_still(page, PANEL_ROOT)
                assert troubles(page, PANEL_ROOT) == [], (theme, width, tab)
            assert barriers(page, PANEL_ROOT) == [], (theme, width)
            notebook.screenshot(f"panel_{theme.lower()}_{width}", PANEL_ROOT)
        assert_fits(shell(notebook))  # on the widest
    page.set_viewport_size({"width": 1366, "height": 768})


def test_a_number_is_read_as_it_is_typed_or_refused_where_it_stands(stopped):
    notebook, page = stopped, stopped.page
    page.locator(".lm-TabBar-tab", has_text="learner").click()
    box = page.get_by_role("textbox", name="total timesteps")
    box.fill("1e6")
    box.press("Enter")
    expect(box).to_have_value("1,000,000")
    assert notebook.evaluate("panel.controls.config.ppo.total_timesteps") == 10**6
    box.press("End")
    box.press("0")
    box.press("Enter")
    expect(page.get_by_role("alert").filter(has_text="total_timesteps = '1,000,0000'")).to_be_visible()
    expect(box).to_have_value("1,000,0000")
    box.fill("1,5")
    page.get_by_role("textbox", name="num envs").focus()  # leaving the box counts too
    problem = page.get_by_role("alert").filter(has_text="total_timesteps = '1,5' is not allowed")
    expect(problem).to_be_visible()
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(box).to_have_value("1,5")
    press(notebook, "Start training")
    expect(shell(notebook).locator(".twmr-error:visible")).to_contain_text("total_timesteps = '1,5' is not allowed")
    assert troubles(page, PANEL_ROOT) == []
    notebook.screenshot("panel_refused", PANEL_ROOT)
    page.get_by_role("button", name="total timesteps: back to").click()
    expect(problem).to_be_hidden()
    expect(box).not_to_have_value("1,5")


def test_a_setting_is_named_valued_and_explained_to_all(stopped):
    notebook, page = stopped, stopped.page
    page.locator(".lm-TabBar-tab", has_text="robot").click()
    slider = page.get_by_role("slider", name="step height, slider")
    expect(slider).to_have_attribute("aria-valuetext", "0.05 m")
    row = page.locator(".twmr-row").filter(has=slider)
    tip = row.locator(".tip")
    expect(tip).to_be_hidden()
    slider.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"^0\.05[1-9]* m, was 0\.05$|^0\.06 m, was 0\.05$"))
    expect(tip).to_be_visible()
    expect(tip).to_contain_text("Height of the step's top")
    slider.press("Escape")
    expect(tip).to_be_hidden()
    slider.blur()
    row.locator("label").click()  # as a finger does
    page.mouse.move(0, 0)
    expect(tip).to_be_visible()
    row.locator("label").click()
    page.mouse.move(0, 0)
    expect(tip).to_be_hidden()
    row.get_by_role("button", name="step height: back to 0.05 m").click()
    outline = "e => { const look = getComputedStyle(e); return [look.outlineStyle, parseFloat(look.outlineWidth)]; }"
    for role, name in (("slider", "step x, slider"), ("button", "Start training"), ("combobox", "start from")):
        page.keyboard.press("Tab")  # the keyboard is in use
        control = shell(notebook).get_by_role(role, name=name).first
        control.focus()
        assert control.evaluate(outline) == ["solid", 2], name
    assert re.search(r"Learning curves after [\d,]+ steps", page.locator(".twmr-curves img").first.get_attribute("alt"))


def test_save_now_writes_at_once(training):
    press(training, "Save now")
    expect(shell(training)).to_contain_text(SAVED)
    before = SAVED.search(shell(training).inner_text())
    training.page.wait_for_timeout(1100)  # the time of saving is shown to the second
    press(training, "Save now")
    expect(shell(training)).not_to_contain_text(before[0])


def test_stop_is_obeyed_and_resume_goes_on(training):
    stop(training)
    count = len(updates_of(training))
    press(training, "Resume")
    wait_until_training(training)
    wait_for(lambda: len(updates_of(training)) > count + 2)
    updates = updates_of(training)
    assert updates == list(range(1, len(updates) + 1))


def test_a_page_reloaded_in_mid_training_is_attached_again(training):
    notebook, page = training, training.page
    notebook.save()
    notebook.reload(".twmr-curves img")
    new_pictures(notebook, 2)
    assert notebook.evaluate("panel.run.training")
    notebook.run_cell(2)
    wait_until_training(notebook)
    expect(page.get_by_text("newer view")).to_be_visible()
    new_pictures(notebook, 2)
    stop(notebook)
    for theme in ("Dark", "Light"):
        notebook.wear(theme)
        for width, height in SCREENS:
            page.set_viewport_size({"width": width, "height": height})
            shell(notebook).scroll_into_view_if_needed()
            until_still(page, RUNS_ROOT)
            assert troubles(page, RUNS_ROOT) == [], (theme, width)
            assert barriers(page, RUNS_ROOT) == [], (theme, width)
            notebook.screenshot(f"runs_{theme.lower()}_{width}", RUNS_ROOT)
        assert_fits(shell(notebook))  # on the widest


# -- another: the kernel dies -----------------------------------------------------------------------------------------


def test_a_killed_kernels_run_is_offered_for_resume(open_notebook):
    notebook = open_notebook([PANEL.format(root="runs_b", flags=TINY), RUNS.format(root="runs_b")])
    notebook.evaluate(f"exec({SLOWLY!r})")
    page = notebook.page
    notebook.run_cell(0)
    page.wait_for_selector(".twmr-curves img")
    press(notebook, "Start training")
    wait_until_training(notebook)
    checkpoint = save_checkpoint(notebook)
    os.kill(notebook.evaluate("__import__('os').getpid()"), signal.SIGKILL)
    dialog = page.locator(".jp-Dialog button.jp-mod-accept")
    dialog.click()
    page.wait_for_function(f"() => {KERNEL}?.status === 'idle'")
    notebook.run_cell(1)
    expect(state(notebook)).to_contain_text("interrupted: resume?")
    shell(notebook).scroll_into_view_if_needed()
    notebook.screenshot("runs_interrupted")
    press(notebook, "Resume")
    wait_until_training(notebook)
    new_pictures(notebook, 3)
    updates = updates_of(notebook)
    assert updates == list(range(1, len(updates) + 1)), "the curve continues without a gap or a repeat"
    assert len(updates) > checkpoint
    stop(notebook)
    notebook.save()
    notebook.load()
    expect(page.get_by_text("Training panel, as it was last. Run this cell")).to_be_visible()
    expect(page.get_by_text("Error displaying widget")).to_be_hidden()
    notebook.screenshot("panel_without_kernel")


def save_checkpoint(notebook):
    """Save, and train a little further than that; the update that was saved."""
    file = "panel.run.path / 'checkpoint.safetensors'"
    wait_for(lambda: len(updates_of(notebook)) > 5)
    press(notebook, "Save now")
    wait_for(lambda: notebook.evaluate(f"({file}).exists()"))
    saved = notebook.evaluate(f"__import__('twmr_nb.policies.saved').policies.saved.read_arrays({file})[1]['update']")
    wait_for(lambda: len(updates_of(notebook)) > saved + 5)
    return saved


def test_symptoms_are_badges_that_open(lab, open_notebook):
    run = new_run("flip", "sick", root=lab.notebooks / "sick", total_timesteps=60_000, control_cost=0.3)
    (run.path / "metrics.csv").write_bytes((Path(__file__).parents[1] / "data" / "patients" / "B.csv").read_bytes())
    run.folder.keep_state("finished")
    notebook = open_notebook([RUNS.format(root=str(run.path.parent))])
    page = notebook.page
    page.set_viewport_size({"width": 1366, "height": 768})
    notebook.run_all()
    badges = page.locator(".twmr-badge")
    expect(badges).to_have_count(3)
    expect(badges.first).to_have_text(re.compile("^penalty valley since 38.9k steps"))
    expect(badges.first.locator("div")).to_be_hidden()
    badges.first.locator("summary").press("Enter")
    expect(badges.first.locator("div")).to_contain_text("where standing still gets 0. To try costs more than it earns")
    assert troubles(page, ".twmr-shell") == []
    assert barriers(page, ".twmr-shell") == []
    notebook.screenshot("symptoms")
