"""Listening histories in the forms that programs export; the names in them are made up."""

import json
import zipfile

import pytest

from lemons.errors import DataError
from lemons.library.histories import Play, read_history

RECORDING = "0b1e2a3c-4d5e-6f70-8192-a3b4c5d6e7f8"
MAPPED = "1b1e2a3c-4d5e-6f70-8192-a3b4c5d6e7f8"
LISTEN = {
    "listened_at": 1700000000,
    "inserted_at": 1700000100.5,
    "track_metadata": {
        "artist_name": "Zoë",
        "track_name": "So What",
        "release_name": "First",
        "additional_info": {"recording_mbid": RECORDING.upper(), "duration_ms": 1},
        "mbid_mapping": {"recording_mbid": MAPPED, "artists": [{"artist_credit_name": "Zoë", "join_phrase": ""}]},
    },
}
BARE = {"listened_at": 1, "track_metadata": {"artist_name": "B", "track_name": "T", "additional_info": None}}
SO_WHAT = Play("", "Zoë", "So What", "First", (RECORDING, MAPPED))
LASTFM = [
    {"artist": {"mbid": "a", "#text": "Zoë"}, "name": "So What", "mbid": RECORDING, "album": {"#text": "First"},
     "date": {"uts": "1700000000", "#text": "14 Nov 2023, 22:13"}},
    {"artist": {"mbid": "", "name": "B"}, "name": "T", "mbid": "", "album": {"mbid": "", "#text": ""}},
]  # fmt: skip
NOW = {"artist": {"#text": "C"}, "name": "Just now", "@attr": {"nowplaying": "true"}}


def read(tmp_path, content, name="history"):
    content = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / name).write_text(content, encoding="utf-8", newline="")
    return read_history(tmp_path / name).plays


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_names_listener_track_and_playcount(tmp_path, delimiter):
    text = 'User,Track,playcount\r\n"zoë",rock/song.mp3,3\r\n\r\nbob,Zoë - So What,1\r\n'.replace(",", delimiter)
    plays = [Play("zoë", track="rock/song.mp3", playcount=3), Play("bob", track="Zoë - So What")]
    assert read(tmp_path, "\ufeff" + text) == plays


@pytest.mark.parametrize("name", ["playcount", "plays", "Play Count", "play_count"])
@pytest.mark.parametrize("three", ["3", "3.0", "3."])
def test_a_playcount_has_several_names_and_forms(tmp_path, name, three):
    assert read(tmp_path, f"track,{name}\nT,{three}\n") == [Play(track="T", playcount=3)]
    assert read(tmp_path, f"artist,title,{name}\nZoë,So What,{three}\n") == [Play("", "Zoë", "So What", playcount=3)]


def test_a_table_may_have_artists_albums_and_ids(tmp_path):
    text = f"track,artist,album,recording_mbid\nSo What,Zoë,First,{RECORDING.upper()}\nT,B,,\n"
    assert read(tmp_path, text) == [Play("", "Zoë", "So What", "First", (RECORDING,)), Play("", "B", "T")]


def test_the_zip_of_listenbrainz_names_its_user_and_is_read_month_by_month(tmp_path):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("user.json", json.dumps({"user_id": 7, "username": "zoë"}))
        archive.writestr("listens/2023/11.jsonl", json.dumps(LISTEN) + "\n" + json.dumps(BARE) + "\n")
        archive.writestr("listens/2022/1.jsonl", json.dumps(BARE) + "\n")
        archive.writestr("feedback.jsonl", json.dumps({"recording_mbid": RECORDING, "score": 1}) + "\n")
    bare = Play("zoë", "B", "T")
    assert read_history(tmp_path / "export.zip").plays == [bare, SO_WHAT._replace(user="zoë"), bare]


@pytest.mark.parametrize(
    "content",
    [
        [LISTEN, BARE],
        json.dumps(LISTEN) + "\n" + json.dumps(BARE) + "\n\n",
        json.dumps([LISTEN, BARE], indent=1),
        {"payload": {"count": 2, "listens": [LISTEN, BARE]}},
    ],
)
def test_listens_of_listenbrainz_come_as_lists_lines_and_pages(tmp_path, content):
    assert read(tmp_path, content) == [SO_WHAT, Play("", "B", "T")]


def test_a_page_or_a_listen_may_name_its_user(tmp_path):
    pages = {"payload": {"user_id": "zoë", "listens": [LISTEN, BARE | {"user_name": "bob"}]}}
    assert [play.user for play in read(tmp_path, pages)] == ["zoë", "bob"]


