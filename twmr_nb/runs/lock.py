"""One trainer per run folder: a lock that the operating system takes back when the process ends, however it ends."""

from pathlib import Path

from filelock import FileLock, Timeout

NAME = "lock"
PATIENCE = 0.5  # s; whoever only looks holds the lock for a moment


def take(folder: Path) -> FileLock | None:
    """The lock of a run's folder, to be released at the end of training; None if another trainer has it."""
    lock = FileLock(folder / NAME, thread_local=False, is_singleton=False)
    try:
        lock.acquire(timeout=PATIENCE, poll_interval=0.02)
    except Timeout:
        return None
    return lock


def is_taken(folder: Path) -> bool:
    """Whether somebody trains in this folder now."""
    if not (folder / NAME).exists():
        return False
    lock = FileLock(folder / NAME, is_singleton=False)
    try:
        lock.acquire(timeout=0.05, poll_interval=0.01)
    except Timeout:
        return True
    except OSError:  # a folder that we may only read: nobody of ours trains there
        return False
    lock.release()
    return False
