"""The list of runs as a lab book in a real browser: a tag typed, a run found by it, two set against each other."""

import re
from pathlib import Path

import pytest
from boxes import barriers, troubles, until_still
from playwright.sync_api import expect

from twmr_nb.runs.run import new_run, open_run
from twmr_nb.task.rewards import reward_term

pytestmark = pytest.mark.browser
PATIENTS = Path(__file__).parents[1] / "data" / "patients"
SHELL = ".twmr-shell"


def steep(t):
    """Pitching is unpleasant."""
    return t.pitch**2


def calm(t):
    """Pitching is unpleasant."""
    return abs(t.pitch)


@pytest.fixture
def root(tmp_path):
    """Three finished runs with the logs of patients; in JupyterLab's own folder are those of other tests, too."""
    folder = tmp_path / "book"
    for name, log, term in (("careful", "B", steep), ("bold", "A", calm), ("third", "C", calm)):
        own = [reward_term(term, weight=-0.5, name="calm")]
        run = new_run("flip", name, folder, extra_terms=own, total_timesteps=60_000, control_cost=0.3)
        (run.path / "metrics.csv").write_bytes((PATIENTS / f"{log}.csv").read_bytes())
        run.folder.keep_state("finished")
    return folder


def test_a_run_is_tagged_found_and_set_against_another(open_notebook, root):
    notebook = open_notebook([f"import twmr_nb as tw\ntw.Runs({str(root)!r})"])
    page = notebook.page
    page.set_viewport_size({"width": 1366, "height": 768})
    notebook.run_all()
    runs = page.locator(f"{SHELL} select").first
    expect(runs.locator("option")).to_have_count(3)
    runs.select_option(index=2)
    tags, note = page.get_by_role("textbox", name="tags"), page.get_by_role("textbox", name="note")
    tags.fill("stands good")
    tags.press("Enter")
    expect(page.get_by_text("tags kept")).to_be_visible()
    note.fill("moves as little as it can\nthe price of effort is too high")
    runs.focus()  # the box is left
    expect(page.get_by_text("note kept")).to_be_visible()
    expect(runs.locator("option").nth(2)).to_have_text(re.compile(r"careful.*\sstands\s·\sgood"))
    [tagged] = [open_run(path) for path in root.iterdir() if path.name.startswith("careful")]
    assert (tagged.tags, tagged.note.count("\n")) == (("stands", "good"), 1)

    search = page.get_by_role("textbox", name="search")
    search.press_sequentially("little control_cost=0.3")
    expect(page.get_by_text("1 of 3 runs")).to_be_visible()
    expect(runs.locator("option")).to_have_count(1)
    notebook.screenshot("runs_found", SHELL)
    search.fill("")
    expect(runs.locator("option")).to_have_count(3)

    against = page.get_by_role("combobox", name="against")
    against.select_option(index=2)
    source = page.get_by_role("row").filter(has_text="calm: source").last
    expect(source).to_contain_text("return t.pitch**2")
    expect(source).to_contain_text("return abs(t.pitch)")
    for theme in ("Dark", "Light"):
        notebook.wear(theme)
        for width in (900, 1366):
            page.set_viewport_size({"width": width, "height": 768})
            page.locator(SHELL).first.scroll_into_view_if_needed()
            until_still(page, SHELL)
            assert troubles(page, SHELL) == [], (theme, width)
            assert barriers(page, SHELL) == [], (theme, width)
            notebook.screenshot(f"runs_against_{theme.lower()}_{width}", SHELL)
    box = page.locator(SHELL).first.bounding_box()
    assert box["width"] <= 1200
    assert box["height"] <= 700, box["height"]
    assert notebook.errors == []
    assert notebook.requests == []
