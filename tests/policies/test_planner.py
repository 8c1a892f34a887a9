"""The planner: finds the best of a hand-made landscape, leaves the world alone, drives where nothing else would."""

import dataclasses

import mujoco
import numpy as np
import pytest

import twmr_nb as tw
from twmr_nb.policies.planner import KNOT_STEPS, best_plans, commands, plan_world
from twmr_nb.robot.model import WHEELS, build_model
from twmr_nb.robot.pose import wheel_centres
from twmr_nb.task.climb import FREE, climb_terms

FLAT = tw.EnvConfig(scene="flat", action_mode="leg_position", timestep=0.005, settle_steps=10)
BACK = tw.reward_term(lambda t: -t.vx, name="back", weight=10.0)
STEP = tw.EnvConfig(scene="step", step_height=0.05, action_mode="leg_position", timestep=0.005)


def test_the_cross_entropy_method_climbs_a_quadratic():
    best = np.random.default_rng(1).uniform(-0.5, 0.5, (2, 3, 8))

    def worth(plans):
        return -((plans - best[:, None]) ** 2).sum(axis=(2, 3))

    plans, rngs = np.zeros((2, 3, 8)), [np.random.default_rng(i) for i in range(2)]
    found = [worth(plans[:, None])[:, 0]]
    for _ in range(15):
        plans = best_plans(worth, plans, rngs, samples=200)
        found.append(worth(plans[:, None])[:, 0])
    assert (np.diff(found, axis=0) >= 0).all(), "a plan is never given up for a worse one"
    np.testing.assert_allclose(plans, best, atol=0.2)


def test_a_spline_meets_its_knots_and_is_straight_between_them():
    knots = np.random.default_rng(0).uniform(-1, 1, (5, 4, 8))
    found = commands(knots, 6)
    assert found.shape == (5, 18, 8)
    np.testing.assert_array_equal(found[:, ::6], knots[:, :-1])
    np.testing.assert_allclose(found[:, 3], (knots[:, 0] + knots[:, 1]) / 2)


@pytest.mark.parametrize("goal", ["climb", "reward"])
def test_it_drives_where_doing_nothing_stands(goal):
    planned = tw.plan(FLAT, num_steps=4 * KNOT_STEPS, goal=goal, samples=8)
    assert planned.x[-1] > 0.03
    assert planned.x[-1] > tw.record("zero", FLAT, num_steps=4 * KNOT_STEPS).x[-1] + 0.03


def test_the_reward_that_it_maximises_is_the_worlds_with_its_extra_terms():
    episode = tw.plan(FLAT, num_steps=4 * KNOT_STEPS, extra_terms=[BACK], goal="reward", samples=16)
    assert episode.x[-1] < episode.x[0] - 0.01
    assert episode.reward_terms["back"].sum() > 0


def test_the_seed_settles_all_of_it_and_an_episode_is_the_same_beside_others():
    def played(seed, count=1):
        planner = tw.Planner("reward", samples=8, seed=seed)
        return tw.record_many(planner, count, FLAT, seed, num_steps=KNOT_STEPS + 1, extra_terms=[BACK])

    alone, again, other = played(3)[0], played(3)[0], played(4)[0]
    np.testing.assert_array_equal(alone.transition.qpos, again.transition.qpos)
    assert (alone.action != other.action).any()
    np.testing.assert_array_equal(played(2, count=3)[1].action, alone.action)


def test_an_episode_of_an_evaluation_is_played_again_with_its_own_seed():
    world = FLAT.replace(max_steps=KNOT_STEPS + 1)
    both = tw.evaluate(tw.Planner("reward", samples=8), world, episodes=2)
    alone = [tw.record(tw.Planner("reward", samples=8, seed=i), world, episode=i) for i in (0, 1)]
    assert both["mean_final_x"] == np.mean([episode.x[-1] for episode in alone])


def test_planning_leaves_the_robot_alone():
    env, planner = tw.TwmrEnv(STEP, 2, autoreset=False), tw.Planner(samples=8)
    obs, _ = env.reset(seed=5)
    planner.watch(env)
    planner.reset(2)
    before, sensors = env.get_state(), env.sim.sensors.copy()
    planner.act(obs)
    for name, value in env.get_state().items():
        np.testing.assert_array_equal(value, before[name], err_msg=name)
    np.testing.assert_array_equal(env.sim.sensors, sensors)


