import errno
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from lemons.errors import DataError
from lemons.files import atomic_path


def test_a_finished_file_replaces_the_older_one(tmp_path):
    path = tmp_path / "new" / "notes.txt"
    for text in ("do", "re"):
        with atomic_path(path) as temporary:
            temporary.write_text(text)
    assert path.read_text() == "re"
    assert list(path.parent.iterdir()) == [path]


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
