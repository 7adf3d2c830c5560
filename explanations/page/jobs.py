"""Background jobs of the page: shared by visitors, one at a time, cancelled within a second or when no visitor waits.

Each job keeps every core busy and needs up to 2 GB, so two at once would both take twice as long, and ten would exhaust
the server's memory. A long one lets others run in between.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any

from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lemons.progress import Progress

__all__ = ["Cancelled", "Job", "Queue", "begin_job", "duration", "find_job"]

GRACE_S = 10.0  # for a page that is reloaded, or a network that fails for a moment
SLICE_S = 20.0  # after so long others may have a turn; longer than an exact explanation of 30 s takes
POLL_S = 0.1


class Cancelled(Exception):
    """Raised inside a job's work when no visitor waits for it."""


class Queue:
    """FIFO queue: one job runs at a time."""

    def __init__(self):
        self._jobs: deque[Job] = deque()
        self._moved = threading.Condition()

    def wait(self, job: "Job", check: Callable[[], None]) -> None:
        """Append a job and wait until it is first; ``check`` is called while it waits and may raise."""
        with self._moved:
            self._jobs.append(job)
            while self._jobs[0] is not job:
                self._moved.wait(POLL_S)
                check()

    def leave(self, job: "Job") -> None:
        """Remove a job, so that the next one runs."""
        with self._moved:
            if job in self._jobs:
                self._jobs.remove(job)
                self._moved.notify_all()

    def before(self, job: "Job") -> int:
        """Number of jobs before this one."""
        with self._moved:
            return self._jobs.index(job) if job in self._jobs else 0

    def __len__(self) -> int:
        return len(self._jobs)


QUEUE = Queue()
_jobs: dict[Hashable, "Job"] = {}
_lock = threading.Lock()


class Job:
    """Work in a thread of its own, when it is first in the queue.

    Parameters
    ----------
    work : callable
        ``work(progress)``, which calls ``progress(done, total)`` every now and then and does not catch its exceptions

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
        self._visitors = {_visitor(): time.monotonic()}  # when each was last seen
        self._worked = 0.0  # seconds
        self._turn: float | None = None  # when the present turn began
        self._cancelled = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(work,), daemon=True)
        self._thread.start()

    def _run(self, work: Callable[[Progress], Any]) -> None:
        try:
            self._begin_turn()
            self.result = work(self._report)
        except Cancelled:
            pass
        except Exception as error:  # it belongs to the page's thread, which raises it
            self.error = error
        finally:
            QUEUE.leave(self)

    def _begin_turn(self) -> None:
        QUEUE.wait(self, self._check)
        self._check()
        self._turn = time.monotonic()

    def _check(self) -> None:
        now = time.monotonic()
        for visitor, seen in list(self._visitors.items()):
            if _is_here(visitor):
                self._visitors[visitor] = now
            elif now - seen > GRACE_S:
                self._visitors.pop(visitor, None)
        if self._cancelled.is_set() or not self._visitors:
            self._cancelled.set()
            raise Cancelled

    def _report(self, done: int, total: int) -> None:
        self._check()
        self.done, self.total = done, total
        if self._turn_s() > SLICE_S and len(QUEUE) > 1:
            self._worked, self._turn = self._seconds(), None
            QUEUE.leave(self)
            self._begin_turn()

    def _seconds(self) -> float:
        """Seconds of work so far, without waiting."""
        return self._worked + self._turn_s()

    def _turn_s(self) -> float:
        """Seconds since the present turn began."""
        return 0.0 if self._turn is None else time.monotonic() - self._turn

    def watch(self) -> bool:
        """Note that this visitor waits for it; True while it is queued or runs."""
        self._visitors[_visitor()] = time.monotonic()
        return self._thread.is_alive()

    def cancel(self) -> None:
        """Note that this visitor no longer waits; after the last one the job ends, at its next report."""
        self._visitors.pop(_visitor(), None)
        if not self._visitors:
            self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to end."""
        return self._cancelled.is_set()

    @property
    def before(self) -> int:
        """Number of jobs before it in the queue; 0 while it runs."""
        return QUEUE.before(self)

    def seconds_left(self) -> float | None:
        """Seconds of work left at the average speed so far; None before the first report."""
        if not self.done:
            return None
        return self._seconds() * (self.total - self.done) / self.done


def begin_job(key: Hashable, work: Callable[[Progress], Any]) -> Job:
    """The job of this key, begun by any visitor, or a new one."""
    with _lock:
        job = find_job(key) or Job(work)
        _jobs[key] = job
        job.watch()
        return job


def find_job(key: Hashable) -> Job | None:
    """The running or queued job of this key, or None."""
    for old in [old for old, job in list(_jobs.items()) if job.cancelled or not job._thread.is_alive()]:
        _jobs.pop(old, None)
    return _jobs.get(key)


def duration(seconds: float) -> str:
    """A time to wait for, roughly.

    >>> duration(2), duration(7), duration(100), duration(700)
    ('a few seconds', '10 seconds', '2 minutes', '12 minutes')
    """
    if seconds < 5:
        return "a few seconds"
    if seconds < 55:
        return f"{round(seconds / 10 + 0.01) * 10} seconds"
    minutes = max(round(seconds / 60), 1)
    return f"{minutes} minute{'s' if minutes > 1 else ''}"


def _visitor() -> str:
    """The id of the running script's session."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else ""


def _is_here(visitor: str) -> bool:
    """Whether the visitor's page is open; without a server, in tests and scripts, it always is."""
    return not Runtime.exists() or Runtime.instance().is_active_session(visitor)
