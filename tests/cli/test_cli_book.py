"""`twmr runs`, `twmr diff` and the log for TensorBoard: what they print, and that it is text."""

import json
import re

import pytest
from tiny import TINY

from twmr_nb.cli.main import main
from twmr_nb.runs.run import LIVE, new_run

LOG = "update,progress,global_step,episodes,success_rate,episode_return,train_s\n1,0.5,3200,4,0.25,-1.26,61\n"


@pytest.fixture
def root(tmp_path):
    """A folder of two runs, `first` with a log, `second` with notes."""
    first = new_run("flip", run_dir=tmp_path / "first", seed=3)
    (first.path / "metrics.csv").write_text(LOG)
    second = new_run("flip", run_dir=tmp_path / "second", alive_bonus=0.5)
    second.tags, second.note = "good 4cm", "hangs at the edge,\nthen falls"
    return tmp_path


def lines(command, capsys):
    assert main(command.split()) == 0
    said = capsys.readouterr()
    assert said.err == ""
    return said.out.splitlines()


def test_runs_are_listed_the_newest_first_with_what_is_said_of_them(root, capsys):
    head, second, first = lines(f"runs --root {root}", capsys)
    assert head.split() == ["run", "state", "done", "success", "return", "training", "tags", "note"]
    assert second.split()[:5] == ["second", "new", "0%", "–", "–"]
    assert second.endswith("  good 4cm  hangs at the edge, then falls")
    assert first.split() == ["first", "new", "50%", "25%", "-1.3", "1:01"]


@pytest.mark.parametrize(
    ("words", "found"), [("first", ["first"]), ("EDGE", ["second"]), ("alive_bonus=0.5 good", ["second"]), ("flip", 2)]
)
def test_runs_are_found_by_words(root, words, found, capsys):
    _, *rows = lines(f"runs {words} --root {root}", capsys)
    assert len(rows) == found if isinstance(found, int) else [row.split()[0] for row in rows] == found


def test_several_seeds_are_a_row_of_their_medians_and_ranges(root, capsys):
    log = "update,progress,global_step,episodes,success_rate,episode_return,train_s\n1,1,3200,4,{},{},{}\n"
    for seed, numbers in enumerate([(0.25, -1.26, 61), (0.75, 4, 63), (0.5, 2, 70)]):
        run = new_run("flip", "mine", root, seed=seed, control_cost=0.3)
        (run.path / "metrics.csv").write_text(log.format(*numbers))
        run.folder.keep_state("finished")
        run.tags, run.note = f"good s{seed}", "slow" if seed else ""
    _, row, second, first = lines(f"runs --root {root}", capsys)
    told = "mine, 3 seeds  finished  100%  50 (25 to 75)%  2.0 (-1.3 to 4.0)  1:03  good s2 s1 s0  slow"
    assert re.split("  +", row) == told.split("  ")
    assert [second.split()[0], first.split()[0]] == ["second", "first"]
    names = [line.split()[0][:5] for line in lines(f"runs --each --root {root}", capsys)[1:]]
    assert names == ["mine_", "mine_", "mine_", "secon", "first"]


def test_no_run_is_a_line(root, tmp_path, capsys):
    assert lines(f"runs nonsense --root {root}", capsys) == ["no run has these words."]
    (tmp_path / "empty").mkdir()
    assert lines(f"runs --root {tmp_path / 'empty'}", capsys) == ["no run yet: `twmr train` makes one."]


def test_a_folder_that_cannot_be_read_is_told_beside_the_list(root, capsys):
    (root / "first" / "notes.json").write_text("{")
    assert main(["runs", "--root", str(root)]) == 0
    said = capsys.readouterr()
    assert said.err.startswith("first is left out: ")
    assert [line.split()[0] for line in said.out.splitlines()] == ["run", "second"]


def test_what_differs_is_a_table(root, capsys):
    rows = [line.split("  ") for line in lines(f"diff {root}/first {root}/second", capsys)]
    told = {cells[0]: [cell.strip() for cell in cells[1:] if cell] for cells in rows}
    assert told[""] == ["first", "second"]
    assert told["steps"] == ["3,200", "0"]
    assert told["alive_bonus"] == ["0.0", "0.5"]
    assert told["seed"] == ["3", "0"]
    assert list(told)[-1] == "alive_bonus"  # machine and versions are the same


def test_a_strangers_words_steer_no_terminal(root, capsys):
    (root / "first" / "notes.json").write_text(json.dumps({"note": "\x1b[2J", "tags": ["\x1b[31m"]}))
    for command in (f"runs --root {root}", f"diff {root}/first {root}/second"):
        said = "\n".join(lines(command, capsys))
        assert said.replace("\n", "").isprintable()
        assert "\\x1b[31m" in said


def test_a_run_that_goes_on_elsewhere_says_so(tmp_path, monkeypatch, capsys):
    run = new_run("flip", run_dir=tmp_path / "run", **TINY)
    run.train(lambda record: run.stop() if record["update"] == 2 else None)
    LIVE.clear()
    monkeypatch.setattr("twmr_nb.runs.provenance.processor", lambda: "another")
    told = lines(f"train --resume {run.path} --judge 0", capsys)
    assert [line for line in told if line.startswith("After update 2 it went on with processor another (was ")]


def test_a_log_is_written_for_tensorboard(root, tmp_path, capsys):
    pytest.importorskip("tensorboardX")
    (line,) = lines(f"export {root}/first --tensorboard {tmp_path}/board", capsys)
    (file,) = (tmp_path / "board" / "first").iterdir()
    assert line == f"events: {file}"
