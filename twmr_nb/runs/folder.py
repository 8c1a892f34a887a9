"""A run's folder: what there is of a training on disk, and who may train in it.

runs/<name>_<timestamp>/
    config.json            every setting, the command line, the source of own reward terms, where it was trained
    notes.json             what people say of it, if they do
    status.json            new, running, paused, stopped, finished or failed, and why
    start.safetensors      the policy whose network it begins from, if it does
    lock                   held by the process that trains it
    metrics.csv            one line per update
    checkpoint.safetensors everything needed to go on exactly where it was
    checkpoint.before      the one before, for when the newest is damaged
    diverged.json          the last states of robots whose physics gave nan or exploded, if any did
    best.safetensors       the policy that did best so far, in the second half of the training
    policy.safetensors     the newest policy; also under its own name once finished
"""

import hashlib
import os
import re
import time
from collections.abc import Callable, Iterable
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from filelock import FileLock, Timeout

from twmr_nb.config.fields import is_number
from twmr_nb.files import checked_name, fingerprint, read_json, remembered, write_json
from twmr_nb.learn.metrics_log import MetricsLog
from twmr_nb.markup import shown
from twmr_nb.policies.saved import PolicyError, SavedPolicy, load_policy, read_arrays, write_arrays
from twmr_nb.types import Array, ConfigError, Mistake

RUN_STAMP = re.compile(r"_\d{8}_\d{6}(_\d+)?$")  # at the end of a run's folder, behind the name that was typed
PATIENCE = 0.5  # s to wait for a lock; whoever only looks holds it for a moment


class RunError(Mistake, RuntimeError):
    """Something a run cannot do now; the message says why and what to do."""


class RunFolder:
    """The files of one run. What they say is read when it is asked for, so that it is true for every process."""

    def __init__(self, path: Path) -> None:
        self.path, self.name = path, path.name
        self.metrics = MetricsLog(path / "metrics.csv")
        self.start, self.checkpoint, self.best, self.policy = (
            path / f"{name}.safetensors" for name in ("start", "checkpoint", "best", "policy")
        )
        self.checkpoint_before = path / "checkpoint.before"

    @property
    def saved_policy(self) -> SavedPolicy:
        """The newest policy; raises PolicyError where there is none yet."""
        if self.exists and not self.policy.exists():
            raise PolicyError(
                f"no policy at {str(self.path)!r} yet: let this run train until it has saved one, then ask again."
            )
        return load_policy(self.policy)

    @property
    def exists(self) -> bool:
        return (self.path / "config.json").exists()

    def refuse_lost(self) -> None:
        """Raise RunError if the folder is gone, so that no part of it comes back."""
        if not self.exists:
            raise RunError(
                f"the folder of {self.name} is gone, deleted or renamed ({self.path}): nothing more of it can be kept."
            )

    # config.json: which experiment it is

    @property
    def details(self) -> dict[str, Any]:
        """config, own_terms, command, identity, provenance; start: name and sha256 of the policy it begins from.

        Raises ConfigError where the file is damaged or holds something else.
        """
        path = self.path / "config.json"
        details = read_json(path)
        if wrong := next((name for name, fits in FITS.items() if not fits(details.get(name))), ""):
            raise ConfigError(f"{path} is damaged: its {wrong} is {shown(details.get(wrong))}.")
        return details

    def keep_details(self, details: dict[str, Any]) -> None:
        write_json(self.path / "config.json", details)

    # status.json: how it stands

    @property
    def status(self) -> dict[str, Any]:
        """state, and what ended it: error, failure, failed_term. {} before it was begun. To be left unchanged."""
        return remembered(read_json, self.path / "status.json")

    @property
    def state(self) -> str:
        """new, running, paused, stopped, finished, failed, interrupted (its process ended), or gone (the folder is)."""
        if not self.exists:
            return "gone"
        state = self.status.get("state", "new")
        return "interrupted" if state in ("running", "paused") and not self.is_locked() else state

    def keep_state(self, state: str, **details: Any) -> None:
        """Raises RunError where the folder is gone, OSError where it cannot be written to."""
        self.refuse_lost()
        write_json(self.path / "status.json", {"state": state, "pid": os.getpid(), "time": time.time()} | details)

    def keep_lost(self, robots: Iterable[dict[str, Any]]) -> None:
        """Robots whose physics diverged, the latest, as they were last seen: for whoever wants to know why."""
        write_json(self.path / "diverged.json", {"robots": list(robots)})

    # checkpoint.safetensors and the one before

    @property
    def begun(self) -> bool:
        """Whether something has been learned that is kept."""
        return self.checkpoint.exists() or self.checkpoint_before.exists()

    def keep_checkpoint(self, snapshot: dict[str, Array], update: int) -> None:
        details = {"update": update, "sum": checksum(snapshot)}
        write_arrays(self.checkpoint, snapshot, details, before=self.checkpoint_before)

    def read_checkpoint(self, path: Path) -> dict[str, Array]:
        """The snapshot in a checkpoint; raises PolicyError if the file is not there or not as it was written."""
        if not path.exists():
            raise PolicyError(f"{path} is not there.")
        arrays, details = read_arrays(path)
        if details.get("sum", "") not in ("", checksum(arrays)):  # earlier versions kept none
            raise PolicyError(f"{path} is damaged: its numbers are not those that were written.")
        return arrays

    # lock: one trainer per folder. The operating system takes it back when the process ends, however it ends.

    def lock(self) -> FileLock | None:
        """The lock, to be released at the end of training; None if another trainer has it."""
        lock = FileLock(self.path / "lock", thread_local=False, is_singleton=False)
        try:
            lock.acquire(timeout=PATIENCE, poll_interval=0.02)
        except Timeout:
            return None
        return lock

    def is_locked(self) -> bool:
        """Whether somebody trains in this folder now."""
        if not (self.path / "lock").exists():
            return False
        try:
            with FileLock(self.path / "lock", is_singleton=False).acquire(timeout=0.05, poll_interval=0.01):
                return False
        except Timeout:
            return True
        except OSError:  # a folder that we may only read: nobody of ours trains there
            return False


