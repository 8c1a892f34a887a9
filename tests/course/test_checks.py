"""The exercises' checks: right answers, wrong ones, and why they are wrong."""

import numpy as np
import pytest
from verdicts import expect

from twmr_nb import EnvConfig, reward_term
from twmr_nb import course as checks
from twmr_nb.course.checks import robot
from twmr_nb.course.checks.rewards import TELESCOPES, gain_and_cost
from twmr_nb.course.checks.senses import REAL
from twmr_nb.episodes.rollout import record
from twmr_nb.markup import shown
from twmr_nb.policies.scripted import ConstantPolicy
from twmr_nb.robot.pose import LOW, MIDDLE


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (0.0687, True, "6.9 cm"),
        (6.87, False, "in centimetres"),
        (0.0375, False, "the bare wheel"),
        (0.0458, False, "the tip radius itself"),
        (0.0296, False, "folded legs"),
        (0.2, False, "0.2 is not it"),
        (..., False, "is no number"),
        ("0.0687", False, "is no number"),
    ],
)
def test_whegs_height(answer, correct, reason):
    verdict = checks.whegs_height(answer)
    expect(verdict, correct, reason)
    assert verdict._repr_markdown_().startswith("✓" if correct else "✗")


@pytest.mark.parametrize("answer", [np.float32(0.0687), np.array([0.0687])])
def test_numbers_of_numpy_are_numbers(answer):
    assert checks.whegs_height(answer).correct


@pytest.mark.parametrize("answer", [None, True, np.nan, [1.0, 2.0], print, {}, 10**400], ids=shown)
def test_whatever_is_given_a_check_answers(answer):
    assert not checks.whegs_height(answer).correct


# -- 01: the robot ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (1.222, True, "straight away from the axle"),
        (1.19, True, "middle of the range"),
        (70.0, False, "in degrees"),
        (0.0458, False, "That is the radius"),
        (-1.047, False, "lower limit folds"),
        (3.427, False, "upper limit folds"),
        (0.5, False, "highest point of the curve"),
        (..., False, "is no number"),
    ],
)
def test_widest_angle(answer, correct, reason):
    expect(checks.widest_angle(answer), correct, reason)


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        ((-0.28, 2.72), True, "Both limits"),
        ((2.72, -0.28), False, "smaller angle comes first"),
        ((-0.77, 3.21), False, "pass the wheel's rim"),
        ((-1.047, 3.427), False, "whole range"),
        ((0.3, 2.72), False, "wider"),
        ((-0.28, 3.0), False, "narrower"),
        ((..., ...), False, "two angles in radians"),
    ],
)
def test_angles_for_step(answer, correct, reason):
    expect(checks.angles_for_step(*answer), correct, reason)


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (0.2, True, "8 rad/s"),
        (8, False, "in rad/s"),
        (0.4, False, "not its diameter"),
        (0.3666, False, "bare wheels"),
        (20, False, "cm/s"),
        (1.0, False, "until damping times speed"),
    ],
)
def test_flat_speed(answer, correct, reason):
    expect(checks.flat_speed(answer), correct, reason)


class Wrong(ConstantPolicy):
    def act(self, obs):
        return np.zeros(3, np.float32)


@pytest.mark.parametrize(
    ("player", "reason"),
    [
        (..., "is no controller"),
        (Wrong(1.0, MIDDLE), "actions have shape (3,)"),
        (ConstantPolicy(-1.0, MIDDLE), "drives backwards"),
        (ConstantPolicy(0.0, MIDDLE), "never reached the step"),
        (ConstantPolicy(1.0, LOW), "front legs are not out"),
        (ConstantPolicy(0.5, 0.3, 1.5), "of 4 starts pass"),
    ],
)
def test_climber_names_what_is_wrong(player, reason, monkeypatch):
    monkeypatch.setattr(robot, "STARTS", 4)
    monkeypatch.setattr(robot, "ENOUGH", 2)
    expect(checks.climber(player), False, reason)


def test_climber_with_long_front_and_short_rear_legs_is_right():
    assert checks.climber(ConstantPolicy(0.5, 1.5, 0.3)).correct


# -- 02: senses and gates ---------------------------------------------------------------------------------------------

SENSED = {name: real for name, (real, _) in REAL.items()}


def test_real_or_privileged():
    assert checks.real_or_privileged(SENSED).correct
    for name in REAL:
        mistaken = checks.real_or_privileged(SENSED | {name: not SENSED[name]})
        assert not mistaken.correct
        assert f"*{name}*" in mistaken.reason
    assert "Still to decide: gyro." in checks.real_or_privileged(SENSED | {"gyro": ...}).reason
    assert not checks.real_or_privileged("True").correct


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (0.5, True, "half open at 0.50 m"),
        (0.8, False, "step's edge"),
        (1.1, False, "subtract it"),
        (0.45, False, "only a little open"),
        (1.25, False, "closes again"),
        (0.3, False, "That is the buffer"),
    ],
)
def test_half_open_at(answer, correct, reason):
    expect(checks.half_open_at(answer, EnvConfig(gate_mode="obstacle", obstacle_pre_buffer=0.3)), correct, reason)


def test_half_open_needs_a_step():
    assert "no step" in checks.half_open_at(0.5, EnvConfig(scene="flat")).reason


