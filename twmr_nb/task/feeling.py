"""What a robot makes of its own senses over time: its attitude, and a gate that opens when it feels itself tilt.

The gate is a reflex with a memory. It opens when the attitude tilts, and stays open until the robot has folded its
legs again on the level: only the robot itself knows when it is over the step.
"""

from dataclasses import dataclass

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.robot.model import LEGS_OUT, LEGS_STOWED, tip_radius
from twmr_nb.robot.rotations import compose, small_turn, tilt, unit
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
        asked = opens(config, self.attitude, leg_angle), folded_level(self.attitude, leg_angle)
        self.open, self.stowed = latched(self.open, self.stowed, *asked)


def feels(config: EnvConfig) -> bool:
    """Whether anything reads a robot's feeling under a configuration."""
    return config.gate_mode == "felt" or config.obs_mode == "proprio_phase"


def legs_out(leg_angle: Array) -> Array:
    """Whether the tips are out on average, [...] of leg angles [..., 4]."""
    return tip_radius(leg_angle).sum(axis=-1) > 4 * LEGS_OUT


def folded_level(attitude: Array, leg_angle: Array) -> Array:
    """Whether all legs are folded while the robot feels level, [...] of attitudes and leg angles, [..., 4] each."""
    return (tip_radius(leg_angle) < LEGS_STOWED).all(axis=-1) & (tilt(attitude) < STOWED_LEVEL)


def opens(config: EnvConfig, attitude: Array, leg_angle: Array) -> Array:
    """What opens the felt gate, [...]: a tilt, or legs that are out."""
    return (tilt(attitude) > config.gate_tilt) | legs_out(leg_angle)


def latched(was_open: Array, stowed: Array, opens: Array, folded: Array) -> tuple[Array, Array]:
    """Whether the gate is open after one more control step, and for how many its legs have been folded."""
    stowed = (stowed + 1) * (was_open & folded)
    return (was_open | opens) & (stowed < STOWED_FOR), stowed


def attitude_along(gyro: Array, ctrl_dt: float) -> Array:
    """The attitude [T, 4] that a recorded gyro [T, 3] adds up to."""
    rate = np.concatenate([np.zeros((1, 3)), gyro])
    attitudes = [np.array([1.0, 0.0, 0.0, 0.0])]
    for turn in small_turn((rate[:-1] + rate[1:]) / 2 * ctrl_dt):
        attitudes.append(unit(compose(attitudes[-1], turn)))
    return np.array(attitudes[1:])


def felt_gate(config: EnvConfig, attitude: Array, leg_angle: Array) -> Array:
    """The felt gate along a recorded episode, [T] (0 or 1), of attitudes and leg angles [T, 4]."""
    is_open, stowed, gates = legs_out(leg_angle[0]), np.array(0), []
    for step in zip(opens(config, attitude, leg_angle), folded_level(attitude, leg_angle), strict=True):
        is_open, stowed = latched(is_open, stowed, *step)
        gates.append(is_open)
    return np.array(gates, float)
