"""Which cell to run: where the lesson's notebook makes the names that a check's cell needs and does not have.

The kernel knows the cells that were run only; those that were not are read from the notebook in its folder.
"""

import ast
import re
from pathlib import Path
from symtable import symtable
from types import ModuleType, TracebackType
from typing import Any

from IPython import get_ipython

from twmr_nb.course.lessons import HEADING, cells_of
from twmr_nb.markup import one_line
from twmr_nb.types import Mistake

CHECK = re.compile(r"\bcourse\.(\w+)\(")
FIRST = 60  # letters of a cell's first line


class NotYetMade(Mistake, NameError):
    """A cell needs what another cell makes; the message says which."""


def watch() -> None:
    """From here on a check's cell that misses a name says which cell makes it, instead of a bare NameError."""
    shell = get_ipython()
    if shell is not None and not shell.custom_exceptions:  # what a learner has set stays
        shell.set_custom_exc((NameError,), explain)


def explain(shell: Any, kind: type, error: NameError, trace: TracebackType, tb_offset: int | None = None) -> None:
    """Show a NameError: in a check's cell as one sentence, if the lesson makes that name; elsewhere as it is."""
    check = CHECK.search(running_cell())
    cell = cell_that_makes(error.name, check[1]) if check else ""
    if not cell:
        return shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
    missing = NotYetMade(f"`{error.name}` is not there yet: run {cell}, then this one again.")
    return shell.showtraceback((NotYetMade, missing, trace), tb_offset=tb_offset)


def cells_to_run(check: str) -> str:
    """The end of a sentence: which cells make what the running cell gives to a check."""
    names = names_given(running_cell(), check)
    cells = dict.fromkeys(filter(None, (cell_that_makes(name, check) for name in names)))
    return f"run {', and '.join(cells) or 'the cells before it'}, then this one again"


def running_cell() -> str:
    """The source of the cell that runs now; empty outside a notebook."""
    shell = get_ipython()
    return shell.user_ns["In"][-1] if shell is not None and shell.user_ns.get("In") else ""


def names_given(source: str, check: str) -> list[str]:
    """The names that a cell gives to a check and does not make itself, but for libraries."""
    made, shell = names_made(source), get_ipython()
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    mine = [call for call in calls if isinstance(call.func, ast.Attribute) and call.func.attr == check]
    nodes = [node for call in mine for part in (*call.args, *call.keywords) for node in ast.walk(part)]
    given = [node.id for node in nodes if isinstance(node, ast.Name)]
    return [n for n in given if n not in made and not (shell and isinstance(shell.user_ns.get(n), ModuleType))]


def cell_that_makes(name: str | None, check: str, folder: Path | None = None) -> str:
    """The last cell before a check's that makes a name, in words; empty if no lesson in the folder has one."""
    for path in sorted((folder or Path.cwd()).glob("*.ipynb")):
        heading, found = "", ""
        for kind, source in cells_of(path):
            if kind == "markdown":
                heading = (HEADING.findall(source) or [heading])[-1]
            elif f"course.{check}(" in source:
                if found:
                    return found
            elif name in names_made(source):
                found = f"the cell under “{heading}” that begins with `{one_line(source.splitlines()[0], FIRST)}`"
    return ""


def names_made(source: str) -> set[str]:
    """What a cell's code assigns, defines or imports; nothing where it is no Python, as are IPython's own commands."""
    try:
        symbols = symtable(source, "cell", "exec").get_symbols()
    except SyntaxError:
        return set()
    return {symbol.get_name() for symbol in symbols if symbol.is_assigned() or symbol.is_imported()}
