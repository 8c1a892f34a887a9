"""A run's log: only what is new is read, whatever becomes of the file."""

import os
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from twmr_nb.draw.metrics import column
from twmr_nb.files import write_text
from twmr_nb.learn.metrics_log import MetricsLog

HEAD = "update,loss\n"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "metrics.csv"


@pytest.fixture
def reading(monkeypatch):
    """What is read through Path.open: how many bytes each time."""
    read: list[int] = []
    real_open = Path.open

    class Counted:
        def __init__(self, file) -> None:
            self.file = file

        def __enter__(self):
            read.append(0)
            return self

        def __exit__(self, *_) -> None:
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

        def counted(self, data):
            read[-1] += len(data)
            return data

        def read(self, *size):
            return self.counted(self.file.read(*size))

        def readline(self, *size):
            return self.counted(self.file.readline(*size))

    monkeypatch.setattr(Path, "open", lambda self, *how, **more: Counted(real_open(self, *how, **more)))
    return read


def lines(first: int, last: int) -> str:
    return "".join(f"{i},{i / 10}\n" for i in range(first, last + 1))


def updates(log) -> list[float]:
    return [record["update"] for record in log]


def test_it_reads_like_a_list_of_records(path):
    path.write_text(HEAD + lines(1, 10))
    log = MetricsLog(path)
    assert bool(log)
    assert len(log) == 10
    assert log[0] == {"update": 1, "loss": 0.1}
    assert log[-1] == log[9] == {"update": 10, "loss": 1.0}
    assert updates(log[-3:]) == [8, 9, 10]
    assert updates(log[::-1][::4][::-1]) == [2, 6, 10]
    assert [record["loss"] for record in log] == [i / 10 for i in range(1, 11)]
    with pytest.raises(IndexError):
        log[10]
    np.testing.assert_array_equal(column(log, "loss"), column(list(log), "loss"))
    assert np.isnan(log.column("nothing")).all()
    assert len(log.column("nothing")) == 10
    assert repr(log[:1]) == "[{'update': 1.0, 'loss': 0.1}]"


@pytest.mark.parametrize("content", [None, "", "upd", HEAD, HEAD + "1,", "\n\n\n"])
def test_a_log_without_a_record_is_empty(content, path):
    if content is not None:
        path.write_text(content)
    log = MetricsLog(path)
    assert not log
    assert len(log) == 0
    assert not log
    assert list(log) == []
    assert len(log.column("update")) == 0
    with pytest.raises(IndexError):
        log[-1]


@pytest.mark.parametrize(
    "odd",
    ["3", "3,4,5", "3,", ",3", "3,x", "", HEAD.strip(), "\udcff\udcfe", "3,4,,", '"3,4'],
)
def test_an_odd_line_is_left_out_wherever_it_stands(odd, path):
    odd_line = odd.encode(errors="surrogateescape") + b"\n"
    for content in (
        HEAD.encode() + odd_line + lines(1, 2).encode(),
        HEAD.encode() + lines(1, 1).encode() + odd_line + lines(2, 2).encode(),
        HEAD.encode() + lines(1, 2).encode() + odd_line,
        HEAD.encode() + lines(1, 2).encode() + odd_line.strip(),
    ):
        path.write_bytes(content)
        assert MetricsLog(path)[-1]["update"] == 2
        assert updates(MetricsLog(path)) == [1, 2]


def test_lines_as_other_programs_end_them(path):
    path.write_bytes(b"\xef\xbb\xbf" + (HEAD + lines(1, 3)).replace("\n", "\r\n").encode())
    assert updates(MetricsLog(path)) == [1, 2, 3]
    assert MetricsLog(path)[-1] == {"update": 3, "loss": 0.3}


def test_the_last_record_is_read_from_the_end(path, reading):
    path.write_text(HEAD + lines(1, 200_000))
    log = MetricsLog(path)
    assert bool(log)
    assert log[-1]["update"] == 200_000
    assert sum(reading) < 20_000
    opened = len(reading)
    assert MetricsLog(path)[-1] == log[-1]
    assert len(reading) == opened  # the same file: it is not even opened
    with path.open("a") as file:
        file.file.write("200001,0\n")
    assert log[-1]["update"] == 200_001


def test_the_last_record_is_found_before_any_number_of_odd_lines(path):
    path.write_text(HEAD + lines(1, 3) + "odd\n" * 50_000)
    assert MetricsLog(path)[-1]["update"] == 3


def test_a_refresh_reads_what_was_added_and_nothing_else(path, reading):
    path.write_text(HEAD + lines(1, 50_000))
    log = MetricsLog(path)
    assert len(log) == 50_000
    opened = len(reading)
    for _ in range(3):
        log.refresh()
        assert log[-1]["update"] == 50_000
        assert len(log[-10:]) == 10
    assert len(reading) == opened
    with path.open("a") as file:
        file.file.write(lines(50_001, 50_003) + "500")
    reading.clear()
    log.refresh()
    assert sum(reading) < 200
    assert updates(log[-3:]) == [50_001, 50_002, 50_003]
    with path.open("a") as file:
        file.file.write("04,7\n")  # the rest of the line that was under way
    log.refresh()
    assert log[-1] == {"update": 50_004, "loss": 7}


def rewritten(path: Path) -> None:
    path.write_text(HEAD + lines(101, 120))


def replaced(path: Path) -> None:
    write_text(path, HEAD + lines(1, 5) + lines(101, 120))


def shortened(path: Path) -> None:
    os.truncate(path, len(HEAD + lines(1, 3)))


