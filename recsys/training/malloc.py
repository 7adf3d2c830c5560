"""Memory that a training keeps from step to step.

A step asks for large pieces, and the next step for the same pieces again. glibc takes pieces of more than 32 MB from
the system each time and gives them back each time, and the system fills every page with zeros before the training may
write to it: of a float32 step of 20 snippets some 60,000 pages, a tenth to a third of its time. Kept, they are there
at once, and the numbers are the same.
"""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

# of glibc's malloc.h; see mallopt(3)
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4
MB = 2**20  # bytes
# where glibc itself arrives as soon as large pieces come and go; set by hand, since it adapts no more once it was told
USUAL = {M_MMAP_MAX: 65536, M_MMAP_THRESHOLD: 32 * MB, M_TRIM_THRESHOLD: 64 * MB}
KEEPING = {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: 2**31 - 1}


@contextmanager
def kept_memory() -> Iterator[None]:
    """Let the process keep the memory that it has used, until the end of the ``with``; then it is given back.

    Where the C library is not glibc (macOS, Windows, Alpine), nothing is done.
    """
    if platform.libc_ver()[0] != "glibc":
        yield
        return
    libc = ctypes.CDLL(None)
    for option, value in KEEPING.items():
        libc.mallopt(option, value)
    try:
        yield
    finally:
        for option, value in USUAL.items():
            libc.mallopt(option, value)
        libc.malloc_trim(0)
