"""Long computations beside the page: shared, in turns, cancelled within a second, and ended when nobody waits any more.

They take turns: each of them keeps every core busy and needs up to 2 GB, so two at once would both take twice as long,
and ten would end the server. A long one lets others in between.
"""

import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from typing import Any

from streamlit.runtime import Runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from lemons.progress import Progress

GRACE_S = 10.0  # for a page that is loaded again, or a network that fails for a moment
SLICE_S = 20.0  # after so long others may have a turn; longer than an exact explanation of 30 s takes
POLL_S = 0.1


class Cancelled(Exception):
    """Raised inside a job's work when nobody wants it any more."""


class Line:
    """Whose turn it is: that of the first in line."""

    def __init__(self):
        self._jobs: deque[Job] = deque()
        self._moved = threading.Condition()

    def wait(self, job: "Job", check: Callable[[], None]) -> None:
        """Stand at the end of the line until it is the job's turn; ``check`` may raise meanwhile."""
        with self._moved:
            self._jobs.append(job)
            while self._jobs[0] is not job:
                self._moved.wait(POLL_S)
                check()

    def leave(self, job: "Job") -> None:
        """Let the next one have the turn."""
        with self._moved:
            if job in self._jobs:
                self._jobs.remove(job)
                self._moved.notify_all()

    def before(self, job: "Job") -> int:
        """How many are before a job."""
        with self._moved:
            return self._jobs.index(job) if job in self._jobs else 0

    def __len__(self) -> int:
        return len(self._jobs)


LINE = Line()
_jobs: dict[Hashable, "Job"] = {}
_lock = threading.Lock()


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
        self._visitors = {_visitor(): time.monotonic()}  # when each was there last
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
            LINE.leave(self)

    def _begin_turn(self) -> None:
        LINE.wait(self, self._check)
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
        if time.monotonic() - self._turn > SLICE_S and len(LINE) > 1:
            self._worked, self._turn = self._seconds(), None
            LINE.leave(self)
            self._begin_turn()

    def _seconds(self) -> float:
        """How long it has worked, its waiting left out."""
        return self._worked + (time.monotonic() - self._turn if self._turn else 0.0)

    def watch(self) -> bool:
        """Say that this visitor waits for it; True while it waits for its turn or runs."""
        self._visitors[_visitor()] = time.monotonic()
        return self._thread.is_alive()

    def cancel(self) -> None:
        """Say that this visitor does not wait any more; after the last one it ends, at its next report."""
        self._visitors.pop(_visitor(), None)
        if not self._visitors:
            self._cancelled.set()

    @property
    def cancelled(self) -> bool:
        """Whether it was asked to end."""
        return self._cancelled.is_set()

    @property
    def before(self) -> int:
        """How many others have their turn before it; 0 while it is its turn."""
        return LINE.before(self)

    def seconds_left(self) -> float | None:
        """The work that is left if it goes on as before; None before the first report."""
        if not self.done:
            return None
        return self._seconds() * (self.total - self.done) / self.done


def begin_job(key: Hashable, work: Callable[[Progress], Any]) -> Job:
    """The job of this key, which anybody may have begun; else a new one."""
    with _lock:
        job = find_job(key) or Job(work)
        _jobs[key] = job
        job.watch()
        return job


def find_job(key: Hashable) -> Job | None:
    """The job of this key that is under way, whoever began it."""
    for old in [old for old, job in list(_jobs.items()) if job.cancelled or not job._thread.is_alive()]:
        _jobs.pop(old, None)
    return _jobs.get(key)


def _visitor() -> str:
    """Who asks: the session of the running script."""
    context = get_script_run_ctx(suppress_warning=True)
    return context.session_id if context else ""


def _is_here(visitor: str) -> bool:
    """Whether the visitor's page is open; without a server, in tests and scripts, everybody is."""
    return not Runtime.exists() or Runtime.instance().is_active_session(visitor)
