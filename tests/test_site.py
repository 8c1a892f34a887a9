"""The static pages: executed, readable without a kernel, asking no network."""

import copy
import json
import re
from datetime import date
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup

from twmr_nb.config.schema import EnvConfig

pytest.importorskip("latex2mathml", reason="`make site` installs it")
from tools import build_site as site

LESSONS = Path(__file__).parents[1] / "notebooks"
LESSON = [
    "# 01 · A small lesson\n\nIt says *what* a policy is.",
    r"The error $\delta_t$ costs `$5` and" + "\n\n$$\\delta_t = r_t + \\gamma V$$\n\nNext: [two](02_two.ipynb).",
]
CODE = [
    "print('computed', 6 * 7)",
    "from twmr_nb.draw.style import Plot, style\nfigure = Plot(300, 200)\nstyle(figure.subplots(), 'a figure')\nfigure",
    "from twmr_nb import PoseExplorer\nPoseExplorer()",
    "from IPython.display import Code\nCode('a = b & c', language='python')",
    "from twmr_nb import course\ncourse.predict('01 how many', mine=...)\ncourse.reveal('01 how many', 5, 'all five')",
]


def write(path, markdown, code):
    cells = [nbformat.v4.new_markdown_cell(text) for text in markdown]
    cells += [nbformat.v4.new_code_cell(text) for text in code]
    book = nbformat.v4.new_notebook(cells=cells)
    book.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(book, path)
    return path


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("course")
    lessons = [write(folder / "01_one.ipynb", LESSON, CODE), write(folder / "02_two.ipynb", ["# 02 · Two"], ["1 / 0"])]
    out = folder / "site"
    return out, lessons, site.build(lessons, out)


def test_a_page_holds_text_outputs_and_links(built):
    out, _, _ = built
    page = (out / "01_one.html").read_text()
    assert "<title>01 · A small lesson</title>" in page
    assert "computed 42" in page
    assert "data:image/png;base64," in page
    assert 'href="02_two.html"' in page
    assert 'what</em> a <a href="glossary.html#policy">policy</a> is' in page
    assert ".ipynb" not in page


def test_where_a_stage_stood_the_playground_is_a_click_away():
    saved = '<div class="twmr-saved">a picture</div>'
    told = {"terms": [], "weights": {}, "episodes": [{"title": '"<b>"', "sums": {}}]}
    stood = {"driver": '"<i>', "world": EnvConfig(scene="step", step_height=0.03).to_dict()}
    outputs = [
        nbformat.v4.new_output("display_data", {"text/plain": "Stage: Ada", "text/html": saved, site.STAGE: stood}),
        nbformat.v4.new_output("display_data", {"text/plain": "R", "text/html": "<i>sums</i>", site.REWARDS: told}),
    ]
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("stage", outputs=outputs)])
    page = site.lesson_page(copy.deepcopy(book), "", playable=True)
    assert page.count("src: 'playground.html#'") == 1
    read = BeautifulSoup(page, "html.parser")
    weighed = json.loads(read.select_one(".weigh")["data-told"])
    assert weighed.pop("robot")["gravity"] == 9.81
    assert weighed == told
    begins = json.loads(read.select_one(".twmr-playable")["data-begins"])
    assert (begins["driver"], begins["height"]) == ("you", 0.03)
    assert page.count("function weigh(") == 1
    alone = site.lesson_page(book, "")
    assert saved in alone
    assert "playground.html" not in alone


def test_formulas_are_drawn_by_the_browser_and_code_is_left_alone(built):
    page = (built[0] / "01_one.html").read_text()
    assert page.count("<math ") == 2
    assert 'display="block"' in page
    assert "<code>$5</code>" in page


@pytest.mark.parametrize("path", sorted(LESSONS.glob("[0-9]*.ipynb")), ids=lambda path: path.stem)
def test_every_formula_of_the_lessons_is_drawn(path):
    """One that is broken by a line's end is left as text, which a notebook would not show."""
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            text = re.sub(r"```.*?```|`[^`\n]*`", "", site.with_math(cell.source), flags=re.DOTALL)
            assert not re.search(r"\$|\\[a-zA-Z]+", text), cell.id


def test_code_that_a_cell_shows_is_no_formula(built):
    page = (built[0] / "01_one.html").read_text()
    assert "Verbatim" not in page
    assert page.count('<span class="n">b</span>') == 1  # in the cell itself it is part of a string


def test_a_widget_is_replaced_by_its_picture(built):
    page = (built[0] / "01_one.html").read_text()
    (picture,) = re.findall("<img [^>]*data:image/webp[^>]*>", page)
    assert 'alt="Pose explorer: tip radius' in picture
    assert "widget-view" not in page
    assert "IPY_MODEL" not in page
    assert "children=" not in page
    assert "model not found" not in page


def test_a_prediction_hides_nothing_on_a_page(built):
    page = (built[0] / "01_one.html").read_text()
    assert "Predict, 01 how many: a number." in page
    assert "What came out: 5." in page
    assert "all five" in page


def test_a_page_asks_no_network(built):
    for path in built[0].glob("*.html"):
        page = re.sub("<a [^>]*>", "", path.read_text())  # a link asks only who follows it
        assert not re.search(r'(?:src|href)="(?:https?:)?//|@import|url\(\s*["\']?http', page), path.name


def test_a_failing_lesson_is_named_and_has_no_page(built):
    out, _, failures = built
    assert failures == ["02_two.ipynb: ZeroDivisionError: division by zero"]
    assert not (out / "02_two.html").exists()


