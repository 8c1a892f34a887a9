"""How an episode was driven: by hand on made-up control steps, and the same live as recorded."""

import dataclasses
import math
from typing import Any

import jax
import numpy as np
import pytest

from twmr_nb.config.schema import EnvConfig, TrainConfig
from twmr_nb.episodes.conduct import Conduct, conduct, trace
from twmr_nb.episodes.evaluate import (
    by_height,
    evaluate,
    play_episodes,
    rate,
    summary_of_conduct,
    sweep_heights,
)
from twmr_nb.episodes.intervals import wilson_interval
from twmr_nb.episodes.report import Evaluation
from twmr_nb.episodes.rollout import record, record_many
from twmr_nb.learn.network import ActorCritic, init_policy
from twmr_nb.policies.saved import SavedPolicy
from twmr_nb.robot.model import LEG_HINGE_RADIUS, LEG_LENGTH, LEG_MOUNT, ROBOT_MASS, build_model, tip_radius
from twmr_nb.robot.rotations import about_y
from twmr_nb.task.transition import Transition

STEP, FLAT = EnvConfig(scene="step_5cm"), EnvConfig(scene="flat")  # the step's edges are at 0.8 and 1.2 m
DT, PASS = 0.02, 1.3
EPS = 1e-4


def leg(radius: float) -> float:
    """The joint angle [rad] that puts a tip so far [m] from its wheel's axis."""
    cosine = (LEG_HINGE_RADIUS**2 + LEG_LENGTH**2 - radius**2) / (2 * LEG_HINGE_RADIUS * LEG_LENGTH)
    return math.acos(cosine) - LEG_MOUNT


IN, OUT = leg(0.02), leg(0.045)


def drive(x: Any, legs: Any = IN, tilt: Any = 0.0, touch: Any = 0.0, action: Any = 0.0, **more: Any) -> Conduct:
    """An episode of a robot that is at x [T] after each step; other values [T], [T, n] or one for all steps.

    Also: y, vz, quat, torque and speed (of all motors), world, fell, x_before.
    """
    x, length = np.asarray(x, float), len(x)
    spread = lambda values, *width: np.broadcast_to(np.asarray(values, float), (length, *width)).copy()  # noqa: E731
    column = lambda values: np.asarray(values, float)[:, None] if np.ndim(values) == 1 else values  # noqa: E731
    qpos, qvel = np.zeros((length, 23)), np.zeros((length, 22))
    qpos[:, 0], qpos[:, 1] = x, more.get("y", 0.0)
    qpos[:, 3:7] = more.get("quat", [about_y(angle) for angle in spread(tilt)])
    qpos[:, 8::4] = column(legs) if len(np.shape(legs)) == 1 and len(legs) == length else legs
    qvel[:, 2], qvel[:, 6::4], qvel[:, 7::4] = more.get("vz", 0.0), more.get("speed", 0.0), more.get("speed", 0.0)
    passed = np.logical_or.accumulate(x >= PASS)
    qpos_before = np.concatenate([qpos[:1], qpos[:-1]])
    qpos_before[0, 0] = more.get("x_before", 0.0)
    action = spread(column(action), 8)
    steps = Transition(
        qpos_before=qpos_before, qpos=qpos, qvel=qvel, action=action, action_before=action, fell=np.zeros(length, bool),
        step_height=0.05, step_edge=0.8, start_yaw=0.0,
        accelerometer=np.zeros((length, 3)), gyro=np.zeros((length, 3)), touch=spread(touch), gate=np.zeros(length),
        torque=spread(column(more.get("torque", 0.0)), 8), passed_before=np.concatenate([[False], passed[:-1]]),
        success_x=PASS, retract=np.zeros(4), extend=np.zeros(4), ctrl_dt=DT,
    )  # fmt: skip
    return conduct(trace(steps), more.get("world", STEP), more.get("fell", False), DT)


def switched(first: float, at: int, then: float, length: int) -> np.ndarray:
    """One value up to a step, another from there on."""
    return np.where(np.arange(length) < at, first, then)


WAY = np.linspace(0.01, 0.5, 50)  # does not reach the step
OVER = np.concatenate([np.linspace(0.01, PASS - 0.001, 100), np.linspace(PASS, 3.0, 200)])  # passes in step 100


