"""The lessons handed out, opened, restored and collected, as student and teacher do it."""

import csv
import json
import os
import re
import subprocess
import sys
import sysconfig
import tarfile
import time
import urllib.error
import urllib.request
import venv
from pathlib import Path

import pytest

from twmr_nb.cli import main as cli
from twmr_nb.course.lessons import ANSWERS, HOME, lessons

ROOT = Path(__file__).parents[2]
NAMES = [*(lesson.name for lesson in lessons()), "progress.ipynb"]
ATTACK = "=<b>\x1b[31m"
WHEN = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """What JupyterLab is started with, in an empty folder, instead of starting it."""
    from jupyterlab.labapp import LabApp

    seen = []
    monkeypatch.setattr(LabApp, "launch_instance", seen.append)
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "")
    monkeypatch.chdir(tmp_path)
    return seen


def files(folder):
    return sorted(path.name for path in folder.iterdir())


def test_an_empty_folder_gets_the_lessons_and_jupyterlab_opens_the_first(opened, tmp_path, capsys):
    assert cli.main(["lab"]) == 0
    folder = tmp_path / "twmr-lessons"
    assert files(folder) == NAMES
    for name in NAMES:
        assert (folder / name).read_bytes() == (HOME / name).read_bytes()
    (arguments,) = opened
    assert f"--ServerApp.root_dir={folder}" in arguments
    assert "--ServerApp.ip=127.0.0.1" in arguments
    assert "--LabApp.default_url=/lab/tree/00_start_here.ipynb" in arguments
    assert "--no-browser" not in arguments
    assert not [each for each in arguments if "token" in each], "JupyterLab makes its own"
    assert "kept" not in capsys.readouterr().out


def test_what_is_there_is_kept_and_named(opened, tmp_path, capsys):
    (tmp_path / "ada").mkdir()
    (tmp_path / "ada" / NAMES[3]).write_text("mine")
    assert cli.main(["lab", "ada", "--no-browser", "--port", "8899"]) == 0
    assert files(tmp_path / "ada") == NAMES
    assert (tmp_path / "ada" / NAMES[3]).read_text() == "mine"
    assert capsys.readouterr().out.splitlines()[2] == "  kept as they are: 03_reward_terms"
    assert {"--no-browser", "--ServerApp.port=8899"} <= set(opened[0])


def test_in_the_folder_itself_it_is_that_one(opened, tmp_path, monkeypatch):
    cli.main(["lab", "ada"])
    monkeypatch.chdir(tmp_path / "ada")
    cli.main(["lab"])
    assert files(tmp_path / "ada") == NAMES
    assert opened[0] == opened[1]


def test_who_has_results_begins_with_them(opened, tmp_path):
    (tmp_path / "ada" / "runs").mkdir(parents=True)
    (tmp_path / "ada" / "runs" / "results.json").touch()
    cli.main(["lab", "ada"])
    assert "--LabApp.default_url=/lab/tree/progress.ipynb" in opened[0]


def test_jupyterlab_asks_about_no_news_and_nothing_is_written_into_the_users_settings(opened, monkeypatch):
    from jupyter_server.services.config.manager import ConfigManager

    monkeypatch.setenv("JUPYTER_CONFIG_PATH", "mine")
    cli.main(["lab", "ada"])
    assert os.environ["JUPYTER_CONFIG_PATH"].split(os.pathsep)[0] == "mine", "what the user has set comes first"
    (settings,) = ConfigManager(config_dir_name="labconfig").get("default_setting_overrides").values()
    assert settings == {"fetchNews": "false", "checkForUpdates": False}


def test_only_a_checkout_has_its_answers_hidden(opened):
    from jupyter_server.services.contents.filemanager import FileContentsManager
    from traitlets.config.loader import KVArgParseConfigLoader

    cli.main(["lab", "ada"])
    cli.main(["lab", str(HOME)])
    given = [[each for each in arguments if "ContentsManager" in each] for arguments in opened]
    student, checkout = (FileContentsManager(config=KVArgParseConfigLoader(each).load_config()) for each in given)
    assert student.should_list("answers")
    assert not checkout.should_list("answers")
    assert not checkout.should_list("__pycache__")
    assert checkout.should_list(NAMES[0])


