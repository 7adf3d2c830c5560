"""Memory that is kept from one training step to the next.

Every step allocates the same large blocks. glibc takes blocks of more than 32 MB from the system each time and gives
them back each time, and the system fills every page with zeros before the training may write to it: for a float32 step
of 20 snippets some 60,000 pages, a tenth to a third of its time. Blocks that the process keeps are available at once;
the numbers computed are the same.
"""

import ctypes
import platform
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["kept_memory"]

# of glibc's malloc.h; see mallopt(3)
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_MMAP_MAX = -1, -3, -4
MB = 2**20  # bytes
# the values that glibc itself reaches once large blocks are freed; set explicitly, since mallopt ends its adaptation
USUAL = {M_MMAP_MAX: 65536, M_MMAP_THRESHOLD: 32 * MB, M_TRIM_THRESHOLD: 64 * MB}
KEEPING = {M_MMAP_MAX: 0, M_TRIM_THRESHOLD: 2**31 - 1}


@contextmanager
def kept_memory() -> Iterator[None]:
    """Let the process keep freed memory until the end of the ``with``, and then return it to the system.

    Where the C library is not glibc (macOS, Windows, Alpine), this has no effect.
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
