"""Reward terms: hand-computed numbers, the sum identity, and a learner's own terms."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.testing import assert_allclose, assert_array_equal

from twmr_nb import REWARD_TERMS, ConfigError, EnvConfig, RewardTerm, Transition, TwmrEnv, reward_term
from twmr_nb.episodes.rollout import record
from twmr_nb.policies.protocol import ZeroPolicy
from twmr_nb.robot.model import LEG_MOUNT, MAX_TIP_RADIUS, tip_radius
from twmr_nb.robot.rotations import about_y, about_z
from twmr_nb.task.rewards import TermError, lift, score, success_x, total, way_over_step

LEG = slice(8, None, 4)
LEGS = np.array([[0.5, 0.5, 1.5, 1.5], [1.0, 2.0, 3.0, 4.0]], np.float32)


def transition(**changes: Any) -> Transition:
    """Two robots; the second passes the obstacle in this step."""
    qpos, qvel = np.zeros((2, 23)), np.zeros((2, 22))
    qpos[:, 3] = 1
    qpos[:, 0] = [0.51, 1.31]
    qpos[:, LEG] = LEGS
    fields: dict[str, Any] = {
        "qpos_before": before([0.50, 1.29], qpos),
        "qpos": qpos,
        "qvel": qvel,
        "accelerometer": np.zeros((2, 3), np.float32),
        "gyro": np.zeros((2, 3), np.float32),
        "torque": np.array([[0.5] * 4 + [0.0] * 4, [0.8] * 4 + [-0.6] * 4], np.float32),
        "touch": np.zeros(2, np.float32),
        "action": np.zeros((2, 8), np.float32),
        "action_before": np.zeros((2, 8), np.float32),
        "gate": np.array([0.0, 0.5]),
        "fell": np.array([False, False]),
        "passed_before": np.array([False, False]),
        "step_height": np.full(2, 0.05),
        "step_edge": 0.8,
        "start_yaw": 0.0,
        "success_x": 1.3,
        "retract": np.full(4, -0.5, np.float32),
        "extend": np.full(4, 1.5, np.float32),
        "ctrl_dt": 0.02,
    }
    return Transition(**fields | changes)


def before(x: Any, qpos: np.ndarray) -> np.ndarray:
    """The same pose at another x."""
    moved = qpos.copy()
    moved[:, 0] = x
    return moved


def raw_values(**changes: Any) -> dict[str, np.ndarray]:
    return score(transition(**changes), EnvConfig(tilt_penalty=1.0, astray_penalty=1.0))[0]


def test_forward_is_speed() -> None:
    assert_allclose(raw_values()["forward"], [0.5, 1.0])


def test_alive_is_one() -> None:
    assert_array_equal(raw_values()["alive"], [1, 1])


def test_control_is_the_sum_of_squared_torques() -> None:
    assert_allclose(raw_values()["control"], [4 * 0.25, 4 * 0.64 + 4 * 0.36], rtol=1e-6)


def test_extension_is_the_distance_from_what_the_gate_asks_for() -> None:
    # Gate 0 asks for -0.5: errors 1, 1, 2, 2. Gate 0.5 asks for 0.5: errors 0.5, 1.5, 2.5, 3.5.
    assert_allclose(raw_values()["extension"], [(1 + 1 + 4 + 4) / 4, (0.25 + 2.25 + 6.25 + 12.25) / 4], rtol=1e-6)


def test_post_success_counts_only_once_passed_before() -> None:
    assert_array_equal(raw_values()["post_success"], [0, 0])
    after = raw_values(passed_before=np.array([True, True]))
    assert_allclose(after["post_success"], [(1 + 1 + 4 + 4) / 4, (2.25 + 6.25 + 12.25 + 20.25) / 4], rtol=1e-6)


def test_success_is_paid_once() -> None:
    assert_array_equal(raw_values()["success"], [0, 1])
    assert_array_equal(raw_values(passed_before=np.array([False, True]))["success"], [0, 0])
    assert_array_equal(raw_values(success_x=1.31)["success"], [0, 1])  # reaching counts


def test_passed_holds_once_reached() -> None:
    assert_array_equal(transition().passed, [False, True])
    assert_array_equal(transition(passed_before=np.array([True, False])).passed, [True, True])


def test_weights_and_signs() -> None:
    weights = {
        "forward_weight": 2.0,
        "alive_bonus": 0.3,
        "control_cost": 0.1,
        "extension_penalty": 0.2,
        "post_success_penalty": 0.4,
        "success_bonus": 5.0,
        "climb_weight": 2.0,
        "lift_weight": 0.7,
        "folded_bonus": 0.5,
        "tilt_penalty": 0.5,
        "astray_penalty": 0.2,
        "action_rate_penalty": 0.25,
        "fall_penalty": 3.0,
    }
    passed, fell, flat = np.array([True, False]), np.array([False, True]), transition().qpos.copy()
    flat[1, 3:7] = about_y(1.6)
    changes = {"passed_before": passed, "fell": fell, "qpos": flat, "qpos_before": before([0.50, 1.29], flat)}
    changes["action"] = np.array([[0.0] * 8, [0.5, -2.0, *[0.0] * 6]])  # beyond 1 counts as 1
    _, weighted = score(transition(**changes), EnvConfig(**weights))
    expected = {
        "forward": [1.0, 2.0],
        "alive": [0.3, 0.3],
        "control": [-0.1, -0.4],
        "extension": [-0.5, -1.05],
        "post_success": [-1.0, 0.0],
        "success": [0.0, 5.0],
        "climb": [1.0, 2.0],
        "lift": [0.0, 0.0],
        "folded": [
            0.5 * np.mean(np.clip((MAX_TIP_RADIUS - tip_radius(LEGS[0])) / (MAX_TIP_RADIUS - 0.02), 0, 1) ** 2),
            0.0,
        ],
        "tipping": [0.0, -0.5],
        "astray": [0.0, -0.1 * (math.pi - 0.5)],  # half a gate open; beyond the vertical it points back
        "action_rate": [0.0, -0.25 * 1.25],
        "fall": [0.0, -3.0],
    }
    assert list(weighted) == list(expected) == [term.name for term in REWARD_TERMS]
    for name, values in expected.items():
        assert_allclose(weighted[name], values, rtol=1e-5, err_msg=name)  # leg angles are float32
    assert 0.001 < expected["folded"][0] < 0.25  # some legs half out, some out
    paid = [0.7 + expected["folded"][0], 5.85 + 2.0 - 0.5 - 0.3125 - 3.0 - 0.1 * (math.pi - 0.5)]
    assert_allclose(total(weighted), paid, rtol=1e-5)


def test_astray_is_off_the_heading_that_episodes_begin_with_while_the_gate_is_shut() -> None:
    """Headings of -0.1 and 3.0 rad, where 0.9 is meant: 1.0 and 2.1 off it; where -3.0 is, 2.9 and, around the back,
    0.28."""
    qpos = transition().qpos.copy()
    qpos[:, 3:7] = about_z([-0.1, 3.0])
    shut = np.zeros(2)
    off = {meant: raw_values(qpos=qpos, start_yaw=meant, gate=shut)["astray"] for meant in (0.9, -3.0)}
    assert_allclose(off[0.9], [0.5, 1.6])
    assert_allclose(off[-3.0], [2.4, 0.0])
    assert_allclose(raw_values(qpos=qpos, start_yaw=0.9, gate=np.array([0.25, 1.0]))["astray"], [0.375, 0.0])


def test_with_the_upright_factor_what_pays_counts_less_the_more_it_tilts() -> None:
    tilted = transition().qpos.copy()
    tilted[0, 3:7], tilted[1, 3:7] = about_y(0.5), about_y(1.2)
    step = transition(qpos=tilted)
    plain, priced = (score(step, EnvConfig(alive_bonus=1.0, upright_factor=on))[1] for on in (False, True))
    assert_allclose(priced["alive"], [1.0, math.cos(1.2) / 0.7], atol=1e-6)
    for cost in ("control", "extension"):
        assert_array_equal(priced[cost], plain[cost])
    tilted[:, 3:7] = about_y(2.0)
    assert not score(transition(qpos=tilted), EnvConfig(alive_bonus=1.0, upright_factor=True))[1]["alive"].any()


def test_folded_is_paid_behind_the_obstacle_only() -> None:
    legs = transition().qpos.copy()
    legs[:, LEG] = -1.047, -1.047, -1.047, math.pi - LEG_MOUNT  # three within the wheel, one straight out
    passed = np.array([True, False])
    raw, _ = score(transition(qpos=legs, passed_before=passed), EnvConfig(folded_bonus=1.0))
    assert_allclose(raw["folded"], [0.75, 0.0], atol=1e-9)


def test_the_way_over_the_step_leads_ahead_up_and_ahead() -> None:
    """Level at first: the front axles 0.05 m ahead of the root, all 0.1 m high, which counts up to the step's 0.05."""
    qpos = np.zeros((1, 23))
    qpos[:, 3] = 1

    def way(x: float, z: float, turned: np.ndarray | None = None) -> float:
        qpos[0, [0, 2]] = x, z
        qpos[0, 3:7] = (1, 0, 0, 0) if turned is None else turned
        return float(way_over_step(transition(step_height=0.05, step_edge=0.8), qpos)[0])

    assert way(0.5, 0.025) == pytest.approx(0.5)  # wheels on the ground
    assert way(0.5, 0.045) == pytest.approx(0.52)  # legs out lift them by 2 cm
    assert way(0.5, 0.2) == pytest.approx(0.55)  # no higher than the step counts
    assert way(0.8, 0.025) == pytest.approx(0.8 + 0.05 / 2)  # the front wheels are over the edge
    assert way(2.0, 0.025) == pytest.approx(2.05)  # down again costs nothing
    nose_up = way(0.5, 0.025, about_y(-np.pi / 6))  # front axles 0.025 m up; rear ones below the ground count as on it
    assert nose_up == pytest.approx(0.5 + 0.025 / 2)
    to_the_side = way(0.5, 0.025, about_z(np.pi / 2))
    assert to_the_side == pytest.approx(0.5)
    assert float(way_over_step(transition(step_height=0.0, step_edge=np.inf), qpos)[0]) == pytest.approx(0.5)


