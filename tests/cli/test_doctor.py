"""The doctor finds what is missing and names the command that mends it."""

import ctypes.util
import json
import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from twmr_nb import graphics
from twmr_nb.cli import doctor, viewer
from twmr_nb.cli.doctor import Check

# Stands before everything else on the path of a new process and hides the GL libraries from it.
NO_GL_LIBRARY = """
import ctypes, ctypes.util
find, load = ctypes.util.find_library, ctypes.CDLL
hidden = lambda name: name is not None and "GL" in str(name)
class CDLL(load):
    def __init__(self, name=None, *args, **kwargs):
        if hidden(name):
            raise OSError(f"{name}: cannot open shared object file")
        super().__init__(name, *args, **kwargs)
ctypes.util.find_library = lambda name: None if hidden(name) else find(name)
ctypes.CDLL, ctypes.cdll = CDLL, ctypes.LibraryLoader(CDLL)
"""


def test_this_machine_is_well(gl, monkeypatch, tmp_path, capsys):
    monkeypatch.chdir(tmp_path)
    checks = doctor.run_checks()
    unwell = [check for check in checks if not check.ok]
    assert not unwell
    assert {
        "Python",
        "packages",
        "GL",
        "ffmpeg",
        "JupyterLab kernel",
        "temporary folder",
        "runs folder",
        "CPU",
        "GPU",
    } == {check.name for check in checks}
    assert doctor.print_report(checks) == 0
    assert capsys.readouterr().out.count("\nok") == len(checks) - 1
    assert not list(tmp_path.iterdir())


def test_the_report_counts_what_failed_and_says_what_to_run(capsys):
    failed = doctor.print_report([Check("a", True, "there", "do this"), Check("b", False, "gone", "pip install b")])
    lines = capsys.readouterr().out.splitlines()
    assert failed == 1
    assert lines[0] == "ok        a: there"
    assert lines[1].startswith("MISSING   b: gone")
    assert lines[2].strip() == "run: pip install b"
    assert lines[3] == "1 to mend"


def test_an_old_python():
    assert not doctor.check_python((3, 10, 4)).ok
    assert doctor.check_python((3, 11, 0)).ok
    assert doctor.check_python((4, 0, 0)).ok


def test_a_package_that_is_missing_or_of_a_wrong_version():
    missing = doctor.check_package(Requirement("no-such-package-of-ours>=2"))
    assert (missing.ok, missing.mend) == (False, 'python -m pip install "no-such-package-of-ours>=2"')
    old = doctor.check_package(Requirement("numpy>=1000"))
    assert (old.ok, old.found) == (False, version("numpy"))
    assert doctor.check_package(Requirement("numpy>=1")).ok


def test_the_package_itself_not_installed(monkeypatch):
    def nowhere(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(doctor, "requires", nowhere)
    assert doctor.check_packages() == [
        Check("packages", False, "twmr-nb itself is not installed", "python -m pip install -e .")
    ]


def test_ffmpeg_missing(monkeypatch):
    def nowhere() -> str:
        raise RuntimeError("no ffmpeg")

    monkeypatch.setattr(doctor.imageio_ffmpeg, "get_ffmpeg_version", nowhere)
    check = doctor.check_ffmpeg()
    assert not check.ok
    assert "imageio-ffmpeg" in check.mend


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written(tmp_path):
    tmp_path.chmod(0o500)
    assert not doctor.check_writing(tmp_path / "runs").ok


def test_runs_cannot_be_below_a_file(tmp_path):
    (tmp_path / "file").touch()
    assert not doctor.check_writing(tmp_path / "file" / "runs").ok


@pytest.mark.skipif(sys.platform != "linux", reason="how GL is found there")
def test_without_gl_libraries_all_but_drawing_works(tmp_path, monkeypatch):
    """The package must import on a bare machine, and the doctor name what to install."""
    (tmp_path / "sitecustomize.py").write_text(NO_GL_LIBRARY)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path(doctor.__file__).parents[2])]))
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    code = "import twmr_nb, twmr_nb.draw.film as r; twmr_nb.TwmrEnv().reset(seed=0); print(r.gl_available())"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert answer.stdout.strip() == "False", answer.stderr
    check = doctor.check_drawing()
    assert not check.ok
    assert check.mend.startswith("apt-get install libegl1 libgl1")


SAY = """
import contextlib, io, json, sys
from twmr_nb.cli.main import main
def said(words):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(io.StringIO()) as err:
        code = main(words)
    return code, out.getvalue(), err.getvalue()
print(json.dumps([said(words) for words in json.loads(sys.argv[1])]))
"""


