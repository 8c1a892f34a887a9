"""What a rollout leaves behind: the learner's arrays, the finished episodes, the totals for the log."""

import math
from collections import deque
from typing import Any

import numpy as np

from twmr_nb.learn.network import Carry, Decision
from twmr_nb.learn.ppo import Batch
from twmr_nb.types import Record

EPISODE_WINDOW = 100  # episode statistics are over this many finished episodes, the latest
EPISODE = ("episode_return", "episode_length", "success_rate")
MEANS = {"x": "average_x", "speed": "average_speed", "on_back": "on_back"}  # what a step reports -> its column


class Storage:
    """One rollout's arrays, `[T, N, ...]`, filled step by step and handed to the learner as a Batch."""

    def __init__(self, steps: int, num_envs: int, obs_size: int, action_size: int) -> None:
        shape = (steps, num_envs)
        self.obs = np.zeros((*shape, obs_size), np.float32)
        self.pre_tanh = np.zeros((*shape, action_size), np.float32)
        self.episode_start, self.done = np.zeros(shape, bool), np.zeros(shape, bool)
        self.log_prob, self.value, self.reward, self.bootstrap = (np.zeros(shape, np.float32) for _ in range(4))

    def add(self, t: int, obs: np.ndarray, start: np.ndarray, decision: Decision) -> None:
        """What was seen and decided at step t."""
        self.obs[t], self.episode_start[t] = obs, start
        self.pre_tanh[t], self.log_prob[t], self.value[t] = decision.pre_tanh, decision.log_prob, decision.value

    def infinite_part(self) -> str:
        """What of the rollout is nan or infinite, in words; empty if all is finite."""
        judged = (self.value, self.bootstrap, self.log_prob, self.pre_tanh)
        parts = {"observations": (self.obs,), "rewards": (self.reward,), "values or probabilities": judged}
        return next((what for what, arrays in parts.items() if not all(np.isfinite(a).all() for a in arrays)), "")

    def batch(self, last_value: np.ndarray, carry: Carry) -> Batch:
        return Batch(
            self.obs, self.episode_start, self.pre_tanh, self.log_prob, self.value,
            self.reward, self.done, self.bootstrap, last_value, carry,
        )  # fmt: skip


class EpisodeLog:
    """What every robot's episode has paid so far, and the latest finished ones, but for those that were cut short.

    The terms' sums add up to the return, in an episode as in the means.
    """

    def __init__(self, num_envs: int) -> None:
        self.running = np.zeros((num_envs, 2))  # return, length
        self.paid: dict[str, np.ndarray] = {}  # the return's part by reward term, [N]
        self.cut = np.zeros(num_envs, bool)  # whose episode began with less time than an episode has: it does not count
        self.finished: deque[Record] = deque(maxlen=EPISODE_WINDOW)
        self.count = 0

    def add(self, reward: np.ndarray, done: np.ndarray, passed: np.ndarray, terms: dict[str, np.ndarray]) -> None:
        """One step: reward, whether it ended the episode, whether the obstacle is passed, [N]; the reward by terms."""
        for name, values in terms.items():
            if name not in self.paid:  # nobody knows what it has paid in an episode under way
                self.paid[name] = np.where(self.running[:, 1] > 0, np.nan, 0.0)
            self.paid[name] += values
        self.running[:, 0] += reward
        self.running[:, 1] += 1
        if done.any():
            whole = np.flatnonzero(done & ~self.cut)
            self.finished.extend(self.episode(i, passed[i]) for i in whole.tolist())
            self.count += len(whole)
            self.cut &= ~done
            for sums in (self.running, *self.paid.values()):
                sums[done] = 0

    def episode(self, robot: int, passed: bool) -> Record:
        """A robot's episode, as it is now."""
        numbers = (*self.running[robot], passed, *(values[robot] for values in self.paid.values()))
        return dict(zip(self.columns(), map(float, numbers), strict=True))

    def columns(self) -> list[str]:
        return [*EPISODE, *(f"paid/{name}" for name in self.paid)]

    def summary(self) -> Record:
        """Means over the latest finished episodes; NaN before the first has finished."""
        latest = {name: [episode.get(name, np.nan) for episode in self.finished] for name in self.columns()}
        return {name: float(np.mean(of or np.nan)) for name, of in latest.items()} | {"episodes": self.count}

    def get_state(self) -> dict[str, Any]:
        """All but `running` and `count`, as a tree of arrays."""
        finished = {name: np.array([episode.get(name, np.nan) for episode in self.finished]) for name in self.columns()}
        return {"cut": self.cut, "paid": self.paid, "finished": finished}

    def set_state(self, state: dict[str, np.ndarray]) -> None:
        """The inverse of get_state, of its leaves by path. Earlier versions knew no terms, and counted all episodes."""
        finished = {name.removeprefix("finished/"): of for name, of in state.items() if name.startswith("finished/")}
        if "finished" in state:
            finished = dict(zip(EPISODE, state["finished"].reshape(-1, len(EPISODE)).T, strict=True))
        rows = zip(*(of.tolist() for of in finished.values()), strict=True)
        self.finished = deque((dict(zip(finished, row, strict=True)) for row in rows), maxlen=EPISODE_WINDOW)
        self.paid = {name.removeprefix("paid/"): of.copy() for name, of in state.items() if name.startswith("paid/")}
        self.cut = state["cut"].copy() if "cut" in state else np.zeros(len(self.running), bool)


