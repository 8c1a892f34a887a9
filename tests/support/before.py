"""The run of tests/data/before_rooms, in a folder that a test may change."""

import shutil
import sys
from pathlib import Path

from climb import DATA

from twmr_nb.files import read_json, write_json
from twmr_nb.runs.identity import describe_term
from twmr_nb.task.rewards import RewardTerm


def run_of_before(path: Path, term: RewardTerm) -> Path:
    """A copy of it. What its term does was kept by Python 3.11; another Python's digest takes the place there."""
    folder = shutil.copytree(DATA / "before_rooms" / "run", path)
    if sys.version_info[:2] != (3, 11):
        details = read_json(folder / "config.json")
        write_json(folder / "config.json", details | {"own_terms": [describe_term(term)]})
    return folder
