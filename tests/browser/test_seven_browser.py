"""A page that knows of ipywidgets only what release 7 had: every control is there all the same, and called the same.

What each release tells the page was read from both (7.8.5, 8.1.9): the names below are those that 8 has added. What 7
called otherwise is handed over under its new name, as the page here is one of 8.
"""

import difflib
from contextlib import suppress

import pytest
from waiting import wait_for

pytestmark = pytest.mark.browser

SEVEN = """\
import os, tempfile
os.environ["TWMR_RUNS"] = tempfile.mkdtemp()  # what trains or is filmed is in one view only, and here are two
import ipywidgets as w
from IPython.display import display
import twmr_nb as tw
from twmr_nb.ui.guess import Guess

climb = tw.load_rollout("climb.safetensors")

DESCRIBED = (w.Checkbox, w.Dropdown, w.FileUpload, w.FloatProgress, w.HTML, w.RadioButtons, w.Select, w.SelectMultiple,
             w.Text, w.Textarea, w.ToggleButton)
ADDED = {
    w.DOMWidget: {"tabbable", "tooltip"}, DESCRIBED: {"description_allow_html"}, w.Tab: {"titles"},
    w.FileUpload: {"value"}, w.RadioButtons: {"orientation"},
    w.Layout: {"border_top", "border_right", "border_bottom", "border_left"},
    w.ButtonStyle: {"font_family", "font_size", "font_style", "font_variant", "text_color", "text_decoration"},
}

def told(widget, *given, whole=w.Widget.get_state, **options):
    state = whole(widget, *given, **options)
    added = set().union(*(names for kind, names in ADDED.items() if isinstance(widget, kind)))
    kept = {"tooltip"} if isinstance(widget, (w.Button, w.ToggleButton)) else set()
    known = {name: value for name, value in state.items() if name not in added - kept}
    titles = {"titles": list(known["_titles"].values())} if "_titles" in known else {}
    return known | titles

whole = w.Widget.get_state"""
MAKE = {
    "panel": 'tw.TrainingPanel("flip")',
    "reward": "tw.RewardExplorer(climb)",
    "gate": "tw.GateExplorer(climb)",
    "pose": "tw.PoseExplorer()",
    "policies": "tw.PolicyBrowser()",
    "stage": 'tw.Stage("random")',
    "runs": "tw.Runs()",
    "prediction": 'Guess("passes", ["yes", "no"], str)',
}
TWICE = """\
for get_state in (whole, told):
    w.Widget.get_state = get_state
    display({})"""


def test_every_control_is_there_and_called_the_same(open_notebook, folder):
    notebook = open_notebook([SEVEN, *(TWICE.format(made) for made in MAKE.values())])
    notebook.page.set_viewport_size({"width": 1366, "height": 20000})  # the notebook draws only what is in sight
    notebook.run_all()
    shells = notebook.page.locator(".jp-OutputArea-child").filter(has=notebook.page.locator(".twmr-shell"))
    shells.nth(2 * len(MAKE) - 1).wait_for()
    for place, name in enumerate(MAKE):
        twins = [shells.nth(2 * place), shells.nth(2 * place + 1)]
        with suppress(AssertionError):  # which says less than what comes next
            wait_for(lambda twins=twins: twins[0].aria_snapshot() == twins[1].aria_snapshot())
        eight, seven = (twin.aria_snapshot() for twin in twins)
        assert seven == eight, "\n".join([name, *difflib.unified_diff(eight.splitlines(), seven.splitlines())])
    assert notebook.page.get_by_role("tab", name="reward").count() == 4  # of panel and stage
    notebook.screenshot("seven")
    assert notebook.requests == []
    assert [error for error in notebook.errors if "favicon" not in error] == []
