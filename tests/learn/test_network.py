"""The LSTM against flax's own cell and a step worked out by hand; the normaliser and the density against NumPy."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from twmr_nb.learn.network import (  # fmt: skip
    ActorCritic,
    forward,
    init_carry,
    init_policy,
    log_prob,
    lstm,
    lstm_step,
    normalize,
    reflect,
    update_normalizer,
)
from twmr_nb.learn.policy import Mirror, Normalizer

T, N, H = 5, 3, 4


def sequences(seed: int = 0):
    rng = np.random.default_rng(seed)
    recurrent = jnp.array(rng.normal(size=(H, 4 * H)), jnp.float32)
    carry = (jnp.array(rng.normal(size=(N, H)), jnp.float32), jnp.array(rng.normal(size=(N, H)), jnp.float32))
    from_input = jnp.array(rng.normal(size=(T, N, 4 * H)), jnp.float32)
    start = np.zeros((T, N), bool)
    start[2, 1] = start[0, 2] = True
    return recurrent, carry, from_input, jnp.array(start)


def test_a_step_by_hand():
    """One robot with one cell, whose four gates are i, f, g, o."""
    i, f, g, o = 0.5 + 0.1 * 3, -1.0 + 0.2 * 3, 0.25 - 0.3 * 3, 2.0 + 0.4 * 3  # from the input, and from hidden state 3

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    cell = sigmoid(f) * 2 + sigmoid(i) * np.tanh(g)
    recurrent, from_input = jnp.array([[0.1, 0.2, -0.3, 0.4]]), jnp.array([[0.5, -1.0, 0.25, 2.0]])
    carry = jnp.array([[2.0]]), jnp.array([[3.0]])
    ours = lstm_step(recurrent, carry, from_input, jnp.array([False]))
    np.testing.assert_allclose(np.ravel(ours), [cell, sigmoid(o) * np.tanh(cell)], rtol=1e-6)
    fresh = lstm_step(recurrent, carry, from_input, jnp.array([True]))
    cell = sigmoid(0.5) * np.tanh(0.25)
    np.testing.assert_allclose(np.ravel(fresh), [cell, sigmoid(2.0) * np.tanh(cell)], rtol=1e-6)


def test_cell_equals_flax():
    recurrent, carry, from_input, _ = sequences()
    i, f, g, o = jnp.split(recurrent, 4, axis=1)
    zero = {"bias": jnp.zeros(H)}
    params = {f"h{k}": {"kernel": w, **zero} for k, w in zip("ifgo", (i, f, g, o), strict=True)}
    params |= {f"i{k}": {"kernel": jnp.eye(4 * H)[:, n * H : (n + 1) * H]} for n, k in enumerate("ifgo")}
    theirs, _ = nn.LSTMCell(H).apply({"params": params}, carry, from_input[0])
    ours = lstm_step(recurrent, carry, from_input[0], jnp.zeros(N, bool))
    np.testing.assert_allclose(ours[0], theirs[0], atol=1e-5)
    np.testing.assert_allclose(ours[1], theirs[1], atol=1e-5)


def test_episode_start_forgets_everything_before():
    recurrent, carry, from_input, start = sequences()
    _, hidden = lstm(recurrent, carry, from_input, start)
    zeros = (jnp.zeros((N, H)), jnp.zeros((N, H)))
    _, fresh = lstm(recurrent, zeros, from_input[2:], jnp.zeros((T - 2, N), bool))
    np.testing.assert_allclose(hidden[2:, 1], fresh[:, 1], atol=1e-6)  # robot 1 restarts at step 2
    assert np.abs(hidden[2:, 0] - fresh[:, 0]).max() > 1e-3  # robot 0 remembers


def test_stepping_equals_one_sequence():
    network = ActorCritic(8, H)
    policy = init_policy(network, jax.random.key(1), 6, -0.5)
    obs = jnp.array(np.random.default_rng(0).normal(size=(T, N, 6)), jnp.float32)
    start = sequences()[3]
    _, mean, value = forward(network, policy, init_carry(network, N), obs, start)
    carry = init_carry(network, N)
    for t in range(T):
        carry, one_mean, one_value = forward(network, policy, carry, obs[t : t + 1], start[t : t + 1])
        np.testing.assert_allclose(one_mean[0], mean[t], atol=1e-5)
        np.testing.assert_allclose(one_value[0], value[t], atol=1e-5)


SWAPPED = Mirror(obs=((1, 1), (0, 1), (2, -1), (3, 1), (4, -1)), action=((1, 1), (0, 1)))


def test_the_mirror_image_of_a_row_by_hand():
    row = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    np.testing.assert_array_equal(reflect(SWAPPED.obs, row), [20, 10, -30, 40, -50])
    np.testing.assert_array_equal(reflect(SWAPPED.obs, row[:4]), [20, 10, -30, 40])  # in play: without the critic's own


def test_in_the_mirror_a_symmetric_policy_does_the_mirror_image():
    network = ActorCritic(8, H, action_size=2, critic_size=1, mirror=SWAPPED)
    policy = init_policy(network, jax.random.key(1), 5, -0.5)
    obs = jnp.array(np.random.default_rng(0).normal(size=(T, N, 5)), jnp.float32)
    start = sequences()[3]
    carry, mean, value = forward(network, policy, init_carry(network, N), obs, start)
    carry_there, mean_there, value_there = forward(
        network, policy, init_carry(network, N), reflect(SWAPPED.obs, obs), start
    )
    np.testing.assert_allclose(mean_there, mean[..., ::-1], atol=1e-6)
    np.testing.assert_allclose(value_there, value, atol=1e-6)
    for part, there in zip(carry, carry_there, strict=True):  # each side's memory is the other's there
        np.testing.assert_allclose(there, jnp.roll(part, H, axis=1), atol=1e-6)
    assert np.abs(mean[..., 0] - mean[..., 1]).max() > 1e-3  # or equal actions would do
    again, _, _ = forward(network, policy, carry, obs[:1], jnp.ones((1, N), bool))
    fresh, _, _ = forward(network, policy, init_carry(network, N), obs[:1], start[:1])
    np.testing.assert_allclose(again[0], fresh[0], atol=1e-6)  # an episode's start forgets both sides


def test_first_actions_scale_what_a_fresh_policy_does_and_nothing_else():
    network, obs, start = ActorCritic(8, H), jnp.ones((1, N, 6)), jnp.ones((1, N), bool)
    plain, still = (init_policy(network, jax.random.key(1), 6, -0.5, gain) for gain in (1.0, 0.05))
    carry, mean, value = forward(network, plain, init_carry(network, N), obs, start)
    same_carry, small, same_value = forward(network, still, init_carry(network, N), obs, start)
    np.testing.assert_allclose(small, 0.05 * mean, rtol=1e-5)
    np.testing.assert_array_equal(same_value, value)
    np.testing.assert_array_equal(same_carry[0], carry[0])
    assert np.abs(mean).max() > 0.1


def test_normalizer_is_the_mean_and_variance_of_everything_seen():
    data = np.random.default_rng(0).normal(3, 2, size=(50, 4, 2)).astype(np.float32)
    normalizer = Normalizer(jnp.zeros(2), jnp.ones(2), jnp.zeros(()))
    for part in (data[:10], data[10:11], data[11:]):
        normalizer = update_normalizer(normalizer, part)
    np.testing.assert_allclose(normalizer.mean, data.reshape(-1, 2).mean(0), rtol=1e-5)
    np.testing.assert_allclose(normalizer.var, data.reshape(-1, 2).var(0), rtol=1e-4)
    assert float(normalizer.samples) == 200
    assert float(jnp.abs(normalize(normalizer, jnp.full(2, 1e9))).max()) == 10.0


def test_log_prob_by_hand():
    # N(0, 1) at 0: -0.9189 per action; tanh'(0) = 1, so the correction vanishes but for the guard 1e-6
    assert float(log_prob(jnp.zeros(2), jnp.zeros(2), jnp.zeros(2))) == pytest.approx(-1.837879, abs=1e-5)
    # at 1 with std e: density exp(-0.5/e^2)/(e*sqrt(2 pi)), and minus log(1 - tanh(1)^2) = +0.867561
    expected = -0.5 * np.exp(-2) - 1 - 0.918939 + 0.867561
    assert float(log_prob(jnp.ones(1), jnp.zeros(1), jnp.ones(1))) == pytest.approx(expected, abs=1e-4)
