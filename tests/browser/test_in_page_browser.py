"""What widgets do in JupyterLab by themselves: Enter and the arrows do in them what they do in any page, and not what
they do to cells; one that comes late hears what it is told; and where its kernel is gone, each says so."""

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser
LATE = """
import anywidget, traitlets

class Late(anywidget.AnyWidget):
    _esm = '''
        await new Promise((done) => setTimeout(done, 5000)); // as on a machine that does other things as well
        function render({ model, el }) {
          const tell = () => { el.textContent = `told ${model.get("value")}`; };
          model.on("change:value", tell);
          tell();
        }
        export default { render };
    '''
    value = traitlets.Int(1).tag(sync=True)

late = Late()
late
"""
CELLS = [
    "from twmr_nb import TrainingPanel\npanel = TrainingPanel(root='runs_keys')\npanel",
    "from twmr_nb import PoseExplorer\npose = PoseExplorer()\npose",
    "from twmr_nb.ui.runs import Runs\nlist_of_runs = Runs('runs_keys')\nlist_of_runs",
]


@pytest.fixture(scope="module")
def notebook(lab, browser):
    notebook = lab.open(browser, [*CELLS, LATE])
    notebook.run_all()
    notebook.page.wait_for_selector(".twmr-rows .twmr-row")
    notebook.page.get_by_role("slider", name="wheel angle, slider").wait_for()
    yield notebook
    assert [error for error in notebook.errors if "favicon" not in error] == []
    notebook.shutdown_kernel()
    notebook.close()


def active_cell(notebook):
    return notebook.page.evaluate("() => jupyterapp.shell.currentWidget.content.activeCellIndex")


def at(notebook, cell):
    """In the middle of using this cell's widget: clicked on, the notebook in command mode."""
    shell = notebook.page.locator(".jp-OutputArea-output > .twmr-shell").nth(cell)
    shell.locator(".twmr-head").first.click()
    return shell


def test_enter_in_a_number_box_is_a_number_given(notebook):
    shell = at(notebook, 0)
    notebook.page.locator(".lm-TabBar-tab", has_text="learner").click()
    box = shell.get_by_role("textbox", name="total timesteps")
    for typed, read in (("1e6", "1,000,000"), ("2_000_000", "2,000,000")):
        box.press("Control+a")
        box.press_sequentially(typed)  # key by key: no listener may cancel them
        expect(box).to_have_value(typed)
        box.press("Enter")
        expect(box).to_have_value(read)
    box.fill("1e99")
    box.press("Enter")
    expect(shell.get_by_role("alert").filter(has_text="total_timesteps = 1e99 is not allowed")).to_be_visible()
    expect(box).to_have_value("1e99")
    box.fill("100_000")
    box.press("Enter")


@pytest.mark.parametrize(("cell", "name"), [(0, "rollout steps"), (1, "wheel angle")])
def test_arrows_move_a_slider_and_leave_the_cells_alone(notebook, cell, name):
    slider = at(notebook, cell).get_by_role("slider", name=name).first
    before, where = int(slider.input_value()), active_cell(notebook)
    for key, moved in (("ArrowRight", 1), ("ArrowUp", 2), ("ArrowDown", 1), ("ArrowLeft", 0)):
        slider.press(key)
        expect(slider).to_have_value(str(before + moved))
    expect(slider).to_be_focused()
    assert active_cell(notebook) == where


def test_arrows_choose_from_a_list(notebook):
    choice = at(notebook, 0).get_by_role("combobox", name="start from")
    before = choice.input_value()
    choice.press("ArrowDown")
    expect(choice).not_to_have_value(before)
    choice.press("ArrowUp")
    expect(choice).to_have_value(before)


def test_a_widget_that_comes_late_hears_what_it_is_told(notebook):
    for told in ("told 1", "told 2"):
        expect(notebook.page.get_by_text(told)).to_be_visible()
        notebook.evaluate("late.set_trait('value', 2)")


def test_enter_presses_a_button(notebook):
    shell = at(notebook, 2)
    notebook.evaluate("setattr(list_of_runs, 'refresh', lambda: list_of_runs.problems.set_trait('value', 'listed'))")
    shell.get_by_role("button", name="List again").press("Enter")
    expect(shell.get_by_text("listed", exact=True)).to_be_visible()


def test_what_the_notebook_is_asked_with_a_modifier_it_does(notebook):
    box = at(notebook, 0).get_by_role("textbox", name="total timesteps")
    count = notebook.page.locator(".jp-InputPrompt").first.inner_text()
    box.press("Control+s")
    notebook.page.wait_for_function("() => !jupyterapp.shell.currentWidget.context.model.dirty")
    assert notebook.page.locator(".jp-InputPrompt").first.inner_text() == count


def test_without_its_kernel_a_widget_says_so_until_its_cell_runs_again(notebook):
    page, gone = notebook.page, notebook.page.get_by_role("alert").filter(has_text="Nobody hears this any more")
    assert gone.count() == 0
    page.evaluate("() => jupyterapp.shell.currentWidget.sessionContext.session.kernel.restart()")
    expect(gone).to_have_count(len(CELLS))
    notebook.run_cell(1)
    expect(gone).to_have_count(len(CELLS) - 1)
    page.get_by_role("slider", name="wheel angle, slider").wait_for()
