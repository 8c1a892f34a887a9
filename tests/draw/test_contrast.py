"""Text and lines of every figure can be told from the paper, and what is painted on a film from what lies behind it."""

import io

import numpy as np
import pytest
from climb import climb
from matplotlib.collections import Collection
from matplotlib.colors import to_rgba
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text
from PIL import Image

from twmr_nb import GateExplorer, PoseExplorer, RewardExplorer
from twmr_nb.config.schema import EnvConfig
from twmr_nb.draw import overlay
from twmr_nb.draw.charts import lines
from twmr_nb.draw.contrast import LINE, PAPER, SHADE, SWATCH, TEXT, contrast, drawn, edge_of, edge_pale, on_paper
from twmr_nb.draw.curves import LiveCurves, learning_curves
from twmr_nb.draw.episode import reward_traces, signal_traces, term_totals
from twmr_nb.draw.evaluations import success_over_height, wheels_along, where_they_ended
from twmr_nb.draw.observations import senses
from twmr_nb.draw.reward_picture import STYLES
from twmr_nb.draw.sketches import climbing_rules, motion, wheel_poses
from twmr_nb.draw.spread import spread_curves, spread_dots
from twmr_nb.draw.style import DASHES, GREY, OWN_COLORS, TERM_COLORS, Plot
from twmr_nb.episodes.rollout import Rollout

OWN = [f"own_{k}" for k in range(6)]
HEIGHTS = [{"step_height": h, "success_rate": 1 - 10 * h, "success_interval": (0.2, 0.9)} for h in (0.02, 0.04)]


def records(sign: float = 1.0) -> list[dict[str, float]]:
    paid = {f"paid/{name}": sign * (k - 5) / 2 for k, name in enumerate([*TERM_COLORS, *OWN])}
    return [
        {"global_step": 100 * k, "episode_return": k, "success_rate": k / 9, "episode_length": 50, "frontier": 0.04,
         "value_loss": 0.1 + k, "approx_kl": 0.01, "std": 0.5, "average_x": 0.1 * k} | paid
        for k in range(1, 9)
    ]  # fmt: skip


def own_terms(ride: Rollout) -> dict[str, np.ndarray]:
    time = ride.time
    return ride.reward_terms | {name: np.sin(time + k) for k, name in enumerate(OWN)}


def live_curves():
    curves = LiveCurves(760, 430)
    curves.png(records(), {name: records(-1.0) for name in ("first", "second", "third")}, 1000)
    return curves.live.figure


def reward_picture(how):
    explorer = RewardExplorer(climb())
    explorer.how.value = how
    return explorer.picture.live.figure


FIGURES = {
    "learning_curves": lambda: learning_curves(records(), {"first": records(), "second": records(-1.0)}),
    "live_curves": live_curves,
    "reward_traces": lambda: reward_traces(climb(), own_terms(climb()), cursor=1.0),
    "term_totals": lambda: term_totals(own_terms(climb()), climb().reward_terms),
    "charts.lines": lambda: lines(range(9), {name: range(9) for name in OWN}, marks={"a": 3}, levels={"b": 4}),
    "a learner's own pale colour": lambda: lines(range(9), {"mine": range(9)}, colors={"mine": "yellow"}),
    "spread_curves": lambda: spread_curves({name: [records(), records(-1.0)] for name in OWN}),
    "spread_dots": lambda: spread_dots({"passed [%]": {name: [10.0, 50.0, 90.0] for name in OWN}}),
    "wheel_poses": lambda: wheel_poses({"a": 0.0, "b": 1.0}),
    "climbing_rules": lambda: climbing_rules(1.2),
    "motion": lambda: motion(climb()),
    "senses": lambda: senses(climb()),
    "success_over_height": lambda: success_over_height(dict.fromkeys(OWN, HEIGHTS)),
    "where_they_ended": lambda: where_they_ended([climb()]),
    "wheels_along": lambda: wheels_along({name: climb() for name in OWN}),
    "signal_traces": lambda: signal_traces([climb()]),
    **{f"reward explorer, {how}": lambda how=how: reward_picture(how) for how in STYLES},
    "gate explorer, none": lambda: GateExplorer(climb(), EnvConfig(gate_mode="none")).picture.live.figure,
    "gate explorer, obstacle": lambda: GateExplorer(climb(), EnvConfig(gate_mode="obstacle")).picture.live.figure,
    "gate explorer, proprio": lambda: GateExplorer(climb(), EnvConfig(gate_mode="proprio")).picture.live.figure,
    "gate explorer, felt": lambda: GateExplorer(climb(), EnvConfig(gate_mode="felt")).picture.live.figure,
    "pose explorer": lambda: PoseExplorer().picture.live.figure,
}


