"""The training loop: collect -> learn -> report. A generator of plain records; it knows no files and no screen."""

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from twmr_nb.config import PPOConfig
from twmr_nb.network import (
    ActorCritic,
    Array,
    Carry,
    Policy,
    forward,
    init_carry,
    init_policy,
    log_prob,
    update_normalizer,
)
from twmr_nb.ppo import Batch, LearnerState, learned, make_optimizer, update

Record = dict[str, float]
EPISODE_WINDOW = 100  # episode statistics are over this many finished episodes, the latest


class Decision(NamedTuple):
    """What the policy says about one observation of every robot."""

    carry: Carry
    action: Array  # [N, A] in (-1, 1)
    pre_tanh: Array  # [N, A]
    log_prob: Array  # [N]
    value: Array  # [N]


@partial(jax.jit, static_argnames="network")
def act(network: ActorCritic, policy: Policy, carry: Carry, obs: Array, start: Array, noise: Array) -> Decision:
    """One decision per robot. obs [N, D], start [N] bool, noise [N, A] standard normal (zeros: deterministic play)."""
    carry, mean, value = forward(network, policy, carry, obs[None], start[None])
    pre_tanh = mean[0] + jnp.exp(policy.log_std) * noise
    return Decision(carry, jnp.tanh(pre_tanh), pre_tanh, log_prob(pre_tanh, mean[0], policy.log_std), value[0])


class Storage:
    """One rollout's arrays, `[T, N, ...]`, filled step by step and handed to the learner as a Batch."""

    def __init__(self, steps: int, num_envs: int, obs_size: int, action_size: int) -> None:
        shape = (steps, num_envs)
        self.obs = np.zeros((*shape, obs_size), np.float32)
        self.pre_tanh = np.zeros((*shape, action_size), np.float32)
        self.episode_start, self.done = np.zeros(shape, bool), np.zeros(shape, bool)
        self.log_prob, self.value, self.reward, self.bootstrap = (np.zeros(shape, np.float32) for _ in range(4))

    def add(self, t: int, obs: np.ndarray, start: np.ndarray, decision: Decision) -> None:
        """What was seen and decided at step t."""
        self.obs[t], self.episode_start[t] = obs, start
        self.pre_tanh[t], self.log_prob[t], self.value[t] = decision.pre_tanh, decision.log_prob, decision.value

    def batch(self, last_value: np.ndarray, carry: Carry) -> Batch:
        return Batch(
            self.obs, self.episode_start, self.pre_tanh, self.log_prob, self.value,
            self.reward, self.done, self.bootstrap, last_value, carry,
        )  # fmt: skip


class EpisodeLog:
    """Per-episode sums while robots run, and the latest finished episodes."""

    def __init__(self, num_envs: int) -> None:
        self.running = np.zeros((num_envs, 2))  # return, length
        self.passed = np.zeros(num_envs, bool)
        self.finished: deque[tuple[float, float, float]] = deque(maxlen=EPISODE_WINDOW)
        self.count = 0

    def add(self, reward: np.ndarray, done: np.ndarray, passed: np.ndarray) -> None:
        self.running[:, 0] += reward
        self.running[:, 1] += 1
        if done.any():
            ended = np.flatnonzero(done)
            self.finished.extend((*self.running[i], float(passed[i])) for i in ended)
            self.count += len(ended)
            self.running[ended] = 0

    def summary(self) -> Record:
        """Means over the latest finished episodes; NaN before the first has finished."""
        mean = np.mean(self.finished, axis=0) if self.finished else np.full(3, np.nan)
        names = ("episode_return", "episode_length", "success_rate")
        return dict(zip(names, map(float, mean), strict=True)) | {"episodes": self.count}


