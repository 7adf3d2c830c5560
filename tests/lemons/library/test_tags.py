"""The tags of audio files of every format."""

from pathlib import Path

import pytest

from lemons.errors import DataError
from lemons.library.tags import Tags, read_tags
from tests.lemons.library.tagged import MBID, write

FORMATS = ("mp3", "flac", "ogg", "opus", "wav", "aiff")


@pytest.mark.parametrize("suffix", FORMATS)
def test_tags_are_read_from_every_format(tmp_path, suffix):
    tags = {"title": "Title", "artist": "Ärtist", "album": "Album", "genre": "Jazz"}
    path = write(tmp_path / f"song.{suffix}", **tags, musicbrainz_trackid=MBID)
    assert read_tags(path) == Tags(*tags.values(), MBID)


def test_no_tags_are_empty_ones(tmp_path):
    assert read_tags(write(tmp_path / "a.wav")) == Tags()
    (tmp_path / "c.npy").touch()
    assert read_tags(tmp_path / "c.npy") == Tags()
    (tmp_path / "b.flac").write_bytes(b"fLaC, or so it says")
    for name in ("b.flac", "gone.mp3"):
        with pytest.raises(DataError, match=rf"the tags of .*{name} are damaged"):
            read_tags(tmp_path / name)


@pytest.mark.parametrize("file", sorted((Path(__file__).parents[2] / "tags").iterdir()), ids=lambda file: file.name)
def test_damaged_tags_are_one_sentence(file):
    with pytest.raises(DataError, match=rf"the tags of .*{file.name} are damaged \(\w+Error"):
        read_tags(file)
