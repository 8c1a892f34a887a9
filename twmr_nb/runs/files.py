"""The files of a run's folder: which folders hold one, and their logs."""

from datetime import datetime
from pathlib import Path

from twmr_nb.files import checked_name, fingerprint, read_json, write_json
from twmr_nb.learn.metrics_log import MetricsLog, Records

__all__ = ["fresh_folder", "read_json", "read_metrics", "run_folders", "write_json"]


def read_metrics(path: Path) -> Records:
    """The records of metrics.csv as they are now; a last line cut short by a crash is left out."""
    return MetricsLog(path)[:]


def run_folders(root: str | Path) -> list[Path]:
    """The folders below root that hold a run, the newest first."""
    found = [(config, fingerprint(config)) for config in Path(root).glob("*/config.json")]
    there = [(version[-1], config.parent) for config, version in found if version]  # not one deleted meanwhile
    return [folder for _, folder in sorted(there, key=lambda each: each[0], reverse=True)]


def fresh_folder(root: Path, name: str) -> Path:
    """root/<name>_<timestamp>, with a number behind it if two start in one second; raises ConfigError on a bad name."""
    checked_name(name)
    base = root / f"{name}_{datetime.now():%Y%m%d_%H%M%S}"
    path, number = base, 1
    while path.exists():
        number += 1
        path = base.with_name(f"{base.name}_{number}")
    return path
