"""Short trainings on a disk of a few pages, one page more each time, until one fits: python small_disk.py FOLDER.

The disk is a file system of memory, which `unshare --map-root-user --mount` before the command lets anybody mount.
"""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

from trainings import CONFIG, assert_same, go_on_here, left_by

from twmr_nb.runs import training
from twmr_nb.runs.run import new_run

PAGE = 4096  # bytes; no disk of memory is finer
FEWEST = 2  # pages, the second of which the folder's first file takes


def main(folder: Path) -> None:
    training.CHECKPOINT_SECONDS = 0.0
    new_run(CONFIG, run_dir=folder / "whole").train()
    whole, states = left_by(folder / "whole"), []
    disk = folder / "disk"
    disk.mkdir()
    while states[-1:] != ["finished"]:
        mount(disk, f"size={(FEWEST + len(states)) * PAGE}", "tmpfs")
        states.append(filled_up(disk, whole))
        subprocess.run(["umount", disk], check=True)
    full = len(states) - 1
    sizes = f"{FEWEST * PAGE >> 10} to {(FEWEST + full - 1) * PAGE >> 10} KiB"
    print(
        f"a disk of {sizes}, too small in {full} ways: every run kept its last checkpoint and went on to the same end"
    )


def mount(disk: Path, *options: str) -> None:
    how, *what = options
    subprocess.run(["mount", "-t", "tmpfs", "-o", how, *what, disk], check=True)


def filled_up(disk: Path, whole) -> str:
    """How a training ends on this disk; with room again, it ends as the whole one."""
    path = disk / "run"
    run = new_run(CONFIG, run_dir=path)
    with suppress(OSError):
        run.train()
    ended, said = run.state, run.failure
    assert ended == "finished" or "no space left" in said, (ended, said)
    mount(disk, "remount,size=64m")
    go_on_here(path, ended)
    assert_same(left_by(path), whole)
    return ended


if __name__ == "__main__":
    main(Path(sys.argv[1]))
