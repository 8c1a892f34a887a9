"""What is timed side by side: bare physics, the environment, training, evaluation.

Everything is measured in turn, round after round, so that a machine whose speed drifts slows all alike; what counts
are medians and their ratios.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import numpy as np

from twmr_nb.config import presets
from twmr_nb.config.presets import QUICK_PRESET
from twmr_nb.episodes.evaluate import evaluate
from twmr_nb.episodes.worlds import world
from twmr_nb.learn.trainer import Trainer
from twmr_nb.policies.saved import SavedPolicy
from twmr_nb.robot.model import NU
from twmr_nb.task.env import TwmrEnv
from twmr_nb.task.simulation import Simulation

Entry = Callable[[], int]
Tell = Callable[[str], None]

CONTROL_STEPS = 4096  # per measurement, of all robots together


@dataclass
class Contest:
    """Things to time, in turn. Each returns how many control steps it took."""

    rounds: int
    entries: dict[str, Entry] = field(default_factory=dict)

    def run(self, tell: Tell) -> dict[str, float]:
        """Steps per second of each entry, medians over the rounds; one round before them warms up."""
        speeds: dict[str, list[float]] = {name: [] for name in self.entries}
        for number in range(self.rounds + 1):
            tell(f"round {number} of {self.rounds}" if number else "warming up")
            for name, entry in self.entries.items():
                begin = time.perf_counter()
                steps = entry()
                if number:
                    speeds[name].append(steps / (time.perf_counter() - begin))
        return {name: median(values) for name, values in speeds.items()}


def repetitions(steps_each: int, num_envs: int) -> int:
    """How often to repeat something that takes `steps_each` control steps; a few robots are measured on fewer."""
    return max(1, min(CONTROL_STEPS, 512 * num_envs) // steps_each)


def ceiling(num_envs: int, num_threads: int = 0) -> Entry:
    """Physics alone: random motor commands for the same robots in the same world, nothing looked at.

    Each robot is put back to where it began whenever an episode's time is over, by copying its state, so that the
    ceiling steps through the same situations as the environment does; the copy costs nothing that can be measured.
    """
    config = presets.preset(QUICK_PRESET).env
    sim = Simulation(config, num_envs, num_threads)
    sim.reset(np.arange(num_envs), [np.random.default_rng(i) for i in range(num_envs)])
    state, ctrl, batch, frame_skip = sim.state, sim.ctrl, sim.batch, sim.frame_skip
    begin, rng = state.copy(), np.random.default_rng(0)
    low, high = sim.model.actuator_ctrlrange.T
    clock = np.arange(num_envs) * config.max_steps // num_envs  # staggered, as in training

    def steps() -> int:
        count = repetitions(num_envs, num_envs)
        for _ in range(count):
            ctrl[:] = rng.uniform(low, high, ctrl.shape)
            batch.step(nstep=frame_skip)
            clock[:] += 1
            over = clock >= config.max_steps
            if over.any():
                state[over], clock[over] = begin[over], 0
        return count * num_envs

    return steps


def environment(num_envs: int, num_threads: int = 0) -> Entry:
    """TwmrEnv.step: observation, gate, reward terms, autoreset; random motor commands too."""
    env = TwmrEnv(presets.preset(QUICK_PRESET).env, num_envs, num_threads=num_threads)
    env.reset(seed=0)
    env.stagger()
    rng = np.random.default_rng(0)

    def steps() -> int:
        count = repetitions(num_envs, num_envs)
        for _ in range(count):
            env.step(rng.uniform(-1, 1, (num_envs, NU)))
        return count * num_envs

    return steps


def make_trainer(num_envs: int, num_threads: int = 0, preset: str = QUICK_PRESET, **changes: Any) -> Trainer:
    """A trainer of the preset with another number of robots, whose training never ends."""
    minibatches = min(presets.preset(preset).ppo.minibatches, num_envs)
    settings = {"num_envs": num_envs, "minibatches": minibatches} | changes | {"total_timesteps": 10**9}
    config = presets.preset(preset, **settings)
    return Trainer(TwmrEnv(config.env, num_envs, num_threads=num_threads), config.ppo)


def training(num_envs: int, num_threads: int = 0, preset: str = QUICK_PRESET, **changes: Any) -> Entry:
    """Whole iterations: acting, physics, learning. Compiling happens in the round that warms up."""
    trainer = make_trainer(num_envs, num_threads, preset, **changes)
    updates, size = trainer.updates(), num_envs * trainer.config.rollout_steps

    def steps() -> int:
        count = repetitions(size, num_envs)
        for _ in range(count):
            next(updates)
        return count * size

    return steps


def evaluation(num_envs: int, num_steps: int = 128) -> Entry:
    """The deterministic policy on unseen episodes, as `twmr evaluate` plays them, cut short."""
    trainer = make_trainer(num_envs)
    saved = SavedPolicy("bench", trainer.policy, presets.preset(QUICK_PRESET))
    trial = world(presets.preset(QUICK_PRESET).env).replace(max_steps=num_steps)

    def steps() -> int:
        return round(num_envs * evaluate(saved, trial, num_envs)["mean_length"])

    return steps
