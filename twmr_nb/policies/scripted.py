"""Policies written by hand, for a robot whose legs are position servos (action_mode "leg_position")."""

from typing import Any

import numpy as np

from twmr_nb.config.fields import is_number
from twmr_nb.markup import shown
from twmr_nb.robot.pose import HIGH, MIDDLE
from twmr_nb.types import Array, ConfigError


def leg_command(angle: Any) -> Any:
    """The command in [-1, 1] that makes a leg servo hold an angle [rad]."""
    return (np.asarray(angle) - MIDDLE) / (HIGH - MIDDLE)


class ConstantPolicy:
    """The same command at every step: wheels in [-1, 1], leg angles of the front and rear wheels in rad.

    >>> world = tw.EnvConfig(action_mode="leg_position")
    >>> tw.record(tw.ConstantPolicy(1.0, tw.robot.MIDDLE, title="legs out"), world, num_steps=5).title
    'legs out'
    """

    def __init__(self, wheels: float, front: float, rear: float | None = None, title: str = "") -> None:
        rear = front if rear is None else rear
        for name, value in {"wheels": wheels, "front": front, "rear": rear}.items():
            if not is_number(value, float):
                raise ConfigError(f"{name} = {shown(value)} is not allowed: give a number.")
        legs = leg_command([front, front, rear, rear])
        self.command = np.concatenate([np.full(4, wheels), legs]).astype(np.float32)
        self.title = title

    def reset(self, num_envs: int) -> None:
        """Nothing to forget."""

    def act(self, obs: Array) -> Array:
        return np.tile(self.command, (len(obs), 1))
