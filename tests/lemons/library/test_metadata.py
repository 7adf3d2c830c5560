"""What the Million Song Dataset says about its tracks."""

import sqlite3

import pytest

from lemons.errors import DataError
from lemons.library.metadata import Metadata


def track(number):
    return f"TR{'ABCDE'[number % 5] * 5}{number:011X}"


def song(number):
    return f"SO{'ABCDE'[number % 5] * 5}{number:011X}"


def test_a_malformed_list_is_told(tmp_path):
    (tmp_path / "unique_tracks.txt").write_text(f"{track(0)}<SEP>{song(0)}<SEP>A<SEP>T\nTR\tSO\tA\tT\n")
    with pytest.raises(DataError, match=r"unique_tracks.txt, line 2: 'TR\\tSO"):
        list(Metadata(tmp_path).tracks())
    (tmp_path / "track_metadata.db").write_text("no database")
    with pytest.raises(DataError, match=r"track_metadata.db cannot be read as the table of songs"):
        list(Metadata(tmp_path).tracks())


def test_a_line_that_names_the_columns_is_no_track(tmp_path):
    rows = [f"{track(i)}<SEP>{song(i)}<SEP>A<SEP>T" for i in range(2)]
    (tmp_path / "subset_unique_tracks.txt").write_text("\n".join(["Id<SEP>id2<SEP>ArtistName<SEP>SongTitle", *rows]))
    assert [one.track_id for one in Metadata(tmp_path).tracks()] == [track(0), track(1)]
    # the whole list is preferred to the subset's
    (tmp_path / "unique_tracks.txt").write_text(rows[0])
    assert [one.track_id for one in Metadata(tmp_path).tracks()] == [track(0)]


def write_database(path, n_tracks=3000):
    with sqlite3.connect(path) as database:
        database.execute("CREATE TABLE songs (track_id, song_id, artist_name, title, release, year)")
        rows = [(track(i), song(i), b"Beyonc\xe9" if i == 0 else "A", "T", "R", 0) for i in range(n_tracks)]
        database.executemany("INSERT INTO songs VALUES (?, ?, CAST(? AS TEXT), ?, ?, ?)", rows)
    database.close()


@pytest.mark.parametrize("share", [0.999, 0.5, 0.01, 0.0002, 0])
def test_a_cut_database_is_named_as_that(tmp_path, share):
    path = tmp_path / "track_metadata.DB"
    write_database(path)
    assert len(tracks := list(Metadata(tmp_path).tracks())) == 3000
    assert tracks[0].artist == "Beyoncé"
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(DataError, match=r"track_metadata\.DB (is cut: of the|cannot be .*it is cut|is empty).* again$"):
        list(Metadata(tmp_path).tracks())


def test_lists_as_other_systems_have_them(tmp_path):
    rows = [(track(0), song(0), "Café Tacvba", "Ñ"), (track(1), song(1), "Zoë", "“”")]
    lines = [("<SEP>".join(row) + "\r\n").encode("cp1252") for row in rows]
    lines += ["<SEP>".join((track(2), song(2), "Sigur Rós", "Þ\x85")).encode(), b"\r\n\r\n"]
    (tmp_path / "Unique_Tracks.TXT").write_bytes(b"\xef\xbb\xbf" + b"".join(lines))
    (tmp_path / "genres.CLS").write_text(f"{track(1)}\tRock\r\n")
    for name in ("._unique_tracks.txt", "._genres.cls", ".DS_Store", "._track_metadata.db"):
        (tmp_path / name).write_bytes(b"\0\5\x16\7")
    lists = Metadata(tmp_path)
    assert [(one.artist, one.title) for one in lists.tracks()] == [row[2:] for row in rows] + [("Sigur Rós", "Þ\x85")]
    assert lists.genres([track(1)]) == {track(1): "rock"}
