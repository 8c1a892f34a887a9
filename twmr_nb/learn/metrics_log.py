"""The log of a training: metrics.csv, a line per update, kept in memory as a table of numbers.

A run's log is asked for every second while it grows, and three hundred of them for a list: only what is new is read.
"""

import csv
import os
import threading
from array import array
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, overload

import numpy as np

from twmr_nb.columns import csv_text
from twmr_nb.files import fingerprint, refuse_large, remembered, set_aside, write_bytes
from twmr_nb.types import Array, Record

BLOCK, TAIL = 1 << 20, 1 << 13  # bytes read at a time: of a whole file, of its end


class Records(Sequence[Record]):
    """Records as a table, a row each: reads like a list of dicts at a tenth of the memory. A slice copies nothing."""

    def __init__(self, names: Sequence[str], rows: Array) -> None:
        self._names, self._rows = names, rows

    @property
    def names(self) -> Sequence[str]:
        return self._names

    @property
    def rows(self) -> Array:
        """[updates, names]"""
        return self._rows

    def __len__(self) -> int:
        return len(self.rows)

    @overload
    def __getitem__(self, index: int) -> Record: ...
    @overload
    def __getitem__(self, index: slice) -> "Records": ...
    def __getitem__(self, index: int | slice) -> "Record | Records":
        if isinstance(index, slice):
            return Records(self.names, self.rows[index])
        return dict(zip(self.names, self.rows[index].tolist(), strict=True))

    def __repr__(self) -> str:
        return repr(list(self))

    def column(self, name: str) -> Array:
        """One quantity of all records, nan where there is none."""
        names, rows = self.names, self.rows
        return rows[:, names.index(name)].copy() if name in names else np.full(len(rows), np.nan)


