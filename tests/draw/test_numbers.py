"""A saved figure: the picture whole, and beside it the numbers that it draws, by their names and units."""

import csv
import io

import numpy as np
import pytest
from climb import climb
from PIL import Image

from twmr_nb import ConfigError
from twmr_nb.draw import style as style_module
from twmr_nb.draw.charts import lines
from twmr_nb.draw.curves import LiveCurves, learning_curves
from twmr_nb.draw.episode import reward_traces, signal_traces, term_totals
from twmr_nb.draw.gate_picture import GatePicture, all_gates
from twmr_nb.draw.numbers import as_csv
from twmr_nb.draw.observations import senses
from twmr_nb.draw.reward_picture import RewardPicture
from twmr_nb.draw.scoreboard import ScoreboardPicture
from twmr_nb.draw.spread import spread_curves, spread_dots
from twmr_nb.draw.tradeoff import tradeoff
from twmr_nb.episodes.rescore import rescored
from twmr_nb.episodes.scoreboard import Scoreboard, with_own
from twmr_nb.task.rewards import REWARD_TERMS

HEADS = ["panel", "series", "x axis", "y axis", "x", "y"]


def table(figure) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(as_csv(figure))))


def series(figure) -> dict[tuple[str, str], list[tuple]]:
    """(panel, series) -> its points; what looks like a number as one."""
    found: dict[tuple[str, str], list[tuple]] = {}
    for row in table(figure):
        found.setdefault((row["panel"], row["series"]), []).append((number(row["x"]), number(row["y"])))
    return found


def number(text: str) -> float | str:
    try:
        return float(text) if text else float("nan")
    except ValueError:
        return text


def test_a_curve_is_a_row_per_point_with_what_the_axes_say():
    figure = lines([0, 1, 2], {"square": [0, 1, 4], "half": [0, 0.5, np.nan]}, "a parabola", "x [m]", "area [m²]",
                   marks={"here": 1.5}, levels={"there": 3.0})  # fmt: skip
    assert as_csv(figure).splitlines() == [
        "panel,series,x axis,y axis,x,y",
        "a parabola,square,x [m],area [m²],0,0",
        "a parabola,square,x [m],area [m²],1,1",
        "a parabola,square,x [m],area [m²],2,4",
        "a parabola,half,x [m],area [m²],0,0",
        "a parabola,half,x [m],area [m²],1,0.5",
        "a parabola,half,x [m],area [m²],2,",
    ]


def test_three_seeds_are_a_median_and_the_edges_of_their_range():
    logs = [[{"global_step": 1000.0 * (k + 1), "success_rate": s * (k + 1)} for k in range(2)] for s in (0.1, 0.2, 0.4)]
    assert series(spread_curves({"mine": logs}, ["success_rate"])) == {
        ("success", "mine"): [(1, pytest.approx(20)), (2, pytest.approx(40))],
        ("success", "mine, range, lower edge"): [(1, pytest.approx(10)), (2, pytest.approx(20))],
        ("success", "mine, range, upper edge"): [(1, pytest.approx(40)), (2, pytest.approx(80))],
    }


def test_dots_and_bars_say_whose_row_they_stand_in():
    found = series(spread_dots({"passed [%]": {"base": [10, 30], "other": [None]}}))
    assert found["panel 1", "base"] == [(10, "base"), (30, "base")]
    assert {x for x, _ in found["panel 1", "base, median"]} == {20}
    assert not [name for _, name in found if name.startswith("other")]
    found = series(term_totals({"forward": [1.0, 2.0], "control": [-0.5, 0.0]}, {"forward": [4.0, 0.0]}))
    assert found["reward per episode", "bars 1"] == [
        (3, "forward +3.00"), (-0.5, "control -0.50"), (2.5, "total +2.50"),
    ]  # fmt: skip
    assert found["reward per episode", "before"] == [(4, "forward +3.00"), (0, "control -0.50"), (4, "total +2.50")]


