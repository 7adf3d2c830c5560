"""The page's parts that need no page: its words, its sounds, its jobs."""

import threading
from functools import partial

import pytest

from explanations.core.component import Component
from explanations.page import jobs
from explanations.render.words import name_of, names_of, plain, sentence


def component(stem, segment, weight, *, length_s=6.0):
    return Component(segment, stem, segment, segment * length_s, (segment + 1) * length_s, weight)


def test_neighbours_of_one_stem_are_one_stretch_wherever_they_rank():
    top = [component("drums", 3, 0.3), component("bass", 0, 0.2), component("drums", 2, 0.1)]
    assert names_of(top, "time+source") == "the drums from 0:12 to 0:24 and the bass from 0:00 to 0:06"


def test_three_neighbours_are_one_stretch_even_when_the_middle_comes_last():
    top = [component("drums", 1, 0.3), component("drums", 3, 0.2), component("drums", 2, 0.1)]
    assert names_of(top, "time+source") == "the drums from 0:06 to 0:24"


def test_a_stem_is_named_once():
    top = [component("other", 4, 0.3), component("bass", 0, 0.2), component("other", 1, 0.1)]
    assert (
        names_of(top, "time+source")
        == "the other instruments from 0:06 to 0:12 and from 0:24 to 0:30, and the bass from 0:00 to 0:06"
    )
    assert names_of([component("drums", 0, 0.2), component("bass", 0, 0.1)], "source") == "the drums and the bass"


def test_components_are_named_by_what_was_switched():
    assert name_of(component("mix", 1, 0.1), "time") == "the part from 0:06 to 0:12"
    assert name_of(component("other", 0, 0.1), "source") == "the other instruments"
    assert name_of(component("drums", 1, 0.1, length_s=0.4), "time+source") == "the drums from 0:00.4 to 0:00.8"


@pytest.mark.parametrize("text", ["https://example.com", "www.example.com", "me@example.com"])
def test_an_address_in_a_title_becomes_no_link(text):
    shown = plain(text).replace("\\", "")
    assert text not in shown
    assert shown.replace("\u2060", "") == text


def test_an_error_keeps_its_command_as_code_and_nothing_else_of_markdown():
    assert sentence("no *model* ; use `lemons train`") == r"no \*model\* \; use `lemons train`"
    assert sentence("one ` alone") == r"one \` alone"


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
