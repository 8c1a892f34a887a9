"""The policy: an LSTM actor-critic with a tanh-squashed Gaussian, and the running observation normaliser.

One code path serves acting, learning, evaluating and playing: `ActorCritic` always reads whole sequences
`[time, robots, ...]`, and a single step is a sequence of length one. Episode starts reset the LSTM's carry inside the
scan.
"""

from functools import partial
from typing import Any, NamedTuple

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np

from twmr_nb.learn.policy import ACTION_SIZE, Array, Mirror, Normalizer, PolicyParams

Carry = tuple[Array, Array]  # the LSTM's cell and hidden state, each [N, H]
OBS_CLIP = 10.0  # normalised observations beyond ten standard deviations carry no information


def reflect(columns: tuple[tuple[int, int], ...], array: Array) -> Array:
    """The mirror image of [..., D]; in play the critic's own columns, the last, may be absent."""
    source, sign = np.array(columns[: array.shape[-1]]).T
    return array[..., source] * sign.astype(array.dtype)


class ActorCritic(nn.Module):
    """Dense tanh -> LSTM -> Dense tanh -> action mean and state value (Hochreiter & Schmidhuber 1997, no peepholes).

    With a mirror it answers the mean of what it would do and of what it would do in the mirror, mirrored back. So in
    the mirror image of a situation it does the mirror image, exactly (one of the ways that Abdolhosseini et al. 2019,
    "On learning symmetric locomotion", compare).
    """

    mlp_size: int = 64
    hidden_size: int = 64
    action_size: int = ACTION_SIZE
    critic_size: int = 0
    """Columns at the end of obs that only the value sees; 0 in play, where obs lacks them and no value is needed."""
    mirror: Mirror | None = None

    def __call__(self, carry: Carry, obs: Array, episode_start: Array) -> tuple[Carry, Array, Array]:
        """obs [T, N, D], episode_start [T, N] bool -> carry, mean [T, N, A], value [T, N]."""
        if self.mirror is None:
            return self.answer(carry, obs, episode_start)
        # The images are further robots, each with a memory of its own: the second half of its robot's carry.
        robots = obs.shape[1]
        both = jnp.concatenate([obs, reflect(self.mirror.obs, obs)], axis=1)
        cell, hidden = (jnp.concatenate(jnp.split(part, 2, axis=-1)) for part in carry)
        (cell, hidden), mean, value = self.answer((cell, hidden), both, jnp.tile(episode_start, 2))
        mean = (mean[:, :robots] + reflect(self.mirror.action, mean[:, robots:])) / 2
        value = (value[:, :robots] + value[:, robots:]) / 2
        cell, hidden = (jnp.concatenate(jnp.split(part, 2), axis=-1) for part in (cell, hidden))
        return (cell, hidden), mean, value

    @nn.compact
    def answer(self, carry: Carry, obs: Array, episode_start: Array) -> tuple[Carry, Array, Array]:
        """The network on what it is shown."""
        seen = obs[..., : obs.shape[-1] - self.critic_size]
        embedding = jnp.tanh(nn.Dense(self.mlp_size, name="encoder")(seen))
        # The input's share of the four gates needs no recurrence: one large product for all steps.
        from_input = nn.Dense(4 * self.hidden_size, name="lstm_input")(embedding)
        recurrent = self.param("lstm_recurrent", recurrent_init, (self.hidden_size, 4 * self.hidden_size))
        carry, hidden = lstm(recurrent, carry, from_input, episode_start)
        head = jnp.tanh(nn.Dense(self.mlp_size, name="decoder")(hidden))
        mean = nn.Dense(self.action_size, name="action_mean")(head)
        if self.critic_size:  # an asymmetric critic (Pinto et al. 2018): the memory, and what the policy is not told
            told = jnp.concatenate([hidden, obs[..., seen.shape[-1] :]], axis=-1)
            head = jnp.tanh(nn.Dense(self.mlp_size, name="critic")(told))
        value = nn.Dense(1, name="value")(head)[..., 0]
        return carry, mean, value


def lstm(recurrent: Array, carry: Carry, from_input: Array, episode_start: Array) -> tuple[Carry, Array]:
    """recurrent [H, 4H], from_input [T, N, 4H], episode_start [T, N] bool -> the last carry, hidden [T, N, H]."""

    def step(carry: Carry, inputs: tuple[Array, Array]) -> tuple[Carry, Array]:
        carry = lstm_step(recurrent, carry, *inputs)
        return carry, carry[1]

    # With one robot the loop itself is a quarter of learning, so two steps a turn; more only takes longer to compile.
    return jax.lax.scan(step, carry, (from_input, episode_start), unroll=2 if from_input.shape[1] == 1 else 1)


def lstm_step(recurrent: Array, carry: Carry, from_input: Array, episode_start: Array) -> Carry:
    """One step of N robots. from_input [N, 4H] in the order i, f, g, o; episode_start [N] bool.

    The carry is zeroed *before* a step that begins an episode, so that no memory leaks from one into the next.
    """
    keep = (~episode_start)[:, None]
    cell, hidden = carry[0] * keep, carry[1] * keep
    i, f, g, o = jnp.split(from_input + hidden @ recurrent, 4, axis=-1)
    cell = jax.nn.sigmoid(f) * cell + jax.nn.sigmoid(i) * jnp.tanh(g)
    return cell, jax.nn.sigmoid(o) * jnp.tanh(cell)


def recurrent_init(key: Array, shape: tuple[int, int]) -> Array:
    """One orthogonal block per gate."""
    keys = jax.random.split(key, 4)
    block = nn.initializers.orthogonal()
    return jnp.concatenate([block(k, (shape[0], shape[0]), jnp.float32) for k in keys], axis=1)


