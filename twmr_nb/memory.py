"""Memory that was used once, for compiling or drawing, is the system's again, and not kept for a next time."""

import ctypes
import sys
from contextlib import suppress


def give_back() -> None:
    """Have the C library return to the system what was freed: glibc keeps a part for every thread that asked for any.

    Some hundred MB after a few trainings; takes 10 to 30 ms. On other systems, which do it by themselves, nothing.
    """
    if sys.platform == "linux":
        with suppress(AttributeError):  # musl has no such function, and keeps less
            ctypes.CDLL(None).malloc_trim(0)
