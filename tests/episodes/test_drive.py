"""An episode under way: what it shows is what it records, whatever is changed in mid-drive; and physics of a push."""

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal

from twmr_nb import ConfigError, EnvConfig, load_rollout, record, reward_term, world
from twmr_nb.episodes.drive import KEEP_EVERY, Drive
from twmr_nb.episodes.scoreboard import Scoreboard
from twmr_nb.policies.hand import Hand
from twmr_nb.robot.model import CHASSIS_MASS, LEG_QPOS, ROBOT_MASS
from twmr_nb.robot.rotations import yaw
from twmr_nb.task.disturbance import STIFFNESS, Pull

FLAT = EnvConfig(scene="flat")


def driven(steps: int, *given, **settings) -> Drive:
    drive = Drive(*given, **settings)
    go(drive, steps)
    return drive


def go(drive: Drive, steps: int) -> None:
    for _ in range(steps):
        drive.step()


def assert_exact(drive: Drive) -> None:
    """The totals shown, the recording's reward, and what the reward explorer makes of it."""
    episode = drive.episode
    assert sum(drive.paid.values()) == pytest.approx(episode.reward.sum(), abs=1e-9)
    again = episode.rescore(extra_terms=drive.extra_terms).totals
    assert again["total"] == pytest.approx(episode.reward.sum(), abs=1e-9)
    assert {k: again[k] for k in drive.paid} == pytest.approx(drive.paid, abs=1e-9)
    assert drive.now == pytest.approx({k: v[-1] for k, v in episode.reward_terms.items()}, abs=1e-12)


def test_a_policy_drives_as_it_is_recorded():
    drive = driven(60, "climber", seed=3)
    alone = record("climber", drive.world, seed=3, num_steps=60)
    assert_array_equal(drive.episode.transition.qpos, alone.transition.qpos)
    assert_array_equal(drive.episode.reward, alone.reward)
    assert drive.episode.title == alone.title


def test_what_is_shown_step_by_step_adds_up_to_the_recording():
    drive, shown = Drive("random", FLAT), []
    for _ in range(80):
        drive.step()
        shown.append(sum(drive.now.values()))
    assert_allclose(shown, drive.episode.reward, atol=1e-12)
    assert_exact(drive)


def test_changed_in_mid_drive_it_is_still_exact_and_counts_from_the_start():
    drive = driven(60, "you", world("climber"))
    before = drive.paid["control"]
    drive.change(control_cost=0.5, gate_mode="proprio", success_x=0.1)
    go(drive, 20)
    assert drive.paid["control"] < before - 0.1
    assert_exact(drive)
    drive.change(gate_mode="felt", gate_tilt=0.02, sensor_noise=1.0, action_delay=2)
    go(drive, 20)
    assert_exact(drive)
    drive.hand_over("climber")
    go(drive, 20)
    assert_exact(drive)
    drive.disturb(friction=0.3, payload=1.0, strength=0.5, slope=8.0)
    drive.rewind(1.0)
    assert len(drive.past) == 50
    go(drive, 20)
    assert_exact(drive)


def test_own_terms_are_weighed_in_mid_drive():
    term = reward_term(lambda t: t.pitch**2, weight=-0.5, name="calm")
    drive = driven(30, "random", FLAT, extra_terms=[term])
    before = drive.paid["calm"]
    drive.weigh([reward_term(term.fn, weight=-1.0, name="calm")])
    assert drive.paid["calm"] == pytest.approx(2 * before)
    go(drive, 10)
    assert_exact(drive)


def test_a_hand_over_is_written_down_and_begins_with_a_fresh_memory():
    drive = driven(40, "you", world("climber"))
    drive.hand_over("flip_5cm")
    assert drive.driver.start.all()
    assert drive.config.action_mode == "torque"
    go(drive, 3)
    assert not drive.driver.start.any()
    drive.hand_over("nobody")
    go(drive, 2)
    assert drive.episode.title == "you then flip_5cm then nobody"
    assert drive.spells == [(0, "you"), (40, "flip_5cm"), (43, "nobody")]
    assert np.abs(drive.episode.transition.torque[-1]).max() == 0


