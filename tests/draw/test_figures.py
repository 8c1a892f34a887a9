"""Figures: they carry the numbers they were given, in the house's colours, and never touch pyplot."""

import io
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from twmr_nb import EnvConfig
from twmr_nb.draw.curves import LiveCurves, learning_curves
from twmr_nb.draw.episode import reward_traces, term_totals
from twmr_nb.draw.metrics import METRICS, metric
from twmr_nb.draw.spread import spread_curves
from twmr_nb.draw.style import OWN_COLORS, TERM_COLORS, Plot, term_colors
from twmr_nb.episodes.rollout import Rollout, record
from twmr_nb.policies.protocol import RandomPolicy
from twmr_nb.task.rewards import REWARD_TERMS


@pytest.fixture(scope="module")
def rollout() -> Rollout:
    return record(RandomPolicy(0), EnvConfig(gate_mode="obstacle", success_x=-0.2), num_steps=30)


def records(n: int) -> list[dict[str, float]]:
    return [
        {
            "global_step": 1000.0 * (k + 1),
            "episode_return": 2.0 * k,
            "success_rate": k / 10,
            "episode_length": 100.0,
            "approx_kl": 0.01,
            "value_loss": 1 / (k + 1),
            "std": 0.6,
            "paid/forward": 30.0,
            "paid/control": -10.0,
            "paid/tidy": -5.0,
        }
        for k in range(n)
    ]


def lines(axes) -> dict[str, np.ndarray]:
    return {line.get_label(): line.get_ydata() for line in axes.lines}


def test_every_term_has_a_colour_of_its_own():
    names = [term.name for term in REWARD_TERMS]
    assert list(TERM_COLORS) == names
    colors = term_colors([*names, "tidy", "quiet"])
    assert len(set(colors.values())) == len(names) + 2
    assert [colors["tidy"], colors["quiet"]] == list(OWN_COLORS[:2])


def test_learning_curves_show_the_records():
    figure = learning_curves(records(5), {"first try": records(3)})
    returns, success, terms, losses = figure.axes
    assert lines(returns)["this run"] == pytest.approx([0, 2, 4, 6, 8])
    assert lines(returns)["first try"] == pytest.approx([0, 2, 4])
    assert lines(success)["this run"] == pytest.approx([0, 10, 20, 30, 40])
    assert terms.lines[0].get_ydata() == pytest.approx([15.0] * 5)
    assert lines(losses)["value loss"] == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4, 1 / 5])


def test_stacked_terms_point_up_for_gains_and_down_for_costs():
    terms = learning_curves(records(3)).axes[2]
    up, down = (
        [y for area in terms.collections for y in heights(area) if np.ptp(y) > 0 and test(y)]
        for test in (lambda y: y.max() > 0, lambda y: y.min() < 0)
    )
    assert len(up) == 1
    assert up[0].max() == pytest.approx(30)
    assert sorted(y.min() for y in down) == pytest.approx([-15, -10])


def heights(area) -> list[np.ndarray]:
    """The y of every outline that an area consists of."""
    return [path.vertices[:, 1] for path in area.get_paths()]


@pytest.mark.parametrize("count", [0, 1])
def test_learning_curves_before_anything_is_known(count):
    episodes = ("episode_return", "paid/forward", "paid/control", "paid/tidy")
    empty = [record_ | dict.fromkeys(episodes, np.nan) for record_ in records(count)]
    figure = learning_curves(empty)
    assert figure.png().startswith(b"\x89PNG")
    assert len(figure.axes[2].lines[0].get_xdata()) == 0


def test_what_a_term_paid_is_drawn_where_it_is_known():
    """A run that an earlier version began, and its log alone."""
    old = [{key: value for key, value in record_.items() if "/" not in key} for record_ in records(5)]
    went_on = [record_ | {"paid/forward": np.nan} for record_ in records(2)] + records(5)[2:]
    panels = [learning_curves(log).axes[2] for log in (records(5), went_on, old)]
    assert [list(panel.lines[0].get_xdata()) for panel in panels] == [[1, 2, 3, 4, 5], [3, 4, 5], []]
    assert [panel.get_title("left") for panel in panels] == [
        *["what each term pays"] * 2,
        "what each term pays: not logged",
    ]


