"""A batch of simulated robots: the physics below the environment, and how an episode's start is prepared.

The order of forward() calls in reset() is part of the recorded behaviour: each leaves the solver's warm start behind.
"""

import os
from collections.abc import Sequence

import mjbatch
import mujoco
import numpy as np
from numpy.typing import NDArray

from twmr_nb.config.schema import ConfigError, EnvConfig
from twmr_nb.robot.model import (
    LEG_CTRL,
    LEG_DOF,
    LEG_QPOS,
    NQ,
    NV,
    STEP_GEOM,
    WHEEL_ASIDE,
    WHEEL_CTRL,
    build_model,
    height_to_box,
    step_edges,
    step_height,
)
from twmr_nb.robot.pose import HIGH, LOW, MIDDLE, leg_targets, robot_geoms
from twmr_nb.robot.rotations import about_z
from twmr_nb.task.transition import locked
from twmr_nb.types import Array

STATE = mujoco.mjtState.mjSTATE_INTEGRATION
AT_STEP = (0.12, 0.18)  # m before the edge, of starts at the step
LEGS_OUT_SHARE, OUT_SPREAD = 0.7, 0.6  # of these, the share with legs out, and how far from mid-range, rad
EXPLODED = 1e6  # m, rad, m/s or rad/s, beyond anything that a robot does
THREADS = "TWMR_THREADS"  # of physics; one for each core where it is not set. They change no result.


def threads_asked() -> int:
    """Threads of physics, 0: one for each core; raises ConfigError where the environment says something else."""
    words = os.environ.get(THREADS, "").strip()
    if words and not words.isdecimal():
        raise ConfigError(f"{THREADS} = {words!r} is not allowed: set a whole number of threads, or leave it out.")
    return int(words or 0)


