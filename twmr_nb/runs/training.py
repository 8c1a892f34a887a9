"""The training of a run: claim its folder, train and save, let go. On a thread of its own, or on the caller's."""

import errno
import math
import threading
import time
import traceback
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import BaseFileLock

from twmr_nb.config.schema import ConfigError, TrainConfig, checked_timeout
from twmr_nb.files import clear_unfinished, copy_whole, fingerprint, set_aside
from twmr_nb.memory import give_back
from twmr_nb.policies.saved import PolicyError, SavedPolicy, load_policy
from twmr_nb.runs.folder import RunError, RunFolder
from twmr_nb.runs.own_terms import OwnTerms, terms_of
from twmr_nb.runs.provenance import keep_provenance
from twmr_nb.runs.selection import Selection
from twmr_nb.runs.start import begin_with
from twmr_nb.task.env import TwmrEnv
from twmr_nb.task.rewards import RewardTerm, TermError
from twmr_nb.types import Mistake, Record

if TYPE_CHECKING:
    from twmr_nb.learn.trainer import Trainer

CHECKPOINT_SECONDS = 30.0
# What reading a damaged checkpoint raises.
DAMAGED = (PolicyError, ValueError, KeyError, TypeError, IndexError, OverflowError)
WAIT = 0.5  # s; on some systems a longer wait cannot be interrupted
RESULTS = ("global_step", "success_rate", "episode_return", "episode_length", "average_x", "train_s", "compile_s")


