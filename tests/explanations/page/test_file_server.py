"""Sounds over HTTP: named by what they are made of, fetched once, in parts if wanted."""

import resource
import shutil

import numpy as np
import pytest
import soundfile
from starlette.applications import Starlette
from starlette.testclient import TestClient

from explanations.page import file_server as store
from explanations.page.file_server import ROUTES, Store
from lemons.errors import DataError


@pytest.fixture
def client(monkeypatch):
    """A browser's view of a server with an empty store."""
    fresh = Store()
    monkeypatch.setattr(store, "get_store", lambda: fresh)
    return TestClient(Starlette(routes=ROUTES)), fresh


def test_a_file_is_made_once_and_served_byte_for_byte(client):
    browser, files = client
    made = []
    for _ in range(2):
        address = files.put(("tone", 440), ".flac", lambda: made.append(1) or b"fLaC" * 100)
    answer = browser.get(address)
    assert answer.content == b"fLaC" * 100
    assert made == [1]
    assert answer.headers["content-type"] == "audio/flac"
    assert "immutable" in answer.headers["cache-control"]


def test_a_part_of_a_file_is_a_partial_answer(client):
    browser, files = client
    address = files.put("counting", ".bin", lambda: bytes(range(100)))
    answer = browser.get(address, headers={"Range": "bytes=10-19"})
    assert (answer.status_code, answer.content) == (206, bytes(range(10, 20)))


def test_another_sound_has_another_name(client):
    _, files = client
    names = {files.put(key, ".flac", lambda: b"") for key in [("a", 1), ("a", 2), ("b", 1)]}
    assert len(names) == 3


def test_what_is_offered_is_made_when_somebody_asks(client):
    browser, files = client
    made = []
    address = files.offer("later", ".flac", lambda: made.append(1) or b"sound")
    assert not made
    assert [browser.get(address).content for _ in range(2)] == [b"sound"] * 2
    assert made == [1]


def test_what_cannot_be_made_is_a_sentence(client):
    browser, files = client

    def fail():
        raise DataError("tune.mp3 has gone; put it back")

    answer = browser.get(files.offer("gone", ".flac", fail))
    assert (answer.status_code, answer.text) == (404, "tune.mp3 has gone; put it back")


@pytest.mark.parametrize("name", ["nothing.flac", "..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd", "."])
def test_no_other_file_can_be_had(client, name):
    browser, _ = client
    assert browser.get(f"/store/{name}").status_code == 404


def test_the_oldest_go_when_there_are_too_many(client, tmp_path):
    files = Store(max_bytes=250)
    first, second, third = (files.put(i, ".bin", lambda: bytes(100)).split("/")[-1] for i in range(3))
    assert files.find(first) is None
    assert {files.find(second).name, files.find(third).name} == {second, third}
    files.find(second)
    files.put(3, ".bin", lambda: bytes(100))
    assert files.find(third) is None  # asked for longest ago


def test_a_sound_keeps_every_sample_on_its_way(client, rng, tmp_path):
    from lemons.audio import flac_bytes

    browser, files = client
    y = (rng.integers(-(2**15), 2**15, 1600) / 2**15).astype(np.float32)
    (tmp_path / "heard.flac").write_bytes(browser.get(files.put("y", ".flac", lambda: flac_bytes(y))).content)
    np.testing.assert_array_equal(soundfile.read(tmp_path / "heard.flac", dtype="float32")[0], y)


def test_what_was_tidied_away_is_made_again(client):
    browser, files = client
    offered = files.offer("offered", ".flac", lambda: b"sound")
    put = files.put("put", ".flac", lambda: b"sound")
    for tidy in (lambda: [file.unlink() for file in files.folder.iterdir()], lambda: shutil.rmtree(files.folder)):
        assert browser.get(offered).content == b"sound"
        tidy()
        assert browser.get(put).status_code == 404  # the page must be loaded again, and says so
        assert "load the page again" in browser.get(put).text
        assert browser.get(offered).content == b"sound"
        assert files.put("put", ".flac", lambda: b"sound") == put
        assert browser.get(put).content == b"sound"


def test_a_full_disk_is_a_sentence_and_over_when_there_is_space(client):
    browser, files = client
    address = files.offer("later", ".flac", lambda: 100_000 * b"x")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, limits[1]))  # the system refuses more, as on a full disk
    try:
        answer = browser.get(address)
        with pytest.raises(DataError, match=f"cannot keep a sound in {files.folder}: File too large; free some space"):
            files.put("now", ".flac", lambda: 100_000 * b"x")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert (answer.status_code, "cannot keep a sound" in answer.text) == (404, True)
    assert not list(files.folder.iterdir())  # no part of a sound
    assert len(browser.get(address).content) == 100_000


def test_a_browser_takes_files_for_what_they_are_said_to_be_and_guesses_nothing(client):
    browser, files = client
    answer = browser.get(files.put("html", ".bin", lambda: b"<html><script>alert(1)</script>"))
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "application/octet-stream"
