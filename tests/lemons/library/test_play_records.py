"""Plays in JSON of every program."""

import json

import pytest

from lemons.errors import DataError
from lemons.library.histories import read_history
from tests.lemons.library.field import NAMES, found, table


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


def test_a_damaged_line_of_json_costs_itself(tmp_path):
    lines = [json.dumps(maloja(*one)) for one in NAMES]
    lines[4:4] = [lines[4][:20], "[" * 100_000, '{"x": ' + "9" * 5000 + "}"]
    summary, counts = found(tmp_path, "\n".join(lines))
    assert len(counts) == 12
    assert "3 damaged lines left out, such as line 5" in summary.skipped


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


OTHERS = {
    "an answer of Spotify": {"items": [{"track": {"name": "T", "artists": [{"name": "A"}]}, "played_at": "2024"}]},
    "nothing": [],
    "statistics": {"stats_range": "week", "recordings": [{"artist_name": "A", "recording_name": "T"}]},
}


@pytest.mark.parametrize("kind", OTHERS)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_json_in_which_no_play_is_known_is_refused(tmp_path, kind, encoding):
    (tmp_path / "history.json").write_text(json.dumps(OTHERS[kind]), encoding=encoding)
    sentence = r"history\.json names no track .* way that is known; it must be a table .* export of ListenBrainz"
    with pytest.raises(DataError, match=sentence):
        read_history(tmp_path / "history.json")


@pytest.mark.parametrize("lines", [True, False])
def test_records_of_another_kind_beside_plays_are_counted(tmp_path, lines):
    records = [[], maloja(*NAMES[0]), {"time": 1, "track": {"title": "T"}}, {"what": "else"}, maloja(*NAMES[1])]
    text = "\n".join(map(json.dumps, records[1:])) if lines else json.dumps({"scrobbles": records, "more": [{"a": 1}]})
    (tmp_path / "history.json").write_text(text)
    history = read_history(tmp_path / "history.json")
    assert [play.title for play in history.plays] == [NAMES[0][1], NAMES[1][1]]
    assert history.sentences == ["2 records of an unknown kind left out"]
