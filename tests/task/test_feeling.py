"""What a robot makes of its senses over time: attitude from the gyro, the felt gate, the reflex, delay and noise."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from twmr_nb import EnvConfig, TwmrEnv
from twmr_nb.episodes.rollout import record
from twmr_nb.policies.protocol import RandomPolicy
from twmr_nb.robot.pose import HIGH, LOW, MIDDLE
from twmr_nb.robot.rotations import about_y, about_z, compose, rotation, small_turn, upright
from twmr_nb.task.feeling import Feeling
from twmr_nb.task.observations import observation_labels

CONFIG = EnvConfig(gate_mode="felt", gate_tilt=0.1)
IN, OUT = np.full((1, 4), LOW), np.full((1, 4), MIDDLE)
REFLEX = EnvConfig(scene="flat", action_mode="reflex", gate_mode="felt", obs_mode="proprio_phase")


def turning(feeling: Feeling, rate: tuple[float, float, float], steps: int, legs: np.ndarray = IN) -> list[bool]:
    """Whether the gate was open after each of some steps of 0.02 s at one rotation rate [rad/s]."""
    opened = []
    for _ in range(steps):
        feeling.feel(CONFIG, np.array([rate]), legs, 0.02)
        opened.append(bool(feeling.open[0]))
    return opened


def started(legs: np.ndarray = IN) -> Feeling:
    feeling = Feeling.of(1)
    feeling.start(np.array([0]), legs)
    return feeling


def test_turns_are_composed_in_the_turned_frame():
    ahead_then_left = compose(about_y(0.3), about_z(0.4))
    assert_allclose(rotation(ahead_then_left), rotation(about_y(0.3)) @ rotation(about_z(0.4)), atol=1e-12)
    assert_allclose(small_turn(np.array([0.0, 0.02, 0.0])), about_y(0.02), atol=1e-6)


def test_attitude_is_what_the_gyro_adds_up_to():
    """1 rad/s for 0.5 s, of which the first step counts half, since it begins at rest."""
    feeling = started()
    turning(feeling, (0.0, 1.0, 0.0), 25)
    assert_allclose(feeling.attitude[0], about_y(0.49), atol=1e-5)
    turning(feeling, (0.0, 0.0, 1.0), 1)
    assert upright(feeling.attitude)[0] == pytest.approx(np.cos(0.5), abs=1e-3)


def test_the_gate_opens_at_a_tilt_and_shuts_after_half_a_second_on_the_level():
    feeling = started()
    opened = turning(feeling, (0.0, -1.0, 0.0), 20)  # 0.01, 0.03, ..., 0.39 rad
    assert opened == [False] * 5 + [True] * 15
    assert all(turning(feeling, (0.0, 0.0, 0.0), 100, OUT))  # it climbs
    assert all(turning(feeling, (0.0, 1.0, 0.0), 20, OUT))
    opened = turning(feeling, (0.0, 0.0, 0.0), 60, OUT)
    assert 15 < opened.index(False) < 35  # 25 steps, and level is felt a little late
    assert not any(opened[opened.index(False) :])


def test_swaying_legs_are_no_tilt():
    """0.18 rad to either side, four times a second: the gate shuts all the same, and does not open again."""
    feeling = started()
    turning(feeling, (0.0, -1.0, 0.0), 20)
    turning(feeling, (0.0, 1.0, 0.0), 20, OUT)
    opened = []
    for _ in range(8):
        for rate in (3.0, -3.0, -3.0, 3.0):
            opened += turning(feeling, (0.0, rate, 0.0), 3, OUT)
    assert opened[0]
    assert not any(opened[40:])


def test_a_gate_that_has_shut_opens_again_only_with_legs_in():
    feeling = started()
    turning(feeling, (0.0, -1.0, 0.0), 10, OUT)
    assert not feeling.open[0]
    assert turning(feeling, (0.0, 0.0, 0.0), 1) == [True]


def test_a_nose_that_is_far_down_shuts_the_gate_at_once():
    """Sideways it leans as far without a word; ahead, from 0.2 rad on, felt over 0.2 s, it is on its way down."""
    feeling = started()
    turning(feeling, (0.0, -1.0, 0.0), 20)
    assert all(turning(feeling, (0.0, 1.0, 0.0), 20, OUT) + turning(feeling, (1.0, 0.0, 0.0), 25, OUT))
    assert all(turning(feeling, (-1.0, 0.0, 0.0), 25, OUT))
    opened = turning(feeling, (0.0, 1.0, 0.0), 30, OUT)  # down by 0.6 rad
    assert 10 < opened.index(False) < 25
    assert not any(opened[opened.index(False) :])


def test_after_the_nose_has_sunk_nothing_opens_the_gate_for_three_seconds():
    """Down by 0.2 rad for half a second; then up by 0.2 rad, which opens it 3 s after the lean is within 0.05 rad."""
    feeling = started()
    turning(feeling, (0.0, 1.0, 0.0), 10)
    turning(feeling, (0.0, 0.0, 0.0), 25)
    turning(feeling, (0.0, -1.0, 0.0), 20)
    opened = turning(feeling, (0.0, 0.0, 0.0), 200)
    assert 130 < opened.index(True) <= 150
    assert all(opened[opened.index(True) :])


def test_a_turn_on_the_spot_opens_nothing_and_legs_that_are_out_at_the_start_do():
    assert not any(turning(started(), (0.0, 0.0, 2.0), 50))
    assert started(OUT).open[0]


def test_the_reflex_keeps_the_legs_folded_while_the_gate_is_shut():
    """On the flat nothing is felt: whatever is asked for, the legs stay in."""
    env = TwmrEnv(REFLEX, 2)
    env.reset(seed=0)
    for _ in range(60):
        env.step(np.ones((2, 8)))
    assert not env.transition.gate.any()
    assert_allclose(env.transition.leg_angle, LOW, atol=0.02)
    assert_allclose(env.sim.ctrl[:, 4:], LOW, atol=1e-6)
    assert_allclose(env.sim.ctrl[:, :4], 0.8, atol=1e-6)


def test_with_the_gate_open_the_legs_follow():
    env = TwmrEnv(REFLEX.replace(start_at_step=1.0, scene="step", step_height=0.05), 40)
    env.reset(seed=0)
    out = env._gate > 0
    assert 15 < out.sum() < 40  # most start with their legs out
    asked = np.tile([0.0] * 4 + [0.2, -0.2, 0.0, 0.1], (40, 1)).astype(np.float32)
    env.step(asked)
    assert_allclose(env.sim.ctrl[out, 4:], MIDDLE + (MIDDLE - LOW) * asked[out, 4:], atol=1e-5)
    assert_allclose(env.sim.ctrl[~out, 4:], LOW, atol=1e-6)


def test_a_shut_gate_folds_each_leg_to_the_side_that_it_is_on():
    env = TwmrEnv(REFLEX, 1)
    env.reset(seed=0)
    env._gate[:] = 1  # as if it had felt something
    env.step(np.array([[0.0] * 4 + [1.0, -1.0, 1.0, -1.0]]))
    for _ in range(150):  # from folded the other way
        env._gate[:] = 1
        env.step(np.array([[0.0] * 4 + [1.0, -1.0, 0.3, -0.3]]))
    env._gate[:] = 0
    env.step(np.zeros((1, 8)))
    assert_allclose(env.sim.ctrl[0, 4:], [HIGH, LOW, HIGH, LOW], atol=1e-6)


def test_starts_at_the_step_are_before_its_edge_and_straight_starts_are_turned_on_request():
    settings = {"scene": "step", "step_x": 2.0, "step_half_depth": 0.5, "action_mode": "leg_position"}
    env = TwmrEnv(EnvConfig(**settings, start_at_step=0.5, start_yaw_range=0.4), 60)
    env.reset(seed=3)
    x, heading = env.transition.x, np.arctan2(*rotation(env.transition.qpos[:, 3:7])[:, [1, 0], 0].T)
    at_step = x > 1
    assert 15 < at_step.sum() < 45
    assert (x[at_step] < 1.5 - 0.1).all()
    assert 0.3 < np.abs(heading).max() < 0.42
    assert abs(heading.mean()) < 0.1


def test_a_start_can_be_at_an_angle():
    env = TwmrEnv(EnvConfig(start_yaw=0.7, start_yaw_range=0.1), 40)
    env.reset(seed=0)
    heading = np.arctan2(*rotation(env.transition.qpos[:, 3:7])[:, [1, 0], 0].T)
    assert 0.6 < heading.min() < 0.65
    assert 0.75 < heading.max() < 0.8


def test_an_action_arrives_after_its_delay():
    late, prompt = (TwmrEnv(REFLEX.replace(action_delay=steps), 1) for steps in (2, 0))
    plan = np.random.default_rng(0).uniform(-1, 1, (6, 1, 8)).astype(np.float32)
    late.reset(seed=0)
    given = []
    for action in plan:
        late.step(action)
        given.append(late.sim.ctrl[0, :4] / 0.8)
    assert_allclose(given[:2], 0, atol=1e-6)
    assert_allclose(given[2:], plan[:4, 0, :4], atol=1e-6)
    prompt.reset(seed=0)
    prompt.step(plan[0])
    assert_allclose(prompt.sim.ctrl[0, :4], 0.8 * plan[0, 0, :4], atol=1e-6)


def test_noise_is_in_the_senses_and_not_in_the_robot():
    quiet, noisy = (TwmrEnv(EnvConfig(sensor_noise=size), 200) for size in (0.0, 2.0))
    rest = np.zeros((200, 8))
    quiet.reset(seed=0)
    noisy.reset(seed=0)
    seen = [env.step(rest)[0] for env in (quiet, noisy)]
    assert_array_equal(quiet.transition.qpos, noisy.transition.qpos)
    assert_array_equal(quiet.sim.qpos, noisy.sim.qpos)  # nor does it get there by being seen
    spread = (seen[1] - seen[0]).std(axis=0)
    assert_allclose(spread[:16], np.repeat([0.02, 0.2, 0.02, 0.2], 4), rtol=0.25)  # angles rad, speeds rad/s
    assert_allclose(spread[16:], np.repeat([0.6, 0.06], 3), rtol=0.25)  # m/s², rad/s


def test_after_success_it_drives_on_for_as_long_as_asked():
    config = EnvConfig(success_x=0.05, end_on_success=True, drive_on=0.2)
    ahead = np.tile([1.0] * 4 + [0.0] * 4, (1, 1))
    env = TwmrEnv(config, 1, autoreset=False)
    env.reset(seed=0)
    steps = []
    while not steps or not steps[-1][1]:
        _, _, _, truncated, info = env.step(ahead)
        steps.append((info["passed"][0], truncated[0]))
    assert sum(passed for passed, _ in steps) == 1 + 10


def test_all_of_it_goes_on_exactly_from_a_state():
    config = REFLEX.replace(
        scene="step", step_height=0.03, start_at_step=0.5, action_delay=1, sensor_noise=1.0, start_yaw_range=0.3,
        max_steps=25, success_x=0.5, end_on_success=True, drive_on=0.1,
    )  # fmt: skip
    plan = np.random.default_rng(1).uniform(-1, 1, (40, 3, 8)).astype(np.float32)
    one, other = (TwmrEnv(config, 3) for _ in range(2))
    one.reset(seed=0)
    other.reset(seed=9)
    for action in plan[:20]:
        one.step(action)
    other.set_state(one.get_state())
    for action in plan[20:]:
        for a, b in zip(one.step(action)[:4], other.step(action)[:4], strict=True):
            assert_array_equal(a, b)


def test_an_environment_that_follows_another_remembers_what_it_remembers():
    world = REFLEX.replace(scene="step", step_height=0.03, start_at_step=1.0, action_delay=1)
    plan = np.random.default_rng(2).uniform(-1, 1, (12, 2, 8)).astype(np.float32)
    led, followers = TwmrEnv(world, 2), TwmrEnv(world, 4)
    led.reset(seed=0)
    for action in plan[:8]:
        led.step(action)
    followers.follow(led)
    for action in plan[8:]:
        seen, *_ = led.step(action)
        alike, *_ = followers.step(np.repeat(action, 2, axis=0))
        assert_array_equal(alike, np.repeat(seen, 2, axis=0))


def test_an_episode_begun_by_reset_is_felt_like_one_that_follows_another():
    """Swaying at the start, so that the gyro is not at rest: what is felt begins with the first control step."""
    settings = {"reset_noise": 0.5, "settle_steps": 0}
    follows, begun = (TwmrEnv(REFLEX.replace(max_steps=steps, **settings), 1) for steps in (1, 9))
    rest = np.zeros((1, 8))
    follows.reset(seed=5)
    follows.step(rest)
    begun.reset(seed=5)
    begun.reset()
    seen = begun.step(rest)[0]
    assert_array_equal(seen, follows.step(rest)[4]["final_obs"])
    assert np.abs(seen[0, 26:28]).max() > 1e-3  # it does sway: up along x and y


def test_a_label_for_every_number_that_it_sees():
    env = TwmrEnv(REFLEX, 1)
    obs, _ = env.reset(seed=0)
    labels = observation_labels(REFLEX)
    assert obs.shape == (1, len(labels)) == (1, 40)
    seen = dict(zip(labels, obs[0], strict=True))
    assert (seen["up along z"], seen["heading along x"], seen["gate"]) == (1.0, 1.0, 0.0)
    env.step(np.full((1, 8), 0.5))
    phase = env.transition.wheel_angle[0, 0]
    seen = dict(zip(labels, env.step(np.full((1, 8), 0.25))[0][0], strict=True))
    assert seen["front left last wheel action"] == 0.25
    assert abs(seen["front left sin of 3 x wheel angle"] - np.sin(3 * phase)) < 0.3


def test_what_was_felt_can_be_told_from_a_recording():
    world = REFLEX.replace(scene="step", step_height=0.04, start_x_range=0.1)
    episode = record(RandomPolicy(0), world, num_steps=80)
    assert_array_equal(episode.rescore().gate, episode.gate)
