"""One training run and its folder: config, metrics, checkpoint, policy. It outlives the cell that started it.

runs/<name>_<timestamp>/
    config.json            every setting, the command line, the source of own reward terms
    status.json            new, running, paused, stopped, finished or failed, and why
    lock                   held by the process that trains it
    metrics.csv            one line per update
    checkpoint.safetensors everything needed to go on exactly where it was
    policy.safetensors     the newest policy; also under its own name once finished
"""

import errno
import math
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import BaseFileLock

from twmr_nb.config.schema import ConfigError, TrainConfig
from twmr_nb.files import copy_whole, read_json, remembered, write_json
from twmr_nb.learn.metrics_log import MetricsLog
from twmr_nb.learn.storage import Record
from twmr_nb.learn.trainer import Trainer, TrainingDiverged
from twmr_nb.markup import one_line
from twmr_nb.policies.saved import SavedPolicy, load_policy, read_arrays, write_arrays
from twmr_nb.runs import lock as run_lock
from twmr_nb.runs.identity import Description, describe_term, describe_training, digest
from twmr_nb.runs.selection import BEGIN, Selection
from twmr_nb.task.env import TwmrEnv
from twmr_nb.task.rewards import RewardTerm, TermError

CHECKPOINT_SECONDS = 30.0
QUICK = 0.01  # s
WAIT = 0.5  # s; on some systems a longer wait cannot be interrupted
LIVE: dict[Path, "Run"] = {}  # runs of this process, so that a new cell finds the one already under way


class RunError(RuntimeError):
    """Something a run cannot do now; the message says why and what to do."""


