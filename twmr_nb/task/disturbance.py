"""What disturbs a robot that drives: other circumstances, a pull by a spring, a push."""

from dataclasses import dataclass

import mujoco
import numpy as np

from twmr_nb.config.fields import Config, setting
from twmr_nb.robot.model import CHASSIS_MASS
from twmr_nb.task.simulation import Simulation
from twmr_nb.types import Array

STIFFNESS, DAMPING = 100.0, 8.0  # N/m, N s/m, of the spring that pulls
STRONGEST = 40.0  # N, twice the robot's weight


@dataclass(frozen=True)
class Circumstances(Config):
    """What a robot meets that its world does not say. Raises ConfigError on a value that is not allowed."""

    part = "the circumstances (Stage.disturb)"

    friction: float = setting(1.0, group="circumstances", low=0.05, high=2.0)
    """All friction is multiplied by this; 1: as the world has it."""
    payload: float = setting(0.0, group="circumstances", low=0.0, high=3.0, unit="kg")
    """Mass on the chassis, spread as its own."""
    strength: float = setting(1.0, group="circumstances", low=0.0, high=1.0)
    """Share of their torque that the motors can give."""
    slope: float = setting(0.0, group="circumstances", low=-25.0, high=25.0, unit="°")
    """Gravity leans as if the ground rose ahead by this angle; the picture stays level."""

    def apply(self, sim: Simulation, drawn: Array) -> None:
        """Let all robots meet them; drawn [N, 2]: the factors of friction and mass that their episodes drew."""
        more = [self.friction, 1 + self.payload / CHASSIS_MASS]
        sim.set_factors(np.arange(len(drawn)), drawn * more)
        sim.set_strength(self.strength)
        sim.set_slope(float(np.radians(self.slope)))


@dataclass(frozen=True)
class Pull:
    """A spring from a point of a body to a point in the world."""

    body: int
    at: tuple[float, float, float]
    """In the body's own frame, m."""
    to: tuple[float, float, float]
    """In the world, m."""

    def force(self, model: mujoco.MjModel, data: mujoco.MjData) -> tuple[Array, Array]:
        """Where it pulls, m, and how, N, each [3], for a state whose positions and velocities are computed."""
        point = data.xpos[self.body] + data.xmat[self.body].reshape(3, 3) @ self.at
        motion = np.zeros(6)
        mujoco.mj_objectVelocity(model, data, mujoco.mjtObj.mjOBJ_XBODY, self.body, motion, 0)
        speed = motion[3:] + np.cross(motion[:3], point - data.xpos[self.body])
        force = STIFFNESS * (np.asarray(self.to) - point) - DAMPING * speed
        return point, force * min(1.0, STRONGEST / max(float(np.linalg.norm(force)), 1e-9))


def wrench(data: mujoco.MjData, body: int, point: Array, force: Array) -> Array:
    """Force and torque [6] at a body's centre of mass of a force [3] at a point [3]."""
    return np.concatenate([force, np.cross(point - data.xipos[body], force)])
