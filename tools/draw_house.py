"""Draw the house, docs/house.svg: the rooms of twmr_nb by floor, as the contract in pyproject.toml holds them.

A room says the first sentence of its docstring, and the names of its files; a file by itself is a room, too.
"""

import ast
import html
import tomllib
from pathlib import Path
from textwrap import wrap

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "docs" / "house.svg"
WIDTH, GAP, ROOF = 960, 8, 96  # px
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


def files_in(room: str) -> list[str]:
    """The modules and the folders of a room, by name."""
    found = [p for p in (ROOT / "twmr_nb" / room).glob("[!_.]*") if p.is_dir() or p.suffix == ".py"]
    return sorted(f"{p.name}/" if p.is_dir() else p.stem for p in found)


def label(room: str) -> str:
    return f"{room}/" if (ROOT / "twmr_nb" / room).is_dir() else f"{room}.py"


def text(x: float, y: float, words: str, size: int, color: str, weight: str = "normal") -> str:
    look = f'font-size="{size}" fill="{color}" font-weight="{weight}"'
    return f'<text x="{x:.0f}" y="{y:.0f}" {look}>{html.escape(words)}</text>'


def lines_in(room: str, width: float) -> list[tuple[str, str]]:
    """What stands in a room of this width: what it is for, then its files; each line with its colour."""
    letters = int((width - 18) / LETTER)
    held = "\u00a0· ".join(files_in(room))  # a line ends behind the dot
    return [(line, color) for words, color in ((contents(room), INK), (held, WORDS)) for line in wrap(words, letters)]


def draw_floor(rooms: list[str], y: float, color: str) -> tuple[list[str], float]:
    """The rooms of a floor side by side, and its height: as much as its fullest room needs."""
    width = (RIGHT - LEFT - GAP * (len(rooms) - 1)) / len(rooms)
    inside = {room: lines_in(room, width) for room in rooms}
    height = 32 + 12 * max(map(len, inside.values()))
    parts = []
    for number, (room, lines) in enumerate(inside.items()):
        x = LEFT + number * (width + GAP)
        shape = f'x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height}" rx="5"'
        parts.append(f'<rect {shape} fill="{color}" fill-opacity="0.14" stroke="{color}" stroke-width="1.5"/>')
        parts.append(text(x + 10, y + 19, label(room), 14, INK, "bold"))
        parts += [text(x + 10, y + 34 + 12 * i, line, 11, shade) for i, (line, shade) in enumerate(lines)]
    return parts, height


def house() -> str:
    """The whole picture as SVG."""
    y, rooms = float(ROOF), []
    for number, names in enumerate(floors()):
        parts, height = draw_floor(names, y, FLOORS[number % len(FLOORS)])
        rooms += parts
        y += height + GAP
    middle, bottom = (LEFT + RIGHT) / 2, round(y) + 34
    roof = f"{LEFT - 20},{ROOF - 8} {middle:.0f},8 {RIGHT + 20},{ROOF - 8}"
    ground = "A room imports from the floors below it; rooms on one floor do not know each other."
    parts = [
        f'<rect width="{WIDTH}" height="{bottom}" fill="white"/>',
        f'<polygon points="{roof}" fill="#F2F2F2" stroke="{INK}" stroke-width="1.5"/>',
        *rooms,
        '<g text-anchor="middle">',
        text(middle, 54, "notebooks/", 16, INK, "bold"),
        text(middle, 74, "the lessons: import twmr_nb as tw, the front door", 12, WORDS),
        text(middle, y + 12, ground, 12, INK),
        text(middle, y + 28, "Beside the house: benchmarks/, tests/ with a folder for every room, tools/.", 12, INK),
        "</g>",
    ]
    font = 'font-family="DejaVu Sans, Verdana, sans-serif"'
    size = f'width="{WIDTH}" height="{bottom}" viewBox="0 0 {WIDTH} {bottom}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {font}>\n' + "\n".join(parts) + "\n</svg>\n"


if __name__ == "__main__":
    PICTURE.write_text(house())
    print(PICTURE)