class Run:
    """One training run. `start()` trains on a thread of its own; `train()` in the caller's."""

    def __init__(self, path: Path, config: TrainConfig, extra_terms: Iterable[RewardTerm] = ()) -> None:
        self.path, self.config = path, config
        self.extra_terms: tuple[RewardTerm, ...] = ()
        self.records = MetricsLog(path / "metrics.csv")
        self.trainer: Trainer | None = None
        self.started_at = time.monotonic()  # when training was last begun, here
        self.on_start: Callable[[], None] = lambda: None  # told when training begins or goes on: a live view listens
        self.take_terms(extra_terms)
        self._state, self._error, self._failure = "", "", ""  # what no file says, or not yet
        self._lock: BaseFileLock | None = None
        self._terms: list[Description] = []  # the own terms as they were when training began
        self._quickly_told = True  # whether it costs nothing to look at them in every update
        self._stop, self._resume, self._save = threading.Event(), threading.Event(), threading.Event()
        self._resume.set()
        self._over = threading.Event()  # not the thread's own state: an interrupted join would call a living one ended
        self._over.set()

    def take_terms(self, extra_terms: Iterable[RewardTerm]) -> None:
        """Use these own reward terms from the next start on: those that the run's config names; others are left out."""
        given = {term.name: term for term in extra_terms}
        if not given:
            return
        terms = tuple(given[name] for name in self._term_names() if name in given)
        if terms and terms != self.extra_terms:
            self.extra_terms, self.trainer = terms, None

    def __repr__(self) -> str:
        total = self.config.ppo.total_timesteps
        return f"Run {one_line(self.name)!r}: {self.state}, {self.progress:.0%} of {total:,} steps, in {self.path}"

    # What it is doing

    @property
    def name(self) -> str:
        return self.path.name

    @property
    def state(self) -> str:
        """new, running, paused, stopped, finished, failed, interrupted (its process ended), or gone (its folder is)."""
        if self._state and (self.training or not run_lock.is_taken(self.path)):
            return self._state
        if not (self.path / "config.json").exists():
            return "gone"
        state = remembered(read_json, self.path / "status.json").get("state", "new")
        if state in ("running", "paused") and not run_lock.is_taken(self.path):
            return "interrupted"
        return state

    @property
    def error(self) -> str:
        """The traceback of what ended it, if it failed."""
        return self._error or str(read_json(self.path / "status.json").get("error", ""))

    @property
    def failure(self) -> str:
        """Why it failed, in a sentence."""
        if self._failure:
            return self._failure
        last = (self.error.strip().splitlines() or [""])[-1]
        return str(read_json(self.path / "status.json").get("failure", last))

    @property
    def phase(self) -> str:
        """What the trainer does this moment: compiling, collecting, learning."""
        return self.trainer.phase if self.trainer else "new"

    @property
    def training(self) -> bool:
        """Whether this process trains it now, or holds it paused."""
        return not self._over.is_set()

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
        threading.Thread(target=self._train_quietly, name=f"train {self.name}", daemon=True).start()
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
        """Wait for the training to end (or for `timeout` seconds); returns the state. Interrupted, it trains on."""
        end = math.inf if timeout is None else time.monotonic() + timeout
        while not self._over.wait(min(WAIT, max(0.0, end - time.monotonic()))) and time.monotonic() < end:
            pass
        if self._failure:
            raise RunError(f"{self.name} failed: {self._failure}")
        return self.state

    @property
    def policy(self) -> SavedPolicy:
        """The newest saved policy of this run."""
        return load_policy(self.policy_path)

    def refresh(self) -> None:
        """Read what another process has added since; a run of this process knows already."""
        if LIVE.get(self.path) is not self:
            self.records.refresh()

    # How it trains

    def train(self, on_record: Callable[[Record], None] = lambda record: None) -> None:
        """Train to the end or until stopped, saving on the way; on_record sees every update."""
        self._claim()
        self._train(on_record)

    def _train_quietly(self) -> None:
        """The thread's own main: an error is kept for join() and the panel, not printed into some cell."""
        with suppress(BaseException):
            self._train(lambda record: None)

    def _train(self, on_record: Callable[[Record], None]) -> None:
        """Between claiming the folder and letting go of it; whatever happens is kept as the run's state."""
        try:
            self._set_state("running")
            self._set_state("finished" if self._updates(on_record) else "stopped")
        except BaseException as error:
            self.trainer = None  # it goes on from the checkpoint
            stopped = isinstance(error, KeyboardInterrupt)
            if not stopped:
                self._error, self._failure = traceback.format_exc(), in_a_sentence(error)
            details = {"failed_term": error.term} if isinstance(error, TermError) else {}
            self._end("stopped" if stopped else "failed", error=self._error, failure=self._failure, **details)
            raise
        finally:
            self._let_go()

    def _updates(self, on_record: Callable[[Record], None]) -> bool:
        """Train and save; returns whether it came to the end."""
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
        except BaseException:
            with suppress(OSError, RunError, ConfigError):  # what ended it is what is told
                if self.records:
                    self.save()
            raise
        if trainer.update_index:
            self.save()
        finished = trainer.update_index >= trainer.num_updates
        if finished and self.selection.best:
            copy_whole(self.selection.path, self.policy_path)
        if finished:
            copy_whole(self.policy_path, self.path / f"{self.policy.name}.safetensors")
        return finished

    def _validate(self, record: Record) -> None:
        """Every validate_every updates of the second half: is this the best policy so far?"""
        every = self.config.ppo.validate_every
        if every and record["update"] % every == 0 and record["progress"] > BEGIN:
            self.selection.consider(self.candidate())

    def _prepare(self) -> Trainer:
        """The trainer, new or as it was at the last checkpoint."""
        if self.trainer is None:
            env = TwmrEnv(self.config.env, self.config.ppo.num_envs, extra_terms=self.extra_terms)
            trainer = Trainer(env, self.config.ppo, self.config.seed)
            if self.checkpoint_path.exists():
                arrays, _ = read_arrays(self.checkpoint_path)
                trainer.restore(arrays)
            self.trainer = trainer
        self.records.cut(self.trainer.update_index)
        return self.trainer

    @property
    def checkpoint_path(self) -> Path:
        return self.path / "checkpoint.safetensors"

    def _should_stop(self) -> bool:
        if not self._resume.is_set():
            self._set_state("paused")
            self._resume.wait()
            self._set_state("running")
        return self._stop.is_set()

    def save(self) -> Path:
        """Write checkpoint and policy as they were after the last update; returns the policy's path."""
        trainer = self.trainer
        if trainer is None or trainer.snapshot is None or not trainer.update_index:
            raise RunError(f"{self.name} has nothing to save yet: let it train for one update first.")
        self._refuse_changed_terms()
        self._refuse_lost_folder()
        write_arrays(self.checkpoint_path, trainer.snapshot, {"update": trainer.update_index})
        return self.candidate().save(self.policy_path)

    def candidate(self) -> SavedPolicy:
        """The policy as it is now, with all that belongs to it."""
        assert self.trainer is not None, "train first"
        name = f"ppo_lstm_policy_{datetime.now():%Y%m%d_%H%M%S}"
        command = read_json(self.path / "config.json")["command"]
        return SavedPolicy(name, self.trainer.policy, self.config, self.results(), command, self._terms)

    @property
    def selection(self) -> Selection:
        return Selection(self.path / "best.safetensors")

    def results(self) -> dict[str, Any]:
        """What training reached, for the policy's label."""
        keys = ("global_step", "success_rate", "episode_return", "episode_length", "average_x", "train_s", "compile_s")
        last = self.records[-1] if self.records else {}
        return {k: last[k] for k in keys if k in last and not math.isnan(last[k])}

    def _log(self, record: Record) -> None:
        self._refuse_lost_folder()
        if self._quickly_told:
            self._refuse_changed_terms()
        self.records.append(record)

    # Who may train it, and with what

    def _claim(self) -> None:
        """From here on this object trains this folder, and nobody else; raises RunError where that cannot be."""
        self._refuse_lost_folder()
        lock = run_lock.take(self.path)
        if lock is None:
            raise RunError(f"{self.name} is being trained by another process: stop it there first.")
        try:
            status = read_json(self.path / "status.json")
            if status.get("state") == "finished":
                raise RunError(f"{self.name} is finished: start a new run to train further.")
            self._settle_terms(status.get("failed_term", ""))
        except BaseException:
            lock.release()
            raise
        self._lock, LIVE[self.path] = lock, self
        self._error = self._failure = ""
        self._state, self.started_at = "running", time.monotonic()
        self._stop.clear()
        self._save.clear()
        self._resume.set()
        self._over.clear()

    def _settle_terms(self, failed: str) -> None:
        """Hold the own terms against those that the run began with; `failed` is the one that ended it, if one did.

        What has taught the policy nothing yet, or broke, may be mended; all else would be another run. The config keeps
        which experiment it is; of one that went on with other code or terms it keeps that it is none.
        """
        file = self.path / "config.json"
        config = read_json(file)
        begun = self.checkpoint_path.exists()
        now = {term.name: describe_term(term) for term in self.extra_terms}
        for was in config["own_terms"]:
            name = was["name"]
            if name not in now:
                raise RunError(
                    f"{self.name} was started with your own reward term {name!r}, "
                    "which is kept as text only: define it again and open the run with extra_terms=[...]."
                )
            mended = name == failed and now[name]["weight"] == was["weight"]
            if begun and not mended and not same_term(was, now[name]):
                raise RunError(
                    f"{self.name} was trained with another {name!r}, {difference(was, now[name])}: "
                    "define it as it was (the run's config.json has its text), or start a new run."
                )
        self._terms, begin = [now[was["name"]] for was in config["own_terms"]], time.perf_counter()
        self._refuse_changed_terms()
        self._quickly_told = time.perf_counter() - begin < QUICK
        identity = digest(describe_training(self.config, self.extra_terms))
        pure = not begun or identity == config.get("identity")
        settled = config | {"own_terms": self._terms, "identity": identity if pure else None}
        if begun and self._terms != config["own_terms"]:
            settled["terms_before"] = [*config.get("terms_before", []), config["own_terms"]]
        if settled != config:
            write_json(file, settled)

    def _refuse_changed_terms(self) -> None:
        """Raise RunError if a term does something else than when training began, so that nothing of it is kept."""
        for was, term in zip(self._terms, self.extra_terms, strict=True):
            if describe_term(term) != was:
                raise RunError(
                    f"reward term {term.name!r} changed while it trained: it keeps something between its calls, or a "
                    "value that it uses was changed. Nothing since the last checkpoint is kept; put it back and resume."
                )

    def _refuse_lost_folder(self) -> None:
        if not (self.path / "config.json").exists():
            raise RunError(
                f"the folder of {self.name} is gone, deleted or renamed ({self.path}): nothing more of it can be kept."
            )

    def _term_names(self) -> list[str]:
        return [term["name"] for term in read_json(self.path / "config.json").get("own_terms", [])]

    def _set_state(self, state: str, **details: Any) -> None:
        self._refuse_lost_folder()
        self._state = state
        write_json(self.path / "status.json", {"state": state, "pid": os.getpid(), "time": time.time()} | details)

    def _end(self, state: str, **details: Any) -> None:
        """The last state, also where it cannot be written, as on a full disk: then this object alone knows."""
        with suppress(OSError, RunError):
            self._set_state(state, **details)
        self._state = state

    def _let_go(self) -> None:
        """Leave the folder to others; from here on its file says the state, if it could be written."""
        assert self._lock is not None
        if read_json(self.path / "status.json").get("state") == self._state:
            self._state = ""
        self._lock.release()
        self._over.set()


