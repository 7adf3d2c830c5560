"""Libraries of one's own music: tagged files in folders, and what was played of them."""

import json
import shutil
import struct
import sys
import unicodedata
from pathlib import Path

import pandas as pd
import pytest

from explanations.cli import main
from lemons.errors import DataError, ParameterError
from lemons.library import open_library
from lemons.library.own_library import make_own_library
from tests.lemons.library.tagged import MBID, write


@pytest.fixture
def music(tmp_path):
    """Six files: tagged, with an id, without tags, one nobody plays, a double, and one that is damaged."""
    folder = tmp_path / "music"
    write(folder / "a" / "01 first.flac", title="So What", artist="Zoë", album="First", genre="Jazz")
    write(folder / "b" / "best of.mp3", title="So What (Remastered)", artist="Zoë", album="Best of")
    write(folder / "x.ogg", title="Untitled", artist="?", musicbrainz_trackid=MBID)
    write(folder / "Bob - Blues.wav")
    write(folder / "unplayed" / "Träume.flac")
    (folder / "c.mp3").write_bytes(b"\xff\xfbno sound" * 9)
    (folder / "cover.jpg").touch()
    (folder / "._x.ogg").touch()
    return folder


def history(tmp_path, *names, user=""):
    listens = [{"track_metadata": {"artist_name": artist, "track_name": title}} for artist, title in names]
    listens.append(
        {"track_metadata": {"artist_name": "A", "track_name": "B", "mbid_mapping": {"recording_mbid": MBID}}}
    )
    listens = [listen | ({"user_name": user} if user else {}) for listen in listens]
    (tmp_path / "listens.jsonl").write_text("\n".join(map(json.dumps, listens)))
    return tmp_path / "listens.jsonl"


def test_ones_own_music_is_a_library(music, tmp_path):
    listens = history(tmp_path, *3 * [("ZOE", "So what")], ("Bob", "Blues"), *2 * [("Nobody", "Nothing")])
    summary = make_own_library(tmp_path / "own", audio=music, listens=listens)
    library = open_library(tmp_path / "own")
    assert library.users == ["me"]
    titles = library.tracks["title"]
    played = library.played("me").rename(titles).to_dict()
    assert played == {"So What": 3, "Untitled": 1, "Blues": 1}
    assert sorted(titles) == ["Blues", "So What", "Träume", "Untitled"]  # neither the damaged one nor the double
    row = library.tracks[titles == "So What"].iloc[0]
    assert row[["artist", "album", "genre"]].tolist() == ["Zoë", "First", "jazz"]
    assert library.skipped == []
    assert summary.played == {"me": 3}
    assert summary.n_tracks == 4
    assert summary.unmatched == ["Nobody - Nothing (2×)"]
    assert any("c.mp3 cannot be read as audio" in sentence for sentence in summary.skipped)
    assert not any("._x.ogg" in sentence for sentence in summary.skipped)  # what macOS leaves beside files
    assert any("1 played tracks fit several files" in sentence for sentence in summary.skipped)


def test_what_did_not_fit_is_listed(music, tmp_path):
    listens = history(tmp_path, ("Zoë", "So What"), ("Nobody", "Nothing"), *2 * [("Nobody", "More")])
    make_own_library(tmp_path / "own", audio=music, listens=listens, user="zoë")
    unmatched = pd.read_csv(tmp_path / "own" / "unmatched.csv")
    assert unmatched[["playcount", "user", "artist", "title"]].values.tolist() == [
        [2, "zoë", "Nobody", "More"],
        [1, "zoë", "Nobody", "Nothing"],
    ]
    (row,) = pd.read_csv(tmp_path / "own" / "ambiguous.csv").to_dict("records")
    assert (row["title"], row["track_id"][:8], row["others"][:7]) == ("So What", "01-first", "best-of")


def test_a_double_that_was_played_by_its_own_name_stays(music, tmp_path):
    listens = history(tmp_path, ("Zoë", "So What"), ("Zoë", "So What (Remastered)"))
    make_own_library(tmp_path / "own", audio=music, listens=listens)
    assert {"So What", "So What (Remastered)"} <= set(open_library(tmp_path / "own").tracks["title"])


def test_a_table_may_have_several_listeners_and_name_files(music, tmp_path):
    (tmp_path / "listens.csv").write_text(
        "user,track,playcount\nzoë,a/01 first.flac,3\nbob,Bob - Blues.wav,2\nbob,x,0\nbob,Bob - Blues,1\n"
    )
    make_own_library(tmp_path / "own", audio=music, listens=tmp_path / "listens.csv")
    library = open_library(tmp_path / "own")
    assert library.users == ["bob", "zoë"]
    assert library.played("bob").tolist() == [3]
    assert library.played("zoë").tolist() == [3]
    with pytest.raises(ParameterError, match="user='eve' cannot name 2 listeners"):
        make_own_library(tmp_path / "own", audio=music, listens=tmp_path / "listens.csv", user="eve")


