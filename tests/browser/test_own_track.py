"""A visitor's own music on the page, without a browser; tests/browser/test_page.py drops a file in one."""

import io
import tempfile
import time
from pathlib import Path

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from explanations.page import own_track as own
from explanations.page.file_server import get_store
from lemons.audio import SAMPLE_RATE

SCRIPT = Path(__file__).resolve().parents[2] / "explanations" / "app.py"


def wav(y):
    file = io.BytesIO()
    soundfile.write(file, y, SAMPLE_RATE, format="WAV")
    return file.getvalue()


def with_hole(y):
    """An Ogg file that lost a tenth in its middle."""
    file = io.BytesIO()
    soundfile.write(file, y, SAMPLE_RATE, format="OGG")
    content = file.getvalue()
    return content[: len(content) // 2] + content[len(content) * 6 // 10 :]


NOISE = wav(np.random.default_rng(440).uniform(-0.2, 0.2, 2 * SAMPLE_RATE))


@pytest.fixture
def page(short_library, model_paths, tmp_path, monkeypatch):
    """The page of two listeners, on which the visitor looks at the place for own music."""
    paths = {"library_path": short_library.path, **model_paths}
    (tmp_path / "config.py").write_text("\n".join(f"{name} = {str(path)!r}" for name, path in paths.items()))
    (tmp_path / "tmp").mkdir()
    get_store()  # its folder lies elsewhere
    monkeypatch.setenv("LEMONS_CONFIG", str(tmp_path / "config.py"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    page = AppTest.from_file(str(SCRIPT), default_timeout=60)
    page.session_state["source-1"] = "Your own music"
    return page.run()


def drop(page, name, data):
    """Drop a file; wait until its job is over."""
    page.file_uploader(key="own_file").set_value((name, data, "audio/wav")).run()
    while page.session_state["own"].job.watch():
        time.sleep(0.02)
    page.run()
    assert not page.exception
    assert not list(Path(tempfile.tempdir).iterdir())


@pytest.fixture
def endless(monkeypatch):
    """Separating takes for ever, but says how far it is."""

    def open_track(*_, progress, **__):
        while True:
            progress(0, 1)
            time.sleep(0.01)

    monkeypatch.setattr(own, "open_track", open_track)


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (with_hole(np.random.default_rng(440).uniform(-0.2, 0.2, 3 * SAMPLE_RATE)), "of the 3.00 s that it announces"),
        (b"no music", "cannot be read as audio"),
        (NOISE[:30], "cannot be read as audio"),
        (wav(np.zeros(2 * SAMPLE_RATE)), "is silent"),
        (wav(np.ones(SAMPLE_RATE // 2) / 2), "lasts 0.50 s; at least 1 s is needed"),
        (wav(np.ones(4 * SAMPLE_RATE) / 2), "lasts 0:04 minutes, more than 0:03"),
        (wav(np.ones(2 * SAMPLE_RATE) / 2).replace(b"\x80\x3e\0\0", b"\x01\0\0\0", 1), "has 1 samples per second"),
    ],
)
def test_what_cannot_be_heard_is_one_sentence_that_names_the_file(page, monkeypatch, data, sentence):
    monkeypatch.setattr(own, "MAX_S", 3)
    drop(page, "my *song*.wav", data)
    assert len(page.error) == 1
    shown = page.error[0].value.replace("\\", "")
    assert shown.startswith("“my *song*”")
    assert sentence in shown
    assert "tmp" not in shown


def test_the_relevance_is_the_chosen_listeners_and_nothing_is_explained_unasked(page):
    drop(page, "song.wav", NOISE)
    marko = page.session_state["own"].job.result
    assert page.button(key="explain-marko").label == "Explain this relevance"
    page.button(key="choose-nina").click().run()
    while page.session_state["own"].job.watch():
        time.sleep(0.02)
    page.run()
    nina = page.session_state["own"].job.result
    assert nina.logit != marko.logit
    assert nina.track is marko.track  # not separated again
    assert page.metric[-1].label == "Relevance for Nina"


def test_another_listener_or_file_drops_the_old_job(page, endless):
    uploader = page.file_uploader(key="own_file").set_value(("song.wav", NOISE, "audio/wav"))
    uploader.run()
    jobs = [page.session_state["own"].job]
    page.button(key="choose-nina").click().run()
    jobs.append(page.session_state["own"].job)
    page.file_uploader(key="own_file").set_value(("other.wav", NOISE, "audio/wav")).run()
    jobs.append(page.session_state["own"].job)
    page.file_uploader(key="own_file").set_value(None).run()
    assert "own" not in page.session_state
    for job in jobs:
        job._thread.join(10)
        assert not job.watch()
        assert job.error is None
    assert not list(Path(tempfile.tempdir).iterdir())


def test_two_visitors_do_not_disturb_each_other(page, endless):
    other = AppTest.from_file(str(SCRIPT), default_timeout=60)
    other.session_state["source-1"] = "Your own music"
    other.run()
    for visitor in (page, other):
        visitor.file_uploader(key="own_file").set_value(("song.wav", NOISE, "audio/wav")).run()
    page.button(key="own_cancel").click().run()
    mine, theirs = page.session_state["own"].job, other.session_state["own"].job
    mine._thread.join(10)
    assert not mine.watch()
    assert theirs.watch()
    assert not theirs.cancelled
    theirs.cancel()
    theirs._thread.join(10)


def test_cancelling_ends_the_job_and_offers_to_start_again(page, endless):
    page.file_uploader(key="own_file").set_value(("song.wav", NOISE, "audio/wav")).run()
    job = page.session_state["own"].job
    page.button(key="own_cancel").click().run()
    job._thread.join(10)
    assert not job.watch()
    assert not list(Path(tempfile.tempdir).iterdir())
    page.run()
    page.button(key="own_again").click().run()
    assert page.session_state["own"].job is not job
    page.session_state["own"].job.cancel()


def test_separators_without_weights_are_named_with_their_command(page):
    assert len(page.selectbox[0].options) == 1
    shown = " ".join(one.value for one in page.markdown).replace("\\", "")
    assert "lemons weights spleeter:5stems" in shown