@pytest.mark.parametrize("name", ["b", "without mmmmmmmm", "extension_penalty=0.001, control_cost=0.001"])
def test_a_variants_name_has_the_room_it_needs_and_no_more(name):
    figure = spread_dots({"passed [%]": {name: [0, 100]}, "effort": {name: [1, 2]}})
    figure.canvas.draw()
    [label] = figure.axes[0].get_yticklabels()
    assert 0 <= label.get_window_extent().x0 < 24


def test_learning_curves_share_the_axis_of_the_panels_below():
    record = {"global_step": 2000.0, "episode_return": 3.0, "success_rate": 0.5, "value_loss": 0.1, "approx_kl": 0.01,
              "std": 0.6, "paid/forward": 5.0, "paid/control": -2.0}  # fmt: skip
    figure = learning_curves([record, record | {"global_step": 4000.0}])
    assert {row["x axis"] for row in table(figure)} == {"thousand steps"}
    found = series(figure)
    assert found["success", "this run"] == [(2, 50), (4, 50)]
    terms = {name: points for (panel, name), points in found.items() if panel == "what each term pays"}
    assert terms == {
        "all terms": [(2, 3), (4, 3)],
        "forward, lower edge": [(2, 0), (4, 0)],
        "forward, upper edge": [(2, 5), (4, 5)],
        "control, lower edge": [(2, -2), (4, -2)],
        "control, upper edge": [(2, 0), (4, 0)],
    }


def test_a_tradeoff_has_every_variant_by_name():
    found = series(tradeoff({"a": ([1, 2, 3], [5, 5, 5]), "b": ([4.0], [1.0])}, ("cost", "gain"), (True, False)))
    assert found["the front: what none beats in both", "a"] == [(2, 5)]
    assert found["the front: what none beats in both", "b"] == [(4, 1)]


def test_what_an_explorer_draws_is_what_it_scored():
    rollout = climb()
    names = [term.name for term in REWARD_TERMS]
    scored = rescored(rollout, rollout.config.replace(control_cost=0.01), ())
    picture = RewardPicture(rollout, names, rescored(rollout, rollout.config, ()))
    picture.draw(scored, 10, "per step")
    found = series(picture.live.figure)
    assert [y for _, y in found["who pays when", "control"]] == pytest.approx(scored.weighted["control"].tolist())
    now = {name: x for x, name in found["who pays how much", "now"]}
    assert now["total"] == pytest.approx(scored.totals["total"])
    assert ("leg angles", "front right") in found
    assert [y for _, y in found["gate: should the legs be out?", "gate, upper edge"]] == pytest.approx(
        scored.gate.tolist(), abs=1e-6
    )
    assert "post success" not in {name for _, name in found if _ == "who pays when"}, "what is off is not drawn"
    assert {row["x axis"] for row in table(picture.live.figure) if row["panel"] != "who pays how much"} == {"time [s]"}
    gates = GatePicture(rollout)
    gates.draw(all_gates(rollout, rollout.config), scored, 10)
    assert {"none", "obstacle", "proprio", "felt"} <= {name for _, name in series(gates.live.figure)}


def test_a_scoreboard_says_what_each_term_pays_whom():
    board = Scoreboard.of(with_own([]), climb().config, (), 0.99)
    picture = ScoreboardPicture(list(board.rollouts), list(board.weights))
    picture.draw(board, "alive_bonus")
    found = series(picture.live.figure)
    paid = {name: x for x, name in found["who earns what in an episode", "alive"]}
    assert paid == {name: pytest.approx(board.paid(name)["alive"]) for name in board.rollouts}
    sums = {name: x for x, name in found["who earns what in an episode", "sum"]}
    assert sums == {name: pytest.approx(value) for name, value in board.totals.items()}


