import tracemalloc

import pytest

from lemons.errors import DataError
from lemons.library.triplets import BLOCK, MEGABYTE, read_plays
from tests.lemons.library.taste_profile import LINES, MARKO, OTHER, PAIGE, SONG, STRANGER, write


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
