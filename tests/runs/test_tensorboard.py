"""A log as an event file: every finite number, at its step and time; without the library, a sentence."""

import os
import struct
import sys

import pytest

from twmr_nb.config.schema import ConfigError
from twmr_nb.runs.run import RunError, new_run

LOG = """\
update,num_updates,global_step,progress,train_s,success_rate,term/forward
1,2,16,0.5,3,nan,0.25
2,2,32,1,5,0.5,-1
"""


@pytest.fixture
def run(tmp_path):
    run = new_run("flip", run_dir=tmp_path / "runs" / "first")
    (run.path / "metrics.csv").write_text(LOG)
    os.utime(run.path / "metrics.csv", (1000.0, 1000.0))
    return run


def scalars(path):
    """(step, time, name, value) of every scalar in an event file, in its order."""
    from tensorboardX.proto.event_pb2 import Event

    data, found = path.read_bytes(), []
    while data:  # length, its checksum, the event, its checksum
        (length,) = struct.unpack("<Q", data[:8])
        event = Event.FromString(data[12 : 12 + length])
        found += [(event.step, event.wall_time, value.tag, value.simple_value) for value in event.summary.value]
        data = data[16 + length :]
    return found


def test_every_number_of_a_log_is_there_at_its_step_and_time(run, tmp_path):
    pytest.importorskip("tensorboardX")
    path = run.tensorboard(tmp_path / "board")
    assert path.parent == tmp_path / "board" / "first"
    assert scalars(path) == [
        (16, 998.0, "train_s", 3.0),
        (16, 998.0, "term/forward", 0.25),
        (32, 1000.0, "train_s", 5.0),
        (32, 1000.0, "success_rate", 0.5),
        (32, 1000.0, "term/forward", -1.0),
    ]


def test_again_it_takes_the_place_of_what_was_there(run, tmp_path):
    pytest.importorskip("tensorboardX")
    first = run.tensorboard(tmp_path / "board")
    with (run.path / "metrics.csv").open("a") as file:
        file.write("3,3,48,1,6,1,0\n")
    assert run.tensorboard(tmp_path / "board") == first
    assert [path.name for path in first.parent.iterdir()] == [first.name]
    assert [step for step, _, name, _ in scalars(first) if name == "train_s"] == [16, 32, 48]


def test_a_run_without_a_log_and_a_file_in_the_way_are_told(run, tmp_path):
    pytest.importorskip("tensorboardX")
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="a file is in the way"):
        run.tensorboard(tmp_path / "file")
    with pytest.raises(RunError, match="has no log yet: let it train"):
        new_run("flip", root=tmp_path / "runs").tensorboard(tmp_path / "board")
    assert not (tmp_path / "board").exists()


def test_without_the_library_one_sentence_says_what_to_install(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboardX", None)
    with pytest.raises(ConfigError, match=r"^event files need tensorboardX: pip install 'twmr-nb\[tensorboard\]'\.$"):
        run.tensorboard(tmp_path / "board")
    assert not (tmp_path / "board").exists()