class Trainer:
    """Trains one policy on a batch of robots. `for record in trainer.updates(): ...`

    `env` is any gymnasium.vector.VectorEnv that resets in the step that ends an episode and keeps `final_obs`;
    what it reports in `info` (x, passed, reward_terms) is logged.
    """

    def __init__(self, env: Any, config: PPOConfig, seed: int = 0) -> None:
        self.env, self.config, self.seed = env, config, seed
        self.num_envs = env.num_envs
        obs_size, action_size = env.single_observation_space.shape[0], env.single_action_space.shape[0]
        self.network = ActorCritic(config.mlp_size, config.hidden_size, action_size)
        policy = init_policy(self.network, jax.random.key(seed), obs_size, config.log_std_init)
        self.learner = LearnerState(policy, make_optimizer(config).init(learned(policy)))
        self.carry = init_carry(self.network, self.num_envs)
        self.storage = Storage(config.rollout_steps, self.num_envs, obs_size, action_size)
        self.episodes = EpisodeLog(self.num_envs)
        self.obs, self.start = np.zeros((self.num_envs, obs_size), np.float32), np.ones(self.num_envs, bool)
        self.update_index, self.global_step, self.compile_s, self.train_s = 0, 0, 0.0, 0.0
        self.phase = "new"  # for whoever shows the state: new, compiling, collecting, learning
        self.num_updates = max(1, config.total_timesteps // (self.num_envs * config.rollout_steps))

    @property
    def policy(self) -> Policy:
        return self.learner.policy

    def updates(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[Record]:
        """Train until total_timesteps, one record per update. should_stop is asked at every control step.

        Stopped in mid-rollout, the trainer forgets that rollout; `snapshot` still holds the state before it.
        """
        if self.phase == "new":
            self.compile()
            self.obs, info = self.env.reset(seed=self.seed)
            self.episodes.passed = np.asarray(info.get("passed", self.episodes.passed))
        while self.update_index < self.num_updates:
            begin = time.perf_counter()
            totals = self.collect(should_stop)
            if totals is None:
                return
            collected = time.perf_counter()
            record = self.learn()
            done = time.perf_counter()
            self.train_s += done - begin
            yield self.report(totals, record, collected - begin, done - collected)

    def compile(self) -> None:
        """Compile acting and learning ahead, so that their time is known apart from training time."""
        self.phase, begin = "compiling", time.perf_counter()
        decision = self.decide(np.zeros((self.num_envs, self.network.action_size), np.float32))
        batch = self.storage.batch(np.asarray(decision.value), self.carry)
        arguments = (self.learner, batch, jax.random.key(0), self.network, self.config)
        self.compiled_update = update.lower(*arguments).compile()
        self.compile_s = time.perf_counter() - begin

    def decide(self, noise: np.ndarray) -> Decision:
        return act(self.network, self.policy, self.carry, self.obs, self.start, noise)

    def collect(self, should_stop: Callable[[], bool]) -> "Totals | None":
        """One rollout into the storage; None if stopped on the way."""
        self.phase, totals = "collecting", Totals(self.num_envs)
        if self.config.normalize_observations and self.update_index == 0:
            self.observe_normalizer(self.obs)
        if not self.config.keep_carry:
            self.carry = init_carry(self.network, self.num_envs)
        self.first_carry = self.carry
        shape = (self.config.rollout_steps, self.num_envs, self.network.action_size)
        noise = np.random.default_rng((self.seed, self.update_index)).standard_normal(shape, np.float32)
        for t in range(self.config.rollout_steps):
            if should_stop():
                return None
            decision = self.decide(noise[t])
            self.storage.add(t, self.obs, self.start, decision)
            self.carry = decision.carry
            self.obs, reward, terminated, truncated, info = self.env.step(np.asarray(decision.action))
            self.start = done = terminated | truncated
            self.storage.reward[t], self.storage.done[t] = reward, done
            self.storage.bootstrap[t] = self.beyond_limit(truncated & ~terminated, info)
            passed = info.get("passed", self.episodes.passed)
            self.episodes.add(reward, done, passed)
            totals.add(reward, passed, info)
        return totals

    def beyond_limit(self, truncated: np.ndarray, info: dict[str, Any]) -> np.ndarray | float:
        """What lies beyond a time limit is worth: the critic's value of the true last observation, [N]; 0 elsewhere."""
        if not (self.config.bootstrap_truncation and truncated.any()):
            return 0.0
        last = np.where(truncated[:, None], np.stack(info["final_obs"]), 0).astype(np.float32)
        no_noise = np.zeros((self.num_envs, self.network.action_size), np.float32)
        value = act(self.network, self.policy, self.carry, last, np.zeros(self.num_envs, bool), no_noise).value
        return np.where(truncated, value, 0.0)

    def learn(self) -> Record:
        """One update from the storage; the losses as plain numbers."""
        self.phase = "learning"
        last_value = np.asarray(self.decide(np.zeros_like(self.storage.pre_tanh[0])).value)
        batch = self.storage.batch(last_value, self.first_carry)
        key = jax.random.fold_in(jax.random.key(self.seed), self.update_index)
        self.learner, losses, explained = self.compiled_update(self.learner, batch, key)
        self.update_index += 1
        self.global_step += self.storage.reward.size
        if self.config.log_std_final is not None:
            self.schedule_noise(self.config.log_std_final)
        if self.config.normalize_observations:
            self.observe_normalizer(self.storage.obs)
        return {k: float(v) for k, v in losses._asdict().items()} | {"explained_variance": float(explained)}

    def observe_normalizer(self, obs: np.ndarray) -> None:
        """Statistics move between rollouts only, so that acting and learning see the same scaling."""
        normalizer = update_normalizer(self.policy.normalizer, obs)
        self.learner = self.learner._replace(policy=self.policy._replace(normalizer=normalizer))

    def schedule_noise(self, final: float) -> None:
        """Exploration first, precision last: log-std falls linearly with progress."""
        initial, progress = self.config.log_std_init, self.update_index / self.num_updates
        log_std = jnp.full_like(self.policy.log_std, initial + progress * (final - initial))
        self.learner = self.learner._replace(policy=self.policy._replace(log_std=log_std))

    def report(self, totals: "Totals", losses: Record, collect_s: float, learn_s: float) -> Record:
        """One update's record: plain numbers under the field's usual names."""
        steps = self.storage.reward.size
        return {
            "update": self.update_index,
            "num_updates": self.num_updates,
            "global_step": self.global_step,
            "progress": self.update_index / self.num_updates,
            **self.episodes.summary(),
            **totals.summary(self.config.rollout_steps),
            **losses,
            "std": float(np.exp(self.policy.log_std).mean()),
            "steps_per_s": steps / (collect_s + learn_s),
            "collect_s": collect_s,
            "learn_s": learn_s,
            "train_s": self.train_s,
            "compile_s": self.compile_s,
        }


class Totals:
    """What one rollout adds up to, over steps and robots."""

    def __init__(self, num_envs: int) -> None:
        self.num_envs = num_envs
        self.reward, self.x, self.max_x, self.passed = 0.0, 0.0, -math.inf, False
        self.terms: dict[str, float] = {}

    def add(self, reward: np.ndarray, passed: np.ndarray, info: dict[str, Any]) -> None:
        self.reward += float(reward.sum())
        self.passed = self.passed or bool(passed.any())
        if "x" in info:
            self.x += float(info["x"].sum())
            self.max_x = max(self.max_x, float(info["x"].max()))
        for prefix, key in (("term", "reward_terms"), ("raw", "reward_terms_raw")):
            for name, values in info.get(key, {}).items():
                column = f"{prefix}/{name}"
                self.terms[column] = self.terms.get(column, 0.0) + float(values.sum())

    def summary(self, rollout_steps: int) -> Record:
        """`ep_return` and `passed_obstacle` as the original logs them: over the rollout buffer, not an episode.

        With several robots `ep_return` is the mean over robots of each one's buffer, so its scale does not change.
        """
        steps = rollout_steps * self.num_envs
        return {
            "ep_return": self.reward / self.num_envs,
            "passed_obstacle": float(self.passed),
            "average_x": self.x / steps,
            "max_x": self.max_x,
            **{name: total / steps for name, total in self.terms.items()},
        }
