"""Is this machine ready? Each check says ok, or the exact command that mends it."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

import imageio_ffmpeg
from jupyter_client.kernelspec import find_kernel_specs
from packaging.requirements import Requirement

from twmr_nb import graphics
from twmr_nb.runs.places import RUNS, VARIABLE, earlier_hint, working_folder
from twmr_nb.system import export, unset

PIP = "python -m pip install"
CHECKOUT = (Path(__file__).parents[2] / "pyproject.toml").exists()
OURS = "-e ." if CHECKOUT else "FILE.whl, the wheel of twmr_nb"
REINSTALL = f"{PIP} --force-reinstall {OURS}"
KERNEL = f"{PIP} --force-reinstall ipykernel"
FFMPEG = f"{PIP} --force-reinstall imageio-ffmpeg"
MEND_JAX = "winget install Microsoft.VCRedist.2015+.x64" if sys.platform == "win32" else f"{PIP} --force-reinstall jax"
JUPYTER_FOLDERS = ("JUPYTER_PATH", "JUPYTER_DATA_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR")
# In a process of its own: a broken driver may end the one that tries it.
DRAW_A_FRAME = """
import twmr_nb, mujoco
drawer = mujoco.Renderer(twmr_nb.robot.build_model(), 48, 64)
drawer.update_scene(mujoco.MjData(drawer.model), "track")
assert drawer.render().std() > 1, "the picture is empty"
drawer.close()
"""


@dataclass(frozen=True)
class Check:
    """One finding. `mend` is a command, or what to do, needed only if not ok."""

    name: str
    ok: bool
    found: str
    mend: str = ""


def run_checks() -> list[Check]:
    """Look at everything that training, watching and the notebooks need; takes a few seconds."""
    found: list[Check] = []
    for name, check, mend in CHECKS:
        try:
            found += [result] if isinstance(result := check(), Check) else result
        except Exception as error:  # the tool that should help must not fail itself
            found.append(Check(name, False, f"cannot be checked ({type(error).__name__}: {error})", mend))
    return found


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
    again = "make PYTHON=python3.12 lab" if CHECKOUT else f"{PIP} {OURS}, with it"
    return Check("Python", found >= (3, 11), words, f"install Python 3.11 or newer, then {again}")


def check_packages() -> list[Check]:
    """Every declared dependency, installed in a version that pyproject.toml allows; one line if all are."""
    try:
        wanted = [Requirement(text) for text in requires("twmr-nb") or []]
    except PackageNotFoundError:
        return [Check("packages", False, "twmr-nb itself is not installed", f"{PIP} {OURS}")]
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
    """Draw one frame of the robot, in the environment that this process was given."""
    given = {k: v for k, v in os.environ.items() if k not in graphics.VARIABLES} | graphics.ASKED
    given["PYTHONPATH"] = os.pathsep.join([str(Path(__file__).parents[2]), given.get("PYTHONPATH", "")]).rstrip(":;")
    # -P: not from the working directory, which may be gone
    answer = subprocess.run([sys.executable, "-P", "-c", DRAW_A_FRAME], capture_output=True, text=True, env=given)
    unusual = graphics.asked()
    backend = unusual or os.environ.get("MUJOCO_GL", "default")
    if answer.returncode == 0:
        return Check("GL", True, f"drew a frame ({backend})")
    reason = (answer.stderr.strip().splitlines() or ["it crashed"])[-1]
    if "GLContext" in reason:  # nothing was loaded to draw with
        reason = "that names nothing to draw with here" if unusual else "no library"
    root = "   (as root)" if graphics.mend() == graphics.APT_LINE else ""
    return Check("GL", False, f"no videos, for nothing can be drawn ({backend}: {reason})", f"{graphics.mend()}{root}")


def check_ffmpeg() -> Check:
    try:
        return Check("ffmpeg", True, imageio_ffmpeg.get_ffmpeg_version())
    except (RuntimeError, OSError, subprocess.SubprocessError) as error:
        mend = unset("IMAGEIO_FFMPEG_EXE") if os.environ.get("IMAGEIO_FFMPEG_EXE") else FFMPEG
        return Check("ffmpeg", False, f"no videos ({error})", mend)


def check_kernel() -> Check:
    """JupyterLab starts a notebook's Python through a kernel of this name."""
    try:
        found = "python3" in find_kernel_specs()
    except OSError as error:
        home = "USERPROFILE" if sys.platform == "win32" else "HOME"
        mend = f"{export(home, 'FOLDER')}, one that you may write to"
        return Check("JupyterLab kernel", False, f"{error.filename}: {error.strerror}", mend)
    words = f"JupyterLab {version('jupyterlab')}" + ("" if found else " finds no kernel 'python3'")
    odd = [name for name in JUPYTER_FOLDERS if (path := os.environ.get(name)) and not os.path.isdir(path)]
    if odd and not found:
        return Check("JupyterLab kernel", False, f"{words}; {odd[0]} names no folder", unset(*odd))
    return Check("JupyterLab kernel", found, words, KERNEL)


