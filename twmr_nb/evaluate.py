"""Judging a policy: many unseen episodes side by side, deterministic unless asked otherwise."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from twmr_nb.config import EnvConfig
from twmr_nb.env import TwmrEnv
from twmr_nb.policies import SavedPolicy

UNSEEN_SEEDS = 1_000_000  # training seeds lie below, so evaluation never repeats an episode seen in training
BATCH = 256  # episodes side by side
TRIAL_STEPS = 1000  # the original's episode; every policy is judged on it, however it was trained


def trial_world(config: EnvConfig, scene: str | None = None, step_height: float | None = None) -> EnvConfig:
    """The world a policy is judged in: its own, in episodes of full length that drive on after the step.

    scene or step_height (m, in scene 'step') put another step ahead.
    """
    changes: dict[str, Any] = {"max_steps": TRIAL_STEPS, "end_on_success": False}
    if scene is not None:
        changes |= {"scene": scene, "step_height_max": None}
    if step_height is not None:
        changes |= {"scene": "step", "step_height": step_height, "step_height_max": None}
    return config.replace(**changes)


def evaluate(
    saved: SavedPolicy,
    env_config: EnvConfig | None = None,
    episodes: int = 200,
    seed: int = 1,
    deterministic: bool = True,
    on_progress: Callable[[int], None] = lambda steps: None,
) -> dict[str, Any]:
    """Play `episodes` whole episodes; returns plain numbers (SI units). on_progress hears of every episode ended.

    success_rate with its 95% Wilson interval, mean_final_x [m], mean_return, mean_length [steps],
    time_to_pass [s, median of the successful], falls [share terminated], reward_terms [mean sum per episode].
    """
    config = env_config or trial_world(saved.config.env)
    parts = []
    for first in range(0, episodes, BATCH):
        count = min(BATCH, episodes - first)
        base = UNSEEN_SEEDS * (1 + seed) + first
        parts.append(play_episodes(saved, config, count, base, deterministic, on_progress))
    every = {k: np.concatenate([p[k] for p in parts]) for k in parts[0]}
    low, high = wilson_interval(int(every["passed"].sum()), episodes)
    times = every["pass_time"][every["passed"]]
    return {
        "success_rate": float(every["passed"].mean()),
        "success_interval": [low, high],
        "mean_final_x": float(every["final_x"].mean()),
        "mean_return": float(every["return"].mean()),
        "mean_length": float(every["length"].mean()),
        "time_to_pass": float(np.median(times)) if len(times) else None,
        "falls": float(every["fell"].mean()),
        "reward_terms": {k.removeprefix("term/"): float(v.mean()) for k, v in every.items() if k.startswith("term/")},
        "episodes": episodes,
        "seed": seed,
        "scene": config.scene,
        "deterministic": deterministic,
        "policy": saved.name,
    }


def play_episodes(
    saved: SavedPolicy,
    config: EnvConfig,
    count: int,
    base_seed: int,
    deterministic: bool,
    on_progress: Callable[[int], None],
) -> dict[str, np.ndarray]:
    """One episode of each of `count` robots, as arrays [count]."""
    env = TwmrEnv(config, count)
    player = saved.player(deterministic, seed=base_seed)
    obs, _ = env.reset(seed=base_seed)
    player.reset(count)
    active = np.ones(count, bool)
    totals: dict[str, np.ndarray] = {}
    result = {k: np.zeros(count) for k in ("return", "length", "final_x", "pass_time")}
    result |= {k: np.zeros(count, bool) for k in ("passed", "fell")}
    result["pass_time"][:] = np.nan
    while active.any():
        obs, reward, terminated, truncated, info = env.step(player.act(obs))
        result["return"] += active * reward
        result["length"] += active
        for name, value in info["reward_terms"].items():
            totals[name] = totals.get(name, np.zeros(count)) + active * value
        first_pass = active & info["passed"] & np.isnan(result["pass_time"])
        result["pass_time"][first_pass] = result["length"][first_pass] * env.sim.ctrl_dt
        ended = active & (terminated | truncated)
        result["final_x"][ended], result["passed"][ended] = info["x"][ended], info["passed"][ended]
        result["fell"][ended] = terminated[ended]
        active &= ~ended
        if ended.any():
            on_progress(int(ended.sum()))
    env.close()
    return result | {f"term/{name}": value for name, value in totals.items()}


def wilson_interval(successes: int, trials: int, z: float = 1.96) -> tuple[float, float]:
    """95% confidence interval of a rate (Wilson 1927), which stays sensible at 0% and 100%."""
    rate, weight = successes / trials, z**2 / trials
    centre = (rate + weight / 2) / (1 + weight)
    half = z / (1 + weight) * math.sqrt(rate * (1 - rate) / trials + weight / (4 * trials))
    return max(0.0, centre - half), min(1.0, centre + half)