def test_lift_is_what_the_wheels_come_up_and_nothing_ahead() -> None:
    """Axles 25 mm up are on the ground. Front ones at 0.85 m are over the edge, so all of the 0.05 m is theirs."""
    qpos = np.zeros((4, 23))
    qpos[:, 3] = 1
    qpos[:, 0], qpos[:, 2] = [0.6, 0.6, 0.8, 0.9], [0.025, 0.045, 0.025, 0.075]
    before = qpos.copy()
    before[:, 0], before[:, 2] = [0.5, 0.6, 0.6, 0.8], [0.025, 0.025, 0.025, 0.025]
    t = transition(qpos=qpos, qpos_before=before, step_height=0.05, step_edge=0.8)
    assert_allclose(lift(t), np.array([0.0, 0.02, 0.05 / 2, 0.05 / 2]) / t.ctrl_dt, atol=1e-12)


def test_tilt_costs_beyond_what_a_climb_needs() -> None:
    qpos = transition().qpos.copy()
    qpos[:, 3:7] = about_y(0.6), about_y(0.9)
    assert_allclose(raw_values(qpos=qpos)["tipping"], [0.0, 0.3**2], atol=1e-12)


def test_every_term_of_the_table_is_described_and_has_a_weight() -> None:
    for term in REWARD_TERMS:
        assert term.formula
        assert term.doc
        assert term.unit
        assert term.weight_in(EnvConfig()) == term.weight * getattr(EnvConfig(), term.setting)
        assert abs(term.weight) == 1


