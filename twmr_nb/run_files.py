"""The files of a run's folder: which folders hold one, what was read of them before, who is alive."""

import csv
import os
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from twmr_nb.files import read_json, write_json
from twmr_nb.storage import Record

__all__ = ["is_alive", "read_json", "write_json"]


def is_alive(status: dict[str, Any]) -> bool:
    """Whether the very process that wrote this status still runs (a pid alone may have been given to another)."""
    try:
        return psutil.Process(status["pid"]).create_time() == status["process_started"]
    except (psutil.Error, KeyError):
        return False


def read_metrics(path: Path) -> list[Record]:
    """The records of metrics.csv; a last line cut short by a crash is left out."""
    if not path.exists():
        return []
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [
        {k: float(v) for k, v in row.items()} for row in rows if None not in row.values() and "" not in row.values()
    ]


def write_metrics(path: Path, records: list[Record]) -> None:
    unfinished = path.with_name(f".{path.name}")
    with unfinished.open("w", newline="") as file:
        if records:
            writer = csv.DictWriter(file, records[0].keys())
            writer.writeheader()
            writer.writerows(records)
    os.replace(unfinished, path)


def append_metrics(path: Path, record: Record) -> None:
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, record.keys())
        if file.tell() == 0:
            writer.writeheader()
        writer.writerow(record)


def run_folders(root: str | Path) -> list[Path]:
    """The folders below root that hold a run, the newest first."""
    found = sorted(Path(root).glob("*/config.json"), key=lambda p: p.stat().st_mtime, reverse=True)
    return [path.parent for path in found]


def fresh_folder(root: Path, name: str) -> Path:
    """root/<name>_<timestamp>, with a number behind it if two start in one second."""
    base = root / f"{name}_{datetime.now():%Y%m%d_%H%M%S}"
    path, number = base, 1
    while path.exists():
        number += 1
        path = base.with_name(f"{base.name}_{number}")
    return path
