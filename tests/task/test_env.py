"""The environment: batches, episode ends, divergence, bad inputs."""

from typing import Any

import gymnasium
import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from twmr_nb import ConfigError, EnvConfig, TwmrEnv

TERMS = ["forward", "alive", "control", "extension", "post_success", "success"]


def actions(n: int, steps: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-1, 1, (steps, n, 8)).astype(np.float32)


CONFIGS = [
    EnvConfig(max_steps=20),
    EnvConfig(scene="step_7cm", obs_mode="full", action_mode="leg_position", max_steps=20),
    EnvConfig(scene="step", step_height=0.02, step_height_max=0.06, obs_mode="compact_obstacle", max_steps=20),
    EnvConfig(scene="flat", obs_mode="compact", gate_mode="obstacle", settle_steps=3, max_steps=20, min_z=0.027),
]


@pytest.mark.parametrize("config", CONFIGS, ids=lambda c: f"{c.scene}-{c.obs_mode}")
def test_a_batch_is_as_many_single_robots(config: EnvConfig) -> None:
    """Over several episodes: the generators go on, each on its own."""
    seed, plan = 7, actions(3, 50)
    batch = TwmrEnv(config, 3)
    singles = [TwmrEnv(config, 1) for _ in range(3)]
    obs, _ = batch.reset(seed=seed)
    alone = [env.reset(seed=seed + i)[0][0] for i, env in enumerate(singles)]
    assert_array_equal(obs, alone)
    ends = 0
    for row in plan:
        obs, reward, terminated, truncated, info = batch.step(row)
        ends += (terminated | truncated).sum()
        for i, env in enumerate(singles):
            one = env.step(row[i : i + 1])
            for both, single in zip((obs, reward, terminated, truncated), one, strict=False):
                assert both[i] == pytest.approx(single[0], abs=0)
            for key in ("x", "z", "gate", "passed", "step_height"):
                assert info[key][i] == one[4][key][0], key
            for name in TERMS:
                assert info["reward_terms"][name][i] == one[4]["reward_terms"][name][0], name
    assert ends >= 6


def test_same_seed_same_run_and_threads_do_not_matter() -> None:
    plan = actions(5, 30)
    ends = []
    for threads in (1, 2, 2):
        env = TwmrEnv(EnvConfig(max_steps=12), 5, num_threads=threads)
        env.reset(seed=3)
        ends.append(np.concatenate([np.append(*env.step(row)[:2]) for row in plan]))
    assert_array_equal(ends[0], ends[1])
    assert_array_equal(ends[1], ends[2])


def test_robots_start_differently_and_a_reset_without_a_seed_goes_on() -> None:
    env = TwmrEnv(EnvConfig(), 2)
    first, _ = env.reset(seed=0)
    assert np.abs(first[0] - first[1]).max() > 1e-3
    second, _ = env.reset()
    assert np.abs(first - second).max() > 1e-3
    again, _ = env.reset(seed=0)
    assert_array_equal(first, again)
    listed, _ = env.reset(seed=[1, 0])
    assert_array_equal(listed, again[::-1])


def test_what_step_returns() -> None:
    env = TwmrEnv(EnvConfig(), 4)
    obs, info = env.reset(seed=0)
    assert (obs.shape, obs.dtype) == ((4, 22), np.float32)
    assert {"x", "z", "gate", "passed"} <= set(info)
    obs, reward, terminated, truncated, info = env.step(np.zeros((4, 8)))
    assert (obs.shape, obs.dtype) == ((4, 22), np.float32)
    assert (reward.shape, reward.dtype) == ((4,), np.float64)
    for flag in (terminated, truncated, info["passed"], info["on_back"]):
        assert (flag.shape, flag.dtype) == ((4,), bool)
    assert_array_equal(info["speed"], np.abs(info["reward_terms_raw"]["forward"]))
    for key in ("x", "z", "speed", "gate", "step_height"):
        assert (info[key].shape, info[key].dtype) == ((4,), np.float64)
    assert list(info["reward_terms"]) == list(info["reward_terms_raw"]) == TERMS
    assert_array_equal(sum(info["reward_terms"].values()), reward)


