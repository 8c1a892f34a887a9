"""A stranger's files in a real browser, in every widget, saved, exported: nothing but text."""

import importlib.util
from pathlib import Path

import nbformat
import pytest
from hostile import ATTACK, SEEN, caught, fill
from lab import new_page
from nbconvert import HTMLExporter

MATHEMATICS = ".jp-OutputArea mjx-container, .jp-OutputArea .MathJax"
SITE = Path(__file__).parents[2] / "tools" / "build_site.py"
BEGIN = """\
from IPython.display import HTML, display
from twmr_nb import RewardTerm
from twmr_nb.draw import film as render
from twmr_nb.policies.saved import load_policy
from twmr_nb.episodes.rollout import load_rollout

render.gl_available = lambda: False  # the page that is shown where nothing can be drawn holds the titles
rollout = load_rollout("hostile/rollout.safetensors")
policy = load_policy(next(__import__("pathlib").Path("hostile/imported").glob("*=1>.safetensors")))
ATTACK = policy.name
term = RewardTerm(ATTACK, ATTACK, "", 1.0, ATTACK, ATTACK, ATTACK, lambda t: 0 * t.x, ATTACK)"""
CELLS = {
    "panel": """\
from twmr_nb import TrainingPanel
panel = TrainingPanel(root="hostile", extra_terms=[term])
panel""",
    "runs": """\
from twmr_nb.ui.runs import Runs
view = Runs("hostile", [term])
view""",
    "policies": """\
from twmr_nb import PolicyBrowser
browser = PolicyBrowser("hostile")
browser""",
    "reward": """\
from twmr_nb import RewardExplorer
explorer = RewardExplorer(rollout, extra_terms=[term], root="hostile")
explorer""",
    "gate": """\
from twmr_nb import GateExplorer
gates = GateExplorer(rollout, root="hostile")
gates""",
    "replay": """\
from twmr_nb.ui.replay import Replay
replay = Replay(rollout, ghost=rollout)
replay""",
    "stills": "render.video([rollout, rollout])",
    "comparison": """\
from twmr_nb.lab.comparison import Comparison, Trial
trial = Trial(ATTACK, 0, [], {"success_rate": 0.5, "time_to_pass": 2.0, "effort": 1.0, "mean_final_x": 1.0})
comparison = Comparison((trial, Trial("other", 0, [], trial.result)))
comparison""",
    "dots": "comparison.dots()",
    "board": """\
from twmr_nb.course.leaderboard import board
board("hostile/leaderboard.json")""",
    "table": """\
from twmr_nb.draw.table import Table
Table([ATTACK, "b"], [[ATTACK, "1"]])""",
    "traces": """\
from twmr_nb.draw.episode import signal_traces
display(signal_traces([rollout]))
from twmr_nb.draw.episode import reward_traces, term_totals
display(reward_traces(rollout), term_totals(rollout.reward_terms))""",
    "rollout": "rollout",
    "policy": "policy",
    "run": "view.run",
    "book": """\
import twmr_nb as tw
display(tw.find_runs(root="hostile"), tw.diff(*list(view.runs.values())[:2]))""",
    "stage": """\
stage = tw.Stage(policy, by=ATTACK, extra_terms=[term])
stage.step(2)
stage""",
    "predictions": """\
tw.course.predict(ATTACK, [ATTACK, "other"])
tw.course.predict("evil", [ATTACK, "other"], mine=ATTACK)
tw.course.reveal("evil", ATTACK)""",
    "terminal": """\
from twmr_nb.draw.words import policies_table
print(policies_table({ATTACK: (policy, 1)}))
from twmr_nb.cli.main import main
main(["runs", "--root", "hostile"]), main(["diff", *(str(run.path) for run in list(view.runs.values())[:2])])
main(["policies", "hostile/imported"])""",
}
# What a person does with them; each is an expression for the kernel.
DOINGS = {
    "panel": [
        "[setattr(panel.origin.choice, 'value', name) for name in panel.origin.choice.options] and None",
        "setattr(panel.earlier, 'value', [name for _, name in panel.earlier.options[:3]])",
        "[panel.view.show(run) for run in view.runs.values()] and None",
        "setattr(panel.name, 'value', ATTACK)",
        "panel.button.click()",
        "__import__('twmr_nb.runs.queue', fromlist=['QUEUE']).QUEUE.failures.update({ATTACK: ATTACK})",
        "panel.queue.refresh()",
    ],
    "runs": [
        "[setattr(view.choice, 'value', name) for name in view.runs] and None",
        "[setattr(view.other, 'value', name) for name in view.runs] and None",
        "setattr(view.notes.tags, 'value', ATTACK)",
        "setattr(view.search, 'value', ATTACK)",
    ],
    "policies": [
        "browser.table.select(*[f for f in browser.policies if f.saved.name == ATTACK][:2])",
        "[browser.stage.trace(), browser.stage.work.join()] and None",
        "browser.tools.show(browser.table.selected[:1])",
        "browser.tools._export(None)",
    ],
    "stage": [
        "stage.hand_over('you')",
        "stage._heard({'kind': ATTACK})",
        "setattr(stage, '_note', ATTACK) or stage._tell()",
    ],
    "reward": ["setattr(explorer.weights[ATTACK], 'text', '2.0')", "setattr(explorer.in_3d, 'value', True)"],
}
SHOW_EVALUATION = """setattr(browser.stage.content, "children", [
    __import__("twmr_nb.ui.hypertext", fromlist=["Html"]).Html(
        __import__("twmr_nb.ui.policy_results", fromlist=["x"]).evaluation_table([
            dict(__import__("twmr_nb.policies.saved", fromlist=["x"]).load_policy("hopeless").results["evaluation"],
                 policy=ATTACK, reward_terms={ATTACK: 1.0})]))])"""


