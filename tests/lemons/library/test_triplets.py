import gzip
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
    with pytest.raises(DataError, match=r"cannot be read .*; get the Taste Profile's train_triplets.txt anew"):
        read_plays(path, [MARKO])
    with pytest.raises(DataError, match="cannot be read"):
        read_plays(tmp_path / f"gone_{name}", [MARKO])