def test_truncation_keeps_the_final_observation_and_starts_anew() -> None:
    env = TwmrEnv(EnvConfig(max_steps=5, obs_mode="compact"), 3)
    env.reset(seed=0)
    plan = actions(3, 10)
    for row in plan[:4]:
        _, _, terminated, truncated, info = env.step(row)
        assert not (terminated | truncated).any()
        assert "final_obs" not in info
    obs, _, terminated, truncated, info = env.step(plan[4])
    assert truncated.all()
    assert not terminated.any()
    assert_array_equal(info["_final_obs"], [True] * 3)
    assert_array_equal(info["final_obs"][:, 0], info["x"].astype(np.float32))
    assert_array_equal(env.transition.x, info["x"])
    assert np.abs(obs - info["final_obs"]).max(axis=1).min() > 1e-3
    following, _, _, truncated, _ = env.step(plan[5])
    assert np.abs(following[:, 0] - obs[:, 0]).max() < 0.01  # it goes on from the new start
    for row in plan[6:]:
        assert not truncated.any()
        _, _, _, truncated, _ = env.step(row)
    assert truncated.all()


def test_a_robot_that_sinks_is_terminated_alone() -> None:
    env = TwmrEnv(EnvConfig(obs_mode="compact", min_z=0.05), 3)
    env.reset(seed=0)
    env.sim.qpos[[0, 2], 2] = 0.3  # two fall from high up, one stands below min_z
    obs, _, terminated, truncated, info = env.step(np.zeros((3, 8)))
    assert_array_equal(terminated, [False, True, False])
    assert not truncated.any()
    assert info["z"][1] < 0.05
    assert info["final_obs"][1, 1] == np.float32(info["z"][1])
    assert obs[1, 1] != info["final_obs"][1, 1]
    assert_array_equal(obs[[0, 2]], info["final_obs"][[0, 2]])


def test_termination_wins_over_truncation() -> None:
    env = TwmrEnv(EnvConfig(max_steps=1, min_z=0.1), 2)
    env.reset(seed=0)
    _, _, terminated, truncated, _ = env.step(np.zeros((2, 8)))
    assert terminated.all()
    assert not truncated.any()


@pytest.mark.parametrize("end", [True, False])
def test_success(end: bool) -> None:
    env = TwmrEnv(EnvConfig(end_on_success=end, success_bonus=7.0, post_success_penalty=0.5), 2)
    env.reset(seed=0)
    env.sim.qpos[1, 0] = 1.5
    _, _, terminated, truncated, info = env.step(np.zeros((2, 8)))
    assert_array_equal(info["passed"], [False, True])
    assert_array_equal(info["reward_terms"]["success"], [0.0, 7.0])
    assert_array_equal(info["reward_terms"]["post_success"], [0.0, 0.0])
    assert_array_equal(truncated, [False, end])
    assert not terminated.any()
    _, _, _, _, info = env.step(np.zeros((2, 8)))
    assert_array_equal(info["passed"], [False, not end])
    assert_array_equal(info["reward_terms"]["success"], [0.0, 0.0])
    assert (info["reward_terms"]["post_success"][1] < 0) == (not end)


