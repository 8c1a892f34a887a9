"""The environment: N robots in parallel as a gymnasium.vector.VectorEnv.

An episode that ends starts anew in the same step (the final observation is kept in `info["final_obs"]`); without
autoreset its robot rests from then on. Robot i of a batch seeded with s behaves as a single robot seeded with s + i.
"""

from collections.abc import Iterable, Sequence
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from twmr_nb.config.schema import ConfigError, EnvConfig, checked_world
from twmr_nb.robot.model import NQ, NU, WHEEL_CTRL, WHEEL_DOF
from twmr_nb.task.gate import gate
from twmr_nb.task.observations import critic_labels, observation_labels, observe
from twmr_nb.task.rewards import RewardTerm, refuse_duplicates, score, success_x, total
from twmr_nb.task.simulation import Simulation
from twmr_nb.task.transition import Transition
from twmr_nb.types import Array

Info = dict[str, Any]
ACCELEROMETER, GYRO, TOUCH = slice(13, 16), slice(16, 19), 19  # columns of the sensor readings


class TwmrEnv(VectorEnv):
    """A batch of robots; observations are float32 [N, D], actions [N, 8] in [-1, 1], rewards float64 [N].

    >>> env = tw.TwmrEnv(tw.EnvConfig(), 2)
    >>> obs, info = env.reset(seed=7)
    >>> obs, reward, terminated, truncated, info = env.step(np.zeros((2, 8)))
    >>> bool((reward == sum(info["reward_terms"].values())).all())
    True

    `info` holds, per robot and for the step taken: x, z (m), gate, passed, step_height (m), and every reward term in
    `reward_terms` (weighted, they add up to the reward) and `reward_terms_raw`. `transition` is that step in full.
    """

    def __init__(
        self,
        config: EnvConfig | None = None,
        num_envs: int = 1,
        extra_terms: Iterable[RewardTerm] = (),
        num_threads: int = 0,
        autoreset: bool = True,
    ) -> None:
        if num_envs < 1:
            raise ConfigError(f"num_envs = {num_envs!r} is not allowed: give at least 1.")
        self.config = checked_world(config)
        self.num_envs = num_envs
        self.extra_terms = refuse_duplicates(extra_terms)
        self.autoreset = autoreset
        self.sim = Simulation(self.config, num_envs, num_threads)
        self.success_x = success_x(self.config)
        self.step_heights = (self.config.step_height, self.sim.max_height)
        mode = AutoresetMode.SAME_STEP if autoreset else AutoresetMode.DISABLED
        self.metadata = {"autoreset_mode": mode, "render_modes": [], "render_fps": round(1 / self.sim.ctrl_dt)}
        self.critic_size = len(critic_labels(self.config))  # columns at the end that are not the policy's to see
        width = len(observation_labels(self.config)) + self.critic_size
        self.single_observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (width,), np.float32)
        self.single_action_space = gymnasium.spaces.Box(-1.0, 1.0, (NU,), np.float32)
        self.observation_space = batch_space(self.single_observation_space, num_envs)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._rngs = [np.random.default_rng() for _ in range(num_envs)]
        self._steps = np.zeros(num_envs, dtype=int)
        self._passed = np.zeros(num_envs, dtype=bool)
        self._ended = np.zeros(num_envs, dtype=bool)  # without autoreset: not simulated any more
        self._started = False

    def reset(
        self, *, seed: int | Sequence[int] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, Info]:
        """Start an episode with every robot; without a seed the generators go on."""
        if seed is not None:
            seeds = [seed + i for i in range(self.num_envs)] if isinstance(seed, int | np.integer) else list(seed)
            if len(seeds) != self.num_envs:
                raise ValueError(f"{len(seeds)} seeds for {self.num_envs} robots: give one number, or one per robot.")
            self._rngs = [np.random.default_rng(s) for s in seeds]
        self._started = True
        obs = self._start_episodes(np.arange(self.num_envs))
        self._passed = np.zeros(self.num_envs, dtype=bool)
        self._ended = np.zeros(self.num_envs, dtype=bool)
        self.transition = self._snapshot(self.sim.qpos[:, 0].copy())
        return obs, self._info(self.transition)

    def step(self, actions: ArrayLike) -> tuple[Array, Array, Array, Array, Info]:
        """One control step of every robot: observation, reward, terminated, truncated, info."""
        config = self.config
        actions = self._checked(actions)
        x_before = self.sim.qpos[:, 0].copy()
        diverged = self.sim.step(actions, None if self.autoreset else ~self._ended)
        self.transition = t = self._snapshot(x_before)
        raw, weighted = score(t, config, self.extra_terms)
        obs = observe(config, t.qpos, t.qvel, t.accelerometer, t.gyro, t.touch, self.sim.heights)
        info = self._info(t) | {"reward_terms": weighted, "reward_terms_raw": raw}
        self._steps += 1
        terminated = (t.z < config.min_z) | diverged
        if config.max_tilt is not None:
            terminated |= t.upright < np.cos(config.max_tilt)
        truncated = self._steps >= config.max_steps
        if config.end_on_success:
            truncated |= t.newly_passed
        truncated &= ~terminated
        done = terminated | truncated
        self._passed = info["passed"]
        if not self.autoreset:
            self._ended |= done
        elif done.any():
            info |= {"final_obs": obs.copy(), "_final_obs": done}
            ids = np.flatnonzero(done)
            obs[ids] = self._start_episodes(ids)
            self._passed = self._passed & ~done
        return obs, total(weighted), terminated, truncated, info

    def set_step_heights(self, low: float, high: float) -> None:
        """Draw the step heights of all coming episodes between low and high, m; a curriculum calls this."""
        if self.config.step_height_max is None:
            raise ConfigError("step heights are fixed in this environment: give its config a step_height_max.")
        if not 0 <= low <= high <= self.config.step_height_max:
            raise ConfigError(
                f"step heights from {low:g} to {high:g} m are not allowed: "
                f"give low <= high between 0 and step_height_max = {self.config.step_height_max:g} m."
            )
        self.step_heights = (low, high)

    def stagger(self) -> None:
        """Start the robots' step counters at different values, so that their time limits do not all come at once."""
        self._steps[:] = np.arange(self.num_envs) * self.config.max_steps // self.num_envs

    def get_state(self) -> dict[str, Array]:
        """All that the coming steps depend on, as arrays; `set_state` goes on exactly from it."""
        return {
            "physics": self.sim.state.copy(),
            "heights": self.sim.heights.copy(),
            "factors": self.sim.factors.copy(),
            "height_range": np.array(self.step_heights),
            "steps": self._steps.copy(),
            "passed": self._passed.copy(),
            "generators": np.array([generator_words(rng) for rng in self._rngs], np.uint64),
        }

    def set_state(self, state: dict[str, Array]) -> None:
        """The inverse of get_state, for an environment of the same config and size."""
        if self.config.step_height_max is not None:
            self.sim.set_heights(np.arange(self.num_envs), state["heights"])
        self.sim.set_factors(np.arange(self.num_envs), state["factors"])
        self.sim.state[:] = state["physics"]
        low, high = state["height_range"]
        self.step_heights = (float(low), float(high))
        self._steps, self._passed = state["steps"].copy(), state["passed"].copy()
        for rng, words in zip(self._rngs, state["generators"], strict=True):
            set_generator_words(rng, words)
        self._started = True

    def follow(self, other: "TwmrEnv") -> None:
        """Put the robots where another environment's stand, an equal share to each of its own: the first where its
        first stands, and so on. The other may simulate in other physics steps; it is only read."""
        share, everyone = self.num_envs // other.num_envs, np.arange(self.num_envs)
        if self.config.step_height_max is not None:
            self.sim.set_heights(everyone, np.repeat(other.sim.heights, share))
        self.sim.set_factors(everyone, np.repeat(other.sim.factors, share, axis=0))
        self.sim.state[:] = np.repeat(other.sim.state, share, axis=0)
        self._steps, self._passed, self._ended = (
            np.repeat(each, share) for each in (other._steps, other._passed, other._ended)
        )
        self._started = True

    def _checked(self, actions: ArrayLike) -> NDArray[np.float32]:
        """The actions as float32; raises on a wrong shape, on nan, and before the first reset."""
        if not self._started:
            raise gymnasium.error.ResetNeeded("the environment has not started: call reset() before step().")
        actions = np.asarray(actions, dtype=np.float32)
        if actions.shape != (self.num_envs, NU):
            raise ValueError(f"actions have shape {actions.shape}: give {(self.num_envs, NU)}, one row per robot.")
        if np.isnan(actions.sum()):
            raise ValueError("actions contain nan: give numbers in [-1, 1]; a policy that yields nan has diverged.")
        return actions

    def _start_episodes(self, ids: Array) -> NDArray[np.float32]:
        """Reset the robots `ids`, in one go; their first observations."""
        rngs = [self._rngs[i] for i in ids]
        if self.config.step_height_max is not None:
            self.sim.set_heights(ids, np.array([rng.uniform(*self.step_heights) for rng in rngs]))
        self.sim.reset(ids, rngs)
        self._steps[ids] = 0
        sim, sensors = self.sim, self.sim.sensors[ids]
        imu = sensors[:, ACCELEROMETER], sensors[:, GYRO]
        return observe(self.config, sim.qpos[ids], sim.qvel[ids], *imu, touch_of(sensors), sim.heights[ids])

    def _snapshot(self, x_before: Array) -> Transition:
        """The present state as a Transition of its own arrays, which later steps leave alone."""
        sim = self.sim
        state, sensors, torque = sim.qpos_qvel.copy(), sim.sensors.astype(np.float32), sim.torque.astype(np.float32)
        accelerometer, gyro = sensors[:, ACCELEROMETER], sensors[:, GYRO]
        qpos, qvel = state[:, :NQ], state[:, NQ:]
        return Transition(
            x_before=x_before,
            qpos=qpos,
            qvel=qvel,
            accelerometer=accelerometer,
            gyro=gyro,
            torque=torque,
            touch=touch_of(sensors),
            gate=gate(
                self.config,
                qpos[:, 0],
                accelerometer,
                gyro,
                torque[:, WHEEL_CTRL],
                qvel[:, WHEEL_DOF].astype(np.float32),
            ),
            passed_before=self._passed,
            success_x=self.success_x,
            retract=sim.retract,
            extend=sim.extend,
            ctrl_dt=sim.ctrl_dt,
        )

    def _info(self, t: Transition) -> Info:
        return {"x": t.x, "z": t.z, "gate": t.gate, "passed": t.passed, "step_height": self.sim.heights.copy()}


def touch_of(sensors: Array) -> Array:
    """Force on the step [N], N; none in a world without a step, which has no such sensor."""
    return sensors[:, TOUCH] if sensors.shape[1] > TOUCH else np.zeros(len(sensors), sensors.dtype)


def generator_words(rng: np.random.Generator) -> list[int]:
    """A PCG64 generator's state as six 64-bit words."""
    state = rng.bit_generator.state
    halves = [half for key in ("state", "inc") for half in divmod(state["state"][key], 2**64)]
    return [*halves, state["has_uint32"], state["uinteger"]]


def set_generator_words(rng: np.random.Generator, words: Array) -> None:
    """The inverse of generator_words."""
    high, low, inc_high, inc_low, has_uint32, uinteger = map(int, words)
    numbers = {"state": high * 2**64 + low, "inc": inc_high * 2**64 + inc_low}
    state = {"bit_generator": "PCG64", "state": numbers, "has_uint32": has_uint32, "uinteger": uinteger}
    rng.bit_generator.state = state
