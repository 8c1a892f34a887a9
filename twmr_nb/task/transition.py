"""One control step of the robot as named arrays: all that a reward term may look at."""

import re
from dataclasses import dataclass

import numpy as np

from twmr_nb.config.fields import field_docs
from twmr_nb.robot.model import LEG_DOF, LEG_QPOS, WHEEL_DOF, WHEEL_QPOS
from twmr_nb.robot.rotations import roll_pitch, tilt, upright
from twmr_nb.types import Array


@dataclass(frozen=True)
class Transition:
    """One control step as named arrays of any leading shape [...]: [N] robots, or [T] steps of one. Read-only.

    >>> t = tw.record("zero", tw.EnvConfig(), num_steps=4).transition
    >>> t.x.shape, t.leg_angle.shape, t.accelerometer.shape
    ((4,), (4, 4), (4, 3))


    The root's pose and motion are float64. What sensors and encoders report is float32, as in the recorded runs.
    """

    qpos_before: Array
    """Joint positions before the step, as qpos, [..., 23]."""
    qpos: Array
    """Joint positions after it (root position and quaternion, then per wheel its angle and three legs'), [..., 23]."""
    qvel: Array
    """Joint velocities after it, [..., 22]."""
    accelerometer: Array
    """IMU acceleration, m/s², [..., 3]."""
    gyro: Array
    """IMU rotation rate, rad/s, [..., 3]."""
    torque: Array
    """Motor torques, N m, [..., 8]: wheels front left, front right, rear left, rear right, then legs likewise."""
    touch: Array
    """Force on the step, N, [...]."""
    action: Array
    """What the policy asked for in this step, -1 to 1, [..., 8]."""
    action_before: Array
    """What it asked for in the step before, 0 at the start, [..., 8]."""
    gate: Array
    """Whether the legs should be out, 0 to 1, [...]."""
    fell: Array
    """Whether this step ended the episode as a fall, [...]."""
    passed_before: Array
    """Whether the obstacle was passed before the step, [...]."""
    step_height: Array | float
    """Height of the step in this episode, m, [...] or one number; 0 without a step."""
    step_edge: float
    """x of the step's near edge, m; infinite without a step."""
    start_yaw: float
    """Heading that episodes begin with, rad; what is drawn for each is left out."""
    success_x: Array | float
    """Where the obstacle counts as passed, m."""
    retract: Array
    """Folded leg angles, rad, [4]."""
    extend: Array
    """Extended leg angles, rad, [4]."""
    ctrl_dt: float
    """Duration of the step, s."""

    def __post_init__(self) -> None:
        """Locked views, so that no reward term can move the robot or a recording that it only looks at."""
        values = vars(self)
        for name, value in values.items():
            if isinstance(value, np.ndarray) and value.flags.writeable:
                values[name] = locked(value)

    def __repr__(self) -> str:
        docs = {name: re.sub(r", \[[^]]*\]", "", doc) for name, doc in field_docs(Transition).items()}
        shapes = {name: list(np.shape(getattr(self, name))) or "one number" for name in docs}
        lines = [f"  {name:<14} {shapes[name]!s:<11} {doc}" for name, doc in docs.items()]
        more = [name for name, value in vars(Transition).items() if isinstance(value, property)]
        return "\n".join(["Transition:", *lines, f"  and from these: {', '.join(more)}"])

    @property
    def x(self) -> Array:
        """Root x, m."""
        return self.qpos[..., 0]

    @property
    def x_before(self) -> Array:
        """Root x before the step, m."""
        return self.qpos_before[..., 0]

    @property
    def z(self) -> Array:
        """Root height, m."""
        return self.qpos[..., 2]

    @property
    def z_before(self) -> Array:
        """Root height before the step, m."""
        return self.qpos_before[..., 2]

    @property
    def vx(self) -> Array:
        """Root velocity along x, m/s."""
        return self.qvel[..., 0]

    @property
    def vz(self) -> Array:
        """Root velocity upwards, m/s."""
        return self.qvel[..., 2]

    @property
    def roll(self) -> Array:
        """Tilt sideways, rad."""
        return roll_pitch(self.qpos[..., 3:7])[0]

    @property
    def pitch(self) -> Array:
        """Tilt ahead (nose down), rad."""
        return roll_pitch(self.qpos[..., 3:7])[1]

    @property
    def pitch_before(self) -> Array:
        """Tilt ahead before the step, rad."""
        return roll_pitch(self.qpos_before[..., 3:7])[1]

    @property
    def upright(self) -> Array:
        """Cosine of the angle between the chassis' own up and the world's: 1 level, 0 on its side, -1 on its back."""
        return upright(self.qpos[..., 3:7])

    @property
    def tilt(self) -> Array:
        """Angle between the chassis' own up and the world's, rad."""
        return tilt(self.qpos[..., 3:7])

    @property
    def wheel_angle(self) -> Array:
        """Wheel angles, rad, [..., 4]."""
        return self.qpos[..., WHEEL_QPOS].astype(np.float32)

    @property
    def wheel_speed(self) -> Array:
        """Wheel speeds, rad/s, [..., 4]."""
        return self.qvel[..., WHEEL_DOF].astype(np.float32)

    @property
    def leg_angle(self) -> Array:
        """Angles of the driven legs, rad, [..., 4]."""
        return self.qpos[..., LEG_QPOS].astype(np.float32)

    @property
    def leg_speed(self) -> Array:
        """Speeds of the driven legs, rad/s, [..., 4]."""
        return self.qvel[..., LEG_DOF].astype(np.float32)

    @property
    def passed(self) -> Array:
        """Whether the obstacle is passed now."""
        return self.passed_before | (self.x >= self.success_x)

    @property
    def newly_passed(self) -> Array:
        """Whether this very step passed it."""
        return (self.x >= self.success_x) & ~self.passed_before


def locked(array: Array) -> Array:
    """A view that cannot be written to."""
    view = array.view()
    view.setflags(write=False)
    return view
