"""The stage in the real JupyterLab: driven by keys, handed over, pulled, weighed, kept; what it leaves behind.

Pictures are kept in tests/artifacts; look at them after a change.
"""

import random

import pytest
from boxes import barriers, moving, troubles, until_still
from storms import assert_flat, heap, storm
from waiting import wait_for

pytestmark = pytest.mark.browser
STORMS = 100  # of each seed
STAGE = "document.querySelector('.twmr-driven').stage"  # the widget's own object, in the page
CELLS = [
    "import twmr_nb as tw\nworld = tw.world('climber', step_height=0.03)",
    "stage = tw.Stage('you', world)\nstage",
    "other = tw.Stage('zero', world)\nother",
]
# Lets the key W go as soon as the robot is so far, however slowly the page is looked at.
UP_AT = """([x]) => new Promise((resolve) => {
  const stage = document.querySelector('.twmr-driven').stage, take = stage.take.bind(stage);
  stage.take = (numbers) => {
    take(numbers);
    if (stage.frame.qpos[0] < x) return;
    stage.take = take;
    window.dispatchEvent(new KeyboardEvent("keyup", { key: "w" }));
    resolve(stage.frame.qpos[0]);
  };
})"""
# Where on the page the middle of the robot is.
MIDDLE = """() => {
  const view = document.querySelector('.twmr-driven').stage, box = view.stage.getBoundingClientRect();
  const [x, y] = view.where(view.frame.qpos.slice(0, 3));
  return [box.x + x, box.y + y];
}"""
# A kernel that does not answer whoever asks for the first moment.
MISSED = """\
from twmr_nb.ui.stage_view import StageView
show, StageView.show = StageView.show, lambda *moment, **more: None"""
CLEAR = "() => jupyterapp.shell.currentWidget.content.widgets[2].model.clearExecution()"  # what a cell has put out


@pytest.fixture(scope="module")
def notebook(lab, browser):
    notebook = lab.open(browser, CELLS, viewport={"width": 1440, "height": 1000})
    notebook.run_cell(0)
    notebook.run_cell(1)
    notebook.page.wait_for_function(f"() => document.querySelector('.twmr-driven') && {STAGE}.drawn > 0")
    yield notebook
    assert notebook.requests == []
    assert [error for error in notebook.errors if "favicon" not in error] == []
    notebook.shutdown_kernel()
    notebook.close()


def status(notebook, name):
    return notebook.page.evaluate(f"{STAGE}.model.get('status').{name}")


def until(notebook, condition):
    """Until something holds of the frame that is shown last."""
    notebook.page.wait_for_function(f"() => {{ const {{ frame, model }} = {STAGE}; return {condition}; }}")


def deed(notebook, name):
    notebook.page.locator(f".twmr-driven [data-do={name}]").first.click()


def test_keys_drive_to_the_step_and_a_policy_climbs_it(notebook):
    page = notebook.page
    page.locator(".twmr-driven canvas").first.click(position={"x": 40, "y": 260})
    assert notebook.evaluate("stage.clock.runs") is False
    page.keyboard.down("w")
    assert page.evaluate(UP_AT, [0.27]) < 0.35  # of an edge at 0.4, less the wheels
    page.keyboard.up("w")
    page.locator(".twmr-driven [data-is=driver]").first.select_option(label="climber (shipped)")
    until(notebook, "model.get('status').title === 'climber'")
    assert "with a fresh memory" in status(notebook, "memory")
    until(notebook, "frame.qpos[0] > 0.75 || model.get('status').note")
    assert status(notebook, "note") == ""
    height = page.evaluate(f"{STAGE}.frame.qpos[2]")
    assert height > 0.045  # the robot is up: 2.5 cm of wheels, 3 cm of step
    deed(notebook, "play")
    until(notebook, "!model.get('status').playing")
    shown = page.evaluate(f"{STAGE}.frame.paid.filter((v) => !Number.isNaN(v)).reduce((a, b) => a + b, 0)")
    paid, recorded, again = notebook.evaluate(
        "[sum(stage.drive.paid.values()), stage.episode.reward.sum(),"
        " tw.RewardExplorer(stage.episode).scored.totals['total']]"
    )
    assert paid == pytest.approx(recorded, abs=1e-9)
    assert again == pytest.approx(recorded, abs=1e-9)
    assert shown == pytest.approx(recorded, abs=1e-3)  # which comes in float32
    assert notebook.evaluate("stage.episode.title") == "you then climber"