def twmr(*commands, **environment):
    """Commands in a process of its own, whose GL variables are these only: exit code, output and errors of each."""
    inherited = {k: v for k, v in os.environ.items() if k not in (*graphics.VARIABLES, "DISPLAY", "WAYLAND_DISPLAY")}
    inherited["PYTHONPATH"] = str(Path(doctor.__file__).parents[2])
    command = [sys.executable, "-c", SAY, json.dumps(commands)]
    done = subprocess.run(command, env=inherited | environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


MORE = ["MUJOCO_GL=disable", "MUJOCO_GL=glfw", *(["MUJOCO_GL=osmesa"] * (not ctypes.util.find_library("OSMesa")))]
WISHES = ["MUJOCO_GL=foo", "MUJOCO_EGL_DEVICE_ID=99", *(pytest.param(wish, marks=pytest.mark.slow) for wish in MORE)]


@pytest.mark.skipif(sys.platform != "linux", reason="how GL is chosen there")
@pytest.mark.parametrize("wish", WISHES)
def test_a_wish_for_a_gl_library_that_cannot_be_met_is_named(wish, gl, tmp_path):
    name, value = wish.split("=")
    play = ["play", "--policy", "hopeless", "--steps", "2", "--video", str(tmp_path / "a.mp4")]
    report, drawn = twmr(["doctor"], play, **{name: value})
    code, out, err = report
    assert (code, err) == (1, "")
    assert wish in out
    assert f"run: unset {name}\n" in out
    code, out, err = drawn
    assert code == 2
    assert wish in err
    assert f"unset {name}" in err
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(sys.platform != "linux", reason="how GL is chosen there")
@pytest.mark.parametrize(
    "environment", [{}, {"MUJOCO_GL": "egl"}, {"MUJOCO_GL": " EGL "}, {"PYOPENGL_PLATFORM": "osmesa"}]
)
def test_a_good_wish_is_granted_without_a_word(environment, gl):
    code = "import twmr_nb.draw.film as r; assert r.gl_available()"
    inherited = {k: v for k, v in os.environ.items() if k not in graphics.VARIABLES}
    inherited["PYTHONPATH"] = str(Path(doctor.__file__).parents[2])
    answer = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=inherited | environment, capture_output=True, text=True
    )
    assert (answer.returncode, answer.stderr) == (0, "")


@pytest.mark.parametrize(
    ("system", "said"),
    [("win32", "install the driver of the graphics card's maker"), ("darwin", "at the Mac's own screen")],
)
def test_where_the_system_draws_nothing_is_to_be_installed_by_apt(system, said, monkeypatch):
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setattr(graphics, "ASKED", {})
    assert said in graphics.mend()
    assert said in graphics.no_gl()
    monkeypatch.setattr(doctor, "DRAW_A_FRAME", "raise SystemExit('no OpenGL')")
    check = doctor.check_drawing()
    assert (check.ok, check.mend) == (False, graphics.mend())


def test_on_windows_advice_is_in_the_words_of_its_terminal(monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setattr(graphics, "ASKED", {"MUJOCO_GL": "foo"})
    assert graphics.mend() == "Remove-Item Env:MUJOCO_GL"
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    assert doctor.check_temporary().mend == "Remove-Item Env:TMPDIR"

    def read_only(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", read_only)
    assert doctor.check_writing(tmp_path).mend == '$env:TWMR_RUNS = "~/twmr_runs"'


@pytest.mark.parametrize(
    ("system", "environment", "window"),
    [
        ("linux", {}, False),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("win32", {}, True),
        ("darwin", {}, False),  # a window must be the main thread's there, which mjpython sees to
        ("darwin", {"MJPYTHON_BIN": "mjpython"}, True),
    ],
)
def test_a_window_opens_where_the_system_lets_it(system, environment, window, monkeypatch):
    monkeypatch.setattr(sys, "platform", system)
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "MJPYTHON_BIN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert viewer.has_display() == window
    assert ("mjpython" in viewer.no_display()) == (system == "darwin")


def test_a_check_that_fails_itself_is_a_finding(monkeypatch):
    def broken():
        raise ImportError("no module named numpy.core")

    for name in ("check_packages", "check_drawing", "check_ffmpeg", "check_kernel", "check_devices"):
        monkeypatch.setattr(doctor, name, broken)
    checks = {check.name: check for check in doctor.run_checks()}
    for name in ("packages", "GL", "ffmpeg", "JupyterLab kernel", "GPU"):
        assert not checks[name].ok
        assert checks[name].found == "cannot be checked (ImportError: no module named numpy.core)"
        assert checks[name].mend
    assert checks["CPU"].ok


@pytest.mark.parametrize(
    ("check", "name", "mend"),
    [
        ("check_temporary", "TMPDIR", "unset TMPDIR"),
        ("check_ffmpeg", "IMAGEIO_FFMPEG_EXE", "unset IMAGEIO_FFMPEG_EXE"),
    ],
)
def test_a_variable_that_leads_nowhere_is_named(check, name, mend, monkeypatch, tmp_path):
    monkeypatch.setenv(name, str(tmp_path / "nowhere"))
    found = getattr(doctor, check)()
    assert (found.ok, found.mend) == (False, mend)
    assert "nowhere" in found.found


def test_jupyter_folders_that_hide_the_kernel(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "find_kernel_specs", dict)
    assert doctor.check_kernel().mend.endswith("ipykernel")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "nowhere"))
    assert doctor.check_kernel().mend == "unset JUPYTER_PATH"

    def read_only():
        raise PermissionError(13, "Permission denied", "/root/.ipython")

    monkeypatch.setattr(doctor, "find_kernel_specs", read_only)
    assert doctor.check_kernel().found == "/root/.ipython: Permission denied"


def test_a_working_directory_that_was_deleted(monkeypatch, tmp_path):
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    unwell = [check for check in doctor.run_checks() if not check.ok]
    assert [(check.name, check.mend) for check in unwell] == [("runs folder", "cd ~")]


def test_a_place_for_runs_that_is_a_file(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("TWMR_RUNS", str(tmp_path / "file"))
    assert doctor.check_writing(tmp_path / "file").mend == "unset TWMR_RUNS"


def test_a_device_that_jax_does_not_know_is_named_with_its_variable(monkeypatch):
    def none():
        raise RuntimeError("Unknown backend nope\nmore of it")

    monkeypatch.setenv("JAX_PLATFORMS", "nope")
    monkeypatch.setattr("jax.devices", none)
    found = doctor.check_devices()
    assert (found.ok, found.mend) == (False, "unset JAX_PLATFORMS")
    assert found.found == "JAX_PLATFORMS=nope: Unknown backend nope"
