"""What a training holds of memory, threads, open files and temporary files, while the recommended preset trains.

`TWMR_MINUTES=60 pytest -s -m slow tests/faults/test_an_hour.py` watches for longer than 7 minutes.
"""

import os
import statistics
import tempfile
import time

import psutil
import pytest

from twmr_nb.runs.run import LIVE, train

MINUTES = float(os.environ.get("TWMR_MINUTES", "7"))
SETTLED = min(5 * 60, 30 * MINUTES)  # s after which it should stand still
NAMES = ("MiB of memory", "threads", "open files", "temporary files", "files of the run")


@pytest.mark.slow
def test_a_training_holds_what_it_held(tmp_path, monkeypatch):
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    run = train("recommended", run_dir=tmp_path / "run", total_timesteps=10**9)
    this, begin, samples = psutil.Process(), time.monotonic(), []
    while time.monotonic() - begin < 60 * MINUTES:
        run.join(timeout=15)  # an error of the training is the test's
        sample = (this.memory_info().rss / 2**20, this.num_threads(), this.num_fds(), len(os.listdir(temporary)))
        samples.append((time.monotonic() - begin, *sample, len(os.listdir(run.path)), len(run.records)))
    run.stop()
    run.join()
    LIVE.clear()
    settled = [sample for sample in samples if sample[0] >= SETTLED]
    first, last = ([statistics.median(s[i] for s in part) for i in range(1, 6)] for part in (settled[:4], settled[-4:]))
    told = [f"{a:.0f} → {b:.0f} {name}" for name, a, b in zip(NAMES, first, last, strict=True)]
    print(f"\n{MINUTES:.0f} minutes, {settled[-1][6]} updates: {', '.join(told)}")
    assert last[0] < 1.05 * first[0]
    assert last[1:] == first[1:]