def test_a_weight_moved_changes_its_bar(notebook):
    deed(notebook, "keep")
    until(notebook, "model.get('status').kept === 1")
    alive = "frame.paid[1]"
    assert notebook.page.evaluate(f"{STAGE}.{alive}") == 0
    slider = notebook.page.locator(".twmr-shell").first.get_by_role("slider", name="alive, slider", exact=True)
    slider.focus()
    slider.press("End")
    until(notebook, f"{alive} > 100")
    row = notebook.page.locator(".twmr-driven .term").nth(2)
    assert row.inner_text().split()[0] == "alive"
    until(notebook, "document.querySelectorAll('.twmr-driven .term')[2].innerText.includes('+5.00')")
    slider.press("Home")
    until(notebook, f"{alive} === 0")


def test_the_robot_goes_where_it_is_pulled(notebook):
    page = notebook.page
    deed(notebook, "reset")
    page.locator(".twmr-driven [data-is=driver]").first.select_option("nobody")
    until(notebook, "model.get('status').title === 'nobody' && frame.time[0] === 0")
    page.locator(".twmr-driven .stage").first.scroll_into_view_if_needed()
    x, y = page.evaluate(MIDDLE)
    before = page.evaluate(f"{STAGE}.frame.qpos.slice(0, 3)")
    deed(notebook, "play")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y - 30, steps=3)
    until(notebook, "Math.hypot(...frame.pull.slice(3)) > 2")
    page.locator(".twmr-driven .newtons").first.wait_for()
    notebook.screenshot("stage_pulled", ".twmr-shell")
    force = page.evaluate(f"{STAGE}.frame.pull.slice(3)")
    until(notebook, f"Math.hypot(frame.qpos[0] - {before[0]}, frame.qpos[1] - {before[1]}) > 0.02")
    now = page.evaluate(f"{STAGE}.frame.qpos.slice(0, 3)")
    assert sum(f * (b - a) for f, a, b in zip(force, before, now, strict=True)) > 0  # the way the arrow points
    pause = "() => document.querySelector('.twmr-driven [data-do=play]').click()"  # the mouse is busy
    page.evaluate(pause)
    until(notebook, "!model.get('status').playing && Math.hypot(...frame.pull) > 0")
    page.mouse.up()
    until(notebook, "Math.hypot(...frame.pull) === 0")


def test_who_pulls_lets_go_where_another_world_begins(notebook):
    """The 3D view is another one then, and the mouse may be let go anywhere."""
    page = notebook.page
    page.mouse.move(*page.evaluate(MIDDLE))
    page.mouse.down()
    page.mouse.move(500, 300, steps=3)
    wait_for(lambda: notebook.evaluate("stage.drive.pull is not None"))
    notebook.evaluate("[stage.change(step_height=0.02), stage.reset()]")
    wait_for(lambda: notebook.evaluate("stage.drive.pull is None"))
    page.mouse.move(5, 5)
    page.mouse.up()
    notebook.evaluate("[stage.change(step_height=0.03), stage.reset()]")


def test_one_stage_plays_and_the_other_says_so(notebook):
    page = notebook.page
    if not status(notebook, "playing"):
        deed(notebook, "play")
    until(notebook, "model.get('status').playing")
    notebook.run_cell(2)
    second = page.locator(".twmr-driven").nth(1)
    second.wait_for()
    second.locator("[data-do=play]").click()
    until(notebook, "model.get('status').note === 'another stage plays now'")
    assert notebook.evaluate("[stage.clock.runs, other.clock.runs]") == [False, True]
    page.evaluate(
        "() => jupyterapp.shell.currentWidget.content.widgets[2].model.clearExecution()"
    )  # its output is gone
    wait_for(lambda: notebook.evaluate("other.clock.runs") is False)
    wait_for(lambda: notebook.evaluate("[t.name for t in __import__('threading').enumerate()].count('stage')") == 0)


def test_a_stage_that_nobody_looks_at_stops(notebook):
    """Out of sight, as where its tab is hidden or its page is gone, no sign comes any more."""
    notebook.evaluate("setattr(__import__('twmr_nb.ui.clock').ui.clock, 'PATIENCE', 3.0)")
    deed(notebook, "play")
    until(notebook, "model.get('status').playing")
    notebook.page.evaluate("document.querySelector('.twmr-driven').style.display = 'none'")
    until(notebook, "model.get('status').note === 'nobody was looking'")
    notebook.page.evaluate("document.querySelector('.twmr-driven').style.display = ''")
    wait_for(lambda: notebook.evaluate("[t.name for t in __import__('threading').enumerate()].count('stage')") == 0)
    notebook.evaluate("setattr(__import__('twmr_nb.ui.clock').ui.clock, 'PATIENCE', 28.0)")


