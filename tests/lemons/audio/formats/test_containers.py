"""MP4, Windows Media and Matroska files: recognised, and refused if they were cut."""

import pytest

from lemons.audio.formats.containers import ASF, FILE_PROPERTIES, MATROSKA, recognise
from lemons.audio.formats.source import Source
from lemons.errors import DataError


@pytest.fixture
def kind(tmp_path):
    """What a file of these bytes is."""

    def kind(content):
        (tmp_path / "song").write_bytes(content)
        with Source(tmp_path / "song") as source:
            return recognise(source)

    return kind


def box(name, content=b"", *, size=None):
    return (8 + len(content) if size is None else size).to_bytes(4, "big") + name + content


def element(name, content, *, size=None):
    """An element of Matroska, with a size of eight bytes."""
    return name + (0x01 << 56 | (len(content) if size is None else size)).to_bytes(8, "big") + content


def asf(n_bytes, *, live=0):
    """A file whose properties announce so many bytes."""
    properties = FILE_PROPERTIES + (104).to_bytes(8, "little") + bytes(16) + n_bytes.to_bytes(8, "little") + bytes(40)
    properties += live.to_bytes(4, "little") + bytes(12)
    return ASF + (30 + len(properties)).to_bytes(8, "little") + bytes(6) + properties


FTYP, MOOV, MDAT = box(b"ftyp", b"M4A "), box(b"moov", bytes(50)), box(b"mdat", bytes(100))
SEGMENT, CLUSTER = b"\x18\x53\x80\x67", b"\x1f\x43\xb6\x75"
HEAD = element(MATROSKA, b"\x42\x86\x81\x01")


@pytest.mark.parametrize(
    ("content", "name"),
    [
        (FTYP + MOOV + MDAT, "mp4"),
        (FTYP + MDAT + MOOV, "mp4"),
        (FTYP + MOOV + box(b"mdat", bytes(100), size=0), "mp4"),  # up to the end of the file
        (FTYP + box(b"mdat", (116).to_bytes(8, "big") + bytes(100), size=1) + MOOV, "mp4"),  # a size of 64 bits
        (FTYP + MOOV + MDAT + b"\0\0\0\x03junk behind it", "mp4"),
        (HEAD + element(SEGMENT, element(CLUSTER, bytes(90))), "matroska"),
        (HEAD + SEGMENT + b"\xff" + CLUSTER + b"\xff" + element(b"\xa3", bytes(30)), "matroska"),  # sizes unknown
        (asf(134), "asf"),
        (asf(10**6, live=1), "asf"),  # of a broadcast, which had no end yet
        (b"\xff\xf1" + bytes(30), "aac"),
        (b"ID3\x04\0\0\0\0\0\x0a" + bytes(10) + b"\xff\xf1" + bytes(30), "aac"),  # behind a tag
        (b"RIFF" + bytes(30), None),
        (b"\xff\xfb" + bytes(30), None),  # MP3
        (b"", None),
    ],
)
def test_a_kind_is_told_by_the_first_bytes(kind, content, name):
    assert kind(content) == name


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ((FTYP + MOOV + MDAT)[:-1], "its header announces 108 bytes of sound, 107 are there"),
        (FTYP + MDAT, "the index of its sound is missing"),
        ((HEAD + element(SEGMENT, element(CLUSTER, bytes(90))))[:-1], "announces 102 bytes of sound, 101 are there"),
        (asf(135), "announces 135 bytes of sound, 134 are there"),
    ],
)
def test_a_file_that_was_cut_is_refused(kind, content, sentence):
    with pytest.raises(DataError, match=sentence):
        kind(content)
