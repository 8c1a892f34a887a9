"""Text of a file or a user, shown as it is written: in a page, a table of Markdown, a figure, a line of a terminal.

HTML is built with `Markup("<b>{}</b>").format(name)`: what is put in is escaped. `Markup(...)` itself holds nothing but
text of this source, and what shows HTML (`draw.page.output`, the widget `ui.hypertext.Html`) escapes everything else.
"""

import re
from typing import Any

from markupsafe import Markup, escape

LINE = 200  # letters, as much as a line of a list can hold
NAME = 60  # letters, as much as the legend of a figure can hold
MARKDOWN = re.compile(r"[&<>|*_`\[\]~:@#!]|(?<=www)\.")
MATH = re.compile(r"[$\\]")
UNREAD_MATH = '<span class="tex2jax_ignore mathjax_ignore">{}</span>'  # both generations of MathJax pass it by


def one_line(text: object, most: int = LINE) -> str:
    """One line of printable letters: what would steer a terminal or cannot be sent is written out, \\x1b or \\n."""
    whole = str(text)
    seen = whole if whole.isprintable() else "".join(c if c.isprintable() else spelled(c) for c in whole)
    return seen if len(seen) <= most else f"{seen[: most - 1]}…"


def shown(value: Any) -> str:
    """A value for a sentence: not longer than a sentence."""
    try:
        words = repr(value)
    except ValueError:  # a number of thousands of digits
        return "a huge number"
    if not isinstance(value, str):  # a place to fill in that is still open: nobody has typed "Ellipsis"
        words = words.replace("Ellipsis", "...")
    end = "" if words[-1:].isalnum() else words[-1:]  # a quotation mark or bracket
    return words if len(words) <= 60 else f"{words[:56]}...{end}"


def printable(text: object) -> str:
    """The same for a text of several lines: they stay, and so do tabs."""
    return "".join(c if c.isprintable() or c in "\n\t" else spelled(c) for c in str(text))


def spelled(letter: str) -> str:
    return letter.encode("unicode_escape").decode()


def figure_text(text: object) -> str:
    """For matplotlib, which reads mathematics between dollars, and leaves a name that is empty or begins with _ out."""
    seen = one_line(text, NAME).replace("$", r"\$")
    return seen if seen and not seen.startswith("_") else f" {seen}"


class Formula(str):
    """LaTeX that a cell of a table shows as a formula. Our own: what a file says is none."""


def table_cell(text: object) -> str:
    """For a cell of a Markdown table."""
    if isinstance(text, Formula):
        return f"${text}$"
    seen = MARKDOWN.sub(lambda found: f"&#{ord(found[0])};", one_line(text))
    if not MATH.search(seen):
        return seen
    return UNREAD_MATH.format(MATH.sub(lambda found: f"&#{ord(found[0])};", seen))


def as_html(value: Any) -> Markup:
    """Markup as it is, anything else as text; without letters that no page can hold."""
    return Markup(escape(value).encode("utf-8", "backslashreplace").decode())  # noqa: S704 (escaped)
