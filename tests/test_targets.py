"""Whether a file can be written is known before the work."""

import os

import pytest

from twmr_nb.config.schema import ConfigError
from twmr_nb.files import checked_name, ready_file


def test_a_file_to_be_written_gets_its_folder_and_nothing_else(tmp_path):
    path = tmp_path / "new" / "deep" / "a.PNG"
    assert ready_file(path, ".png") == path
    assert list(path.parent.iterdir()) == []
    path.write_text("old")
    assert ready_file(path, ".png").read_text() == "old"


def test_a_home_is_found(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert ready_file("~/new/a.txt") == tmp_path / "new" / "a.txt"


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("folder.png", "that is a folder"),
        ("file/a.png", "a file is in the way"),
        ("file/deep/a.png", "a file is in the way"),
        ("n" * 300 + ".png", "choose a shorter name"),
        ("n" * 249 + ".png", "choose a shorter name"),  # itself short enough, but not while it is being written
        ("a\0b.png", "null"),
        ("a.txt", "ends in .png or .jpg"),
        ("png", "ends in .png or .jpg"),
    ],
)
def test_what_cannot_be_written_is_said_with_what_to_do(tmp_path, name, said):
    (tmp_path / "folder.png").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="cannot be written") as refused:
        ready_file(tmp_path / name, ".png", ".jpg")
    assert said in str(refused.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["file", "folder.png"]


@pytest.mark.skipif(os.name != "posix", reason="devices are files there")
def test_a_device_is_written_as_it_is():
    assert str(ready_file("/dev/null")) == "/dev/null"


@pytest.mark.parametrize(
    "name", ["", ".", "..", "a/b", "a b", "a\n", "a\0", "n" * 61, "-a", "a.", "con", "NUL.x", None, 5]
)
def test_names_that_would_not_make_a_folder(name):
    with pytest.raises(ConfigError, match=r"^name = .* is not allowed: use up to 60 letters"):
        checked_name(name)


@pytest.mark.parametrize("name", ["a", "a.b", "a-", "n" * 60, "console", "com10", "aux_2", "_", "é"])
def test_names_that_make_a_folder_on_every_system(name):
    assert checked_name(name) == name
