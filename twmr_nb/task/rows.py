"""Whether a reward term pays for each row by that row alone.

Rows are robots in training, and moments of one robot in a recording. What looks at other rows, as np.gradient, np.diff,
np.arange or a mean over all of them do, scores a recording plausibly and trains on nonsense.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from twmr_nb.robot.model import LEG_QPOS, LEG_RANGE, NQ, NU, NV, WHEEL_QPOS, WHEELS
from twmr_nb.robot.rotations import unit
from twmr_nb.task.transition import Transition
from twmr_nb.types import Array

ROWS, GROUPS = 24, 12  # of the sample: all rows different, and the groups that are scored on their own, in pairs
NO_ROWS = ("retract", "extend")  # arrays that are the same for every row
ALIKE = 1e-4  # of the largest value: how a number is rounded may depend on its place in an array


def mixes_rows(fn: Callable[[Transition], Any], t: Transition | None = None) -> bool:
    """Whether fn gives the rows of t other values in another order; without t: rows of a sample, in other company too.

    False as well where that cannot be told: fn fails, or gives other values whenever it is called.
    """
    parts = sample_parts() if t is None else parts_of(t)
    (_, whole), (_, again), *others = [(rows, values(fn, part)) for rows, part in parts]
    told = [(rows, given) for rows, given in others if given is not None]
    if whole is None or again is None or not told:
        return False
    alike = ALIKE * np.abs(whole[np.isfinite(whole)]).max(initial=0.0)
    if differ(again, whole, alike).any():
        return False
    rows, given = (np.concatenate(each) for each in zip(*told, strict=True))
    found = rows[differ(given, whole[rows], alike)]
    return len(np.unique(found)) > 1  # rounding may take one over a threshold


def values(fn: Callable[[Transition], Any], t: Transition) -> Array | None:
    """What fn gives, one number for each row; None if it fails or gives something else."""
    try:
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.array(fn(t), float), t.x.shape)
    except Exception:  # whatever the code of a learner raises is told where the term is scored
        return None


def differ(ours: Array, theirs: Array, alike: float) -> Array:
    """Which numbers differ by more than so much."""
    return ~np.isclose(ours, theirs, rtol=0, atol=alike, equal_nan=True)


def parts_of(t: Transition, groups: int = 0) -> list[tuple[Array, Transition]]:
    """The rows of a transition as they are, twice; in another order; and that dealt into groups. Each with its rows."""
    order = np.random.default_rng(0).permutation(len(t.x))
    as_they_are = np.arange(len(t.x))
    arranged = [as_they_are, as_they_are, order, *(np.array_split(order, groups) if groups else [])]
    return [(rows, picked(t, rows)) for rows in arranged]


@functools.cache
def sample_parts() -> list[tuple[Array, Transition]]:
    return parts_of(sample(), GROUPS)


def picked(t: Transition, rows: Array) -> Transition:
    """Some rows of a transition, in this order, always laid out alike in memory."""
    own = {name: value[rows] for name, value in vars(t).items() if np.ndim(value) and name not in NO_ROWS}
    return dataclasses.replace(t, **own)


def sample() -> Transition:
    """Steps that no two are alike in anything: before, on and behind the step, level, tilted and on the back."""
    rng = np.random.default_rng(2)

    def between(low: float, high: float, *width: int) -> Array:
        return rng.uniform(low, high, (ROWS, *width))

    def senses(spread: float, width: int) -> Array:
        return rng.normal(0, spread, (ROWS, width)).astype(np.float32)

    qpos, qvel = np.zeros((ROWS, NQ)), rng.normal(0, 1, (ROWS, NV))
    qpos[:, 0], qpos[:, 1], qpos[:, 2] = between(0, 1.8), between(-0.1, 0.1), between(0.02, 0.12)
    turned = np.where(np.arange(ROWS) % 3 == 0, 3.0, 0.2)[:, None] * rng.normal(0, 1, (ROWS, 3))
    qpos[:, 3:7] = unit(np.concatenate([np.ones((ROWS, 1)), turned], axis=1))
    qpos[:, WHEEL_QPOS], qpos[:, LEG_QPOS] = between(-9, 9, len(WHEELS)), between(*LEG_RANGE, len(WHEELS))
    before = qpos - between(0, 0.02, NQ)
    before[:, 3:7] = unit(before[:, 3:7])
    return Transition(
        qpos_before=before,
        qpos=qpos,
        qvel=qvel,
        accelerometer=senses(5.0, 3),
        gyro=senses(2.0, 3),
        torque=between(-0.8, 0.8, NU).astype(np.float32),
        touch=np.maximum(between(-10, 10), 0).astype(np.float32),
        action=between(-1.2, 1.2, NU).astype(np.float32),
        action_before=between(-1.2, 1.2, NU).astype(np.float32),
        gate=np.clip(between(-0.5, 1.5), 0, 1),
        fell=rng.random(ROWS) < 0.4,
        passed_before=rng.random(ROWS) < 0.3,
        step_height=0.05,
        step_edge=0.8,
        start_yaw=0.1,
        success_x=1.3,
        retract=np.full(len(WHEELS), LEG_RANGE[0], np.float32),
        extend=np.full(len(WHEELS), np.mean(LEG_RANGE), np.float32),
        ctrl_dt=0.02,
    )