@pytest.fixture(scope="module")
def robots():
    """A standing, a pushing and a climbing robot."""
    world = EnvConfig(action_mode="leg_position", gate_mode="obstacle", max_steps=450)
    standing, pushing = (record(ConstantPolicy(wheels, LOW), world) for wheels in (0.0, 1.0))
    return standing, pushing, record(ConstantPolicy(1.0, MIDDLE), world)


def pull(t):
    return np.abs(np.convolve(t.accelerometer[:, 0], np.ones(40) / 40)[: len(t.x)])


@pytest.mark.parametrize(
    ("gate", "correct", "reason"),
    [
        (lambda t: (pull(t) > 1.2) + 0.0, True, "sensors that ride on the robot"),
        (lambda t: (pull(t) < 1.2) + 0.0, False, "wrong way round"),
        (lambda t: (np.abs(t.accelerometer[:, 0]) > 2) + 0.0, False, "smooth over half a second"),
        (lambda t: (t.x > 0.65) + 0.0, False, "privileged"),
        (lambda t: (t.touch > 0) + 0.0, False, "privileged"),
        (lambda t: np.ones(len(t.x)), False, "never changes"),
        (lambda t: pull(t), False, "between 0 and 1"),
        (lambda t: t.accelerometer, False, "returned shape"),
        (lambda t: t.nothing, False, "raised an error"),
        (..., False, "is no function"),
    ],
)
def test_felt_gate(gate, correct, reason, robots):
    expect(checks.felt_gate(gate, robots[2]), correct, reason)


# -- 03: reward terms -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "correct", "reason"),
    [
        (65, True, "however fast"),
        (1.3, False, "the way itself"),
        (0.026, False, "do not multiply"),
        (50, False, "one metre"),
        (100, False, "cancel what occurs twice"),
    ],
)
def test_pay_for_way(answer, correct, reason):
    expect(checks.pay_for_way(answer), correct, reason)


@pytest.mark.parametrize(
    ("config", "correct", "reason"),
    [
        (EnvConfig(extend_mode="midpoint"), True, "45.8 mm"),
        (EnvConfig(extend_angle=1.2), True, "45.8 mm"),
        (EnvConfig(), False, "inside the wheel"),
        (EnvConfig(extend_mode="opposite"), False, "inside the wheel"),
        (EnvConfig(extend_angle=0.0), False, "45.8 mm is possible"),
        (EnvConfig(extend_mode="midpoint", gate_mode="none"), False, "never opens"),
        (EnvConfig(extend_mode="midpoint", extension_penalty=0.0), False, "nothing is asked for"),
        ("midpoint", False, "is no configuration"),
    ],
)
def test_asks_for_legs_out(config, correct, reason):
    expect(checks.asks_for_legs_out(config), correct, reason)


def test_drowning_weight(robots):
    standing, pushing, _ = robots
    others, raw = zip(*(gain_and_cost(r) for r in (pushing, standing)), strict=True)
    weight = (others[0] - others[1]) / (raw[0] - raw[1])
    paid = [o - weight * r for o, r in zip(others, raw, strict=True)]
    assert paid[0] == pytest.approx(paid[1])
    for answer, reason in (
        (weight, "both earn the same"),
        (others[0] / raw[0], "the standing one earns something"),
        (-weight, "sign is off"),
        (raw[0] / others[0], "Upside down"),
        (1.0, "solve for w"),
    ):
        expect(checks.drowning_weight(answer, pushing, standing), answer == weight, reason)


def test_telescopes():
    answers = {name: yes for name, (yes, _) in TELESCOPES.items()}
    assert checks.telescopes(answers).correct
    for name in TELESCOPES:
        mistaken = checks.telescopes(answers | {name: not answers[name]})
        assert not mistaken.correct
        assert f"*{name}*" in mistaken.reason
    assert "Still to decide: alive." in checks.telescopes(answers | {"alive": ...}).reason


@pytest.mark.parametrize(
    ("slip", "weight", "correct", "reason"),
    [
        (lambda t: np.abs(0.025 * t.wheel_speed.mean(axis=-1) - t.vx), -0.1, True, "slips by"),
        (lambda t: np.abs(0.025 * t.wheel_speed.mean(axis=-1) - t.vx), 0.1, False, "pay for slipping"),
        (lambda t: np.abs(0.025 * t.wheel_speed.sum(axis=-1) - t.vx), -0.1, False, "take their mean"),
        (lambda t: np.abs(t.wheel_speed.mean(axis=-1) - t.vx), -0.1, False, "in rad/s"),
        (lambda t: 0.025 * t.wheel_speed.mean(axis=-1) - t.vx, -0.1, False, "use `np.abs`"),
        (lambda t: np.abs(0.025 * t.wheel_speed.mean() - t.vx.mean()), -0.1, False, "one number for the whole episode"),
        (lambda t: np.abs(0.025 * t.wheel_speed), -0.1, False, "cannot be scored"),
        (lambda t: np.abs(0.025 * t.wheel_speed.mean(axis=-1)), -0.1, False, "rolls without slip"),
        (lambda t: 0 * t.vx, -0.1, False, "yours says 0.00"),
    ],
)
def test_charges_slip(slip, weight, correct, reason, robots):
    expect(checks.charges_slip(reward_term(slip, weight=weight, name="slip"), robots[1]), correct, reason)


def test_a_bare_function_is_no_term(robots):
    assert "wrap your function" in checks.charges_slip(lambda t: t.vx, robots[1]).reason
