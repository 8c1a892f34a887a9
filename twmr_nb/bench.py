"""How fast it is: bare physics, the environment, training, another library's trainer, side by side in one run.

Everything is measured in turn, round after round, so that a machine whose speed drifts slows all of them alike; what is
reported are medians and their ratios.
"""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import mjbatch
import numpy as np

from twmr_nb.env import TwmrEnv
from twmr_nb.presets import preset_config
from twmr_nb.robot import build_model
from twmr_nb.rollout import RandomPolicy, record, rescore
from twmr_nb.trainer import Trainer

CONTROL_STEPS = 4096  # per measurement, of all robots together
ORIGINAL_STEPS_PER_S = 55.0  # the research script that this suite replaces, on two cores

FIRST_UPDATE = """
import time
begin = time.perf_counter()
from twmr_nb.env import TwmrEnv
from twmr_nb.presets import preset_config
from twmr_nb.trainer import Trainer
config = preset_config()
next(Trainer(TwmrEnv(config.env, config.ppo.num_envs), config.ppo).updates())
import resource
print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


@dataclass
class Contest:
    """Things to time, in turn. Each returns how many control steps it took."""

    rounds: int
    entries: dict[str, Callable[[], int]] = field(default_factory=dict)

    def run(self, tell: Callable[[str], None]) -> dict[str, float]:
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


def ceiling(num_envs: int, num_threads: int = 0) -> Callable[[], int]:
    """Physics alone: random motor commands, nothing looked at. A robot is set back when its episode would be."""
    config = preset_config().env
    model = build_model(config)
    batch = mjbatch.Batch(model, num_envs, num_threads=num_threads)
    batch.reset()
    ctrl, rng = batch.bind("ctrl"), np.random.default_rng(0)
    low, high = model.actuator_ctrlrange.T
    frame_skip = round(config.ctrl_dt / model.opt.timestep)

    def steps() -> int:
        count = max(1, CONTROL_STEPS // num_envs)
        for _ in range(count):
            ctrl[:] = rng.uniform(low, high, ctrl.shape)
            batch.step(nstep=frame_skip)
        return count * num_envs

    return steps


def environment(num_envs: int, num_threads: int = 0) -> Callable[[], int]:
    """TwmrEnv.step: observation, gate, reward terms, autoreset; the same random motor commands."""
    env = TwmrEnv(preset_config().env, num_envs, num_threads=num_threads)
    env.reset(seed=0)
    rng = np.random.default_rng(0)

    def steps() -> int:
        count = max(1, CONTROL_STEPS // num_envs)
        for _ in range(count):
            env.step(rng.uniform(-1, 1, (num_envs, 8)))
        return count * num_envs

    return steps


def training(num_envs: int, num_threads: int = 0, preset: str = "recommended", **changes: Any) -> Callable[[], int]:
    """Whole iterations: acting, physics, learning; compiled before."""
    minibatches = min(preset_config().ppo.minibatches, num_envs)
    flags = {"num_envs": num_envs, "minibatches": minibatches} | changes
    config = preset_config(preset, **flags | {"total_timesteps": 10**9})
    trainer = Trainer(TwmrEnv(config.env, config.ppo.num_envs, num_threads=num_threads), config.ppo)
    updates, size = trainer.updates(), config.ppo.num_envs * config.ppo.rollout_steps

    def steps() -> int:
        count = max(1, CONTROL_STEPS // size)
        for _ in range(count):
            next(updates)
        return count * size

    return steps


def rescore_ms(rounds: int) -> float:
    """Time to re-score a recorded episode of 1,000 steps with another weight, ms."""
    config = preset_config().env.replace(end_on_success=False, max_steps=1000)
    rollout = record(RandomPolicy(), config)
    times = []
    for number in range(rounds * 20):
        other = config.replace(extension_penalty=0.001 * (1 + number))
        begin = time.perf_counter()
        rescore(rollout, other)
        times.append(time.perf_counter() - begin)
    return 1000 * median(times)


def first_update(rounds: int) -> tuple[float, float]:
    """From process start to the first update (s), and the memory it took (MB), in processes of their own."""
    seconds, megabytes = [], []
    for _ in range(rounds):
        begin = time.perf_counter()
        out = subprocess.run([sys.executable, "-c", FIRST_UPDATE], capture_output=True, text=True, check=True).stdout
        seconds.append(time.perf_counter() - begin)
        megabytes.append(float(out.split()[1]))
    return median(seconds), median(megabytes)


def bench(rounds: int = 5, peer: bool = False, tell: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """All figures as plain numbers; ratios are of medians from this one run."""
    default = preset_config().ppo.num_envs
    entries: dict[str, Callable[[], int]] = {}
    for num_envs in sorted({1, 16, default, 256}):
        entries[f"ceiling/{num_envs}"] = ceiling(num_envs)
        entries[f"env/{num_envs}"] = environment(num_envs)
        entries[f"train/{num_envs}"] = training(num_envs)
    for name, make in (("ceiling", ceiling), ("env", environment), ("train", training)):
        entries[f"{name}/{default}/1 thread"] = make(default, 1)
    entries["original_style"] = training(1, preset="walkthrough", minibatches=1)
    if peer:
        from twmr_nb.bench_peer import peer_training

        entries["peer"] = peer_training()
    speed = Contest(rounds, entries).run(tell)
    tell("re-scoring, and first updates in processes of their own")
    seconds, megabytes = first_update(min(rounds, 3))
    ceiling_speed, train = speed[f"ceiling/{default}"], speed[f"train/{default}"]
    result = {
        "ceiling_steps_per_s": ceiling_speed,
        "env_steps_per_s": speed[f"env/{default}"],
        "train_steps_per_s": train,
        "env_over_ceiling": speed[f"env/{default}"] / ceiling_speed,
        "train_over_ceiling": train / ceiling_speed,
        "train_over_original": train / ORIGINAL_STEPS_PER_S,
        "original_style_over_original": speed["original_style"] / ORIGINAL_STEPS_PER_S,
        "rescore_ms": rescore_ms(rounds),
        "first_update_s": seconds,
        "peak_mb": megabytes,
        "this_process_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "steps_per_s": speed,
    }
    if peer:
        result |= {"peer_steps_per_s": speed["peer"], "train_over_peer": train / speed["peer"]}
    return result


def report(result: dict[str, Any], as_json: bool = False) -> str:
    """The figures as JSON or as aligned lines."""
    if as_json:
        return json.dumps(result)
    flat = {k: v for k, v in result.items() if not isinstance(v, dict)}
    flat |= {f"steps/s {k}": v for k, v in result["steps_per_s"].items()}
    return "\n".join(f"{k:<32} {v:12,.2f}" for k, v in flat.items())
