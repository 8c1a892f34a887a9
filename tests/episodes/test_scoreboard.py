"""The scoreboard: what it says a behaviour earns the environment pays it, and where it says that two swap, they do."""

import dataclasses

import numpy as np
import pytest

from twmr_nb import EnvConfig, TwmrEnv, preset, reward_term
from twmr_nb.config.schema import ConfigError
from twmr_nb.episodes import scoreboard
from twmr_nb.episodes.rollout import record
from twmr_nb.episodes.scoreboard import (
    CLIMBING,
    NAMES,
    OVER,
    STAGE,
    STANDING,
    Scoreboard,
    judged_by,
    shipped_behaviours,
)
from twmr_nb.episodes.verdict import verdict
from twmr_nb.task.rewards import REWARD_TERMS


def nodding(t):
    """Pitching is unpleasant."""
    return t.pitch**2


OWN = reward_term(nodding, weight=-0.3)
EVERY_WEIGHT = {term.setting: 0.1 + 0.01 * k for k, term in enumerate(REWARD_TERMS)}
REWARDS = {
    "the original's": EnvConfig(),
    "walkthrough": preset("walkthrough").env,
    "flip": preset("flip").env,
    "recommended": preset("recommended").env,  # a tilt beyond 1 rad is a fall
    "climber": preset("climber").env,  # the felt gate; drives on for 2 s
    "everything": EnvConfig(
        upright_factor=True, end_on_success=True, drive_on=0.5, max_steps=900, extend_mode="midpoint", **EVERY_WEIGHT
    ),
}


def board_of(config, terms=(OWN,), gamma=0.98):
    return Scoreboard.of(shipped_behaviours(), config, terms, gamma)


def sentence(board, part):
    (found,) = [text for text in verdict(board) if part in text]
    return found


@pytest.mark.parametrize("which", REWARDS)
def test_what_a_behaviour_earns_is_what_the_environment_pays_it_live(which):
    board, behaviours = board_of(REWARDS[which]), shipped_behaviours()
    worlds = {judged_by(REWARDS[which], rollout) for rollout in behaviours.values()}
    env = TwmrEnv(worlds.pop(), len(behaviours), [OWN], autoreset=False)
    assert not worlds  # all are recorded in the same one
    env.reset(seed=[0] * len(behaviours))
    active, steps = np.ones(len(behaviours), bool), np.zeros(len(behaviours), int)
    sums, terms = np.zeros((2, len(behaviours))), {}
    for t, actions in enumerate(zip(*(rollout.action for rollout in behaviours.values()), strict=True)):
        _, reward, terminated, truncated, info = env.step(np.array(actions))
        sums += active * reward * np.array([[1.0], [0.98**t]])
        for name, values in info["reward_terms"].items():
            terms[name] = terms.get(name, 0.0) + active * values
        steps += active
        active &= ~(terminated | truncated)
    for k, name in enumerate(behaviours):
        assert board.totals[name] == pytest.approx(sums[0, k], abs=1e-9), name
        assert board.discounted[name] == pytest.approx(sums[1, k], abs=1e-9), name
        assert board.earned[name].steps == steps[k], name
        for term, value in board.paid(name).items():
            assert value == pytest.approx(terms[term][k], abs=1e-9), (name, term)


@pytest.mark.parametrize(
    ("config", "weight"),
    [
        (EnvConfig(), "extension_penalty"),
        (preset("flip").env, "alive_bonus"),
        (EnvConfig(upright_factor=True, tilt_penalty=0.1), "forward_weight"),
        (EnvConfig(), "nodding"),
    ],
)
def test_where_two_swap_places_each_earns_more_on_its_side(config, weight):
    """Re-scored with the weight itself, not with the straight line."""
    board = board_of(config)
    pairs = board.flips(weight)
    assert [flip.value for flip in pairs] == sorted(flip.value for flip in pairs)
    assert len(pairs) > 3

    def earns(name, value):
        own = dataclasses.replace(OWN, weight=value if weight == OWN.name else OWN.weight)
        paid = config if weight == OWN.name else config.replace(**{weight: value})
        rollout = board.rollouts[name]
        scored = rollout.rescore(judged_by(paid, rollout), [own])
        return scored.total[: board.earned[name].steps].sum()

    for flip in pairs:
        aside = 1e-4 * max(abs(flip.value), 1e-3)
        if flip.value > aside or weight == OWN.name:
            assert earns(flip.gains, flip.value - aside) < earns(flip.loses, flip.value - aside)
        assert earns(flip.gains, flip.value + aside) > earns(flip.loses, flip.value + aside)


def test_what_pays_all_alike_swaps_nobody():
    """With the original's settings all behaviours last as long."""
    assert board_of(EnvConfig()).flips("alive_bonus") == []


def test_flips_of_the_discounted_sums_are_others():
    board = board_of(EnvConfig())
    for flip in board.flips("extension_penalty", discounted=True)[:5]:
        at = board.under(EnvConfig(extension_penalty=flip.value), [OWN]).discounted
        assert at[flip.gains] == pytest.approx(at[flip.loses], abs=1e-9)


