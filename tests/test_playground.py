"""The playground's JavaScript, module by module, against Python; the whole page is tested in a browser."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from climb import climb
from javascript import evaluator
from safetensors.numpy import save

from tools import build_playground as tool
from twmr_nb.config.schema import EnvConfig
from twmr_nb.episodes.rescore import rescored
from twmr_nb.episodes.rollout import record
from twmr_nb.episodes.worlds import world
from twmr_nb.learn.network import ActorCritic, init_policy
from twmr_nb.policies.hand import Hand
from twmr_nb.policies.saved import SavedPolicy, load_policy
from twmr_nb.robot import model as robot
from twmr_nb.robot.rotations import unit
from twmr_nb.task.env import TwmrEnv
from twmr_nb.task.observations import mirror_of, observe
from twmr_nb.task.rewards import REWARD_TERMS, reward_term, score
from twmr_nb.task.transition import Transition
from twmr_nb.ui.reward_explorer import RewardExplorer
from twmr_nb.ui.saved import REWARDS, STAGE
from twmr_nb.ui.stage import Stage

ROOT = Path(__file__).parents[1]

ROWS = 200
LEVERS = [[0, 0, 0, 0], [1, 0, 1, 0], [1, 1, 1, -1], [-0.5, -1, 0, -1], *[[0, 0.3, 1, 1]] * 30]  # ahead, turn, legs
# NumPy's cosine of float32 differs from machine to machine in its last bit; all else is rounded alike everywhere.
CLOSE = dict.fromkeys((term.name for term in REWARD_TERMS), 1e-9) | {"folded": 2e-6}


@pytest.fixture
def js(tmp_path):
    """js(module, expression) -> its value; the module's exports are `all` in it."""
    return evaluator(tool.HERE, tmp_path)


def some_transitions(rng):
    """Moments that hold all there may be: at the step and beyond it, tilted, turned, fallen, legs anywhere."""
    qpos = rng.uniform(-1, 1, (ROWS, 23))
    qpos[:, 0], qpos[:, 2] = rng.uniform(0.5, 1.5, ROWS), rng.uniform(0, 0.12, ROWS)
    qpos[:, 3:7] = unit(rng.normal(size=(ROWS, 4)) * [3, 1, 1, 1])
    qpos[:, 8::4] = rng.uniform(-1.047, 3.427, (ROWS, 4))
    before = qpos + rng.normal(0, 0.002, qpos.shape)
    before[:, 3:7] = unit(before[:, 3:7])
    as32 = lambda *shape: rng.normal(0, 0.5, (ROWS, *shape)).astype(np.float32)  # noqa: E731
    return Transition(
        qpos_before=before,
        qpos=qpos,
        qvel=rng.normal(size=(ROWS, 22)),
        accelerometer=as32(3),
        gyro=as32(3),
        torque=as32(8),
        touch=np.zeros(ROWS, np.float32),
        action=as32(8) * 3,
        action_before=as32(8) * 3,
        gate=rng.uniform(0, 1, ROWS),
        fell=rng.random(ROWS) < 0.5,
        passed_before=rng.random(ROWS) < 0.5,
        step_height=rng.uniform(0, 0.08, ROWS),
        step_edge=0.8,
        start_yaw=0.2,
        success_x=1.1,
        retract=np.full(4, 3.427, np.float32),
        extend=np.full(4, 1.19, np.float32),
        ctrl_dt=0.02,
    )


def as_the_page_has_it(t, i):
    several = ("qpos", "qvel", "accelerometer", "gyro", "torque", "action")
    return {name: getattr(t, name)[i].tolist() for name in several} | {
        "qposBefore": t.qpos_before[i].tolist(),
        "actionBefore": t.action_before[i].tolist(),
        "gate": float(t.gate[i]),
        "fell": bool(t.fell[i]),
        "passedBefore": bool(t.passed_before[i]),
        "passed": bool(t.passed[i]),
        "stepHeight": float(t.step_height[i]),
        "tilt": float(t.tilt[i]),
        "leg": t.leg_angle[i].tolist(),
    }


