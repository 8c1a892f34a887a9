"""What the tests of explorers and policy browser share: their notebooks, and finding things in them."""

import re

from boxes import until_still

SIZE = {"width": 1440, "height": 1000}
LOAD = 'from twmr_nb.episodes.rollout import load_rollout\nrollout = load_rollout("climb.safetensors")'
SHORT = "from twmr_nb.episodes import worlds\nworlds.TRIAL_STEPS = 100"  # what is played in the policy browser
OWN = """\
from twmr_nb import reward_term
from twmr_nb import RewardExplorer

def stay_low(t):
    "A price on height."
    return t.z

explorer = RewardExplorer(rollout, extra_terms=[reward_term(stay_low, weight=-2.0)])
explorer"""
CELLS = {
    "reward": [LOAD, OWN],
    "gate": [LOAD, "from twmr_nb import GateExplorer\nexplorer = GateExplorer(rollout)\nexplorer"],
    "pose": ["from twmr_nb import PoseExplorer\nexplorer = PoseExplorer()\nexplorer"],
    "policies": [SHORT, "from twmr_nb import PolicyBrowser\nexplorer = PolicyBrowser()\nexplorer"],
}
# How many elements scroll sideways.
SCROLLING = """shell => [...shell.querySelectorAll("*")].filter(
  (e) => e.scrollWidth > e.clientWidth + 2 && ["auto", "scroll"].includes(getComputedStyle(e).overflowX)).length"""


def slider(notebook, label):
    """A slider of the widget, by its setting's name."""
    return notebook.page.locator(".twmr-shell").get_by_role("slider", name=f"{label}, slider", exact=True)


def button(notebook, name):
    """The buttons of the widget with this name; an icon may stand before it."""
    return notebook.page.locator(".twmr-shell").get_by_role("button", name=re.compile(rf"(^|\W){re.escape(name)}$"))


def picture(notebook):
    return notebook.page.evaluate("() => document.querySelector('.twmr-shell img').src")


def until_new_picture(notebook, old):
    notebook.page.wait_for_function("old => document.querySelector('.twmr-shell img').src !== old", arg=old)


def numbers(text):
    return [float(n) for n in re.findall(r"[+-]?\d+\.\d+", text)]


def assert_fits(notebook, name):
    """Within 1,200 x 700 pixels and without scrolling sideways, in both themes; pictures are kept."""
    for theme in ("Dark", "Light"):
        notebook.wear(theme)
        shell = notebook.page.locator(".twmr-shell")
        shell.wait_for()  # the theme changes with the page hidden for a moment
        until_still(notebook.page, ".twmr-shell")
        box = shell.bounding_box()
        assert box["width"] <= 1200
        assert box["height"] <= 700, box["height"]
        assert shell.evaluate(SCROLLING) == 0
        notebook.screenshot(f"{name}_{theme.lower()}", ".twmr-shell")
