"""What people take for a history and is none."""

import json
import zipfile

import pytest

from lemons.errors import DataError
from lemons.library.histories import read_history


def account(artist, title, ms=200_000):
    return {"endTime": "2026-01-01 10:00", "artistName": artist, "trackName": title, "msPlayed": ms}


def xlsx(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/workbook.xml", "<workbook/>")


def zip_of(*names):
    def write(path):
        with zipfile.ZipFile(path, "w") as archive:
            for name in names:
                archive.writestr(name, "track\na\n")

    return write


SPREADSHEET, PLAYLIST = "is a spreadsheet; .* save it as CSV", "is a playlist, which does not say what was played"


FOREIGN = {
    "xlsx": (xlsx, SPREADSHEET),
    "ods": (zip_of("mimetype", "content.xml"), SPREADSHEET),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), SPREADSHEET),
    "xml of a spreadsheet": (b'<?xml version="1.0"?>\n<Workbook xmlns="urn:x">', SPREADSHEET),
    "m3u8": ("\ufeff#EXTM3U\n#EXTINF:1,A - T\nmusic/a.mp3\n".encode(), PLAYLIST),
    "m3u": ("music/Zoë.mp3\r\nC:\\music\\b.FLAC\r\n".encode("cp1252"), PLAYLIST),
    "pls": (b"[playlist]\nFile1=a.mp3\nNumberOfEntries=1\n", PLAYLIST),
    "xspf": (b'<?xml version="1.0"?><playlist version="1" xmlns="http://xspf.org/ns/0/">', PLAYLIST),
    "wpl": (b'<?wpl version="1.0"?><smil>', PLAYLIST),
    "cue": (b'REM GENRE Jazz\nPERFORMER "A"\nFILE "a.wav" WAVE\n  TRACK 01 AUDIO\n', PLAYLIST),
    "jspf": (b'{"playlist": {"title": "x", "track": [{"title": "T", "creator": "A"}]}}', PLAYLIST),
    "spotify's playlists": (b'{"playlists": [{"name": "x", "items": []}]}', PLAYLIST),
    "spotify's library": (b'{"tracks": [{"artist": "A", "track": "T"}], "albums": []}', "in a music library"),
    "itunes": (b'<?xml version="1.0"?><!DOCTYPE plist PUBLIC "-//Apple//DTD">', "in a music library"),
    "page": (b"<!doctype html><html>", "is a web page or XML"),
    "sqlite": (b"SQLite format 3\0" + bytes(90), "is an SQLite database"),
    "gzip": (b"\x1f\x8b\x08\0\0", "is packed; unpack it"),
    "cut zip": (b"PK\x03\x04" + b"\0\x01" * 40, "is a damaged zip"),
    "photo": (b"\xff\xd8\xff\xe0" + bytes(range(32)) * 20, "is no text"),
    "zeros": (bytes(5000), "is no text"),
    "cut utf-16": ("artist,title\n".encode("utf-16")[:-1], "is damaged: it is no UTF-16"),
    "shift-jis": ("artist,title\n名無し,ちいさな東京\n".encode("shift-jis"), "is neither UTF-8, UTF-16 nor"),
    "windows-1251": ("artist,title\nКрот,Весна\n".encode("cp1251"), "is neither UTF-8, UTF-16 nor"),
    "mac roman": ("artist,title\nZoë,Été\n".encode("mac-roman"), "is neither UTF-8, UTF-16 nor"),
    "empty": (b"", "begins with ''"),
    "nested": (b"[" * 100_000, r"cannot be read \("),
    "nested objects": (b'{"a":' * 100_000, r"cannot be read \("),
    "huge number": (b'[{"artist": "A", "title": "T", "playcount": ' + b"9" * 5000 + b"}]", r"cannot be read \("),
    "cut": (json.dumps([account("A", "T")] * 3).encode()[:-30], r"cannot be read \("),
    "one long line": (b"x" * 3_000_000, "begins with 'xxx"),
    "two tables": (zip_of("a.csv", "b.csv"), "not one table or JSON file by itself"),
    "a way out": (zip_of("../listens/2023/1.jsonl"), "not one table or JSON file by itself"),
}  # fmt: skip


@pytest.mark.parametrize("kind", FOREIGN)
@pytest.mark.parametrize("name", ["history.csv", "history"])
def test_what_is_no_history_has_a_sentence_of_its_own(tmp_path, kind, name):
    content, sentence = FOREIGN[kind]
    if callable(content):
        content(tmp_path / name)
    else:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=rf"{name}.* {sentence}|{name} {sentence}") as error:
        read_history(tmp_path / name)
    assert len(str(error.value)) < 500
