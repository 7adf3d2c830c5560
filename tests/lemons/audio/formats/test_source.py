"""The bytes of a file, in any place and spliced."""

import io
from itertools import pairwise

import pytest

from lemons.audio.formats.source import LOOK, Source, open_pieces
from lemons.errors import DataError

CONTENT = bytes(range(256)) * 600  # longer than two looks


@pytest.fixture
def path(tmp_path):
    (tmp_path / "song.wav").write_bytes(CONTENT)
    return tmp_path / "song.wav"


def test_bytes_are_those_of_their_place_and_end_with_the_file(path):
    with Source(path) as source:
        assert source.size == len(CONTENT)
        assert source.at(300, 4) == CONTENT[300:304]
        assert source.at(len(CONTENT) - 2, 4) == CONTENT[-2:]
        assert source.at(len(CONTENT), 4) == source.at(-1, 4) == b""


def test_a_number_has_an_order_and_missing_bytes_are_zeros(path):
    with Source(path) as source:
        assert source.number(1, 2, "big") == 0x0102
        assert source.number(1, 2, "little") == 0x0201
        assert source.number(len(CONTENT) - 1, 2, "big") == 0xFF00


def test_looks_cover_everything_and_share_their_ends(path):
    with Source(path) as source:
        looks = list(source.looks(100, len(CONTENT), overlap=3))
    assert [place for place, _ in looks] == [100, 100 + LOOK, 100 + 2 * LOOK]
    for (_, one), (_, following) in pairwise(looks):
        assert one[LOOK:] == following[:3]
    assert b"".join(content[:LOOK] for _, content in looks) == CONTENT[100:]


def test_errors_name_the_file_and_say_what_is_there(path):
    with Source(path) as source:
        assert isinstance(source.cut(200, -3), DataError)
        assert "song.wav is damaged: its header announces 200 bytes of sound, 0 are there" in str(source.cut(200, -3))


@pytest.mark.parametrize("length", [1, 7, 1000, -1])
def test_pieces_are_read_as_one_file(path, length):
    pieces = (b"head", range(10, 20), b"", range(0), range(1000, 1500), b"tail")
    wanted = b"head" + CONTENT[10:20] + CONTENT[1000:1500] + b"tail"
    with open_pieces(path, pieces) as file:
        found = file.read() if length < 0 else b"".join(iter(lambda: file.read(length), b""))
    assert found == wanted


def test_pieces_can_be_sought_as_one_file(path):
    with open_pieces(path, (b"head", range(10, 20))) as file:
        assert file.seek(-2, io.SEEK_END) == 12
        assert file.read() == CONTENT[18:20]
        file.seek(3)
        assert file.read(2) == b"d" + CONTENT[10:11]
