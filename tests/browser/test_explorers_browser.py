"""The explorers and the policy browser in the real JupyterLab: sliders, pictures, 3D, both themes, without a kernel.

On small and large screens nothing is cut, nothing overlaps, no scrollbar is dead, and there is nothing that a screen
reader cannot name. Pictures are kept in tests/artifacts; look at them after a change.
"""

import pytest
from boxes import barriers, troubles, until_still
from explorer_view import CELLS, SCROLLING, SIZE, assert_fits, button, numbers, picture, slider, until_new_picture
from lab import new_page, screenshot
from replay_view import chart_point, frame, wait_for_picture
from waiting import wait_for

pytestmark = pytest.mark.browser
DRAW_LATER = """\
import time
from pathlib import Path
def draw(draw=explorer.redraw.draw):
    while not Path("dragged").exists():
        time.sleep(0.01)
    draw()
explorer.redraw.draw = draw"""


# -- reward explorer --------------------------------------------------------------------------------------------------


def test_a_reward_slider_changes_the_sum_and_the_picture(explorer_of):
    notebook = explorer_of("reward")
    notebook.evaluate("explorer.reset()")
    page = notebook.page
    summary = page.locator(".twmr-summary")
    assert "as recorded" in summary.inner_text()
    (recorded,) = numbers(summary.inner_text())
    old = picture(notebook)
    handle = slider(notebook, "alive")
    handle.focus()
    handle.press("ArrowRight")
    until_new_picture(notebook, old)
    now, was = numbers(summary.inner_text())
    assert was == recorded
    assert now > recorded
    assert notebook.evaluate("explorer.config.alive_bonus") == 0.06
    assert handle.get_attribute("aria-valuetext") == "0.06 1/step, was 0.05"
    button(notebook, "penalty 0.05").click()
    page.wait_for_function("() => document.querySelector('.twmr-shell').innerText.includes('0.05')")
    assert notebook.evaluate("explorer.config.extension_penalty") == 0.05
    button(notebook, "reset").click()
    page.get_by_text("as recorded").wait_for()
    assert slider(notebook, "stay low").get_attribute("aria-valuetext") == "-2"
    assert notebook.evaluate("explorer.weights['stay_low'].value") == -2.0


def test_a_number_is_typed_or_refused_where_it_stands_and_taken_back(explorer_of):
    notebook = explorer_of("reward")
    notebook.evaluate("explorer.reset()")
    shell = notebook.page.locator(".twmr-shell")
    box, old = shell.get_by_role("textbox", name="extension", exact=False), picture(notebook)
    box.fill("0.0517")
    box.press("Enter")
    until_new_picture(notebook, old)
    assert notebook.evaluate("explorer.config.extension_penalty") == 0.0517
    box.fill("0,06")
    box.press("Enter")
    shell.get_by_role("alert").filter(has_text="extension_penalty = '0,06' is not allowed").wait_for()
    assert notebook.evaluate("explorer.config.extension_penalty") == 0.0517
    back = shell.get_by_role("button", name="extension: back to 0.05 1/rad²")
    assert back.inner_text() == "↶0.05"
    back.click()
    shell.get_by_text("as recorded").wait_for()
    assert not back.is_visible()
    assert box.input_value() == "0.05"


def test_a_fast_drag_draws_the_newest_value_and_skips_stale_ones(explorer_of):
    notebook = explorer_of("reward")
    page = notebook.page
    before = notebook.evaluate("explorer.redraw.count")
    box = slider(notebook, "extension").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] / 2, y)
    notebook.evaluate(f"exec({DRAW_LATER!r})")
    page.mouse.down()
    for turn in range(3):
        page.mouse.move(box["x"] + (box["width"] + 5 if turn % 2 == 0 else 0), y, steps=30)
    page.mouse.up()
    notebook.path.with_name("dragged").touch()
    wait_for(lambda: notebook.evaluate("explorer.config.extension_penalty") == 10.0)
    wait_for(lambda: notebook.evaluate("explorer.scored.config.extension_penalty") == 10.0)
    drawn = notebook.evaluate("explorer.redraw.count") - before
    assert 1 <= drawn < 5  # of dozens of values passed


