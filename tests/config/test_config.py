"""One config: round trips, bounds, and sentences that name the value, what is allowed and what to do."""

import dataclasses

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from twmr_nb.config import presets
from twmr_nb.config.fields import field_docs, settings_of
from twmr_nb.config.idle import idle_settings, refuse_idle
from twmr_nb.config.presets import PRESETS
from twmr_nb.config.schema import MAX_SEED, ConfigError, EnvConfig, PPOConfig, TrainConfig
from twmr_nb.episodes.rollout import record
from twmr_nb.episodes.worlds import world
from twmr_nb.policies.protocol import RandomPolicy


def values(cls: type, field: dataclasses.Field) -> st.SearchStrategy:
    """Anything a field allows."""
    setting = settings_of(cls)[field.name]
    if setting.words:
        return st.sampled_from(setting.words)
    if setting.kind is bool:
        return st.booleans()
    low, high = setting.low, setting.high
    numbers = st.integers(int(low), int(high)) if setting.kind is int else st.floats(low, high)
    return st.one_of(st.none(), numbers) if setting.optional else numbers


def configs(cls: type) -> st.SearchStrategy:
    """Any configuration that holds together."""

    def build(flags: dict):
        try:
            return cls(**flags)
        except ConfigError:
            return None

    fields = st.fixed_dictionaries({}, optional={f.name: values(cls, f) for f in dataclasses.fields(cls)})
    return fields.map(build).filter(lambda config: config is not None)


@given(configs(EnvConfig), configs(PPOConfig), st.integers(0, MAX_SEED))
def test_dict_round_trip(env, ppo, seed):
    assume(ppo.curriculum_start is None or env.step_height_max is not None)
    config = TrainConfig(env, ppo).replace(seed=seed)
    assert TrainConfig.from_dict(config.to_dict()) == config


@pytest.mark.parametrize("cls", [EnvConfig, PPOConfig])
def test_every_field_has_a_doc_and_a_default_within_bounds(cls):
    assert set(field_docs(cls)) >= {f.name for f in dataclasses.fields(cls)}
    cls()


@pytest.mark.parametrize("cls", [EnvConfig, PPOConfig])
def test_every_bound_is_enforced(cls):
    for field in dataclasses.fields(cls):
        if field.metadata["low"] is None:
            continue
        for bad in (field.metadata["low"] - 1, field.metadata["high"] * 2 + 1, float("nan"), "3", True):
            with pytest.raises(ConfigError, match=f"{field.name} = .* is not allowed: give a"):
                cls(**{field.name: bad})


@pytest.mark.parametrize(
    ("flags", "sentence"),
    [
        ({"extention_penalty": 1}, "unknown setting 'extention_penalty'; did you mean 'extension_penalty'?"),
        ({"scene": "moon"}, "scene = 'moon' is not allowed: choose 'flat', 'step_5cm', 'step_7cm', 'step'."),
        ({"auto_retract": 1}, "auto_retract = 1 is not allowed: choose True or False."),
        ({"max_steps": 2.5}, "max_steps = 2.5 is not allowed: give a whole number from 1 to 100000 steps."),
        ({"scene": "step", "step_height": 0.06, "step_height_max": 0.05}, "step_height_max = 0.05 is below"),
        (
            {"step_height_max": 0.05},
            "scene = 'step_5cm' draws no step heights, as step_height_max = 0.05 asks for",
        ),
    ],
)
def test_mistakes_are_answered_in_a_sentence(flags, sentence):
    with pytest.raises(ConfigError) as error:
        EnvConfig(**flags)
    assert sentence in str(error.value)


