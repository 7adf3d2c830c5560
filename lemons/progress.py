"""How far a long computation is, reported to its caller while it runs."""

from collections.abc import Callable

__all__ = ["Progress"]

# The expected signature of this callable is:
#
#     progress(done: int, total: int) -> None
#
# It is called after each step with 0 <= done <= total, in units that the computation names (tracks, masks, samples,
# multiply-adds), and for the last time with done == total. What it raises ends the computation and reaches the caller:
# that is how a computation is cancelled.
Progress = Callable[[int, int], None]
