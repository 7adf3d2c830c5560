"""Audio by the ids of the Million Song Dataset."""

import pytest

from lemons.errors import DataError
from lemons.library.snippets import find_snippets


def test_shadows_capitals_and_loops_among_snippets(tmp_path):
    first, second = "TRMFCNV128F92E8B76", "TRPCXPP128F423A3E3"
    place, shadows = tmp_path / "M" / "F" / "C", tmp_path / "__MACOSX" / "M" / "F" / "C"
    for folder in (place, shadows):
        folder.mkdir(parents=True)
    for file in (place / f"{first}.MP3", place / f"._{first}.npy", place / f"{second.lower()}.WAV"):
        file.touch()
    (shadows / f"{first}.npy").touch()
    (place / "up").symlink_to(tmp_path)
    assert find_snippets(tmp_path) == {first: place / f"{first}.MP3", second: place / f"{second.lower()}.WAV"}


def test_of_two_snippets_of_a_track_the_array_is_taken(tmp_path):
    first, second = "TRMFCNV128F92E8B76", "TRPCXPP128F423A3E3"
    for name in (f"a/{first}.npy", f"b/{first}.mp3", f"a/{second}.mp3", f"b/{second}.npy", "a/song.mp3"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / "a" / f"{first}.txt").touch()
    arrays = {first: tmp_path / "a" / f"{first}.npy", second: tmp_path / "b" / f"{second}.npy"}
    assert find_snippets(tmp_path) == arrays
    (tmp_path / "c").mkdir()
    with pytest.raises(DataError, match="no audio in .* is named after a track"):
        find_snippets(tmp_path / "c")
