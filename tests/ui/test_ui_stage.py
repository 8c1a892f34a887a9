"""The stage without a page: what it sends, what it is told, storms of messages, and what it keeps."""

import threading

import numpy as np
import pytest
from tiny import ONE_UPDATE
from waiting import wait_for

from twmr_nb import ConfigError, EnvConfig, RewardExplorer, Stage, reward_term
from twmr_nb.draw.replay_scene import describe_scene, episode_model
from twmr_nb.runs.run import new_run
from twmr_nb.ui import newest
from twmr_nb.ui.newest import Newest
from twmr_nb.ui.stage import pull_of

FLAT = EnvConfig(scene="flat")


@pytest.fixture
def stage(monkeypatch):
    """A stage that nobody has to look at, and what its view sent."""
    stage = Stage("you", FLAT, by="Ada")
    sent = []
    monkeypatch.setattr(stage.view, "send", lambda message, buffers: sent.append(np.frombuffer(buffers[0], "<f4")))
    stage.sent = sent
    yield stage
    stage.pause()


def moment(stage):
    """The moment sent last, by name."""
    cuts = np.cumsum([size for _, size in stage.view.scene["layout"]])[:-1]
    return dict(zip([name for name, _ in stage.view.scene["layout"]], np.split(stage.sent[-1], cuts), strict=True))


def test_a_moment_is_one_small_message_with_all_that_is_shown(stage):
    stage.step(30)
    shown, drive = moment(stage), stage.drive
    now = drive.env.transition
    assert stage.sent[-1].nbytes < 600
    np.testing.assert_allclose(shown["qpos"], now.qpos[0], atol=1e-6)
    assert shown["time"] == pytest.approx(0.6)
    assert shown["upright"] == pytest.approx(now.upright[0])
    names = stage.view.names
    paid = dict(zip(names, shown["paid"], strict=True))
    assert {k: paid[k] for k in drive.paid} == pytest.approx(drive.paid, abs=1e-5)
    assert np.isnan([paid[name] for name in names if name not in drive.paid]).all()  # not scored here
    points = shown["contacts"].reshape(4, 6)
    assert points[:, 5].sum() == pytest.approx(9.81 * stage.view.model.body_mass.sum(), rel=0.1)
    assert np.abs(points[:, 2]).max() < 3e-3  # on the ground


def test_the_place_is_that_of_a_replay(stage):
    stage.step(2)
    episode = stage.episode
    replayed = describe_scene(episode, episode_model(episode))
    assert stage.view.scene["tree"] == replayed["tree"]
    assert set(replayed) - {"title", "dt", "marks"} <= set(stage.view.scene)


def test_a_lever_starts_the_clock_and_drives(stage):
    stage._heard({"levers": {"ahead": 1, "turn": 0, "front": 0, "rear": 0}})
    assert stage.view.status["playing"]
    wait_for(lambda: len(stage.drive.past) > 10)
    stage.push(0.2)  # between two steps
    stage._heard({"driver": "nobody"})
    wait_for(lambda: stage.view.status["title"] == "nobody")
    stage._heard({"do": "play"})
    wait_for(lambda: not stage.view.status["playing"])
    stage.pause()
    assert stage.episode.title == "Ada then nobody"
    assert stage.episode.transition.torque[5, 0] > 0.5
    assert "stage" not in [t.name for t in threading.enumerate()]


def test_rows_act_at_once_and_say_what_holds(stage):
    stage.step(20)
    stage.rows["alive_bonus"].text = "2"
    assert stage.drive.paid["alive"] == pytest.approx(40)
    stage.circumstances["payload"].text = "1"
    assert stage.drive.circumstances.payload == 1
    stage.rows["step_height"].text = "0.03"
    assert stage.drive.config.scene == "flat"
    stage.reset()
    assert stage.drive.config.scene == "step"
    assert stage.view.scene["goal"] == pytest.approx(1.3)
    stage.rows["gate_mode"].text = "felt"
    assert [row.setting.name for row in stage.gate.children] == ["gate_mode", "gate_tilt", "extend_mode"]
    stage.circumstances["slope"].text = "99"
    assert stage.drive.circumstances.slope == 0
    assert "slope = 99 is not allowed" in stage.circumstances["slope"].problem


