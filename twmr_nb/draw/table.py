"""Tables: one description, shown as Markdown in a notebook, as HTML in a widget, as text elsewhere."""

import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from twmr_nb.markup import Formula, one_line, table_cell

__all__ = ["Formula", "Table"]
NUMBER = re.compile(r"[-+−–]?[\d.,]*\d[\d.,]*( ?(%|s|m|mm|J|N m|steps|kB|M|min))?|–")  # a missing one is a dash
WIDE = "padding: 3px 14px; white-space: nowrap"
TABLE = Markup("<table class='{}' tabindex='0'>{}{}</table>")
ROW = Markup("<tr>{}</tr>")


class Table:
    """Rows of cells under column heads, shown as a plain table in a notebook, and as text elsewhere.

    A cell is a text, a number (shown in four digits), or a `Formula`; what it says is never read as markup.

    >>> Table(["pose", "tip [mm]"], [["legs folded", 25.0], ["legs out", 45.83]])
    pose         tip [mm]
    legs folded  25
    legs out     45.83
    """

    def __init__(self, heads: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        self.heads = list(heads)
        self.rows = [[cell if isinstance(cell, str) else f"{cell:.4g}" for cell in row] for row in rows]

    @property
    def right(self) -> list[bool]:
        """Which columns hold nothing but numbers, and stand to the right."""
        return [all(NUMBER.fullmatch(row[k]) for row in self.rows) for k in range(len(self.heads))]

    def _repr_markdown_(self) -> str:
        rule = ["---:" if right else ":---" for right in self.right]
        cells = [[table_cell(cell) for cell in row] for row in (self.heads, *self.rows)]
        lines = [cells[0], rule, *cells[1:]]
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)

    def html(self, look: str = "") -> Markup:
        """For a widget. `look`: a class of its style sheet."""
        names = [aligned("th", head, right) for head, right in zip(self.heads, self.right, strict=True)]
        cells = [[aligned("td", *cell) for cell in zip(row, self.right, strict=True)] for row in self.rows]
        head = ROW.format(Markup().join(names)) if any(self.heads) else Markup()
        return TABLE.format(look, head, Markup().join(ROW.format(Markup().join(row)) for row in cells))

    def __str__(self) -> str:
        lines = [[one_line(cell) for cell in row] for row in (self.heads, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines)

    __repr__ = __str__


def aligned(tag: str, text: str, right: bool) -> Markup:
    """One cell of a page; leading spaces, which a page would swallow, as a space that it keeps."""
    shown = one_line(text).replace("  ", "\N{EM SPACE}")
    cell = Markup("<{0} style='text-align: {1}; overflow-wrap: anywhere'>{2}</{0}>")
    return cell.format(Markup(tag), "right" if right else "left", shown)  # noqa: S704 (td or th)