# -- upright ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tilt", "upright"), [(1.0 - EPS, True), (1.0 + EPS, False), (math.pi, False)])
def test_upright_is_never_beyond_one_radian(tilt, upright):
    for sign in (1, -1):
        found = drive(OVER, tilt=np.where(np.arange(300) == 120, sign * tilt, 0.0))
        assert found.largest_tilt == pytest.approx(tilt)
        assert (found.upright, found.upright_pass) == (upright, upright)


@pytest.mark.parametrize(("tilt", "upright"), [(0.35 - EPS, True), (0.35 + EPS, False)])
def test_upright_is_level_at_the_end(tilt, upright):
    assert drive(OVER, tilt=switched(0.0, 299, tilt, 300)).upright is upright
    assert drive(OVER, tilt=switched(tilt, 299, 0.0, 300)).upright  # on the way it may tilt so far


def test_a_fall_is_not_upright_and_who_stays_before_the_step_passed_nothing():
    fallen, short = drive(OVER, fell=True), drive(WAY)
    assert (fallen.upright, fallen.upright_pass, fallen.clean_pass) == (False, False, False)
    assert (short.upright, short.upright_pass, short.clean_pass) == (True, False, False)


def test_tilt_is_sideways_too_and_turning_round_is_none():
    assert drive(WAY, quat=[math.cos(0.4), math.sin(0.4), 0, 0]).largest_tilt == pytest.approx(0.8)
    assert drive(WAY, quat=[math.cos(0.4), 0, 0, math.sin(0.4)]).largest_tilt == pytest.approx(0)


# -- folded -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("radius", "folded"), [(0.027 - 1e-6, 1), (0.027 + 1e-6, 0), (0.0295, 0)])
def test_folded_is_every_tip_within_27_mm(radius, folded):
    assert tip_radius(leg(radius)) == pytest.approx(radius)
    assert drive(WAY, legs=[IN, IN, leg(radius), IN]).folded_before_contact == folded


def test_before_contact_lasts_until_the_first_touch():
    legs, touch = switched(IN, 20, OUT, 50), switched(0.0, 25, 3.0, 50)
    assert drive(WAY, legs, touch=touch).folded_before_contact == pytest.approx(20 / 25)
    assert drive(WAY, legs, touch=np.where(np.arange(50) == 10, 3.0, 0.0)).folded_before_contact == 1
    assert math.isnan(drive(WAY, legs, touch=1.0).folded_before_contact)  # there was no time before


def test_where_no_touch_is_felt_contact_is_the_near_edge():
    x = np.linspace(0.02, 1.0, 50)  # at 0.8 m after step 39
    legs = switched(IN, 30, OUT, 50)
    assert drive(x, legs).folded_before_contact == pytest.approx(30 / 39)
    assert drive(x, legs).contact_to_legs_out == 0


def test_without_a_step_before_contact_lasts_until_it_passes_or_ends():
    assert drive(WAY, switched(IN, 40, OUT, 50), world=FLAT).folded_before_contact == pytest.approx(40 / 50)
    passing = drive(OVER, switched(IN, 90, OUT, 300), world=FLAT)
    assert passing.folded_before_contact == pytest.approx(90 / 100)
    assert math.isnan(passing.contact_to_legs_out)


def test_after_passing_is_the_two_seconds_from_the_step_that_passes():
    assert drive(OVER, switched(OUT, 130, IN, 300)).folded_after_passing == pytest.approx(70 / 100)
    assert drive(OVER, switched(IN, 200, OUT, 300)).folded_after_passing == 1  # later it may drive as it likes
    assert drive(OVER[:110], switched(OUT, 105, IN, 110)).folded_after_passing == pytest.approx(5 / 10)
    assert math.isnan(drive(WAY).folded_after_passing)


def test_legs_out_is_counted_from_contact():
    touch = switched(0.0, 10, 2.0, 50)
    assert drive(WAY, switched(IN, 24, OUT, 50), touch=touch).contact_to_legs_out == pytest.approx(14 * DT)
    assert drive(WAY, leg(0.04 + EPS), touch=touch).contact_to_legs_out == 0
    assert math.isnan(drive(WAY, leg(0.04 - EPS), touch=touch).contact_to_legs_out)
    assert math.isnan(drive(WAY, switched(OUT, 5, IN, 50), touch=touch).contact_to_legs_out)  # too early, then never
    assert math.isnan(drive(WAY, OUT).contact_to_legs_out)  # no contact


# -- clean ------------------------------------------------------------------------------------------------------------


def legs_of(out_from: int, in_from: int) -> np.ndarray:
    steps = np.arange(300)
    return np.where((steps >= out_from) & (steps < in_from), OUT, IN)


