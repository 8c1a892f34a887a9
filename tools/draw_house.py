"""Draw the house, docs/house.svg: the rooms of twmr_nb by floor, as the contract in pyproject.toml holds them.

What stands in a room is the first sentence of its docstring; a file of its own is a smaller room.
"""

import ast
import html
import textwrap
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "house.svg"
WIDTH, ROOM, GAP, ROOF = 960, 64, 8, 96  # px
LEFT, RIGHT = 40, 920  # px; the walls
INK, WORDS = "#1B1B1B", "#4D4D4D"
FLOORS = ("#0072B2", "#56B4E9", "#009E73", "#E69F00", "#D55E00", "#CC79A7")  # Okabe-Ito, as in every figure
LETTER = 6.1  # px of a letter of 11 px, about


def floors() -> list[list[str]]:
    """The rooms by floor, the attic first."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [[name.strip() for name in layer.split("|")] for layer in layers]


def contents(room: str) -> str:
    """The first sentence of a room's docstring."""
    folder = ROOT / "twmr_nb" / room
    path = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    first = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n\n")[0]
    return " ".join(first.split()).split(". ")[0].rstrip(".")


def label(room: str) -> str:
    return f"{room}/" if (ROOT / "twmr_nb" / room).is_dir() else f"{room}.py"


def text(x: float, y: float, words: str, size: int, color: str, weight: str = "normal") -> str:
    look = f'font-size="{size}" fill="{color}" font-weight="{weight}"'
    return f'<text x="{x:.0f}" y="{y:.0f}" {look}>{html.escape(words)}</text>'


def draw_room(room: str, x: float, y: float, width: float, color: str) -> list[str]:
    """A room with its name and what stands in it, as many lines as it has place for."""
    shape = f'x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{ROOM}" rx="5"'
    parts = [f'<rect {shape} fill="{color}" fill-opacity="0.14" stroke="{color}" stroke-width="1.5"/>']
    parts.append(text(x + 10, y + 19, label(room), 14, INK, "bold"))
    lines = textwrap.wrap(contents(room), int((width - 18) / LETTER), max_lines=3, placeholder=" …")
    return [*parts, *(text(x + 10, y + 34 + 12 * i, line, 11, WORDS) for i, line in enumerate(lines))]


def house() -> str:
    """The whole picture as SVG."""
    rows = floors()
    height = ROOF + len(rows) * (ROOM + GAP) + 34
    middle = (LEFT + RIGHT) / 2
    parts = [
        f'<rect width="{WIDTH}" height="{height}" fill="white"/>',
        f'<polygon points="{LEFT - 20},{ROOF - 8} {middle:.0f},8 {RIGHT + 20},{ROOF - 8}" fill="#F2F2F2" '
        f'stroke="{INK}" stroke-width="1.5"/>',
        f'<g text-anchor="middle">{text(middle, 54, "notebooks/", 16, INK, "bold")}'
        f"{text(middle, 74, 'the lessons: import twmr_nb as tw, the front door', 12, WORDS)}</g>",
    ]
    for number, rooms in enumerate(rows):
        y = ROOF + number * (ROOM + GAP)
        width = (RIGHT - LEFT - GAP * (len(rooms) - 1)) / len(rooms)
        for i, room in enumerate(rooms):
            parts += draw_room(room, LEFT + i * (width + GAP), y, width, FLOORS[number % len(FLOORS)])
    ground = "A room imports only from the floors below it; rooms on one floor do not know each other."
    beside = "Beside the house: benchmarks/, tests/ with a folder for every room, tools/, docs/."
    parts.append(f'<g text-anchor="middle">{text(middle, height - 20, ground, 12, INK)}')
    parts.append(f"{text(middle, height - 5, beside, 12, INK)}</g>")
    font = 'font-family="DejaVu Sans, Verdana, sans-serif"'
    size = f'width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>\n' + "\n".join(parts) + "\n</svg>\n"


if __name__ == "__main__":
    PICTURE.write_text(house())
    print(PICTURE)