@pytest.mark.parametrize(
    ("make", "sentence"),
    [
        (lambda: EnvConfig(learn=1), "unknown setting 'learn'; `twmr train --help` lists all there are."),
        (lambda: EnvConfig(step_hight=1), "unknown setting 'step_hight'; did you mean 'step_height'?"),
        (lambda: EnvConfig(self=1), "unknown setting 'self'; `twmr train"),
        (lambda: world(num_envs=3), "'num_envs' is a setting of the learner (PPOConfig): it has no place here."),
        (lambda: TrainConfig(num_envs=3), "'num_envs' is a setting of the learner (PPOConfig)"),
        (lambda: PPOConfig(scene="flat"), "'scene' is a setting of the world (EnvConfig)"),
        (lambda: EnvConfig(seed=3), "'seed' is a setting of a training (TrainConfig)"),
        (lambda: TrainConfig(env=5), "env = 5 is not allowed: give an EnvConfig, such as"),
        (lambda: TrainConfig(ppo=EnvConfig()), "is not allowed: give a PPOConfig, such as"),
    ],
)
def test_a_setting_of_nobody_or_of_another_part_is_told_so(make, sentence):
    with pytest.raises(ConfigError) as error:
        make()
    assert sentence in str(error.value)
    assert len(str(error.value)) < 200


def test_minibatches_hold_whole_robots():
    with pytest.raises(ConfigError, match="minibatches = 3 does not divide num_envs = 64"):
        PPOConfig(minibatches=3)


def test_train_config_finds_a_flag_wherever_it_lives():
    config = TrainConfig().replace(scene="flat", gamma=0.9, seed=4)
    assert (config.env.scene, config.ppo.gamma, config.seed) == ("flat", 0.9, 4)
    with pytest.raises(ConfigError, match="did you mean 'gamma'"):
        TrainConfig().replace(gama=0.9)
    with pytest.raises(ConfigError, match="seed = -1 is not allowed"):
        TrainConfig().replace(seed=-1)


def test_every_preset_constructs_and_changes_something_it_names():
    for name, preset in PRESETS.items():
        config = presets.preset(name)
        flat = config.env.to_dict() | config.ppo.to_dict()
        assert {k: flat[k] for k in preset.settings} == preset.settings
    with pytest.raises(ConfigError, match="unknown preset 'best'"):
        presets.preset("best")


def test_walkthrough_is_the_originals_learner():
    ppo = presets.preset("walkthrough").ppo
    assert (ppo.num_envs, ppo.rollout_steps, ppo.epochs, ppo.minibatches) == (1, 512, 5, 1)
    switches = (ppo.normalize_observations, ppo.bootstrap_truncation, ppo.keep_carry, ppo.anneal_lr)
    assert not any(switches)
    assert (ppo.learning_rate, ppo.gamma, ppo.gae_lambda, ppo.clip_coef) == (3e-4, 0.99, 0.95, 0.2)
    assert (ppo.ent_coef, ppo.vf_coef, ppo.max_grad_norm, ppo.log_std_init) == (0.0, 0.5, 0.5, -0.5)


@pytest.mark.parametrize("seed", [-5, MAX_SEED + 1, 2**64, 1.5, True, "3", None, float("nan"), [1]])
def test_a_seed_is_checked_however_it_is_given(seed):
    for give in (lambda: TrainConfig(seed=seed), lambda: TrainConfig().replace(seed=seed)):
        with pytest.raises(ConfigError, match=r"seed = .* is not allowed: give a whole number from 0"):
            give()
    assert TrainConfig(seed=np.int64(3)).to_dict()["seed"] == 3


def test_a_preset_is_a_label_that_may_be_a_strangers():
    assert TrainConfig.from_dict({"preset": "one of theirs"}).preset == "one of theirs"
    with pytest.raises(ConfigError, match="preset = 5 is not allowed"):
        TrainConfig(preset=5)


@pytest.mark.parametrize("data", [None, [], {"env": []}, {"ppo": 5}])
def test_a_configuration_that_is_no_table_is_refused(data):
    with pytest.raises(ConfigError, match="a configuration is a table of settings"):
        TrainConfig.from_dict(data)


@pytest.mark.parametrize("value", [10**400, 10**5000, np.ones(2), 1j, "x" * 1000], ids=range(5))
def test_whatever_stands_for_a_number_the_sentence_is_short(value):
    for name in ("num_envs", "learning_rate"):
        with pytest.raises(ConfigError, match=f"{name} = .* is not allowed: give a") as refused:
            PPOConfig(**{name: value})
        assert len(str(refused.value)) < 200


