"""Histories as programs write them, against the twelve tracks of histories/music.csv; sounds and names are made up."""

import csv
import json
import unicodedata
import zipfile
from collections import Counter
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

import mutagen.flac
import numpy as np
import pytest
import soundfile

from lemons.errors import DataError
from lemons.library import open_library
from lemons.library.histories import Play, read_history
from lemons.library.matching import AudioFile, Matcher
from lemons.library.own_library import make_own_library

FIELD = Path(__file__).parents[2] / "histories"
TRACKS = list(csv.DictReader((FIELD / "music.csv").read_text(encoding="utf-8").splitlines()))
PATHS = [track["file"] for track in TRACKS]
NAMES = [(track["artist"], track["title"], track["album"]) for track in TRACKS]


@pytest.fixture(scope="module")
def music(tmp_path_factory):
    folder = tmp_path_factory.mktemp("field") / "My Music"
    for number, track in enumerate(TRACKS):
        file = folder / track["file"]
        file.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(file, 0.1 * np.sin(np.arange(1600 + number) / 5), 16000)
        tags = mutagen.flac.FLAC(file)
        tags.update({name: track[name] for name in ("artist", "title", "album")})
        tags.save()
    return folder


FILES = [AudioFile(str(at), one["file"], one["title"], one["artist"], one["album"]) for at, one in enumerate(TRACKS)]


class Result(NamedTuple):
    """What a history was read as, what it left out, and which plays no file fits."""

    read_as: str
    skipped: list[str]
    unmatched: list[Play]


