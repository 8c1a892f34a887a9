"""The files that describe the project agree with each other and with the code."""

import ast
import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PINS = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "pins.txt").read_text(), re.MULTILINE))
MODULES = sorted((ROOT / "twmr_nb").rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Every module that a file imports, by its full dotted name."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def test_environment_yml_names_the_direct_dependencies_of_pyproject():
    listed = re.findall(r'^ +- "(.+)"$', (ROOT / "environment.yml").read_text(), re.MULTILINE)
    assert listed == PROJECT["dependencies"]


@pytest.mark.parametrize("extra", ["", "test", "bench", "sweep", "tensorboard"])
def test_pins_satisfy_pyproject(extra):
    wanted = PROJECT["optional-dependencies"][extra] if extra else PROJECT["dependencies"]
    for requirement in map(Requirement, wanted):
        assert PINS[canonicalize_name(requirement.name)] in requirement.specifier, str(requirement)


def test_pins_are_plain_names_and_versions():
    lines = (ROOT / "pins.txt").read_text().splitlines()
    strange = [line for line in lines if not re.fullmatch(r"#.*|[a-z0-9.-]+==[\w.]+", line)]
    assert not strange


def test_every_imported_library_is_declared():
    declared = {canonicalize_name(Requirement(r).name) for r in PROJECT["dependencies"]}
    extras = [r for extra in ("bench", "sweep", "tensorboard") for r in PROJECT["optional-dependencies"][extra]]
    optional = {canonicalize_name(Requirement(r).name) for r in extras}
    optional |= {"stable-baselines3", "dask"}  # come with sb3-contrib, with distributed
    providers = packages_distributions()
    for path in [*MODULES, *sorted((ROOT / "benchmarks").rglob("*.py"))]:
        libraries = (
            {name.split(".")[0] for name in imports(path)}
            - set(sys.stdlib_module_names)
            - {"twmr_nb", "benchmarks", "tests"}
        )
        for library in libraries - {"sb3_contrib", "stable_baselines3", "torch"}:
            names = {canonicalize_name(n) for n in providers.get(library, [])}
            assert names & (declared | optional), f"{path.name} imports {library}: declare it in pyproject.toml"


def test_text_is_utf8_on_every_system():
    """Where nothing is said, Windows reads and writes a code page of its own."""
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                silent = "encoding" not in {word.arg for word in node.keywords}
                assert not (node.func.attr in ("read_text", "write_text") and silent), f"{path.name}:{node.lineno}"


def test_make_lists_its_targets():
    answer = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in ("install", "lab", "test", "demo", "bench"):
        assert re.search(rf"^make {target} +\w", answer, re.MULTILINE)


def test_an_old_python_is_refused_in_one_line(tmp_path):
    """Make is pointed at an interpreter that says it is too old; nothing is created."""
    old = tmp_path / "python3.10"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.10.9\nexit 1\n')
    old.chmod(0o755)
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text())
    for name in ("pyproject.toml", "pins.txt"):
        (tmp_path / name).touch()
    answer = subprocess.run(["make", "install", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True)
    assert answer.returncode != 0
    assert "Python 3.11 or newer is needed" in answer.stdout
    assert "Python 3.10.9" in answer.stdout
    assert not (tmp_path / ".venv").exists()
