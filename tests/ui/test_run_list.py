"""The list of runs: odd folders are told and take nothing down, and a second look costs next to nothing."""

import json
import shutil
from pathlib import Path

import pytest

from twmr_nb.files import write_json
from twmr_nb.runs import shelf
from twmr_nb.runs.run import new_run
from twmr_nb.runs.shelf import readable_runs
from twmr_nb.ui.live import LiveView
from twmr_nb.ui.run_list import run_label

COLUMNS = [*shelf.SHOWN, "num_updates", "steps_per_s", "collect_s", "learn_s", "loss"]


def a_run(root: Path, name: str, updates: int = 3) -> Path:
    run = new_run("flip", run_dir=root / name)
    rows = [dict.fromkeys(COLUMNS, 1) | {"update": i, "progress": i / 10} for i in range(1, updates + 1)]
    lines = [",".join(COLUMNS), *(",".join(str(row[k]) for k in COLUMNS) for row in rows)]
    (run.path / "metrics.csv").write_text("\n".join(lines) + "\n")
    write_json(run.path / "status.json", {"state": "stopped"})
    return run.path


@pytest.fixture
def opened(monkeypatch):
    """Every file that is opened to be read."""
    names: list[str] = []
    real = Path.open
    monkeypatch.setattr(Path, "open", lambda self, *how, **more: names.append(self.name) or real(self, *how, **more))
    return names


def labels(root: Path) -> list[str]:
    return [run_label(run) for run in readable_runs(root)[0]]


def test_a_second_list_opens_nothing_and_a_third_what_changed(tmp_path, opened):
    for i in range(5):
        a_run(tmp_path, f"run{i}")
    first = labels(tmp_path)
    assert all("stopped at 30%" in label for label in first)
    opened.clear()
    assert labels(tmp_path) == first
    assert opened == []
    with (tmp_path / "run2" / "metrics.csv").open("a") as file:
        file.write(",".join(["0.5"] * len(COLUMNS)) + "\n")
    write_json(tmp_path / "run3" / "status.json", {"state": "failed"})
    opened.clear()
    changed = labels(tmp_path)
    assert set(opened) == {"metrics.csv", "status.json"}
    assert [label for label in changed if label not in first] == [
        label for label in changed if label.startswith(("run2 · stopped at 50%", "run3 · failed at 30%"))
    ]


def test_a_list_does_not_read_logs_whole(tmp_path, monkeypatch):
    path = a_run(tmp_path, "long", updates=20_000) / "metrics.csv"
    whole, read = path.stat().st_size, []
    real = Path.open

    def counted(self, *how, **more):
        file = real(self, *how, **more)
        if self.name == "metrics.csv":
            read.append(file)
        return file

    monkeypatch.setattr(Path, "open", counted)
    (run,), _ = readable_runs(tmp_path)
    assert run_label(run).startswith("long · stopped at 200000%")
    assert len(read) == 1
    assert not run.records._loaded
    assert whole > 500_000


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("status.json", "{", "is damaged: it is not JSON"),
        ("status.json", "[1]", "holds a list where named values belong"),
        ("status.json", '{"state": 5}', "says state = 5"),
        ("config.json", "", "is damaged: it is not JSON"),
        ("config.json", "null", "holds a NoneType"),
        ("config.json", "{}", "holds no 'config'"),
        ("config.json", '{"config": []}', ""),
        ("config.json", '{"config": {"env": 5}}', ""),
        ("config.json", '{"config": {"ppo": {"num_envs": "x"}}}', "num_envs"),
        ("metrics.csv", "a,b\n1,2\n", "has no column 'update'"),
        ("metrics.csv", "update,loss\n1,2\n", "has no column 'progress'"),
    ],
)
def test_a_damaged_folder_is_left_out_with_a_line(name, content, told, tmp_path):
    a_run(tmp_path, "good")
    (a_run(tmp_path, "odd") / name).write_text(content)
    runs, problems = readable_runs(tmp_path)
    assert [run.name for run in runs] == ["good"]
    assert len(problems) == 1
    assert problems[0].startswith("odd is left out: ")
    assert told in problems[0]


def test_lines_of_another_width_do_not_hide_a_run(tmp_path):
    with (a_run(tmp_path, "mixed") / "metrics.csv").open("a") as file:
        file.write("1,2,3\n" + ",".join(["1"] * 40) + "\n")
    assert labels(tmp_path) == ["mixed · stopped at 30% · success 100%"]


def test_a_folder_that_goes_meanwhile_is_not_missed(tmp_path, monkeypatch):
    a_run(tmp_path, "stays")
    shutil.copytree(tmp_path / "stays", tmp_path / "goes")
    real = Path.glob

    def glob(self, pattern):
        found = list(real(self, pattern))
        shutil.rmtree(tmp_path / "goes")
        return iter(found)

    monkeypatch.setattr(Path, "glob", glob)
    assert [run.name for run in readable_runs(tmp_path)[0]] == ["stays"]


def test_a_live_view_of_a_long_run_reads_new_lines_only(tmp_path, monkeypatch):
    path = a_run(tmp_path, "long", updates=20_000)
    status = json.loads((path / "status.json").read_text())
    write_json(path / "status.json", status | {"state": "running"})
    (run,), _ = readable_runs(tmp_path)
    view = LiveView(run)
    try:
        assert len(run.records) == 20_000
        position: list[int] = []
        real = type(run.records)._take
        monkeypatch.setattr(
            type(run.records),
            "_take",
            lambda self, lines: position.append(sum(map(len, lines))) or real(self, lines),
        )
        with (path / "metrics.csv").open("a") as file:
            file.write(",".join(["1"] * len(COLUMNS)) + "\n")
        view.update()
        view.update()
        assert len(run.records) == 20_001
        assert sum(position) == 2 * len(COLUMNS) - 1
    finally:
        view.close()