@pytest.mark.parametrize(("named", "option", "user"), [("zoë", None, "zoë"), ("zoë", "eve", "eve"), ("", "eve", "eve")])
def test_the_listener_is_whom_the_command_or_the_export_names(music, tmp_path, named, option, user):
    listens = history(tmp_path, ("Bob", "Blues"), user=named)
    make_own_library(tmp_path / "own", audio=music, listens=listens, user=option)
    assert open_library(tmp_path / "own").users == [user]


def test_ids_are_the_same_wherever_the_music_lies_and_whatever_its_tags(music, tmp_path):
    listens = history(tmp_path, ("Bob", "Blues"))
    make_own_library(tmp_path / "own", audio=music, listens=listens)
    before = open_library(tmp_path / "own")
    music.rename(tmp_path / "elsewhere")
    write(tmp_path / "elsewhere" / "x.ogg", title="Another title", musicbrainz_trackid=MBID)
    make_own_library(tmp_path / "again", audio=tmp_path / "elsewhere", listens=listens)
    after = open_library(tmp_path / "again")
    assert after.tracks.index.tolist() == before.tracks.index.tolist()
    assert after.tracks.index.is_unique
    assert after.listens.equals(before.listens)


def test_the_same_again_is_the_same_library_even_inside_the_music(music, tmp_path):
    listens = history(tmp_path, ("Zoë", "So What"), ("Bob", "Blues"))
    fingerprints = set()
    for _ in range(2):  # the second time the cache of the first lies there, as .npy files
        make_own_library(music / "own", audio=music, listens=listens)
        fingerprints.add(open_library(music / "own").fingerprint)
    assert len(fingerprints) == 1


def test_music_inside_the_library_moves_with_it(music, tmp_path):
    (tmp_path / "own").mkdir()
    music.rename(tmp_path / "own" / "audio")
    listens = history(tmp_path, ("Bob", "Blues"))
    make_own_library(tmp_path / "own", audio=tmp_path / "own" / "audio", listens=listens)
    (tmp_path / "own").rename(tmp_path / "moved")
    library = open_library(tmp_path / "moved")
    assert library.skipped == []
    assert "audio/Bob - Blues.wav" in set(library.tracks["file"])


def test_killed_while_it_listens_it_leaves_no_library(music, tmp_path):
    def bar(description, unit):
        def progress(done, total):
            raise KeyboardInterrupt

        return progress

    with pytest.raises(KeyboardInterrupt):
        make_own_library(tmp_path / "own", audio=music, listens=history(tmp_path, ("Bob", "Blues")), bar=bar)
    with pytest.raises(DataError, match="no music library"):
        open_library(tmp_path / "own")


def test_what_is_not_there_or_nobody_played_is_told(music, tmp_path, toy_library):
    listens = history(tmp_path, ("Bob", "Blues"))
    for audio, sentence in ((tmp_path / "gone", "no such folder of audio"), (tmp_path / "empty", "holds no audio")):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(DataError, match=sentence):
            make_own_library(tmp_path / "own", audio=audio, listens=listens)
    (tmp_path / "empty" / "c.mp3").write_bytes(b"no sound")
    with pytest.raises(DataError, match=r"no file in .* can be read as audio; track c-\w+ skipped"):
        make_own_library(tmp_path / "own", audio=tmp_path / "empty", listens=listens)
    (tmp_path / "listens.csv").write_text("user,track,playcount\nbob,Eve - Tango,3\n")
    with pytest.raises(DataError, match="is any of the 1 tracks played in .*, such as Eve - Tango"):
        make_own_library(tmp_path / "own", audio=music, listens=tmp_path / "listens.csv")
    (tmp_path / "listens.csv").write_text("user,track,playcount\nbob,Bob - Blues,0\n")
    with pytest.raises(DataError, match="names no track that was played"):
        make_own_library(tmp_path / "own", audio=music, listens=tmp_path / "listens.csv")
    with pytest.raises(DataError, match="holds another library"):
        make_own_library(toy_library, audio=music, listens=listens)


@pytest.mark.skipif(sys.platform in ("darwin", "win32"), reason="this system allows no such names")
def test_a_name_that_cannot_be_written_is_told(music, tmp_path):
    (music / "Bob - Blues.wav").rename(music / "Bob \udcff.wav")
    listens = history(tmp_path, ("Zoë", "So What"))
    summary = make_own_library(tmp_path / "own", audio=music, listens=listens)
    assert r"file 'Bob \udcff.wav' skipped: its name has signs that cannot be written; rename it" in summary.skipped


