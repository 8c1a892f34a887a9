"""Files are written whole or not at all, by one writer at a time."""

import json
import os
import resource
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from twmr_nb import files
from twmr_nb.files import (
    clear_unfinished,
    copy_whole,
    locked,
    read_json,
    set_aside,
    write_bytes,
    write_json,
    write_text,
)
from twmr_nb.policies.saved import PolicyError, read_arrays, write_arrays


def write_array(path: Path, text: str) -> None:
    write_arrays(path, {"a": np.frombuffer(text.encode(), np.uint8)}, {})


WRITERS = {"text": write_text, "json": write_json, "arrays": write_array}


@pytest.fixture(params=WRITERS)
def write(request):
    return WRITERS[request.param]


def test_a_file_has_the_mode_of_any_other_file(write, tmp_path):
    old = os.umask(0o027)
    try:
        write(tmp_path / "new", "x")
        (tmp_path / "other").write_text("x")
    finally:
        os.umask(old)
    modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("new", "other")]
    assert modes == [0o640, 0o640]


def test_a_folder_that_is_gone_does_not_come_back(write, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"b\.x cannot be written: there is no folder"):
        write(tmp_path / "gone" / "b.x", "text")
    assert not (tmp_path / "gone").exists()
    assert write_text(tmp_path / "asked" / "for" / "a", "text", make_folder=True).read_text() == "text"


@pytest.mark.parametrize("when", ["fsync", "replace"])
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()], ids=["full", "stop"])
def test_what_goes_wrong_leaves_the_old_file_and_nothing_else(write, when, error, tmp_path, monkeypatch):
    def fail(*_):
        raise error

    write(tmp_path / "a", "old")
    before = (tmp_path / "a").read_bytes()
    monkeypatch.setattr(os, when, fail)
    with pytest.raises(type(error)):
        write(tmp_path / "a", "a new text that is longer")
    assert (tmp_path / "a").read_bytes() == before
    assert os.listdir(tmp_path) == ["a"]


def test_a_write_that_meets_a_limit_leaves_the_old_file(write, tmp_path):
    """The system itself refuses, as a full disk does."""
    write(tmp_path / "a", "old")
    before = (tmp_path / "a").read_bytes()
    limit, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limit[1]))
    try:
        with pytest.raises(OSError, match="File too large"):
            write(tmp_path / "a", "x" * 100_000)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limit)
        signal.signal(signal.SIGXFSZ, handler)
    assert (tmp_path / "a").read_bytes() == before
    assert os.listdir(tmp_path) == ["a"]


def test_it_is_on_the_disk_before_it_takes_the_place(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace

    def flush(handle):
        status = os.fstat(handle)
        done.append("folder" if stat.S_ISDIR(status.st_mode) else status.st_size)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "replace", lambda *names: done.append("replace") or replace(*names))
    write_text(tmp_path / "a", "12345")
    assert done == [5, "replace", "folder"]


def in_use(times, code):
    """os.replace as Windows has it while somebody has the file open; the number of tries is kept."""
    tried = []

    def replace(*names, replace=os.replace):
        tried.append(names)
        if len(tried) <= times:
            error = PermissionError(13, "Access is denied")
            error.winerror = code  # only Windows sets it
            raise error
        replace(*names)

    return replace, tried


@pytest.mark.parametrize("code", [5, 32])
def test_a_reader_who_lets_go_is_waited_for(code, tmp_path, monkeypatch):
    replace, tried = in_use(3, code)
    monkeypatch.setattr(os, "replace", replace)
    assert write_text(tmp_path / "a", "new").read_text() == "new"
    assert len(tried) == 4


def test_a_reader_who_does_not_is_told_of(tmp_path, monkeypatch):
    (tmp_path / "a").write_text("old")
    monkeypatch.setattr(files, "LET_GO", 0.1)
    monkeypatch.setattr(os, "replace", in_use(10**9, 32)[0])
    with pytest.raises(PermissionError, match="a cannot be changed: another program has it open; close it there"):
        write_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"
    assert os.listdir(tmp_path) == ["a"]


def test_what_is_forbidden_is_not_tried_again(tmp_path, monkeypatch):
    replace, tried = in_use(10**9, None)
    monkeypatch.setattr(os, "replace", replace)
    with pytest.raises(PermissionError, match="Access is denied"):
        write_text(tmp_path / "a", "new")
    assert len(tried) == 1