def test_the_other_model_goes_on_from_the_same_state():
    drive = driven(40, "random", EnvConfig())
    qpos, qvel = drive.env.sim.qpos.copy(), drive.env.sim.qvel.copy()
    drive.hand_over("you")
    assert_array_equal(drive.env.sim.qpos, qpos)
    assert_array_equal(drive.env.sim.qvel, qvel)
    assert drive.env.sim.leg_position


def test_it_can_be_taken_back_and_goes_on_alike():
    drive = driven(110, "you", FLAT)
    drive.driver.ahead = 1.0
    drive.rewind(1.0)  # step 60, and so to the moment kept at 50
    assert len(drive.past) == 2 * KEEP_EVERY
    go(drive, 30)
    again = Drive("you", FLAT)
    go(again, 50)
    again.driver.ahead = 1.0
    go(again, 30)
    assert_array_equal(drive.episode.transition.qpos, again.episode.transition.qpos)
    go(drive, 4 * KEEP_EVERY - len(drive.past))
    drive.rewind(0)  # where that of now is not kept yet
    assert len(drive.past) == 3 * KEEP_EVERY
    drive.rewind(60.0)
    assert not drive.past
    drive.rewind(0)
    with pytest.raises(ConfigError, match="nothing has been driven yet"):
        _ = drive.episode


def test_the_levers_drive_turn_and_fold():
    drive = driven(10, "you", FLAT)
    hand = drive.driver
    assert isinstance(hand, Hand)
    assert hand.fold.tolist() == [1, 1]
    hand.ahead = 1.0
    go(drive, 50)
    assert drive.episode.x[-1] > 0.05
    hand.ahead, hand.turn = 0.0, 1.0
    go(drive, 50)
    assert yaw(drive.episode.transition.qpos[-1, 3:7]) > 0.3  # to the left
    hand.turn, hand.legs = 0.0, np.array([1, 0])
    go(drive, 60)
    front, rear = drive.env.sim.qpos[0, LEG_QPOS].reshape(2, 2)
    assert front.min() > 0.4  # they carry the nose, and sag
    assert_allclose(rear, -1.047, atol=0.1)


def test_a_push_gives_its_momentum():
    drive = Drive("nobody", FLAT)
    drive.disturb(friction=0.05)
    go(drive, 5)
    before = drive.env.sim.qvel[0, 2]
    drive.push(0.4, (0, 0, 1))  # the ground cannot hold against it
    drive.step()
    gained = drive.env.sim.qvel[0, 2] - before
    assert gained == pytest.approx(0.4 / ROBOT_MASS - 9.81 * drive.dt, rel=0.15)
    drive.step()
    assert drive.env.sim.qvel[0, 2] < gained  # once only


def test_a_pull_is_a_spring_towards_its_end():
    drive = driven(20, "nobody", FLAT)
    x, y, z = drive.env.sim.qpos[0, :3]
    drive.pull = Pull(drive.env.sim.model.body("chassis").id, (0, 0, 0), (x, y + 0.1, z))
    drive.step()
    assert_allclose(drive.pulled[1], [0, STIFFNESS * 0.1, 0], atol=0.3)
    assert_allclose(drive.pulled[0], [x, y, z], atol=2e-3)
    drive.pull = Pull(drive.env.sim.model.body("chassis").id, (0, 0, 0), (x, y + 0.3, z))
    go(drive, 60)
    assert drive.env.sim.qpos[0, 1] > y + 0.05
    drive.pull = None
    drive.step()
    assert not drive.pulled.any()


def test_a_pull_may_be_let_go_in_the_midst_of_a_step():
    """As by the thread that hears the page, while another one steps."""

    class LetGo(Pull):
        def force(self, model, data):
            drive.pull = None
            return super().force(model, data)

    drive = driven(5, "nobody", FLAT)
    drive.pull = LetGo(drive.env.sim.model.body("chassis").id, (0, 0, 0), (0.2, 0, 0))
    assert drive.step()
    assert drive.pulled.any()
    assert drive.step()
    assert not drive.pulled.any()


