"""Long computations beside the page: watched, cancelled within a second, and ended when nobody watches any more.

They take turns: each of them keeps every core busy and needs up to 2 GB, so two at once would both take twice as long,
and ten would end the server.
"""

import threading
import time
from collections.abc import Callable
from typing import Any

Progress = Callable[[int, int], None]
PATIENCE_S = 180.0  # a tab in the background asks once a minute; who has not asked for so long has left
POLL_S = 0.1
_TURN = threading.Lock()


class Cancelled(Exception):
    """Raised inside a job's work when nobody wants it any more."""


class Job:
    """Work in a thread of its own, as soon as it is its turn.

    Parameters
    ----------
    work : callable
        ``work(progress)``, which calls ``progress(done, total)`` every now and then and lets its exceptions through

    Attributes
    ----------
    done, total : int
        how far it is; ``total`` is 0 before the first report
    result : object
        what the work returned; None before it has ended
    error : Exception or None
        what ended the work, when it failed
    """

    def __init__(self, work: Callable[[Progress], Any]):
        self.done = self.total = 0
        self.result: Any = None
        self.error: Exception | None = None
        self._started: float | None = None
        self._watched = time.monotonic()
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[Progress], Any]) -> None:
        try:
            while not _TURN.acquire(timeout=POLL_S):
                self._check()
            try:
                self._check()
                self._started = time.monotonic()
                self.result = work(self._report)
            finally:
                _TURN.release()
        except Cancelled:
            pass
        except Exception as error:  # it belongs to the page's thread, which raises it
            self.error = error

    def _check(self) -> None:
        if self._cancelled.is_set() or time.monotonic() - self._watched > PATIENCE_S:
            raise Cancelled

    def _report(self, done: int, total: int) -> None:
        self._check()
        self.done, self.total = done, total

    def watch(self) -> bool:
        """Say that somebody still waits for it; True while it waits for its turn or runs."""
        self._watched = time.monotonic()
        return self._thread.is_alive()

    def cancel(self) -> None:
        """Ask the work to end; it does at its next report."""
        self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to end."""
        return self._cancelled.is_set()

    @property
    def waiting(self) -> bool:
        """Whether others are before it."""
        return self._started is None

    def seconds_left(self) -> float | None:
        """The time that is left if it goes on as before; None before the first report."""
        if self.waiting or not self.done:
            return None
        return (time.monotonic() - self._started) * (self.total - self.done) / self.done
