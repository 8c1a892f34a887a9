"""The one way to write a file, whole or not at all, and whether it can be written, which is known before the work.

And: writers that take turns, damaged files, reading once.
"""

import errno
import json
import os
import re
import secrets
import stat
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock, Timeout

from twmr_nb.markup import one_line, shown
from twmr_nb.types import ConfigError

PATIENCE = 60.0  # s that a writer waits for its turn
LET_GO = 10.0  # s that somebody may have a file open before it counts as in use
IN_USE = (5, 32)  # what Windows answers where it is: access denied, sharing violation
MOST_BYTES = 1 << 30  # of a file: a checkpoint of the largest network, with its optimiser, is smaller
ANYONE = 0o666  # less what the user's umask takes away
UNFINISHED = ".unfinished"
# what every system takes as a file's name, and no page or terminal stumbles over; Windows keeps some for its devices
NAME = re.compile(r"(?!(?i:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))\w(?:[\w.-]{0,58}[\w-])?")
ADVICE = {
    errno.ENOSPC: "make room on the disk, or write elsewhere",
    errno.EDQUOT: "make room on the disk, or write elsewhere",
    errno.EACCES: "choose a folder that you may write to",
    errno.EPERM: "choose a folder that you may write to",
    errno.EROFS: "choose a folder that you may write to",
    errno.ENOTDIR: "a file is in the way: choose another folder",
    errno.EEXIST: "a file is in the way: choose another name",
    errno.EISDIR: "that is a folder: name a file in it",
    errno.ENOENT: "choose a folder that is there",
    errno.ENAMETOOLONG: "choose a shorter name",
}
T = TypeVar("T")


def write_bytes(path: str | Path, data: bytes, make_folder: bool = False, before: Path | None = None) -> Path:
    """Fill a file beside `path`, which then takes its place in one step; returns the path.

    Whatever goes wrong (a full disk, an interrupt), the old file stays as it was and nothing else is left behind.
    make_folder: make the folder where there is none. before: where the old file is kept,
    beside it. A link is followed; into what is no file (/dev/stdout) it writes.
    """
    path = as_path(path)
    target = Path(os.path.realpath(path))
    if make_folder:
        target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_dir():
        raise IsADirectoryError(f"{path} cannot be written: it is a folder; name a file in it.")
    if target.exists() and not target.is_file():
        target.write_bytes(data)
        return path
    if not target.parent.is_dir():
        raise FileNotFoundError(f"{path} cannot be written: there is no folder {str(target.parent)!r}.")
    unfinished = target.with_name(f".{secrets.token_hex(8)}{UNFINISHED}")  # short, however long the file's own name is
    try:
        with open(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, ANYONE), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if before and target.exists():
            once_closed(lambda: os.replace(target, before), target)
        once_closed(lambda: os.replace(unfinished, target), target)
        flush_folder(target.parent)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    return path


def once_closed(change: Callable[[], object], path: Path) -> None:
    """Replace, rename or remove a file: Windows refuses that while somebody has it open, so it is tried for a while.

    Raises PermissionError with a sentence where that lasts. Other systems do it at once.
    """
    end = time.monotonic() + LET_GO
    while True:
        try:
            change()
            return
        except PermissionError as error:
            if getattr(error, "winerror", None) not in IN_USE:
                raise
            if time.monotonic() > end:
                raise PermissionError(
                    f"{path.name} cannot be changed: another program has it open; close it there, then try again."
                ) from error
        time.sleep(0.02)


def clear_unfinished(folder: Path) -> None:
    """Remove what writers left behind that were killed on the way; whoever writes now is not that slow."""
    for left in folder.glob(f".*{UNFINISHED}"):
        with suppress(OSError):
            if time.time() - left.stat().st_mtime > PATIENCE:
                left.unlink()