def test_circumstances_reach_the_physics():
    drive = driven(5, "you", FLAT)
    drive.disturb(friction=0.5, payload=0.75, strength=0.5, slope=30 - 10)
    batch = drive.env.sim.batch
    chassis = drive.env.sim.model.body("chassis").id
    assert batch.expand("body_mass")[0, chassis] == pytest.approx(CHASSIS_MASS + 0.75)
    assert_allclose(batch.expand("geom_friction")[0, :, 0], 0.5 * drive.env.sim.model.geom_friction[:, 0])
    assert_allclose(batch.expand("gravity")[0], 9.81 * np.array([-np.sin(np.pi / 9), 0, -np.cos(np.pi / 9)]))
    drive.driver.ahead = 1.0
    drive.step()
    assert drive.episode.transition.torque[-1, :4].max() == pytest.approx(0.4)
    drive.reset()
    drive.step()
    assert drive.env.sim.batch.expand("body_mass")[0, chassis] == pytest.approx(CHASSIS_MASS + 0.75)
    with pytest.raises(ConfigError, match="payload = 9 is not allowed: give a number from 0 to 3 kg"):
        drive.disturb(payload=9)


def test_a_robot_stands_on_a_slope_by_what_it_feels():
    drive = driven(60, "you", FLAT)
    drive.disturb(slope=5.0)
    go(drive, 40)
    felt = drive.episode.transition.accelerometer[-1]
    assert felt[0] == pytest.approx(9.81 * np.sin(np.radians(5)), abs=0.3)  # as if the nose were up


def test_the_step_height_counts_from_the_next_start():
    drive = driven(5, "you", EnvConfig())
    drive.change(step_height=0.02)
    drive.step()
    assert drive.episode.step_height == pytest.approx(0.0495)
    drive.reset()
    drive.step()
    assert drive.episode.step_height == pytest.approx(0.02)
    assert drive.episode.config.scene == "step"


def test_a_fall_ends_it_until_it_is_taken_back():
    drive = Drive("nobody", EnvConfig(scene="flat", max_tilt=0.3))
    go(drive, 30)
    drive.push(5.0, (0, 1, 0.5))
    go(drive, 60)
    assert drive.over == "fell"
    assert drive.episode.terminated
    length = len(drive.past)
    assert not drive.step()
    assert len(drive.past) == length
    assert_exact(drive)
    drive.rewind(1.0)
    assert not drive.over
    assert drive.step()


def test_an_episode_is_an_ordinary_recording(tmp_path):
    drive = driven(40, "you", world("flip"))
    drive.hand_over("zero")
    go(drive, 10)
    loaded = load_rollout(drive.episode.save(tmp_path / "mine.safetensors"))
    assert loaded.title == "you then zero actions"
    assert_array_equal(loaded.reward, drive.episode.reward)
    board = Scoreboard.of({"mine": loaded}, loaded.config, (), 0.99)
    assert board.totals["mine"] == pytest.approx(sum(drive.paid.values()))


def test_mistakes_are_one_sentence():
    drive = driven(2, "you", FLAT)
    with pytest.raises(ConfigError, match="a push of 99 along"):
        drive.push(99)
    for direction in ((np.nan, 0, 0), 3, None, "abc", (0, 0, 0)):
        with pytest.raises(ConfigError, match="give up to 5 N s and a direction"):
            drive.push(1, direction)
    for seconds in (-0.1, np.nan, np.inf, "a", None):
        with pytest.raises(ConfigError, match="give seconds, 0 or more"):
            drive.rewind(seconds)
    with pytest.raises(ConfigError, match="unknown setting 'alive_bonsu'"):
        drive.change(alive_bonsu=1)
    with pytest.raises(ConfigError, match="7 cannot play"):
        drive.hand_over(7)
