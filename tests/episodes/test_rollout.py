"""Recorded episodes: faithful, and re-scored by the very functions that scored them live."""

import dataclasses
import functools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twmr_nb import EnvConfig, TwmrEnv, reward_term
from twmr_nb.config.schema import ConfigError
from twmr_nb.episodes.rollout import Rollout, load_rollout, record, record_many
from twmr_nb.policies.protocol import RandomPolicy, ZeroPolicy
from twmr_nb.policies.saved import PolicyError, load_policy, write_arrays
from twmr_nb.robot.model import step_height
from twmr_nb.task.transition import Transition

GATES = ["none", "obstacle", "proprio", "felt"]


class DriveOn:
    """Wheels ahead at full torque, legs left alone: reaches x = 0.2 m within a second."""

    title = "drive on"

    def reset(self, num_envs):
        self.action = np.tile(np.float32([1, 1, 1, 1, 0, 0, 0, 0]), (num_envs, 1))

    def act(self, obs):
        return self.action


def assert_same(a: Rollout, b: Rollout) -> None:
    """Equal to the bit, dtypes and the order of the terms included."""
    for field in dataclasses.fields(Transition):
        x, y = getattr(a.transition, field.name), getattr(b.transition, field.name)
        assert np.asarray(x).dtype == np.asarray(y).dtype, field.name
        np.testing.assert_array_equal(x, y, err_msg=field.name)
    np.testing.assert_array_equal(a.action, b.action)
    assert list(a.reward_terms) == list(b.reward_terms)
    for name in a.reward_terms:
        np.testing.assert_array_equal(a.reward_terms[name], b.reward_terms[name], err_msg=name)
    for name in ("config", "step_height", "terminated", "truncated", "title", "gamma"):
        assert getattr(a, name) == getattr(b, name)


def test_recording_is_what_the_environment_did():
    config = EnvConfig(gate_mode="obstacle")
    rollout = record(RandomPolicy(3), config, seed=5, num_steps=20)
    env, policy = TwmrEnv(config), RandomPolicy(3)
    obs, _ = env.reset(seed=5)
    policy.reset(1)
    for t in range(20):
        action = policy.act(obs)
        obs, reward, _, _, info = env.step(action)
        np.testing.assert_array_equal(rollout.action[t], action[0])
        np.testing.assert_array_equal(rollout.transition.qpos[t], env.transition.qpos[0])
        assert rollout.transition.x[t] == info["x"][0]
        assert rollout.reward[t] == reward[0]
    assert not rollout.terminated
    assert not rollout.truncated
    assert rollout.time[[0, -1]] == pytest.approx([0.02, 0.4])


def test_an_episode_ends_at_its_end():
    whole = record(ZeroPolicy(), EnvConfig(max_steps=7))
    assert (len(whole.action), whole.truncated, whole.terminated) == (7, True, False)
    assert whole.world == whole.config
    fallen = record(ZeroPolicy(), EnvConfig(min_z=0.1))
    assert (len(fallen.action), fallen.truncated, fallen.terminated) == (1, False, True)


def test_many_are_the_same_as_one_at_a_time():
    config = EnvConfig(scene="step", step_height=0.02, step_height_max=0.06, success_x=0.03, end_on_success=True)
    together = record_many(DriveOn(), 3, config, seed=4, num_steps=60)
    alone = [record(DriveOn(), config, seed=4 + i, num_steps=60) for i in range(3)]
    for a, b in zip(together, alone, strict=True):
        assert_same(a, b)
    assert len({rollout.step_height for rollout in together}) == 3
    assert [step_height(rollout.world) for rollout in together] == [rollout.step_height for rollout in together]
    assert all(rollout.truncated and rollout.transition.passed[-1] for rollout in together)