def test_all_behaviours_are_ranked_anew_as_a_slider_moves(explorer_of):
    notebook = explorer_of("reward")
    page = notebook.page
    notebook.evaluate("explorer.reset()")
    old = picture(notebook)
    page.get_by_label("all behaviours", exact=True).click()
    until_new_picture(notebook, old)
    verdict = page.locator(".twmr-shell").get_by_text("A valley lies before the climb")
    verdict.wait_for()
    old, said = picture(notebook), verdict.inner_text()
    assert page.get_by_role("slider", name="time").count() == 0
    assert_fits(notebook, "explorer_behaviours")
    slider(notebook, "extension").press("ArrowRight")
    until_new_picture(notebook, old)
    page.wait_for_function("said => !document.querySelector('.twmr-shell').innerText.includes(said)", arg=said)
    now = notebook.evaluate("[explorer.board.totals['standing folded'], explorer.board.totals['pushing at the step']]")
    assert f"standing still earns {now[0] - now[1]:.1f} more" in verdict.inner_text()
    page.get_by_label("sum so far", exact=True).click()
    verdict.wait_for(state="detached")
    notebook.evaluate("explorer.reset()")


def test_the_time_cursor_plays_and_stops(explorer_of):
    notebook = explorer_of("reward")
    button(notebook, "play").click()
    wait_for(lambda: notebook.evaluate("explorer.frame") > 20)
    button(notebook, "pause").click()
    time = notebook.page.get_by_role("slider", name="time")
    time.press("Home")
    wait_for(lambda: notebook.evaluate("explorer.frame") == 0)
    assert time.get_attribute("aria-valuetext") == "0.02 of 10.00 seconds"


def test_a_click_on_a_reward_curve_moves_robot_and_explorer_and_back(explorer_of):
    notebook = explorer_of("reward")
    page = notebook.page
    page.get_by_label("3D replay", exact=True).click()
    wait_for_picture(page)
    page.mouse.click(*chart_point(page, 210, 130))
    assert frame(page) == 210
    wait_for(lambda: notebook.evaluate("[explorer.frame, explorer.cursor.frame]") == [210, 210])
    notebook.evaluate("setattr(explorer, 'frame', 321)")
    wait_for(lambda: frame(page) == 321)
    page.wait_for_function("() => document.querySelector('.twmr-replay .clock').innerText.includes('6.44')")
    notebook.screenshot("explorer_reward_3d", ".twmr-shell")
    page.get_by_label("3D replay", exact=True).click()
    page.wait_for_function("() => document.querySelector('.twmr-shell img')?.naturalWidth > 100")
    assert page.locator(".twmr-time output").inner_text() == "6.44 s"


# -- the look ---------------------------------------------------------------------------------------------------------

DRESS = {
    "reward": "explorer.override(extension_penalty=0.005) or setattr(explorer, 'frame', 210)",
    "gate": "explorer.override(gate_mode='proprio') or setattr(explorer, 'frame', 210)",
    "pose": "explorer.go_to('extend')",
}


@pytest.mark.parametrize("which", DRESS)
def test_it_fits_the_screen_in_both_themes(explorer_of, which):
    notebook = explorer_of(which)
    notebook.evaluate(DRESS[which])
    assert_fits(notebook, f"explorer_{which}")


# What a page knows of looks where JupyterLab's theme is not: our own, and that of ipywidgets.
OTHER_LOOKS = """() => [...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]).map((rule) => rule.cssText)
  .map((text) => text.includes("twmr") ? text : text.replace(/--jp-(?!widgets-)[\\w-]+:[^;}]*;?/g, "")).join("\\n")"""