@pytest.mark.parametrize("draw", [reward_traces, lambda r: signal_traces([r, r]), senses])
def test_figures_of_an_episode_have_numbers(draw):
    rows = table(draw(climb()))
    assert len(rows) > 1000
    assert not [row for row in rows if row["x axis"] != "time [s]"]


def test_names_are_plain_text_and_no_formulas():
    figure = lines([0], {"=cmd()": [1], "$x$, a": [2], "_under": [3]}, "@title")
    assert [(row["panel"], row["series"]) for row in table(figure)] == [
        ("'@title", "'=cmd()"), ("'@title", "$x$, a"), ("'@title", "_under"),
    ]  # fmt: skip


# -- files -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def figure():
    return lines([0, 1], {"up": [0, 1]}, "a line")


@pytest.mark.parametrize(("ending", "begins"), [(".svg", b"<?xml"), (".pdf", b"%PDF"), (".png", b"\x89PNG")])
def test_a_picture_is_saved_with_its_numbers(figure, tmp_path, ending, begins):
    path = figure.save(str(tmp_path / "new" / f"mine{ending}"))
    assert path == tmp_path / "new" / f"mine{ending}"
    assert path.read_bytes().startswith(begins)
    assert path.with_suffix(".csv").read_text() == as_csv(figure)
    assert len(list(path.parent.iterdir())) == 2
    figure.save(path.with_suffix(".svg"))  # another kind of the same, or the same again
    figure.save(path.with_suffix(".svg"))


def test_a_png_is_sharp(figure, tmp_path):
    with Image.open(figure.save(tmp_path / "mine.png")) as image:
        assert image.size == (1440, 660)


@pytest.mark.parametrize("name", ["mine", "mine.jpg", "mine.csv", "", ".svg", "mine.svg/more"])
def test_a_bad_ending_is_one_sentence_and_nothing_is_written(figure, tmp_path, name):
    with pytest.raises(ConfigError, match=r"cannot be written: give a name that ends in \.svg or \.pdf or \.png\.$"):
        figure.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_one_sentence(figure, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match=r"cannot be written: .*file is in the way"):
        figure.save(tmp_path / "file" / "mine.svg")


def test_numbers_that_are_not_a_figures_are_left_alone(figure, tmp_path):
    (tmp_path / "data.csv").write_text("my,data\n1,2\n")
    with pytest.raises(ConfigError, match=r"data\.csv' holds other numbers than a figure's: choose another name\.$"):
        figure.save(tmp_path / "data.svg")
    assert (tmp_path / "data.csv").read_text() == "my,data\n1,2\n"
    assert not (tmp_path / "data.svg").exists()


def test_where_drawing_fails_nothing_is_left(figure, tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(style_module.Plot, "savefig", full)
    with pytest.raises(OSError, match="disk full"):
        figure.save(tmp_path / "mine.svg")
    assert list(tmp_path.iterdir()) == []


def test_a_live_figure_is_saved_whole_and_goes_on_unharmed(tmp_path):
    record = {"global_step": 2000.0, "episode_return": 3.0, "success_rate": 0.5, "value_loss": 0.1, "approx_kl": 0.01,
              "std": 0.6, "paid/forward": 5.0}  # fmt: skip
    logs = [record, record | {"global_step": 4000.0, "episode_return": 5.0}]
    curves = LiveCurves(640, 328)
    before = curves.png(logs, {}, 4000)
    blank = LiveCurves(640, 328)
    blank.show([], {}, 4000)
    for kind in (".png", ".svg", ".pdf"):
        curves.live.figure.save(tmp_path / f"mine{kind}")
    assert curves.png(logs, {}, 4000) == before
    blank.live.figure.save(tmp_path / "blank.png")
    assert ink(tmp_path / "mine.png") > ink(tmp_path / "blank.png") + 500, "the moving curves are in the file"


def ink(path) -> int:
    """How many pixels are dark."""
    with Image.open(path) as image:
        return int((np.asarray(image.convert("L")) < 100).sum())