def test_a_lesson_is_restored_and_the_old_one_kept(opened, tmp_path, capsys):
    cli.main(["lab", "ada"])
    lesson = tmp_path / "ada" / NAMES[3]
    for number, which in enumerate(["03", "3", NAMES[3]], 1):
        lesson.write_text(f"mine {number}")
        assert cli.main(["lab", "ada", "--reset", which]) == 0
        assert lesson.read_bytes() == (HOME / NAMES[3]).read_bytes()
        old = f"03_reward_terms_old_{number}.ipynb"
        assert (tmp_path / "ada" / old).read_text() == f"mine {number}"
        assert f"what you had is {old}, beside it" in capsys.readouterr().out
    assert len(files(tmp_path / "ada")) == len(NAMES) + 3
    assert len(opened) == 1, "restoring opens nothing"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ("--reset 09", "there is no lesson '09': give one of 00, 01, 02, 03, 04, 05, 06, 07."),
        ("--reset progress", "there is no lesson 'progress'"),
        ("--reset 03 --port 8899", "--port cannot go with --reset"),
        ("--solutions --no-browser", "--browser cannot go with --solutions"),
        ("--port 65536", "port = 65536 is not allowed"),
        ("file", "a file is in the way"),
    ],
)
def test_what_cannot_be_done_is_said_in_a_sentence(flags, said, opened, tmp_path, capsys):
    (tmp_path / "file").touch()
    assert cli.main(["lab", *flags.split()]) == 2
    assert said in capsys.readouterr().err
    assert (opened, files(tmp_path)) == ([], ["file"])


def test_solutions_are_handed_out_only_where_they_are_asked_for(opened, tmp_path, capsys):
    cli.main(["lab", "ada"])
    answer = 'my_copy, my_fault = "B", "reads the future"'
    assert not [name for name in NAMES if answer in (tmp_path / "ada" / name).read_text()]
    assert cli.main(["lab", "ada", "--solutions"]) == 0
    folder = tmp_path / "ada" / "solutions"
    assert files(folder) == [f"{path.stem}_solutions.ipynb" for path in sorted(ANSWERS.iterdir())]
    book = json.loads((folder / "02_senses_and_gates_solutions.ipynb").read_text())
    sources = ["".join(cell["source"]) for cell in book["cells"]]
    assert [source for source in sources if answer in source]
    assert sources[0].startswith("# 02 · Senses and gates: solutions\n")
    assert "(../03_reward_terms.ipynb)" in sources[-1]
    (folder / "02_senses_and_gates_solutions.ipynb").write_text("mine")
    cli.main(["lab", "ada", "--solutions"])
    assert (folder / "02_senses_and_gates_solutions.ipynb").read_text() == "mine"
    assert "0 solved lessons written" in capsys.readouterr().out


def hand_in(folder, passed, **more):
    """A student's folder with these checks passed."""
    checks = {name: {"tries": 1, "passed": WHEN, "answer": "0"} for name in passed}
    (folder / "runs").mkdir(parents=True)
    (folder / "runs" / "results.json").write_text(json.dumps({"checks": checks} | more))
    return folder