def test_it_is_read_on_a_dark_page_without_jupyterlabs_theme(explorer_of, browser):
    """As in VS Code or Colab, which may be dark and do not say so as JupyterLab does."""
    notebook = explorer_of("reward")
    shell = notebook.page.locator(".twmr-shell").evaluate("e => e.outerHTML")
    page = new_page(browser, viewport=SIZE)
    look = "body { background: #1f1f1f; color: #cccccc }"
    head = f"<title>t</title><style>{notebook.page.evaluate(OTHER_LOOKS)}</style><style>{look}</style>"
    page.set_content(f"<!doctype html><html lang=en>{head}<main id=root>{shell}</main>")
    assert page.locator("body").evaluate("e => getComputedStyle(e).getPropertyValue('--jp-ui-font-color1')") == ""
    screenshot(page, "explorer_reward_elsewhere")
    assert barriers(page, "#root") == []
    page.close()


def test_on_a_small_laptop_the_picture_shrinks_instead_of_scrolling(explorer_of):
    notebook = explorer_of("gate")
    notebook.page.set_viewport_size({"width": 1200, "height": 800})
    notebook.page.wait_for_function("() => document.querySelector('.twmr-shell img').clientWidth < 830")
    shell, image = (notebook.page.locator(f".twmr-shell{part}").first.bounding_box() for part in ("", " img"))
    assert image["x"] + image["width"] <= shell["x"] + shell["width"] + 1
    assert image["width"] / image["height"] == pytest.approx(830 / 560, rel=0.01)
    assert notebook.page.locator(".twmr-shell").evaluate(SCROLLING) == 0
    notebook.page.set_viewport_size(SIZE)


# -- gate and pose ----------------------------------------------------------------------------------------------------


def test_a_gate_mode_brings_its_own_parameters(explorer_of):
    notebook = explorer_of("gate")
    notebook.evaluate("explorer.reset()")
    assert slider(notebook, "before step").is_visible()
    old = picture(notebook)
    notebook.page.locator(".twmr-shell").get_by_role("combobox", name="gate", exact=True).select_option("proprio")
    until_new_picture(notebook, old)
    handle = slider(notebook, "bias")
    old = picture(notebook)
    handle.focus()
    handle.press("ArrowLeft")
    until_new_picture(notebook, old)
    assert notebook.evaluate("explorer.config.gate_bias") == pytest.approx(0.8)
    assert "impact + rotation + stall" in notebook.page.locator(".twmr-shell").inner_text()


def test_a_leg_slider_moves_the_numbers(explorer_of):
    notebook = explorer_of("pose")
    notebook.evaluate("explorer.go_to('retract')")
    shell = notebook.page.locator(".twmr-shell")
    shell.get_by_text("19.7", exact=True).first.wait_for()
    button(notebook, "largest").click()
    shell.get_by_text("45.8", exact=True).first.wait_for()
    old = picture(notebook)
    handle = slider(notebook, "wheel angle")
    handle.focus()
    handle.press("ArrowRight")
    until_new_picture(notebook, old)


def test_a_pose_is_shown_in_3d_and_follows_the_sliders(explorer_of):
    notebook = explorer_of("pose")
    page = notebook.page
    notebook.evaluate("explorer.go_to('largest')")
    page.get_by_label("3D view", exact=True).click()
    wait_for_picture(page)
    leg = "document.querySelector('.twmr-replay').replay.record.qpos[8]"
    assert page.evaluate(leg) == pytest.approx(1.19, abs=0.01)
    handle = slider(notebook, "leg angle")
    handle.focus()
    handle.press("ArrowRight")
    wait_for(lambda: page.evaluate(leg) > 1.2)
    assert page.evaluate(leg) == pytest.approx(notebook.evaluate("explorer.together.value"), abs=1e-5)
    notebook.screenshot("explorer_pose_3d", ".twmr-shell")
    assert notebook.live_contexts() == 1
    page.get_by_label("3D view", exact=True).click()
    page.wait_for_function("() => document.querySelector('.twmr-shell img')?.naturalWidth > 100")