def test_keys_are_given_back_and_nothing_bars_anybody(notebook):
    page = notebook.page
    canvas = page.locator(".twmr-driven canvas").first
    canvas.focus()
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.dataset.do") == "play"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    for theme in ("Dark", "Light"):
        notebook.wear(theme)
        page.wait_for_function(f"() => {STAGE}.dark === {str(theme == 'Dark').lower()}")
        assert barriers(page, ".twmr-shell") == []
        assert troubles(page, ".twmr-shell") == []
        notebook.screenshot(f"stage_{theme.lower()}", ".twmr-shell")
    page.set_viewport_size({"width": 390, "height": 844})
    ahead = page.locator(".twmr-driven [data-lever=ahead]").first
    page.wait_for_function("() => document.querySelector('.twmr-driven [data-lever=ahead]').offsetHeight >= 44")
    page.locator(".twmr-driven [data-is=driver]").first.select_option("you")
    until(notebook, "model.get('status').levers && !model.get('status').note")
    ahead.hover()
    box = ahead.bounding_box()
    assert 0 <= box["x"] <= 390 - box["width"]
    page.mouse.down()
    until(notebook, "frame.torque[0] > 0.5")
    since = page.evaluate(f"{STAGE}.frame.time[0]")
    until(notebook, f"frame.time[0] > {since} + 0.3")
    assert page.evaluate(f"{STAGE}.frame.torque[0]") > 0.5  # as long as it is held
    page.mouse.up()
    until(notebook, "frame.torque[0] < 0.1")
    assert troubles(page, ".twmr-shell") == []
    notebook.screenshot("stage_390", ".twmr-driven")
    deed(notebook, "play")
    until(notebook, "!model.get('status').playing")


def test_nothing_moves_unasked(notebook):
    """As those who ask for little motion want it."""
    page = notebook.page
    page.emulate_media(reduced_motion="reduce")
    until_still(page, ".twmr-driven")
    before = page.evaluate(f"{STAGE}.frame.qpos")
    page.evaluate("() => new Promise((done) => setTimeout(done, 300))")
    assert page.evaluate(f"{STAGE}.frame.qpos") == before
    assert moving(page, ".twmr-driven") == 0
    page.emulate_media(reduced_motion="no-preference")


@pytest.mark.slow
@pytest.mark.parametrize("seed", [2, 3])
def test_storms_break_nothing(notebook, seed):
    state = "bool(np.isfinite(stage.drive.env.sim.qpos).all()), psutil.Process().memory_info().rss"
    notebook.evaluate("[globals().update(np=__import__('numpy'), psutil=__import__('psutil'))]")
    rng, page, kernel = random.Random(seed), [], []
    for _ in range(STORMS):
        storm(notebook.page, ".twmr-driven", rng)
        assert [error for error in notebook.errors if "favicon" not in error] == []
        assert notebook.tracebacks() == ""
        _, _, whole, used = notebook.evaluate(f"[stage.kept.clear(), stage.pause(), {state}]")  # at rest
        assert whole
        kernel.append(used)
        page.append(heap(notebook.page))
    assert_flat(page)
    assert_flat(kernel)


def test_a_stage_whose_kernel_ended_says_so_until_its_cell_runs_again(notebook):
    page, kernel = notebook.page, "jupyterapp.shell.currentWidget.sessionContext.session.kernel"
    page.evaluate(f"() => {kernel}.restart()")
    notice = page.locator(".twmr-driven .notice").first
    notice.get_by_text("The kernel that drove this has ended: run this cell again.").wait_for()
    page.locator(".twmr-driven [data-do=play]").first.click()  # to no effect
    notebook.run_cell(0)
    notebook.evaluate(f"exec({MISSED!r})")
    notebook.run_cell(1)
    until(notebook, "model && !frame")
    notebook.evaluate("setattr(StageView, 'show', show)")
    until(notebook, "frame && !model.get('status').playing")
    assert notice.is_hidden()


def test_without_webgl_all_but_the_picture_works(lab, browser_without_webgl):
    notebook = lab.open(browser_without_webgl, CELLS[:2])
    notebook.run_cell(0)
    notebook.run_cell(1)
    notebook.page.get_by_text("tw.video(stage.episode) films what was driven").wait_for()
    deed(notebook, "step")
    until(notebook, "frame?.time[0] > 0")
    until(notebook, "document.querySelector('.twmr-driven [data-is=time]').textContent === '0.02'")
    assert [error for error in notebook.errors if "favicon" not in error] == []
    notebook.shutdown_kernel()
    notebook.close()
