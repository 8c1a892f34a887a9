"""The environment: N robots in parallel as a gymnasium.vector.VectorEnv.

An episode that ends starts anew in the same step (the final observation is kept in `info["final_obs"]`); without
autoreset its robot rests from then on. Robot i of a batch seeded with s behaves as a single robot seeded with s + i.
"""

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import gymnasium
import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space
from numpy.typing import ArrayLike, NDArray

from twmr_nb.config.fields import is_number
from twmr_nb.config.schema import ConfigError, EnvConfig, checked_world
from twmr_nb.markup import shown
from twmr_nb.robot.model import (
    LEG_DOF,
    LEG_QPOS,
    NQ,
    NU,
    WHEEL_CTRL,
    WHEEL_DOF,
    WHEEL_QPOS,
    WHEELS,
    step_edges,
)
from twmr_nb.robot.rotations import on_back, upright
from twmr_nb.task.feeling import Feeling, feels
from twmr_nb.task.gate import gate
from twmr_nb.task.observations import Memory, critic_labels, mirror_of, observation_labels, observe
from twmr_nb.task.rewards import RewardTerm, checked_terms, forward, refuse_mixing, score, success_x, total
from twmr_nb.task.simulation import Simulation
from twmr_nb.task.transition import Transition
from twmr_nb.types import Array

Info = dict[str, Any]
ACCELEROMETER_NOISE, GYRO_NOISE, JOINT_NOISE, SPEED_NOISE = 0.3, 0.03, 0.01, 0.1  # m/s², rad/s, rad, rad/s
ACCELEROMETER, GYRO, TOUCH = slice(13, 16), slice(16, 19), 19  # columns of the sensor readings
MOST_LOST = 16  # diverged robots that are kept, the latest
KEPT = ("steps", "passed", "since_passed", "action", "gate", "on_the_way")  # of each robot, between two steps
NEEDED = ("physics", "heights", "factors", "height_range", "steps", "passed", "generators")  # of any state
EVERYONE = slice(None)  # indexes all robots without copying anything