# -- with JupyterLab's file browser open ------------------------------------------------------------------------------

SIZES = (1920, 1366, 1024, 900)  # px of the page's width
READY = {
    "reward": "explorer.reset() or explorer.override(extension_penalty=0.07) or setattr(explorer, 'frame', 210)",
    "gate": "explorer.override(gate_mode='proprio')",
    "pose": "setattr(explorer.separate, 'value', True) or explorer.go_to('extend')",
    "policies": "explorer.table.tick(next(p for p in explorer.policies if p.title == 'first'), True)",
}


@pytest.fixture
def shown(explorer_of):
    """shown(which) -> its notebook with the file browser open, put back after the test."""
    opened = []

    def shown_(which):
        opened.append(notebook := explorer_of(which))
        notebook.page.set_viewport_size({"width": 1366, "height": 768})
        notebook.page.evaluate("() => jupyterapp.shell.expandLeft()")
        notebook.evaluate(READY[which])
        if which == "policies":
            wait_for_picture(notebook.page)
        return notebook

    yield shown_
    for notebook in opened:
        notebook.page.evaluate("() => jupyterapp.shell.collapseLeft()")
        notebook.page.set_viewport_size(SIZE)
        notebook.wear("Light")


# A theme changes colours, hardly a layout: in the dark the other sizes are looked at by the slow tests.
DRESSES = [("Light", SIZES), ("Dark", (1366,)), pytest.param("Dark", SIZES, marks=pytest.mark.slow)]


@pytest.mark.parametrize("which", READY)
@pytest.mark.parametrize(("theme", "sizes"), DRESSES)
def test_everything_is_seen_at_every_width_and_in_both_themes(shown, which, theme, sizes):
    notebook = shown(which)
    shell = notebook.page.locator(".twmr-shell")
    notebook.wear(theme)
    for width in sizes:
        notebook.page.set_viewport_size({"width": width, "height": 768})
        shell.wait_for()
        until_still(notebook.page, ".twmr-shell")
        assert troubles(notebook.page, ".twmr-shell") == [], f"{width} px"
        notebook.page.set_viewport_size({"width": width, "height": 1500})
        notebook.screenshot(f"layout_{which}_{width}_{theme.lower()}", ".twmr-shell")


@pytest.mark.parametrize("which", READY)
@pytest.mark.parametrize("theme", ["Light", "Dark"])
def test_an_accessibility_checker_finds_nothing_serious(shown, which, theme):
    notebook = shown(which)
    notebook.wear(theme)
    notebook.page.set_viewport_size({"width": 1366, "height": 1200})
    until_still(notebook.page, ".twmr-shell")
    assert barriers(notebook.page, ".twmr-shell") == []


def test_a_slider_says_its_weight_and_explains_itself_to_the_keyboard_and_to_a_finger(shown):
    notebook = shown("reward")
    page = notebook.page
    weight = slider(notebook, "extension")
    assert weight.get_attribute("aria-valuetext").startswith("0.07 1/rad²")
    weight.focus()
    weight.press("ArrowRight")
    page.wait_for_function("() => document.activeElement.getAttribute('aria-valuetext').startsWith('0.1 1/rad²')")
    tip = weight.locator("xpath=../..").locator(".tip")
    assert tip.is_visible()
    assert tip.get_attribute("id") in weight.get_attribute("aria-describedby").split()
    weight.blur()
    tip.wait_for(state="hidden")
    name = page.locator(".twmr-row label").filter(has_text="forward")
    name.click()
    page.mouse.move(0, 0)
    tip = name.locator("xpath=..").locator(".tip")
    assert tip.is_visible()
    slider(notebook, "forward").press("Escape")
    slider(notebook, "forward").blur()
    tip.wait_for(state="hidden")