def test_imagined_robots_go_on_exactly_from_where_the_real_ones_are():
    world = STEP.replace(step_height_max=0.06, friction_range=0.2, mass_range=0.2)
    env, imagined = tw.TwmrEnv(world, 2, autoreset=False), tw.TwmrEnv(world, 6, autoreset=False)
    env.reset(seed=5)
    actions = np.random.default_rng(0).uniform(-1, 1, (30, 2, 8))
    for t, action in enumerate(actions):
        if t % 10 == 0:
            imagined.follow(env)
        _, reward, *_ = env.step(action)
        _, imagined_reward, *_ = imagined.step(np.repeat(action, 3, axis=0))
        np.testing.assert_array_equal(imagined_reward, np.repeat(reward, 3))
    np.testing.assert_array_equal(imagined.sim.qpos, np.repeat(env.sim.qpos, 3, axis=0))


@pytest.mark.parametrize(
    ("settings", "skip"), [({}, 4), ({"ctrl_dt": 0.022}, 5), ({"frame_skip": 3, "timestep": 0.002}, 2)]
)
def test_it_plans_in_the_longest_physics_steps_that_make_up_a_control_step(settings, skip):
    world = tw.EnvConfig(**settings, end_on_success=True)
    planned, real = tw.TwmrEnv(plan_world(world), 1).sim, tw.TwmrEnv(world, 1).sim
    assert planned.frame_skip == skip
    assert planned.ctrl_dt == pytest.approx(real.ctrl_dt)
    assert planned.config.timestep <= 0.005


def test_wheels_are_where_the_simulation_has_them():
    transition = tw.record("random", STEP, num_steps=20).transition
    model = build_model(STEP)
    data = mujoco.MjData(model)
    for qpos, *found in zip(transition.qpos, *wheel_centres(transition.qpos), strict=True):
        data.qpos[:] = qpos
        mujoco.mj_kinematics(model, data)
        there = [data.body(f"{name}_wheel_body").xpos for name in WHEELS]
        np.testing.assert_allclose(np.transpose(found), np.array(there)[:, [0, 2]], atol=1e-9)


def test_turning_pays_until_every_wheel_is_up():
    episode = tw.record("zero", STEP, num_steps=2)
    turn = next(term for term in climb_terms(STEP, yaw=0.5) if term.name == "turn")
    np.testing.assert_allclose(turn.fn(episode.transition), 0.5 - FREE, atol=0.01)
    up = dataclasses.replace(episode.transition, qpos=episode.transition.qpos + np.eye(1, 23))
    assert (turn.fn(up) == 0).all()
    assert "turn" not in {term.name for term in climb_terms(STEP)}


def test_a_recorded_plan_holds_all_that_any_policy_would_have_seen():
    from twmr_nb.task.observations import observe

    for mode in ("proprio", "proprio_contact", "compact_obstacle", "full"):
        world = STEP.replace(obs_mode=mode)
        env = tw.TwmrEnv(world, 1, autoreset=False)
        env.reset(seed=2)
        t = tw.record("random", world, seed=2, num_steps=8).transition
        again = observe(world, t.qpos, t.qvel, t.accelerometer, t.gyro, t.touch, world.step_height)
        actions = tw.record("random", world, seed=2, num_steps=8).action
        seen = np.concatenate([env.step(action[None])[0] for action in actions])
        np.testing.assert_array_equal(again, seen, err_msg=mode)


def test_evaluate_judges_it_as_any_policy():
    assert tw.evaluate(tw.Planner(samples=8), FLAT.replace(max_steps=3), episodes=2)["policy"] == "planner, climb"


MISTAKES = {
    "goal = 'up' is not allowed: give 'climb' or 'reward'": lambda: tw.Planner("up"),
    "yaw = 2 is not allowed: give a number from 0 to 1.5 (rad)": lambda: tw.Planner(yaw=2),
    "yaw = 0.5 has no effect with goal 'reward'": lambda: tw.Planner("reward", yaw=0.5),
    "samples = 3 is not allowed: give a whole number from 8 to 1000": lambda: tw.Planner(samples=3),
    "samples = 9.5 is not allowed": lambda: tw.Planner(samples=9.5),
    "seed = -1 is not allowed": lambda: tw.plan(seed=-1),
    "num_steps = 0 is not allowed": lambda: tw.plan(num_steps=0),
    "'flat' is no world": lambda: tw.plan("flat"),
    "plays only where it can look into the world": lambda: tw.Planner().act(np.zeros((1, 34))),
}


@pytest.mark.parametrize("said", MISTAKES)
def test_a_mistake_is_one_sentence(said):
    with pytest.raises(tw.ConfigError) as caught:
        MISTAKES[said]()
    assert said in str(caught.value)
