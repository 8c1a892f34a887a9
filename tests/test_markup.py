"""Text of a file or a user is shown as it is written: in pages, tables, figures, lines of a terminal."""

import ast
import html
import re
from pathlib import Path

import pytest
from markupsafe import Markup
from matplotlib.figure import Figure

from twmr_nb.course.leaderboard import Board
from twmr_nb.draw.charts import lines
from twmr_nb.draw.overlay import draw_title
from twmr_nb.draw.page import output
from twmr_nb.draw.table import Table
from twmr_nb.markup import Formula, as_html, figure_text, one_line, printable, shown, table_cell
from twmr_nb.ui.hypertext import Html

PACKAGE = Path(__file__).parent.parent / "twmr_nb"
ATTACK = '<img src=x onerror="hacked()">'
DOORS = {"draw/page.py", "ui/hypertext.py"}  # the only files that hand HTML to a page
SHOWING = {"HTML", "HTMLMath", "Label", "Markdown", "Javascript", "Latex", "SVG"}  # of IPython.display and ipywidgets


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.stem)
def test_html_goes_through_the_doors_only(path):
    """And is never written into an f-string, where a value would go in as it is."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and path.relative_to(PACKAGE).as_posix() not in DOORS:
            called = getattr(node.func, "attr", getattr(node.func, "id", ""))
            assert called not in SHOWING, (
                f"line {node.lineno}: use twmr_nb.draw.page.output or twmr_nb.ui.hypertext.Html"
            )
        if isinstance(node, ast.JoinedStr):
            said = "".join(part.value for part in node.values if isinstance(part, ast.Constant))
            assert not any(f"<{tag}" in said for tag in ("b>", "br", "div", "span", "p>", "img", "td", "pre")), (
                f"line {node.lineno}: build HTML by Markup(...).format(...)"
            )


def test_scripts_put_no_value_into_html():
    for path in (PACKAGE / "ui").rglob("*.js"):
        for line in path.read_text().splitlines():
            if any(word in line for word in ("outerHTML", "insertAdjacentHTML", "document.write", "eval(")):
                pytest.fail(f"{path.name}: {line.strip()}")
            if "innerHTML" in line and "root.innerHTML = `" not in line:  # the elements, of constants alone
                assert "${" not in line, f"{path.name}: {line.strip()}"


def test_a_widget_shows_plain_text_as_it_is_written():
    shown = Html(f"a {ATTACK}")
    assert "<img" not in shown.value
    assert html.unescape(shown.value) == f"a {ATTACK}"
    shown.value = Markup("<b>{}</b>").format(ATTACK)
    assert shown.value == f"<b>{Markup.escape(ATTACK)}</b>"
    shown.value = f"<b>{Markup.escape(ATTACK)}</b>"  # forgotten to say that it is markup: ugly, and safe
    assert "<b>" not in shown.value
    shown.value = "&lt; \ud800"  # half a letter, which no message to the page can hold
    assert shown.value == "&amp;lt; \\ud800"


def test_a_cells_output_holds_text_as_text_and_never_as_mathematics():
    page = output(Markup("<p>{}</p>").format(f"{ATTACK} $x$")).data
    assert "<img" not in page
    assert "mathjax_ignore" in page
    assert as_html("<b>") == "&lt;b&gt;"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("plain, with ä and 8 µm", "plain, with ä and 8 µm"),
        ("red \x1b[31m", "red \\x1b[31m"),
        ("two\nlines\r\t", "two\\nlines\\r\\t"),
        ("back\u202ewards \x07 \x9b2J", "back\\u202ewards \\x07 \\x9b2J"),
        ("half \ud83d", "half \\ud83d"),
        ("n" * 300, "n" * 199 + "…"),
        (None, "None"),
    ],
)
def test_one_line_is_one_line_that_steers_nothing(text, seen):
    assert one_line(text) == seen
    one_line(text).encode()


def test_several_lines_stay_lines():
    assert printable("a\n\tb\x1b[2J\r") == "a\n\tb\\x1b[2J\\r"


@pytest.mark.parametrize(
    "name",
    ["cost $5 or $6", r"$\frac{$", "$x^2$", "_private", r"a \$ b $", "$$", "two\nlines", "é" * 300, "", "\ud800"],
)
def test_a_figure_draws_any_name(name):
    """matplotlib reads what stands between dollars, stumbles over half a formula, and hides names that begin with _."""
    figure = lines([0, 1], {name: [0, 1], "other": [1, 0]}, marks={name: 0.5}, levels={name: 0.5})
    figure.png()
    texts = [text.get_text().strip() for text in figure.axes[0].get_legend().get_texts()]
    assert len(texts) == 2
    drawn = Figure().text(0, 0, figure_text(name))
    shown, is_math = drawn._preprocess_math(drawn.get_text())
    assert not is_math
    assert shown.strip() == one_line(name, 60)


def test_a_film_takes_any_title():
    import numpy as np

    blank = np.zeros((90, 160, 3), np.uint8)
    for title in ("two\nlines", "\x1b", "", "\ud800", "n" * 10_000, "🤖"):
        assert draw_title(blank, title).shape == blank.shape


@pytest.mark.parametrize(
    "text", ["a | b", ATTACK, "**bold** _it_ `code`", "[here](javascript:hacked())", "x\n\ny", "$x$ \\(y\\)", "~~no~~"]
)
def test_a_cell_of_a_table_is_text(text):
    """In the renderer that writes pages; the one that JupyterLab has is looked at in a browser."""
    from nbconvert.filters.markdown_mistune import markdown2html_mistune

    page = markdown2html_mistune(Table(["name", "is"], [[text, "1"], ["other", "2"]])._repr_markdown_())
    assert page.count("<td") == 4
    for tag in ("<img", "<strong", "<em", "<code", "<a ", "<del", "<br"):
        assert tag not in page
    assert one_line(text) in html.unescape(re.sub("<[^>]+>", "", page))


def test_a_formula_of_our_own_stays_one():
    assert table_cell(Formula(r"w\,\frac{a}{b}")) == r"$w\,\frac{a}{b}$"
    assert "mathjax_ignore" in table_cell(r"$w$")


def test_a_name_on_the_leaderboard_is_text():
    entry = {"problem": "7 cm", "by": f"eve | {ATTACK}", "score": 0.5, "success_rate": 0.5, "policy": "x"}
    row = next(line for line in Board((entry,))._repr_markdown_().splitlines() if "eve" in line)
    assert "<img" not in row
    assert row.count("|") == 5


def test_a_long_value_is_cut_and_closed():
    assert shown("a" * 70) == f"'{'a' * 55}...'"
    assert shown([1] * 70).endswith("...]")
    assert shown(10**59) == str(10**59)
    assert shown(10**70) == f"1{'0' * 55}..."