class Training:
    """Trains one run, as often as it is begun or goes on. Other threads may ask it to stop, pause and save."""

    def __init__(self, folder: RunFolder, config: TrainConfig, extra_terms: Iterable[RewardTerm] = ()) -> None:
        self.folder, self.config = folder, config
        self.selection = Selection(folder.best, config.ppo.validate_every)
        self.extra_terms: tuple[RewardTerm, ...] = ()
        self.trainer: Trainer | None = None
        self.take_terms(extra_terms)
        self.begun_at = time.monotonic()  # when training was last begun, here
        self.state, self.error, self.failure = "", "", ""  # what no file says, or not yet
        self.kept_update = -1  # that the newest checkpoint holds
        self.kept_as: tuple[int, ...] | None = None  # the newest checkpoint's file, as it was when it was ours
        self.fell_back = ""  # from which checkpoint it went on, if not from the newest
        self.stopping, self.saving, self.going = threading.Event(), threading.Event(), threading.Event()
        self.over = threading.Event()  # not the thread's own state: an interrupted join would call a living one ended
        self.over.set()
        self.admitted = threading.Event()  # cleared while it waits for its turn
        self.admitted.set()

    def take_terms(self, extra_terms: Iterable[RewardTerm]) -> None:
        """Use these own reward terms from now on: those that the run was begun with; others are left out."""
        if (terms := terms_of(self.folder, extra_terms)) and terms != self.extra_terms:
            self.extra_terms, self.trainer = terms, None

    # From beginning to end

    def claim(self) -> None:
        """From here on this object trains this folder, and nobody else; raises RunError where that cannot be."""
        self.folder.refuse_lost()
        lock = self.folder.lock()
        if lock is None:
            raise RunError(f"{self.folder.name} is being trained by another process: stop it there first.")
        try:
            if self.folder.status.get("state") == "finished":
                raise RunError(f"{self.folder.name} is finished: start a new run to train further.")
            self.own_terms = OwnTerms(self.folder, self.config, self.extra_terms)
        except BaseException:
            lock.release()
            raise
        self.lock: BaseFileLock = lock
        clear_unfinished(self.folder.path)
        self.begun_at = time.monotonic()
        self.state, self.error, self.failure, self.fell_back = "running", "", "", ""
        self.stopping.clear()
        self.saving.clear()
        self.going.set()
        self.over.clear()

    def begin_thread(self) -> None:
        """Train on a thread, once claimed."""
        threading.Thread(target=self._quietly, name=f"train {self.folder.name}", daemon=True).start()

    def _quietly(self) -> None:
        """An error is kept for who waits or looks, not printed into some cell."""
        with suppress(BaseException):
            self.train()

    def train(self, on_record: Callable[[Record], None] = lambda record: None) -> None:
        """Train, once claimed, and let go of the folder; whatever happens is kept as the run's state."""
        try:
            try:
                self.set_state("running")
                finished = self._updates(on_record)
                self.set_state("finished" if finished else "stopped")
            except OSError:
                self.folder.refuse_lost()  # it may go between a look at it and the writing
                raise
            if finished:
                self.trainer = None  # its arrays are in files
        except BaseException as error:
            self.trainer = None  # it goes on from the checkpoint
            self._end(error)
            raise
        finally:
            if self.folder.status.get("state") == self.state:
                self.state = ""  # from here on the file says it, whoever writes it
            self.lock.release()
            give_back()  # what compiling took
            self.over.set()

    def _updates(self, on_record: Callable[[Record], None]) -> bool:
        """Train and save; returns whether it came to the end."""
        trainer = self.prepare()
        saved_at, complete = time.monotonic(), trainer.update_index
        try:
            for record in trainer.updates(self.should_stop):
                self._log(record)
                on_record(record)
                if self.selection.is_due(record):
                    self.selection.consider(self._candidate())
                complete = trainer.update_index
                if self.saving.is_set() or time.monotonic() - saved_at > CHECKPOINT_SECONDS:
                    self.saving.clear()
                    self.save()
                    saved_at = time.monotonic()
        except BaseException:
            with suppress(OSError, RunError, ConfigError):  # what ended it is what is told
                if self.folder.metrics and complete == trainer.update_index:  # logged and tried, or it is done again
                    self.save()
            raise
        if trainer.update_index:
            self.save()
        if trainer.update_index < trainer.num_updates:
            return False
        if self.selection.best:
            copy_whole(self.folder.best, self.folder.policy)
        copy_whole(self.folder.policy, self.folder.path / f"{self.folder.saved_policy.name}.safetensors")
        return True

    def prepare(self) -> "Trainer":
        """The trainer, new or as it was at the last checkpoint."""
        from twmr_nb.learn.trainer import Trainer  # JAX takes seconds to import: who trains waits for it

        now = fingerprint(self.folder.checkpoint)
        if now and now != self.kept_as:
            self.trainer = None  # another process has gone on with it
        if self.trainer is None:
            env = TwmrEnv(self.config.env, self.config.ppo.num_envs, extra_terms=self.extra_terms)
            trainer = Trainer(env, self.config.ppo, self.config.seed)
            self.kept_update = -1
            if self.folder.begun:
                self._go_back(trainer)
            elif self.folder.details.get("start"):
                begin_with(trainer, load_policy(self.folder.start))
            self.trainer = trainer
        self.folder.metrics.cut(self.trainer.update_index)
        self._match_policy()
        keep_provenance(self.folder, self.trainer.update_index)
        return self.trainer

    def _go_back(self, trainer: "Trainer") -> None:
        """To the newest checkpoint; to the one before where that is missing or damaged, and that is said."""
        folder = self.folder
        try:
            trainer.restore(folder.read_checkpoint(folder.checkpoint))
            self.kept_update, self.kept_as = trainer.update_index, fingerprint(folder.checkpoint)
            return
        except DAMAGED as error:
            problem = error
        try:
            trainer.restore(folder.read_checkpoint(folder.checkpoint_before))
        except DAMAGED:
            raise RunError(
                f"{folder.name} cannot go on: {problem} The checkpoint before is of no use either: start a new run."
            ) from problem
        if folder.checkpoint.exists():
            set_aside(folder.checkpoint)  # so that it never takes the place of the good one
        self.fell_back = (
            f"the newest checkpoint was damaged or missing, so it went on from update {trainer.update_index}"
        )
        self.set_state("running")

    def _match_policy(self) -> None:
        """The policy of the very checkpoint that is gone on from: a kill may have come between the two."""
        assert self.trainer is not None
        if not self.trainer.update_index:
            return
        with suppress(PolicyError):
            if self.folder.saved_policy.results.get("global_step") == self.trainer.global_step:
                return
        self._candidate().save(self.folder.policy)

    def should_stop(self) -> bool:
        """Asked at every control step: the place to pause, too."""
        if not self.going.is_set():
            self.set_state("paused")
            self.going.wait()
            self.set_state("running")
        return self.stopping.is_set()

    def wait(self, timeout: float | None = None) -> None:
        """Until its turn has come and the training is over, or for `timeout` seconds. Interrupted, it trains on."""
        end = math.inf if timeout is None else time.monotonic() + checked_timeout(timeout)
        for event in (self.admitted, self.over):
            while not event.wait(min(WAIT, max(0.0, end - time.monotonic()))) and time.monotonic() < end:
                pass

    # What it writes

    def _log(self, record: Record) -> None:
        self.folder.refuse_lost()
        if self.own_terms.quickly_told:
            self.own_terms.refuse_changed()
        self.folder.metrics.append(record)
        if record["diverged"] and self.trainer:
            self.folder.keep_lost(self.trainer.env.lost)

    def save(self) -> Path:
        """Write checkpoint and policy as they were after the last update; returns the policy's path."""
        trainer = self.trainer
        if trainer is None or trainer.snapshot is None or not trainer.update_index:
            raise RunError(f"{self.folder.name} has nothing to save yet: let it train for one update first.")
        self.own_terms.refuse_changed()
        self.folder.refuse_lost()
        self.folder.metrics.flush()  # no checkpoint is ahead of its log
        if self.kept_update != trainer.update_index:  # the one before is an earlier one
            self.folder.keep_checkpoint(trainer.snapshot, trainer.update_index)
            self.kept_update, self.kept_as = trainer.update_index, fingerprint(self.folder.checkpoint)
        return self._candidate().save(self.folder.policy)

    def _candidate(self) -> SavedPolicy:
        """The policy as it is now, with all that belongs to it."""
        assert self.trainer is not None, "train first"
        name = f"ppo_lstm_policy_{datetime.now():%Y%m%d_%H%M%S}"
        last = self.folder.metrics[-1] if self.folder.metrics else {}
        results = {k: last[k] for k in RESULTS if k in last and not math.isnan(last[k])}
        command, terms = self.folder.details["command"], self.own_terms.described
        return SavedPolicy(name, self.trainer.policy, self.config, results, command, terms)

    def set_state(self, state: str, **details: Any) -> None:
        self.folder.refuse_lost()
        self.state = state
        told = {"fell_back": self.fell_back} if self.fell_back else {}
        self.folder.keep_state(state, **told, **details)

    def _end(self, error: BaseException) -> None:
        """The last state, also where it cannot be written, as on a full disk: then this object alone knows."""
        state = "stopped" if isinstance(error, KeyboardInterrupt) else "failed"
        if state == "failed":
            self.error, self.failure = traceback.format_exc(), in_a_sentence(error)
        details = {"failed_term": error.term} if isinstance(error, TermError) else {}
        with suppress(OSError, RunError):
            self.set_state(state, error=self.error, failure=self.failure, **details)
        self.state = state


def in_a_sentence(error: BaseException) -> str:
    """What went wrong: our own errors speak for themselves, of others the kind says more than the text."""
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "no space left on the disk: make room, then resume."
    if isinstance(error, OSError) and error.filename:
        return f"{error.strerror}: {error.filename}"
    if isinstance(error, Mistake):
        return str(error)
    return " ".join(traceback.format_exception_only(error)[-1].split())