def test_the_command_tells_what_came_of_it(music, tmp_path, monkeypatch, capsys):
    listens = history(tmp_path, ("Bob", "Blues"), ("Nobody", "Nothing"))
    arguments = ["--audio", music, "--listens", listens, "--out", tmp_path / "my own", "--user", "Zoë"]
    monkeypatch.setattr(sys, "argv", ["lemons", "library", "own", *map(str, arguments)])
    with pytest.raises(SystemExit) as exit_:
        main()
    assert not exit_.value.code
    printed = capsys.readouterr()
    assert "Zoë: 2 of 5 tracks played" in printed.out
    assert f"next: LEMONS_LIBRARY='{tmp_path / 'my own'}' lemons train" in printed.out
    assert "1 played tracks have no file" in printed.err
    assert "Nobody - Nothing (1×)" in printed.err


def test_a_path_that_fits_several_files_is_named_as_unmatched(music, tmp_path):
    write(music / "b" / "01 first.flac", title="Other", artist="Bob")
    (tmp_path / "listens.csv").write_text("track\n01 first.flac\nx.ogg\n")
    summary = make_own_library(tmp_path / "own", audio=music, listens=tmp_path / "listens.csv")
    assert summary.unmatched == ["01 first.flac (1×): 2 files fit, such as a/01 first.flac and b/01 first.flac"]
    (row,) = pd.read_csv(tmp_path / "own" / "unmatched.csv", keep_default_na=False).to_dict("records")
    assert (row["track"], row["track_id"], len(row["others"].split())) == ("01 first.flac", "", 2)


def test_damaged_tags_and_damaged_sound_are_named_once_each(music, tmp_path):
    for file in (Path(__file__).parents[2] / "tags").iterdir():
        shutil.copy(file, music)
    # whole sound, and behind it tags of a version that there never was
    tags = b"id3 " + struct.pack("<I", 26) + b"ID3\x09\x00\x00\x00\x00\x00\x10" + bytes(16)
    sound = write(music / "Eve - Tango.wav").read_bytes()
    sound = sound[:4] + struct.pack("<I", len(sound) + len(tags) - 8) + sound[8:] + tags
    (music / "Eve - Tango.wav").write_bytes(sound)
    listens = history(tmp_path, ("Eve", "Tango"))
    summary = make_own_library(tmp_path / "own", audio=music, listens=listens)
    assert summary.played == {"me": 2}
    told = "\n".join(summary.skipped)
    assert told.count("Eve - Tango.wav are damaged") == 1
    assert "artist and title are taken from the file's name" in told
    for file in (Path(__file__).parents[2] / "tags").iterdir():
        assert told.count(file.name) == 1


FORMULAS = ["=2+5", "+1", "-1", "@SUM(1)", "'=2", "''", "'Round Midnight"]


def test_no_formula_reaches_a_table_and_every_text_comes_back(music, tmp_path):
    for number, title in enumerate(FORMULAS):
        write(music / f"{number}.flac", title=title, artist="=A")
    rows = [f"{title},=A" for title in FORMULAS] + ["=3+3,-B"]
    (tmp_path / "listens.csv").write_text("title,artist\n" + "\n".join(rows))
    make_own_library(tmp_path / "own", audio=music, listens=tmp_path / "listens.csv", user="=me")
    for name in ("tracks.csv", "listens.csv", "unmatched.csv", "ambiguous.csv"):
        table = pd.read_csv(tmp_path / "own" / name, dtype=str, keep_default_na=False)
        cells = [cell for column in table for cell in table[column] if cell]
        assert not any(cell[0] in "=+-@\t\r" for cell in cells)
    library = open_library(tmp_path / "own")
    assert library.users == ["=me"]
    assert set(FORMULAS) <= set(library.tracks["title"])
    assert "=A" in set(library.tracks["artist"])
    assert "'=3+3" in (tmp_path / "own" / "unmatched.csv").read_text()


def test_two_files_whose_names_differ_in_composition_only_are_one_and_a_sentence(music, tmp_path):
    for form in ("NFC", "NFD"):
        write(music / unicodedata.normalize("NFC", "é").replace("é", unicodedata.normalize(form, "é") + ".wav"))
    if len(list(music.glob("*.wav"))) < 3:
        pytest.skip("this file system takes both for one")
    summary = make_own_library(tmp_path / "own", audio=music, listens=history(tmp_path, ("Bob", "Blues")))
    assert any("another one has its name in letters composed otherwise" in one for one in summary.skipped)


def test_the_command_tells_what_the_columns_are_read_as(music, tmp_path, monkeypatch, capsys):
    (tmp_path / "table").write_text("1700000000\tBlues\tBob\tB\tx\ty\tz\n")
    arguments = ["--audio", music, "--listens", tmp_path / "table", "--out", tmp_path / "own"]
    monkeypatch.setattr(sys, "argv", ["lemons", "library", "own", *map(str, arguments)])
    with pytest.raises(SystemExit):
        main()
    assert f"{tmp_path / 'table'} was read as date, title, artist, album, recording id" in capsys.readouterr().out
