"""What CONTRIBUTING.md shows and names is what is there."""

import re
from pathlib import Path

import pytest

from tools import draw_house as tool

ROOT = Path(__file__).parents[1]
GUIDE = (ROOT / "CONTRIBUTING.md").read_text()
CHANGES = re.findall(r"^\| (.+?) \| (.+) \|$", GUIDE, re.MULTILINE)


def test_the_picture_is_of_this_house():
    assert tool.PICTURE.read_text() == tool.house(), "draw it anew: python tools/draw_house.py"


def test_every_room_has_a_place_in_it_and_a_folder_of_tests():
    folders = {path.parent.name for path in (ROOT / "twmr_nb").glob("*/__init__.py")}
    drawn = {room for floor in tool.floors() for room in floor}
    assert folders <= drawn
    picture = tool.PICTURE.read_text()
    assert all(f">{tool.label(room)}</text>" in picture for room in drawn)
    tests = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    assert folders <= tests


def named(words):
    """The files that a cell of the table names; a name alone is beside the one before it."""
    folder = Path()
    for path in re.findall(r"`([\w/.]+\.pyi?|[\w/.]+/)`", words):
        if path.startswith(("config/", "draw/", "ui/")):
            path = f"twmr_nb/{path}"
        folder = Path(path).parent if "/" in path else folder
        yield Path(path) if "/" in path else folder / path


@pytest.mark.parametrize(("what", "where"), CHANGES, ids=[what for what, _ in CHANGES])
def test_every_file_that_it_names_is_there(what, where):
    for path in named(where):
        if not re.search(r"NAME|LESSON", path.name):
            assert (ROOT / path).exists(), path


def test_the_first_five_changes_take_two_files():
    first = CHANGES[1:6]
    assert [what for what, _ in first] == [
        "a reward term", "an observation mode", "a widget", "a lesson", "a metric column"
    ]  # fmt: skip
    for what, where in first:
        assert len(re.findall(r"`(?:twmr_nb|notebooks)/[\w/]+\.\w+`", where)) == 2, what
