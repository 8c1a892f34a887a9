"""Bug hunts: the broken copy shows the sign of its fault, the others do not, and the check says why."""

import math

import numpy as np
import pytest
from verdicts import expect

from twmr_nb.config.schema import ConfigError, EnvConfig
from twmr_nb.course.hunts import HUNTS, caught, suspects
from twmr_nb.episodes.rollout import record
from twmr_nb.policies.scripted import ConstantPolicy
from twmr_nb.robot.pose import MIDDLE


@pytest.fixture(scope="module")
def twins():
    """The same robot in a world with a step and in one without, up to a little after it is met."""
    world = EnvConfig(action_mode="leg_position")
    return [record(ConstantPolicy(1.0, MIDDLE), w, num_steps=170) for w in (world, world.replace(scene="flat"))]


@pytest.mark.parametrize("name", HUNTS)
def test_one_copy_is_broken_by_one_fault(name):
    hunt = HUNTS[name]
    assert set(suspects(name)) == {"A", "B", "C"}
    for copy in hunt.copies:
        for fault in hunt.signs:
            verdict = caught(name, copy, fault)
            assert verdict.correct is ((copy, fault) == (hunt.guilty, hunt.fault))
            assert (hunt.innocent in verdict.reason) is (copy != hunt.guilty)
    assert hunt.copies[hunt.guilty].__name__ in caught(name, hunt.guilty.lower(), hunt.fault.upper()).reason


@pytest.mark.parametrize(
    ("copy", "fault", "reason"),
    [
        (..., ..., "none of the copies: give one of 'A', 'B', 'C'"),
        ("D", "reads the future", "none of the copies"),
        (["B"], "reads the future", "none of the copies"),
        ("B", ..., "none of the faults: give one of 'reads the future', 'knows the place'"),
        ("B", 5, "none of the faults"),
        ("B", "x" * 999, "none of the faults"),
        ("A", "reads the future", "A is sound"),
        ("B", "averages too long", "B it is. But of *averages too long*"),
        ("B", "reads the future", "np.convolve"),
    ],
)
def test_caught(copy, fault, reason):
    verdict = caught("gate", copy, fault)
    expect(verdict, reason == "np.convolve", reason)
    assert len(verdict.reason) < 500


@pytest.mark.parametrize("name", ["gates", 5, ["gate"]])
def test_an_unknown_hunt_is_told(name):
    with pytest.raises(ConfigError, match="is no bug hunt: choose 'gate'"):
        suspects(name)


def differs_from(one, other):
    """The first step at which two signals differ."""
    return int(np.flatnonzero(np.abs(one - other).reshape(len(one), -1).max(axis=1) > 1e-9)[0])


def test_one_gate_opens_before_anything_is_felt(twins):
    step, flat = (twin.transition for twin in twins)
    felt = min(differs_from(getattr(step, name), getattr(flat, name)) for name in ("accelerometer", "gyro", "qpos"))
    for copy, gate in suspects("gate").items():
        values = gate(step)
        assert values.shape == step.x.shape
        assert (values >= 0).all()
        assert (values <= 1).all()
        assert (differs_from(values, gate(flat)) < felt) is (copy == "B")


def test_two_terms_follow_from_the_ends_and_one_does_not(twins):
    t = twins[1].transition
    gained = t.qpos[-1, 2] - t.qpos_before[0, 2]
    paid = {copy: t.ctrl_dt * term(t).sum() for copy, term in suspects("term").items()}
    assert paid["A"] == pytest.approx(gained)
    assert abs(paid["B"]) <= abs(gained) + 1e-9
    assert paid["C"] > 5 * abs(gained)


def test_only_where_an_episode_is_cut_off_one_is_wrong():
    reward, future = np.ones(12), np.arange(6, 0, -1)
    endless = np.full(12, 10.0)
    falling = np.concatenate([(1 - 0.9**future) / 0.1, endless[6:]])
    done, none = np.arange(12) == 5, np.zeros(12)
    for copy, advantage in suspects("advantage").items():
        for value, ends, bootstrap in ((endless, none, none), (falling, done, none), (endless, done, 10 * done)):
            wrong = np.abs(advantage(reward, value, ends, bootstrap, 10.0)).max() > 1e-4
            assert wrong is np.bool_(copy == "A" and bootstrap is not none)


@pytest.mark.parametrize("tries", [20, 200])
def test_one_interval_holds_the_true_rate_too_seldom(tries):
    """Exactly, over all that can come out."""
    chances = [math.comb(tries, k) * 0.8**k * 0.2 ** (tries - k) for k in range(tries + 1)]
    for copy, judge in suspects("interval").items():
        held = sum(p for k, p in enumerate(chances) if judge(k, tries)[0] <= 0.8 <= judge(k, tries)[1])
        assert (0.93 < held < 0.98) is (copy != "B"), held
        assert (held < 0.75) is (copy == "B")


def test_one_cost_is_in_degrees(twins):
    t = twins[0].transition
    most = t.tilt.argmax()
    shares = {copy: cost(t)[most] / t.tilt[most] ** 2 for copy, cost in suspects("cost").items()}
    assert shares["C"] == pytest.approx((180 / np.pi) ** 2)
    assert 0.1 < shares["A"] < 1.1
    assert 0.5 < shares["B"] < 1.5


@pytest.mark.parametrize(("questions", "most"), [(4, 0.1), (20, 0.5)])
def test_one_correction_finds_what_is_not_there(questions, most):
    """Where nothing differs every p is as likely as any other: a sound one finds something in 5% of all."""
    chances = np.random.default_rng(0).uniform(size=(2000, questions)).tolist()
    for copy, correct in suspects("correction").items():
        false = np.mean([min(correct(each)) <= 0.05 for each in chances])
        assert false > most if copy == "A" else false < 0.065, (copy, false)


def test_what_the_corrections_raise():
    raised = {copy: correct([0.5, 0.03, 0.02]) for copy, correct in suspects("correction").items()}
    assert raised["A"] == pytest.approx([1.0, 0.06, 0.04])
    assert raised["B"] == pytest.approx([0.5, 0.06, 0.06])
    assert raised["C"] == pytest.approx([1.0, 0.09, 0.06])
    assert suspects("correction")["A"]([0.04, 0.5]) == [0.04, 0.5]
