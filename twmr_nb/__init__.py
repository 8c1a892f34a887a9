"""A notebook suite that trains a transformable-wheel robot to climb a step."""

from twmr_nb.graphics import settle

settle()  # before anything else imports mujoco

import gymnasium

from twmr_nb.config import ConfigError, EnvConfig, PPOConfig, TrainConfig
from twmr_nb.env import TwmrEnv
from twmr_nb.rewards import REWARD_TERMS, RewardTerm, reward_term
from twmr_nb.robot import build_model
from twmr_nb.transition import Transition

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
    entry_point="twmr_nb.gym_env:TwmrSingleEnv",
    vector_entry_point="twmr_nb.env:TwmrEnv",
)
