"""A check's cell that misses a name says which cell makes it, in every lesson."""

import builtins
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from symtable import symtable

import nbformat
import pytest
from verdicts import expect

from twmr_nb import course as checks
from twmr_nb.course.checks.cells import cell_that_makes, names_given, names_made

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
CHECK = re.compile(r"tw\.course\.(\w+)\(")


def check_cells():
    """Lesson, check and source of every cell that calls a check."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for name in CHECK.findall(cell.source) if cell.cell_type == "code" else ():
                if getattr(getattr(checks, name), "__module__", "").startswith("twmr_nb.course.checks"):
                    yield path, name, cell.source


@pytest.mark.parametrize(
    ("path", "check", "source"), [pytest.param(*cell, id=f"{cell[0].stem} {cell[1]}") for cell in check_cells()]
)
def test_every_name_that_a_check_needs_is_made_in_a_cell_that_can_be_told(path, check, source):
    symbols = symtable(source, "cell", "exec").get_symbols()
    needed = {s.get_name() for s in symbols if s.is_referenced()} - names_made(source) - set(dir(builtins)) - {"tw"}
    code = [c.source for c in nbformat.read(path, as_version=4).cells if c.cell_type == "code"]
    text = path.read_text()
    for name in needed:
        told = cell_that_makes(name, check, NOTEBOOKS)
        heading, first = re.fullmatch(r"the cell under “(.+)” that begins with `(.+)`", told).groups()
        assert json.dumps(heading, ensure_ascii=False)[1:-1] in text
        makers = [c for c in code[: code.index(source)] if c.startswith(first.rstrip("…"))]
        assert any(name in names_made(cell) for cell in makers), name


def test_the_cell_is_the_last_one_before_that_makes_the_name(tmp_path):
    made = [
        ("markdown", "# Lesson\n## One\ntext"), ("code", "x = 1"), ("code", "y = [x for x in (1, 2)]"),
        ("markdown", "## Two"), ("code", "%matplotlib inline\nx = 2"), ("code", "if True:\n    x = 3"),
        ("markdown", "no heading"), ("code", "def z():\n    x = 4"), ("code", "my = ...\ntw.course.flat_speed(my)"),
        ("code", "x = 5"),
    ]  # fmt: skip
    cells = [{"cell_type": kind, "source": text.splitlines(keepends=True)} for kind, text in made]
    (tmp_path / "a.ipynb").write_text("no notebook")
    (tmp_path / "b.ipynb").write_text(json.dumps({"cells": [{"cell_type": "code", "source": "x = 0"}]}))
    (tmp_path / "c.ipynb").write_text(json.dumps({"cells": cells}))
    assert cell_that_makes("x", "flat_speed", tmp_path) == "the cell under “Two” that begins with `if True:`"
    assert cell_that_makes("y", "flat_speed", tmp_path).startswith("the cell under “One” that begins with `y = [x for")
    assert cell_that_makes("q", "flat_speed", tmp_path) == ""
    assert cell_that_makes("x", "widest_angle", tmp_path) == ""


def test_what_a_cell_gives_to_a_check():
    source = "rates = [r for r in curves]\ntw.course.half_height(my_height, heights[0].x, rates=rates + more)"
    assert names_given(source, "half_height") == ["my_height", "heights", "more"]


@pytest.mark.parametrize(
    ("ask", "what"),
    [
        (lambda: checks.felt_gate(lambda t: t.x, None), "'NoneType' object has no attribute 'transition'"),
        (lambda: checks.charges_slip(None), "missing 1 required positional argument"),
        (lambda: checks.drowning_weight(0.1, "pushing", "standing"), "'str' object has no attribute 'rescore'"),
        (lambda: checks.noise_gap("a", {"a": 1.0, "b": 0.5}, {"a": 1.0}), "KeyError: 'b'"),
        (lambda: checks.samples_per_update(2048, ...), "has no attribute 'num_envs'"),
        (lambda: checks.horizon_seconds(2.0, None, None), "has no attribute 'gamma'"),
        (lambda: checks.half_height(0.05, [0.05, 0.06], [1.0]), "ValueError"),
        (lambda: checks.where_it_ended("passed", 3), "has no attribute 'transition'"),
        (lambda: checks.verdict_of("better", None, "mine"), "has no attribute 'results'"),
        (lambda: checks.alive_break_even(0.3, None, 7.0), "has no attribute 'ctrl_dt'"),
        (lambda: checks.half_open_at(0.5, None), "AttributeError"),
    ],
)
def test_what_no_cell_has_made_is_told_and_raises_nothing(ask, what):
    verdict = ask()
    expect(verdict, False, what)
    assert verdict.reason.endswith("run the cells before it, then this one again.")


KERNEL = """
import json, sys
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance(colors="nocolor")
for cell in json.load(sys.stdin):
    print("next cell:")
    shell.run_cell(cell, store_history=True)
"""


def run_cells(folder, home, *cells):
    """What each cell prints."""
    env = os.environ | {"IPYTHONDIR": str(home), "HOME": str(home)}
    how = {"cwd": folder, "env": env, "capture_output": True, "text": True, "check": True}
    done = subprocess.run([sys.executable, "-c", KERNEL], input=json.dumps(cells), **how)
    return done.stdout.split("next cell:\n")[1:]


def test_in_a_notebook_a_missing_name_is_one_sentence(tmp_path):
    _, missing, other, typo, nothing, given = run_cells(
        NOTEBOOKS,
        tmp_path,
        "import twmr_nb as tw",
        "def my_gate(t):\n    return t.x\n\n\ntw.course.felt_gate(my_gate, climb)",
        "print(climb)",
        "tw.course.felt_gate(my_gate, clomb)",
        "climb = None",
        "print(tw.course.felt_gate(my_gate, climb))",
    )
    cell = "run the cell under “One climb to look at” that begins with `world = tw.EnvConfig(action_mode="
    (line,) = missing.strip().splitlines()
    assert line.startswith(f"NotYetMade: `climb` is not there yet: {cell}")
    assert line.endswith("then this one again.")
    for as_always in (other, typo):
        assert "Traceback" in as_always
        assert "NotYetMade" not in as_always
    assert nothing == ""
    assert f"has no attribute 'transition'): {cell}" in given