def shortened_and_grown(path: Path) -> None:
    """As when a resumed run goes back a few updates, and is past the old length before anybody looks."""
    shortened(path)
    with path.open("a") as file:
        file.write("".join(f"{i},{i / 7}\n" for i in range(4, 30)))


def other_columns(path: Path) -> None:
    path.write_text("update,loss,std\n1,2,3\n4,5,6\n")


def deleted(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize(
    "happens", [rewritten, replaced, shortened, shortened_and_grown, other_columns, deleted], ids=lambda f: f.__name__
)
def test_a_file_that_is_another_one_is_read_anew(happens, path):
    path.write_text(HEAD + lines(1, 10))
    log = MetricsLog(path)
    assert len(log) == 10
    happens(path)
    log.refresh()
    assert list(log) == list(MetricsLog(path))


def test_what_is_appended_is_what_is_read(path):
    log = MetricsLog(path)
    records = [{"update": i, "term/a b": 1 / (i + 1), "big": 1e300 * i, "none": float("nan")} for i in range(200)]
    for record in records:
        log.append(record)
    np.testing.assert_equal(list(log), records)
    np.testing.assert_equal(list(MetricsLog(path)), records)
    assert path.read_text().startswith("update,term/a b,big,none\n0,1,0,nan\n1,0.5,1e+300,nan\n")


def test_a_slice_stays_as_it_was(path):
    log = MetricsLog(path)
    for i in range(1, 6):
        log.append({"update": i})
    held = log[:]
    log.cut(3)
    log.append({"update": 100})
    assert updates(held) == [1, 2, 3, 4, 5]
    assert updates(log) == updates(MetricsLog(path)) == [1, 2, 3, 100]


@pytest.mark.parametrize("update", [0, 1, 4, 9])
def test_cut_drops_what_comes_after_and_what_was_cut_short(update, path):
    path.write_text(HEAD + lines(1, 4) + "5,0.")
    log = MetricsLog(path)
    log.cut(update)
    kept = list(range(1, min(update, 4) + 1))
    assert updates(log) == kept
    log.append({"update": 7, "loss": 1})
    assert updates(log) == updates(MetricsLog(path)) == [*kept, 7]


def test_cut_keeps_a_file_that_is_no_log(path):
    path.write_text("a,b\n1,2\n")
    log = MetricsLog(path)
    log.cut(0)
    log.append({"update": 1})
    assert updates(MetricsLog(path)) == [1]
    assert path.with_name("metrics.csv.damaged-1").read_text() == "a,b\n1,2\n"


def test_a_new_quantity_gets_a_column_and_old_records_nan(path):
    path.write_text(HEAD + lines(1, 2))
    log = MetricsLog(path)
    log.append({"update": 3, "loss": 0.3, "std": 1})
    log.append({"update": 4, "loss": 0.4})
    for read in (log, MetricsLog(path)):
        assert updates(read) == [1, 2, 3, 4]
        np.testing.assert_array_equal(read.column("std"), [np.nan, np.nan, 1, np.nan])


def test_a_line_that_could_not_be_written_is_written_with_the_next(path, monkeypatch):
    log = MetricsLog(path)
    log.append({"update": 1, "loss": 0.1})

    class Full:
        def __init__(self, file) -> None:
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_) -> None:
            self.file.close()

        def write(self, data):
            self.file.write(data[: len(data) // 2])
            self.file.flush()
            raise OSError(28, "No space left on device")

    real_open = Path.open
    with monkeypatch.context() as full:
        full.setattr(Path, "open", lambda self, *how: Full(real_open(self, *how)))
        with pytest.raises(OSError, match="No space left"):
            log.append({"update": 2, "loss": 0.2})
    assert path.read_text() == HEAD + "1,0.1\n"
    log.cut(2)
    log.append({"update": 3, "loss": 0.3})
    assert updates(log) == updates(MetricsLog(path)) == [1, 2, 3]


def test_a_log_whose_folder_is_gone_does_not_bring_it_back(tmp_path):
    (tmp_path / "run").mkdir()
    log = MetricsLog(tmp_path / "run" / "metrics.csv")
    log.append({"update": 1})
    (tmp_path / "run" / "metrics.csv").unlink()
    log.append({"update": 2})
    assert updates(MetricsLog(tmp_path / "run" / "metrics.csv")) == [1, 2]
    (tmp_path / "run" / "metrics.csv").unlink()
    (tmp_path / "run").rmdir()
    with pytest.raises(FileNotFoundError):
        log.append({"update": 3})
    assert not (tmp_path / "run").exists()


def test_memory_is_that_of_the_numbers(path):
    names = ["update", *(f"n{i}" for i in range(39))]
    path.write_text(",".join(names) + "\n" + "".join(f"{i}{',0.123456789' * 39}\n" for i in range(10_000)))
    tracemalloc.start()
    log = MetricsLog(path)
    assert len(log) == 10_000
    kept, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    numbers = 10_000 * 40 * 8
    assert kept < 1.6 * numbers
    assert peak < 6 * numbers  # one block as text and Python numbers, and a larger table beside the old one


def test_it_can_be_read_while_it_is_written(path):
    log, end, wrong = MetricsLog(path), threading.Event(), []

    def look() -> None:
        while not end.is_set():
            seen = updates(log[:])
            if seen != list(range(1, len(seen) + 1)):
                wrong.append(seen)

    reader = threading.Thread(target=look)
    reader.start()
    for i in range(1, 500):
        log.append({"update": i, "loss": i})
    end.set()
    reader.join()
    assert not wrong
