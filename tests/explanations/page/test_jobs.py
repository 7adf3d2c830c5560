"""The page's parts that need no page: its words, its sounds, its jobs."""

import threading
from functools import partial

from explanations.page import jobs
from lemons.explaining.component import Component


def component(stem, segment, weight, *, length_s=6.0):
    return Component(segment, stem, segment, segment * length_s, (segment + 1) * length_s, weight)


def start(steps):
    """A job that makes a step whenever ``steps`` is released."""
    ended = threading.Event()

    def work(progress):
        try:
            for done in range(1, 4):
                steps.acquire()
                progress(done, 3)
        finally:
            ended.set()

    return jobs.Job(work), ended


def test_a_cancelled_job_ends_at_its_next_report():
    steps = threading.Semaphore(1)
    job, ended = start(steps)
    while not job.done:
        pass
    job.cancel()
    steps.release()
    assert ended.wait(10)
    job._thread.join(10)
    assert not job.watch()
    assert job.done == 1
    assert job.error is None


def test_a_job_whose_visitors_have_left_ends(monkeypatch):
    monkeypatch.setattr(jobs, "GRACE_S", -1.0)
    here = {"somebody"}
    monkeypatch.setattr(jobs, "_visitor", lambda: "somebody")
    monkeypatch.setattr(jobs, "_is_here", here.__contains__)
    steps = threading.Semaphore(1)
    job, ended = start(steps)
    while not job.done:
        pass
    here.clear()
    steps.release()
    assert ended.wait(10)
    assert job.done == 1


def test_who_loads_the_page_again_finds_the_job(monkeypatch):
    steps, begun = threading.Semaphore(0), []

    def work(progress):
        begun.append(1)
        steps.acquire()
        progress(1, 1)
        return "answer"

    monkeypatch.setattr(jobs, "_visitor", lambda: "before")
    job = jobs.begin_job("question", work)
    monkeypatch.setattr(jobs, "_visitor", lambda: "after")
    assert jobs.find_job("question") is job
    assert jobs.begin_job("question", work) is job
    monkeypatch.setattr(jobs, "_visitor", lambda: "before")
    job.cancel()  # the other one still waits
    steps.release()
    job._thread.join(10)
    assert (job.result, begun) == ("answer", [1])
    assert jobs.find_job("question") is None


def test_jobs_take_turns():
    steps = threading.Semaphore(0)
    (first, _), (second, _) = start(steps), start(steps)
    steps.release(3)
    first._thread.join(10)
    assert (first.done, second.done) == (3, 0)  # the second has not begun while the first needs steps
    steps.release(3)
    second._thread.join(10)
    assert second.done == 3


def test_a_long_job_lets_others_in_between(monkeypatch):
    monkeypatch.setattr(jobs, "SLICE_S", -1.0)
    order, gate = [], threading.Event()

    def work(name, progress):
        gate.wait(10)
        for done in range(1, 4):
            order.append(name)
            progress(done, 3)

    first, second = (jobs.Job(partial(work, name)) for name in ("first", "second"))
    while second.before != 1:  # it stands in line
        pass
    gate.set()
    for job in (first, second):
        job._thread.join(10)
    assert order == ["first", "second"] * 3


def test_who_waits_for_a_turn_can_leave():
    steps = threading.Semaphore(0)
    (first, _), (second, ended) = start(steps), start(steps)
    second.cancel()
    second._thread.join(10)
    assert not second.watch()
    assert not ended.is_set()  # it never began
    steps.release(3)
    first._thread.join(10)
    assert first.done == 3


def test_a_failed_job_keeps_its_error():
    def work(progress):
        raise OSError("disk full")

    job = jobs.Job(work)
    job._thread.join(10)
    assert not job.watch()
    assert isinstance(job.error, OSError)
