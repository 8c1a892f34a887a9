"""Proximal policy optimisation (Schulman et al. 2017) for a recurrent policy: advantages, loss, one compiled update.

Pure functions on arrays shaped `[time, robots]`. Minibatches take whole robots, so sequences stay in one piece: no
padding, no masks.
"""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from twmr_nb.config.schema import PPOConfig
from twmr_nb.learn.network import ActorCritic, Carry, forward, gaussian_entropy, log_prob
from twmr_nb.learn.policy import Array, Params, PolicyParams


class Batch(NamedTuple):
    """One rollout of all robots. T steps, N robots, D observations, A actions."""

    obs: Array  # [T, N, D] what the policy saw
    episode_start: Array  # [T, N] bool: this observation is the first of an episode
    pre_tanh: Array  # [T, N, A] the action before squashing
    log_prob: Array  # [T, N]
    value: Array  # [T, N]
    reward: Array  # [T, N]
    done: Array  # [T, N] bool: the episode ended with this step, terminated or truncated
    bootstrap: Array  # [T, N] value of the true last observation where truncated, else 0
    last_value: Array  # [N] value of the observation after the last step
    carry: Carry  # ([N, H], [N, H]) the LSTM's state before the first step


class Losses(NamedTuple):
    """What one update reports, averaged over its minibatches."""

    loss: Array
    policy_loss: Array
    value_loss: Array
    entropy: Array
    approx_kl: Array
    clip_fraction: Array


class LearnerState(NamedTuple):
    """What an update changes."""

    policy: PolicyParams
    opt_state: optax.OptState
    pace: Array
    """Factor on the step size, []; 1 without target_kl."""


def gae(
    reward: Array, value: Array, done: Array, bootstrap: Array, last_value: Array, gamma: float, gae_lambda: float
) -> tuple[Array, Array]:
    """Generalised advantage estimation (Schulman et al. 2016, eq. 16): advantage and return, each [T, N].

    After a step that ended an episode the next state is worth `bootstrap`: 0 where it terminated, the value of the
    true last observation where it was only cut off.
    """
    next_value = jnp.where(done, bootstrap, jnp.concatenate([value[1:], last_value[None]]))
    delta = reward + gamma * next_value - value

    def step(advantage: Array, inputs: tuple[Array, Array]) -> tuple[Array, Array]:
        delta, done = inputs
        advantage = delta + gamma * gae_lambda * jnp.where(done, 0.0, advantage)
        return advantage, advantage

    _, advantage = jax.lax.scan(step, jnp.zeros_like(last_value), (delta, done), reverse=True)
    return advantage, advantage + value


def explained_variance(value: Array, returns: Array) -> Array:
    """1 - Var[returns - value] / Var[returns]: 1 is a perfect critic, 0 no better than a constant."""
    return 1 - jnp.var(returns - value) / (jnp.var(returns) + 1e-8)


def ppo_loss(
    policy: PolicyParams, network: ActorCritic, config: PPOConfig, batch: Batch, advantage: Array, returns: Array
) -> tuple[Array, Losses]:
    """Clipped policy loss + vf_coef * squared value error - ent_coef * entropy, averaged over steps and robots."""
    _, mean, value = forward(network, policy, batch.carry, batch.obs, batch.episode_start)
    # A scheduled noise is the trainer's to set, not the optimiser's.
    log_std = policy.log_std if config.log_std_final is None else jax.lax.stop_gradient(policy.log_std)
    log_ratio = log_prob(batch.pre_tanh, mean, log_std) - batch.log_prob
    ratio = jnp.exp(log_ratio)
    if config.normalize_advantages:
        advantage = (advantage - advantage.mean()) / (advantage.std() + 1e-8)
    clipped = jnp.clip(ratio, 1 - config.clip_coef, 1 + config.clip_coef)
    policy_loss = -jnp.mean(jnp.minimum(ratio * advantage, clipped * advantage))
    value_loss = jnp.mean((value - returns) ** 2)
    entropy = gaussian_entropy(log_std)
    loss = policy_loss + config.vf_coef * value_loss - config.ent_coef * entropy
    approx_kl = jnp.mean(ratio - 1 - log_ratio)  # low-variance estimate (Schulman 2020, "Approximating KL divergence")
    clip_fraction = jnp.mean(jnp.abs(ratio - 1) > config.clip_coef)
    return loss, Losses(loss, policy_loss, value_loss, entropy, approx_kl, clip_fraction)


