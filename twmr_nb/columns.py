"""Columns of numbers by name, as people take them elsewhere: a frame of pandas, a .csv file."""

import csv
import importlib
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from twmr_nb.files import ready_file, write_text
from twmr_nb.types import Array

Columns = Mapping[str, Array]
LARGEST = 1e15  # beyond, a number has more digits than it means


def frame(columns: Columns) -> Any:
    """A pandas.DataFrame where pandas is installed, else a dict of arrays."""
    try:
        pandas = importlib.import_module("pandas")
    except ImportError:
        return dict(columns)
    return pandas.DataFrame(dict(columns))


def write_csv(path: str | Path, columns: Columns) -> Path:
    """A header and a line for each row, numbers in full; raises ConfigError where it cannot be written."""
    path = ready_file(path, ".csv")
    rows = zip(*(map(plain, values.tolist()) for values in columns.values()), strict=True)
    return write_text(path, csv_text([tuple(columns), *rows]))


def csv_text(rows: Iterable[Sequence[Any]]) -> str:
    """Lines of values between commas."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()


def plain(value: Any) -> Any:
    """A number without what says nothing: 1 for True and for 1.0."""
    return int(value) if float(value).is_integer() and abs(value) < LARGEST else value
