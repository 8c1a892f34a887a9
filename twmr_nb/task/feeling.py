"""What a robot makes of its own senses over time: its attitude, and a gate that opens when it feels a step.

The gate is a reflex with a memory. Something lifts the nose of a robot on its bare wheels: a step. From then on the
gate is open, until the robot has been level for half a second or its nose has sunk so far that it is on its way down.
What lifts the nose in the next seconds is the edge that it leaves, one wheel after the other, and opens nothing. Legs
make the chassis sway as it rolls, about four times a second; that is no tilt, so that lean is felt over some time, and
a gate that has shut opens again only with legs in.
"""

from dataclasses import dataclass

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.robot.model import LEGS_OUT, LEGS_STOWED, tip_radius
from twmr_nb.robot.rotations import compose, nose_up, rotation, small_turn, unit
from twmr_nb.types import Array

SMOOTHED = 0.2  # s over which lean is felt: the sway of legs is a fifth of what it was
LEVEL = 0.15  # rad
LEVEL_FOR = 0.5  # s on the level, after which the gate shuts
SUNK, DEAF_FOR = 0.05, 3.0  # rad, s; after the nose was down by more, a nose that is up opens nothing for so long
WAY_DOWN = 0.2  # rad; a nose that is down by more shuts the gate


@dataclass
class Feeling:
    """N robots' memory of what they sensed. `start` begins episodes, `feel` takes the senses of one control step.

    Attitude is integrated from the gyro, so it drifts, and its heading is relative to the episode's start.
    """

    attitude: Array
    """Unit quaternions (w, x, y, z), [N, 4]."""
    gyro: Array
    """The latest rotation rate, rad/s, [N, 3]."""
    lean: Array
    """How far the chassis' own x and y have pointed up of late, as sines, [N, 2]."""
    level: Array
    """Control steps for which it has been level since the gate was opened, [N]."""
    deaf: Array
    """Control steps for which a nose that is up opens nothing, [N]."""
    open: Array
    """Whether the gate is open, [N] bool."""

    @classmethod
    def of(cls, num_envs: int) -> "Feeling":
        straight = np.tile([1.0, 0.0, 0.0, 0.0], (num_envs, 1))
        return cls(
            straight,
            np.zeros((num_envs, 3)),
            np.zeros((num_envs, 2)),
            np.zeros(num_envs, int),
            np.zeros(num_envs, int),
            np.zeros(num_envs, bool),
        )

    def start(self, ids: Array, leg_angle: Array) -> None:
        """The robots `ids` begin an episode, level, with these leg angles [n, 4]; legs that are out open the gate."""
        self.attitude[ids], self.gyro[ids], self.lean[ids] = (1.0, 0.0, 0.0, 0.0), 0.0, 0.0
        self.level[ids] = self.deaf[ids] = 0
        self.open[ids] = legs_out(leg_angle)

    def feel(self, config: EnvConfig, gyro: Array, leg_angle: Array, ctrl_dt: float) -> None:
        """One control step: gyro [N, 3] in rad/s, leg_angle [N, 4] in rad, after it."""
        turned = compose(self.attitude, small_turn((self.gyro + gyro) / 2 * ctrl_dt))
        self.attitude, self.gyro = unit(turned), gyro.astype(float)
        self.lean = smoothed(self.lean, self.attitude, ctrl_dt)
        self.deaf = deafened(self.deaf, self.lean, ctrl_dt)
        opens = rises(config, self.attitude, leg_angle) & (self.deaf == 0)
        self.open, self.level = latched(self.open, self.level, opens, self.lean, ctrl_dt)


def feels(config: EnvConfig) -> bool:
    """Whether anything reads a robot's feeling under a configuration."""
    return config.gate_mode == "felt" or config.obs_mode == "proprio_phase"


def legs_out(leg_angle: Array) -> Array:
    """Whether the tips are out on average, [...] of leg angles [..., 4]."""
    return tip_radius(leg_angle).sum(axis=-1) > 4 * LEGS_OUT


def rises(config: EnvConfig, attitude: Array, leg_angle: Array) -> Array:
    """What opens the felt gate if it is not deaf, [...]: the nose is up, with all legs folded."""
    return (nose_up(attitude) > config.gate_tilt) & (tip_radius(leg_angle) < LEGS_STOWED).all(axis=-1)


def smoothed(lean: Array, attitude: Array, ctrl_dt: float) -> Array:
    """The lean [..., 2] after one more control step: a running mean that forgets."""
    return lean + ctrl_dt / SMOOTHED * (rotation(attitude)[..., 2, :2] - lean)


def deafened(deaf: Array, lean: Array, ctrl_dt: float) -> Array:
    """For how many control steps a nose that is up opens nothing, [...], after one more of them."""
    return np.where(lean[..., 0] < -SUNK, round(DEAF_FOR / ctrl_dt), np.maximum(deaf - 1, 0))


def latched(was_open: Array, level: Array, opens: Array, lean: Array, ctrl_dt: float) -> tuple[Array, Array]:
    """Whether the gate is open after one more control step, and for how many the robot has been level, each [...]."""
    level = (level + 1) * ((lean * lean).sum(axis=-1) < LEVEL**2) * ~opens
    return opens | was_open & (level * ctrl_dt < LEVEL_FOR) & (lean[..., 0] > -WAY_DOWN), level


def attitude_along(gyro: Array, ctrl_dt: float) -> Array:
    """The attitude [T, 4] that a recorded gyro [T, 3] adds up to."""
    rate = np.concatenate([np.zeros((1, 3)), gyro])
    attitudes = [np.array([1.0, 0.0, 0.0, 0.0])]
    for turn in small_turn((rate[:-1] + rate[1:]) / 2 * ctrl_dt):
        attitudes.append(unit(compose(attitudes[-1], turn)))
    return np.array(attitudes[1:])


def felt_gate(config: EnvConfig, attitude: Array, leg_angle: Array, ctrl_dt: float) -> Array:
    """The felt gate along a recorded episode, [T] (0 or 1), of attitudes and leg angles [T, 4]."""
    is_open, level, deaf, lean, gates = legs_out(leg_angle[0]), np.array(0), np.array(0), np.zeros(2), []
    for turned, opens in zip(attitude, rises(config, attitude, leg_angle), strict=True):
        lean = smoothed(lean, turned, ctrl_dt)
        deaf = deafened(deaf, lean, ctrl_dt)
        is_open, level = latched(is_open, level, opens & (deaf == 0), lean, ctrl_dt)
        gates.append(is_open)
    return np.array(gates, float)
