"""The button in a figure's corner: it saves what is shown, and says where, or why not."""

import re

import pytest
from climb import climb

from twmr_nb import ConfigError, GateExplorer, PoseExplorer
from twmr_nb.draw.charts import lines
from twmr_nb.ui import picture
from twmr_nb.ui.picture import Picture


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch):
    """Where the button's files go."""
    monkeypatch.setattr(picture, "FIGURES", tmp_path / "figures")
    return tmp_path / "figures"


def press(shown: Picture) -> str:
    """What the page sends, and what is said then."""
    shown._handle_custom_msg("save", [])
    return shown.said


def test_it_writes_both_kinds_and_the_numbers_and_says_where(folder):
    shown = Picture(lines([0, 1], {"up": [2, 3]}, "a line").save, "mine")
    assert shown.can_save
    said = press(shown)
    (svg,) = folder.glob("*.svg")
    assert re.fullmatch(r"mine_\d{8}_\d{6}", svg.stem)
    assert said == f"Saved {svg.stem}.svg, .pdf and the numbers, .csv, in {folder}"
    assert sorted(path.name for path in folder.iterdir()) == [f"{svg.stem}.{kind}" for kind in ("csv", "pdf", "svg")]
    assert "a line,up,,,1,3" in svg.with_suffix(".csv").read_text()


def test_what_goes_wrong_is_said(folder):
    folder.write_text("in the way")
    assert "cannot be written: " in press(Picture(lines([0], {"up": [2]}).save, "mine"))


def test_without_a_figure_there_is_no_button_and_no_answer_to_other_messages(folder):
    assert not Picture(value=b"x").can_save
    assert press(Picture(value=b"x")) == ""
    shown = Picture(lines([0], {"up": [2]}).save)
    shown._handle_custom_msg({"save": "/etc/passwd"}, [])
    assert not folder.exists()
    with pytest.raises(ConfigError, match=r"name = '\.\./up' is not allowed"):
        Picture(None, "../up")


def test_explorers_save_from_code_what_they_show(tmp_path):
    explorer = GateExplorer(climb())
    before = explorer.image.value
    assert explorer.save(tmp_path / "gate.svg").with_suffix(".csv").exists()
    assert explorer.image.value == before
    explorer.override(gate_mode="felt")
    explorer.save(tmp_path / "gate.svg")
    assert "how far it feels its nose up [rad]: opens above the line,signal" in (tmp_path / "gate.csv").read_text()
    pose = PoseExplorer()
    pose.go_to("largest")
    pose.save(tmp_path / "pose.pdf")
    rows = (tmp_path / "pose.csv").read_text().splitlines()
    panel = "how far the leg tips reach from the axle,front left,leg angle [rad],mm"
    _, tip = next(row for row in rows if row.startswith(panel)).rsplit(",", 1)
    assert float(tip) == pytest.approx(45.83, abs=0.01)
    with pytest.raises(ConfigError, match="ends in"):
        pose.save("pose")
