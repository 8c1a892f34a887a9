"""Named starting points: each a few documented changes to the defaults."""

from dataclasses import dataclass
from typing import Any

from twmr_nb.config import ConfigError, TrainConfig

ORIGINAL_LEARNER = {
    "num_envs": 1,
    "rollout_steps": 512,
    "epochs": 5,
    "minibatches": 1,
    "total_timesteps": 300_000,
    "learning_rate": 3e-4,
    "log_std_init": -0.5,
    "log_std_final": None,
    "anneal_lr": False,
    "stagger": False,
    "normalize_advantages": False,
    "normalize_observations": False,
    "bootstrap_truncation": False,
    "keep_carry": False,
}


@dataclass(frozen=True)
class Preset:
    """A documented set of changes to the default configuration."""

    doc: str
    flags: dict[str, Any]


PRESETS = {
    "recommended": Preset(
        "Learns to climb the 5 cm step in two minutes, by proprioception only. Leg servos whose middle is the extended "
        "pose, a target that is extended too, no pay for standing still, and loud noise that falls silent at the end.",
        {
            "action_mode": "leg_position",
            "extend_mode": "midpoint",
            "gate_mode": "obstacle",
            "obstacle_pre_buffer": 1.0,
            "alive_bonus": 0.0,
            "success_bonus": 10.0,
            "max_steps": 600,
            "end_on_success": True,
        },
    ),
    "original_reward": Preset("The fast learner with the original's robot, reward and episodes, unchanged.", {}),
    "walkthrough": Preset(
        "The original's recipe: its learner, the obstacle gate and the strong extension penalty.",
        {
            **ORIGINAL_LEARNER,
            "gate_mode": "obstacle",
            "obs_mode": "compact_obstacle",
            "extension_penalty": 0.05,
            "control_cost": 1e-4,
            "total_timesteps": 600_000,
        },
    ),
}
DEFAULT_PRESET = "recommended"


def preset_config(name: str = DEFAULT_PRESET, **changes: Any) -> TrainConfig:
    """The full configuration of a preset, with your changes on top; raises ConfigError on unknown names."""
    if name not in PRESETS:
        raise ConfigError(f"unknown preset {name!r}; choose {', '.join(map(repr, PRESETS))}.")
    return TrainConfig().replace(**(PRESETS[name].flags | {"preset": name} | changes))