@pytest.fixture(scope="module", params=FIGURES)
def figure(request):
    """Every figure, drawn."""
    figure = FIGURES[request.param]()
    figure.savefig(io.BytesIO(), format="png")
    return figure


def test_every_word_can_be_read(figure):
    assert np.allclose(to_rgba(figure.get_facecolor()), to_rgba(PAPER))
    for text in figure.findobj(Text):
        if text.get_text().strip() not in ("", SWATCH):
            assert contrast(text.get_color()) >= TEXT, text


def test_every_line_area_and_bar_can_be_told(figure):
    shown = list(drawn(figure))
    assert shown
    for artist in shown:
        for colors, edge in faces_and_edge(artist):
            for color in colors:
                if to_rgba(color)[3] >= SHADE and contrast(on_paper(color)) > 1.1:
                    assert max(contrast(on_paper(color)), 0 if edge is None else contrast(edge)) >= LINE, artist


def faces_and_edge(artist):
    """The colours of what is drawn, and that of the edge around it, if there is one."""
    effects = [effect._gc.get("foreground") for effect in artist.get_path_effects() or () if hasattr(effect, "_gc")]
    if isinstance(artist, Line2D) or (isinstance(artist, Text) and artist.get_text() == SWATCH):
        alpha = 1.0 if artist.get_alpha() is None else artist.get_alpha()
        yield [to_rgba(artist.get_color(), alpha)], next(iter(effects), None)
    elif isinstance(artist, Patch):
        edge = artist.get_edgecolor()
        yield [artist.get_facecolor()], edge if artist.get_linewidth() and edge[3] else None
    elif isinstance(artist, Collection) and len(artist.get_facecolor()):
        edges = artist.get_edgecolor() if np.any(artist.get_linewidth()) else ()
        yield artist.get_facecolor(), edges[0] if len(edges) else None


@pytest.mark.parametrize(
    ("color", "against", "expected"), [("#000", "#fff", 21.0), ("#777777", "#fff", 4.48), ("red", "red", 1)]
)
def test_contrast_is_that_of_the_guidelines(color, against, expected):
    assert contrast(color, against) == pytest.approx(expected, abs=0.01)
    assert contrast(against, color) == pytest.approx(expected, abs=0.01)


@pytest.mark.parametrize("color", [*TERM_COLORS.values(), *OWN_COLORS, "yellow", "#FFFFFE"])
def test_an_edge_is_as_dark_as_text(color):
    assert contrast(edge_of(color)) >= TEXT


def test_a_pale_line_shows_its_edge_beside_its_own_colour():
    figure = Plot(200, 200)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axhline(0.5, color=TERM_COLORS["control"], linewidth=6)
    axes.set_axis_off()
    image = Image.open(io.BytesIO(figure.png())).convert("RGB")
    column = [f"#{r:02X}{g:02X}{b:02X}" for r, g, b in (image.getpixel((100, y)) for y in range(200))]
    seen = [color for k, color in enumerate(column) if color != "#FFFFFF" and column[k - 1] != color]
    assert TERM_COLORS["control"] in seen
    assert max(map(contrast, seen)) >= LINE


def test_what_is_dark_enough_or_meant_as_a_shade_is_left_alone():
    figure = Plot(200, 200)
    axes = figure.subplots()
    (dark,) = axes.plot([0, 1], color=TERM_COLORS["forward"])
    (white,) = axes.plot([0, 1], color="white")
    shade = axes.axvspan(0, 1, color="yellow", alpha=0.2, linewidth=0)
    edge_pale(figure)
    assert not dark.get_path_effects()
    assert not white.get_path_effects()
    assert shade.get_linewidth() == 0


def test_earlier_runs_are_told_by_their_dashes():
    others = {name: records(-1.0) for name in ("first", "second", "third")}
    axes = learning_curves(records(), others).axes[0]
    grey = [line for line in axes.lines if line.get_color() == GREY]
    assert len({str(line._unscaled_dash_pattern) for line in grey}) == len(DASHES) == 3
    shown = axes.get_legend().legend_handles
    assert len({str(line._unscaled_dash_pattern) for line in shown[:3]}) == 3


@pytest.mark.parametrize("behind", [0, 90, 255])
def test_words_on_a_film_can_be_read_whatever_lies_behind(behind):
    paper = [alpha * 255 + (1 - alpha) * behind for alpha in [overlay.PAPER[3] / 255]] * 3
    ink, empty = (np.array(color) / 255 for color in (overlay.INK, overlay.EMPTY))
    assert contrast(ink, np.array(paper) / 255) >= TEXT
    assert contrast(ink, empty) >= LINE  # the bar of the gate, filled and not