@pytest.mark.parametrize("mode", GATES)
@pytest.mark.parametrize("player", [RandomPolicy(1), DriveOn()], ids=["random", "drive on"])
def test_rescoring_with_its_own_config_changes_nothing(mode, player):
    config = EnvConfig(gate_mode=mode, success_x=0.05, post_success_penalty=0.3, extension_penalty=0.05)
    bumpy = reward_term(lambda t: np.abs(t.roll), weight=-0.1, name="bumpy")
    rollout = record(player, config, seed=2, num_steps=120, extra_terms=[bumpy])
    weighted = rollout.rescore(config, [bumpy]).weighted
    assert list(weighted) == list(rollout.reward_terms)
    for name in weighted:
        np.testing.assert_array_equal(weighted[name], rollout.reward_terms[name], err_msg=name)
    if isinstance(player, DriveOn):
        assert rollout.reward_terms["success"].sum() == config.success_bonus
        assert np.any(rollout.reward_terms["post_success"])


def test_rescoring_is_what_another_config_would_have_paid_live():
    """The physics does not know of rewards: the same actions under other reward settings, scored live, agree."""
    settings = {"gate_mode": "obstacle", "obstacle_buffer": 1.0, "extend_mode": "midpoint", "extension_penalty": 0.5}
    settings |= {"success_x": 0.1, "post_success_penalty": 1.0, "control_cost": 0.02}
    rollout = record(DriveOn(), EnvConfig(), seed=1, num_steps=80)
    live = record(DriveOn(), EnvConfig(**settings), seed=1, num_steps=80)
    weighted = rollout.rescore(EnvConfig(**settings)).weighted
    for name in weighted:
        np.testing.assert_array_equal(weighted[name], live.reward_terms[name], err_msg=name)
    assert np.ptp(rollout.reward) != np.ptp(live.reward)


@functools.cache
def template(gate_mode: str, length: int) -> Rollout:
    return record(ZeroPolicy(), EnvConfig(gate_mode=gate_mode), num_steps=length)


floats = st.floats(width=64)  # nan and infinity, too: a robot that diverged can be saved


@given(
    length=st.integers(1, 4),
    value=floats,
    own=st.text("abcdefgh_", min_size=1),
    title=st.text(),
    gamma=st.none() | st.floats(0, 1),
    flags=st.tuples(st.booleans(), st.booleans()),
    gate_mode=st.sampled_from(GATES),
)
def test_file_round_trip(tmp_path_factory, length, value, own, title, gamma, flags, gate_mode):
    plain = template(gate_mode, length)
    everywhere = np.full_like(plain.transition.qpos, value)
    transition = dataclasses.replace(plain.transition, qpos=everywhere, qpos_before=everywhere)
    terms = plain.reward_terms | {own: np.full(length, value)}
    rollout = Rollout(plain.config, transition, terms, plain.step_height, *flags, title, gamma)
    path = rollout.save(tmp_path_factory.mktemp("rollout") / "a.safetensors")
    assert_same(load_rollout(path), rollout)


def test_an_episode_knows_the_discount_that_its_policy_was_trained_with():
    saved = load_policy("climber")
    patient = dataclasses.replace(saved, config=saved.config.replace(gamma=0.7))
    gammas = [record(who, saved.config.env, num_steps=2).gamma for who in (patient, patient.player(), "zero")]
    assert gammas == [0.7, 0.7, None]


def test_files_that_are_no_rollouts_are_refused_in_a_sentence(tmp_path):
    with pytest.raises(PolicyError, match="no rollout at"):
        load_rollout(tmp_path / "missing.safetensors")
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"not a file of ours")
    with pytest.raises(PolicyError, match="damaged"):
        load_rollout(broken)
    other = write_arrays(tmp_path / "policy.safetensors", {"a": np.zeros(2)}, {"format": "twmr_nb policy 1"})
    with pytest.raises(PolicyError, match="is not a rollout"):
        load_rollout(other)


def test_no_steps_are_refused():
    with pytest.raises(ConfigError, match="num_steps = 0"):
        record(ZeroPolicy(), num_steps=0)
