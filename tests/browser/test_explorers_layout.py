"""Explorers and policy browser on small and large screens with JupyterLab's file browser open: nothing cut, no overlap,
no dead scrollbar, nothing that a screen reader cannot name. Pictures are kept in tests/artifacts."""

import pytest
from boxes import barriers, troubles, until_still
from explorer_view import CELLS, button, slider
from replay_view import wait_for_picture

pytestmark = pytest.mark.browser
SIZES = (1920, 1366, 1024, 900)  # px of the page's width
READY = {
    "reward": "explorer.override(extension_penalty=0.07) or setattr(explorer, 'frame', 210)",
    "gate": "explorer.override(gate_mode='proprio')",
    "pose": "setattr(explorer.separate, 'value', True) or explorer.go_to('extend')",
    "policies": "explorer.table.tick(next(p for p in explorer.policies if p.title == 'first'), True)",
}


@pytest.fixture(scope="module")
def shown(lab, browser, folder):
    """shown(which) -> its notebook, run once, the file browser open."""
    opened = {}

    def shown_(which):
        if which not in opened:
            opened[which] = notebook = lab.open(browser, CELLS[which], viewport={"width": 1366, "height": 768})
            notebook.run_all()
            notebook.page.wait_for_selector(".twmr-shell")
            notebook.page.evaluate("() => jupyterapp.shell.expandLeft()")
            notebook.evaluate(READY[which])
            if which == "policies":
                wait_for_picture(notebook.page)
        return opened[which]

    yield shown_
    for notebook in opened.values():
        assert [error for error in notebook.errors if "favicon" not in error] == []
        notebook.shutdown_kernel()
        notebook.close()


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
