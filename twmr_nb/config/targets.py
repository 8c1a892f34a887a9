"""Files that are to be written: whether that can be is known before the work, not after it."""

import errno
import os
import re
import stat
import tempfile
from pathlib import Path

from twmr_nb.config.fields import ConfigError, shown

NAME = re.compile(r"\w[\w.-]{0,59}")  # what every system takes as a file's name, and no page or terminal stumbles over
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


def checked_name(name: str) -> str:
    """The name, if a run's folder or a policy's file can have it; raises ConfigError."""
    if not (isinstance(name, str) and NAME.fullmatch(name)):
        raise ConfigError(
            f"name = {shown(name)} is not allowed: use up to 60 letters, digits, '_', '-' and '.', but no '.' first."
        )
    return name


def ready_file(path: str | Path, *suffixes: str) -> Path:
    """The path, its folder made, if a file can be written there; raises ConfigError. suffixes: those allowed."""
    path = Path(os.path.expanduser(path))
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


def why(error: OSError | ValueError) -> str:
    """What the system said, and what to do about it."""
    if not isinstance(error, OSError) or error.errno is None:
        return str(error)
    said = (error.strerror or str(error)).lower()
    return f"{said}; {ADVICE[error.errno]}" if error.errno in ADVICE else said
