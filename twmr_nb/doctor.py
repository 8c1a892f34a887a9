"""Is this machine ready? Each check says ok, or the exact command that mends it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import imageio_ffmpeg
import jax
from jupyter_client.kernelspec import find_kernel_specs
from packaging.requirements import Requirement

from twmr_nb.render import APT_LINE
from twmr_nb.runs import RUNS

PIP = "python -m pip install"
# In a process of its own: a broken driver may end the one that tries it.
DRAW_A_FRAME = """
import twmr_nb, mujoco
drawer = mujoco.Renderer(twmr_nb.build_model(), 48, 64)
drawer.update_scene(mujoco.MjData(drawer.model), "track")
assert drawer.render().std() > 1, "the picture is empty"
drawer.close()
"""


@dataclass(frozen=True)
class Check:
    """One finding. `mend` is a command, needed only if not ok."""

    name: str
    ok: bool
    found: str
    mend: str = ""


def run_checks() -> list[Check]:
    """Look at everything that training, watching and the notebooks need; takes a few seconds."""
    return [
        check_python(sys.version_info[:3]),
        *check_packages(),
        check_drawing(),
        check_ffmpeg(),
        check_kernel(),
        check_writing(Path(RUNS)),
        check_cores(),
        check_devices(),
    ]


def print_report(checks: Iterable[Check]) -> int:
    """One line per check; returns how many failed."""
    failed = 0
    for check in checks:
        failed += not check.ok
        advice = "" if check.ok else f"\n          run: {check.mend}"
        print(f"{'ok' if check.ok else 'MISSING':<8}  {check.name}: {check.found}{advice}")
    print("all is well" if not failed else f"{failed} to mend")
    return failed


def check_python(found: tuple[int, ...]) -> Check:
    words = ".".join(map(str, found))
    return Check("Python", found >= (3, 11), words, "install Python 3.11 or newer, then make PYTHON=python3.12 lab")


def check_packages() -> list[Check]:
    """Every declared dependency, installed in a version that pyproject.toml allows; one line if all are."""
    try:
        wanted = [Requirement(text) for text in requires("twmr-nb") or []]
    except PackageNotFoundError:
        return [Check("packages", False, "twmr-nb itself is not installed", f"{PIP} -e .")]
    needed = [r for r in wanted if r.marker is None or r.marker.evaluate({"extra": ""})]
    wrong = [check for check in map(check_package, needed) if not check.ok]
    return wrong or [Check("packages", True, f"{len(needed)} in the versions asked for")]


def check_package(requirement: Requirement) -> Check:
    mend = f'{PIP} "{requirement}"'
    try:
        found = version(requirement.name)
    except PackageNotFoundError:
        return Check(requirement.name, False, "not installed", mend)
    return Check(requirement.name, requirement.specifier.contains(found, prereleases=True), found, mend)


def check_drawing() -> Check:
    """Draw one frame of the robot."""
    answer = subprocess.run([sys.executable, "-c", DRAW_A_FRAME], capture_output=True, text=True, check=False)
    backend = os.environ.get("MUJOCO_GL", "default")
    if answer.returncode == 0:
        return Check("GL", True, f"drew a frame ({backend})")
    reason = (answer.stderr.strip().splitlines() or ["it crashed"])[-1]
    return Check("GL", False, f"no videos, for nothing can be drawn ({backend}: {reason})", f"{APT_LINE}   (as root)")


def check_ffmpeg() -> Check:
    mend = f"{PIP} --force-reinstall imageio-ffmpeg"
    try:
        return Check("ffmpeg", True, imageio_ffmpeg.get_ffmpeg_version())
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        return Check("ffmpeg", False, f"no videos ({error})", mend)


def check_kernel() -> Check:
    """JupyterLab starts a notebook's Python through a kernel of this name."""
    mend = f"{PIP} --force-reinstall ipykernel"
    return Check("JupyterLab kernel", "python3" in find_kernel_specs(), f"JupyterLab {version('jupyterlab')}", mend)


def check_writing(runs: Path) -> Check:
    """Training runs are written to a folder below the current one."""
    folder = next(p for p in [runs.absolute(), *runs.absolute().parents] if p.exists())
    try:
        with tempfile.TemporaryFile(dir=folder):
            return Check("runs folder", True, f"{runs}/ can be written")
    except OSError as error:
        return Check("runs folder", False, f"{folder}: {error.strerror}", f"chmod u+rwx '{folder}'")


def check_cores() -> Check:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Check("CPU", True, f"{cores} core{'s' if cores > 1 else ''}")


def check_devices() -> Check:
    kinds = sorted({device.platform for device in jax.devices()})
    words = f"JAX computes on {', '.join(kinds)}" + (" (no GPU, none is needed)" if kinds == ["cpu"] else "")
    return Check("GPU", True, words)
