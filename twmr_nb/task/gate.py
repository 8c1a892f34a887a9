"""The gate: one number in [0, 1] that says whether the legs should be out now.

Pure functions on arrays of any leading shape; the extension term and the policies that see the gate use them. Senses
are float32, as in the recorded runs; what is computed from them is float64.
"""

import numpy as np

from twmr_nb.config.schema import EnvConfig
from twmr_nb.robot.model import step_edges
from twmr_nb.types import Array

GRAVITY = 9.81  # m/s²
STALL_SPEED = 1e-3  # rad/s; keeps the stall finite at rest
HARD_EDGE = 1e-6  # m; a softer edge than this is a window
GATE_OPEN = 0.5  # a gate above this counts as open, where a figure or a text says when it opens


def gate(
    config: EnvConfig,
    x: Array,
    accelerometer: Array,
    gyro: Array,
    wheel_torque: Array,
    wheel_speed: Array,
    felt: Array | None = None,
) -> Array:
    """The configured gate, [...], from x [...] (m) and the senses: [..., 3] (m/s², rad/s), [..., 4] (N m, rad/s).

    felt [...]: what the felt gate is now (see feeling.py); only that one has a memory.
    """
    if config.gate_mode == "felt" and felt is not None:
        return felt.astype(float)
    if config.gate_mode == "obstacle":
        return obstacle_gate(config, x)
    if config.gate_mode == "proprio":
        return proprio_gate(config, accelerometer, gyro, wheel_torque, wheel_speed.astype(np.float32, copy=False))
    return np.zeros_like(x)


def obstacle_window(config: EnvConfig) -> tuple[float, float] | None:
    """Where along x [m] the obstacle gate opens and closes; None without a step."""
    edges = step_edges(config)
    if edges is None:
        return None
    before, after = obstacle_buffers(config)
    return edges[0] - before, edges[1] + after


def obstacle_buffers(config: EnvConfig) -> tuple[float, float]:
    """Buffers [m] before and after the step; each falls back to obstacle_buffer."""
    before, after = config.obstacle_pre_buffer, config.obstacle_post_buffer
    common = config.obstacle_buffer
    return common if before is None else before, common if after is None else after


def obstacle_gate(config: EnvConfig, x: Array) -> Array:
    """Open around the step's known place; always shut without a step."""
    window = obstacle_window(config)
    if window is None:
        return np.zeros_like(x)
    start, end = window
    if config.obstacle_smooth <= HARD_EDGE:
        return ((x >= start) & (x <= end)).astype(float)
    rise, fall = (x - start) / config.obstacle_smooth, (end - x) / config.obstacle_smooth
    return 0.25 * (np.tanh(rise) + 1) * (np.tanh(fall) + 1)


def proprio_gate(
    config: EnvConfig, accelerometer: Array, gyro: Array, wheel_torque: Array, wheel_speed: Array
) -> Array:
    """Open when the robot feels an impact, a rotation, or wheels that push without turning, [...]."""
    impact, rotation, stalled = proprio_parts(config, accelerometer, gyro, wheel_torque, wheel_speed).values()
    score = impact + rotation + stalled - config.gate_bias
    return 0.5 * (np.tanh(score / config.gate_smooth) + 1)


def proprio_parts(
    config: EnvConfig, accelerometer: Array, gyro: Array, wheel_torque: Array, wheel_speed: Array
) -> dict[str, Array]:
    """What the proprio gate adds up before it subtracts gate_bias: impact, rotation and stall, each [...].

    Every part is in units of its scale (gate_acc_scale, gate_gyro_scale, gate_stall_scale).
    """
    return {
        "impact": np.abs(norm(accelerometer).astype(float) - GRAVITY) / config.gate_acc_scale,
        "rotation": norm(gyro).astype(float) / config.gate_gyro_scale,
        "stall": stall(wheel_torque, wheel_speed) / config.gate_stall_scale,
    }


def stall(wheel_torque: Array, wheel_speed: Array) -> Array:
    """Mean wheel torque over mean wheel speed [N m s/rad], of magnitudes."""
    return mean_magnitude(wheel_torque) / (mean_magnitude(wheel_speed) + STALL_SPEED)


def mean_magnitude(values: Array) -> Array:
    return np.abs(values).sum(axis=-1).astype(float) / values.shape[-1]  # ndarray.mean is slow on small arrays


def norm(vectors: Array) -> Array:
    """Euclidean length along the last axis; vecdot rounds as in the recorded runs, a sum of squares does not."""
    return np.sqrt(np.vecdot(vectors, vectors))