class TwmrEnv(VectorEnv):
    """A batch of robots; observations are float32 [N, D], actions [N, 8] in [-1, 1], rewards float64 [N].

    >>> env = tw.TwmrEnv(tw.EnvConfig(), 2)
    >>> obs, info = env.reset(seed=7)
    >>> obs, reward, terminated, truncated, info = env.step(np.zeros((2, 8)))
    >>> bool((reward == sum(info["reward_terms"].values())).all())
    True

    `info` holds, per robot and for the step taken: x, z (m), speed along x (m/s, either way), on_back, gate, passed,
    step_height (m), and every reward term in `reward_terms` (weighted, they add up to the reward) and
    `reward_terms_raw`. A robot whose physics gives nan or explodes is put back, ends its episode as a fall, and is told
    in `diverged`; `lost` keeps it as it was last seen. `transition` is that step in full.
    """

    def __init__(
        self,
        config: EnvConfig | None = None,
        num_envs: int = 1,
        extra_terms: Iterable[RewardTerm] = (),
        num_threads: int = 0,
        autoreset: bool = True,
    ) -> None:
        if not (is_number(num_envs, int) and num_envs >= 1):
            raise ConfigError(f"num_envs = {shown(num_envs)} is not allowed: give a whole number, 1 or more.")
        self.num_envs = num_envs = int(num_envs)
        self.extra_terms = checked_terms(extra_terms)
        self.autoreset = autoreset
        self.sim = Simulation(checked_world(config), num_envs, num_threads)
        self._take(self.sim.config)
        self.step_edge = (step_edges(self.config) or (np.inf, np.inf))[0]
        self.step_heights = (self.config.step_height, self.sim.max_height)
        mode = AutoresetMode.SAME_STEP if autoreset else AutoresetMode.DISABLED
        self.metadata = {"autoreset_mode": mode, "render_modes": [], "render_fps": round(1 / self.sim.ctrl_dt)}
        self.single_action_space = gymnasium.spaces.Box(-1.0, 1.0, (NU,), np.float32)
        self.action_space = batch_space(self.single_action_space, num_envs)
        self._rngs = generators([None] * num_envs)
        self._steps = np.zeros(num_envs, dtype=int)
        self._passed = np.zeros(num_envs, dtype=bool)
        self._since_passed = np.zeros(num_envs, dtype=int)
        self._ended = np.zeros(num_envs, dtype=bool)  # without autoreset: not simulated any more
        self._action = np.zeros((num_envs, NU), np.float32)  # the last one
        self._gate = np.zeros(num_envs)
        self._on_the_way = np.zeros((self.config.action_delay, num_envs, NU), np.float32)
        self._feeling = Feeling.of(num_envs) if feels(self.config) else None
        self._started = False
        self.lost: deque[dict[str, Any]] = deque(maxlen=MOST_LOST)  # robots whose physics diverged, as last seen

    def _take(self, config: EnvConfig) -> None:
        """What follows from the settings of reward and senses."""
        self.config = config
        self.success_x = success_x(config)
        self._goes_on = 1 + round(config.drive_on / self.sim.ctrl_dt)  # steps from the one that passes to the end
        self.critic_size = len(critic_labels(config))  # columns at the end that are not the policy's to see
        self.mirror = mirror_of(config)
        width = len(observation_labels(config)) + self.critic_size
        self.single_observation_space = gymnasium.spaces.Box(-np.inf, np.inf, (width,), np.float32)
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)

    def go_on(self, config: EnvConfig, past: Sequence[Transition]) -> Array:
        """Go on in mid-episode under another reward, gate, senses, noise or delay; returns what is seen now, [N, D].

        past: the transitions of the episode so far; what the robots feel and have passed is made anew from them. The
        model stays as it was built, whatever the config says of it.
        """
        self.sim.take(config)
        self._take(config)
        self._feeling = None
        if feels(config):
            self._feeling = Feeling.of(self.num_envs)
            self._feeling.start(np.arange(self.num_envs), past[0].qpos_before[:, LEG_QPOS])
            for t in past:
                self._feeling.feel(config, t.gyro, t.qpos[:, LEG_QPOS], self.sim.ctrl_dt)
        self._passed = np.any([t.x >= self.success_x for t in past], axis=0)
        self._since_passed = self._since_passed * self._passed  # who has not passed has not driven on either
        waiting = np.concatenate([np.zeros((config.action_delay, self.num_envs, NU), np.float32), self._on_the_way])
        self._on_the_way = waiting[len(waiting) - config.action_delay :]
        t = past[-1]
        self._gate = self._gate_of(t.qpos, t.qvel, t.accelerometer, t.gyro, t.torque)
        retract, extend = self.sim.retract, self.sim.extend
        now = replace(t, gate=self._gate.copy(), success_x=self.success_x, retract=retract, extend=extend)
        self.transition = now
        return self._observed(EVERYONE, t.accelerometer, t.gyro, t.touch)

    def reset(
        self, *, seed: int | Sequence[int] | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Array, Info]:
        """Start an episode with every robot; without a seed the generators go on. Raises ConfigError on any options."""
        if options:
            raise ConfigError(f"options = {shown(options)} is not allowed: a start has none; leave them out.")
        if seed is not None:
            seeds = [seed + i for i in range(self.num_envs)] if isinstance(seed, int | np.integer) else list(seed)
            if len(seeds) != self.num_envs:
                raise ValueError(f"{len(seeds)} seeds for {self.num_envs} robots: give one number, or one per robot.")
            self._rngs = generators(seeds)
        self._started = True
        self._passed = np.zeros(self.num_envs, dtype=bool)
        self._ended = np.zeros(self.num_envs, dtype=bool)
        obs = self._start_episodes(np.arange(self.num_envs))
        self.transition = self._snapshot(self.sim.qpos.copy(), self._action, np.zeros(self.num_envs, dtype=bool))
        if self._feeling:  # to look is no control step
            self._feeling.start(np.arange(self.num_envs), self.sim.legs)
        refuse_mixing(self.extra_terms, self.transition)
        return obs, self._info(self.transition, forward(self.transition))

    def step(self, actions: ArrayLike) -> tuple[Array, Array, Array, Array, Info]:
        """One control step of every robot: observation, reward, terminated, truncated, info."""
        config = self.config
        actions = self._checked(actions)  # kept, whatever the caller does with its own
        state = self.sim.qpos_qvel.copy()
        before = state[:, :NQ]
        diverged = self.sim.step(self._delayed(actions), None if self.autoreset else ~self._ended, self._gate)
        if np.count_nonzero(diverged):
            lost = np.flatnonzero(diverged).tolist()
            self.lost.extend(self._last_seen(robot, before, state[:, NQ:], actions) for robot in lost)
            before[diverged] = self.sim.qpos[diverged]  # where nothing can be told, nothing moved
        self.transition = t = self._snapshot(before, actions, diverged)
        raw, weighted = score(t, config, self.extra_terms)
        self._action, self._gate = actions, t.gate.copy()
        obs = self._observed(EVERYONE, t.accelerometer, t.gyro, t.touch)
        info = self._info(t, raw["forward"])
        info |= {"reward_terms": weighted, "reward_terms_raw": raw, "diverged": diverged}
        self._passed = info["passed"]
        self._steps += 1
        truncated = self._steps >= config.max_steps
        if config.end_on_success and np.count_nonzero(self._passed):
            self._since_passed = (self._since_passed + 1) * self._passed
            truncated |= self._since_passed == self._goes_on
        terminated = t.fell.copy()  # the transition's own arrays are locked
        truncated &= ~terminated
        done = terminated | truncated
        if not self.autoreset:
            self._ended |= done
        elif np.count_nonzero(done):
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

    def stagger(self) -> NDArray[np.bool_]:
        """Start the robots' step counters at different values, so that their time limits do not all come at once.

        Returns whose first episode this cuts short, [N].
        """
        self._steps[:] = np.arange(self.num_envs) * self.config.max_steps // self.num_envs
        return self._steps > 0

    def get_state(self) -> dict[str, Array]:
        """All that the coming steps depend on, as arrays; `set_state` goes on exactly from it."""
        return {
            "physics": self.sim.state.copy(),
            "heights": self.sim.heights.copy(),
            "factors": self.sim.factors.copy(),
            "height_range": np.array(self.step_heights),
            **{name: getattr(self, f"_{name}").copy() for name in KEPT},
            **({f"feeling/{k}": v.copy() for k, v in vars(self._feeling).items()} if self._feeling else {}),
            "generators": np.array([generator_words(rng) for rng in self._rngs], np.uint64),
        }

    def set_state(self, state: dict[str, Array]) -> None:
        """The inverse of get_state, for an environment of the same config and size; raises ValueError on any other."""
        if missing := [name for name in NEEDED if name not in state]:
            raise ValueError(f"this state lacks {', '.join(missing)}: give one that get_state() returned.")
        if state["physics"].shape != self.sim.state.shape:
            raise ValueError(
                f"this state holds {len(state['physics'])} robots, or another model; here are {self.num_envs}: "
                "give one of an environment of the same config and size."
            )
        if self.config.step_height_max is not None:
            self.sim.set_heights(np.arange(self.num_envs), state["heights"])
        self.sim.set_factors(np.arange(self.num_envs), state["factors"])
        self.sim.state[:] = state["physics"]
        low, high = state["height_range"]
        self.step_heights = (float(low), float(high))
        self._ended = np.zeros(self.num_envs, bool)
        for name in KEPT:
            if name in state:  # states of earlier versions lack what their settings did not need
                setattr(self, f"_{name}", state[name].copy())
        if self._feeling:
            felt = {k: state.get(f"feeling/{k}", v) for k, v in vars(Feeling.of(self.num_envs)).items()}
            self._feeling = Feeling(**{k: v.copy() for k, v in felt.items()})
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
        for name in ("ended", *KEPT):
            setattr(self, f"_{name}", np.repeat(getattr(other, f"_{name}"), share, axis=int(name == "on_the_way")))
        if self._feeling and other._feeling:
            self._feeling = Feeling(*(np.repeat(each, share, axis=0) for each in vars(other._feeling).values()))
        self._started = True

    def _last_seen(self, robot: int, qpos: Array, qvel: Array, actions: Array) -> dict[str, Any]:
        """A robot's state before the step in which its physics diverged, and what it was asked to do there."""
        found = {"robot": robot, "step": int(self._steps[robot]), "step_height": float(self.sim.heights[robot])}
        return found | {"qpos": qpos[robot].tolist(), "qvel": qvel[robot].tolist(), "action": actions[robot].tolist()}

    def _checked(self, actions: ArrayLike) -> NDArray[np.float32]:
        """A copy of the actions, float32; raises on a wrong shape, on nan, and before the first reset."""
        if not self._started:
            raise gymnasium.error.ResetNeeded("the environment has not started: call reset() before step().")
        actions = np.array(actions, dtype=np.float32)
        if actions.shape != (self.num_envs, NU):
            raise ValueError(f"actions have shape {actions.shape}: give {(self.num_envs, NU)}, one row per robot.")
        if np.isnan(actions.sum()):
            raise ValueError("actions contain nan: give numbers in [-1, 1]; a policy that yields nan has diverged.")
        return actions

    def _start_episodes(self, ids: Array) -> NDArray[np.float32]:
        """Reset the robots `ids`, in one go; their first observations."""
        rngs = list(self._rngs[ids])
        if self.config.step_height_max is not None:
            self.sim.set_heights(ids, np.array([rng.uniform(*self.step_heights) for rng in rngs]))
        self.sim.reset(ids, rngs)
        self._action = self._action.copy()  # a transition holds the old one
        for counter in (self._steps, self._since_passed, self._action, self._gate, self._on_the_way.swapaxes(0, 1)):
            counter[ids] = 0
        if self._feeling:
            self._feeling.start(ids, self.sim.legs[ids])
            if self.config.gate_mode == "felt":
                self._gate[ids] = self._feeling.open[ids]
        sensors = self.sim.sensors[ids]
        return self._observed(ids, sensors[:, ACCELEROMETER], sensors[:, GYRO], touch_of(sensors))

    def _observed(self, ids: Array | slice, accelerometer: Array, gyro: Array, touch: Array) -> NDArray[np.float32]:
        """What the robots `ids` see, joints with noise if configured: [n, D]."""
        sim, qpos, qvel = self.sim, self.sim.qpos[ids], self.sim.qvel[ids]
        if self.config.sensor_noise:
            qpos, qvel = qpos.copy(), qvel.copy()
            for joints, speeds in ((WHEEL_QPOS, WHEEL_DOF), (LEG_QPOS, LEG_DOF)):
                qpos[:, joints] += self._noise(ids, JOINT_NOISE, len(WHEELS))
                qvel[:, speeds] += self._noise(ids, SPEED_NOISE, len(WHEELS))
        memory = None
        if self._feeling:
            memory = Memory(self._feeling.attitude[ids], self._action[ids], self._gate[ids])
        return observe(self.config, qpos, qvel, accelerometer, gyro, touch, sim.heights[ids], memory)

    def _noise(self, ids: Array | slice, size: float, count: int) -> Array:
        """Noise of the senses, [n, count]."""
        return self.config.sensor_noise * size * np.stack([rng.standard_normal(count) for rng in self._rngs[ids]])

    def _delayed(self, actions: Array) -> Array:
        """The actions that reach the motors now."""
        if not len(self._on_the_way):
            return actions
        self._on_the_way = np.concatenate([self._on_the_way, actions[None]])
        arrived, self._on_the_way = self._on_the_way[0], self._on_the_way[1:]
        return arrived

    def _snapshot(self, qpos_before: Array, action: Array, diverged: Array) -> Transition:
        """The present state as a Transition of its own arrays, which later steps leave alone."""
        sim, config = self.sim, self.config
        state, sensors, torque = sim.qpos_qvel.copy(), sim.sensors.astype(np.float32), sim.torque.astype(np.float32)
        if config.sensor_noise:
            sensors[:, ACCELEROMETER] += self._noise(EVERYONE, ACCELEROMETER_NOISE, 3)
            sensors[:, GYRO] += self._noise(EVERYONE, GYRO_NOISE, 3)
        for array in (state, sensors, torque):
            array.setflags(write=False)  # and so are all views into them
        accelerometer, gyro = sensors[:, ACCELEROMETER], sensors[:, GYRO]
        qpos, qvel = state[:, :NQ], state[:, NQ:]
        if self._feeling:
            self._feeling.feel(config, gyro, qpos[:, LEG_QPOS], sim.ctrl_dt)
        fell = is_down(config, qpos) | diverged
        return Transition(
            qpos_before=qpos_before,
            qpos=qpos,
            qvel=qvel,
            accelerometer=accelerometer,
            gyro=gyro,
            torque=torque,
            touch=touch_of(sensors),
            action=action,
            action_before=self._action,
            gate=self._gate_of(qpos, qvel, accelerometer, gyro, torque),
            fell=fell,
            passed_before=self._passed,
            step_height=sim.heights,
            step_edge=self.step_edge,
            start_yaw=self.config.start_yaw,
            success_x=self.success_x,
            retract=sim.retract,
            extend=sim.extend,
            ctrl_dt=sim.ctrl_dt,
        )

    def _gate_of(self, qpos: Array, qvel: Array, accelerometer: Array, gyro: Array, torque: Array) -> Array:
        """The gate now, [N]."""
        felt = self._feeling.open if self._feeling else None
        return gate(self.config, qpos[:, 0], accelerometer, gyro, torque[:, WHEEL_CTRL], qvel[:, WHEEL_DOF], felt)

    def _info(self, t: Transition, forward_speed: Array) -> Info:
        return {
            "x": t.x,
            "z": t.z,
            "speed": np.abs(forward_speed),
            "on_back": on_back(t.qpos[:, 3:7]),
            "gate": t.gate,
            "passed": t.passed,
            "step_height": t.step_height,
        }


def is_down(config: EnvConfig, qpos: Array) -> NDArray[np.bool_]:
    """Whether a pose [..., 23] ends the episode as a fall, [...]."""
    low = qpos[..., 2] < config.min_z
    return low if config.max_tilt is None else low | (upright(qpos[..., 3:7]) < np.cos(config.max_tilt))


def touch_of(sensors: Array) -> Array:
    """Force on the step [N], N; none in a world without a step, which has no such sensor."""
    return sensors[:, TOUCH] if sensors.shape[1] > TOUCH else np.zeros(len(sensors), sensors.dtype)


def generators(seeds: Sequence[int | None]) -> NDArray[np.object_]:
    """A random generator for each seed, [N]."""
    return np.array([np.random.default_rng(seed) for seed in seeds], object)


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