def test_the_index_lists_what_is_there(built):
    index = (built[0] / "index.html").read_text()
    assert "01 · A small lesson" in index
    assert "It says what a policy is." in index
    assert '<img src="01_one.png"' in index
    assert "02_two" not in index
    assert "playground.html" not in index
    assert 'href="glossary.html"' in index
    assert 'href="reading.html"' in index


def test_the_index_gives_the_order_and_the_minutes(tmp_path, monkeypatch):
    (tmp_path / "README.md").write_text("| `notebooks/01_one.ipynb` | a (50 min) |\n| `02_two.ipynb` | b (75 min) |\n")
    monkeypatch.setattr(site, "ROOT", tmp_path)
    lessons = [write(tmp_path / f"{name}.ipynb", [f"# {name}\n\nWords."], []) for name in ("01_one", "02_two")]
    for path in lessons:
        path.with_suffix(".html").touch()
    index = site.index_page(lessons, tmp_path)
    assert re.findall(r"<h2><a[^>]*>(\w+)</a></h2>|(\d+) min", index) == [
        ("01_one", ""), ("", "50"), ("02_two", ""), ("", "75")
    ]  # fmt: skip


def test_the_index_leads_to_the_playground_where_there_is_one(tmp_path):
    (tmp_path / "playground.html").touch()
    assert '<a href="playground.html">Drive the robot yourself</a>' in site.index_page([], tmp_path)


def test_what_a_lesson_took_is_measured(built):
    took = json.loads((built[0] / "01_one.json").read_text())
    assert 0 < took["seconds"] < 600
    assert took["processor_s"] > 0
    assert took["others_s"] >= 0
    assert took["peak_mb"] > 50  # a bare kernel holds more
    assert date.fromisoformat(took["date"]) <= date.today()
    assert "peak_mb" not in (built[0] / "01_one.html").read_text()


def test_the_page_of_times_lists_every_lesson_and_adds_up(tmp_path, monkeypatch):
    table = "| `notebooks/01_one.ipynb` | a (50 min) |\n| `02_two.ipynb` | b (75 min) |\n"
    (tmp_path / "README.md").write_text(table)
    monkeypatch.setattr(site, "ROOT", tmp_path)
    took = {"seconds": 90, "processor_s": 120, "others_s": 45, "peak_mb": 1234, "cores": 2, "date": "2026-01-02"}
    (tmp_path / "02_two.json").write_text(json.dumps(took))
    lines = site.times_page([Path("01_one.ipynb"), Path("02_two.ipynb")], tmp_path).splitlines()
    assert "| 01 one | 50 min | – | – | – | – | – |" in lines
    assert "| 02 two | 75 min | 1.5 min | 2.0 min | 0.5 of 2 cores | 1.2 GB | 2026-01-02 |" in lines
    assert "| all | 2 h 5 min | 2 min |  |  |  |  |" in lines


def test_what_was_executed_is_kept_and_its_page_written_anew(built, monkeypatch):
    out, lessons, _ = built
    monkeypatch.setattr(site, "execute", lambda path: pytest.fail("executed again"))
    monkeypatch.setattr(site, "STYLE", "p { color: teal }")
    assert site.build(lessons[:1], out) == []
    page = (out / "01_one.html").read_text()
    assert "color: teal" in page
    assert "computed 42" in page


TERMS = {"policy": "policy", "policies": "policy", "neural network": "neural-network"}


@pytest.mark.parametrize(
    ("text", "linked"),
    [
        ("Two policies, a policy.", "Two [policies](glossary.html#policy), a policy."),
        ("A *neural\nnetwork*", "A *[neural\nnetwork](glossary.html#neural-network)*"),
        ("# A policy\n\nPolicy", "# A policy\n\n[Policy](glossary.html#policy)"),
        ("`policy` and `a\npolicy`, $policy$", "`policy` and `a\npolicy`, $policy$"),
        ("```\npolicy\n```\n$$\npolicy\n$$", "```\npolicy\n```\n$$\npolicy\n$$"),
        ("[a policy](02_two.html), policy-free", "[a policy](02_two.html), policy-free"),
        ("<summary>policy</summary> <b title='policy'>", "<summary>policy</summary> <b title='policy'>"),
    ],
)
def test_the_first_use_of_a_term_is_a_link_where_it_is_plain_text(text, linked):
    assert site.with_terms(text, dict(TERMS)) == linked


def test_a_term_is_linked_once_in_a_lesson():
    left = dict(TERMS)
    site.with_terms("A policy.", left)
    assert left == {"neural network": "neural-network"}


def test_every_term_is_used_in_a_lesson_and_has_its_place(built):
    page, unused = (built[0] / "glossary.html").read_text(), set(site.glossary().values())
    assert len(re.findall('<b id="', page)) == len(unused)
    assert all(f'<b id="{place}">' in page for place in unused)
    for path in LESSONS.glob("*.ipynb"):
        left = site.glossary()
        for cell in nbformat.read(path, as_version=4).cells:
            if cell.cell_type == "markdown":
                site.with_terms(cell.source, left)
        unused &= set(left.values())
    assert not unused


def test_the_reading_list_leads_to_the_papers(built):
    page = (built[0] / "reading.html").read_text()
    assert '<a href="https://arxiv.org/abs/1707.06347">arxiv.org/abs/1707.06347</a>' in page
