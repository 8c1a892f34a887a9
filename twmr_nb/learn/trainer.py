"""The training loop: collect -> learn -> report. A generator of plain records; it knows no files and no screen."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from twmr_nb.config.schema import PPOConfig
from twmr_nb.learn.curriculum import Curriculum
from twmr_nb.learn.network import (
    ActorCritic,
    Decision,
    act,
    init_carry,
    init_policy,
    named_leaves,
    reflect,
    update_normalizer,
)
from twmr_nb.learn.policy import PolicyParams
from twmr_nb.learn.ppo import LearnerState, draw_groups, learned, make_optimizer, update
from twmr_nb.learn.reward_scale import RewardScale
from twmr_nb.learn.storage import EpisodeLog, Record, Storage, Totals
from twmr_nb.types import ConfigError, TrainingDiverged

Snapshot = dict[str, np.ndarray]
PARTS = {  # of a snapshot, what must stay finite
    "learner/policy/params": "parameters",
    "learner/policy/log_std": "noise",
    "learner/policy/normalizer": "observations' mean and spread",
    "learner": "optimiser's state",
    "carry": "policy's memory",
    "obs": "observations",
}
GROWING = ("finished", "paid", "curriculum/tries")  # of a snapshot, what becomes longer
SWITCHES = {"jax_enable_x64": "computes in 64 bits", "jax_disable_jit": "compiles nothing"}
PLENTY = 1e6  # a reward per step above this is the likeliest cause of whatever goes wrong
LOOSE = 10.0  # a max_grad_norm above this hardly shortens anything


def known_by(env: Any, name: str, setting: str) -> Any:
    """What an environment must say of itself for a setting; raises ConfigError where it does not."""
    if not hasattr(env, name):
        raise ConfigError(f"{setting} needs an environment with `{name}`, which {type(env).__name__} has not.")
    return getattr(env, name)


def refuse_switches() -> None:
    """Raise ConfigError where JAX was switched to what no training can be done with."""
    for name, does in SWITCHES.items():
        if getattr(jax.config, name):
            raise ConfigError(
                f"JAX {does}, which no training here can do with: unset {name.upper()} and start Python anew, "
                f"or call jax.config.update({name!r}, False)."
            )


class Trainer:
    """Trains one policy on a batch of robots. `for record in trainer.updates(): ...`

    `env` is any gymnasium.vector.VectorEnv that resets in the step that ends an episode and keeps `final_obs`;
    what it reports in `info` (x, passed, reward_terms, which add up to the reward) is logged. `symmetric` needs its
    `mirror`, a curriculum its `step_heights`; raises ConfigError where they are missing, or JAX is switched to 64 bits
    or to compile nothing.
    """

    def __init__(self, env: Any, config: PPOConfig, seed: int = 0) -> None:
        refuse_switches()
        self.env, self.config, self.seed = env, config, seed
        self.num_envs = env.num_envs
        obs_size, action_size = env.single_observation_space.shape[0], env.single_action_space.shape[0]
        told = getattr(env, "critic_size", 0)
        mirror = known_by(env, "mirror", "symmetric") if config.symmetric else None
        self.network = ActorCritic(config.mlp_size, config.hidden_size, action_size, told, mirror)
        key = jax.random.key(seed)
        policy = init_policy(self.network, key, obs_size, config.log_std_init, config.first_actions)
        opt_state = jax.jit(make_optimizer(config).init)(learned(policy))
        self.learner = LearnerState(policy, opt_state, jnp.ones(()))
        self.carry = init_carry(self.network, self.num_envs)
        self.storage = Storage(config.rollout_steps, self.num_envs, obs_size, action_size)
        self.episodes = EpisodeLog(self.num_envs)
        self.obs, self.start = np.zeros((self.num_envs, obs_size), np.float32), np.ones(self.num_envs, bool)
        self.curriculum: Curriculum | None = None
        if config.curriculum_start is not None:
            low, high = known_by(env, "step_heights", "curriculum_start")
            moves = config.curriculum_rise, config.curriculum_retreat
            self.curriculum = Curriculum(low, config.curriculum_start, high, *moves)
        self.reward_scale = RewardScale(self.num_envs, config.gamma) if config.normalize_returns else None
        self.update_index, self.global_step, self.compile_s, self.train_s = 0, 0, 0.0, 0.0
        self.phase = "new"  # for whoever shows the state: new, compiling, collecting, learning
        self.compiled_update: Callable[..., tuple] | None = None
        self.snapshot: Snapshot | None = None  # everything, as it was between the last two rollouts
        self.num_updates = max(1, config.total_timesteps // (self.num_envs * config.rollout_steps))

    @property
    def policy(self) -> PolicyParams:
        return self.learner.policy

    def updates(self, should_stop: Callable[[], bool] = lambda: False) -> Iterator[Record]:
        """Train until total_timesteps, one record per update. should_stop is asked at every control step.

        Stopped in mid-rollout, or by an error, the trainer goes back to the state before that rollout, where
        `snapshot` was taken; call again to go on. Raises TrainingDiverged rather than go on with nan or infinity.
        """
        if self.compiled_update is None:
            self.compile()
        if self.snapshot is None:
            if self.curriculum:
                self.env.set_step_heights(*self.curriculum.heights)
            self.obs, _ = self.env.reset(seed=self.seed)
            if self.config.stagger:
                self.episodes.cut = self.env.stagger()
            if self.config.normalize_observations:
                self.observe_normalizer(self.obs)
            self.snapshot = self.finite_snapshot()
        while self.update_index < self.num_updates:
            begin = time.perf_counter()
            try:
                totals = self.collect(should_stop)
                if totals is None:
                    self.restore(self.snapshot)
                    return
                collected = time.perf_counter()
                losses = self.learn()
                done = time.perf_counter()
                self.train_s += done - begin
                self.snapshot = self.finite_snapshot()
            except BaseException:
                self.restore(self.snapshot)
                raise
            yield self.report(totals, losses, collected - begin, done - collected)

    def compile(self) -> None:
        """Compile acting and learning ahead, side by side, so that their time is known apart from training time."""
        self.phase, begin = "compiling", time.perf_counter()
        batch = self.storage.batch(np.zeros(self.num_envs, np.float32), self.carry)
        groups = draw_groups(np.random.default_rng(0), self.config)
        arguments = (self.learner, batch, groups, self.network, self.config)
        with ThreadPoolExecutor(1) as beside:
            acting = beside.submit(self.decide, np.zeros((self.num_envs, self.network.action_size), np.float32))
            self.compiled_update = update.lower(*arguments).compile()
            acting.result()
        self.compile_s = time.perf_counter() - begin

    def take_snapshot(self) -> Snapshot:
        """All that the next rollout depends on, as named arrays; `restore` goes on exactly from it."""
        tree = {**self.state_tree(), **self.episodes.get_state(), "env": self.env.get_state()}
        if self.curriculum:
            tree["curriculum"] = self.curriculum.get_state()
        if self.reward_scale:
            tree["reward_scale"] = self.reward_scale.get_state()
        return {name: np.array(leaf) for name, leaf in named_leaves(tree)}

    def finite_snapshot(self) -> Snapshot:
        """A snapshot that can be gone back to; raises TrainingDiverged if anything that learns is nan or infinite."""
        snapshot = self.take_snapshot()
        if what := infinite_part(snapshot):
            raise self.diverged(what)
        return snapshot

    def diverged(self, what: str) -> TrainingDiverged:
        """What to raise where something is nan or infinite: which update, what, and the likeliest cause."""
        update = 1 + (int(self.snapshot["counters"][0]) if self.snapshot else 0)
        return TrainingDiverged(
            f"training stopped in update {update} of {self.num_updates}, whose {what} became nan or infinite: "
            f"{self.likeliest_cause(what)}; the policy is kept as it was before that update."
        )

    def likeliest_cause(self, what: str) -> str:
        """Which setting to look at, in words."""
        config, largest = self.config, np.abs(self.storage.reward).max()
        if what.startswith("observations"):
            return "the simulation gave them, so look at what changes the world"
        if not largest <= PLENTY:
            return f"rewards reach {largest:.3g} per step, so lower the weights of the reward terms"
        loose = f"max_grad_norm = {config.max_grad_norm:g} or " if config.max_grad_norm > LOOSE else ""
        return f"{loose}learning_rate = {config.learning_rate:g} is likely too large, so start anew with a smaller one"

    def restore(self, snapshot: Snapshot) -> None:
        """Set everything to what a snapshot holds; raises ValueError if its sizes do not fit or it is not finite."""
        tree = self.state_tree()
        for name, leaf in named_leaves(tree):
            if name not in snapshot or (snapshot[name].shape, snapshot[name].dtype) != (np.shape(leaf), leaf.dtype):
                raise ValueError(f"this snapshot does not fit the settings: {name!r} is missing or of another shape.")
        for name, array in self.take_snapshot().items():
            given = snapshot.get(name, array)
            if given.dtype.kind != array.dtype.kind or (given.shape != array.shape and not name.startswith(GROWING)):
                raise ValueError(f"this snapshot does not fit the settings: {name!r} is {given.dtype} {given.shape}.")
        if what := infinite_part(snapshot):
            raise ValueError(f"this snapshot cannot be gone on from: its {what} contain nan or infinity; start anew.")
        state = jax.tree.unflatten(jax.tree.structure(tree), [snapshot[name] for name, _ in named_leaves(tree)])
        self.learner, self.carry, self.obs, self.start = (state[k] for k in ("learner", "carry", "obs", "start"))
        self.episodes.running = state["running"].copy()
        self.episodes.set_state(snapshot)
        self.update_index, self.global_step, self.episodes.count = map(int, state["counters"])
        self.train_s = float(state["train_s"])
        self.env.set_state({k.removeprefix("env/"): v for k, v in snapshot.items() if k.startswith("env/")})
        if self.curriculum:
            self.curriculum.set_state({k: snapshot[f"curriculum/{k}"] for k in ("frontier", "tries")})
        if self.reward_scale:
            kept = self.reward_scale.get_state()
            self.reward_scale.set_state({k: snapshot[f"reward_scale/{k}"] for k in kept})
        self.snapshot = snapshot

    def state_tree(self) -> dict[str, Any]:
        return {
            "learner": self.learner,
            "carry": self.carry,
            "obs": self.obs,
            "start": self.start,
            "running": self.episodes.running,
            "counters": np.array([self.update_index, self.global_step, self.episodes.count]),
            "train_s": np.array(self.train_s),
        }

    def decide(self, noise: np.ndarray) -> Decision:
        return act(self.network, self.policy, self.carry, self.obs, self.start, noise)

    def collect(self, should_stop: Callable[[], bool]) -> Totals | None:
        """One rollout into the storage; None if stopped on the way."""
        self.phase, totals = "collecting", Totals(self.num_envs)
        if not self.config.keep_carry:
            self.carry = init_carry(self.network, self.num_envs)
        self.first_carry = self.carry
        shape = (self.config.rollout_steps, self.num_envs, self.network.action_size)
        noise = np.random.default_rng((self.seed, self.update_index)).standard_normal(shape, np.float32)
        noise = correlated(noise, self.config.noise_correlation)
        last: tuple[Any, ...] = ()
        for t in range(self.config.rollout_steps):
            if should_stop():
                return None
            decision = self.decide(noise[t])  # on a thread of JAX's, while this one takes in the last step
            if last:
                self.take_in(t - 1, totals, *last)
            self.storage.add(t, self.obs, self.start, decision)
            self.carry, action = decision.carry, np.asarray(decision.action)
            if not np.isfinite(action).all():
                raise self.diverged(self.storage.infinite_part())
            self.obs, reward, terminated, truncated, info = self.env.step(action)
            self.start = terminated | truncated
            last = reward, self.start, truncated & ~terminated, info
        self.take_in(t, totals, *last)
        if what := self.storage.infinite_part():
            raise self.diverged(what)
        return totals

    def take_in(
        self, t: int, totals: Totals, reward: np.ndarray, done: np.ndarray, cut_off: np.ndarray, info: dict[str, Any]
    ) -> None:
        """What step t brought; `carry` is still the one after it."""
        with np.errstate(over="ignore"):  # what float32 cannot hold is infinite, and told at the end
            self.storage.reward[t] = reward
        self.storage.done[t] = done
        self.storage.bootstrap[t] = self.beyond_limit(cut_off, info)
        passed = info.get("passed", np.zeros(self.num_envs, bool))
        self.episodes.add(reward, done, passed, info.get("reward_terms", {}))
        totals.add(reward, passed, info)
        if self.curriculum and done.any() and self.curriculum.add(info["step_height"][done], passed[done]):
            self.env.set_step_heights(*self.curriculum.heights)

    def beyond_limit(self, truncated: np.ndarray, info: dict[str, Any]) -> np.ndarray | float:
        """The critic's value of the last observation where a time limit cut the episode off, 0 elsewhere; [N]."""
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
        if self.reward_scale:
            scale = self.reward_scale.add(batch.reward, batch.done)
            batch = batch._replace(reward=batch.reward / np.float32(scale))
        groups = draw_groups(np.random.default_rng((self.seed, self.update_index, 1)), self.config)
        assert self.compiled_update is not None, "compile() comes first"
        self.learner, losses, explained = self.compiled_update(self.learner, batch, groups)
        if not np.isfinite(losses.loss):
            raise self.diverged("loss")
        self.update_index += 1
        self.global_step += self.storage.reward.size
        if self.config.log_std_final is not None:
            self.schedule_noise(self.config.log_std_final)
        if self.config.normalize_observations:
            self.observe_normalizer(self.storage.obs)
        return {k: float(v) for k, v in losses._asdict().items()} | {"explained_variance": float(explained)}

    def observe_normalizer(self, obs: np.ndarray) -> None:
        """Add to the running mean and spread, between rollouts only, so that acting and learning scale alike."""
        if self.network.mirror:  # both sides, so that an image is scaled as what it is the image of
            obs = np.concatenate([obs, reflect(self.network.mirror.obs, obs)])
        normalizer = update_normalizer(self.policy.normalizer, obs)
        self.learner = self.learner._replace(policy=self.policy._replace(normalizer=normalizer))

    def schedule_noise(self, final: float) -> None:
        """Set the noise's log-std: log_std_init for a third of the training, falling for a third, then `final`.

        The last third matters: what works with much noise must be learned anew with little.
        """
        initial, progress = self.config.log_std_init, self.update_index / self.num_updates
        fall = min(max(3 * progress - 1, 0.0), 1.0)
        log_std = jnp.full_like(self.policy.log_std, initial + fall * (final - initial))
        self.learner = self.learner._replace(policy=self.policy._replace(log_std=log_std))

    def report(self, totals: Totals, losses: Record, collect_s: float, learn_s: float) -> Record:
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
            **({"frontier": self.curriculum.frontier} if self.curriculum else {}),
            "std": float(np.exp(self.policy.log_std).mean()),
            "steps_per_s": steps / (collect_s + learn_s),
            "collect_s": collect_s,
            "learn_s": learn_s,
            "train_s": self.train_s,
            "compile_s": self.compile_s,
        }


def correlated(noise: np.ndarray, correlation: float) -> np.ndarray:
    """Of independent standard normal numbers [T, ...]: as many that correlate with the one before, as widely spread.

    A first-order autoregressive process, begun anew with each rollout. The learner takes each action's probability as
    if they were independent (as Hollenstein et al. 2024, "Colored Noise in PPO").
    """
    if not correlation:
        return noise
    keep, fresh = np.float32(correlation), np.float32(np.sqrt(1 - correlation**2))
    out = noise.copy()
    for t in range(1, len(noise)):
        out[t] = keep * out[t - 1] + fresh * noise[t]
    return out


def infinite_part(snapshot: Snapshot) -> str:
    """What of a snapshot is nan or infinite, in words; empty if all that learns is finite."""
    for part, what in PARTS.items():
        if not all(np.isfinite(array).all() for name, array in snapshot.items() if name.startswith(part)):
            return what
    return ""
