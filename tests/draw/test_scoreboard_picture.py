"""The scoreboard's picture: bars add up to the mark, lines cross at the rings, names stay apart and inside."""

import numpy as np
import pytest

from twmr_nb import EnvConfig
from twmr_nb.draw.scoreboard import ScoreboardPicture, apart, reach
from twmr_nb.episodes.scoreboard import NAMES, Scoreboard, shipped_behaviours


@pytest.fixture(scope="module")
def board():
    return Scoreboard.of(shipped_behaviours(), EnvConfig(gate_mode="obstacle", extension_penalty=0.05), (), 0.99)


def test_the_bars_of_a_row_add_up_to_its_mark(board):
    picture = ScoreboardPicture(NAMES, list(board.weights))
    assert picture.draw(board, "extension_penalty").startswith(b"\x89PNG")
    sums = np.zeros(len(NAMES))
    for term, area in picture.bars.areas.items():
        for row, path in enumerate(area.get_paths()):
            x = path.vertices[:, 0]
            width = x.max() - x.min()
            sums[row] += width * np.sign(board.paid(list(board.ranks)[row]).get(term, 0.0))
    np.testing.assert_allclose(sums, list(board.totals.values()))
    np.testing.assert_allclose(picture.bars.sums.get_xdata(), list(board.totals.values()))
    assert [cell.get_text()[3:] for cell in picture.bars.cells["name"]] == list(board.ranks)
    shown = [key.get_text() for key in picture.bars.keys if key.get_visible() and key.get_text()]
    assert shown == ["forward", "alive", "control", "extension", "success"]


def test_a_ring_lies_on_both_lines_that_cross_there(board):
    picture = ScoreboardPicture(NAMES, list(board.weights))
    picture.draw(board, "extension_penalty")
    lines = picture.lines
    assert lines.now.get_xdata()[0] == 0.05
    xs, ys = lines.rings.get_data()
    assert len(xs) > 5
    for x, y in zip(xs, ys, strict=True):
        close = [name for name, line in lines.lines.items() if np.interp(x, *line.get_data()) == pytest.approx(y)]
        assert len(close) >= 2


def test_names_stay_apart_and_inside():
    assert apart([0.1, 0.5, 0.9], 0.1) == [0.1, 0.5, 0.9]
    assert apart([0.5, 0.5, 0.95, 0.99], 0.1) == pytest.approx([0.5, 0.6, 0.9, 1.0])


def test_the_weight_and_the_next_swap_are_in_sight():
    assert reach(0.05, 0.0, 10.0, [0.01, 0.2])[1] >= 0.2
    assert reach(0.05, 0.0, 10.0, [900.0])[1] < 1  # too far to be seen beside what is now
    assert reach(6.0, 0.0, 10.0, []) == (0.0, 10.0)
    low, high = reach(-2.0, -np.inf, np.inf, [])
    assert low == -high
    assert high >= 2.0
