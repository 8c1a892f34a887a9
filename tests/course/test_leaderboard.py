"""The leaderboard: everybody's entry is kept, and nobody's can take it down."""

import json
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest

import twmr_nb.course.leaderboard
from twmr_nb.config.schema import ConfigError, EnvConfig
from twmr_nb.course.leaderboard import board, submit
from twmr_nb.markup import table_cell

POLICY = SimpleNamespace(config=SimpleNamespace(env=EnvConfig()), results={}, name="a policy")
GOOD = {"problem": "7 cm", "by": "ann", "score": 0.5, "success_rate": 0.5, "policy": "p"}
ELSEWHERE = """
import sys
from types import SimpleNamespace
import twmr_nb.course.leaderboard
from twmr_nb.config.schema import EnvConfig
twmr_nb.course.leaderboard.evaluate = lambda *a, **k: {"success_rate": 0.5}
policy = SimpleNamespace(config=SimpleNamespace(env=EnvConfig()), results={}, name="a policy")
for i in range(10):
    twmr_nb.course.leaderboard.submit(policy, f"process {i}", "7 cm", path=sys.argv[1])
"""


@pytest.fixture(autouse=True)
def _judged_at_once(monkeypatch):
    monkeypatch.setattr(twmr_nb.course.leaderboard, "evaluate", lambda *_, **__: {"success_rate": 0.5, "effort": 2.0})


def test_twenty_threads_and_another_process_are_all_kept(tmp_path):
    path = tmp_path / "board.json"
    other = subprocess.Popen([sys.executable, "-c", ELSEWHERE, path])
    threads = [
        threading.Thread(target=submit, args=(POLICY, f"thread {i}", "7 cm"), kwargs={"path": path}) for i in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(240)
    assert other.wait(240) == 0
    wanted = {f"thread {i}" for i in range(20)} | {f"process {i}" for i in range(10)}
    assert {e["by"] for e in board(path).ranking("7 cm")} == wanted


@pytest.mark.parametrize("content", ["", "{", "[]", '{"entries": 5}', '{"entries": {"a": 1}}', "\udcff"])
def test_a_damaged_board_is_told_and_kept_beside_the_new_one(content, tmp_path):
    path = tmp_path / "board.json"
    raw = content.encode(errors="surrogateescape")
    path.write_bytes(raw)
    assert "damaged" in board(path)._repr_markdown_()
    assert "nobody yet" in board(path)._repr_markdown_()
    submit(POLICY, "ann", "7 cm", path=path)
    assert [e["by"] for e in board(path).ranking("7 cm")] == ["ann"]
    assert (tmp_path / "board.json.damaged-1").read_bytes() == raw


FOREIGN = [
    5,
    None,
    "text",
    [],
    {},
    GOOD | {"by": None},
    GOOD | {"by": ["ann"]},
    {k: v for k, v in GOOD.items() if k != "by"},
    GOOD | {"score": "0.5"},
    GOOD | {"score": True},
    GOOD | {"score": float("nan")},
    GOOD | {"score": 10**400},
    GOOD | {"score": []},
    GOOD | {"success_rate": None},
    GOOD | {"success_rate": "1"},
    GOOD | {"success_rate": 7},
    GOOD | {"problem": "9 cm"},
    GOOD | {"problem": ["7 cm"]},
]


@pytest.mark.parametrize("entry", FOREIGN, ids=repr)
def test_a_foreign_entry_is_left_out_with_a_line_and_stays_in_the_file(entry, tmp_path):
    path = tmp_path / "board.json"
    path.write_text(json.dumps({"entries": [entry, GOOD], "note": "of the course"}))
    shown = board(path)
    assert [e["by"] for e in shown.ranking("7 cm")] == ["ann"]
    assert len(shown.problems) == 1
    assert "entry 1 is left out" in shown._repr_markdown_()
    submit(POLICY, "bob", "7 cm", path=path)
    kept = json.loads(path.read_text())
    assert repr(kept["entries"][0]) == repr(entry)
    assert kept["note"] == "of the course"
    assert {e["by"] for e in board(path).ranking("7 cm")} == {"ann", "bob"}


@pytest.mark.parametrize(
    "name", ["<img src=x onerror=alert(1)>", "a | b", "a\nb", "**a**", "[a](http://b)", "`a`", "$a$"]
)
def test_a_name_is_shown_letter_by_letter(name, tmp_path):
    path = tmp_path / "board.json"
    shown = submit(POLICY, name, "7 cm", path=path)._repr_markdown_()
    row = next(line for line in shown.splitlines() if line.startswith("| 1 |"))
    cells = row.split("|")
    assert len(cells) == 6
    assert cells[2].strip() == table_cell(name)


def test_a_mistake_is_answered_before_anything_is_played(tmp_path, monkeypatch):
    def played(*_, **__):
        raise AssertionError("played in vain")

    monkeypatch.setattr(twmr_nb.course.leaderboard, "evaluate", played)
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        submit(POLICY, "ann", "7 cm", path=tmp_path / "file" / "board.json")
    for by in ("", "  ", None, 5):
        with pytest.raises(ConfigError, match="is not a name"):
            submit(POLICY, by, "7 cm", path=tmp_path / "board.json")