class Totals:
    """What one rollout adds up to, over steps and robots."""

    def __init__(self, num_envs: int) -> None:
        self.num_envs = num_envs
        self.max_x, self.passed, self.diverged = -math.inf, False, 0
        self.sums: dict[str, float] = {}

    def add(self, reward: np.ndarray, passed: np.ndarray, info: dict[str, Any]) -> None:
        self.passed = self.passed or bool(passed.any())
        if "x" in info:
            self.max_x = max(self.max_x, float(info["x"].max()))
        self.diverged += int(np.count_nonzero(info.get("diverged", False)))
        told = {"reward": reward} | {column: info[key] for key, column in MEANS.items() if key in info}
        for prefix, key in (("term", "reward_terms"), ("raw", "reward_terms_raw")):
            told |= {f"{prefix}/{name}": values for name, values in info.get(key, {}).items()}
        sums = np.array([*told.values()], float).sum(axis=1)  # at once: of few robots, calls cost more than sums
        for name, added in zip(told, sums.tolist(), strict=True):
            self.sums[name] = self.sums.get(name, 0.0) + added

    def summary(self, rollout_steps: int) -> Record:
        """`ep_return` and `passed_obstacle` as the original logs them: over the rollout buffer, not an episode.

        With several robots `ep_return` is the mean over robots of each one's buffer, so its scale does not change.
        """
        steps = rollout_steps * self.num_envs
        means = {name: total / steps for name, total in self.sums.items() if name != "reward"}
        return {
            "ep_return": self.sums["reward"] / self.num_envs,
            "passed_obstacle": float(self.passed),
            **{column: means.pop(column, math.nan) for column in MEANS.values()},
            "max_x": self.max_x,
            "diverged": self.diverged,
            **means,
        }


def log_line(record: Record) -> str:
    """One update in a line: the original's fields, then success rate, average x and per-episode return."""
    lost = f" diverged={record['diverged']:.0f}" if record.get("diverged") else ""
    return (
        f"update {record['update']:.0f}/{record['num_updates']:.0f} ({record['progress']:.1%}) "
        f"loss={record['loss']:.4f} ep_return={record['ep_return']:.2f} "
        f"passed_obstacle={bool(record['passed_obstacle'])} max_x={record['max_x']:.3f} "
        f"success_rate={record['success_rate']:.0%} average_x={record['average_x']:.3f} "
        f"episode_return={record['episode_return']:.2f} steps/s={record['steps_per_s']:.0f}{lost}"
    )