@pytest.fixture(scope="module")
def shown(lab, browser):
    """One notebook with everything in it, run."""
    fill(lab.notebooks / "hostile")
    notebook = lab.open(browser, [BEGIN, *CELLS.values()])
    notebook.run_all()
    yield notebook
    notebook.close()


def visible(notebook) -> str:
    return notebook.page.evaluate("() => document.querySelector('.jp-Notebook').innerText")


def cell(notebook, name):
    return notebook.page.locator(".jp-CodeCell").nth(1 + list(CELLS).index(name)).locator(".jp-OutputArea")


@pytest.fixture
def raw(lab, browser):
    """A notebook that shows what is not escaped; a new one each time, as what one did may take effect late."""
    cells = ["HTML('<b>$x^2$</b>')", "HTML(TEXT)", "import ipywidgets\nipywidgets.HTML(TEXT)"]
    notebook = lab.open(browser, cells)
    notebook.evaluate(f"exec({f'from IPython.display import HTML; TEXT = {ATTACK!r}'!r})")
    yield notebook
    notebook.shutdown_kernel()
    notebook.close()


def test_dollars_elsewhere_are_mathematics(raw):
    raw.run_cell(0)
    raw.page.locator(MATHEMATICS).first.wait_for()


@pytest.mark.parametrize("cell", [1, 2])
def test_the_trap_catches_what_is_not_escaped(raw, cell):
    assert caught(raw.page) == []
    raw.run_cell(cell)
    raw.page.wait_for_function("() => window.hacked === 1")
    assert len(caught(raw.page)) > 3


def test_everything_is_shown_and_nothing_runs(shown):
    shown.page.wait_for_timeout(2000)
    assert caught(shown.page) == []
    errors = shown.page.locator(".jp-Notebook [data-mime-type='application/vnd.jupyter.error'], .jp-mod-error")
    assert errors.count() == 0, errors.all_inner_texts()
    for name in CELLS:
        area = cell(shown, name)
        area.scroll_into_view_if_needed()
        if name not in ("dots", "traces", "gate"):  # pictures, and a list that unfolds
            area.get_by_text(SEEN).first.wait_for(state="attached")
    assert caught(shown.page) == []


@pytest.mark.parametrize("widget", DOINGS)
def test_nothing_runs_while_it_is_used(shown, widget):
    for doing in DOINGS[widget]:
        shown.evaluate(doing)
    if widget == "policies":
        shown.page.wait_for_timeout(1000)
        assert caught(shown.page) == []
        shown.evaluate(SHOW_EVALUATION)
    cell(shown, widget).scroll_into_view_if_needed()
    shown.page.wait_for_timeout(2000)
    assert caught(shown.page) == []
    shown.screenshot(f"hostile_{widget}")


def test_text_is_escaped_once(shown):
    text = visible(shown)
    assert "&lt;em&gt;" in text
    assert "&amp;" not in text
    assert "&#3" not in text


def test_dollars_are_no_mathematics(shown):
    assert shown.page.locator(MATHEMATICS).count() == 0


def test_saved_opened_again_and_exported_it_is_text(shown, browser, tmp_path):
    shown.save()
    book = nbformat.read(shown.path, as_version=4)
    page, _ = HTMLExporter().from_notebook_node(book)
    (tmp_path / "exported.html").write_text(page, encoding="utf-8")
    pages = [tmp_path / "exported.html"]
    if importlib.util.find_spec("latex2mathml"):
        spec = importlib.util.spec_from_file_location("build_site", SITE)
        site = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(site)
        book.cells.insert(0, nbformat.v4.new_markdown_cell("# A lesson"))
        (tmp_path / "site.html").write_text(site.lesson_page(book, ""), encoding="utf-8")
        pages.append(tmp_path / "site.html")
    for path in pages:
        opened = new_page(browser)
        opened.goto(path.as_uri(), wait_until="domcontentloaded")
        opened.wait_for_timeout(2000)
        assert caught(opened) == [], path.name
        assert SEEN in opened.evaluate("() => document.body.innerText"), path.name
        opened.screenshot(path=str(tmp_path / f"{path.stem}.png"))
        opened.close()
    shown.load()
    shown.page.wait_for_timeout(3000)
    assert caught(shown.page) == []
    assert SEEN in visible(shown)
