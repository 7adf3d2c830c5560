import errno
import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lemons.errors import DataError
from lemons.files import atomic_path, safe_name


def test_a_finished_file_replaces_the_older_one(tmp_path):
    path = tmp_path / "new" / "notes.txt"
    for text in ("do", "re"):
        with atomic_path(path) as temporary:
            temporary.write_text(text)
    assert path.read_text() == "re"
    assert list(path.parent.iterdir()) == [path]


def test_the_content_is_on_the_disk_before_the_name_is(tmp_path, monkeypatch):
    done = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda file: done.append("content") or fsync(file))
    monkeypatch.setattr(os, "replace", lambda old, new: done.append("name") or replace(old, new))
    with atomic_path(tmp_path / "notes.txt") as temporary:
        temporary.write_text("do")
    assert done == ["content", "name"]


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, ValueError, SystemExit])
def test_an_interrupted_write_leaves_the_older_file_and_nothing_else(tmp_path, interruption):
    path = tmp_path / "notes.txt"
    path.write_text("do")
    with pytest.raises(interruption), atomic_path(path) as temporary:
        temporary.write_text("r")
        raise interruption
    assert path.read_text() == "do"
    assert list(tmp_path.iterdir()) == [path]


def test_two_threads_that_write_the_same_file_do_not_mix(tmp_path):
    path = tmp_path / "notes.txt"
    both_write = threading.Barrier(2, timeout=10)

    def write(text):
        with atomic_path(path) as temporary:
            temporary.write_text(text)
            both_write.wait()
            assert temporary.read_text() == text

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(write, ["do", "re"]))
    assert path.read_text() in ("do", "re")
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_one_clear_sentence_and_leaves_no_half_file(tmp_path):
    path = tmp_path / "notes.txt"
    with pytest.raises(DataError, match="cannot write .*notes.txt: No space left"), atomic_path(path) as temporary:
        temporary.write_text("half")
        raise OSError(errno.ENOSPC, "No space left on device")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["file/notes.txt", "file/folder/notes.txt"])
def test_a_file_in_place_of_a_folder_is_one_clear_sentence(tmp_path, name):
    (tmp_path / "file").write_text("do")
    sentence = f"cannot write .*{name}: (File exists|Not a directory)"
    with pytest.raises(DataError, match=sentence), atomic_path(tmp_path / name) as temporary:
        temporary.write_text("re")
    assert (tmp_path / "file").read_text() == "do"


NAMES = ["marko", "Jörg Müller", "AC/DC", "AC%2FDC", "../etc", "..", ".", "-rf", "a\\b", 'say "hi"', "a:b", "x\n"]
NAMES += ["nul.", "nul", "日本", "é" * 300, "é" * 301, "\udcff"]


def test_every_name_is_a_file_of_its_own_in_the_folder_it_belongs_to(tmp_path):
    for name in NAMES:
        (tmp_path / f"{safe_name(name)}.csv").write_bytes(name.encode(errors="surrogatepass"))
    assert len(list(tmp_path.iterdir())) == len(NAMES)
    for name in NAMES:
        safe = safe_name(name)
        assert (tmp_path / f"{safe}.csv").read_bytes().decode(errors="surrogatepass") == name
        assert not set(safe) & set('/\\:*?"<>|\n')
        assert safe.strip(" .-") == safe


def test_ordinary_names_stay_as_they_are():
    assert [safe_name(name) for name in ("marko", "Jörg Müller", "O'Neil & Co", "日本")] == [
        "marko",
        "Jörg Müller",
        "O'Neil & Co",
        "日本",
    ]