@pytest.mark.parametrize("upright_factor", [False, True])
def test_every_reward_term_is_what_python_pays(js, upright_factor):
    t = some_transitions(np.random.default_rng(0))
    config = EnvConfig(upright_factor=upright_factor, start_yaw=0.2).replace(
        **{term.setting: 0.7 for term in REWARD_TERMS if term.setting != "action_rate_penalty"}, action_rate_penalty=0.7
    )
    raw, weighted = score(t, config)
    world = {"dt": 0.02, "edge": 0.8, "retract": t.retract.tolist(), "extend": t.extend.tolist()}
    scores = js(
        "rewards.js",
        "rows.map((t) => all.scoreStep(t, world, robot, terms))",
        rows=[as_the_page_has_it(t, i) for i in range(ROWS)],
        world=world | {"config": config.to_dict()},
        robot=tool.constants(),
        terms=[{"name": term.name, "sign": term.weight} for term in REWARD_TERMS],
    )
    for term in REWARD_TERMS:
        found = np.array([row[term.name]["raw"] for row in scores])
        assert np.ptp(raw[term.name]) > 0 or term.name == "alive", f"{term.name} tells nothing here"
        np.testing.assert_allclose(found, raw[term.name], atol=CLOSE[term.name], rtol=0, err_msg=term.name)
        paid = [term.weight * 0.7 * row[term.name]["raw"] * row[term.name]["share"] for row in scores]
        np.testing.assert_allclose(paid, weighted[term.name], atol=CLOSE[term.name], rtol=0, err_msg=term.name)


def test_a_term_that_the_page_lacks_stops_its_building(monkeypatch):
    more = (*REWARD_TERMS, replace(REWARD_TERMS[0], name="novel"))
    monkeypatch.setattr(tool.rewards, "REWARD_TERMS", more)
    with pytest.raises(ValueError, match="cannot compute the reward term 'novel': add it to"):
        tool.terms()


@pytest.mark.parametrize("mode", ["proprio", "proprio_contact", "compact", "compact_obstacle", "full"])
def test_what_is_seen_is_what_python_sees(js, mode):
    t = some_transitions(np.random.default_rng(1))
    config = EnvConfig(obs_mode=mode, scene="step", obstacle_post_buffer=0.3)
    told, _ = tool.describe_world("any", config.replace(step_height=0.0, step_height_max=0.08))
    wanted = observe(config, t.qpos, t.qvel, t.accelerometer, t.gyro, t.gate - 0.5)
    rows = [as_the_page_has_it(t, i) | {"touch": float(t.gate[i] - 0.5)} for i in range(ROWS)]
    expression = "rows.map((row) => [...all.observe(mode, world, robot, row)])"
    seen = js("senses.js", expression, rows=rows, mode=mode, world=told, robot=tool.constants())
    np.testing.assert_allclose(seen, wanted, atol=1e-7, rtol=2e-7)


def test_what_is_not_known_is_refused(js):
    said = "(() => {{ try {{ {0}; }} catch (e) {{ return e.message; }} }})()"
    sight = said.format("all.observe('radar', {}, {}, { qpos: [], qvel: [] })")
    assert js("senses.js", sight).startswith("obs_mode = radar is not known to this page: use one of proprio, ")
    half = base64.b64encode(save({"a": np.zeros(2, np.float16)})).decode()
    reading = said.format("all.readSafetensors(Uint8Array.from(atob(half), (c) => c.charCodeAt(0)))")
    assert js("policy.js", reading, half=half) == "F16 arrays cannot be read here: save the policy in float32."


def symmetric():
    """A policy that looks into the mirror, with weights that were never trained."""
    saved = load_policy("flip_5cm")
    config = saved.config.replace(symmetric=True, critic_obs_mode="same")
    network = ActorCritic(config.ppo.mlp_size, config.ppo.hidden_size, mirror=mirror_of(config.env))
    return SavedPolicy("symmetric", init_policy(network, np.array([0, 1], np.uint32), 22, 0.0), config)


