"""Write the wheels' table of docs/platforms.md: where every pinned dependency installs without a compiler.

python tools/wheels_table.py asks the index that pip is configured with, once a package; nothing is downloaded. What a
package needs is read from its metadata in this environment: run it where `pip install -e .[test]` was.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
import tomllib
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path
from typing import Any

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, compatible_tags, cpython_tags
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

ROOT = Path(__file__).parents[1]
PAGE, PINS = ROOT / "docs" / "platforms.md", ROOT / "pins.txt"
BEGIN, END = "<!-- wheels: begin -->", "<!-- wheels: end -->"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")  # the first release of each: some packages want a later one
OLD_NAMES = {(1,): (2, 5), (2010,): (2, 12), (2014,): (2, 17)}  # of manylinux, before it named the glibc
Version = tuple[int, ...]
File = dict[str, Any]  # as the index lists it


@dataclass(frozen=True)
class System:
    """What markers ask about a system, and the wheels that it takes. library: what the numbers in their tags count."""

    name: str
    markers: dict[str, str]
    wheels: str
    library: str = ""


LINUX = {"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"}
MACOS = {"sys_platform": "darwin", "platform_system": "Darwin", "os_name": "posix"}
WINDOWS = {"sys_platform": "win32", "platform_system": "Windows", "os_name": "nt", "platform_machine": "AMD64"}
SYSTEMS = (
    System("Linux x86-64", LINUX | {"platform_machine": "x86_64"}, r"manylinux_?(\d+)(?:_(\d+))?_x86_64", "glibc"),
    System("Linux arm64", LINUX | {"platform_machine": "aarch64"}, r"manylinux_?(\d+)(?:_(\d+))?_aarch64", "glibc"),
    System("Windows x86-64", WINDOWS, "win_amd64"),
    System("macOS arm64", MACOS | {"platform_machine": "arm64"}, r"macosx_(\d+)_(\d+)_(?:arm64|universal2)", "macOS"),
    System("macOS Intel", MACOS | {"platform_machine": "x86_64"}, r"macosx_(\d+)_(\d+)_(?:x86_64|universal2|intel)",
           "macOS"),
)  # fmt: skip


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    pins, place = pinned(PINS.read_text()), index()
    files = {name: listed(place, name) for name in pins}
    before, after = PAGE.read_text().split(BEGIN)[0], PAGE.read_text().split(END)[1]
    told = f"Asked on {date.today()}, for `pins.txt` {mark(PINS)}."
    PAGE.write_text(f"{before}{BEGIN}\n{told}\n\n{table(project, pins, files)}\n{END}{after}")


def pinned(text: str) -> dict[str, str]:
    """Name -> version."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", text, re.MULTILINE))


def mark(path: Path) -> str:
    """A few letters that are others once the file is."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def index() -> str:
    """Where pip looks for packages on this machine, as its own help says."""
    command = [sys.executable, "-m", "pip", "download", "--help"]
    told = subprocess.run(command, env=os.environ | {"COLUMNS": "9999"}, capture_output=True, text=True, check=True)
    return re.findall(r"--index-url <url>.*?\(default (\S+)\)", told.stdout, re.DOTALL)[0].rstrip("/")


def listed(place: str, name: str) -> list[File]:
    """The files that the index has of a package."""
    request = urllib.request.Request(f"{place}/{name}/", headers={"Accept": "application/vnd.pypi.simple.v1+json"})
    with urllib.request.urlopen(request, timeout=180) as answer:
        return json.load(answer)["files"]


def table(project: dict[str, Any], pins: dict[str, str], files: dict[str, list[File]]) -> str:
    """Two rows per system, a column per Python; below, how old a system may be."""
    extras = [text for extra in project["optional-dependencies"].values() for text in extra]
    rows = [f"| system | | {' | '.join(PYTHONS)} |", "|---|---|" + "---|" * len(PYTHONS)]
    floors = []
    for system in SYSTEMS:
        for what, more in (("the suite", []), ("with every extra", extras)):
            wanted = [*project["dependencies"], *more]
            found = [wheels(wanted, system, python, pins, files) for python in PYTHONS]
            rows.append(f"| {system.name} | {what} | {' | '.join(map(as_cell, found))} |")
            if not more and system.library and all(None not in each.values() for each in found):
                floors.append(f"{system.name} with {system.library} {oldest(found)}")
    return "\n".join(rows) + f"\n\nThe oldest system that takes the suite's wheels: {'; '.join(floors)}."


def wheels(
    wanted: Iterable[str], system: System, python: str, pins: dict[str, str], files: dict[str, list[File]]
) -> dict[str, Version | None]:
    """Name -> the lowest version of the system's library that takes a wheel of it; () any, None where there is none."""
    names = needed(wanted, system, python)
    return {name: lowest(files.get(name, []), pins.get(name, ""), system, python) for name in sorted(names)}