@pytest.mark.parametrize(
    ("out_from", "in_from", "clean"),
    [(60, 100, True), (54, 100, True), (53, 100, False), (60, 120, True), (60, 121, False)],
)
def test_clean_is_folded_for_90_percent_before_and_80_after(out_from, in_from, clean):
    touch = switched(0.0, 60, 1.0, 300)  # 54 of 60 steps are 90%
    found = drive(OVER, legs_of(out_from, in_from), touch=touch)
    assert (found.upright_pass, found.clean_pass) == (True, clean)


def test_clean_is_upright_and_judged_on_what_was_played():
    touch, folded = switched(0.0, 60, 1.0, 300), legs_of(60, 100)
    assert not drive(OVER, folded, tilt=np.where(np.arange(300) == 70, 1.2, 0), touch=touch).clean_pass
    assert drive(OVER[:101], folded[:101], touch=touch[:101]).clean_pass  # the time limit came at once


def test_an_episode_that_ends_by_passing_does_not_say_whether_it_was_clean():
    world = STEP.replace(end_on_success=True)
    assert drive(OVER[:101], legs_of(60, 100)[:101], world=world).clean_pass is None
    drives_on = world.replace(drive_on=2.0)
    assert drive(OVER[:201], legs_of(60, 100)[:201], touch=switched(0.0, 60, 1.0, 201), world=drives_on).clean_pass


# -- ride -------------------------------------------------------------------------------------------------------------


def test_vertical_acceleration_is_that_on_the_flat():
    bumps = 0.1 * (-1.0) ** np.arange(300)  # m/s, up and down: 0.2 m/s in 0.02 s
    assert drive(WAY[:49], vz=bumps[:49]).vertical_acceleration == pytest.approx(10)
    assert math.isnan(drive(np.linspace(0.55, 1.45, 300), vz=bumps).vertical_acceleration)
    assert drive(WAY, vz=0.3).vertical_acceleration == 0  # a constant speed is no acceleration
    assert drive(OVER, vz=bumps, world=FLAT).vertical_acceleration == pytest.approx(10)


def test_action_rate_and_torque_count_until_it_passes():
    steps = np.arange(300)
    action = np.where(steps <= 100, 0.5 * (steps % 2), 7.0)
    assert drive(OVER, action=action).action_rate == pytest.approx(0.25)
    torque = np.where(steps <= 100, 0.3, 0.8)
    torque[50] = -0.6
    found = drive(OVER, torque=torque)
    assert found.peak_torque == pytest.approx(0.6)
    assert found.rms_torque == pytest.approx(math.sqrt((100 * 0.09 + 0.36) / 101))
    assert drive(WAY, torque=0.8).rms_torque == pytest.approx(0.8)  # to the end where it does not pass


def test_the_cost_of_transport_of_a_constant_motion():
    x = 0.005 * np.arange(1, 301)  # 0.25 m/s
    found = drive(x, torque=-0.2, speed=3.0)
    assert found.cost_of_transport == pytest.approx(8 * 0.2 * 3 / (1.81854 * 9.81 * 0.25), rel=1e-5)
    ahead = drive(x + 0.1, x_before=0.1, torque=0.2, speed=3.0)
    assert ahead.cost_of_transport == pytest.approx(found.cost_of_transport)
    assert math.isnan(drive(WAY, torque=0.2, speed=3.0).cost_of_transport)


def test_the_mass_is_the_models():
    assert pytest.approx(build_model(STEP).body_mass.sum()) == ROBOT_MASS


def test_where_and_which_way_it_passes():
    y, angle = switched(-0.4, 101, 9.0, 300), 0.7
    quat = np.array([math.cos(angle / 2), 0, 0, -math.sin(angle / 2)])
    found = drive(OVER, y=y, quat=quat)
    assert (found.drift_at_passing, found.heading_at_passing) == (pytest.approx(0.4), pytest.approx(angle))
    assert drive(OVER, tilt=math.pi).heading_at_passing == pytest.approx(math.pi)  # over forwards
    assert math.isnan(drive(WAY).drift_at_passing)


# -- the same for all -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def fresh():
    config = TrainConfig().replace(mlp_size=8, hidden_size=8)
    policy = init_policy(ActorCritic(8, 8), jax.random.key(3), 22, -0.5)
    return SavedPolicy("fresh", policy, config)


