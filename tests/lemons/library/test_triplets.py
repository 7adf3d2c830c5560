import gzip
import io
import tarfile
import tracemalloc
import zipfile

import pytest

from lemons.errors import DataError
from lemons.library.triplets import BLOCK, MEGABYTE, read_plays

MARKO, PAIGE = "d7d2d888ae04d16e994d6964214a1de81392ee04", "0c2932cb475b83b61039bdfbb72c14580b8fad2b"
STRANGER = "b80344d063b5ccb3212f76538f3d9e43d87dca9e"
SONG, OTHER = "SOAKIMP12A8C130995", "SOAPDEY12A81C210A9"
LINES = f"{MARKO}\t{SONG}\t3\n{STRANGER}\t{OTHER}\t1\n{MARKO}\t{OTHER}\t1\n{PAIGE}\t{SONG}\t2\n{MARKO}\t{SONG}\t4\n"


def write(path, text=LINES):
    if path.suffix == ".gz":
        path.write_bytes(gzip.compress(text.encode()))
    elif path.suffix == ".zip":
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("about.txt", "who knows")
            archive.writestr("data/train_triplets.txt", text)
    else:
        path.write_bytes(text.encode())
    return path


@pytest.mark.parametrize("name", ["train_triplets.txt", "train_triplets.txt.gz", "train_triplets.txt.zip"])
def test_plays_are_those_of_the_wanted_users(tmp_path, name):
    plays, _ = read_plays(write(tmp_path / name), [MARKO, PAIGE, "0" * 40])
    assert plays == {MARKO: {SONG: 7, OTHER: 1}, PAIGE: {SONG: 2}, "0" * 40: {}}


def test_all_others_are_counted_by_song_and_the_wanted_users_are_not(tmp_path):
    path = write(tmp_path / "triplets.txt", LINES + f"{'1' * 40}\t{SONG}\t90\n")
    assert read_plays(path, [MARKO, PAIGE])[1] == {SONG: 1, OTHER: 1}
    assert read_plays(path, [MARKO])[1] == {SONG: 2, OTHER: 1}


def test_windows_line_ends_and_a_missing_last_one_are_fine(tmp_path):
    path = write(tmp_path / "triplets.txt", LINES.replace("\n", "\r\n").rstrip())
    assert read_plays(path, [MARKO])[0] == {MARKO: {SONG: 7, OTHER: 1}}


def test_the_mark_that_windows_puts_before_a_text_is_no_part_of_a_user(tmp_path):
    path = write(tmp_path / "triplets.txt", "\ufeff" + LINES)
    assert read_plays(path, [MARKO])[0] == {MARKO: {SONG: 7, OTHER: 1}}


def test_memory_does_not_grow_with_the_file(tmp_path):
    n_lines = 9 * BLOCK // 62
    path = write(tmp_path / "triplets.txt", f"{STRANGER}\t{OTHER}\t1\n" * n_lines + f"{MARKO}\t{SONG}\t1\n")
    done = []
    tracemalloc.start()
    plays, others = read_plays(path, [MARKO], progress=lambda *numbers: done.append(numbers))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert plays == {MARKO: {SONG: 1}}
    assert others == {OTHER: n_lines, SONG: 0}
    assert peak < 4 * BLOCK  # two blocks and the objects around their lines; the file has nine
    total = path.stat().st_size // MEGABYTE + 1
    assert done == sorted(done)
    assert len(done) >= 9
    assert done[-1] == (total, total)
    assert all(one < total for one, _ in done[:-1])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("track_id,split,listened\n", "line 1: 'track_id,split,listened' must be user, song and playcount"),
        (LINES + f"{MARKO}\t{SONG}\toften\n", "line 6: 'd7d2"),
        (LINES * 20_000 + f"{MARKO}\t{SONG}\t{'9' * 23}\n", "line 100001: 'd7d2.* .below a billion."),
        (LINES + f"{MARKO}\tTRAKIMP12A8C130995\t1\n", "must be user, song and playcount"),
    ],
)
def test_what_is_no_triplet_is_shown(tmp_path, text, sentence):
    with pytest.raises(DataError, match=sentence):
        read_plays(write(tmp_path / "triplets.txt", text), [MARKO])


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


def test_a_playcount_of_0_is_no_play(tmp_path):
    text = f"{MARKO}\t{SONG}\t0\n{MARKO}\t{OTHER}\t10\r\n{STRANGER}\t{SONG}\t0\r\n{PAIGE}\t{OTHER}\t0"
    plays, others = read_plays(write(tmp_path / "triplets.txt", text), [MARKO, PAIGE])
    assert plays == {MARKO: {OTHER: 10}, PAIGE: {}}
    assert not any(others.values())


def test_blank_lines_are_nothing(tmp_path):
    path = write(tmp_path / "triplets.txt", "\ufeff\r\n" + LINES + "\n\r\n \n")
    assert read_plays(path, [PAIGE]) == ({PAIGE: {SONG: 2}}, {SONG: 2, OTHER: 2})
    with pytest.raises(DataError, match="is empty"):
        read_plays(write(tmp_path / "blank.txt", "\n\n"), [PAIGE])


def test_a_file_that_ends_within_a_line_is_cut(tmp_path):
    with pytest.raises(DataError, match=r"triplets\.txt is cut: it ends within a line, '0c2932cb475b'"):
        read_plays(write(tmp_path / "triplets.txt", LINES + PAIGE[:12]), [MARKO])


@pytest.mark.parametrize("name", ["t.zip", "t.tar", "t.tar.gz"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_a_cut_archive_is_told(tmp_path, name, share):
    path = pack(tmp_path / name, LINES * 999)
    path.write_bytes(path.read_bytes()[: int(share * len(path.read_bytes()))])
    with pytest.raises(DataError, match=r"cannot be read .*; get the Taste Profile's train_triplets.txt again"):
        read_plays(path, [MARKO])
