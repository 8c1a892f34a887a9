"""The world that a policy is judged in: the same for all, however each was trained."""

from pathlib import Path
from typing import Any

from twmr_nb.config import presets
from twmr_nb.config.idle import refuse_passed
from twmr_nb.config.presets import PRESETS
from twmr_nb.config.schema import ConfigError, EnvConfig, TrainConfig
from twmr_nb.markup import shown
from twmr_nb.policies.saved import BY_NAME, PolicyError, SavedPolicy, find_policy, load_policy

# The original's episode, physics step and settling.
TRIAL_STEPS, TRIAL_TIMESTEP, TRIAL_SETTLE_STEPS = 1000, 0.002, 25
TAUGHT = ("obs_mode", "action_mode")  # a policy can only play with what it was trained with


def world(
    of: str | Path | SavedPolicy | TrainConfig | EnvConfig = "recommended",
    scene: str | None = None,
    step_height: float | None = None,
    **settings: Any,
) -> EnvConfig:
    """The world that a policy is judged in: its own, at the original's time step and settling, in episodes of full
    length that drive on after the step.

    of: a preset's name, a saved policy, its name or file, or settings. scene or step_height (m, in scene 'step') put
    another step ahead; settings: any others, such as friction_range. Raises ConfigError on an unknown setting or a
    value that is not allowed, PolicyError on a policy that cannot be read.

    >>> tw.world("recommended").max_steps, tw.world("recommended", step_height=0.03).step_height
    (1000, 0.03)
    """
    own = settings_of(of)
    trial: dict[str, Any] = {
        "max_steps": TRIAL_STEPS,
        "timestep": TRIAL_TIMESTEP,
        "settle_steps": TRIAL_SETTLE_STEPS,
        "end_on_success": False,
        "start_at_step": 0.0,
    }
    if scene is not None:
        trial |= {"scene": scene, "step_height_max": None}
    if step_height is not None:
        trial |= {"scene": "step", "step_height": step_height, "step_height_max": None}
    for name in TAUGHT:
        if settings.get(name, getattr(own, name)) != getattr(own, name):
            raise ConfigError(
                f"{name} = {settings[name]!r} is not allowed here: the policy was trained with {getattr(own, name)!r}."
            )
    found = own.replace(**(trial | settings))
    refuse_passed(found, settings)
    return found


def settings_of(of: Any) -> EnvConfig:
    """The settings meant by a preset's name, a saved policy, its name or file, or settings."""
    if isinstance(of, EnvConfig):
        return of
    if isinstance(of, str | Path):
        return config_of(of).env
    if isinstance(of, SavedPolicy):
        return of.config.env
    if isinstance(of, TrainConfig):
        return of.env
    raise ConfigError(f"{of!r} names no world: give a preset's name, a saved policy or a configuration.")


def config_of(name: str | Path) -> TrainConfig:
    """The settings of a preset, or of a saved policy, by its name or file; raises PolicyError where it is neither."""
    if str(name) in PRESETS:
        return presets.preset(str(name))
    try:
        path = find_policy(name)
    except PolicyError as error:
        raise PolicyError(f"{shown(str(name))} is no preset ({', '.join(PRESETS)}), and {error}") from None
    return load_policy(path).config


def own_world(policy: Any) -> EnvConfig:
    """The world to play a policy in where none is named: a saved one's own, the defaults for any other."""
    if isinstance(policy, str | Path) and str(policy) not in BY_NAME:
        return world(load_policy(policy))
    return world(policy) if isinstance(policy, SavedPolicy) else EnvConfig()