def test_an_own_term_has_its_row_and_its_bar():
    def lean(t):
        return t.pitch**2

    stage = Stage("random", FLAT, extra_terms=[reward_term(lean, weight=-1.0, unit="rad²")])
    stage.step(20)
    assert stage.view.terms[-1]["label"] == "lean"
    before = stage.drive.paid["lean"]
    stage.weights["lean"].text = "-3"
    assert stage.drive.paid["lean"] == pytest.approx(3 * before)
    explorer = RewardExplorer(stage.episode, extra_terms=stage.drive.extra_terms)
    assert explorer.scored.totals["total"] == pytest.approx(stage.episode.reward.sum(), abs=1e-9)


def test_what_is_kept_stays_as_it_was(stage):
    stage.step(10)
    stage.keep()
    stage.step(5)
    stage.rewind()
    assert [len(episode.time) for episode in stage.kept] == [10]
    assert stage.view.status["kept"] == 1
    assert "Ada" in stage.kept[0].title


def test_a_mistake_is_said_and_ends_nothing(stage):
    class Broken:
        def reset(self, num_envs):
            pass

        def act(self, obs):
            return np.full((1, 8), np.nan)

    stage.hand_over(Broken())
    stage.play()
    wait_for(lambda: "actions contain nan" in stage.view.status["note"])
    assert not stage.clock.runs
    stage._heard({"driver": "you"})
    stage.step(3)
    assert len(stage.drive.past) == 3


STORM = [
    {"levers": {"ahead": 1, "turn": -1, "front": 1, "rear": -1}}, {"levers": {}}, {"levers": 3},
    {"levers": {"ahead": -7, "turn": 0, "front": 0, "rear": 0}}, {"legs": "front", "out": 0.5}, {"legs": "rear"},
    {"legs": "middle", "out": 1}, {"do": "play"}, {"do": "step"}, {"do": "rewind"}, {"do": "reset"}, {"do": "keep"},
    {"do": "explode"}, {"do": ["x"]}, {"driver": "you"}, {"driver": "nobody"}, {"driver": "random"}, {"driver": None},
    {"driver": "../x"}, {"pace": 0.1}, {"pace": 9}, {"pace": "x"}, {"push": 1, "way": [0, 1, 0]}, {"push": 1},
    {"push": 99, "way": [0, 1, 0]}, {"push": 1, "way": "up"}, {"pull": None}, {"pull": 7}, {"dear": True}, {"dear": []},
    {"pull": {"body": 2, "at": [0, 0, 0], "to": [0.3, 0.2, 0.3]}}, {"gone": True}, {"<script>": 1},
    {"pull": {"body": 200, "at": [0, 0, 0], "to": [0, 0, 1]}},
]  # fmt: skip


def test_a_storm_of_messages_breaks_nothing(stage):
    rng = np.random.default_rng(1)
    for pick in rng.integers(0, len(STORM), 200):
        stage._heard(STORM[pick])
        if rng.random() < 0.3:
            stage.step(int(rng.integers(1, 8)))
    stage.step(5)
    assert np.isfinite(stage.drive.env.sim.qpos).all()
    assert sum(stage.drive.paid.values()) == pytest.approx(stage.episode.reward.sum(), abs=1e-9)


def test_a_pull_that_makes_no_sense_is_none():
    good = {"body": 2, "at": [0, 0, 0], "to": [1, 1.5, 0]}
    assert pull_of(good, 19).to == (1, 1.5, 0)
    for wrong in ({"body": 0}, {"body": 19}, {"body": "x"}, {"at": [0, 0]}, {"to": [0, 0, "y"]}, {"to": [0, 0, 1e9]}):
        assert pull_of(good | wrong, 19) is None


def test_the_memory_of_what_is_let_go_is_the_systems_again(stage, monkeypatch):
    given = []
    monkeypatch.setattr("twmr_nb.ui.stage.give_back", lambda: given.append(True))
    stage.reset()
    stage.hand_over("nobody")
    assert len(given) == 2
    stage.play()
    stage.pause()
    assert len(given) == 3


