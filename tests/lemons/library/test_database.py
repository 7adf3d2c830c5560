"""A library's database says what its tables say, made each time or kept, and what was kept is not trusted blindly."""

import csv
import os
import sqlite3

import pytest

from lemons.errors import DataError
from lemons.library import catalogue, database, open_library

TRACKS = [
    ["track_id", "title", "artist", "genre", "file", "year"],
    ["b", "'=2+5", "Zoë", "pop", "b.wav", "1999"],
    ["007", '\'Round, "Midnight"', "NA", "", "audio/one.wav"],
    ["gone", "x", "y", "z", "audio/gone.wav", ""],
    ["", "x", "y", "z", "b.wav", ""],
    ["7", "x\ny", "y", "z", "audio/../b.wav", ""],
    ["none", "x", "y", "z", "", ""],
]
LISTENS = [
    ["user", "track_id", "playcount"],
    ["zoe", "7", "0"],
    ["marko", "b", "2"],
    ["zoe", "007", "1e1"],
    ["zoe", "7", "1"],
    ["'=me", "b", "1"],
    ["marko", "007", "3"],
    ["marko", "b", "1"],
    ["bob", "gone", "4"],
    ["bob", "elsewhere", "4"],
    ["paul", "b", "0"],
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "audio").mkdir()
    for name in ("b.wav", "audio/one.wav"):
        (tmp_path / name).write_bytes(b"read when it is needed")
    for name, rows in (("tracks.csv", TRACKS), ("listens.csv", LISTENS)):
        with (tmp_path / name).open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(rows)
    return tmp_path


@pytest.fixture
def made(monkeypatch):
    """The folders whose tables were read since, of which all databases are kept."""
    folders, fill = [], database._fill
    monkeypatch.setattr(database, "KEPT_FROM", 0)
    monkeypatch.setattr(database, "_fill", lambda connection, path: folders.append(path) or fill(connection, path))
    return folders


def content(library):
    """All that a library says of itself."""
    tables = library.tracks.to_csv(), library.listens.to_csv()
    plays = {user: list(library.plays[user].items()) for user in library.users}
    played = [library.played(user).to_csv() for user in library.users]
    return list(library.rows.items()), list(library.rows.values()), plays, played, library.skipped, tables


@pytest.mark.parametrize("batch", [1, 2, 2000])
def test_small_tables_and_kept_ones_say_the_same(folder, made, monkeypatch, batch):
    monkeypatch.setattr(catalogue, "BATCH", batch)
    monkeypatch.setattr(catalogue, "LOOKED_UP", batch)
    kept = [content(open_library(folder)) for _ in range(2)]
    assert made == [folder]
    monkeypatch.setattr(database, "KEPT_FROM", 10**6)
    library = open_library(folder)
    assert kept == [content(library)] * 2
    assert list(library.rows) == ["b", "007", "7"]
    assert library.rows["007"] == {
        "title": '\'Round, "Midnight"',
        "artist": "NA",
        "genre": "",
        "file": "audio/one.wav",
        "year": "",
    }
    assert library.rows["b"]["title"] == "=2+5"
    assert library.users == ["marko", "=me", "zoe"]
    assert library.plays["zoe"] == {"7": 1, "007": 10}
    assert library.listens["playcount"].tolist() == [1, 3, 10, 1, 3]
    assert [sentence.split(":")[0] for sentence in library.skipped] == [
        "track gone skipped", "track '' skipped", "track none skipped", "listens of 1 tracks skipped"
    ]  # fmt: skip


def test_some_tracks_come_in_the_order_that_is_asked_for(folder):
    library = open_library(folder)
    assert library.some_tracks(["7", "gone", "b", "9"]).equals(library.tracks.loc[["7", "b"]])
    stamps = list(library.stamps(["7", "gone", "b"]))
    assert stamps == [library.stamp("7"), None, library.stamp("b")]
    assert "\ud800" not in library.rows
    assert 7 not in library.rows


@pytest.mark.parametrize("name", ["tracks.csv", "listens.csv"])
def test_a_table_that_changed_is_read_again(folder, made, name):
    first = open_library(folder)
    (folder / name).write_text((folder / name).read_text().replace("b", "c").replace("c.wav", "b.wav"))
    second = open_library(folder)
    assert made == [folder, folder]
    assert content(second) != content(first)
    assert first.rows["b"]["artist"] == "Zoë"  # what is open stays as it was


def test_files_are_looked_for_each_time(folder, made):
    open_library(folder)
    (folder / "audio" / "one.wav").rename(folder / "audio" / "gone.wav")
    library = open_library(folder)
    assert list(library.rows) == ["b", "gone", "7"]
    assert library.users == ["marko", "=me", "bob", "zoe"]
    assert library.plays["marko"] == {"b": 3}
    assert len(made) == 1


def test_files_of_a_folder_of_many_are_found_as_those_of_few_are(folder, monkeypatch):
    expected = content(open_library(folder))
    (folder / "link.wav").symlink_to("nowhere")
    with (folder / "tracks.csv").open("a") as file:
        file.writelines(f"{name},a,b,c,{name}.wav,1\n" for name in ("link", "dir", "pipe"))
    (folder / "dir.wav").mkdir()
    os.mkfifo(folder / "pipe.wav")
    monkeypatch.setattr("lemons.library.reading.FEW", 0)
    found = open_library(folder)
    assert content(found)[:4] == expected[:4]
    assert [sentence.split("(")[1] for sentence in found.skipped[3:6]] == [
        "there is none)", "it is a folder)", "it is a pipe, a device or the like)"
    ]  # fmt: skip


DAMAGES = {
    "bit": lambda file: file.write_bytes(file.read_bytes().replace(b"1999", b"1998")),
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "empty": lambda file: file.write_bytes(b""),
    "note": lambda file: file.with_suffix(".json").write_text("{}"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_damaged_database_is_named_once_and_made_again(folder, made, caplog, damage):
    first = content(open_library(folder))
    damage(folder / "cache" / "catalogue.sqlite")
    for _ in range(2):
        assert content(open_library(folder)) == first
    assert len(made) == 2
    assert caplog.text.count("catalogue.sqlite is damaged; it is made again") == 1


def test_a_database_that_cannot_be_kept_is_said_and_nothing_is_lost(folder, made, caplog):
    (folder / "cache").write_text("no folder")
    assert open_library(folder).users == ["marko", "=me", "zoe"]
    assert caplog.text.count("cannot write") == 1


def test_what_sqlite_cannot_write_is_said_and_nothing_is_lost(folder, made, caplog, monkeypatch):
    connect = sqlite3.connect

    def refuse(where, **options):
        if where:
            raise sqlite3.OperationalError("disk full")
        return connect(where, **options)

    monkeypatch.setattr(sqlite3, "connect", refuse)
    assert open_library(folder).users == ["marko", "=me", "zoe"]
    assert "disk full" in caplog.text
    assert not list((folder / "cache").iterdir())


def test_small_tables_leave_no_file(folder):
    open_library(folder)
    assert not (folder / "cache").exists()


def test_a_fault_beyond_the_first_rows_is_told(folder, made):
    with (folder / "listens.csv").open("a") as file:
        file.write("marko,b,often\n")
    with pytest.raises(DataError, match="line 12: playcount='often'"):
        open_library(folder)
    assert not (folder / "cache").exists()
