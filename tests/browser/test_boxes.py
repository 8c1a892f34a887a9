"""The looks that other browser tests take at a page do find what is wrong, and nothing where nothing is."""

import pytest
from boxes import barriers, troubles
from lab import new_page

pytestmark = pytest.mark.browser
GOOD = "<label>name <input value='abc'></label><p>some words</p><button>Go</button>"
TALL = "<p style='height: 400px'>begin</p><p>end</p>"


@pytest.fixture
def look(browser):
    """look(html) -> a page with this in <main id=root>."""
    page = new_page(browser, viewport={"width": 600, "height": 500})

    def look_(html):
        page.set_content(f"<!doctype html><html lang=en><title>t</title><main id=root>{html}</main>")
        return page

    yield look_
    page.close()


@pytest.mark.parametrize(
    "html",
    [
        GOOD,
        f"<div style='height: 100px; overflow-y: auto' tabindex=0>{TALL}</div>",
        "<div style='width: 100px; overflow-x: auto' tabindex=0><p style='width: 300px'>wide</p></div>",
        "<div style='position: relative'><p>under</p><b style='position: absolute; top: 0'>label on it</b></div>",
        "<div style='overflow: hidden; height: 0'><span style='display: none'>not shown</span></div>",
        "<select><option>a word that is longer than its box</option></select>",
    ],
)
def test_nothing_is_found_where_nothing_is_wrong(look, html):
    assert troubles(look(html), "#root") == []


@pytest.mark.parametrize(
    ("html", "what"),
    [
        ("<div style='width: 100px; overflow: hidden'><p style='width: 300px; white-space: nowrap'>too wide for its "
         "box, all these words</p></div>", "cut: p"),
        ("<div style='width: 100px; overflow: hidden'><button style='width: 150px'>Go</button></div>", "cut: button"),
        ("<div style='width: 100px; overflow: clip'><canvas width=200 height=20></canvas></div>", "cut: canvas"),
        (f"<div style='height: 100px; overflow: hidden'>{TALL}</div>", "cut: p"),
        ("<div style='width: 60px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap'>a long name</div>",
         "cut: div"),
        ("<button style='width: 60px; padding: 0 20px; overflow: hidden; text-overflow: ellipsis; white-space: nowrap'>"
         "Starting</button>", "cut: button"),
        ("<div style='overflow: auto'><button style='margin-left: -50px'>Go</button></div>", "cut: button"),
        ("<button style='width: 900px'>Go</button>", "off the page: button"),
        ("<input type=text style='width: 40px' value='1000000000000'>", "cut: what stands in"),
        ("<p style='margin: 0'>under it</p><p style='margin: -18px 0 0'>on top</p>", "overlap: p"),
        ("<input><button style='margin-left: -40px'>Go</button>", "overlap: input"),
        ("<div style='height: 100px; overflow-y: scroll'>short</div>", "dead scrollbar up and down"),
        ("<div style='height: 100px; overflow-x: scroll'>short</div>", "dead scrollbar sideways"),
        ("<div style='height: 20px; overflow: auto'><p style='margin: 0; height: 24px'>x</p></div>", "dead scrollbar"),
    ],
)  # fmt: skip
def test_what_is_cut_overlaps_or_scrolls_nothing_is_found(look, html, what):
    found = troubles(look(html), "#root")
    assert any(line.startswith(what) for line in found), found


def test_a_root_that_is_not_there_is_no_success(look):
    assert troubles(look(GOOD), "#elsewhere") != []


def test_barriers_are_found_and_only_inside_the_root(look):
    assert barriers(look(GOOD), "#root") == []
    page = look("<input><button></button><p style='color: #aaa; background: #fff'>faint</p><img src='x.png'>")
    assert {line.split(":")[0] for line in barriers(page, "#root")} == {
        "button-name", "color-contrast", "image-alt", "label",
    }  # fmt: skip
    assert barriers(look(f"<div id=good>{GOOD}</div><button></button>"), "#good") == []