def test_pictures_say_what_they_show_now(shown):
    notebook = shown("reward")
    notebook.evaluate("setattr(explorer, 'frame', 99)")
    alt = "document.querySelector('.twmr-picture img').alt"
    notebook.page.wait_for_function(f"() => {alt}.includes('Cursor at 2.00 of 10.00 s')")
    words = notebook.page.evaluate(alt)
    total = notebook.evaluate("explorer.scored.totals['total']")
    assert f"total {total:+.2f}, forward " in words
    assert "stay low" in words
    assert "The step is passed at " in words


def test_the_page_asks_for_the_numbers_of_a_pose(shown):
    notebook = shown("pose")
    notebook.evaluate("explorer.go_to('largest')")
    notebook.page.wait_for_function(
        "() => document.querySelector('.twmr-picture img').alt.includes('the leg tips reach 45.8 mm')"
    )


def test_a_row_is_a_button_and_a_title_says_how_it_sorts(shown):
    notebook = shown("policies")
    page = notebook.page
    page.get_by_role("columnheader", name="success").get_by_role("button").press("Enter")
    page.wait_for_function("() => document.querySelector('[aria-sort=descending]')?.innerText.startsWith('success')")
    page.get_by_role("columnheader", name="success").get_by_role("button").press("Enter")
    page.wait_for_function("() => document.querySelector('[aria-sort=ascending]')?.innerText.startsWith('success')")
    box = page.get_by_role("checkbox", name="flip_tidy")
    box.press("Space")
    page.wait_for_function("() => document.querySelector('.twmr-replay .title')?.innerText.includes('flip_tidy')")
    assert box.is_checked()
    page.locator(".twmr-policy").filter(has=box).locator(".small").click()  # anywhere on the row
    page.wait_for_function("() => !document.querySelector('.twmr-replay .title')?.innerText.includes('flip_tidy')")
    assert not box.is_checked()
    page.get_by_label("Filter the policies by words").fill("no such thing")
    page.get_by_text("None of the").wait_for()
    page.get_by_label("Filter the policies by words").fill("")
    page.wait_for_function("() => document.querySelectorAll('.twmr-policy').length > 6")


def test_enter_renames_and_escape_keeps(shown):
    notebook = shown("policies")
    page = notebook.page
    notebook.evaluate("explorer.table.select(next(p for p in explorer.policies if p.title == 'first'))")
    name = page.get_by_label("New name")
    button(notebook, "Rename").click()
    name.fill("never")
    name.press("Escape")
    name.wait_for(state="detached")
    assert page.evaluate("document.activeElement.innerText").strip() == "Rename"  # the focus is back
    button(notebook, "Rename").click()
    name.fill("my_first")
    name.press("Enter")
    page.get_by_text("renamed to my_first").wait_for()
    page.get_by_role("checkbox", name="my_first").wait_for()
    button(notebook, "Delete").click()
    question = page.get_by_text("Delete my_first?")
    question.wait_for()
    page.keyboard.press("Escape")  # the question has the focus
    question.wait_for(state="detached")
    assert "my_first" in notebook.evaluate("[p.title for p in explorer.policies]")


# -- without a kernel -------------------------------------------------------------------------------------------------


def test_without_a_kernel_its_picture_stays_and_a_line_says_what_to_do(open_notebook):
    notebook = open_notebook(CELLS["pose"])
    page = notebook.page
    notebook.run_all()
    page.wait_for_selector(".twmr-shell")
    hint = page.locator(".twmr-saved")
    assert hint.count() == 1
    assert not hint.is_visible()
    notebook.save()
    notebook.shutdown_kernel()
    notebook.load()
    hint.wait_for()
    assert "Run this cell in JupyterLab (Shift+Enter)" in hint.inner_text()
    assert hint.locator("img").evaluate("img => img.naturalWidth") > 600
    assert page.get_by_text("Error displaying widget").is_hidden()
    notebook.screenshot("explorer_without_kernel")