def test_where_the_obstacle_counts_as_passed() -> None:
    assert success_x(EnvConfig()) == 1.3
    assert success_x(EnvConfig(scene="flat")) == 0.85
    assert success_x(EnvConfig(obstacle_post_buffer=0.2)) == pytest.approx(1.45)
    assert success_x(EnvConfig(success_x=0.3)) == 0.3
    assert success_x(EnvConfig(scene="step", step_x=2.0, step_half_depth=0.5)) == pytest.approx(2.6)


numbers = st.floats(-100, 100)


@given(st.data(), st.integers(1, 4), st.booleans())
def test_the_terms_add_up_to_the_reward(data: st.DataObject, n: int, passed: bool) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    scale = data.draw(st.sampled_from([1e-3, 1.0, 1e3]))
    t = transition(
        qpos_before=scale * rng.normal(size=(n, 23)),
        qpos=scale * rng.normal(size=(n, 23)),
        action=rng.normal(size=(n, 8)),
        action_before=rng.normal(size=(n, 8)),
        fell=np.full(n, passed),
        step_height=0.05,
        qvel=scale * rng.normal(size=(n, 22)),
        torque=rng.normal(size=(n, 8)).astype(np.float32),
        gate=rng.uniform(size=n),
        passed_before=np.full(n, passed),
        success_x=data.draw(numbers),
    )
    fields = [term.setting for term in REWARD_TERMS]
    config = EnvConfig(**{f: data.draw(st.floats(0, 1)) for f in fields})
    raw, weighted = score(t, config)
    reward = total(weighted)
    assert reward.shape == (n,)
    assert_array_equal(reward, sum(weighted.values()))
    assert set(weighted) == {term.name for term in REWARD_TERMS if term.weight_in(config) or not term.optional}
    for term in (term for term in REWARD_TERMS if term.name in weighted):
        assert_array_equal(weighted[term.name], term.weight_in(config) * raw[term.name])