def test_a_live_figure_is_drawn_anew_in_place():
    curves = LiveCurves(640, 328)
    before, figure = curves.png(records(3), {}, 10_000), curves.live.figure
    assert curves.png(records(5), {}, 10_000) != before
    assert curves.live.figure is figure
    assert len(figure.axes) == 4


def test_the_finished_curves_and_the_live_ones_are_the_same_curves():
    live = LiveCurves(640, 328)
    live.png(records(5), {"first try": records(3)}, 5000)
    finished = learning_curves(records(5), {"first try": records(3)})
    for one, other in zip(live.live.figure.axes, finished.axes, strict=True):
        assert one.get_title("left") == other.get_title("left")
        assert [line.get_label() for line in one.lines] == [line.get_label() for line in other.lines]
        for a, b in zip(one.lines, other.lines, strict=True):
            np.testing.assert_array_equal(a.get_xydata(), b.get_xydata())


@pytest.mark.parametrize("key", METRICS)
def test_a_column_is_drawn_alike_in_every_figure(key):
    figure = spread_curves({"one": [records(3)]}, [key])
    look = metric(key)
    assert (figure.axes[0].get_title("left"), figure.axes[0].get_ylabel()) == (look.title, look.y)
    assert figure.axes[0].get_yscale() == ("log" if look.log else "linear")


def test_a_column_that_no_table_names_has_its_own_name():
    assert metric("some_number").title == "some number"
    assert metric("term/forward").color == TERM_COLORS["forward"]


def test_reward_traces_show_the_terms_the_gate_and_the_legs(rollout):
    reward, gate, legs = reward_traces(rollout).axes
    drawn = lines(reward)
    np.testing.assert_array_equal(drawn["forward"], rollout.reward_terms["forward"])
    np.testing.assert_allclose(drawn["total"], rollout.reward)
    assert "post success" not in drawn  # pays nothing here
    assert [line.get_label() for line in legs.lines[:4]] == ["front left", "front right", "rear left", "rear right"]
    np.testing.assert_array_equal(legs.lines[2].get_ydata(), rollout.transition.leg_angle[:, 2])
    assert gate.get_ylim()[0] == 0
    low, high = reward.get_ylim()
    assert np.mean((rollout.reward >= low) & (rollout.reward <= high)) > 0.95


def test_reward_traces_of_other_values(rollout):
    halved = {name: values / 2 for name, values in rollout.reward_terms.items()}
    drawn = lines(reward_traces(rollout, halved, cursor=0.2).axes[0])
    np.testing.assert_allclose(drawn["total"], rollout.reward / 2)


def test_totals_add_up(rollout):
    axes = term_totals(rollout.reward_terms, against=rollout.reward_terms).axes[0]
    widths = [bar.get_width() for bar in axes.patches]
    count = len(rollout.reward_terms) + 1
    assert widths[:count] == pytest.approx([*(v.sum() for v in rollout.reward_terms.values()), rollout.reward.sum()])
    assert widths[count:] == pytest.approx(widths[:count])


def test_a_figure_shows_itself_on_white_paper():
    figure = Plot(300, 200)
    figure.subplots()
    data, shown_at = figure._repr_png_()
    image = Image.open(io.BytesIO(data))
    assert (image.size, shown_at) == ((600, 400), {"width": 300, "height": 200})
    assert image.convert("RGBA").getpixel((2, 2)) == (255, 255, 255, 255)


def test_pyplot_is_never_loaded():
    """pyplot keeps every figure alive and belongs to one thread."""
    draw = "from twmr_nb.plot import learning_curves; learning_curves([]).png()"
    code = f"import sys; {draw}; sys.exit('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
