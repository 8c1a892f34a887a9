"""One training run and its folder: config, metrics, checkpoint, policy. It outlives the cell that started it.

runs/<name>_<timestamp>/
    config.json            every setting, the command line, the source of own reward terms
    status.json            new, running, paused, stopped, finished or failed; and by which process
    metrics.csv            one line per update
    checkpoint.safetensors everything needed to go on exactly where it was
    policy.safetensors     the newest policy; also under its own name once finished
"""

import math
import shutil
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from twmr_nb.config import TrainConfig
from twmr_nb.env import TwmrEnv
from twmr_nb.markup import one_line
from twmr_nb.policies import SavedPolicy, load_policy, read_arrays, write_arrays
from twmr_nb.rewards import RewardTerm
from twmr_nb.run_files import (
    append_metrics,
    is_alive,
    read_json,
    read_metrics,
    write_json,
    write_metrics,
)
from twmr_nb.selection import BEGIN, Selection
from twmr_nb.storage import Record
from twmr_nb.trainer import Trainer

CHECKPOINT_SECONDS = 30.0
LIVE: dict[Path, "Run"] = {}  # runs of this process, so that a new cell finds the one already under way


class RunError(RuntimeError):
    """Something a run cannot do now; the message says why and what to do."""


class Run:
    """One training run. `start()` trains on a thread of its own; `train()` in the caller's."""

    def __init__(self, path: Path, config: TrainConfig, extra_terms: Iterable[RewardTerm] = ()) -> None:
        self.path, self.config, self.extra_terms = path, config, tuple(extra_terms)
        self.records: list[Record] = read_metrics(path / "metrics.csv")
        self.trainer: Trainer | None = None
        self.error = ""
        self.started_at = time.monotonic()  # when training was last begun, here
        self.on_start: Callable[[], None] = lambda: None  # told when training begins or goes on: a live view listens
        self._thread: threading.Thread | None = None
        self._stop, self._resume, self._save = threading.Event(), threading.Event(), threading.Event()
        self._resume.set()

    def __repr__(self) -> str:
        total = self.config.ppo.total_timesteps
        return f"Run {one_line(self.name)!r}: {self.state}, {self.progress:.0%} of {total:,} steps, in {self.path}"

    # What it is doing

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def state(self) -> str:
        """new, running, paused, stopped, finished, failed, or interrupted (its process ended without a word)."""
        status = read_json(self.path / "status.json")
        state = status.get("state", "new")
        if state in ("running", "paused") and not is_alive(status):
            return "interrupted"
        return state

    @property
    def phase(self) -> str:
        """What the trainer does this moment: compiling, collecting, learning."""
        return self.trainer.phase if self.trainer else "new"

    @property
    def training(self) -> bool:
        """Whether this process trains it now, or holds it paused."""
        return self._thread is not None and self._thread.is_alive()

    @property
    def stopping(self) -> bool:
        """Whether it has been asked to stop and has not yet."""
        return self.training and self._stop.is_set()

    @property
    def progress(self) -> float:
        """From 0 to 1."""
        return self.records[-1]["progress"] if self.records else 0.0

    @property
    def policy_path(self) -> Path:
        return self.path / "policy.safetensors"

    # What it can be told

    def start(self) -> "Run":
        """Train on a background thread and return at once; goes on from the checkpoint if there is one."""
        if self.training:
            raise RunError(f"{self.name} is training already.")
        if busy := training_run():
            raise RunError(f"{busy.name} is training: stop it or let it finish before starting another.")
        self._claim()
        self.error, self.started_at = "", time.monotonic()
        self._stop.clear()
        self._resume.set()
        self._thread = threading.Thread(target=self._train_quietly, name=f"train {self.name}", daemon=True)
        self._thread.start()
        self.on_start()
        return self

    def stop(self) -> None:
        """Stop within a control step, saving a checkpoint."""
        self._stop.set()
        self._resume.set()

    def pause(self) -> None:
        """Hold still in mid-step, losing nothing."""
        self._resume.clear()

    def unpause(self) -> None:
        self._resume.set()

    def save_now(self) -> None:
        """Ask for a checkpoint and the policy at the next update."""
        self._save.set()

    def join(self, timeout: float | None = None) -> str:
        """Wait for the thread to end (or for `timeout` seconds); returns the state."""
        if self._thread:
            self._thread.join(timeout)
        if self.error:
            raise RunError(f"{self.name} failed: {self.error.splitlines()[-1]}")
        return self.state

    def policy(self) -> SavedPolicy:
        """The newest saved policy of this run."""
        return load_policy(self.policy_path)

    def refresh(self) -> None:
        """Read what another process has added since; a run of this process knows already."""
        if LIVE.get(self.path) is not self:
            self.records = read_metrics(self.path / "metrics.csv")

    # How it trains

    def train(self, on_record: Callable[[Record], None] = lambda record: None) -> None:
        """Train to the end or until stopped, saving on the way; on_record sees every update."""
        self._claim()
        try:
            self._train(on_record)
        except BaseException as error:
            self.error = traceback.format_exc()
            stopped = isinstance(error, KeyboardInterrupt)
            self._set_state("stopped" if stopped else "failed", error="" if stopped else self.error)
            raise

    def _train_quietly(self) -> None:
        """The thread's own main: an error is kept for join() and the panel, not printed into some cell."""
        with suppress(BaseException):
            self.train()

    def _train(self, on_record: Callable[[Record], None]) -> None:
        self._set_state("running")
        trainer = self._prepare()
        saved_at = time.monotonic()
        try:
            for record in trainer.updates(self._should_stop):
                self._log(record)
                on_record(record)
                self._validate(record)
                if self._save.is_set() or time.monotonic() - saved_at > CHECKPOINT_SECONDS:
                    self._save.clear()
                    self.save()
                    saved_at = time.monotonic()
        finally:
            if trainer.snapshot is not None:
                self.save()
        finished = trainer.update_index >= trainer.num_updates
        if finished and self.selection.best:
            shutil.copyfile(self.selection.path, self.policy_path)
        if finished:
            shutil.copyfile(self.policy_path, self.path / f"{self.policy().name}.safetensors")
        self._set_state("finished" if finished else "stopped")

    def _validate(self, record: Record) -> None:
        """Every validate_every updates of the second half: is this the best policy so far?"""
        every = self.config.ppo.validate_every
        if every and record["update"] % every == 0 and record["progress"] > BEGIN:
            self.selection.consider(self.candidate())

    def _prepare(self) -> Trainer:
        """The trainer, new or as it was at the last checkpoint."""
        if self.trainer is None:
            env = TwmrEnv(self.config.env, self.config.ppo.num_envs, extra_terms=self.extra_terms)
            self.trainer = Trainer(env, self.config.ppo, self.config.seed)
            if (self.path / "checkpoint.safetensors").exists():
                arrays, _ = read_arrays(self.path / "checkpoint.safetensors")
                self.trainer.restore(arrays)
        self.records = [r for r in self.records if r["update"] <= self.trainer.update_index]
        write_metrics(self.path / "metrics.csv", self.records)
        return self.trainer

    def _should_stop(self) -> bool:
        if not self._resume.is_set():
            self._set_state("paused")
            self._resume.wait()
            self._set_state("running")
        return self._stop.is_set()

    def save(self) -> Path:
        """Write checkpoint and policy as they were after the last update; returns the policy's path."""
        trainer = self.trainer
        if trainer is None or trainer.snapshot is None:
            raise RunError(f"{self.name} has nothing to save yet: start it first.")
        write_arrays(self.path / "checkpoint.safetensors", trainer.snapshot, {"update": trainer.update_index})
        return self.candidate().save(self.policy_path)

    def candidate(self) -> SavedPolicy:
        """The policy as it is now, with all that belongs to it."""
        assert self.trainer is not None, "train first"
        name = f"ppo_lstm_policy_{datetime.now():%Y%m%d_%H%M%S}"
        command = read_json(self.path / "config.json")["command"]
        return SavedPolicy(name, self.trainer.policy, self.config, self.results(), command, own_terms(self.extra_terms))

    @property
    def selection(self) -> Selection:
        return Selection(self.path / "best.safetensors")

    def results(self) -> dict[str, Any]:
        """What training reached, for the policy's label."""
        keys = ("global_step", "success_rate", "episode_return", "episode_length", "average_x", "train_s", "compile_s")
        last = self.records[-1] if self.records else {}
        return {k: last[k] for k in keys if k in last and not math.isnan(last[k])}

    def _log(self, record: Record) -> None:
        self.records.append(record)
        append_metrics(self.path / "metrics.csv", record)

    def _claim(self) -> None:
        """This object is the one that trains this folder."""
        missing = {t["name"] for t in read_json(self.path / "config.json")["own_terms"]}
        missing -= {t.name for t in self.extra_terms}
        if missing:
            raise RunError(
                f"{self.name} was started with your own reward term {sorted(missing)[0]!r}, "
                "which is kept as text only: define it again and open the run with extra_terms=[...]."
            )
        state = self.state
        if state in ("running", "paused") and LIVE.get(self.path) is not self:
            raise RunError(f"{self.name} is being trained by another process: stop it there first.")
        if state == "finished":
            raise RunError(f"{self.name} is finished: start a new run to train further.")
        LIVE[self.path] = self

    def _set_state(self, state: str, **details: Any) -> None:
        me = psutil.Process()
        status = {"state": state, "pid": me.pid, "process_started": me.create_time(), "time": time.time()}
        write_json(self.path / "status.json", status | details)


def training_run() -> Run | None:
    """The run that this process trains now."""
    return next((run for run in LIVE.values() if run.training), None)


def own_terms(extra_terms: Iterable[RewardTerm]) -> list[dict[str, Any]]:
    """What a run's files keep of a learner's own reward terms."""
    return [{"name": t.name, "weight": t.weight, "source": t.source} for t in extra_terms]