@pytest.mark.parametrize(
    "content",
    [
        [LASTFM],  # pages of scrobbles
        {"recenttracks": {"track": [NOW, *LASTFM], "@attr": {"user": "", "page": "1"}}},
    ],
)
def test_scrobbles_of_lastfm_are_read_but_for_what_plays_just_now(tmp_path, content):
    assert read(tmp_path, content) == [Play("", "Zoë", "So What", "First", (RECORDING,)), Play("", "B", "T")]


def test_statistics_of_lastfm_name_their_user(tmp_path):
    scrobbles = [{"track": "So What", "artist": "Zoë", "album": "First", "albumId": "", "date": 1}]
    assert read(tmp_path, {"username": "zoë", "scrobbles": scrobbles}) == [Play("zoë", "Zoë", "So What", "First")]
    table = 'Artist;Album;AlbumId;Track;Date#zoë\n"Zoë";"First";"";"So What";"1700000000000"\n'
    assert read(tmp_path, table) == [Play("zoë", "Zoë", "So What", "First")]


def test_a_table_of_lastfm_may_have_a_first_line_or_none(tmp_path):
    header = "uts,utc_time,artist,artist_mbid,album,album_mbid,track,track_mbid\n"
    line = f'"1700000000","14 Nov 2023, 22:13","Zoë","a","First","b","So What","{RECORDING}"\n'
    assert read(tmp_path, header + line) == [Play("", "Zoë", "So What", "First", (RECORDING,))]
    headless = 'Zoë,First,So What,14 Nov 2023 22:13\n"B, C",,T,\n'
    assert read(tmp_path, headless) == [Play("", "Zoë", "So What", "First"), Play("", "B, C", "T")]


FIRST_LINES = [
    "Artist,Album,Track,Date",
    "artist,album,title,timestamp",
    "Artist Name,Album Name,Track Name,Time",
    "artist,release_name,name,date",
]


@pytest.mark.parametrize("first", FIRST_LINES)
def test_a_first_line_is_no_scrobble_whatever_it_calls_the_track(tmp_path, first):
    assert read(tmp_path, f"{first}\nZoë,First,So What,1700000000\n") == [Play("", "Zoë", "So What", "First")]


def test_top_tracks_of_lastfm_count_as_often_as_they_were_played(tmp_path):
    top = [{"name": "So What", "playcount": "17", "artist": {"name": "Zoë", "mbid": ""}, "@attr": {"rank": "1"}}]
    pages = {"toptracks": {"track": top, "@attr": {"user": "zoë"}}}
    assert read(tmp_path, pages) == [Play("zoë", "Zoë", "So What", playcount=17)]


def test_an_export_of_listenbrainz_may_have_been_unpacked_and_packed_again(tmp_path):
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        archive.writestr("export/user.json", json.dumps({"user_id": 7, "username": "zoë"}))
        archive.writestr("export/listens/2023/11.jsonl", json.dumps(BARE) + "\n")
        archive.writestr("__MACOSX/export/listens/2023/._11.jsonl", "what macOS adds")
    assert read_history(tmp_path / "export.zip").plays == [Play("zoë", "B", "T")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("artist,what,when,where\n", "begins with 'artist,what,when,where'"),
        ("\n\na,b\n", "line 3, begins with 'a,b', which is no play; it must be a table .* or an export of Listen"),
        ("", "begins with ''"),
        ("user,track,playcount\nbob,T,1\nbob,T,often\n", "line 3: playcount='often' must be a whole number"),
        ("user,track,playcount\nbob,T,-1\n", "playcount='-1' must be a whole number"),
        ("user,track,playcount\nbob,T,1000000000\n", "line 2: .* must be a whole number from 0 to 999999999"),
        ("user,track,plays\nbob,T,1.5\n", "playcount='1.5' must be a whole number"),
        ("[" * 100_000 + "]" * 100_000, r"cannot be read \(.*recursion"),
        ('{"listens": [\n{"track', r"cannot be read \(.*line 2"),
    ],
)
def test_what_is_no_history_is_told(tmp_path, content, sentence):
    with pytest.raises(DataError, match=sentence):
        read(tmp_path, content)


def test_files_that_cannot_be_read_are_told(tmp_path):
    with pytest.raises(
        DataError, match=r"gone cannot be read .*; it must be a table with a first line such as .*, or an export"
    ):
        read_history(tmp_path / "gone")
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("a.jpg", "")
    with pytest.raises(DataError, match="holds no listens"):
        read_history(tmp_path / "photos.zip")
