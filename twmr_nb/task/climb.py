"""What a good climb is worth, as reward terms: wheels ahead and up, the chassis upright, at an angle where asked."""

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.robot.model import WHEEL_RADIUS, step_edges, step_height
from twmr_nb.robot.pose import wheel_centres
from twmr_nb.robot.rotations import yaw as heading
from twmr_nb.task.rewards import REWARD_TERMS, RewardTerm, reward_term
from twmr_nb.task.transition import Transition
from twmr_nb.types import Array

TILTED, STEEPEST = 0.8, 1.0  # rad; from where tilt costs, and where a plan ends
ON_TOP = 0.005  # m above the step's top that still count as climbed
BELLY = 0.06  # m beyond the edge up to which the chassis' middle counts once more
AROUND = 0.1  # m before and after the step where legs should be out
LEGS = 0.01  # per rad² of legs that are not as they should be, at least
FREE = 0.2  # rad to either side of the angle asked for
STANDING = 0.5  # a step of an episode that has not ended in a fall


def only_climbing(config: EnvConfig) -> EnvConfig:
    """The world with no reward but for not having fallen or tilted beyond 1 rad, and for legs out at the step alone:
    its own extension_penalty, and no less than 0.01."""
    weights = {term.setting: 0.0 for term in REWARD_TERMS} | {"alive_bonus": STANDING}
    weights["extension_penalty"] = max(config.extension_penalty, LEGS)
    if config.action_mode == "reflex":  # whose own gate moves the legs
        return config.replace(max_tilt=min(config.max_tilt or STEEPEST, STEEPEST), **weights)
    around = dict.fromkeys(("obstacle_pre_buffer", "obstacle_post_buffer"), AROUND)
    gated = config.replace(gate_mode="obstacle", extend_mode="midpoint", extend_angle=None, **around)
    return gated.replace(max_tilt=min(config.max_tilt or STEEPEST, STEEPEST), **weights)


def climb_terms(config: EnvConfig, yaw: float = 0.0) -> tuple[RewardTerm, ...]:
    """Terms of a world with at most one step, flat or not; yaw [rad]: how far to turn until every wheel is up."""
    edge, top = (step_edges(config) or (np.inf, np.inf))[0], step_height(config) + ON_TOP

    def progress(t: Transition) -> Array:
        """Metres that the wheels are ahead and up the step, on average; and the chassis, until it is over the edge."""
        x, z = wheel_centres(t.qpos)
        climbed = np.where(x < edge, np.clip(z - WHEEL_RADIUS, 0, top), top)
        return 2 * (x + climbed).mean(axis=-1) + np.minimum(t.x, edge + BELLY)

    def tilt(t: Transition) -> Array:
        """Squared radians of tilt beyond 0.8."""
        return np.maximum(t.tilt - TILTED, 0) ** 2

    def effort(t: Transition) -> Array:
        """Squared torques of the wheels."""
        return (t.torque[..., :4] ** 2).sum(axis=-1)

    def turn(t: Transition) -> Array:
        """Radians that it points too far from the angle, to either side, times the share of wheels that are not up."""
        x, _ = wheel_centres(t.qpos)
        away = np.abs(yaw - np.abs(heading(t.qpos[..., 3:7])))
        return np.maximum(away - FREE, 0) * (x < edge).mean(axis=-1)

    priced = [(progress, 1.0), (tilt, -4.0), (effort, -0.01), *([(turn, -1.0)] if yaw else [])]
    return tuple(reward_term(fn, weight) for fn, weight in priced)
