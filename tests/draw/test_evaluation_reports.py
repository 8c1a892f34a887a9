"""Evaluations as figures and as text carry the numbers they were given."""

import numpy as np
import pytest

from twmr_nb.draw.evaluations import success_over_height
from twmr_nb.draw.words import heights_table
from twmr_nb.episodes.report import ROWS


def at(height, rate, **more):
    return {"step_height": height, "success_rate": rate, "success_interval": [rate - 0.1, rate + 0.1]} | more


SWEEP = [at(0.0, 0.9, episodes=50), at(0.05, 0.6, episodes=50)]
BINS = [at(0.035, 0.5, low=0.03, high=0.04, episodes=12)]


def test_success_over_height_shows_rate_band_and_estimate():
    (axes,) = success_over_height({"one": SWEEP, "other": BINS}).axes
    one, other, limit = axes.lines
    np.testing.assert_allclose(one.get_xydata(), [[0, 90], [5, 60]])
    np.testing.assert_allclose(other.get_xydata(), [[3.5, 50]])
    assert limit.get_xdata()[0] == pytest.approx(6.875, abs=0.01)  # 1.5 x (0.02083 + 0.025) m
    band = axes.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == pytest.approx((50, 100))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "other"]


def test_a_table_of_heights_has_a_cell_for_each_that_was_played():
    head, *rows = str(heights_table({"one": SWEEP, "other": BINS})).splitlines()
    assert head.split() == ["step", "[cm]", "one", "other"]
    assert [row.split()[0] for row in rows] == ["0", "5", "3–4"]
    assert "60.0% (50.0–70.0%) of 50" in rows[1]
    assert rows[2].split()[1:3] == ["–", "50.0%"]


def test_upright_has_a_curve_and_a_column_of_its_own():
    upright = [r | {"upright_pass": 0.3, "upright_pass_interval": [0.2, 0.4], "clean_pass": None} for r in SWEEP]
    (axes,) = success_over_height({"one": upright, "other": BINS}).axes
    passed, stood, other, _ = axes.lines
    np.testing.assert_allclose(stood.get_xydata(), [[0, 30], [5, 30]])
    assert stood.get_color() == passed.get_color() != other.get_color()
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["one", "one, upright", "other"]
    head, *rows = str(heights_table({"one": upright, "other": BINS})).splitlines()
    assert "one, upright" in head
    assert "other, upright" not in head  # it was not measured
    assert "clean" not in head
    assert "30.0% (20.0–40.0%)" in rows[0]
    assert rows[2].split()[1:4] == ["–", "–", "50.0%"]


def test_what_never_happened_is_a_dash():
    assert ROWS["time to pass (median)"]({"time_to_pass": None}) == "–"
    assert ROWS["legs folded on the flat"]({"folded_on_flat": None}) == "–"
    assert ROWS["  furthest tip from its axis"]({"max_tip_radius": None}) == "–"
    assert ROWS["  furthest tip from its axis"]({"max_tip_radius": 0.0458}) == "45.8 mm"


def test_heights_that_differ_in_the_last_digit_have_a_row_each():
    def result(height, rate):
        shared = {"success_interval": [0.0, 1.0], "episodes": 10}
        return {"step_height": height, "success_rate": rate} | shared

    table = heights_table({"one": [result(0.0525, 0.1), result(0.052501, 0.9)], "other": [result(0.0525, 0.5)]})
    _, *rows = [line for line in str(table).splitlines() if "%" in line or "step" in line]
    assert [row.split()[:2] for row in rows] == [["5.25", "10.0%"], ["5.2501", "90.0%"]]
