"""The peer: sb3-contrib's RecurrentPPO (extra `bench`), training on our own environment in several set-ups."""

from functools import partial
from typing import Any

import gymnasium
import numpy as np

from benchmarks.contest import Entry
from twmr_nb.config import presets
from twmr_nb.config.presets import QUICK_PRESET
from twmr_nb.config.schema import ConfigError, EnvConfig
from twmr_nb.task.env import TwmrEnv
from twmr_nb.task.gym_env import TwmrSingleEnv

try:
    import torch
    from sb3_contrib import RecurrentPPO
    from stable_baselines3.common.vec_env import DummyVecEnv, SubprocVecEnv, VecEnv
except ModuleNotFoundError as error:
    raise ConfigError(
        f"the peer needs {error.name!r}, which is not installed: run `pip install -c pins.txt -e '.[bench]'`."
    ) from None

SINGLES = 16  # single environments in a peer's own vector environments


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


def make_env(config: EnvConfig) -> TwmrSingleEnv:
    return TwmrSingleEnv(config)


def peers() -> dict[str, Entry]:
    """Set-up -> whole iterations of RecurrentPPO with our network sizes, rollout size, epochs and minibatches."""
    config = presets.preset(QUICK_PRESET)
    singles: Any = [partial(make_env, config.env)] * SINGLES
    return {
        f"bridge of {config.ppo.num_envs}": peer_training(Bridge(TwmrEnv(config.env, config.ppo.num_envs))),
        f"{SINGLES} in one process": peer_training(DummyVecEnv(singles)),
        f"{SINGLES} processes": peer_training(SubprocVecEnv(singles)),
    }


def peer_training(env: VecEnv) -> Entry:
    """RecurrentPPO on this environment; rollouts hold as many steps as ours, however many robots there are."""
    ppo = presets.preset(QUICK_PRESET).ppo
    size = ppo.num_envs * ppo.rollout_steps
    network = {"net_arch": [ppo.mlp_size], "lstm_hidden_size": ppo.hidden_size}
    model = RecurrentPPO(
        "MlpLstmPolicy", env, n_steps=size // env.num_envs, batch_size=size // ppo.minibatches, n_epochs=ppo.epochs,
        policy_kwargs={**network, "shared_lstm": True, "enable_critic_lstm": False}, device="cpu",
    )  # fmt: skip
    torch.set_num_threads(2)

    def steps() -> int:
        model.learn(size, reset_num_timesteps=False)
        return size

    return steps
