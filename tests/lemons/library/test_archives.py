"""Texts in archives, as people have them."""

import gzip
import io
import tarfile
import zipfile

import pytest

from lemons.errors import DataError
from lemons.library.triplets import read_plays
from tests.lemons.library.taste_profile import LINES, MARKO, OTHER, PAIGE, SONG, write


@pytest.mark.parametrize("name", ["t.txt.gz", "t.zip"])
def test_a_damaged_archive_is_told(tmp_path, name):
    path = write(tmp_path / name, LINES * 999)
    path.write_bytes(path.read_bytes()[:-30])
    with pytest.raises(DataError, match=r"cannot be read .*; get the Taste Profile's train_triplets.txt again"):
        read_plays(path, [MARKO])
    with pytest.raises(DataError, match="cannot be read"):
        read_plays(tmp_path / f"gone_{name}", [MARKO])


SHADOW = b"\0\5\x16\7\0\2\0\0Mac OS X" + bytes(100)


def pack(path, text=LINES, *, name="data/train_triplets.txt"):
    """An archive as macOS makes it: shadows beside the text, before and behind it."""
    files = {"__MACOSX/data/._train_triplets.txt": SHADOW, "data/._train_triplets.txt": SHADOW, ".DS_Store": SHADOW}
    files |= {name: text.encode(), "__MACOSX/._data.txt": SHADOW}
    if ".zip" in path.name.lower():
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for one, content in files.items():
                archive.writestr(one, content)
        return path
    with tarfile.open(path, "w:gz" if "z" in path.suffix.lower() else "w") as archive:
        for one, content in files.items():
            member = tarfile.TarInfo(one)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


@pytest.mark.parametrize("name", ["data/train_triplets.txt", "TRAIN_TRIPLETS.TXT", "data/triplets.Txt"])
@pytest.mark.parametrize("archive", ["t.zip", "T.ZIP", "t.tar", "t.tar.gz", "T.TGZ", "unpacked_by_the_browser.zip.txt"])
def test_archives_of_macos_are_read_right(tmp_path, archive, name):
    plays, _ = read_plays(pack(tmp_path / archive, name=name), [MARKO, PAIGE])
    assert plays == {MARKO: {SONG: 7, OTHER: 1}, PAIGE: {SONG: 2}}


@pytest.mark.parametrize("name", ["triplets.TXT", "triplets.txt.GZ", "triplets"])
def test_a_format_is_told_by_the_bytes(tmp_path, name):
    (tmp_path / name).write_bytes(gzip.compress(LINES.encode()))
    assert read_plays(tmp_path / name, [PAIGE])[0] == {PAIGE: {SONG: 2}}


@pytest.mark.parametrize("name", ["t.zip", "t.tar", "t.tar.gz"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_archive_is_told(tmp_path, name, share):
    path = pack(tmp_path / name, LINES * 999)
    path.write_bytes(path.read_bytes()[: int(share * len(path.read_bytes()))])
    with pytest.raises(DataError, match=r"cannot be read .*; get the Taste Profile's train_triplets.txt again"):
        read_plays(path, [MARKO])
