"""What a robot makes of its own senses over time: its attitude, and a gate that opens when it feels itself tilt.

The gate is a reflex with a memory. It opens when the attitude tilts, and stays open until the robot has folded its
legs again on the level: only the robot itself knows when it is over the step.
"""

from dataclasses import dataclass

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.robot.model import LEGS_OUT, LEGS_STOWED, tip_radius
from twmr_nb.robot.rotations import compose, small_turn, unit, upright
from twmr_nb.types import Array

STOWED_LEVEL = 0.2  # rad; legs folded on a slope may be needed again at once
STOWED_FOR = 5  # control steps that the legs are folded on the level before the gate shuts


@dataclass
class Feeling:
    """N robots' memory of what they sensed. `start` begins episodes, `feel` takes the senses of one control step.

    Attitude is integrated from the gyro, so it drifts, and its heading is relative to the episode's start.
    """

    attitude: Array
    """Unit quaternions (w, x, y, z), [N, 4]."""
    gyro: Array
    """The latest rotation rate, rad/s, [N, 3]."""
    open: Array
    """Whether the gate is open, [N] bool."""
    stowed: Array
    """Control steps for which the legs have been folded on the level while it was open, [N]."""

    @classmethod
    def of(cls, num_envs: int) -> "Feeling":
        level = np.tile([1.0, 0.0, 0.0, 0.0], (num_envs, 1))
        return cls(level, np.zeros((num_envs, 3)), np.zeros(num_envs, bool), np.zeros(num_envs, int))

    def start(self, ids: Array, leg_angle: Array) -> None:
        """The robots `ids` begin an episode, level, with these leg angles [n, 4]; legs that are out open the gate."""
        self.attitude[ids], self.gyro[ids], self.stowed[ids] = (1.0, 0.0, 0.0, 0.0), 0.0, 0
        self.open[ids] = legs_out(leg_angle)

    def feel(self, config: EnvConfig, gyro: Array, leg_angle: Array, ctrl_dt: float) -> None:
        """One control step: gyro [N, 3] in rad/s, leg_angle [N, 4] in rad, after it."""
        turned = compose(self.attitude, small_turn((self.gyro + gyro) / 2 * ctrl_dt))
        self.attitude, self.gyro = unit(turned), gyro.astype(float)
        tilt = np.arccos(np.clip(upright(self.attitude), -1, 1))
        folded = (tip_radius(leg_angle) < LEGS_STOWED).all(axis=-1) & (tilt < STOWED_LEVEL)
        self.stowed = np.where(self.open & folded, self.stowed + 1, 0)
        opens = (tilt > config.gate_tilt) | legs_out(leg_angle)
        self.open = (self.open | opens) & (self.stowed < STOWED_FOR)


def feels(config: EnvConfig) -> bool:
    """Whether anything reads a robot's feeling under a configuration."""
    return config.gate_mode == "felt" or config.obs_mode == "proprio_phase"


def legs_out(leg_angle: Array) -> Array:
    """Whether the tips are out on average, [...] of leg angles [..., 4]."""
    return tip_radius(leg_angle).sum(axis=-1) > 4 * LEGS_OUT


def felt_along(config: EnvConfig, gyro: Array, leg_angle: Array, ctrl_dt: float) -> tuple[Array, Array]:
    """What a recorded episode's senses, [T, 3] and [T, 4], made it feel: attitude [T, 4], gate [T] (0 or 1)."""
    feeling = Feeling.of(1)
    feeling.start(np.array([0]), leg_angle[:1])
    attitudes, gates = [], []
    for rate, legs in zip(gyro, leg_angle, strict=True):
        feeling.feel(config, rate[None], legs[None], ctrl_dt)
        attitudes.append(feeling.attitude[0])
        gates.append(float(feeling.open[0]))
    return np.array(attitudes), np.array(gates)
