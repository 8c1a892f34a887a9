"""The doctor finds what is missing and names the command that mends it."""

import os
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from twmr_nb import doctor
from twmr_nb.doctor import Check

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
    monkeypatch.setenv("IMAGEIO_FFMPEG_EXE", "/no/such/ffmpeg")
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
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), str(Path(doctor.__file__).parent.parent)]))
    monkeypatch.delenv("MUJOCO_GL", raising=False)
    code = "import twmr_nb, twmr_nb.render as r; twmr_nb.TwmrEnv().reset(seed=0); print(r.gl_available())"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert answer.stdout.strip() == "False", answer.stderr
    check = doctor.check_drawing()
    assert not check.ok
    assert check.mend.startswith("apt-get install libegl1 libgl1")
