"""Columns of numbers: a frame of pandas or a dict, a .csv; of an episode and of a run each column's unit is told."""

import csv
import json
import re
import sys
import types
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import TINY

import twmr_nb as tw
from twmr_nb.columns import frame, write_csv
from twmr_nb.runs.run import RunError, new_run

DOCUMENT = (Path(__file__).parents[1] / "docs" / "runs.md").read_text()
COLUMNS = {"time": np.array([0.02, 0.04]), "passed": np.array([False, True]), "a, b": np.array([1.0, np.nan])}


def documented(part: str) -> list[re.Pattern[str]]:
    """The columns of a table in docs/runs.md, NAME and WHEEL standing for any."""
    cells = [line.split("|")[1] for line in DOCUMENT.split(part)[1].split("\n\n")[1].splitlines()[2:]]
    names = [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]
    return [re.compile(re.sub("NAME|WHEEL", r"\\w+", re.escape(name))) for name in names]


@pytest.fixture(scope="module")
def episode():
    return tw.record("random", tw.world("recommended"), seed=3, num_steps=5)


def test_without_pandas_a_frame_is_a_dict(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", None)
    assert frame(COLUMNS) == COLUMNS


def test_with_pandas_it_is_a_data_frame(monkeypatch):
    monkeypatch.setitem(sys.modules, "pandas", types.SimpleNamespace(DataFrame=lambda columns: ("frame", columns)))
    assert frame(COLUMNS) == ("frame", COLUMNS)


def test_a_csv_has_a_header_and_plain_numbers(tmp_path):
    path = write_csv(tmp_path / "new" / "a.csv", COLUMNS)
    assert path.read_text() == 'time,passed,"a, b"\n0.02,0,1\n0.04,1,nan\n'
    with pytest.raises(tw.ConfigError, match=r"give a name that ends in \.csv"):
        write_csv(tmp_path / "a.txt", COLUMNS)
    (tmp_path / "b.csv").mkdir()
    with pytest.raises(tw.ConfigError, match="cannot be written"):
        write_csv(tmp_path / "b.csv", COLUMNS)


@given(st.lists(st.floats(width=64), min_size=1))
def test_a_number_in_a_csv_is_read_again_as_the_same(tmp_path_factory, values):
    path = write_csv(tmp_path_factory.mktemp("csv") / "a.csv", {"x": np.array(values)})
    _, *lines = path.read_text().splitlines()
    np.testing.assert_array_equal(np.array(lines, float), np.array(values))


def test_an_episode_is_columns_of_the_same_numbers(episode, tmp_path):
    columns, t = episode.frame(), episode.transition
    assert list(columns)[:2] == ["time", "x"]
    assert {len(values) for _, values in columns.items()} == {5}
    np.testing.assert_array_equal(columns["time"], episode.time)
    np.testing.assert_array_equal(columns["leg_angle/rear_left"], t.leg_angle[:, 2])
    np.testing.assert_array_equal(columns["action/leg_front_right"], t.action[:, 5])
    np.testing.assert_array_equal(columns["torque/wheel_rear_right"], t.torque[:, 3])
    np.testing.assert_array_equal(columns["gyro/z"], t.gyro[:, 2])
    np.testing.assert_array_equal(columns["reward"], episode.reward)
    np.testing.assert_allclose(sum(v for name, v in columns.items() if name.startswith("term/")), episode.reward)
    with episode.to_csv(tmp_path / "episode.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [float(row["x"]) for row in rows] == t.x.tolist()
    assert [row["passed"] for row in rows] == ["0"] * 5


def test_a_run_is_columns_of_its_log(tmp_path):
    run = new_run("flip", root=tmp_path, curriculum_start=0.05, scene="step", step_height_max=0.06, **TINY)
    run.train()
    columns = run.frame()
    assert list(columns) == list(run.records.names)
    assert columns["global_step"].tolist() == [16, 32, 48, 64]
    with run.to_csv(tmp_path / "log.csv").open() as file:
        assert [row["update"] for row in csv.DictReader(file)] == ["1", "2", "3", "4"]
    known = documented("Of a run, a row per update")
    assert [name for name in columns if not any(each.fullmatch(name) for each in known)] == []
    assert [each.pattern for each in known if not any(map(each.fullmatch, columns))] == []


def test_every_column_of_an_episode_has_its_unit_told(episode):
    known, columns = documented("Of an episode, a row per control step"), episode.frame()
    assert [name for name in columns if not any(each.fullmatch(name) for each in known)] == []
    assert [each.pattern for each in known if not any(map(each.fullmatch, columns))] == []


def test_a_run_without_a_log_has_no_columns(tmp_path):
    run = new_run("flip", root=tmp_path)
    assert len(run.frame()) == 0
    with pytest.raises(RunError, match="has no log yet"):
        run.to_csv(tmp_path / "log.csv")


def test_a_log_is_never_written_over(tmp_path):
    run = new_run("flip", root=tmp_path, **TINY)
    run.train()
    with pytest.raises(tw.ConfigError, match="is the run's own log"):
        run.to_csv(run.path / ".." / run.path.name / "metrics.csv")
    assert len(run.frame()["update"]) == 4


def test_a_log_that_grew_is_taken_whole(tmp_path):
    run = new_run("flip", root=tmp_path)
    (run.path / "metrics.csv").write_text("update,loss\n1,2\n")
    run.frame()
    with (run.path / "metrics.csv").open("a") as file:
        file.write("2,1.5\n")
    assert json.dumps({k: list(v) for k, v in run.frame().items()}) == '{"update": [1.0, 2.0], "loss": [2.0, 1.5]}'