def test_a_retreat_without_a_curriculum_is_refused_where_it_is_asked_for():
    with pytest.raises(ConfigError, match=r"curriculum_retreat = 0\.5 has no effect without a curriculum"):
        presets.preset("flip", curriculum_retreat=0.5)
    with pytest.raises(ConfigError, match="curriculum_retreat"):
        TrainConfig().replace(curriculum_retreat=0.5)
    without = presets.preset("flip_5cm", curriculum_start=None)  # the preset's own retreat is nobody's mistake
    assert without.ppo.curriculum_retreat == 0.6
    assert TrainConfig.from_dict(without.to_dict()) == without, "what was saved can be loaded"
    assert without.replace(seed=1).replace(**without.ppo.to_dict()).seed == 1


IDLE = [
    ({}, "step_height", 0.03),
    ({"scene": "flat"}, "step_x", 2.0),
    ({"scene": "step_7cm"}, "step_half_depth", 0.3),
    ({"frame_skip": 5}, "ctrl_dt", 0.04),
    ({"gate_mode": "obstacle"}, "gate_acc_scale", 1.0),
    ({"gate_mode": "obstacle"}, "gate_gyro_scale", 1.0),
    ({"gate_mode": "none"}, "gate_stall_scale", 1.0),
    ({"gate_mode": "none"}, "gate_bias", 0.0),
    ({"gate_mode": "obstacle"}, "gate_smooth", 1.0),
    ({"gate_mode": "proprio"}, "gate_tilt", 0.2),
    ({"end_on_success": False}, "drive_on", 1.0),
    ({"scene": "flat"}, "start_at_step", 0.5),
    ({"start_on_ground": False}, "ground_clearance", 0.05),
    ({"extend_angle": 1.0}, "extend_mode", "midpoint"),
    ({"action_mode": "leg_position"}, "hold_kp", 9.0),
    ({"action_mode": "leg_position"}, "hold_kd", 0.0),
    ({"hold_retract": False}, "hold_kp", 9.0),
    ({"settle_steps": 0}, "hold_kd", 0.0),
    ({"settle_steps": 0}, "hold_retract", False),
    ({"settle_steps": 0, "action_mode": "leg_position"}, "hold_retract", False),
    ({"settle_steps": 0, "action_mode": "reflex", "gate_mode": "felt"}, "hold_retract", False),
    ({"retract_angle": 1.0}, "auto_retract", False),
    ({"extend_mode": "midpoint"}, "auto_retract", False),
    ({"gate_mode": "obstacle", "obstacle_pre_buffer": 0.9, "obstacle_post_buffer": 0.1}, "obstacle_buffer", 0.3),
]


@pytest.mark.parametrize(("world", "name", "value"), IDLE)
def test_a_setting_called_idle_changes_nothing_and_one_that_is_not_does(world, name, value):
    base = EnvConfig(**world)
    assert name in idle_settings(TrainConfig(base))
    one, other = (record(RandomPolicy(seed=0), config, num_steps=5) for config in (base, base.replace(**{name: value})))
    np.testing.assert_array_equal(one.transition.qpos, other.transition.qpos)
    np.testing.assert_array_equal(one.reward, other.reward)
    with pytest.raises(ConfigError, match=f"{name} has no effect with"):
        refuse_idle(TrainConfig(base), ["seed", name])


def test_in_their_own_world_these_settings_are_read():
    env = EnvConfig(scene="step", gate_mode="proprio")
    config = TrainConfig(env, PPOConfig(curriculum_start=None))
    idle = {"curriculum_rise", "curriculum_retreat", "gate_tilt", "drive_on"}
    assert idle_settings(config).keys() - {"ent_coef"} == idle
    assert "ent_coef" not in idle_settings(TrainConfig(env, PPOConfig(log_std_final=None)))
    assert not idle_settings(presets.preset("flip_5cm")).keys() & PRESETS["flip_5cm"].settings.keys()
