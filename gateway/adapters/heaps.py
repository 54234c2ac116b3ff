"""Keeps the C library from holding memory that nobody uses: some 13 MiB of a front, for no gain in speed.

glibc gives threads heaps of their own, up to eight a processor, and what one thread has freed is not there for the
next; threads of a gateway wait for disks and databases more than they allocate. And it takes the first large piece that
is freed for a sign that all such pieces are to be kept.
"""

import ctypes

HEAPS = 2
LARGE = 512 * 1024
"""Octets from which on a piece goes back to the system as soon as it is free: above what connections and documents are
read in, since each such piece costs calls of the system (a third of the speed with 128 KiB)."""
_M_MMAP_THRESHOLD, _M_ARENA_MAX = -3, -8  # malloc.h of glibc


def share_heaps() -> bool:
    """To be called before threads begin; False where the C library knows no such choices."""
    choose = getattr(ctypes.CDLL(None), "mallopt", None)
    return choose is not None and choose(_M_ARENA_MAX, HEAPS) == 1 and choose(_M_MMAP_THRESHOLD, LARGE) == 1