@pytest.mark.parametrize("autoreset", [True, False])
@pytest.mark.parametrize(("field", "value"), [("qpos", np.nan), ("qvel", np.nan), ("qvel", 1e300), ("qvel", 1e8)])
def test_a_diverged_robot_ends_with_finite_numbers(
    autoreset: bool, field: str, value: float, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # MuJoCo writes its warning to a file where it runs
    env = TwmrEnv(EnvConfig(), 3, autoreset=autoreset)
    env.reset(seed=0)
    env.step(np.zeros((3, 8)))
    getattr(env.sim, field)[1, 5] = value
    obs, reward, terminated, _, info = env.step(np.full((3, 8), 0.3))
    assert_array_equal(terminated, [False, True, False])
    assert_array_equal(info["diverged"], [False, True, False])
    [lost] = env.lost
    assert (lost["robot"], lost["step"], lost["action"]) == (1, 1, np.full(8, 0.3, np.float32).tolist())
    assert_array_equal(lost[field][5], value)  # as it was before the step
    for values in (obs, reward, info.get("final_obs", obs), info["x"], *info["reward_terms_raw"].values()):
        assert np.isfinite(values).all()
    assert info["reward_terms_raw"]["forward"][1] == 0
    obs, reward, terminated, _, _ = env.step(np.zeros((3, 8)))
    assert np.isfinite(obs).all()
    assert not terminated.any()


def test_position_servos_hold_the_legs_while_settling() -> None:
    env = TwmrEnv(EnvConfig(action_mode="leg_position", retract_angle=0.3, settle_steps=200), 2)
    env.reset(seed=0)
    assert_array_equal(env.sim.ctrl[:, 4:], np.full((2, 4), np.float32(0.3)))
    assert_allclose(env.sim.legs, 0.3, atol=0.1)
    _, _, _, _, info = env.step(np.ones((2, 8)))
    assert_allclose(env.sim.ctrl[:, 4:], 3.427, rtol=1e-6)
    # The cost counts what the motors gave, at most 0.8 and 0.6 N m, not the commanded angles.
    assert np.abs(env.transition.torque).max() <= 0.8 + 1e-6
    assert info["reward_terms_raw"]["control"] == pytest.approx((env.transition.torque**2).sum(axis=1))


def test_actions_are_clipped() -> None:
    env = TwmrEnv(EnvConfig(), 1)
    env.reset(seed=0)
    env.step([[5.0, -5.0, 0.5, 0, 5.0, -5.0, 0.5, 0]])
    assert_allclose(env.sim.ctrl[0], [0.8, -0.8, 0.4, 0, 0.6, -0.6, 0.3, 0], rtol=1e-6)


def test_bad_inputs_say_what_is_wrong() -> None:
    env = TwmrEnv(EnvConfig(), 3)
    with pytest.raises(gymnasium.error.ResetNeeded, match="call reset"):
        env.step(np.zeros((3, 8)))
    env.reset(seed=0)
    with pytest.raises(ValueError, match=r"actions have shape \(8,\): give \(3, 8\)"):
        env.step(np.zeros(8))
    with pytest.raises(ValueError, match="actions contain nan"):
        env.step(np.full((3, 8), np.nan))
    with pytest.raises(ValueError, match="2 seeds for 3 robots"):
        env.reset(seed=[1, 2])
    with pytest.raises(ConfigError, match="num_envs = 0"):
        TwmrEnv(num_envs=0)


def test_transitions_are_left_alone_by_later_steps() -> None:
    env = TwmrEnv(EnvConfig(max_steps=2), 2)
    env.reset(seed=0)
    env.step(np.zeros((2, 8)))
    kept = env.transition
    copies = {
        name: np.copy(getattr(kept, name)) for name in ("qpos", "qvel", "torque", "gyro", "gate", "passed_before")
    }
    for row in actions(2, 5):
        env.step(row)
    for name, values in copies.items():
        assert_array_equal(getattr(kept, name), values, err_msg=name)


def test_sensors_are_where_the_environment_reads_them() -> None:
    model = TwmrEnv().sim.model
    addresses = [model.sensor(name).adr[0] for name in ("root_acc", "root_gyro", "box_touch")]
    assert addresses == [13, 16, 19]


@pytest.mark.parametrize(("timestep", "frame_skip"), [(0.001, 20), (0.002, 10), (0.004, 5), (0.005, 4)])
def test_a_control_step_lasts_as_long_on_coarse_physics(timestep: float, frame_skip: int) -> None:
    env = TwmrEnv(EnvConfig(timestep=timestep, settle_steps=0), 2)
    env.reset(seed=0)
    for row in actions(2, 3):
        env.step(row)
    time = env.sim.state[:, 0]
    assert (env.sim.model.opt.timestep, env.sim.frame_skip) == (timestep, frame_skip)
    assert_allclose(time, 3 * 0.02, rtol=1e-12)


def test_without_autoreset_a_robot_rests_after_its_episode_and_the_others_go_on() -> None:
    config, plan = EnvConfig(end_on_success=True), actions(3, 6)
    env, alone = TwmrEnv(config, 3, autoreset=False), TwmrEnv(config, 1)
    env.reset(seed=0)
    alone.reset(seed=2)
    env.sim.qpos[1, 0] = 1.4  # beyond success_x: it ends with the first step
    states = []
    for row in plan:
        _, _, _, truncated, _ = env.step(row)
        alone.step(row[2:])
        states.append(env.sim.qpos_qvel[1].copy())
        assert_array_equal(truncated, [False, len(states) == 1, False])
    assert all((state == states[0]).all() for state in states)
    assert_array_equal(env.sim.qpos_qvel[2], alone.sim.qpos_qvel[0])
    env.reset(seed=0)
    env.step(plan[0])
    assert (env.sim.qpos_qvel[1] != states[0]).any(), "a reset lets it go again"


def test_threads_of_physics_are_set_from_outside_and_change_no_number(monkeypatch):
    def seen(threads: str) -> np.ndarray:
        monkeypatch.setenv("TWMR_THREADS", threads)
        env = TwmrEnv(EnvConfig(max_steps=12), 5)
        env.reset(seed=3)
        return np.array([env.step(action)[0] for action in actions(5, 20)])

    assert_array_equal(seen("1"), seen("3"))
    with pytest.raises(ConfigError, match="TWMR_THREADS = 'two' is not allowed"):
        seen("two")


@pytest.mark.parametrize("name", ["physics", "steps", "passed", "generators"])
def test_a_state_that_lacks_a_part_is_refused_and_nothing_moves(name):
    env = TwmrEnv(EnvConfig(max_steps=20), 2)
    env.reset(seed=0)
    before = env.get_state()
    env.step(actions(2, 1)[0])
    here = env.sim.state.copy()
    with pytest.raises(ValueError, match=f"this state lacks {name}: give one that get_state"):
        env.set_state({k: v for k, v in before.items() if k != name})
    assert_array_equal(env.sim.state, here)


def test_a_state_of_other_robots_is_refused_and_nothing_moves():
    env, more = (TwmrEnv(EnvConfig(max_steps=20), n) for n in (2, 3))
    env.reset(seed=0), more.reset(seed=0)
    here = env.sim.state.copy()
    with pytest.raises(ValueError, match=r"this state holds 3 robots, or another model; here are 2"):
        env.set_state(more.get_state())
    assert_array_equal(env.sim.state, here)


def test_who_has_no_longer_passed_drives_on_in_full_once_it_passes_again():
    """A success_x moved ahead in mid-episode: what was driven behind the old one does not count."""
    config = EnvConfig(scene="flat", success_x=0.3, end_on_success=True, drive_on=0.06, max_steps=99)
    env, still, past = TwmrEnv(config, 1), np.zeros((1, 8), np.float32), []
    env.reset(seed=0)

    def ended(x: float) -> bool:
        env.sim.qpos[0, 0] = x
        truncated = bool(env.step(still)[3][0])
        past.append(env.transition)
        return truncated

    assert [ended(x) for x in (0.1, 0.4, 0.4)] == [False] * 3
    env.go_on(config.replace(success_x=0.8), past)
    assert [ended(x) for x in (0.5, 0.9, 0.9, 0.9, 0.9)] == [False, False, False, False, True]