def make_optimizer(config: PPOConfig) -> optax.GradientTransformation:
    """Adam on clipped gradients; the step size falls linearly to zero if annealed."""
    updates = max(1, config.total_timesteps // (config.num_envs * config.rollout_steps))
    steps = updates * config.epochs * config.minibatches
    rate = optax.linear_schedule(config.learning_rate, 0.0, steps) if config.anneal_lr else config.learning_rate
    chain = optax.chain(optax.clip_by_global_norm(config.max_grad_norm), optax.adam(rate, eps=1e-5))
    return optax.flatten(chain)  # one long vector instead of fourteen arrays: compiles in two thirds of the time


def learned(policy: PolicyParams) -> tuple[Params, Array]:
    """The part of a policy that gradients change."""
    return policy.params, policy.log_std


@partial(jax.jit, static_argnames=("network", "config"))
def update(
    state: LearnerState, batch: Batch, groups: Array, network: ActorCritic, config: PPOConfig
) -> tuple[LearnerState, Losses, Array]:
    """Learn from one rollout: `epochs` passes over groups of robots, a row of `groups` each (see draw_groups).

    Returns the new state, the losses and the critic's explained variance before learning.
    """
    optimizer = make_optimizer(config)
    advantage, returns = gae(
        batch.reward, batch.value, batch.done, batch.bootstrap, batch.last_value, config.gamma, config.gae_lambda
    )
    normalizer = state.policy.normalizer

    def loss_of(trained: tuple[Params, Array], minibatch: tuple[Batch, Array, Array]) -> tuple[Array, Losses]:
        return ppo_loss(PolicyParams(*trained, normalizer), network, config, *minibatch)

    def learn(carry: tuple, robots: Array) -> tuple[tuple, Losses]:
        trained, opt_state = carry
        minibatch = select_robots((batch, advantage, returns), robots)
        gradient, losses = jax.grad(loss_of, has_aux=True)(trained, minibatch)
        change, opt_state = optimizer.update(gradient, opt_state, trained)
        change = jax.tree.map(lambda step: state.pace * step, change)
        return (optax.apply_updates(trained, change), opt_state), losses

    (trained, opt_state), losses = jax.lax.scan(learn, (learned(state.policy), state.opt_state), groups)
    losses = Losses(*(x.mean() for x in losses))
    pace = next_pace(state.pace, losses.approx_kl, config.target_kl) if config.target_kl else state.pace
    return (
        LearnerState(PolicyParams(*trained, normalizer), opt_state, pace),
        losses,
        explained_variance(batch.value, returns),
    )


def draw_groups(rng: np.random.Generator, config: PPOConfig) -> np.ndarray:
    """Which robots learn together: in every epoch each robot once, [epochs * minibatches, robots in a minibatch].

    Drawn here and not in the compiled update: it takes a second less to compile.
    """
    in_order = np.tile(np.arange(config.num_envs), (config.epochs, 1))
    return rng.permuted(in_order, axis=1).reshape(config.epochs * config.minibatches, -1)


def next_pace(pace: Array, approx_kl: Array, target_kl: float) -> Array:
    """The next factor on the step size, 0.01 to 1: smaller after an update whose KL divergence is more than twice the
    target, larger after one with less than half of it.

    It matters late in training: the less noise, the further a step of the same size moves the policy
    (the adaptive step size of Heess et al. 2017, "Emergence of locomotion behaviours").
    """
    shorter, longer = approx_kl > 2 * target_kl, approx_kl < target_kl / 2
    return jnp.clip(jnp.where(shorter, pace / 1.5, jnp.where(longer, pace * 1.5, pace)), 0.01, 1.0)


def select_robots(tree: tuple[Batch, Array, Array], robots: Array) -> tuple[Batch, Array, Array]:
    """The same rollout for some of its robots: axis 1 of `[T, N, ...]`, axis 0 of what has no time."""
    batch, advantage, returns = tree
    by_time = {k: v[:, robots] for k, v in batch._asdict().items() if k not in ("last_value", "carry")}
    carry = (batch.carry[0][robots], batch.carry[1][robots])
    batch = Batch(**by_time, last_value=batch.last_value[robots], carry=carry)
    return batch, advantage[:, robots], returns[:, robots]
