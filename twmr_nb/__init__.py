"""A notebook suite that trains a transformable-wheel robot to climb a step."""

from twmr_nb.graphics import settle

settle()  # before anything else imports mujoco

import gymnasium

from twmr_nb.config.schema import ConfigError, EnvConfig, PPOConfig, TrainConfig
from twmr_nb.robot.model import build_model
from twmr_nb.task.env import TwmrEnv
from twmr_nb.task.rewards import REWARD_TERMS, RewardTerm, reward_term
from twmr_nb.task.transition import Transition

__all__ = [
    "REWARD_TERMS",
    "ConfigError",
    "EnvConfig",
    "PPOConfig",
    "RewardTerm",
    "TrainConfig",
    "Transition",
    "TwmrEnv",
    "build_model",
    "reward_term",
]

gymnasium.register(
    id="twmr_nb/Twmr-v0",
    entry_point="twmr_nb.task.gym_env:TwmrSingleEnv",
    vector_entry_point="twmr_nb.task.env:TwmrEnv",
)