def test_one_step_scores_like_a_batch() -> None:
    t = transition()
    arrays = ("qpos_before", "qpos", "qvel", "accelerometer", "gyro", "torque", "touch", "gate", "passed_before")
    arrays += ("action", "action_before", "fell", "step_height")
    alone = transition(**{name: getattr(t, name)[1] for name in arrays})
    for name, values in score(t, EnvConfig())[1].items():
        assert score(alone, EnvConfig())[1][name] == values[1], name


def level(t: Transition) -> np.ndarray:
    """Stay level."""
    return t.pitch**2


def test_own_term_joins_the_table() -> None:
    term = reward_term(level, weight=-0.5)
    assert (term.name, term.label, term.weight, term.setting, term.doc) == ("level", "level", -0.5, "", "Stay level.")
    assert term.source.startswith("def level(t: Transition)")
    assert "return t.pitch**2" in term.source
    env = TwmrEnv(EnvConfig(), 3, extra_terms=[term])
    env.reset(seed=0)
    _, reward, _, _, info = env.step(np.full((3, 8), 0.5))
    assert list(info["reward_terms"])[-1] == "level"
    assert_array_equal(info["reward_terms_raw"]["level"], env.transition.pitch**2)
    assert_array_equal(info["reward_terms"]["level"], -0.5 * env.transition.pitch**2)
    assert_array_equal(sum(info["reward_terms"].values()), reward)
    assert reward[0] != sum(v[0] for k, v in info["reward_terms"].items() if k != "level")


def test_own_term_may_be_a_constant_or_whole_numbers() -> None:
    terms = [reward_term(lambda t: 1, name="one"), reward_term(lambda t: t.x > 1, name="far")]
    raw, weighted = score(transition(), EnvConfig(), terms)
    assert_array_equal(raw["one"], [1.0, 1.0])
    assert_array_equal(weighted["far"], [0.0, 1.0])


