"""Histories as programs write them, against the twelve tracks of histories/music.csv; sounds and names are made up."""

import json
import unicodedata
import zipfile
from urllib.parse import quote

import mutagen.flac
import numpy as np
import pytest
import soundfile

from lemons.errors import DataError
from lemons.library import open_library
from lemons.library.histories import read_history
from lemons.library.own_library import make_own_library
from tests.lemons.library.field import FIELD, NAMES, TRACKS, found, table

PATHS = [track["file"] for track in TRACKS]


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


def account(artist, title, ms=200_000):
    return {"endTime": "2026-01-01 10:00", "artistName": artist, "trackName": title, "msPlayed": ms}


def extended(artist, title, album, ms=200_000):
    return {
        "ts": "2026-01-01T10:00:00Z", "ms_played": ms, "master_metadata_track_name": title, "spotify_track_uri": "x",
        "master_metadata_album_artist_name": artist, "master_metadata_album_album_name": album, "episode_name": None,
    }  # fmt: skip


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
