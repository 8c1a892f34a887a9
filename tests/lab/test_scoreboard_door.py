"""`tw.scoreboard`: whose reward is meant, own behaviours beside the recorded ones, how it prints."""

import numpy as np
import pytest

import twmr_nb as tw
from twmr_nb.episodes.scoreboard import NAMES
from twmr_nb.policies.saved import PolicyError


def test_it_prints_as_a_table_with_its_verdict_below():
    board = tw.scoreboard("flip")
    head, *rows = repr(board).splitlines()
    assert " ".join(head.split()) == "behaviour sum discounted 0.99 forward control extension success ends by"
    assert [row.split("  ")[1] for row in rows[: len(NAMES)]] == list(board.ranks)
    assert rows[0].startswith("1  turning over ")
    assert rows[0].endswith("passed, 310 steps")
    assert rows[len(NAMES) + 1 :] == board.verdict


def test_in_a_notebook_text_stays_text():
    episode = tw.record("zero", tw.EnvConfig(), num_steps=3, title="<b>mine</b> $x$")
    shown = tw.scoreboard(own=episode)._repr_html_()
    assert "&lt;b&gt;mine&lt;/b&gt;" in shown
    assert "<b>mine" not in shown
    assert "mathjax_ignore" in shown


def test_settings_are_a_presets_a_world_or_a_trainings():
    assert tw.scoreboard("flip", alive_bonus=0.2).config == tw.preset("flip", alive_bonus=0.2).env
    assert tw.scoreboard(tw.preset("flip", gamma=0.9)).gamma == 0.9
    assert tw.scoreboard(tw.EnvConfig(), gate_mode="none").config == tw.EnvConfig(gate_mode="none")


def test_own_episodes_and_policies_stand_among_the_others():
    short = tw.record("zero", tw.EnvConfig(), num_steps=50, title="trembling")
    board = tw.scoreboard("flip", own=[short, "random", tw.ConstantPolicy(1.0, tw.robot.MIDDLE, title="mine")])
    assert list(board.rollouts)[len(NAMES) :] == ["trembling (2)", "random actions", "mine"]
    assert board.earned["trembling (2)"].end == "recording"
    assert board.totals["mine"] == pytest.approx(board.totals["turning over"], abs=1e-9)  # it is the same
    assert [text for text in board.verdict if text.startswith("Mine is number ")]


def test_a_saved_policy_plays_at_the_boards_step_as_it_was_taught(monkeypatch):
    monkeypatch.setattr("twmr_nb.episodes.worlds.TRIAL_STEPS", 10)
    board = tw.scoreboard("climber", own="climber")
    played = board.rollouts["climber"].config
    assert (played.scene, played.action_mode, played.obs_mode) == ("step_5cm", "reflex", "proprio_phase")
    assert (played.max_tilt, played.start_x_range, played.step_height_max) == (None, 0.0, None)


def test_a_term_of_ones_own_is_a_column():
    def high(t):
        return t.z

    board = tw.scoreboard("flip", [tw.reward_term(high, weight=2.0)])
    rollout = board.rollouts["standing folded"]
    steps = board.earned["standing folded"].steps
    assert board.paid("standing folded")["high"] == pytest.approx(2 * rollout.transition.z[:steps].sum())
    assert board.flips("high")


def uphill(t):
    return np.gradient(t.x)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: tw.scoreboard("flop"), "unknown preset 'flop'"),
        (lambda: tw.scoreboard(7), "7 is no reward: give a preset's name, an EnvConfig or a TrainConfig."),
        (lambda: tw.scoreboard("flip", alive=1), "unknown setting 'alive'"),
        (lambda: tw.scoreboard("flip", own=3), "3 cannot play"),
        (
            lambda: tw.scoreboard("flip", [tw.reward_term(lambda t: np.gradient(t.x), name="d")]),
            "'d' looks at other rows",
        ),
        (lambda: tw.scoreboard("flip").flips("gate"), "'gate' is no weight"),
        (lambda: tw.scoreboard("flip").paid("sleeping"), "'sleeping' is not on the board: choose 'standing folded', "),
    ],
)
def test_a_mistake_is_one_sentence(call, said):
    with pytest.raises(tw.ConfigError, match=said):
        call()


def test_a_policy_that_is_not_there_is_said():
    with pytest.raises(PolicyError, match="nobody"):
        tw.scoreboard("flip", own="nobody")
