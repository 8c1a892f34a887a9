"""Output that may go nowhere: a closed stream, a reader that has left, a full disk. The work goes on without it."""

import io
import os
import sys
from typing import Any, TextIO


def open_streams() -> None:
    """Give a closed stdout or stderr a place to write to, and let no character be one that cannot be written."""
    for number, name in ((0, "stdin"), (1, "stdout"), (2, "stderr")):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest free number, lest a file of ours gets it
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+"))  # noqa: SIM115 (for as long as the process lives)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


class OutputLost(OSError):
    """What was printed cannot be written; `__cause__` is the system's own error."""


class Output:
    """A stream whose failures can be told from those of files."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        try:
            return self.stream.write(text)
        except OSError as error:
            raise OutputLost from error

    def flush(self) -> None:
        try:
            self.stream.flush()
        except OSError as error:
            raise OutputLost from error

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)


def say(text: str) -> None:
    """Print a line; if it cannot be written, nothing more is."""
    try:
        print(text, flush=True)
    except OSError:
        silence(sys.stdout)


def complain(text: str) -> None:
    """Print a line to stderr, if that can be written."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Let a stream that cannot be written lead nowhere from now on, with all that it still holds."""
    try:
        number = stream.fileno()
    except OSError:  # none of the system's, as under a test
        return
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, number)
    os.close(nowhere)