def flush_folder(path: Path) -> None:
    """Bring to the disk which files a folder holds, so that a loss of power takes no new name back."""
    with suppress(OSError):  # some systems open no folder
        folder = os.open(path, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_text(path: str | Path, text: str, make_folder: bool = False) -> Path:
    return write_bytes(path, text.encode(), make_folder)


def write_json(path: str | Path, data: Any) -> Path:
    return write_text(path, json.dumps(data, indent=1))


def copy_whole(source: str | Path, path: str | Path) -> Path:
    return write_bytes(path, Path(source).read_bytes())


def checked_name(name: str, what: str = "name") -> str:
    """The name, if a run's folder or a policy's file can have it; raises ConfigError."""
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        raise ConfigError(
            f"{what} = {shown(name)} is not allowed: use up to 60 letters, digits, '_', '-' and '.', but no '.' first "
            "or last, and no name that Windows keeps for a device, such as 'con'."
        )
    return name


def ready_file(path: str | Path, *suffixes: str) -> Path:
    """The path, its folder made, if a file can be written there; raises ConfigError. suffixes: those allowed."""
    path = Path(os.path.expanduser(as_path(path)))
    if suffixes and path.suffix.lower() not in suffixes:
        raise ConfigError(f"{str(path)!r} cannot be written: give a name that ends in {' or '.join(suffixes)}.")
    try:
        mode = path.stat().st_mode if path.exists() else None
        if mode is not None and stat.S_ISDIR(mode):
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        if mode is None or stat.S_ISREG(mode):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, trial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            os.close(handle)
            os.unlink(trial)
        if mode is not None and not os.access(path, os.W_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte
        raise ConfigError(f"{str(path)!r} cannot be written: {why(error)}.") from None
    return path


def as_path(path: Any) -> Path:
    """The path; raises ConfigError where there is none."""
    if not isinstance(path, str | os.PathLike):
        raise ConfigError(f"{shown(path)} is no path: give a file's name.")
    return Path(path)


def why(error: OSError | ValueError) -> str:
    """What the system said, and what to do about it."""
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    said = (error.strerror or str(error)).lower()
    return f"{said}; {ADVICE[error.errno]}" if error.errno in ADVICE else said


def read_json(path: str | Path) -> dict[str, Any]:
    """What a JSON file holds, {} where there is none; raises ConfigError if it is damaged or holds something else."""
    try:
        refuse_large(path)
        data = json.loads(Path(path).read_bytes())
    except FileNotFoundError:
        return {}
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is damaged: it is not JSON ({one_line(error)}).") from error
    if not isinstance(data, dict):
        raise ConfigError(f"{path} is damaged: it holds a {type(data).__name__} where named values belong.")
    return data


def refuse_large(path: str | Path) -> None:
    """Raise ConfigError, before any memory is taken, on a file larger than any of ours."""
    if os.stat(path).st_size > MOST_BYTES:
        raise ConfigError(f"{path} is larger than {MOST_BYTES >> 20} MiB, as no file of this project is.")


@contextmanager
def locked(path: str | Path, patience: float = PATIENCE) -> Iterator[None]:
    """For who reads a file, changes it and writes it back: one at a time, among all threads and processes."""
    path = Path(path)
    turn = FileLock(path.with_name(f".{path.name}.lock"), timeout=patience, mode=ANYONE)
    try:
        turn.acquire()
    except Timeout:
        raise TimeoutError(f"{path} is being written by another process: try again in a minute.") from None
    try:
        yield
    finally:
        turn.release()


def set_aside(path: str | Path) -> Path:
    """Give a damaged file another name beside its own, so that nothing overwrites it; returns the new name."""
    path, number = Path(path), 1
    while (aside := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    once_closed(lambda: path.rename(aside), path)
    return aside


def fingerprint(path: str | Path) -> tuple[int, ...] | None:
    """What is another one as soon as the file is: which file, its size, its time. None where there is none."""
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def remembered(read: Callable[[Path], T], path: Path) -> T:
    """read(path), at the price of a look at the file while it is the one read before. Leave the answer unchanged."""
    return _read_once(read, path, fingerprint(path))


@lru_cache(maxsize=1 << 14)
def _read_once(read: Callable[[Path], Any], path: Path, version: tuple[int, ...] | None) -> Any:
    return read(path)