def test_what_is_let_go_in_a_pause_is_shown_let_go(stage):
    stage._heard({"pull": {"body": 2, "at": [0, 0, 0], "to": [0.3, 0.2, 0.3]}})
    stage.step(2)
    assert np.linalg.norm(moment(stage)["pull"][3:]) > 2
    stage._heard({"pull": None})
    assert not moment(stage)["pull"].any()


def test_a_saved_notebook_keeps_a_picture(stage):
    assert stage.keepsake().words == "nothing driven yet"
    stage.step(10)
    kept = stage.keepsake()
    assert kept.words.startswith("Ada, 0.20 s, reward ")
    assert kept.picture[1:4] == b"PNG"


def test_whoever_drove_is_in_the_list_of_drivers(stage):
    class Ahead:
        def reset(self, num_envs):
            pass

        def act(self, obs):
            return np.ones((1, 8))

    stage.hand_over(Ahead())
    stage.hand_over("climber")
    assert stage.view.status["driver"] == "climber"
    listed = dict(stage.view.drivers)
    assert {"you", "nobody", "planner", "zero", "random", "Ahead", "climber"} <= set(listed)
    assert listed["you"] == "Ada"
    assert "flip_5cm (shipped)" in listed.values()
    stage._heard({"driver": "Ahead"})
    stage.step(2)
    assert stage.episode.title == "Ahead"
    for steps in (-3, 2.5, "a", None):
        with pytest.raises(ConfigError, match="is not allowed: give a whole number, 0 or more"):
            stage.step(steps)
    with pytest.raises(ConfigError, match="7 cannot play"):
        stage.hand_over(7)


def test_the_newest_policy_of_a_training_drives(stage, tmp_path, no_run_left):
    run = new_run("flip", root=tmp_path, **ONE_UPDATE)
    run.train()
    player = Newest(run)
    stage.hand_over(player)
    stage.step(2)
    assert stage.view.status["title"] == f"newest of {run.name}"
    learned = new_run("flip", root=tmp_path, **ONE_UPDATE | {"seed": 9})
    learned.train()
    learned.policy.save(run.policy_path)
    player._looked = -newest.EVERY  # long ago
    stage.step(2)
    assert not player.player.start.any()  # its memory went on
    other = learned.policy.player()
    seen = np.ones((1, 34), np.float32)
    for each in (player, other):
        each.reset(1)
    assert player.act(seen).tolist() == other.act(seen).tolist()


def test_beside_a_training_few_moments_are_sent_and_all_steps_are_taken(stage, monkeypatch):
    assert stage._tick() == 1
    assert moment(stage)["speed"][2] == 0
    monkeypatch.setattr("twmr_nb.ui.stage.training_run", lambda: "one")
    monkeypatch.setattr("twmr_nb.ui.stage.LONG", 60.0)
    stage.sent.clear()
    assert (stage._tick(), len(stage.sent), moment(stage)["speed"][2]) == (25, 1, 1)  # half a second
    stage._heard({"dear": False})  # a page that draws with ease
    assert (stage._tick(), len(stage.sent)) == (5, 2)
    stage._heard({"pace": 0.1})
    assert stage._tick() == 1
    stage._heard({"pace": 1.0})
    stage._heard({"levers": {"ahead": 0, "turn": 0, "front": 0, "rear": 0}})  # who drives sees every step
    assert stage._tick() == 1
    monkeypatch.setattr("twmr_nb.ui.stage.TOUCHED", 0.0)
    monkeypatch.setattr("twmr_nb.ui.stage.LONG", 0.0)  # a driver that thinks long, as a planner
    assert stage._tick() == 1
    assert len(stage.episode.time) == 34


def test_a_mistake_between_two_steps_is_said_and_it_plays_on(stage):
    stage.play()
    stage._heard({"push": 99, "way": [0, 1, 0]})
    wait_for(lambda: "a push of 99 along" in stage.view.status["note"])
    seen = len(stage.drive.past)
    wait_for(lambda: len(stage.drive.past) > seen)
    assert stage.clock.runs
