"""Figures and tables of the lessons: they show what they say, for odd input too."""

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from twmr_nb import EnvConfig, plot
from twmr_nb.draw.charts import lines
from twmr_nb.draw.evaluations import AROUND, wheels_along, where_they_ended
from twmr_nb.draw.observations import gates_along, row_groups, seen_in, senses
from twmr_nb.draw.sketches import (
    belly_height,
    climbing_rules,
    moments_along,
    motion,
    standing_turn,
    wheel_pose,
    wheel_poses,
)
from twmr_nb.draw.table import Table
from twmr_nb.episodes.rollout import record
from twmr_nb.policies.scripted import ConstantPolicy, leg_command
from twmr_nb.robot.model import CHASSIS_HALF_SIZE, LEG_RANGE, WHEEL_RADIUS, step_edges, tip_radius
from twmr_nb.robot.pose import HIGH, LOW, MIDDLE

WORLD = EnvConfig(action_mode="leg_position", max_steps=60)


@pytest.fixture(scope="module")
def ride():
    return record(ConstantPolicy(1.0, MIDDLE, title="a ride"), WORLD)


def size(figure):
    data, shown = figure._repr_png_()
    return (shown["width"], shown["height"]), data[:4]


def test_leg_commands_reach_the_limits():
    assert leg_command(np.array([LOW, MIDDLE, HIGH])) == pytest.approx([-1, 0, 1])


def test_a_constant_policy_holds_its_leg_angles(ride):
    again = record(ConstantPolicy(0.0, 0.5, 2.0), WORLD.replace(max_steps=150)).transition
    assert again.leg_angle[-1] == pytest.approx([0.5, 0.5, 2.0, 2.0], abs=0.1)
    assert ride.transition.x[-1] > 0.1


def test_the_belly_just_rests_on_the_edge():
    """Halfway between axles that differ by the step, the tilted box' underside is as high as the step."""
    for angle in (LEG_RANGE[0], 0.0, MIDDLE):
        height = belly_height(angle)
        radius = max(float(tip_radius(angle)), 0.025)
        tilt = np.arcsin(height / (2 * CHASSIS_HALF_SIZE[0]))
        assert radius + height / 2 - CHASSIS_HALF_SIZE[2] / np.cos(tilt) == pytest.approx(height, abs=1e-6)


@pytest.mark.parametrize("angle", [LOW, 0.0, MIDDLE])
def test_a_wheel_turned_to_stand_has_a_tip_below_its_axle(angle):
    driven_leg = wheel_pose(angle, standing_turn(angle))[2][0]
    assert driven_leg[2:].mean(axis=0) == pytest.approx([0.0, -tip_radius(angle)], abs=1e-9)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (np.linspace(0, 1, 101), [0, 20, 40, 60, 80]),
        (np.concatenate([np.linspace(0, 0.5, 51), np.full(50, 0.5)]), [0, 20, 40, 100]),  # stuck: its end is shown
    ],
)
def test_moments_along_a_way(x, expected):
    assert moments_along(x, 0.0, 1.0, 0.2) == expected


def test_figures_have_fixed_sizes(ride):
    png = b"\x89PNG"
    assert size(wheel_poses({"in": LOW, "out": MIDDLE})) == ((960, 236), png)
    assert size(climbing_rules(MIDDLE)) == ((960, 300), png)
    assert size(lines([0, 1], {"a": [1, 2], "b": [2, 1]}, marks={"m": 0.5}, levels={"l": 1.5})) == ((720, 330), png)
    assert size(motion(ride))[0][0] == 960
    assert size(senses(ride))[0][0] == 960


def test_motion_draws_on_flat_ground_too(tmp_path):
    flat = record(ConstantPolicy(1.0, LOW), WORLD.replace(scene="flat"))
    path = tmp_path / "motion.png"
    path.write_bytes(motion(flat).png())
    assert len(np.unique(np.asarray(Image.open(path)).reshape(-1, 4), axis=0)) > 50


