"""Tables: one description, shown as Markdown in a notebook, as HTML in a widget, as text elsewhere."""

import re
from collections.abc import Sequence
from typing import Any

from markupsafe import Markup

from twmr_nb.markup import one_line, table_cell

NUMBER = re.compile(r"[-+−]?\.?\d|–")  # how a number begins, its unit behind it; a dash is a missing one
TABLE = Markup("<table class='twmr-value'>{}</table>")  # digits of one width
ROW = Markup("<tr>{}</tr>")
CELL = Markup("<{tag} style='text-align: {side}; padding: 2px 14px 2px 0; {wrap}'>{text}</{tag}>")
WRAP, WHOLE = "overflow-wrap: anywhere", "white-space: nowrap"  # names may be long, numbers stay in one piece


class Table:
    """Rows of cells under column heads, shown as a plain table in a notebook, and as text elsewhere.

    A cell is a text, a number (shown in four digits) or a `Formula`. What it says is never read as markup.

    >>> Table(["pose", "tip [mm]"], [["legs folded", 25.0], ["legs out", 45.833]])
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
        return [all(NUMBER.match(row[k]) for row in self.rows) for k in range(len(self.heads))]

    def _repr_markdown_(self) -> str:
        rule = ["---:" if right else ":---" for right in self.right]
        cells = [[table_cell(cell) for cell in row] for row in (self.heads, *self.rows)]
        lines = [cells[0], rule, *cells[1:]]
        return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)

    def html(self) -> Markup:
        """The same for a widget; heads that say nothing are left out."""
        lines = [("th", self.heads)] if any(self.heads) else []
        lines += [("td", row) for row in self.rows]
        sides = ["right" if right else "left" for right in self.right]

        def cell(tag: str, side: str, text: str) -> Markup:
            wrap = WHOLE if (tag, side) == ("td", "right") else WRAP
            return CELL.format(tag=tag, side=side, wrap=wrap, text=indented(text))

        rows = [[cell(tag, *each) for each in zip(sides, cells, strict=True)] for tag, cells in lines]
        return TABLE.format(Markup().join(ROW.format(Markup().join(row)) for row in rows))

    def __str__(self) -> str:
        lines = [[one_line(cell) for cell in row] for row in (self.heads, *self.rows)]
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        return "\n".join("  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines)

    __repr__ = __str__


def indented(text: str) -> str:
    """One line whose leading spaces, which a page would swallow, are a space that it keeps."""
    return one_line(text).replace("  ", "\N{EM SPACE}")