@pytest.mark.parametrize("saved", [load_policy("flip_7cm"), symmetric()], ids=lambda saved: saved.name)
def test_a_policy_answers_what_it_answers_in_python(js, saved):
    """Also from memory: the same is seen thrice, and answered in three ways."""
    obs = np.random.default_rng(2).normal(size=(40, 22)).astype(np.float32)
    obs[1:3] = obs[0]
    player = saved.player()
    player.reset(1)
    wanted = np.array([player.act(row[None])[0] for row in obs])
    assert np.abs(np.diff(wanted[:3], axis=0)).max() > 1e-4
    expression = """(() => {
      const bytes = Uint8Array.from(atob(weights), (c) => c.charCodeAt(0));
      const player = new all.PolicyPlayer(all.readSafetensors(bytes), mirror);
      return obs.map((row) => player.act(Float32Array.from(row)));
    })()"""
    weights = base64.b64encode(tool.actor_bytes(saved)).decode()
    mirror = json.loads(json.dumps(tool.mirrored(saved)))
    assert (mirror is not None) == (saved.name == "symmetric")
    answers = js("policy.js", expression, weights=weights, mirror=mirror, obs=obs.tolist())
    np.testing.assert_allclose(answers, wanted, atol=3e-6)


def test_the_step_is_drawn_as_high_as_it_is(js):
    """The mesh is that of the highest step, from the ground up."""
    config = EnvConfig(scene="step", step_height=0.0, step_height_max=tool.HIGHEST)
    scene = tool.describe_world("any", config)[0]["scene"]
    matrix = np.reshape(js("main.js", "all.stepMatrix(0.5)"), (4, 4))
    step = next(geom for geom in scene["geoms"] if geom["part"] == "step")
    top = np.add(step["pos"], [0, 0, step["size"][2]])
    np.testing.assert_allclose([*top, 1] @ matrix[:, :3], [top[0], top[1], tool.HIGHEST / 2])


@pytest.mark.parametrize("angles", [[3.2, 3.3, 1.0, 1.3], [-0.9, -1.0, 2.0, 1.9]])
def test_a_hand_drives_as_in_python(js, angles):
    """Legs are taken over where they are; levers move wheels, and legs a little in each step."""
    env = TwmrEnv(EnvConfig(action_mode="leg_position"), 1)
    env.reset(seed=0)
    env.sim.qpos[0, robot.LEG_QPOS] = angles
    hand, wanted = Hand(), []
    hand.watch(env)
    hand.reset(1)
    for levers in LEVERS:
        hand.ahead, hand.turn, hand.legs = levers[0], levers[1], np.array(levers[2:])
        wanted.append(hand.act(np.zeros((1, 1)))[0])
    expression = """(() => {
      const hands = new all.Hands(), env = { world: { servos: true }, robot, data: { qpos, qvel: [] } };
      hands.take(env);
      return levers.map(([ahead, turn, front, rear]) => {
        hands.levers = { ahead, turn, front, rear };
        return hands.act(env);
      });
    })()"""
    found = js("hands.js", expression, robot=tool.constants(), qpos=env.sim.qpos[0].tolist(), levers=LEVERS)
    np.testing.assert_allclose(found, wanted, atol=1e-6)


def test_weights_moved_without_python_pay_what_python_pays(js):
    """The sums that a reward explorer leaves for a page, under weights of the page's own."""
    own = reward_term(lambda t: t.pitch**2, -1.0, name="lean", unit="rad²")
    episodes = [climb(), record("random", EnvConfig(upright_factor=True), num_steps=60)]
    told = json.loads(json.dumps(RewardExplorer(episodes, extra_terms=[own]).keepsake().told[REWARDS]))
    rng = np.random.default_rng(3)
    weights = {term["name"]: term["sign"] * rng.uniform(0.1, 1) for term in told["terms"]}
    paid = js(
        "rewards.js",
        "sums.map((each) => [all.earned(weights, each), all.total(all.earned(weights, each))])",
        weights=weights,
        sums=[each["sums"] for each in told["episodes"]],
    )
    for (terms, total), episode in zip(paid, episodes, strict=True):
        config = episode.config.replace(**{term.setting: abs(weights[term.name]) for term in REWARD_TERMS})
        wanted = rescored(episode, config, [replace(own, weight=weights["lean"])]).totals
        assert terms | {"total": total} == pytest.approx(wanted, abs=1e-9)
    assert told["weights"]["lean"] == -1