def as_cell(found: dict[str, Version | None]) -> str:
    lacks = [name for name, version in found.items() if version is None]
    return f"no wheel: {', '.join(lacks)}" if lacks else f"all {len(found)}"


def oldest(found: Iterable[dict[str, Version | None]]) -> str:
    """The version that every wheel takes, and which wheels want no older one."""
    floors = {name: version for each in found for name, version in each.items() if version}
    most = max(floors.values())
    return f"{'.'.join(map(str, most))} ({', '.join(name for name in floors if floors[name] == most)})"


def needed(wanted: Iterable[str], system: System, python: str) -> set[str]:
    """The names of these requirements and of all that they need in turn.

    A package that is not installed here, being for other systems, is taken to need nothing; so is torch, installed or
    not: what comes with it is another for each system, and in no pin.
    """
    environment = dict(default_environment()) | system.markers
    environment |= {"python_version": python, "python_full_version": f"{python}.0"}
    seen: set[tuple[str, str]] = set()  # name, extra
    left = [(Requirement(text), "") for text in wanted]
    while left:
        requirement, asked_by = left.pop()
        if requirement.marker and not requirement.marker.evaluate(environment | {"extra": asked_by}):
            continue
        name = canonicalize_name(requirement.name)
        new = {(name, extra) for extra in ("", *requirement.extras)} - seen
        seen |= new
        left += [(each, extra) for _, extra in new for each in requirements_of(name)]
    return {name for name, _ in seen}


@cache
def requirements_of(name: str) -> list[Requirement]:
    try:
        return [] if name == "torch" else [Requirement(text) for text in requires(name) or []]
    except PackageNotFoundError:
        return []


def lowest(files: Iterable[File], version: str, system: System, python: str) -> Version | None:
    """The lowest version of the system's library that takes one of these files; () any, None where there is none."""
    tags = [tag for file in files for tag in tags_of(file, version, python)]
    return min((least for tag in tags if (least := floor(tag, system)) is not None), default=None)


def tags_of(file: File, version: str, python: str) -> list[Tag]:
    """The tags of a wheel of this version that a CPython takes; none if it takes it not at all."""
    try:
        _, found, _, tags = parse_wheel_filename(file["filename"])
    except InvalidWheelFilename:
        return []
    if str(found) != version or file.get("yanked"):
        return []
    if not SpecifierSet(file.get("requires-python") or "").contains(f"{python}.0"):
        return []
    return [tag for tag in tags if (tag.interpreter, tag.abi) in taken_by(python)]


@cache
def taken_by(python: str) -> set[tuple[str, str]]:
    """The interpreters and ABIs of the wheels that a CPython takes."""
    numbers, abi = tuple(map(int, python.split("."))), f"cp{python.replace('.', '')}"
    tags = [*cpython_tags(numbers, [abi], ["any"]), *compatible_tags(numbers, abi, ["any"])]
    return {(tag.interpreter, tag.abi) for tag in tags}


def floor(tag: Tag, system: System) -> Version | None:
    """The lowest version of the system's library that takes a tag; () any, None if the system does not."""
    if tag.platform == "any":
        return ()
    if not (match := re.fullmatch(system.wheels, tag.platform)):
        return None
    numbers = tuple(int(number) for number in match.groups() if number)
    return OLD_NAMES.get(numbers, numbers)


if __name__ == "__main__":
    main()
