"""Measured in processes of their own: from process start to the first update, compile time, peak memory.

Run as a program it trains with the `flip` preset for a while and prints one JSON object.
"""

import json
import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from typing import Any

UPDATES = 20  # memory has long stopped growing by then


def train_afresh(updates: int) -> dict[str, float]:
    """Train for a number of updates; seconds from this process's start, and its peak memory in MB (10^6 bytes)."""
    import psutil

    from twmr_nb.config import presets
    from twmr_nb.config.presets import QUICK_PRESET
    from twmr_nb.learn.trainer import Trainer
    from twmr_nb.task.env import TwmrEnv

    config = presets.preset(QUICK_PRESET)
    trainer = Trainer(TwmrEnv(config.env, config.ppo.num_envs), config.ppo)
    records = trainer.updates()
    next(records)
    first = time.time() - psutil.Process().create_time()
    for _ in range(updates - 1):
        next(records)
    return {"first_update_s": first, "compile_s": trainer.compile_s, "peak_mb": peak_mb()}


def peak_mb() -> float:
    """The most memory that this process has held so far, in MB (10^6 bytes)."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux's getrusage would answer with the parent's peak, if that was higher
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024 / 1e6
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS counts bytes


def run_module(name: str, *arguments: Any) -> dict[str, Any]:
    """`python -m name arguments` in a process of its own; the JSON object that it prints last."""
    command = [sys.executable, "-m", name, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def fresh_processes(rounds: int, updates: int = UPDATES) -> dict[str, float]:
    """Medians of train_afresh over several processes."""
    runs = [run_module("benchmarks.fresh", updates) for _ in range(rounds)]
    return {key: median(run[key] for run in runs) for key in runs[0]}


if __name__ == "__main__":
    print(json.dumps(train_afresh(int(sys.argv[1]))))