class MetricsLog(Records):
    """The records in a metrics.csv. Opening it costs nothing: the last record is read from the file's end, all of them
    when they are first needed. `refresh` takes in what another process has added since.

    A last line cut short by a crash is left out, and so is a line that is of another width or no numbers.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._loaded = False
        self._forget()

    def _forget(self) -> None:
        """Nothing is read yet."""
        self._seen: tuple[int, ...] | None = None  # the file as it was when last read
        self._names: Sequence[str] = ()
        self._buffer, self._count = np.empty((0, 0)), 0  # rows beyond count are room to grow
        self._ends = array("q")  # where the line of each row ends, of those that are in the file
        self._end, self._last_line = 0, b""  # where the last whole line ends, and what it says

    @property
    def names(self) -> Sequence[str]:
        self._load()
        return self._names

    @property
    def rows(self) -> Array:
        self._load()
        return self._buffer[: self._count]

    def __bool__(self) -> bool:
        return self._count > 0 if self._loaded else remembered(last_record, self.path) is not None

    def __getitem__(self, index: Any) -> Any:
        if index == -1 and not self._loaded and (last := remembered(last_record, self.path)) is not None:
            return dict(last)
        return super().__getitem__(index)

    def refresh(self) -> None:
        """Take in what was added; a file that is another one now is read anew."""
        with self._lock:
            if self._loaded:
                self._read()

    def append(self, record: Record) -> None:
        """Add one update; raises OSError where it cannot be written, and writes it with the next one then."""
        with self._lock:
            self._load()
            if missing := [name for name in record if name not in self._names]:
                self._widen(missing)
            self._add([[float(record.get(name, np.nan)) for name in self._names]])
            self._write()

    def flush(self) -> None:
        """Bring to the disk all that was added; raises OSError where that cannot be."""
        with self._lock:
            if len(self._ends) < self._count:
                self._write()
            if self.path.exists():
                with self.path.open("ab") as file:
                    os.fsync(file.fileno())

    def cut(self, update: int) -> None:
        """Drop what comes after an update, to go on from there; a file that is no log is kept under another name."""
        with self._lock:
            self._load()
            self._read()
            if self._end and "update" not in self._names:
                set_aside(self.path)
                self._forget()
                return
            after = np.flatnonzero(self.column("update") > update)
            keep = int(after[0]) if len(after) else self._count
            del self._ends[keep:]
            self._end = self._ends[-1] if self._ends else 0
            if self.path.exists() and self.path.stat().st_size != self._end:
                os.truncate(self.path, self._end)
            self._buffer, self._count = self._buffer[:keep].copy(), keep  # a copy: who holds a slice keeps it
            self._last_line, self._seen = b"", fingerprint(self.path)
            if not keep:
                self._forget()

    def _load(self) -> None:
        if not self._loaded:
            with self._lock:
                self._read()
                self._loaded = True

    def _read(self) -> None:
        now = fingerprint(self.path)
        if now == self._seen:
            return
        if now is None or not self._continues(now):
            self._forget()
        if now is None:
            return
        refuse_large(self.path)
        with self.path.open("rb") as file:
            file.seek(self._end)
            rest = b""
            while block := file.read(BLOCK):
                *lines, rest = (rest + block).split(b"\n")
                self._take(lines)
        self._seen = now

    def _continues(self, now: tuple[int, ...]) -> bool:
        """Whether the file is the one read before, longer: the same file, with the same line where reading ended."""
        if self._seen is None or now[0] != self._seen[0] or now[1] < self._end:
            return False
        with self.path.open("rb", buffering=0) as file:
            file.seek(self._end - len(self._last_line))
            return file.read(len(self._last_line)) == self._last_line

    def _take(self, lines: Sequence[bytes]) -> None:
        """Whole lines, without their ends: the first of a file are the names."""
        rows = []
        for line in lines:
            self._end += len(line) + 1
            if not self._names:
                self._names = header(line)
                self._buffer = np.empty((0, len(self._names)))
            elif (row := numbers(line, len(self._names))) is not None:
                rows.append(row)
                self._ends.append(self._end)
        if lines:
            self._last_line = lines[-1] + b"\n"
        self._add(rows)

    def _add(self, rows: list[list[float]]) -> None:
        if not rows:
            return
        if self._count + len(rows) > len(self._buffer):
            room = np.empty((max(self._count + len(rows), 64, len(self._buffer) * 5 // 4), len(self._names)))
            room[: self._count] = self._buffer[: self._count]
            self._buffer = room
        self._buffer[self._count : self._count + len(rows)] = rows
        self._count += len(rows)

    def _write(self) -> None:
        """Add to the file what it lacks: the last row, and all that could not be written before."""
        size = self.path.stat().st_size if self.path.exists() else 0
        if size == 0:
            self._ends = array("q")
        text = [
            *([csv_text([self._names]).encode()] if size == 0 else []),
            *map(line_of, self.rows[len(self._ends) :].tolist()),
        ]
        try:
            with self.path.open("ab") as file:
                file.write(b"".join(text))
        except BaseException:
            with suppress(OSError):
                os.truncate(self.path, size)
            raise
        ends = size + np.cumsum([len(line) for line in text])
        self._ends.extend(ends[-(self._count - len(self._ends)) :].tolist())
        self._end, self._last_line, self._seen = int(ends[-1]), text[-1], fingerprint(self.path)

    def _widen(self, names: Sequence[str]) -> None:
        """Make room for quantities that the file does not know, as when a newer version goes on with an old run."""
        rows = np.hstack([self.rows, np.full((self._count, len(names)), np.nan)])
        names = (*self._names, *names)
        if self._end:
            write_bytes(self.path, b"".join([csv_text([names]).encode(), *map(line_of, rows.tolist())]))
            self._forget()
            self._read()
        else:
            self._names, self._buffer = tuple(names), rows


def header(line: bytes) -> tuple[str, ...]:
    try:
        return tuple(next(csv.reader([line.decode("utf-8-sig", errors="replace").strip()]), ()))
    except csv.Error:
        return ()


def line_of(row: Sequence[float]) -> bytes:
    """A line of the file: every number in full, whole ones without a point."""
    return (",".join(str(int(v)) if v.is_integer() and abs(v) < 1e15 else repr(v) for v in row) + "\n").encode()


def numbers(line: bytes, count: int) -> list[float] | None:
    """The numbers of a line, None if they are not so many."""
    values = line.split(b",")
    if len(values) != count:
        return None
    try:
        return list(map(float, values))
    except ValueError:
        return None


def last_record(path: Path) -> Record | None:
    """The last whole record of a metrics.csv, read from its end; None where there is none."""
    if fingerprint(path) is None:
        return None
    refuse_large(path)
    with path.open("rb") as file:
        names, begin, end = header(file.readline(BLOCK)), file.tell(), file.seek(0, os.SEEK_END)
        reach = TAIL
        while True:
            start = max(begin, end - reach)
            file.seek(start)
            *lines, _unfinished = file.read(end - start).split(b"\n")
            for line in reversed(lines if start == begin else lines[1:]):
                if (row := numbers(line, len(names))) is not None:
                    return dict(zip(names, row, strict=True))
            if start == begin:
                return None
            reach *= 4
