"""Named starting points: each a few documented changes to the defaults."""

from dataclasses import dataclass
from typing import Any

from twmr_nb.config.schema import ConfigError, TrainConfig
from twmr_nb.markup import shown

ORIGINAL_LEARNER = {
    "num_envs": 1,
    "rollout_steps": 512,
    "epochs": 5,
    "minibatches": 1,
    "total_timesteps": 300_000,
    "learning_rate": 3e-4,
    "hidden_size": 128,
    "log_std_init": -0.5,
    "log_std_final": None,
    "anneal_lr": False,
    "stagger": False,
    "normalize_advantages": False,
    "normalize_observations": False,
    "bootstrap_truncation": False,
    "keep_carry": False,
}

LEGS_OUT = {
    "timestep": 0.004,
    "action_mode": "leg_position",
    "extend_mode": "midpoint",
    "gate_mode": "obstacle",
    "obstacle_pre_buffer": 1.0,
    "alive_bonus": 0.0,
    "success_bonus": 10.0,
    "max_steps": 600,
    "end_on_success": True,
}
THOROUGH = {"epochs": 4, "learning_rate": 5e-4, "hidden_size": 128}
SEES_IT_THROUGH = {
    "obstacle_post_buffer": 0.4,
    "success_x": 1.3,
    "extension_penalty": 0.01,
    "max_steps": 1000,
    "critic_obs_mode": "compact_obstacle",
    "target_kl": 0.01,
    "log_std_final": -1.9,
    "num_envs": 128,
    "minibatches": 8,
    "validate_every": 100,
    "total_timesteps": 2_400_000,
    **THOROUGH,
}


@dataclass(frozen=True)
class Preset:
    """A documented set of changes to the default configuration."""

    doc: str
    settings: dict[str, Any]


CLIMBS_UPRIGHT = {
    "scene": "step",
    "step_x": 0.6,
    "timestep": 0.005,
    "settle_steps": 10,
    "action_mode": "leg_position",
    "obs_mode": "proprio_phase",
    "gate_mode": "none",
    "critic_obs_mode": "full",
    "start_x_range": 0.1,
    "start_yaw_range": 0.2,
    "start_at_step": 0.3,
    "max_tilt": 1.0,
    "max_steps": 600,
    "end_on_success": True,
    "forward_weight": 0.0,
    "alive_bonus": 0.0,
    "control_cost": 0.0,
    "extension_penalty": 0.0,
    "climb_weight": 0.4,
    "tilt_penalty": 6.0,
    "fall_penalty": 20.0,
    "success_bonus": 10.0,
    "num_envs": 128,
    "minibatches": 8,
    "epochs": 4,
    "learning_rate": 1e-3,
    "gamma": 0.995,
    "first_actions": 0.05,
    "curriculum_rise": 0.005,
    "curriculum_retreat": 0.5,
}
ROLLS_FOLDED = {
    "action_mode": "reflex",
    "gate_mode": "felt",
    "extend_mode": "midpoint",
    "folded_bonus": 0.2,
    "max_steps": 800,
    "drive_on": 2.0,
    "target_kl": 0.015,
    "log_std_init": -0.9,
    "log_std_final": -1.7,
}


