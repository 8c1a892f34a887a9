"""A class on one machine: many kernels execute a lesson at once; how much memory and time that takes.

`python tools/load_test.py NOTEBOOK [--kernels 6]`, with `TWMR_THREADS=1` and whatever else a shared server sets. A
shared page, as of a library, counts once for all (Linux's "proportional set size").
"""

import argparse
import os
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
import psutil

sys.path.insert(0, str(Path(__file__).parent))
from run_notebook import run_notebook  # a neighbour, however this file is run

EVERY, LONGEST = 1.0, 3600  # s between two looks at the memory; that a cell may take


def learn(notebook: Path, runs: Path) -> float:
    """Execute a lesson as one student, with runs of their own; seconds from the kernel's start to its end."""
    begin = time.monotonic()
    book = nbformat.read(notebook, as_version=4)
    run_notebook(book, notebook.parent, LONGEST, TWMR_REVEAL="1", TWMR_RUNS=str(runs))
    return time.monotonic() - begin


def memory_of(process: psutil.Process) -> float:
    """MB (10^6 bytes) of a process and of what it has started, shared pages by their share; 0 where it has ended."""
    try:
        return sum(each.memory_full_info().pss for each in [process, *process.children(recursive=True)]) / 1e6
    except psutil.Error:
        return 0.0


def watch(over: threading.Event, peaks: dict[int, float]) -> None:
    """Keep the highest memory of each kernel, and of all at the same moment under 0, until it is over."""
    while not over.wait(EVERY):
        now = {each.pid: memory_of(each) for each in psutil.Process().children()}
        for pid, used in {**now, 0: sum(now.values())}.items():
            peaks[pid] = max(used, peaks.get(pid, 0.0))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook", type=Path)
    parser.add_argument("--kernels", type=int, default=6)
    given = parser.parse_args()
    over, peaks = threading.Event(), dict[int, float]()
    threading.Thread(target=watch, args=(over, peaks), daemon=True).start()
    busy = psutil.cpu_times()
    with tempfile.TemporaryDirectory() as folder, ThreadPoolExecutor(given.kernels) as pool:
        rooms = [Path(folder, str(i)) for i in range(given.kernels)]
        seconds = sorted(pool.map(learn, [given.notebook] * given.kernels, rooms))
    over.set()
    ours, all_ = sum(os.times()[:4]), psutil.cpu_times()
    all_s = (all_.user - busy.user) + (all_.nice - busy.nice) + (all_.system - busy.system)
    together = peaks.pop(0)
    print(f"{given.notebook.stem}, {given.kernels} kernels on {os.cpu_count()} cores:")
    print(f"  all at once at most {together / 1000:.1f} GB, one at most {max(peaks.values()) / 1000:.2f} GB")
    each = ours / given.kernels / 60
    print(f"  {seconds[0] / 60:.1f} to {seconds[-1] / 60:.1f} min, {each:.2f} min of processor time each")
    print(f"  other programs kept {max(all_s - ours, 0) / seconds[-1]:.1f} cores busy meanwhile")


if __name__ == "__main__":
    sys.exit(main())
