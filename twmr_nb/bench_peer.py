"""The peer for the benchmark: sb3-contrib's RecurrentPPO (extra `bench`), training on our own environment."""

from collections.abc import Callable
from typing import Any

import gymnasium
import numpy as np
import torch
from sb3_contrib import RecurrentPPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from twmr_nb.env import TwmrEnv
from twmr_nb.presets import preset_config


class Bridge(VecEnv):
    """Our vector environment as stable-baselines3 wants it: the fastest way to feed it."""

    def __init__(self, env: TwmrEnv) -> None:
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)
        self.env = env

    def reset(self) -> np.ndarray:
        return self.env.reset(seed=0)[0]

    def step_async(self, actions: np.ndarray) -> None:
        self.actions = actions

    def step_wait(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[dict[str, Any]]]:
        obs, reward, terminated, truncated, info = self.env.step(self.actions)
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        for i in np.flatnonzero(terminated | truncated):
            infos[i] = {"terminal_observation": info["final_obs"][i], "TimeLimit.truncated": bool(truncated[i])}
        return obs, reward.astype(np.float32), terminated | truncated, infos

    def close(self) -> None:
        self.env.close()

    def get_attr(self, attr_name: str, indices: Any = None) -> list[Any]:
        return [getattr(self.env, attr_name, None)] * self.num_envs

    def set_attr(self, attr_name: str, value: Any, indices: Any = None) -> None:
        raise NotImplementedError("the benchmark sets nothing")

    def env_method(self, method_name: str, *args: Any, indices: Any = None, **kwargs: Any) -> list[Any]:
        raise NotImplementedError("the benchmark calls nothing")

    def env_is_wrapped(self, wrapper_class: type[gymnasium.Wrapper], indices: Any = None) -> list[bool]:
        return [False] * self.num_envs


class Steps(BaseCallback):
    """Counts nothing; training is asked for one rollout at a time."""

    def _on_step(self) -> bool:
        return True


def peer_training() -> Callable[[], int]:
    """Whole iterations of RecurrentPPO with our network sizes, rollout size, epochs and number of minibatches."""
    config = preset_config()
    ppo = config.ppo
    torch.set_num_threads(2)
    size = ppo.num_envs * ppo.rollout_steps
    kwargs = {"net_arch": [ppo.mlp_size], "lstm_hidden_size": ppo.hidden_size, "shared_lstm": True}
    model = RecurrentPPO(
        "MlpLstmPolicy", Bridge(TwmrEnv(config.env, ppo.num_envs)), n_steps=ppo.rollout_steps,
        batch_size=size // ppo.minibatches, n_epochs=ppo.epochs, device="cpu",
        policy_kwargs={**kwargs, "enable_critic_lstm": False},
    )  # fmt: skip

    def steps() -> int:
        model.learn(size, reset_num_timesteps=False)
        return size

    return steps
