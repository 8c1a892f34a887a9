"""Time to solve: from process start until the deterministic policy clears the 5 cm step in 95% of 200 unseen episodes.

Each seed trains in a process of its own. On the way the policy is copied every tenth of the run, with the time
since the process started: importing, compiling, training and the copying are counted. The copies are judged after
training, backwards from the last, until one fails: judging is not training, and its time is not counted. Solved is
the earliest copy of the unbroken row of successes that lasts to the end, so a lucky moment does not count.
"""

import json
import sys
import time
from collections.abc import Sequence
from statistics import median
from typing import Any

from benchmarks.fresh import run_module

SETTINGS: dict[str, Any] = {}  # on top of the `flip` preset
SEEDS = (0, 1, 2)
ENOUGH, EPISODES, COPIES = 0.95, 200, 10


def solve(seeds: Sequence[int] = SEEDS, settings: dict[str, Any] | None = None) -> dict[str, Any]:
    """Median time [s] and steps over the seeds, infinite where one never solves it; and each run."""
    chosen = json.dumps(SETTINGS if settings is None else settings)
    runs = [run_module("benchmarks.solve", seed, chosen) for seed in seeds]
    middle = {key: median(run[key] or float("inf") for run in runs) for key in ("solve_s", "solve_steps")}
    return {**middle, "solve": runs}


def solve_once(
    seed: int, settings: dict[str, Any], episodes: int = EPISODES, scene: str = "step_5cm"
) -> dict[str, Any]:
    """Train one seed in this process and judge the copies; seconds count from the process's start."""
    import psutil

    from twmr_nb.config import presets
    from twmr_nb.config.presets import QUICK_PRESET
    from twmr_nb.episodes.evaluate import evaluate
    from twmr_nb.episodes.worlds import world
    from twmr_nb.learn.trainer import Trainer
    from twmr_nb.policies.saved import SavedPolicy
    from twmr_nb.task.env import TwmrEnv

    started = psutil.Process().create_time()
    config = presets.preset(QUICK_PRESET, seed=seed, **settings)
    trainer = Trainer(TwmrEnv(config.env, config.ppo.num_envs), config.ppo, seed)
    every = max(1, trainer.num_updates // COPIES)
    copies = []
    for record in trainer.updates():
        if record["update"] % every == 0 or record["update"] == trainer.num_updates:
            copies.append((time.time() - started, int(record["global_step"]), trainer.policy))
    # whether an episode passes is known when it does: the rest of it need not be played
    trial = world(config.env, scene).replace(end_on_success=True)
    solved: dict[str, Any] = {"solve_s": None, "solve_steps": None, "success_then": None}
    success_end = None
    for seconds, steps, policy in reversed(copies):
        success = evaluate(SavedPolicy("solve", policy, config), trial, episodes)["success_rate"]
        success_end = success if success_end is None else success_end
        if success < ENOUGH:
            break
        solved = {"solve_s": seconds, "solve_steps": steps, "success_then": success}
    return {"seed": seed, **solved, "success_end": success_end, "whole_s": copies[-1][0], "settings": settings}


if __name__ == "__main__":
    print(json.dumps(solve_once(int(sys.argv[1]), json.loads(sys.argv[2]))))