def test_the_file_before_is_kept_where_it_is_asked_for(tmp_path):
    path, before = tmp_path / "a", tmp_path / "a.before"
    for text in ("one", "two", "three"):
        write_bytes(path, text.encode(), before=before)
    assert (path.read_text(), before.read_text()) == ("three", "two")
    path.unlink()  # with no newest there is nothing to keep, and what is kept stays
    write_bytes(path, b"four", before=before)
    assert (path.read_text(), before.read_text()) == ("four", "two")


def test_what_a_killed_writer_left_is_cleared_and_no_file_under_way(tmp_path):
    left, under_way, other = (tmp_path / name for name in (".a.unfinished", ".b.unfinished", "c"))
    for path in (left, under_way, other):
        path.write_text("x")
    os.utime(left, (0, 0))
    os.utime(other, (0, 0))
    clear_unfinished(tmp_path)
    assert sorted(os.listdir(tmp_path)) == [".b.unfinished", "c"]


def test_a_name_as_long_as_names_may_be(write, tmp_path):
    write(tmp_path / ("n" * 255), "x")
    assert (tmp_path / ("n" * 255)).exists()


def test_a_link_stays_a_link_and_its_file_is_written(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere" / "file")
    write_text(tmp_path / "link", "first")
    write_text(tmp_path / "link", "second")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "elsewhere" / "file").read_text() == "second"


def test_what_is_no_file_is_written_into_or_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    read = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_bytes()))
    reader.start()
    write_bytes(tmp_path / "pipe", b"through")
    reader.join(240)
    assert read == [b"through"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)
    (tmp_path / "folder").mkdir()
    with pytest.raises(IsADirectoryError, match="it is a folder; name a file in it"):
        write_text(tmp_path / "folder", "x")


def test_a_copy_is_whole_and_leaves_the_copied(tmp_path):
    write_text(tmp_path / "a", "text")
    copy_whole(tmp_path / "a", tmp_path / "b")
    assert [(tmp_path / name).read_text() for name in "ab"] == ["text", "text"]


@pytest.mark.parametrize("content", [b"", b"{", b"[1, 2]", b"null", b"\xff\xfe", b"[" * 100_000, b'{"a": 1} more'])
def test_damaged_json_is_told_in_a_sentence(content, tmp_path):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(ValueError, match=r"a\.json is damaged: it (is not JSON|holds)"):
        read_json(tmp_path / "a.json")


def test_json_that_is_not_there_holds_nothing(tmp_path):
    assert read_json(tmp_path / "a.json") == {}


def test_a_damaged_file_keeps_a_name_of_its_own_each_time(tmp_path):
    for content in ("first", "second"):
        (tmp_path / "a.json").write_text(content)
        set_aside(tmp_path / "a.json")
    kept = sorted(tmp_path.iterdir())
    assert [path.name for path in kept] == ["a.json.damaged-1", "a.json.damaged-2"]
    assert [path.read_text() for path in kept] == ["first", "second"]


ADD = """
import sys
from pathlib import Path
from twmr_nb.files import locked, read_json, write_json
path, who = Path(sys.argv[1]), sys.argv[2]
for i in range(20):
    with locked(path):
        write_json(path, read_json(path) | {f"{who} {i}": i})
"""


def test_what_several_processes_add_is_all_there(tmp_path):
    path = tmp_path / "shared.json"
    writers = [subprocess.Popen([sys.executable, "-c", ADD, path, str(who)]) for who in range(3)]
    assert [writer.wait(240) for writer in writers] == [0, 0, 0]
    assert len(json.loads(path.read_text())) == 60


def test_who_waits_in_vain_is_told_so(tmp_path):
    told = []

    def wait() -> None:
        try:
            with locked(tmp_path / "a", patience=0.05):
                told.append("in")
        except TimeoutError as error:
            told.append(str(error))

    with locked(tmp_path / "a"):
        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(240)
    assert "is being written by another process" in told[0]


@pytest.mark.parametrize("content", [b"", b"not a policy", b"\xff" * 100, (2**40).to_bytes(8, "little") + b"{}"])
def test_damaged_arrays_are_told_in_a_sentence(content, tmp_path):
    (tmp_path / "a.safetensors").write_bytes(content)
    with pytest.raises(PolicyError, match="damaged or not a safetensors file"):
        read_arrays(tmp_path / "a.safetensors")
