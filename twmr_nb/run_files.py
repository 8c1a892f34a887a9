"""The files of a run's folder: JSON written whole or not at all, metrics as CSV, who is alive."""

import csv
import json
import os
import threading
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil

from twmr_nb.storage import Record
from twmr_nb.targets import checked_name


def is_alive(status: dict[str, Any]) -> bool:
    """Whether the very process that wrote this status still runs (a pid alone may have been given to another)."""
    try:
        return psutil.Process(status["pid"]).create_time() == status["process_started"]
    except (psutil.Error, KeyError):
        return False


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text()) if path.exists() else {}


def write_json(path: Path, data: dict[str, Any]) -> None:
    """Whole or not at all."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    unfinished.write_text(json.dumps(data, indent=1))
    os.replace(unfinished, path)


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
    """root/<name>_<timestamp>, with a number behind it if two start in one second; raises ConfigError on a bad name."""
    checked_name(name)
    base = root / f"{name}_{datetime.now():%Y%m%d_%H%M%S}"
    path, number = base, 1
    while path.exists():
        number += 1
        path = base.with_name(f"{base.name}_{number}")
    return path
