"""One config: round trips, bounds, and sentences that name the value, what is allowed and what to do."""

import dataclasses

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from twmr_nb.config import MAX_SEED, ConfigError, EnvConfig, PPOConfig, TrainConfig
from twmr_nb.knobs import base_type, choices, field_docs
from twmr_nb.presets import PRESETS, preset_config


def values(cls: type, field: dataclasses.Field) -> st.SearchStrategy:
    """Anything a field allows."""
    kind, optional = base_type(cls, field.name)
    if choices(cls, field.name):
        return st.sampled_from(choices(cls, field.name))
    if kind is bool:
        return st.booleans()
    low, high = field.metadata["low"], field.metadata["high"]
    numbers = st.integers(int(low), int(high)) if kind is int else st.floats(low, high)
    return st.one_of(st.none(), numbers) if optional else numbers


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
        ({"step_height_max": 0.05}, "step_height_max = 0.05 has no effect in scene = 'step_5cm': use scene 'step'."),
    ],
)
def test_mistakes_are_answered_in_a_sentence(flags, sentence):
    with pytest.raises(ConfigError) as error:
        EnvConfig.from_flags(**flags)
    assert sentence in str(error.value)


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
        config = preset_config(name)
        flat = config.env.to_dict() | config.ppo.to_dict()
        assert {k: flat[k] for k in preset.flags} == preset.flags
    with pytest.raises(ConfigError, match="unknown preset 'best'"):
        preset_config("best")


def test_walkthrough_is_the_originals_learner():
    ppo = preset_config("walkthrough").ppo
    assert (ppo.num_envs, ppo.rollout_steps, ppo.epochs, ppo.minibatches) == (1, 512, 5, 1)
    switches = (ppo.normalize_observations, ppo.bootstrap_truncation, ppo.keep_carry, ppo.anneal_lr)
    assert not any(switches)
    assert (ppo.learning_rate, ppo.gamma, ppo.gae_lambda, ppo.clip_coef) == (3e-4, 0.99, 0.95, 0.2)
    assert (ppo.ent_coef, ppo.vf_coef, ppo.max_grad_norm, ppo.log_std_init) == (0.0, 0.5, 0.5, -0.5)
