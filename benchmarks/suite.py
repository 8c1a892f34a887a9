"""The whole benchmark as one dict of plain numbers."""

import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.contest import Contest, Entry, Tell, ceiling, environment, evaluation, training
from benchmarks.fresh import UPDATES, fresh_processes
from twmr_nb.config import presets
from twmr_nb.config.presets import QUICK_PRESET
from twmr_nb.episodes.rollout import record
from twmr_nb.policies.protocol import RandomPolicy

SIZES = (1, 16, 64, 256)
ORIGINAL_STEPS_PER_S = 55.0  # the research script that this suite replaces, on two cores
THREADS = {"": 0, "/1 thread": 1}  # all cores, and one; threads of the physics


def bench(
    rounds: int = 5,
    peer: bool = False,
    sizes: Sequence[int] = SIZES,
    updates: int = UPDATES,
    tell: Tell = lambda line: None,
) -> dict[str, Any]:
    """All figures; ratios are of medians from this one run.

    sizes: numbers of robots besides the preset's own. updates: how long the processes that measure memory train.
    """
    default = presets.preset(QUICK_PRESET).ppo.num_envs
    speed = Contest(rounds, entries(sorted({*sizes, default}), default, peer)).run(tell)
    tell("re-scoring, and training in processes of its own")
    train, physics, env = (speed[f"{name}/{default}"] for name in ("train", "ceiling", "env"))
    result = {
        "ceiling_steps_per_s": physics,
        "env_steps_per_s": env,
        "train_steps_per_s": train,
        "eval_steps_per_s": speed[f"eval/{default}"],
        "env_over_ceiling": env / physics,
        "train_over_ceiling": train / physics,
        "train_over_original": train / ORIGINAL_STEPS_PER_S,
        "original_style_over_original": speed["original style/1"] / ORIGINAL_STEPS_PER_S,
        "rescore_ms": rescore_ms(rounds),
        **fresh_processes(min(rounds, 3), updates),
    }
    if peer:
        best = max(value for name, value in speed.items() if name.startswith("peer/"))
        result |= {"peer_steps_per_s": best, "train_over_peer": train / best}
    return result | {"steps_per_s": speed}


def entries(sizes: Sequence[int], default: int, peer: bool) -> dict[str, Entry]:
    """Every race of the contest, by name: what/robots, and `/1 thread` where the physics may use one only."""
    races: dict[str, Entry] = {}
    for num_envs in sizes:
        for suffix, threads in THREADS.items():
            for name, make in (("ceiling", ceiling), ("env", environment), ("train", training)):
                races[f"{name}/{num_envs}{suffix}"] = make(num_envs, threads)
    races[f"eval/{default}"] = evaluation(default)
    races["original style/1"] = training(1, preset="walkthrough", minibatches=1)
    if peer:
        from benchmarks.peer import peers

        races |= {f"peer/{name}": entry for name, entry in peers().items()}
    return races


def rescore_ms(rounds: int) -> float:
    """Time to re-score a recorded episode of 1,000 steps with another weight, ms."""
    config = presets.preset(QUICK_PRESET).env.replace(end_on_success=False, max_steps=1000, min_z=-1.0)
    rollout = record(RandomPolicy(), config)
    times = []
    for number in range(rounds * 20):
        other = config.replace(extension_penalty=0.001 * (1 + number))
        begin = time.perf_counter()
        rollout.rescore(other)
        times.append(time.perf_counter() - begin)
    return 1000 * median(times)
