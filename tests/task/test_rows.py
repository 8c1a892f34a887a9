"""An own reward term looks at one row at a time: what mixes rows is refused, what does not never is."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from twmr_nb import REWARD_TERMS, ConfigError, EnvConfig, Transition, TwmrEnv, reward_term
from twmr_nb.config import presets
from twmr_nb.episodes.rollout import record
from twmr_nb.runs.run import new_run
from twmr_nb.task.climb import climb_terms
from twmr_nb.task.rows import ROWS, mixes_rows, picked, sample

COLUMNS = {
    "x": lambda t: t.x,
    "z": lambda t: t.z,
    "pitch": lambda t: t.pitch,
    "way": lambda t: t.x - t.x_before,
    "wheels": lambda t: t.wheel_speed.mean(axis=-1),
    "legs": lambda t: (t.leg_angle**2).sum(axis=-1),
    "effort": lambda t: (t.torque**2).sum(axis=-1),
    "haste": lambda t: np.abs(t.action - t.action_before).max(axis=-1),
    "touch": lambda t: t.touch,
    "gate": lambda t: t.gate,
    "fell": lambda t: t.fell.astype(float),
    "passed": lambda t: t.passed.astype(float),
    "at the front": lambda t: (t.x > 0.8).astype(float),
}
MIXERS = {
    "gradient": np.gradient,
    "diff": lambda v: np.diff(v, prepend=v[0]),
    "diff from 0": lambda v: np.diff(v, prepend=0),
    "one before": lambda v: v - np.concatenate([v[:1], v[:-1]]),
    "roll": lambda v: v - np.roll(v, 1),
    "so far": np.cumsum,
    "most so far": np.maximum.accumulate,
    "since the start": lambda v: v - v[0],
    "to the end": lambda v: v[-1] - v,
    "averaged": lambda v: np.convolve(v, np.ones(5) / 5)[: len(v)],
    "smoothed": lambda v: np.convolve(v, np.ones(15) / 15, mode="same"),
    "mean": lambda v: v.mean(),
    "less the mean": lambda v: v - v.mean(),
    "of the largest": lambda v: v / np.abs(v).max(),
    "the best": lambda v: (v == v.max()).astype(float),
    "standardised": lambda v: (v - v.mean()) / v.std(),
    "sorted": np.sort,
    "ranked": np.argsort,
    "number of the row": lambda v: v + np.arange(len(v)),
    "share of the time": lambda v: v * np.linspace(0, 1, len(v)),
    "first row": lambda v: v + (np.arange(len(v)) == 0),
    "how many": lambda v: v / len(v),
}


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("mixer", MIXERS)
def test_what_mixes_rows_is_found_on_the_sample(column, mixer):
    assert mixes_rows(lambda t: MIXERS[mixer](COLUMNS[column](t)))


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("ask", [np.any, np.all])
def test_a_question_to_all_rows_is_found_on_the_sample(column, ask):
    seen = COLUMNS[column](sample())
    threshold = 0.5 if set(seen) == {0, 1} else np.median(seen)
    assert mixes_rows(lambda t: t.x + ask(COLUMNS[column](t) > threshold))


def numbers(children: Any) -> Any:
    """Functions of a transition made of others, each row by itself."""
    pair = st.tuples(children, children)
    return st.one_of(
        children.map(lambda f: lambda t: np.sin(f(t))),
        children.map(lambda f: lambda t: np.exp(-(f(t) ** 2))),
        children.map(lambda f: lambda t: np.sqrt(f(t))),
        children.map(lambda f: lambda t: np.log(np.abs(f(t)))),
        children.map(lambda f: lambda t: 1.0 * (f(t) > 0.3)),
        children.map(lambda f: lambda t: np.floor(7 * f(t))),
        children.map(lambda f: lambda t: np.float32(f(t))),
        children.map(lambda f: lambda t: f(t) % 0.1),
        pair.map(lambda fs: lambda t: fs[0](t) - fs[1](t)),
        pair.map(lambda fs: lambda t: fs[0](t) * fs[1](t)),
        pair.map(lambda fs: lambda t: fs[0](t) / fs[1](t)),
        pair.map(lambda fs: lambda t: np.where(fs[0](t) < fs[1](t), 1e6, fs[1](t))),
    )


def weighed(fs: Any) -> Any:
    """By a product of matrices, which may round a row by its place: so this comes last, with no threshold behind it."""
    return lambda t: np.stack([f(t) * np.ones_like(t.x) for f in fs], axis=-1) @ np.array([0.3, -0.7, 0.1])


plain = st.sampled_from([*COLUMNS.values(), lambda t: 2.0, lambda t: np.ones_like(t.x)])
alone = st.recursive(plain, numbers, max_leaves=5)
alone |= st.tuples(alone, alone, alone).map(weighed)


@pytest.fixture(scope="module")
def ride():
    return record("random", EnvConfig(), num_steps=200).transition


@given(fn=alone)
def test_what_looks_at_one_row_is_never_refused(fn, ride):
    assert not mixes_rows(fn)
    with np.errstate(all="ignore"):
        assert not mixes_rows(fn, ride)


@given(fn=alone, mixer=st.sampled_from(sorted(MIXERS)))
def test_what_mixes_a_column_in_is_found(fn, mixer):
    """Unless the function in front hides it: it must show in more than a ten-thousandth of the whole."""

    def mixed(t: Transition) -> Any:
        return np.tanh(np.nan_to_num(fn(t))) + MIXERS[mixer](t.z) / 0.07

    with np.errstate(all="ignore"):
        assert mixes_rows(mixed)


@pytest.mark.parametrize("term", [*REWARD_TERMS, *climb_terms(EnvConfig(), yaw=0.5)], ids=lambda term: term.name)
def test_our_own_terms_look_at_one_row(term, ride):
    assert not mixes_rows(term.fn)
    assert not mixes_rows(term.fn, ride)


def test_what_cannot_be_told_is_left_to_the_scoring():
    kept = []

    def counting(t: Transition) -> Any:
        kept.append(0)
        return t.x + len(kept)

    draws = np.random.default_rng(0)
    for fn in (counting, lambda t: draws.normal(size=len(t.x)), lambda t: t.nothing, lambda t: "x", lambda t: t.torque):
        assert not mixes_rows(fn)


def test_no_two_rows_of_the_sample_are_alike_in_anything():
    t = sample()
    for name in ("qpos", "qvel", "accelerometer", "gyro", "torque", "action", "action_before", "qpos_before"):
        values = getattr(t, name)
        moving = np.ptp(values, axis=0) > 0
        assert all(len(set(column)) == ROWS for column in values.T[moving]), name
    assert moving.sum() >= 15
    for name in ("fell", "passed_before", "passed", "newly_passed"):
        assert 2 < getattr(t, name).sum() < ROWS - 2, name
    for values in (t.touch == 0, t.gate == 0, t.gate == 1, t.upright < 0, t.tilt < 0.6, t.x < 0.8, t.x > 1.3):
        assert 1 < values.sum() < ROWS - 1
    assert_allclose(np.linalg.norm(t.qpos[:, 3:7], axis=1), 1)
    assert_allclose(np.linalg.norm(t.qpos_before[:, 3:7], axis=1), 1)


def test_rows_are_picked_with_all_that_belongs_to_them():
    t = picked(sample(), np.array([3, 1]))
    assert t.x.tolist() == sample().x[[3, 1]].tolist()
    assert t.leg_angle.shape == (2, 4)
    assert (t.retract == sample().retract).all()
    four = picked(picked(sample(), np.arange(4)), np.array([2]))
    assert four.retract.shape == (4,)  # as many legs as there were rows


# -- where it is refused ----------------------------------------------------------------------------------------------


def jerk(t: Transition) -> Any:
    return np.gradient(t.z) ** 2


def change(t: Transition) -> Any:
    return (t.z - t.z_before) ** 2 + (t.pitch - t.pitch_before) ** 2 + ((t.action - t.action_before) ** 2).sum(axis=-1)


SENTENCE = r"'jerk' looks at other rows .* robots in training: .* z - z_before"


def test_a_term_that_mixes_rows_is_refused_before_anything_is_scored(tmp_path):
    episode, term = record("zero", EnvConfig(), num_steps=5), reward_term(jerk)
    short = record("zero", EnvConfig(), num_steps=1)
    for refused in (
        lambda: TwmrEnv(EnvConfig(), 1, [term]),
        lambda: record("zero", EnvConfig(), num_steps=1, extra_terms=[term]),
        lambda: episode.rescore(extra_terms=[term]),
        lambda: short.rescore(extra_terms=[term]),
        lambda: new_run("flip", root=tmp_path, extra_terms=[term]),
    ):
        with pytest.raises(ConfigError, match=SENTENCE):
            refused()
    assert list(tmp_path.iterdir()) == []


def test_a_term_made_for_so_many_rows_is_refused_where_there_are_so_many():
    def by_robot(t: Transition) -> Any:
        return np.arange(6) * t.vx

    term = reward_term(by_robot)
    with pytest.raises(ConfigError, match="'by_robot' looks at other rows"):
        TwmrEnv(EnvConfig(), 6, [term]).reset(seed=0)
    with pytest.raises(ConfigError, match="'by_robot' looks at other rows"):
        record("random", EnvConfig(), num_steps=6).rescore(extra_terms=[term])


def test_a_change_is_told_by_what_a_row_says_of_the_step_before():
    term = reward_term(change)
    world = presets.preset("flip").env
    episode = record("random", world, num_steps=30, extra_terms=[term])
    t = episode.transition
    assert_allclose(t.z_before[1:], t.z[:-1])
    assert_allclose(t.pitch_before[1:], t.pitch[:-1])
    np.testing.assert_array_equal(
        episode.rescore(extra_terms=[term]).weighted["change"], episode.reward_terms["change"]
    )