GATES = [
    {},
    {"gate_mode": "proprio", "gate_bias": 0.4, "gate_smooth": 0.3, "gate_acc_scale": 2.0, "extend_mode": "midpoint"},
    {"gate_mode": "obstacle", "obstacle_pre_buffer": 0.12, "obstacle_smooth": 0.02},
    {"gate_mode": "obstacle", "obstacle_post_buffer": 0.3, "obstacle_smooth": 0.0, "extend_mode": "opposite"},
    {"gate_mode": "felt", "gate_tilt": 0.05},
    {"gate_mode": "none"},
]


def test_a_gate_moved_without_python_asks_for_what_python_asks_for(js):
    """Of what a reward explorer leaves for a page: episodes over a step and on the flat, one turned over."""
    episodes = [climb(), record("random", EnvConfig(scene="flat"), num_steps=60)]
    episodes += [record("random", EnvConfig(scene="step_7cm", extend_angle=0.3, max_tilt=None), num_steps=300)]
    told = json.loads(json.dumps(RewardExplorer(episodes).keepsake().told[REWARDS]))
    assert set(told["gate"]["readBy"]) == {"none", "obstacle", "proprio", "felt"}
    found = js(
        "weigh.js",
        "gates.map((moved) => read.map(all.unpackEpisode).map((e) => all.regate(e, { ...e.gate, ...moved }, robot)))",
        gates=GATES,
        read=told["episodes"],
        robot=tool.constants(),
    )
    for moved, gated in zip(GATES, found, strict=True):
        for here, episode in zip(gated, episodes, strict=True):
            fixed = {"extend_angle": None} if "extend_mode" in moved else {}
            wanted = rescored(episode, episode.config.replace(**moved, **fixed))
            assert here["sum"] == pytest.approx(wanted.raw["extension"].sum(), abs=1e-9), moved
            assert here["mean"] == pytest.approx(wanted.gate.mean(), abs=1e-9), moved
    opened = [[each["mean"] for each in gated] for gated in found]
    assert len({round(means[0], 6) for means in opened}) > 3  # they differ, where it climbs


@pytest.mark.parametrize(
    ("driver", "world", "begins", "entered"),
    [
        ("you", world("climber", step_height=0.04), "you", "climber"),
        ("flip_5cm", world("flip_5cm", scene="step_5cm"), "flip_5cm", "flip_5cm"),
        ("flip_7cm", world("flip_7cm", scene="flat"), "flip_7cm", "flip_7cm"),
        ("nobody", world("hopeless", scene="step_7cm"), "nobody", "flip_5cm"),
        ("zero", world("climber", step_height=0.02, forward_weight=3.0), "you", "climber"),
    ],
)
def test_a_page_begins_where_a_stage_stood(driver, world, begins, entered):
    told = json.loads(json.dumps(tool.lesson_begins(Stage(driver, world).keepsake().told[STAGE])))
    assert (told["driver"], told["world"]["name"]) == (begins, entered)
    assert told["height"] == pytest.approx(robot.step_height(world))
    config = told["world"]["config"]
    own = {"scene", "step_height", "step_height_max", "step_x", "step_half_depth", "max_steps", "end_on_success"}
    assert {k: v for k, v in world.to_dict().items() if k not in own}.items() <= config.items()
    assert told["world"]["edges"] == list(robot.step_edges(world) or (0.8, 1.2))
    same = tool.describe_world(entered, tool.page_world(load_policy(entered)))[0]["model"]
    assert told["world"]["model"] == same  # the page has it
