"""The wheels' table counts what an index lists as pip would, and the page holds one of these pins."""

from pathlib import Path

import pytest

from tools import wheels_table as tool

ROOT = Path(__file__).parents[1]
SYSTEMS = {system.name: system for system in tool.SYSTEMS}


def test_the_page_holds_the_table_of_these_pins():
    assert tool.mark(tool.PINS) in tool.PAGE.read_text(), "ask anew: python tools/wheels_table.py"


@pytest.mark.parametrize(
    ("system", "python", "file", "lowest"),
    [
        ("Linux x86-64", "3.13", "a-1.0-py3-none-any.whl", ()),
        ("Linux x86-64", "3.13", "a-1.0-cp313-cp313-manylinux_2_27_x86_64.manylinux_2_28_x86_64.whl", (2, 27)),
        ("Linux x86-64", "3.13", "a-1.0-cp310-abi3-manylinux2014_x86_64.whl", (2, 17)),
        ("Linux x86-64", "3.13", "a-1.0-cp312-cp312-manylinux_2_28_x86_64.whl", None),
        ("Linux x86-64", "3.13", "a-1.0-cp313-cp313t-manylinux_2_28_x86_64.whl", None),
        ("Linux x86-64", "3.13", "a-1.0-cp313-cp313-musllinux_1_2_x86_64.whl", None),
        ("Linux arm64", "3.11", "a-1.0-cp311-cp311-manylinux_2_28_x86_64.whl", None),
        ("Windows x86-64", "3.11", "a-1.0-cp311-cp311-win_amd64.whl", ()),
        ("Windows x86-64", "3.11", "a-1.0-cp311-cp311-win32.whl", None),
        ("macOS arm64", "3.14", "a-1.0-cp314-cp314-macosx_10_15_universal2.whl", (10, 15)),
        ("macOS arm64", "3.14", "a-1.0-cp314-cp314-macosx_14_0_x86_64.whl", None),
        ("macOS Intel", "3.14", "a-1.0-cp314-cp314-macosx_14_0_x86_64.whl", (14, 0)),
        ("macOS Intel", "3.14", "a-1.0.tar.gz", None),
        ("macOS Intel", "3.14", "a-2.0-py3-none-any.whl", None),
    ],
)
def test_a_wheel_is_taken_as_pip_takes_it(system, python, file, lowest):
    assert tool.lowest([{"filename": file}], "1.0", SYSTEMS[system], python) == lowest


def test_a_wheel_that_is_withdrawn_or_for_other_pythons_does_not_count():
    wheel = {"filename": "a-1.0-py3-none-any.whl"}
    linux = SYSTEMS["Linux x86-64"]
    assert tool.lowest([wheel | {"yanked": "broken"}], "1.0", linux, "3.11") is None
    assert tool.lowest([wheel | {"requires-python": ">=3.11.5"}], "1.0", linux, "3.11") is None  # 3.11.0 is one, too
    assert tool.lowest([wheel | {"requires-python": ">=3.11.5"}], "1.0", linux, "3.12") == ()


def test_a_dependency_is_asked_for_where_its_marker_says_so():
    """tqdm asks for colorama on Windows, jax for jaxlib everywhere."""
    names = {name: tool.needed(["tqdm", "jax"], system, "3.12") for name, system in SYSTEMS.items()}
    assert {name for name, found in names.items() if "colorama" in found} == {"Windows x86-64"}
    assert all({"tqdm", "jax", "jaxlib", "numpy"} <= found for found in names.values())


def test_what_is_lacking_is_named_and_the_oldest_system_told():
    found = {"a": (), "b": (2, 17), "c": (2, 28)}
    assert tool.as_cell(found) == "all 3"
    assert tool.as_cell(found | {"d": None, "e": None}) == "no wheel: d, e"
    assert tool.oldest([found, {"b": (2, 5), "e": (2, 28)}]) == "2.28 (c, e)"