def test_a_weight_that_moves_scores_nothing_anew(monkeypatch):
    board = board_of(EnvConfig())
    fresh = board_of(EnvConfig(alive_bonus=0.7, climb_weight=2.0), [dataclasses.replace(OWN, weight=4.0)])
    monkeypatch.setattr(scoreboard, "earn", None)
    moved = board.under(EnvConfig(alive_bonus=0.7, climb_weight=2.0), [dataclasses.replace(OWN, weight=4.0)])
    assert moved.totals == fresh.totals
    assert board.totals != fresh.totals
    with pytest.raises(TypeError):
        board.under(EnvConfig(gate_mode="none"), [OWN])


def test_an_episode_ends_where_the_settings_say():
    ends = {name: (earned.end, earned.passed) for name, earned in board_of(preset("recommended").env).earned.items()}
    assert ends[CLIMBING] == ("passed", True)
    assert ends[OVER] == ("fall", False)
    assert ends[STANDING] == ("time limit", False)
    board = board_of(EnvConfig(max_steps=100_000))
    assert {earned.end for earned in board.earned.values()} == {"recording"}
    assert board.earned[STANDING].steps == 1000


# -- the verdict ------------------------------------------------------------------------------------------------------


def test_it_finds_that_the_originals_open_gate_asks_for_folded_legs():
    board = board_of(EnvConfig(), ())
    said = sentence(board, "asks for folded legs")
    charged = -board.paid(CLIMBING)["extension"]
    assert said == (
        "An open gate asks for folded legs, tips at 21 mm where the bare wheel has 25: "
        f"extension charges climbing upright {charged:.2g}."
    )
    assert not [text for text in verdict(board_of(EnvConfig(extend_mode="midpoint"))) if "folded legs" in text]


def test_it_finds_the_valley_of_the_originals_instructions():
    board = board_of(preset("walkthrough").env, ())
    more = board.totals[STANDING] - board.totals[scoreboard.PUSHING]
    assert more > 20
    said = sentence(board, "valley")
    assert said.startswith(f"A valley lies before the climb: standing still earns {more:.1f} more than pushing at the")
    assert "extension charges it" in said
    assert not [text for text in verdict(board_of(EnvConfig(), ())) if "valley" in text]


def test_it_finds_that_an_alive_bonus_pays_for_standing():
    board = board_of(preset("flip", alive_bonus=1.0).env, ())
    more = board.totals[STANDING] - board.totals[CLIMBING]
    alive = board.earned[STANDING].steps - board.earned[CLIMBING].steps
    assert verdict(board)[0] == (
        f"Standing still earns {more:.1f} more than climbing upright (alive pays it {alive:.1f} more)."
    )
    assert "Alive is 94% of all that is paid or charged." in verdict(board)


def test_it_finds_that_turning_over_is_paid_like_climbing():
    board = board_of(preset("flip").env, ())
    over, climb = board.totals[OVER], board.totals[CLIMBING]
    assert sentence(board, "Turning over") == (
        f"Turning over is paid as well as climbing upright ({over:.1f} and {climb:.1f}): no term tells them apart."
    )
    assert sentence(board_of(preset("recommended").env, ()), "turning over").startswith("Climbing upright earns")


def test_it_finds_a_success_that_is_not_felt():
    board = board_of(EnvConfig(), ())
    share = 1.0 / sum(map(abs, board.paid(CLIMBING).values()))
    assert sentence(board, "Success") == (
        f"Success is never felt: {share:.1%} of what climbing upright is paid or charged."
    )
    assert not [text for text in verdict(board_of(preset("flip").env, ())) if "Success" in text]


def test_it_says_where_the_discount_changes_the_order():
    said = sentence(board_of(preset("flip", alive_bonus=1.0).env, (), 0.99), "Discounted")
    assert said.startswith("Discounted by 0.99 a step it is the other way round: climbing upright earns")


def test_a_reward_that_pays_nothing_has_a_verdict_too():
    nothing = EnvConfig(**dict.fromkeys(EVERY_WEIGHT, 0.0))
    board = board_of(nothing, ())
    assert set(board.totals.values()) == {0.0}
    assert verdict(board) == ["Every weight is 0: this reward pays nothing, and prefers nothing."]


def test_what_is_no_weight_is_refused():
    with pytest.raises(ConfigError, match=r"'gate_bias' is no weight: give one of forward_weight, .*, nodding\."):
        board_of(EnvConfig()).flips("gate_bias")


def test_the_behaviours_are_what_they_are_called():
    """Whoever records them anew sees here what has changed."""
    behaviours = shipped_behaviours()
    assert list(behaviours) == list(NAMES)
    climb, over, hanging = (behaviours[name].conduct for name in (CLIMBING, OVER, "hanging at the edge"))
    assert climb.upright_pass
    assert over.largest_tilt > 3
    assert hanging.upright is False or behaviours["hanging at the edge"].transition.pitch[-1] < -0.4
    assert [name for name, rollout in behaviours.items() if rollout.passed] == [OVER, CLIMBING]
    for name, rollout in behaviours.items():
        assert len(rollout.time) == STAGE.max_steps, name
        assert not rollout.terminated


def test_an_own_episode_is_scored_at_its_own_step():
    """One with a step 0.6 m ahead passes where that step ends, whatever the settings' scene."""
    flat = record("zero", EnvConfig(scene="flat"), num_steps=5, title="flat")
    board = Scoreboard.of({"flat": flat}, preset("recommended").env, (), 0.99)
    assert board.earned["flat"].end == "recording"
    assert judged_by(preset("recommended").env, flat).scene == "flat"