class Simulation:
    """N robots on a thread pool; qpos, qvel, ctrl and sensors are live views, [N, ...]."""

    def __init__(self, config: EnvConfig, num_envs: int, num_threads: int = 0) -> None:
        self.model = build_model(config)
        self.batch = mjbatch.Batch(self.model, num_envs, num_threads=num_threads or threads_asked())
        self.frame_skip = config.frame_skip or max(1, round(config.ctrl_dt / config.timestep))
        self.ctrl_dt = self.frame_skip * config.timestep
        self.leg_position = config.action_mode != "torque"  # servos hold the legs
        low, high = self.model.actuator_ctrlrange.astype(np.float32).T
        self.ctrl_middle, self.ctrl_half_range = (high + low) / 2, (high - low) / 2
        self.edges = step_edges(config)
        self.take(config)
        self._bind_views()
        self._bind_step(num_envs)

    def take(self, config: EnvConfig) -> None:
        """Go on under these settings; those that the model is made of must be the same."""
        self.config = config
        self.reflex = config.action_mode == "reflex"
        self.retract, self.extend = map(locked, leg_targets(config))  # every transition shows them
        self.start_pose = np.tile(self.retract, (self.batch.num_sims, 1))  # leg angles, rad

    def _bind_views(self) -> None:
        """Views into the batch, bound once: binding costs more than using."""
        self.state = self.batch.bind("state")
        self.qpos, self.qvel, self.ctrl = (self.batch.bind(name) for name in ("qpos", "qvel", "ctrl"))
        self.legs, self.leg_speeds = self.qpos[:, LEG_QPOS], self.qvel[:, LEG_DOF]
        self._followers = self.qpos[:, 9::4], self.qpos[:, 10::4]
        # The state vector begins with the time, then qpos and qvel side by side.
        self.qpos_qvel = self.state[:, 1 : 1 + NQ + NV]
        self.sensors = self.batch.bind("sensordata")
        self.torque = self.batch.bind("actuator_force") if self.leg_position else self.ctrl
        first, self._below = robot_geoms(self.model)
        self._geom_z = self.batch.bind("geom_xpos")[:, first:, 2]
        self._blank = np.zeros(self.batch.nstate)
        mujoco.mj_getState(self.model, mujoco.MjData(self.model), self._blank, STATE)

    def _bind_step(self, num_envs: int) -> None:
        """Step heights [N], m; own copies of the step's geometry only if heights are drawn."""
        self.max_height = step_height(self.config)
        self.heights = locked(np.full(num_envs, self.max_height))  # a transition shows those of its time
        if self.config.step_height_max is not None:
            step = self.model.geom(STEP_GEOM).id
            self._step_z = self.batch.expand("geom_pos")[:, step, 2]
            self._step_half_height = self.batch.expand("geom_size")[:, step, 2]

        self.factors = np.ones((num_envs, 2))  # of friction and chassis mass
        self._vary = np.zeros(2, bool)  # own copies of these only once one is not 1

    def set_heights(self, ids: Array, heights: Array) -> None:
        """Give the robots `ids` steps of these heights [m], none above the model's.

        The bounding volumes stay those of the highest step: no contact is missed, and one that only grazes (less than
        1 µm deep) may be seen where a model of that height would cull it.
        """
        changed = self.heights.copy()
        changed[ids] = heights
        self.heights = locked(changed)
        self._step_z[ids], self._step_half_height[ids] = height_to_box(heights)

    def set_factors(self, ids: Array, factors: Array) -> None:
        """Scale the friction and the chassis mass of the robots `ids` by factors [n, 2]."""
        self.factors[ids] = factors
        self._vary |= (factors != 1).any(axis=0)
        friction, mass = self._vary
        if friction:
            self.batch.expand("geom_friction")[ids] = self.model.geom_friction * factors[:, 0, None, None]
        if mass:
            body, factor = self.model.body("chassis").id, factors[:, 1]
            self.batch.expand("body_mass")[ids, body] = self.model.body_mass[body] * factor
            self.batch.expand("body_inertia")[ids, body] = self.model.body_inertia[body] * factor[:, None]

    def set_strength(self, share: float) -> None:
        """Let all motors give only this share of their torque, 0 to 1; a servo's hold weakens as well."""
        low, high = self.model.actuator_ctrlrange.astype(np.float32).T
        motors = WHEEL_CTRL if self.leg_position else slice(None)
        self.ctrl_half_range[motors] = share * ((high - low) / 2)[motors]
        if self.leg_position:
            limits = self.batch.expand("actuator_forcerange")
            limits[:, LEG_CTRL] = share * self.model.actuator_forcerange[LEG_CTRL]

    def set_slope(self, slope: float) -> None:
        """Turn gravity as if the ground rose ahead by this angle, rad."""
        down = float(-self.model.opt.gravity[2])
        self.batch.expand("gravity")[:] = -down * np.sin(slope), 0.0, -down * np.cos(slope)

    def set_forces(self, forces: Array) -> None:
        """Push from outside, from now on: force, N, and torque, N m, at every body's centre of mass, [N, nbody, 6]."""
        self.batch.bind("xfrc_applied")[:] = forces

    def step(
        self, actions: NDArray[np.float32], running: NDArray[np.bool_] | None = None, gate: Array | None = None
    ) -> NDArray[np.bool_]:
        """One control step: actions [N, 8], clipped to [-1, 1], become motor commands for frame_skip physics steps.

        running [N]: the robots that are simulated, all when not given; the others stay as they are.
        gate [N]: how far the legs follow their commands and not the reflex, which folds each to the side that it is on;
        read in "reflex" only.
        Returns which robots diverged (nan, or beyond EXPLODED); they are put back where they were, at rest, so that
        everything that is computed from them stays finite.
        """
        x_before = self.qpos[:, 0].copy()
        self.ctrl[:] = self.ctrl_middle + self.ctrl_half_range * actions.clip(-1, 1)
        if self.reflex and gate is not None:
            legs = self.ctrl[:, LEG_CTRL]
            home = np.where(self.legs > MIDDLE, HIGH, LOW)
            legs[:] = home + gate[:, None] * (legs - home)
        self.batch.step(running, nstep=self.frame_skip)
        diverged = ~(np.abs(self.qpos_qvel).max(axis=1) < EXPLODED)
        if np.count_nonzero(diverged):  # three times as fast as .any() on few
            self.state[diverged] = self._blank
            self.qpos[diverged, 0] = x_before[diverged]
            self.sensors[diverged] = self.torque[diverged] = 0
        return diverged

    def reset(self, ids: Array, rngs: Sequence[np.random.Generator]) -> None:
        """Put the robots `ids` (sorted) at the start of an episode, each drawing noise from its own generator."""
        config = self.config
        self.state[ids] = self._blank
        self._draw_world(ids, rngs)
        self._place(ids)
        if config.reset_noise > 0:
            noise = config.reset_noise
            draws = [(rng.normal(0, noise, NQ), rng.normal(0, noise, NV)) for rng in rngs]
            for i, (position, velocity) in zip(ids, draws, strict=True):
                position[:7] = 0  # the root's pose stays
                self.qpos[i] += position
                self.qvel[i] += velocity
            self.batch.forward(ids)
            self._place(ids)
        self._settle(ids)

    def _draw_world(self, ids: Array, rngs: Sequence[np.random.Generator]) -> None:
        """Draw each robot's start, friction and mass for its episode; a range of 0 draws no number."""
        config = self.config
        for i, rng in zip(ids, rngs, strict=True):
            if config.start_x_range:
                self.qpos[i, 0] += rng.uniform(-config.start_x_range, config.start_x_range)
            turned = config.start_yaw
            if config.start_yaw_range:
                turned += rng.uniform(-config.start_yaw_range, config.start_yaw_range)
            if turned:
                self.qpos[i, 3:7] = about_z(turned)
            if self.edges and config.start_at_step:
                self._start_at_step(i, rng, self.edges[0], turned)
            if config.friction_range or config.mass_range:
                spread = np.array([config.friction_range, config.mass_range])
                self.set_factors(np.array([i]), rng.uniform(1 - spread, 1 + spread)[None])

    def _start_at_step(self, i: int, rng: np.random.Generator, near: float, turned: float) -> None:
        """With the configured chance, put robot i just before the step, with its legs out in most cases."""
        self.start_pose[i] = self.retract
        if rng.random() < self.config.start_at_step:
            corner = abs(np.sin(turned)) * WHEEL_ASIDE  # reaches further ahead than the middle of the axle
            self.qpos[i, 0] = near - rng.uniform(*AT_STEP) - corner
            if rng.random() < LEGS_OUT_SHARE:
                self.start_pose[i] = rng.uniform(MIDDLE - OUT_SPREAD, MIDDLE + OUT_SPREAD)

    def _place(self, ids: Array) -> None:
        """Set the legs to the start's pose and the robots on the ground, as configured; ends with current sensors."""
        if self.config.retract_legs:
            self.legs[ids] = self.start_pose[ids]
            # The original sets only the driven leg of each wheel.
            if self.reflex or (self.edges and self.config.start_at_step):
                for followers in self._followers:
                    followers[ids] = self.start_pose[ids]
        self.batch.forward(ids)
        if self.config.start_on_ground:
            lowest = (self._geom_z[ids] - self._below).min(axis=1)
            self.qpos[ids, 2] += self.config.ground_clearance - lowest
            self.batch.forward(ids)

    def _settle(self, ids: Array) -> None:
        """Let the robots come to rest with still wheels, the legs held at their retract targets or free."""
        steps = self.config.settle_steps
        self.ctrl[ids] = 0
        if self.leg_position:  # servos always hold: the targets, or the pose they start in
            self.ctrl[ids, LEG_CTRL] = self.start_pose[ids] if self.config.hold_retract else self.legs[ids]
        if steps and (self.leg_position or not self.config.hold_retract):
            self.batch.step(ids, nstep=steps)
            return
        kp, kd, limit = self.config.hold_kp, self.config.hold_kd, self.model.actuator_ctrlrange[LEG_CTRL, 1]
        for _ in range(steps):
            torque = kp * (self.start_pose[ids] - self.legs[ids]) - kd * self.leg_speeds[ids]
            self.ctrl[ids, LEG_CTRL] = np.clip(torque, -limit, limit)
            self.batch.step(ids, nstep=1)
