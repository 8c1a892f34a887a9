"""The memory of a class: every kernel's, and all at the same moment."""

import subprocess
import sys
import threading

import psutil

from tools import load_test as tool

HOLDS = "held = b'1' * 50_000_000; print('held', flush=True); input()"


def test_the_peaks_are_of_each_kernel_and_of_all_at_once(monkeypatch):
    monkeypatch.setattr(tool, "EVERY", 0.05)
    over, peaks = threading.Event(), {}
    kernels = [subprocess.Popen([sys.executable, "-c", HOLDS], stdin=-1, stdout=-1, text=True) for _ in range(2)]
    try:
        for kernel in kernels:
            assert kernel.stdout.readline() == "held\n"
        watching = threading.Thread(target=tool.watch, args=(over, peaks))
        watching.start()
        while not {0, *(kernel.pid for kernel in kernels)} <= peaks.keys():
            assert watching.is_alive()
            over.wait(0.01)
        over.set()
        watching.join()
    finally:
        for kernel in kernels:
            kernel.communicate("\n")
    assert all(50 < peaks[kernel.pid] < 200 for kernel in kernels)
    assert peaks[0] > 100


def test_a_kernel_that_has_ended_holds_nothing():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    process = psutil.Process(ended.pid)
    ended.wait()
    assert tool.memory_of(process) == 0