def test_every_episode_is_counted_where_it_ended(ride):
    figure = where_they_ended([ride, ride, record(ConstantPolicy(-1.0, MIDDLE), WORLD)])
    assert size(figure)[0] == (960, 200)
    bars = figure.axes[0].patches[1:]  # after the step
    (back, one), (ahead, two) = sorted((bar.get_x(), bar.get_height()) for bar in bars if bar.get_height())
    assert (one, two) == (1, 2)
    assert ahead <= ride.transition.x[-1] <= ahead + 0.05
    assert back == AROUND[0]  # what ended farther back is not lost


def test_wheels_along_the_way_never_look_smaller_than_the_bare_wheel(ride):
    folded = record(ConstantPolicy(1.0, LOW), WORLD)
    figure = wheels_along({"out": ride, "folded": folded})
    assert size(figure)[0] == (960, 340)
    curves = {line.get_label(): line.get_ydata() for line in figure.axes[0].lines}
    assert curves["folded"].min() == pytest.approx(1000 * WHEEL_RADIUS)
    assert curves["out"][-1] == pytest.approx(1000 * tip_radius(ride.transition.leg_angle[-1]).mean())
    assert figure.axes[0].patches[0].get_x() == pytest.approx(step_edges(WORLD)[0])
    assert wheels_along({"flat": record(ConstantPolicy(1.0, LOW), WORLD.replace(scene="flat"))}).axes


def test_what_is_seen_is_what_the_environment_shows(ride):
    seen = seen_in("proprio", ride)
    assert seen.shape == (60, 22)
    assert seen[:, 8:12] == pytest.approx(ride.transition.leg_angle)
    assert seen_in("compact", ride)[:, 0] == pytest.approx(ride.transition.x, rel=1e-6)


def test_gates_along_an_episode_do_not_depend_on_its_own_mode(ride):
    assert set(gates_along(ride)) == {"obstacle", "proprio"}
    assert gates_along(ride)["proprio"] == pytest.approx(ride.transition.gate)


def test_rows_that_measure_the_same_are_one_group():
    labels = [
        "front left wheel angle (rad)",
        "rear right wheel angle (rad)",
        "rotation x (rad/s)",
        "rotation y (rad/s)",
    ]
    assert row_groups(labels) == [(0, 2, "wheel angle"), (2, 4, "rotation")]
    assert row_groups(["x (m)", "z (m)", "qpos 0", "qpos 1"]) == [(0, 1, "x"), (1, 2, "z"), (2, 4, "all positions")]


def test_a_table_aligns_numbers_to_the_right():
    table = Table(["name", "share"], [["a", "50%"], ["b", 0.123456]])
    assert table._repr_markdown_().splitlines() == [
        "| name | share |",
        "| :--- | ---: |",
        "| a | 50% |",
        "| b | 0.1235 |",
    ]
    assert str(table).splitlines() == ["name  share", "a     50%", "b     0.1235"]


def test_a_table_in_a_widget_holds_the_same_cells_as_text():
    page = Table(["name", "share"], [["  a <b>", "50%"], ["b", 0.123456]]).html()
    assert page.count("<tr>") == 3
    assert page.count("text-align: right") == 3
    assert "\N{EM SPACE}a &lt;b&gt;" in page
    assert ">0.1235<" in page
    assert "<th" not in Table(["", ""], [["a", "b"]]).html()


@pytest.mark.parametrize(
    ("cells", "right"),
    [(["1", "–"], True), (["45.8 mm", "-2"], True), (["3 (1 to 5)"], True), (["a", "1"], False), ([""], False)],
)
def test_a_column_of_numbers_stands_to_the_right(cells, right):
    assert Table(["x"], [[cell] for cell in cells]).right == [right]


def test_the_lessons_figures_have_one_address():
    assert set(dir(plot)) >= set(plot.__all__)
    for name in plot.__all__:
        assert getattr(plot, name).__name__ == name
        assert getattr(plot, name).__doc__
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        plot.nonsense  # noqa: B018


def test_a_figure_is_loaded_when_it_is_asked_for():
    code = "import sys, twmr_nb.draw; sys.exit('matplotlib' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