PRESETS = {
    "recommended": Preset(
        "Learns to climb a step of 4 cm upright in less than two minutes. Paid is the wheels' way over the step, "
        "ahead and, four times as much, up; to tip costs, and to fall ends it. Left and right are treated alike, steps "
        "grow with success, and noise falls to the end.",
        CLIMBS_UPRIGHT
        | {
            "step_height": 0.04,
            "step_height_max": 0.04,
            "curriculum_start": 0.025,
            "lift_weight": 1.2,
            "symmetric": True,
            "target_kl": 0.008,
            "log_std_init": -0.5,
            "log_std_final": -2.3,
            "validate_every": 30,
            "total_timesteps": 1_200_000,
        },
    ),
    "climber": Preset(
        "Climbs steps of 0 to 5 cm upright: rolls folded until it feels the step, climbs with its legs out, and folds "
        "them again, by a reflex that the policy corrects. Folded legs behind the step are paid for; with folded legs, "
        "driving askew costs. Noise is alike from step to step, so that legs, which are slow, follow it.",
        CLIMBS_UPRIGHT
        | ROLLS_FOLDED
        | {
            "step_height": 0.0,
            "step_height_max": 0.055,
            "curriculum_start": 0.03,
            "astray_penalty": 0.3,
            "noise_correlation": 0.7,
            "validate_every": 60,
            "total_timesteps": 3_000_000,
        },
    ),
    "high_climber": Preset(
        "Climbs steps of 4.5 to 6 cm upright, at an angle: it starts turned by 0.75 rad, so that one corner climbs "
        "after the other and the belly stays clear of the edge; to leave that angle costs, tilt and falls less than in "
        "recommended.",
        CLIMBS_UPRIGHT
        | {
            "step_height": 0.045,
            "step_height_max": 0.07,
            "curriculum_start": 0.03,
            "start_yaw": 0.75,
            "start_at_step": 0.4,
            "max_steps": 800,
            "lift_weight": 1.2,
            "tilt_penalty": 1.0,
            "fall_penalty": 10.0,
            "astray_penalty": 0.1,
            "symmetric": True,
            "target_kl": 0.01,
            "log_std_init": -0.7,
            "log_std_final": -1.6,
            "validate_every": 100,
            "total_timesteps": 6_000_000,
        },
    ),
    "flip": Preset(
        "Learns to pass the 5 cm step in half a minute, in most seeds, by turning over at its edge and driving on upon "
        "its back: nothing in the reward says which side is up. The middle of the leg commands is legs out.",
        LEGS_OUT | {"timestep": 0.005, "settle_steps": 10},  # the same 0.05 s of settling
    ),
    "flip_5cm": Preset(
        "As flip, legs with the original's torque motors, which are harder to control. It takes a larger extension "
        "penalty, a curriculum from 3 cm that falls back when too few pass, a critic that sees the step, and falling "
        "noise.",
        LEGS_OUT
        | SEES_IT_THROUGH
        | {
            "action_mode": "torque",
            "scene": "step",
            "step_height": 0.05,
            "step_height_max": 0.05,
            "curriculum_start": 0.03,
            "curriculum_rise": 0.005,
            "curriculum_retreat": 0.6,
            "log_std_final": -1.6,
            "hidden_size": 64,
            "validate_every": 50,
            "total_timesteps": 2_000_000,
        },
    ),
    "flip_7cm": Preset(
        "As flip, with a curriculum up to 7 cm. The gate stays open until the robot is down behind the step: folded "
        "legs would hang on the edge. Only the critic sees the step. Noise and learning steps become small at the end.",
        LEGS_OUT
        | SEES_IT_THROUGH
        | {"scene": "step", "step_height": 0.055, "step_height_max": 0.07, "curriculum_start": 0.06},
    ),
    "flip_any": Preset(
        "As flip_7cm, for every step from 0 to 7 cm: the curriculum goes up to the highest, then draws them all.",
        LEGS_OUT
        | SEES_IT_THROUGH
        | {"scene": "step", "step_height": 0.0, "step_height_max": 0.07, "curriculum_start": 0.06},
    ),
    "flip_tidy": Preset(
        "As flip, legs folded on the flat, out at the step, folded again behind it: a strong extension penalty, a gate "
        "that opens at the step only, and episodes that go on behind it.",
        LEGS_OUT
        | {
            "obstacle_pre_buffer": 0.2,
            "obstacle_post_buffer": 0.1,
            "extension_penalty": 0.1,
            "end_on_success": False,
            "max_steps": 1000,
            "critic_obs_mode": "compact_obstacle",
            "target_kl": 0.01,
            "log_std_final": -1.6,
            "validate_every": 50,
            "total_timesteps": 1_600_000,
            **THOROUGH,
        },
    ),
    "original_reward": Preset(
        "The fast learner with the original's robot, reward and episodes, unchanged.",
        {"total_timesteps": 400_000, "learning_rate": 7e-4, "hidden_size": 128},
    ),
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
QUICK_PRESET = "flip"  # learns in half a minute: for experiments that take many trainings


def preset(name: str = DEFAULT_PRESET, **changes: Any) -> TrainConfig:
    """The full configuration of a preset, with your settings on top; raises ConfigError on unknown names.

    >>> tw.preset("recommended", seed=3, success_bonus=20).env.success_bonus
    20.0
    """
    if not isinstance(name, str) or name not in PRESETS:
        raise ConfigError(f"unknown preset {shown(name)}; choose {', '.join(map(repr, PRESETS))}.")
    if "preset" in changes:
        raise ConfigError(f"two presets are given, {name!r} and {changes['preset']!r}: choose one.")
    return TrainConfig().replace(preset=name, **PRESETS[name].settings).replace(**changes)
