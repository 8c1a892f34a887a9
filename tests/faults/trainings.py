"""Short trainings that are killed: with a curriculum that rises, and validations, saved after every update.

A moment is a control step, or an operation on a file of the run's folder, before it is done; they are counted.
"""

import multiprocessing
import os
import signal
import sys
from pathlib import Path

import numpy as np

from twmr_nb.config.presets import preset

SETTINGS = {
    "num_envs": 16, "minibatches": 2, "rollout_steps": 8, "epochs": 1, "mlp_size": 8, "hidden_size": 8, "max_steps": 8,
    "total_timesteps": 16 * 8 * 6, "success_x": -1.0, "validate_every": 1, "scene": "step", "step_height": 0.03,
    "step_height_max": 0.05, "curriculum_start": 0.02, "normalize_returns": True,
}  # fmt: skip
CONFIG = preset("flip", **SETTINGS)
CLOCKS = ("steps_per_s", "collect_s", "learn_s", "train_s", "compile_s")
OPERATIONS = ("open", "os.rename", "os.remove", "os.truncate")  # as Python tells them


def fork() -> multiprocessing.context.ForkServerContext:
    """Processes that need not import anything: they are copies of one that has."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["twmr_nb.runs.run", "twmr_nb.runs.selection"])
    return context


def train(folder: str, moment: int, number: int, counted) -> None:
    """Train, or go on, in this folder; at the moment, send this process the signal. 0: never."""
    from twmr_nb.runs import training
    from twmr_nb.runs.run import new_run, open_run

    training.CHECKPOINT_SECONDS = 0.0
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell starts what is in the background deaf to it
    begun = os.path.exists(os.path.join(folder, "config.json"))
    run = open_run(folder) if begun else new_run(CONFIG, run_dir=folder)

    def tick() -> None:
        counted.value += 1
        if counted.value == moment:
            os.kill(os.getpid(), number)

    def listen(event: str, arguments: tuple) -> None:
        if event in OPERATIONS and str(arguments[0]).startswith(folder):
            tick()

    sys.addaudithook(listen)
    asked = run._training.should_stop
    run._training.should_stop = lambda: (tick(), asked())[1]
    run.train()


def go_on(context, folder: Path, moment: int = 0, number: int = signal.SIGKILL) -> tuple[int | None, int]:
    """In a process of its own; how it ended, and how many moments there were until then."""
    counted = context.Value("q", 0, lock=False)
    process = context.Process(target=train, args=(str(folder), moment, number, counted))
    process.start()
    process.join()
    return process.exitcode, counted.value


def go_on_here(folder: Path, ended: str) -> None:
    """In this process, after a fault that is over: the last checkpoint loads, and a run that had not finished does."""
    from twmr_nb.runs.run import LIVE, open_run

    LIVE.clear()
    again = open_run(folder)
    if again.folder.checkpoint.exists():
        assert again.folder.read_checkpoint(again.folder.checkpoint)
    if ended != "finished":
        again.train()
    LIVE.clear()
    assert again.fell_back == ""


def left_by(folder: Path) -> dict[str, np.ndarray]:
    """All numbers that a finished run leaves, but for its clocks."""
    from twmr_nb.learn.metrics_log import MetricsLog
    from twmr_nb.policies.saved import read_arrays

    found = {}
    for file in ("policy", "best", "checkpoint"):
        arrays, _ = read_arrays(folder / f"{file}.safetensors")
        found |= {f"{file}/{name}": array for name, array in arrays.items() if name != "train_s"}
    log = MetricsLog(folder / "metrics.csv")
    return found | {f"log/{name}": log.column(name) for name in log.names if name not in CLOCKS}


def assert_same(ours: dict[str, np.ndarray], theirs: dict[str, np.ndarray]) -> None:
    assert ours.keys() == theirs.keys()
    for name, array in theirs.items():
        assert ours[name].tobytes() == array.tobytes(), name