@pytest.fixture
def class_of(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hand_in(tmp_path / "a", ["flat_speed", "climber", "caught gate", "of no lesson"], name="Zoë")
    hand_in(tmp_path / "b", [])
    hand_in(tmp_path / "c", ["whegs_height", "actions_in", "full_ahead"], name=ATTACK)
    return tmp_path


def test_the_table_of_a_class(class_of, capsys):
    assert cli.main(["grade", "a", "b", "c/runs/results.json"]) == 0
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["student", "00", "01", "02", "03", "04", "05", "06", "07", "all"]
    assert lines[1] == ["Zoë", "0/3", "2/5", "1/5", "0/8", "0/7", "0/5", "0/6", "0/5", "3/44"]
    assert lines[2] == ["b", "0/3", "0/5", "0/5", "0/8", "0/7", "0/5", "0/6", "0/5", "0/44"]
    assert lines[3][:2] == ["=<b>\\x1b[31m", "3/3"]


def test_the_table_as_a_file_holds_numbers_and_no_formula(class_of, capsys):
    assert cli.main(["grade", "a", "b", "c", "--csv", "class.csv"]) == 0
    with open("class.csv", encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0][:2] == ["student", "00 (of 3)"]
    assert rows[0][-1] == "all (of 44)"
    assert [row[0] for row in rows[1:]] == ["Zoë", "b", "'=<b>\\x1b[31m"]
    assert [row[1] for row in rows[1:]] == ["0", "0", "3"]
    assert rows[1][-1] == "3"
    assert "table: class.csv" in capsys.readouterr().out


def test_folders_that_cannot_be_read_are_said_and_the_others_shown(class_of, capsys):
    (class_of / "empty").mkdir()
    for name, content in {"broken": "{", "foreign": "[1]", "odd": '{"checks": {"a": 5}}'}.items():
        hand_in(class_of / name, [])
        (class_of / name / "runs" / "results.json").write_text(content)
    (class_of / "folder" / "results.json").mkdir(parents=True)
    names = ["empty", "broken", "foreign", "odd", "folder", "nowhere", "\x1b[31m"]
    assert cli.main(["grade", "a", *names]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines()[1].startswith("Zoë")
    assert said.err.splitlines() == [
        "empty is left out: it holds no results.json, nor does its runs/.",
        "broken is left out: results.json is not JSON, or no named values.",
        "foreign is left out: results.json is not JSON, or no named values.",
        "odd is left out: results.json has 5 for 'a'.",
        "folder is left out: results.json is no file.",
        "nowhere is left out: there is no such folder.",
        "\\x1b[31m is left out: there is no such folder.",
    ]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes by name are there on POSIX only")
def test_a_pipe_that_nobody_writes_to_is_not_waited_for(class_of, capsys):
    (class_of / "pipe").mkdir()
    os.mkfifo(class_of / "pipe" / "results.json")
    assert cli.main(["grade", "pipe"]) == 1
    assert "pipe is left out: results.json is no file." in capsys.readouterr().err


def test_a_table_that_cannot_be_written_is_told_before_it_is_made(class_of, capsys):
    assert cli.main(["grade", "a", "--csv", "class.xlsx"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert "ends in .csv" in said.err


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """The sdist, and the wheel that is made of it alone."""
    pytest.importorskip("hatchling", reason="`make test-slow` installs it")
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(folder)]
    subprocess.run([*build, "-t", "sdist"], cwd=ROOT, check=True, capture_output=True)
    (sdist,) = folder.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    subprocess.run([*build, "-t", "wheel"], cwd=folder / sdist.name.removesuffix(".tar.gz"), check=True)
    (wheel,) = folder.glob("*.whl")
    return wheel


@pytest.mark.slow
def test_the_wheel_alone_hands_the_lessons_out_and_opens_them(built, tmp_path):
    """In an environment of its own, which takes all but this package from the one that runs the tests."""
    venv.create(tmp_path / "venv", with_pip=True)
    bin_folder = tmp_path / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = next(path for path in (bin_folder / "python", bin_folder / "python.exe") if path.exists())
    install = [str(python), "-m", "pip", "install", "--no-deps", "--no-index", "--quiet", str(built)]
    subprocess.run(install, check=True, cwd=tmp_path)
    packages = sysconfig.get_path("purelib", vars={"base": str(tmp_path / "venv")})
    (Path(packages) / "others.pth").write_text(sysconfig.get_path("purelib"))
    (tmp_path / "home").mkdir()
    environment = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "TWMR_RUNS")}
    environment |= {"HOME": str(tmp_path / "home"), "USERPROFILE": str(tmp_path / "home")}
    where = subprocess.run([str(python), "-c", "import twmr_nb; print(twmr_nb.__file__)"], cwd=tmp_path,
                           env=environment, capture_output=True, text=True, check=True).stdout  # fmt: skip
    assert Path(where).is_relative_to(tmp_path)
    command = [str(bin_folder / "twmr"), "lab", "--no-browser", "--port", "0"]
    with (tmp_path / "log").open("wb") as log:
        lab = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
    try:
        address = re.compile(r"(http://127\.0\.0\.1:\d+)/lab\S*\?token=(\w+)")
        while not (found := address.search((tmp_path / "log").read_text())):
            assert lab.poll() is None, (tmp_path / "log").read_text()
            time.sleep(0.1)
        asked = urllib.request.Request(f"{found[1]}/api/contents", headers={"Authorization": f"token {found[2]}"})
        listed = json.load(answered(asked, lab))["content"]
        assert sorted(each["name"] for each in listed) == NAMES
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(f"{found[1]}/api/contents")
    finally:
        lab.terminate()
        lab.wait()
    assert files(tmp_path / "twmr-lessons") == NAMES


def answered(asked, lab):
    """The server's answer; it says its address a little before it listens there."""
    while True:
        try:
            return urllib.request.urlopen(asked)
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            assert lab.poll() is None
            time.sleep(0.1)