def test_source_that_cannot_be_had_is_said_so() -> None:
    scope: dict[str, Any] = {}
    exec("def made_up(t): return t.x", scope)
    assert "not available" in reward_term(scope["made_up"]).source


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: reward_term(lambda t: t.x), "give a function with a name"),
        (lambda: reward_term(3), "give a function"),  # type: ignore[arg-type]
        (lambda: reward_term(level, name="forward"), "'forward' exists already"),
        (lambda: reward_term(level, weight="big"), "weight = 'big'"),  # type: ignore[arg-type]
        (lambda: reward_term(level, weight=float("nan")), "weight = nan"),
        (lambda: TwmrEnv(extra_terms=[level]), "wrap your function as reward_term"),  # type: ignore[list-item]
        (lambda: TwmrEnv(extra_terms=[reward_term(level), reward_term(level)]), "'level' is given twice"),
    ],
)
def test_refused_terms(make: Any, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        make()


def in_place(t: Transition) -> np.ndarray:
    x = t.x
    x += 10
    return x


def by_index(t: Transition) -> np.ndarray:
    t.qpos[..., 0] = 2.0
    return t.x


def of_the_gate(t: Transition) -> np.ndarray:
    return np.multiply(t.gate, 2, out=t.gate)


def of_a_constant(t: Transition) -> np.ndarray:
    t.retract[:] = 0
    return t.x


def sorting(t: Transition) -> np.ndarray:
    t.torque.sort()
    return t.x


@pytest.mark.parametrize("fn", [in_place, by_index, of_the_gate, of_a_constant, sorting])
def test_a_term_that_works_in_place_is_told_so_and_changes_nothing(fn: Any) -> None:
    env = TwmrEnv(EnvConfig(), 2, extra_terms=[reward_term(fn)])
    env.reset(seed=0)
    with pytest.raises(TermError, match=rf"{fn.__name__}.* in its line \d.*arrays of a transition cannot be changed"):
        env.step(np.full((2, 8), 0.5))
    plain = TwmrEnv(EnvConfig(), 2)
    plain.reset(seed=0)
    plain.step(np.full((2, 8), 0.5))
    for name in ("qpos", "torque", "gate", "retract"):
        assert_array_equal(getattr(env.transition, name), getattr(plain.transition, name))
    episode = record(ZeroPolicy(), EnvConfig(), num_steps=5)
    before = [episode.transition.qpos.copy(), episode.transition.gate.copy()]
    with pytest.raises(TermError):
        episode.rescore(EnvConfig(), [reward_term(fn)])
    assert_array_equal(episode.transition.qpos, before[0])
    assert_array_equal(episode.transition.gate, before[1])


def test_what_a_term_returned_is_not_changed_by_its_next_call() -> None:
    kept = np.zeros(2)

    def reused(t: Transition) -> np.ndarray:
        kept[:] += 1
        return kept

    term = reward_term(reused)
    first, second = (score(transition(), EnvConfig(), [term])[0]["reused"] for _ in range(2))
    assert_array_equal(first, [1, 1])
    assert_array_equal(second, [2, 2])


@pytest.mark.parametrize(
    ("fn", "message"),
    [
        (lambda t: t.leg_angle, r"shape \(2, 4\) where \(2,\) is needed"),
        (lambda t: t.x / 0.0 * 0.0, "returned nan"),
        (lambda t: t.speed, r"failed in its line 1, `.*t\.speed.*` \(AttributeError: 'Transition' object has no attri"),
        (lambda t: "high", "it returns no numbers: end it with `return`"),
        (lambda t: None, "it returns no numbers: end it with `return` and one number per robot"),
        (np.linalg.norm, "failed"),
    ],
)
def test_own_term_with_bad_values(fn: Any, message: str) -> None:
    term: RewardTerm = reward_term(fn, name="mine")
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=message):
        score(transition(), EnvConfig(), [term])


def test_the_table_of_terms_prints_as_one():
    lines = repr(REWARD_TERMS).splitlines()
    assert [line.split()[0] for line in lines] == [term.name for term in REWARD_TERMS]
    assert lines[2].split()[1:4] == ["-1", "x", "control_cost"]
    assert len({line.index(" x ") for line in lines}) == 1