@pytest.mark.parametrize("success_x", [-1.0, 0.0005, 5.0])  # at once, on the way, never
def test_an_evaluation_and_a_recording_measure_the_same(fresh, success_x):
    world = fresh.config.env.replace(max_steps=12, success_x=success_x)
    played = play_episodes(fresh, world, 3, 2_000_000)
    for i, episode in enumerate(record_many(fresh, 3, world, 2_000_000)):
        for name, value in dataclasses.asdict(episode.conduct).items():
            assert played[name][i] == pytest.approx(float(value), rel=1e-4, nan_ok=True), name


def test_robots_that_end_sooner_are_measured_to_their_own_end(fresh):
    world = fresh.config.env.replace(max_steps=12, max_tilt=0.1, success_x=0.0)
    both = record_many(fresh, 2, world.replace(end_on_success=True), 5)
    played = play_episodes(fresh, world.replace(end_on_success=True), 2, 5)
    assert played["largest_tilt"] == pytest.approx([each.conduct.largest_tilt for each in both], rel=1e-4)
    assert np.isnan(played["clean_pass"]).all()


def test_a_rate_has_the_interval_of_wilson_or_is_unknown():
    found = rate("clean_pass", np.array([1.0] * 8 + [0.0] * 2))
    assert found == {"clean_pass": 0.8, "clean_pass_interval": pytest.approx([0.4902, 0.9433], abs=1e-4)}
    assert rate("clean_pass", np.array([1.0, np.nan])) == {"clean_pass": None, "clean_pass_interval": None}


def test_summary_of_made_up_episodes():
    names = [field.name for field in dataclasses.fields(Conduct)]
    every = {name: np.array([0.0, 0.2, np.nan, 0.7]) for name in names}
    every |= {
        "upright": np.ones(4),
        "upright_pass": np.array([1.0, 1, 1, 0]),
        "peak_torque": np.array([0.1, 0.8, 0, 0]),
    }
    every |= {"drift_at_passing": np.full(4, np.nan)}
    found = summary_of_conduct(every)
    assert (found["upright_pass"], found["clean_pass"], found["peak_torque"]) == (0.75, None, 0.8)
    assert found["largest_tilt"] == 0.2  # the median of the three there are
    assert found["folded_before_contact"] == pytest.approx(0.3)  # the mean
    assert found["drift_at_passing"] is None
    assert set(names) - {"upright"} <= set(found)


def test_bins_of_drawn_heights_have_every_rate():
    upright = np.array([1.0, 0.0, 0.0])
    low, high = by_height(np.array([0.01, 0.012, 0.03]), np.array([True, True, False]), {"upright_pass": upright})
    assert (low["success_rate"], low["upright_pass"], high["upright_pass"]) == (1.0, 0.5, 0.0)
    assert low["upright_pass_interval"] == list(wilson_interval(1, 2))


def test_an_evaluation_tells_what_it_could_not_see(fresh):
    world = fresh.config.env.replace(max_steps=5, success_x=-1.0)
    seen, unseen = evaluate(fresh, world, 2), evaluate(fresh, world.replace(end_on_success=True), 2)
    assert seen["upright_pass"] == unseen["upright_pass"] == 1.0
    assert seen["clean_pass"] == 0.0  # the legs of an untrained policy are not folded
    assert unseen["clean_pass"] is None
    line = next(line for line in repr(unseen).splitlines() if "clean" in line)
    assert "end_on_success" in line
    drawn = evaluate(fresh, world.replace(scene="step", step_height=0.01, step_height_max=0.04), 6)
    assert all({"upright_pass", "clean_pass", "clean_pass_interval"} <= set(bin_) for bin_ in drawn["by_height"])


def test_a_sweep_drives_on_where_it_is_asked_to(fresh):
    world = fresh.config.env.replace(max_steps=4, success_x=-1.0)
    (short,), (whole,) = (
        sweep_heights(fresh, world, [0.02], 1),
        sweep_heights(fresh, world, [0.02], 1, end_on_success=False),
    )
    assert (short["mean_length"], short["clean_pass"]) == (1, None)
    assert (whole["mean_length"], whole["clean_pass"]) == (4, 0.0)


def test_an_older_evaluation_still_prints():
    old = Evaluation(success_rate=0.5, success_interval=[0.4, 0.6], falls=0.1, episodes=9, deterministic=True)
    assert "50.0% (40.0–60.0%)" in repr(old)
    assert "upright" not in repr(old)


def test_a_recorded_episode_prints_its_conduct():
    said = repr(record("zero", STEP, num_steps=3).conduct)
    assert said.splitlines()[0] == "Conduct:"
    assert "upright               True" in said