def are_terms(value: Any) -> bool:
    """Whether it tells of own reward terms as a run keeps them."""
    known = isinstance(value, list) and all(isinstance(term, dict) for term in value)
    return known and all(
        isinstance(term.get("name"), str)
        and isinstance(term.get("source"), str)
        and is_number(term.get("weight"), float)
        for term in value
    )


FITS: dict[str, Callable[[Any], bool]] = {  # what of a config.json is read to go on
    "own_terms": are_terms,
    "command": lambda value: isinstance(value, str),
    "start": lambda value: value is None or (isinstance(value, dict) and isinstance(value.get("sha256"), str)),
    "terms_before": lambda value: value is None or isinstance(value, list),
}


def checksum(arrays: dict[str, Array]) -> str:
    """Of names, kinds, shapes and numbers: another one as soon as a bit is."""
    found = hashlib.sha256()
    for name, array in sorted(arrays.items()):
        found.update(f"{name} {array.dtype} {array.shape} ".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def run_folders(root: str | Path) -> list[Path]:
    """The folders below root that hold a run, the newest first."""
    found = [(config, fingerprint(config)) for config in Path(root).glob("*/config.json")]
    there = [(version[-1], config.parent) for config, version in found if version]  # not one deleted meanwhile
    return [folder for _, folder in sorted(there, key=lambda each: each[0], reverse=True)]


def fresh_folder(root: Path, name: str) -> Path:
    """A new folder root/<name>_<timestamp>, with a number behind it if two start in one second; raises ConfigError on a
    bad name."""
    checked_name(name)
    base = root / f"{name}_{datetime.now():%Y%m%d_%H%M%S}"
    path, number = base, 1
    while True:
        try:
            path.mkdir(parents=True)  # made here, or two threads could be given the same
            return path
        except FileExistsError:
            number += 1
            path = base.with_name(f"{base.name}_{number}")
