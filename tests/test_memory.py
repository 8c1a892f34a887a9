"""What was freed goes back to the system."""

import ctypes
import os
import platform

import psutil
import pytest

from twmr_nb.memory import give_back

SIZE, COUNT = 20_000, 5_000  # bytes, pieces: 100 MB that no piece is large enough to have pages of its own


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other C libraries keep nothing")
def test_what_lies_below_a_piece_in_use_is_given_back():
    """The C library shrinks its heap from the end alone: a piece in use there keeps all that is below it."""
    libc = ctypes.CDLL(None)
    libc.malloc.restype, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_void_p]
    pieces = [libc.malloc(SIZE) for _ in range(COUNT)]
    for piece in pieces:
        ctypes.memset(piece, 1, SIZE)
    *freed, used = pieces
    for piece in freed:
        libc.free(piece)
    kept = psutil.Process(os.getpid()).memory_info().rss
    give_back()
    assert kept - psutil.Process(os.getpid()).memory_info().rss > SIZE * COUNT / 2
    libc.free(used)


def test_elsewhere_nothing_happens(monkeypatch):
    monkeypatch.setattr("sys.platform", "win32")
    monkeypatch.setattr(ctypes, "CDLL", lambda name: pytest.fail("Windows has no library without a name"))
    give_back()
