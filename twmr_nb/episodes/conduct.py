"""How an episode was driven: upright or on its back, folded where the way is flat, and how rough and dear the ride.

`trace` keeps what counts of each control step, `conduct` judges one episode by its traces: a recorded one and each of
an evaluation alike. The force on the step is read to measure; no policy needs it.
"""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.episodes.metrics import FLAT, work
from twmr_nb.robot.model import LEGS_OUT, LEGS_STOWED, ROBOT_MASS, step_edges, tip_radius
from twmr_nb.robot.rotations import yaw
from twmr_nb.task.gate import GRAVITY
from twmr_nb.task.transition import Transition
from twmr_nb.types import Array

TOPPLED, LEVEL = 1.0, 0.35  # rad of tilt: more than the first is over, less than the second at the end is level
AFTER = 2.0  # s after passing in which the legs are looked at
CLEAN_BEFORE, CLEAN_AFTER = 0.9, 0.8  # shares of time folded
Trace = Mapping[str, Array]


@dataclass(frozen=True)
class Conduct:
    """What one episode was like; nan where there was nothing to measure. Torques and energy count until it passes.

    Folded here is every tip within 27 mm of its axis. Contact is the first touch of the step or, where none is felt (a
    step of no height), the root over its near edge; without either, "before contact" lasts until it passes or ends.
    """

    largest_tilt: float
    """Largest angle between the chassis' own up and the world's, rad."""
    upright: bool
    """Never tilted by more than 1.0 rad, within 0.35 rad of level at the end, and not ended by a fall."""
    upright_pass: bool
    """Passed and upright."""
    clean_pass: bool | None
    """That, and folded for at least 90% of the time before contact and 80% of the 2 s after passing, as far as these
    were played; None where the episode ends by passing, with less than 2 s of drive_on."""
    folded_before_contact: float
    """Share of time."""
    folded_after_passing: float
    """Share of the 2 s that begin with the step that passes, or of what was played of them."""
    contact_to_legs_out: float
    """From contact until the tips are beyond 40 mm on average, s."""
    vertical_acceleration: float
    """RMS over the time more than 0.3 m before or beyond the step, m/s²: change of the root's upward velocity from one
    control step to the next, over its duration."""
    action_rate: float
    """Mean squared change of an action from one control step to the next."""
    rms_torque: float
    """Of all eight motors, N m."""
    peak_torque: float
    """Of all eight motors, N m."""
    cost_of_transport: float
    """Mechanical work |torque · speed| over weight times distance along x, start to passing; with the nominal mass."""
    drift_at_passing: float
    """|y| where it passes, m."""
    heading_at_passing: float
    """|yaw| where it passes, rad; π is driving backwards, or over on its back."""

    def __repr__(self) -> str:
        numbers = {k: f"{v:.4g}" if isinstance(v, float) else v for k, v in vars(self).items()}
        return "\n".join(["Conduct:", *(f"  {name:<21} {value}" for name, value in numbers.items())])


def trace(t: Transition) -> dict[str, Array]:
    """What `conduct` needs of control steps, each [...] (action and torque [..., 8])."""
    tips = tip_radius(t.leg_angle)
    return {
        "x_before": t.x_before,
        "x": t.x,
        "y": t.qpos[..., 1],
        "vz": t.vz,
        "yaw": yaw(t.qpos[..., 3:7]),
        "tilt": t.tilt,
        "folded": (tips < LEGS_STOWED).all(axis=-1),
        "out": tips.mean(axis=-1) > LEGS_OUT,
        "touched": t.touch > 0,
        "passed": t.passed,
        "work": work(t),
        "torque": t.torque,
        "action": t.action,
    }


def conduct(steps: Trace, config: EnvConfig, fell: bool, ctrl_dt: float) -> Conduct:
    """Judge one episode by its traces [T, ...]; fell: whether it was terminated."""
    x, tilt, folded = steps["x"], steps["tilt"], steps["folded"]
    near, far = step_edges(config) or (np.inf, np.inf)
    contact, passing = first(steps["touched"] | (x >= near)), first(steps["passed"])
    passed, driven = passing < len(x), slice(passing + 1)
    before = share(folded[: min(contact, passing)])
    after = share(folded[passing : passing + round(AFTER / ctrl_dt)])
    upright = not fell and bool(tilt.max() <= TOPPLED and tilt[-1] <= LEVEL)
    clean = passed and upright and not (before < CLEAN_BEFORE or after < CLEAN_AFTER)
    opening = first(steps["out"][contact:])
    flat = (x < near - FLAT) | (x > far + FLAT)
    distance = x[passing] - steps["x_before"][0] if passed else 0.0
    spent = steps["work"][driven].sum()
    return Conduct(
        largest_tilt=float(tilt.max()),
        upright=upright,
        upright_pass=passed and upright,
        clean_pass=None if config.end_on_success and config.drive_on < AFTER else clean,
        folded_before_contact=before,
        folded_after_passing=after,
        contact_to_legs_out=opening * ctrl_dt if contact + opening < len(x) else np.nan,
        vertical_acceleration=rms((np.diff(steps["vz"]) / ctrl_dt)[flat[1:]]),
        action_rate=rms(np.diff(steps["action"][driven], axis=0)) ** 2,
        rms_torque=rms(steps["torque"][driven]),
        peak_torque=float(np.abs(steps["torque"][driven]).max()),
        cost_of_transport=float(spent / (ROBOT_MASS * GRAVITY * distance)) if distance > 0 else np.nan,
        drift_at_passing=float(abs(steps["y"][passing])) if passed else np.nan,
        heading_at_passing=float(abs(steps["yaw"][passing])) if passed else np.nan,
    )


def as_arrays(episodes: list[Conduct]) -> dict[str, Array]:
    """Each number of every episode, [episodes]; None is nan."""
    names = [field.name for field in dataclasses.fields(Conduct)]
    return {name: np.array([getattr(each, name) for each in episodes], float) for name in names}


def first(flags: Array) -> int:
    """The index of the first that is true; their number where none is."""
    return int(np.argmax(flags)) if flags.any() else len(flags)


def share(flags: Array) -> float:
    return float(flags.mean()) if len(flags) else np.nan


def rms(values: Array) -> float:
    return float(np.sqrt(np.mean(np.square(values, dtype=float)))) if values.size else np.nan