def training_run() -> Run | None:
    """The run that this process trains now."""
    return next((run for run in list(LIVE.values()) if run.training), None)


def same_term(was: Description, now: Description) -> bool:
    """Whether a term is the one that a run keeps; older files know only its text and the size of its weight."""
    if "behaviour" not in was:
        return (was["source"], was["weight"]) == (now["source"], abs(now["weight"]))
    return (was["behaviour"], was["weight"]) == (now["behaviour"], now["weight"])


def difference(was: Description, now: Description) -> str:
    """How a term differs from the one that a run keeps."""
    if abs(was["weight"]) != abs(now["weight"]) or ("behaviour" in was and was["weight"] != now["weight"]):
        return f"of weight {was['weight']:g} and not {now['weight']:g}"
    if was["source"] != now["source"]:
        return "with another text"
    return "with the same text, but something that it uses has another value"


def in_a_sentence(error: BaseException) -> str:
    """What went wrong: our own errors speak for themselves, of others the kind says more than the text."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "no space left on the disk: make room, then resume."
    if isinstance(error, OSError) and error.filename:
        return f"{error.strerror}: {error.filename}"
    if isinstance(error, RunError | TermError | TrainingDiverged | ConfigError):
        return str(error)
    return " ".join(traceback.format_exception_only(error)[-1].split())