def check_writing(runs: Path) -> Check:
    """The one folder of training runs, or the nearest one above it that is there."""
    if working_folder() is None:
        return Check("runs folder", False, "the working directory was deleted", "cd ~")
    folder = next(p for p in [runs.absolute(), *runs.absolute().parents] if p.exists())
    if not folder.is_dir():
        elsewhere = unset(VARIABLE) if os.environ.get(VARIABLE) else f"mv '{folder}' '{folder}.old'"
        return Check("runs folder", False, f"{folder} is a file, not a folder", elsewhere)
    try:
        with tempfile.TemporaryFile(dir=folder):
            hint = earlier_hint(runs)
            return Check("runs folder", True, f"{runs} can be written" + (f" ({hint})" if hint else ""))
    except OSError as error:
        elsewhere = export(VARIABLE, "~/twmr_runs")
        if sys.platform != "win32":
            elsewhere = f"chmod u+rwx '{folder}', or {elsewhere}"
        return Check("runs folder", False, f"{folder}: {error.strerror}", elsewhere)


def check_temporary() -> Check:
    """Videos pass through a temporary folder."""
    chosen = next((name for name in ("TMPDIR", "TEMP", "TMP") if os.environ.get(name)), "")
    if chosen and not os.access(os.environ[chosen], os.W_OK | os.X_OK):
        return Check("temporary folder", False, f"{chosen}={os.environ[chosen]} cannot be written", unset(chosen))
    with tempfile.TemporaryFile():
        return Check("temporary folder", True, tempfile.gettempdir())


def check_cores() -> Check:
    from twmr_nb.runs.identity import cores

    return Check("CPU", True, f"{cores()} core{'s' if cores() > 1 else ''}")


def check_devices() -> Check:
    import jax  # here, where what it fails of is a finding

    try:
        kinds = sorted({device.platform for device in jax.devices()})
    except RuntimeError as error:
        wish = os.environ.get("JAX_PLATFORMS")
        if wish is None:
            raise
        return Check("GPU", False, f"JAX_PLATFORMS={wish}: {str(error).splitlines()[0]}", unset("JAX_PLATFORMS"))
    words = f"JAX computes on {', '.join(kinds)}" + (" (no GPU, none is needed)" if kinds == ["cpu"] else "")
    return Check("GPU", True, words)


# What is looked at, and what helps where even the look fails.
CHECKS: tuple[tuple[str, Callable[[], Check | list[Check]], str], ...] = (
    ("Python", lambda: check_python(sys.version_info[:3]), "install Python 3.11 or newer"),
    ("packages", lambda: check_packages(), REINSTALL),
    ("GL", lambda: check_drawing(), REINSTALL),
    ("ffmpeg", lambda: check_ffmpeg(), FFMPEG),
    ("JupyterLab kernel", lambda: check_kernel(), KERNEL),
    ("temporary folder", lambda: check_temporary(), unset("TMPDIR")),
    ("runs folder", lambda: check_writing(RUNS), export(VARIABLE, "~/twmr_runs")),
    ("CPU", lambda: check_cores(), REINSTALL),
    ("GPU", lambda: check_devices(), MEND_JAX),
)