# One program, compiled in a hurry: it runs once, and op by op it would be fifty small programs to compile.
@partial(jax.jit, static_argnames=("network", "obs_size"), compiler_options={"xla_backend_optimization_level": 0})
def init_policy(
    network: ActorCritic, key: Array, obs_size: int, log_std: float, first_actions: float = 1.0
) -> PolicyParams:
    """Fresh parameters, and a normaliser that changes nothing yet. first_actions scales the weights that actions come
    from: near 0 a policy begins by doing nothing but its noise (Andrychowicz et al. 2021, "What matters in on-policy
    reinforcement learning?")."""
    obs, start = jnp.zeros((1, 1, obs_size)), jnp.zeros((1, 1), bool)
    params = network.init(key, init_carry(network, 1), obs, start)["params"]
    params["action_mean"]["kernel"] *= first_actions
    normalizer = Normalizer(jnp.zeros(obs_size), jnp.ones(obs_size), jnp.zeros(()))
    return PolicyParams(params, jnp.full(network.action_size, log_std, jnp.float32), normalizer)


def init_carry(network: ActorCritic, num_envs: int) -> Carry:
    """The LSTM's state at the start of an episode: zeros, each [N, H]; [N, 2H] with a mirror."""
    zeros = jnp.zeros((num_envs, network.hidden_size * (2 if network.mirror else 1)))
    return zeros, zeros


def forward(
    network: ActorCritic, policy: PolicyParams, carry: Carry, obs: Array, episode_start: Array
) -> tuple[Carry, Array, Array]:
    """The network on normalised observations. obs [T, N, D] -> carry, mean [T, N, A], value [T, N]."""
    scaled = normalize(policy.normalizer, obs)
    result: Any = network.apply({"params": policy.params}, carry, scaled, episode_start)
    return result


def normalize(normalizer: Normalizer, obs: Array) -> Array:
    """(obs - mean) / std, clipped. In play the critic's own columns, the last, may be absent."""
    width = obs.shape[-1]
    scaled = (obs - normalizer.mean[:width]) / jnp.sqrt(normalizer.var[:width] + 1e-8)
    return jnp.clip(scaled, -OBS_CLIP, OBS_CLIP)


def update_normalizer(normalizer: Normalizer, obs: np.ndarray) -> Normalizer:
    """Fold a batch of observations [..., D] into the running statistics (in float64, kept as float32)."""
    batch = np.asarray(obs, np.float64).reshape(-1, obs.shape[-1])
    old_mean, old_var, old_count = (np.asarray(a, np.float64) for a in normalizer)
    mean, var, count = batch.mean(0), batch.var(0), len(batch)
    total = old_count + count
    delta = mean - old_mean
    new_mean = old_mean + delta * count / total
    new_var = (old_var * old_count + var * count + delta**2 * old_count * count / total) / total
    return Normalizer(*(jnp.asarray(a, jnp.float32) for a in (new_mean, new_var, total)))


def log_prob(pre_tanh: Array, mean: Array, log_std: Array) -> Array:
    """Log-density of tanh(pre_tanh), pre_tanh ~ N(mean, std). [..., A] -> [...].

    The change of variables subtracts log(1 - tanh^2 + 1e-6), the small constant guarding the logarithm
    (Haarnoja et al. 2018, appendix C).
    """
    z = (pre_tanh - mean) * jnp.exp(-log_std)
    gaussian = -0.5 * (z**2 + jnp.log(2 * jnp.pi)) - log_std
    return jnp.sum(gaussian - jnp.log(1 - jnp.tanh(pre_tanh) ** 2 + 1e-6), axis=-1)


def gaussian_entropy(log_std: Array) -> Array:
    """Entropy of the Gaussian before squashing, in nats."""
    return jnp.sum(log_std + 0.5 * jnp.log(2 * jnp.pi * jnp.e))


class Decision(NamedTuple):
    """What the policy says about one observation of every robot."""

    carry: Carry
    action: Array  # [N, A] in (-1, 1)
    pre_tanh: Array  # [N, A]
    log_prob: Array  # [N]
    value: Array  # [N]


@partial(jax.jit, static_argnames="network")
def act(network: ActorCritic, policy: PolicyParams, carry: Carry, obs: Array, start: Array, noise: Array) -> Decision:
    """One decision per robot. obs [N, D], start [N] bool, noise [N, A] standard normal (zeros: deterministic play)."""
    carry, mean, value = forward(network, policy, carry, obs[None], start[None])
    pre_tanh = mean[0] + jnp.exp(policy.log_std) * noise
    return Decision(carry, jnp.tanh(pre_tanh), pre_tanh, log_prob(pre_tanh, mean[0], policy.log_std), value[0])


BLOCK = 32  # robots that `play` answers at a time


@partial(jax.jit, static_argnames="network", compiler_options={"xla_cpu_multi_thread_eigen": False})
def play(
    network: ActorCritic, policy: PolicyParams, carry: Carry, obs: Array, start: Array, noise: Array
) -> tuple[Carry, Array]:
    """What `act` decides for BLOCK robots: carry and action [BLOCK, A]. A robot gets the same answer to the last bit
    wherever it stands in a block and whoever stands beside it.

    A matrix product rounds by its shape and by the threads that share it, so here it has one shape and one thread.
    """
    decision = act(network, policy, carry, obs, start, noise)
    return decision.carry, decision.action


def named_leaves(tree: Any) -> list[tuple[str, Any]]:
    """A tree's leaves with their paths, like `learner/policy/params/encoder/kernel`."""
    paths, _ = jax.tree_util.tree_flatten_with_path(tree)
    return [(jax.tree_util.keystr(path, simple=True, separator="/"), leaf) for path, leaf in paths]