def found(tmp_path, content, name="history"):
    """What came of a history, and how often each of the twelve tracks was played."""
    if not isinstance(content, Path):
        content = content if isinstance(content, str | bytes) else json.dumps(content)
        (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
        content = tmp_path / name
    history, counts, unmatched = read_history(content), Counter(), []
    matcher = Matcher(FILES, folder="/home/zoe/My Music")
    for play in history.plays:
        match = matcher.find(play)
        if match and match.track_id:
            assert match.others == ()
            counts[TRACKS[int(match.track_id)]["title"]] += play.playcount
        else:
            unmatched.append(play)
    return Result("; ".join(history.read_as), history.sentences, unmatched), counts


FIELD_CASES = {
    "listenbrainz_unpacked": (12, 0),
    "paths_absolute_windows.csv": (12, 0),
    "paths_backslashes.csv": (12, 0),
    "paths_dot_slash.csv": (12, 0),
    "spotify_account.json": (12, 0),
    "spotify_extended.json": (12, 0),
    "unclosed_quote.csv": (12, 1),
    "utf16.csv": (12, 0),
    "windows1252.csv": (10, 0),
    "music.csv": (12, 0),
}


@pytest.mark.parametrize("name", FIELD_CASES)
def test_a_history_from_the_field_finds_what_it_names(music, tmp_path, name):
    summary = make_own_library(tmp_path / "own", audio=music, listens=FIELD / name)
    (played,) = summary.played.values()
    assert (played, len(summary.unmatched)) == FIELD_CASES[name]
    assert open_library(tmp_path / "own").tracks["title"].nunique() == 12


def table(rows, delimiter=","):
    """A table as spreadsheets write it, with quotation marks where they are needed."""
    marked = [
        [f'"{one.replace(chr(34), 2 * chr(34))}"' if set(one) & set('",;\t\n') else one for one in row] for row in rows
    ]
    return "\r\n".join(map(delimiter.join, marked)) + "\r\n"


def windows(path):
    return path.replace("/", "\\")


PATH_KINDS = {
    "as it is": str,
    "decomposed": lambda path: unicodedata.normalize("NFD", path),
    "capitals": str.upper,
    "small letters": str.lower,
    "./": lambda path: f"./{path}",
    "back and forth": lambda path: f"a/../{path}",
    "two slashes": lambda path: path.replace("/", "//"),
    "the folder's own name": lambda path: f"My Music/{path}",
    "the folder's own name, other letters": lambda path: f"my music\\{windows(path)}",
    "absolute": lambda path: f"/home/me/Music/{path}",
    "a drive": lambda path: rf"D:\Music\{windows(path)}",
    "a drive, slashes": lambda path: f"d:/Music/{path}",
    "a long path": lambda path: rf"\\?\C:\Music\{windows(path)}",
    "another host": lambda path: rf"\\nas\music\{windows(path)}",
    "URL": lambda path: "file:///home/me/Music/" + quote(path),
    "URL of a drive": lambda path: "file:///C:/Users/me/Music/" + quote(path),
    "URL of this host": lambda path: "file://localhost/music/" + quote(path),
    "URL of another host": lambda path: "file://nas/music/" + quote(path),
    "URL, decomposed": lambda path: "file:///music/" + quote(unicodedata.normalize("NFD", path)),
    "URL with letters as they are": lambda path: f"file:///music/{path}",
    "encoded": quote,
    "name": lambda path: path.rpartition("/")[2],
    "without its ending": lambda path: path.removesuffix(".flac"),
    "another folder before": lambda path: f"/mnt/disk/{path.removesuffix('.flac')}",
}


@pytest.mark.parametrize("kind", PATH_KINDS)
@pytest.mark.parametrize("quoted", [True, False])
def test_a_path_is_found_by_its_normal_form(tmp_path, kind, quoted):
    paths = [PATH_KINDS[kind](path) for path in PATHS]
    text = table([["track"], *([path] for path in paths)]) if quoted else "track\n" + "\n".join(paths)
    summary, counts = found(tmp_path, text)
    assert counts == dict.fromkeys((title for _, title, _ in NAMES), 1)
    assert summary.unmatched == []


def test_a_file_url_may_stand_beside_a_playcount(tmp_path):
    rows = [["path", "plays"], *(["file:///m/" + quote(path), "3"] for path in PATHS)]
    _, counts = found(tmp_path, table(rows))
    assert set(counts.values()) == {3}
    assert len(counts) == 12


ENCODINGS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_tables_of_spreadsheets_are_read_in_every_encoding(tmp_path, encoding, delimiter):
    text = table([["Artist", "Title", "Plays"], *([artist, title, "2"] for artist, title, _ in NAMES)], delimiter)
    summary, counts = found(tmp_path, text.encode(encoding))
    assert len(counts) == 12
    assert summary.read_as.endswith("artist, title, playcount")


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_unmarked_utf_16_is_told_in_languages_without_latin_letters(tmp_path, encoding):
    (tmp_path / "history").write_bytes(("artist,title\n" + "Крот,Весна\n名無し,東京\n" * 40).encode(encoding))
    assert len(read_history(tmp_path / "history").plays) == 80


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_windows_1252_is_read_alone_and_among_utf_8(tmp_path, delimiter):
    rows = [["artist", "title"], *([artist, title] for artist, title, _ in NAMES[:10])]
    summary, counts = found(tmp_path, table(rows, delimiter).encode("cp1252"))
    assert len(counts) == 10
    assert "Windows-1252" in summary.read_as
    mixed = table(rows).encode("cp1252") + table([[artist, title] for artist, title, _ in NAMES[10:]]).encode()
    assert len(found(tmp_path, mixed)[1]) == 12


def test_excels_own_first_line_names_the_delimiter(tmp_path):
    text = "sep=|\nartist|title\n" + "\n".join(f"{artist}|{title}" for artist, title, _ in NAMES)
    assert len(found(tmp_path, text)[1]) == 12


UNCLOSED = [
    'Somebody,"Untitled,1',
    'Somebody,Un"titled,1',
    'Somebody,"Un, titled,1',
    'Somebody,"A" and "B,1',
    '"Some,body,1',
]


@pytest.mark.parametrize("line", UNCLOSED)
@pytest.mark.parametrize("place", [1, 6, 13])
def test_an_unclosed_quotation_mark_costs_its_own_line(tmp_path, line, place):
    lines = table([["artist", "title", "plays"], *([artist, title, "1"] for artist, title, _ in NAMES)]).splitlines()
    lines.insert(place, line)
    summary, counts = found(tmp_path, "\n".join(lines))
    assert len(counts) == 12
    assert len(summary.unmatched) == 1


def test_two_unclosed_quotation_marks_cost_two_lines(tmp_path):
    lines = table([["artist", "title"], *([artist, title] for artist, title, _ in NAMES)]).splitlines()
    lines[3:3] = ['Somebody,"Untitled']
    lines[9:9] = ['Somebody,12"', 'Somebody else,"']
    summary, counts = found(tmp_path, "\n".join(lines))
    assert (len(counts), len(summary.unmatched)) == (12, 3)


def test_an_inch_mark_closes_no_quotation_of_a_line_before(tmp_path):
    summary, counts = found(tmp_path, 'artist,title\nSomebody,"Untitled\nZoë Müller,Été\nElse,12"\n')
    assert counts == {"Été": 1}
    assert [play.title for play in summary.unmatched] == ['"Untitled', '12"']


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_a_rightly_quoted_cell_may_hold_line_breaks(tmp_path, end):
    text = end.join(["artist,title,plays", '"Zoë","So', "", 'What, now",3', 'B,"T', 'U"', '"C","say ""V""",2', ""])
    (tmp_path / "history").write_bytes(text.encode())
    plays = read_history(tmp_path / "history").plays
    assert [(play.artist, play.title, play.playcount) for play in plays[:1]] == [("Zoë", "So What, now", 3)]
    assert (plays[-1].title, plays[-1].playcount) == ('say "V"', 2)


def headless(order, delimiter, date="14 Nov 2023 22:13"):
    rows = []
    for artist, title, album in NAMES:
        row = {"artist": artist, "title": title, "album": album, "date": date, "": "", "seconds": "200"}
        rows.append([row[one] for one in order])
    return table(rows, delimiter)


HEADLESS = {
    "lastfm-to-csv": (["artist", "album", "title", "date"], ",", "14 Nov 2023 22:13"),
    "libre.fm": (["date", "title", "artist", "album", "", "", ""], "\t", "1700000000"),
    "libre.fm without ids": (["date", "title", "artist", "album"], "\t", "1700000000"),
    "maloja's older": (["date", "artist", "title", "album", "seconds"], "\t", "1700000000"),
    "universal scrobbler": (["artist", "title", "album", "date", "artist", "seconds"], ",", "2023-11-14 22:13:00"),
    "universal scrobbler, short": (["artist", "title", "album", "date"], ",", "11/14/23 22:13"),
    "three columns": (["artist", "title", "date"], ";", "14.11.2023"),
}


@pytest.mark.parametrize("kind", HEADLESS)
def test_a_table_without_a_first_line_says_by_its_dates_what_it_is(tmp_path, kind):
    order, delimiter, date = HEADLESS[kind]
    summary, counts = found(tmp_path, headless(order, delimiter, date))
    assert counts == dict.fromkeys((title for _, title, _ in NAMES), 1)
    assert summary.read_as.split(", ") == list(
        dict.fromkeys(filter(None, (one for one in order if one != "seconds")))
    ) + (["recording id"] if len(order) == 7 else [])


def test_the_log_of_a_portable_player_leaves_out_what_was_skipped(tmp_path):
    lines = ["#AUDIOSCROBBLER/1.1", "#TZ/UTC", "#CLIENT/Player 1"]
    lines += ["\t".join([artist, album, title, "1", "200", "L", "1700000000", ""]) for artist, title, album in NAMES]
    lines += [lines[3].replace("\tL\t", "\tS\t")]
    summary, counts = found(tmp_path, "\n".join(lines) + "\n")
    assert set(counts.values()) == {1}
    assert len(counts) == 12
    assert "1 tracks that were skipped left out, such as line 16" in summary.skipped


def maloja(artist, title, album):
    album = {"artists": [artist], "albumtitle": album}
    return {"time": 1, "track": {"artists": [artist], "title": title, "album": album, "length": None}, "duration": None}


def koito(artist, title, album):
    def named(name):
        other = {"alias": "Another name", "source": "MusicBrainz", "is_primary": False}
        return {"mbid": None, "aliases": [other, {"alias": name, "source": "Canonical", "is_primary": True}]}

    return {
        "listened_at": "2022-01-08T22:32:08Z", "client": "test", "track": named(title) | {"duration": 3},
        "album": named(album), "artists": [named(artist)],
    }  # fmt: skip


def lastfm(artist, title, album):
    return {"artist": {"mbid": "", "#text": artist}, "name": title, "album": {"#text": album}, "date": {"uts": "1"}}


RECORDS = {
    "maloja": ({"maloja": {"export_time": 1}, "scrobbles": [maloja(*one) for one in NAMES]}, "Maloja"),
    "maloja without albums": (
        {
            "scrobbles": [
                maloja(*one) | {"track": {"artists": [one[0]], "title": one[1], "album": None}} for one in NAMES
            ]
        },
        "Maloja",
    ),
    "maloja's answers": ({"status": "ok", "list": [maloja(*one) for one in NAMES]}, "Maloja"),
    "maloja 2": ({"list": [{"artists": [a], "title": t, "album": b, "time": 1} for a, t, b in NAMES]}, "Maloja"),
    "koito": ({"version": "1", "exported_at": "", "user": "me", "listens": [koito(*one) for one in NAMES]}, "Koito"),
    "last.fm": ([[lastfm(*one) for one in NAMES[:5]], [lastfm(*one) for one in NAMES[5:]]], "Last.fm"),
    "lines": ("\n".join(json.dumps(maloja(*one)) for one in NAMES), "Maloja"),
}


@pytest.mark.parametrize("kind", RECORDS)
def test_json_of_every_program_is_read(tmp_path, kind):
    content, program = RECORDS[kind]
    summary, counts = found(tmp_path, content)
    assert counts == dict.fromkeys((title for _, title, _ in NAMES), 1)
    assert program in summary.read_as


def account(artist, title, ms=200_000):
    return {"endTime": "2026-01-01 10:00", "artistName": artist, "trackName": title, "msPlayed": ms}


def extended(artist, title, album, ms=200_000):
    return {
        "ts": "2026-01-01T10:00:00Z", "ms_played": ms, "master_metadata_track_name": title, "spotify_track_uri": "x",
        "master_metadata_album_artist_name": artist, "master_metadata_album_album_name": album, "episode_name": None,
    }  # fmt: skip


def test_spotifys_short_plays_and_podcasts_are_counted_and_left_out(tmp_path):
    artist, title, album = NAMES[0]
    podcast = extended(None, None, None) | {"episode_name": "E"}
    history = [extended(*one) for one in NAMES] + [extended(artist, title, album, ms) for ms in (0, 29_999, 30_000)]
    summary, counts = found(tmp_path, [*history, podcast])
    assert counts[title] == 2
    assert "2 plays of under 30 s left out" in summary.skipped
    assert "1 podcasts, audiobooks and videos left out" in summary.skipped
    history = [account(*one[:2]) for one in NAMES] + [account(artist, title, 29_999)]
    assert set(found(tmp_path, history)[1].values()) == {1}
    rows = [["endTime", "artistName", "trackName", "msPlayed"], *(["2026-01-01", *one[:2], "30000"] for one in NAMES)]
    rows.append(["2026-01-01", artist, title, "29999"])
    assert set(found(tmp_path, table(rows))[1].values()) == {1}


EXPORTS = {
    "spotify": (
        "my_spotify_data.zip", "Spotify Account Data/StreamingHistory_music_{}.json", lambda one: account(*one[:2]),
    ),
    "spotify, older": ("my_spotify_data.zip", "MyData/StreamingHistory{}.json", lambda one: account(*one[:2])),
    "spotify, extended": (
        "my_spotify_data.zip", "Spotify Extended Streaming History/Streaming_History_Audio_2019-2026_{}.json",
        lambda one: extended(*one),
    ),
    "spotify, endsong": ("my_spotify_data.zip", "MyData/endsong_{}.json", lambda one: extended(*one)),
}  # fmt: skip


@pytest.mark.parametrize("kind", EXPORTS)
@pytest.mark.parametrize("packed", [True, False])
def test_spotify_is_read_as_it_comes_packed_and_unpacked(tmp_path, kind, packed):
    name, pattern, words = EXPORTS[kind]
    others = {"MyData/Playlist1.json": {"playlists": []}, "MyData/StreamingHistory_podcast_0.json": [{"msPlayed": 9}]}
    files = others | {pattern.format(n): [words(one) for one in NAMES[n * 6 : n * 6 + 6]] for n in (0, 1)}
    if packed:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for path, content in files.items():
                archive.writestr(path, json.dumps(content))
    else:
        name = "unpacked"
        for path, content in files.items():
            (tmp_path / name / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name / path).write_text(json.dumps(content))
    _, counts = found(tmp_path, tmp_path / name)
    assert counts == dict.fromkeys((title for _, title, _ in NAMES), 1)


def test_of_spotifys_two_histories_one_is_read(tmp_path):
    folder = tmp_path / "both"
    folder.mkdir()
    (folder / "StreamingHistory_music_0.json").write_text(json.dumps([account(*one[:2]) for one in NAMES]))
    (folder / "Streaming_History_Audio_2026_0.json").write_text(json.dumps([extended(*one) for one in NAMES]))
    summary, counts = found(tmp_path, folder)
    assert set(counts.values()) == {1}
    assert summary.read_as == "Spotify's extended history"


@pytest.mark.parametrize("part", ["", "listens", "listens/2026"])
def test_any_folder_of_listenbrainz_may_be_named(tmp_path, part):
    assert len(found(tmp_path, FIELD / "listenbrainz_unpacked" / part)[1]) == 12


def test_a_single_table_in_a_zip_is_the_history(tmp_path):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.write(FIELD / "utf16.csv", "export/scrobbles.csv")
        archive.writestr("export/cover.jpg", b"\xff\xd8")
    assert len(found(tmp_path, tmp_path / "export.zip")[1]) == 12


def test_a_damaged_line_of_json_costs_itself(tmp_path):
    lines = [json.dumps(maloja(*one)) for one in NAMES]
    lines[4:4] = [lines[4][:20], "[" * 100_000, '{"x": ' + "9" * 5000 + "}"]
    summary, counts = found(tmp_path, "\n".join(lines))
    assert len(counts) == 12
    assert "3 damaged lines left out, such as line 5" in summary.skipped


def test_what_a_history_lacks_is_counted(tmp_path):
    rows = [["artist", "title"], *([artist, title] for artist, title, _ in NAMES), ["", "T"], ["A", ""], ["A\0", "T"]]
    rows += [["A", "T" * 3000]]
    summary, counts = found(tmp_path, table(rows))
    assert len(counts) == 12
    assert "2 plays without artist or title left out, such as line 14" in summary.skipped
    assert "1 damaged lines left out, such as line 16" in summary.skipped
    assert "1 plays with a name of over 2000 signs left out, such as line 17" in summary.skipped
    summary, _ = found(tmp_path, "artist,title\nKpot,Vesna, 2\n" + table([one[:2] for one in NAMES]))
    assert "1 cells beyond the last column left out, such as line 2" in summary.skipped


def test_names_without_a_place_in_a_table_are_cleaned(tmp_path):
    (tmp_path / "history").write_text('[{"artist": "A\\u0000\\ud800", "title": "T\\n\\u001b[31m"}]')
    (play,) = read_history(tmp_path / "history").plays
    assert (play.artist, play.title) == ("A", "T [31m")


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


ODD = [
    None,
    True,
    0,
    -1,
    1e400,
    "",
    "x" * 10,
    [],
    {},
    [[]],
    {"name": []},
    {"#text": {}},
    ["a", None],
    "\ud800",
    10**300,
]
FIELDS = [
    "track_metadata", "msPlayed", "trackName", "artistName", "ms_played", "master_metadata_track_name", "track",
    "artists", "title", "artist", "name", "playcount", "mbid", "album", "@attr", "user", "user_name", "time",
]  # fmt: skip


@pytest.mark.parametrize("field", FIELDS)
def test_no_type_of_a_value_is_too_odd(tmp_path, field):
    plays = [
        account("A", "T"),
        extended("A", "T", "B"),
        maloja("A", "T", "B"),
        koito("A", "T", "B"),
        lastfm("A", "T", "B"),
    ]
    plays.append({"track_metadata": {"artist_name": "A", "track_name": "T"}})
    (tmp_path / "history").write_text(json.dumps([play | {field: odd} for play in plays for odd in ODD]))
    read_history(tmp_path / "history")


def test_a_bomb_is_read_to_its_bound(tmp_path, monkeypatch):
    monkeypatch.setattr("lemons.library.histories.MAX_BYTES", 2**20)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("listens/2023/1.jsonl", b" " * 2**22)
    with pytest.raises(DataError, match="more than 1 MiB"):
        read_history(tmp_path / "bomb.zip")


def test_a_file_of_nowhere_and_a_folder_of_nothing_are_told(tmp_path):
    with pytest.raises(DataError, match="gone cannot be read"):
        read_history(tmp_path / "gone")
    with pytest.raises(DataError, match="holds no listens"):
        read_history(tmp_path)
