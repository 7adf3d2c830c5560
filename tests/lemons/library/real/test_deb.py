import pytest

from lemons.errors import DataError
from lemons.library.real.deb import unpack_deb

FILES = {"usr/share/games/a tone.ogg": b"sound" * 999, "usr/share/doc/x/copyright": b"free", "etc/passwd": b"no"}


def names(folder):
    return sorted(file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.is_file())


@pytest.mark.parametrize("compression", ["", "gz", "bz2", "xz"])
def test_wanted_files_come_out_as_they_went_in(tmp_path, deb, compression):
    (tmp_path / "x.deb").write_bytes(deb(FILES | {"usr/share/link.ogg": "/etc/passwd"}, compression=compression))
    unpack_deb(tmp_path / "x.deb", tmp_path / "out", wanted=lambda path: path.startswith("usr/share/"))
    assert names(tmp_path / "out") == ["usr/share/doc/x/copyright", "usr/share/games/a tone.ogg"]  # and no link
    assert (tmp_path / "out/usr/share/games/a tone.ogg").read_bytes() == FILES["usr/share/games/a tone.ogg"]


def flip(content, place):
    return content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :]


@pytest.mark.parametrize(
    ("damage", "sentence"),
    [
        (lambda content: b"", "no Debian package"),
        (lambda content: b"PK" + content, "no Debian package"),
        (lambda content: content[:100], "a header is broken"),
        (lambda content: content[:-20], "ends within data.tar.xz"),
        (lambda content: content[: content.index(b"data.tar")], "no member data.tar"),
        (lambda content: flip(content, len(content) - 60), "damaged"),  # the checksum of xz tells
        (lambda content: content.replace(b"data.tar.xz ", b"data.tar.zst"), "dpkg-deb -x"),
    ],
)
def test_a_damaged_package_is_one_sentence_and_leaves_nothing(tmp_path, deb, damage, sentence):
    (tmp_path / "x.deb").write_bytes(damage(deb(FILES)))
    with pytest.raises(DataError, match=sentence):
        unpack_deb(tmp_path / "x.deb", tmp_path / "out", wanted=lambda path: True)
    assert names(tmp_path) == ["x.deb"]


@pytest.mark.parametrize("name", ["../outside", "usr/../../outside"])
def test_no_file_gets_out_of_its_folder(tmp_path, deb, name):
    (tmp_path / "x.deb").write_bytes(deb(FILES | {name: b"!"}))
    with pytest.raises(DataError, match="outside of its place"):
        unpack_deb(tmp_path / "x.deb", tmp_path / "in" / "out", wanted=lambda path: True)
    assert names(tmp_path) == ["x.deb"]


def test_a_package_that_is_not_there_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no such package: .*x\.deb"):
        unpack_deb(tmp_path / "x.deb", tmp_path / "out", wanted=lambda path: True)
