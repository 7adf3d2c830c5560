import csv
import os
import re
import shutil

import numpy as np
import pandas as pd
import pytest
import soundfile

from lemons.audio import SAMPLE_RATE, load, quantize, to_float, write_flac
from lemons.errors import DataError, ParameterError
from lemons.files import safe_name
from lemons.library import library as catalogue
from lemons.library import open_library


def write_table(path, header, rows):
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])


@pytest.fixture
def folder(tmp_path, rng):
    """A library of three tracks, two listeners and stems for the first track."""
    (tmp_path / "audio").mkdir()
    rows = []
    for track_id in ("007", "T2", "T3"):
        stems = {name: quantize(0.1 * rng.standard_normal(SAMPLE_RATE)) for name in ("zither", "drums", "vocals")}
        write_flac(tmp_path / "audio" / f"{track_id}.flac", sum(stems.values()))
        rows.append([track_id, f"Song, {track_id}", "NA", "pop", f"audio/{track_id}.flac", "120"])
        if track_id == "007":
            for name, y in stems.items():
                write_flac(tmp_path / "stems" / track_id / f"{name}.flac", y)
    write_table(tmp_path / "tracks.csv", ["track_id", "title", "artist", "genre", "file", "tempo"], rows)
    listens = [["zoe", "007", 1], ["marko", "007", 2], ["marko", "T2", 5], ["marko", "T3", 0], ["marko", "007", 1]]
    write_table(tmp_path / "listens.csv", ["user", "track_id", "playcount"], listens)
    return tmp_path


def test_a_library_knows_its_tracks_and_listeners(folder):
    library = open_library(folder)
    assert library.tracks.index.tolist() == ["007", "T2", "T3"]  # an id stays a text
    assert library.tracks.at["007", "title"] == "Song, 007"
    assert library.tracks.at["007", "artist"] == "NA"
    assert library.tracks.at["007", "tempo"] == "120"  # columns of one's own are kept
    assert library.users == ["marko", "zoe"]  # personas first
    assert library.skipped == []


def test_plays_add_up_and_the_most_played_comes_first(folder):
    assert open_library(folder).played("marko").to_dict() == {"T2": 5, "007": 3}


def test_a_whole_number_may_be_written_with_a_point(folder):
    write_table(folder / "listens.csv", ["user", "track_id", "playcount"], [["marko", "T2", "3.0"], ["marko", "T3", 0]])
    assert open_library(folder).played("marko").to_dict() == {"T2": 3}


def test_an_unknown_listener_is_told_who_there_is(folder):
    with pytest.raises(ParameterError, match=r"listener='bob' is not in .*; choose one of marko, zoe"):
        open_library(folder).played("bob")


def test_an_unknown_track_is_told_how_ids_look(folder):
    with pytest.raises(ParameterError, match=r"track='T9' is not in .* such as 007"):
        open_library(folder).load_audio("T9")


def test_stems_come_in_spleeters_order_and_sum_to_the_mix(folder):
    library = open_library(folder)
    stems = library.stems("007")
    assert list(stems) == ["vocals", "drums", "zither"]
    np.testing.assert_array_equal(sum(stems.values()), to_float(library.load_audio("007")))
    assert library.stems("T2") == {}


def test_the_mix_and_other_sums_beside_stems_are_told_by_their_sound(folder, caplog):
    caplog.set_level("INFO")
    stems = open_library(folder).stems("007")
    place = folder / "stems" / "007"
    write_flac(place / "a song.flac", sum(stems.values()))
    write_flac(place / "instrumental.flac", stems["drums"] + stems["zither"])
    assert list(open_library(folder).stems("007")) == ["vocals", "drums", "zither"]
    assert caplog.messages == ["no stems, but sums of stems: instrumental, a song"]


@pytest.mark.parametrize(("n_samples", "sentence"), [(SAMPLE_RATE, "do not sum"), (SAMPLE_RATE - 1, "not as long")])
def test_stems_of_another_mix_are_refused(folder, n_samples, sentence):
    write_flac(folder / "stems" / "007" / "drums.flac", np.zeros(n_samples, np.float32))
    with pytest.raises(DataError, match=sentence):
        open_library(folder).stems("007")


@pytest.fixture
def resampled(folder, monkeypatch):
    """The library with T2 at 44.1 kHz, the path of its kept samples, and the files that are decoded."""
    noise = to_float(open_library(folder).load_audio("T2"))
    soundfile.write(folder / "audio" / "T2.flac", noise, 44100, format="FLAC")
    decoded = []
    monkeypatch.setattr(catalogue, "load", lambda path: decoded.append(path.name) or load(path))
    return open_library(folder), folder / "cache" / "npy" / "T2.npy", decoded


def test_audio_is_resampled_once(resampled):
    library, cached, decoded = resampled
    first = library.load_audio("T2")
    assert abs(len(first) - SAMPLE_RATE**2 / 44100) <= 1  # resampling rounds the length
    np.testing.assert_array_equal(library.load_audio("T2"), first)
    np.testing.assert_array_equal(np.load(cached), first)
    assert first.dtype == np.int16
    assert decoded == ["T2.flac"]


@pytest.mark.parametrize("years", [-1, 0, 1])
def test_a_replaced_file_is_heard_whatever_its_date(resampled, years):
    library, _, _ = resampled
    before = library.load_audio("T2")
    source = library.audio_path("T2")
    date = source.stat().st_mtime_ns
    soundfile.write(source, np.zeros(9999 + 441 * years), 44100, format="FLAC")  # of other size at the same date
    os.utime(source, ns=(date, date + years * 365 * 86400 * 10**9))
    assert before.any()
    assert not library.load_audio("T2").any()


def test_another_file_of_the_same_size_and_date_is_another_sound(resampled):
    library, _, _ = resampled
    for name, value in (("one.wav", 0.1), ("two.wav", 0.2)):
        soundfile.write(library.path / name, np.full(44100, value), 44100)
        os.utime(library.path / name, ns=(0, 0))
    loudest = []
    for name in ("one.wav", "two.wav"):
        library.rows = {"T2": library.rows["T2"] | {"file": name}}
        loudest.append(library.load_audio("T2").max())
    assert loudest[0] < loudest[1]


def flip(path, place, bit=0):
    content = bytearray(path.read_bytes())
    content[place] ^= 1 << bit
    path.write_bytes(content)


DAMAGES = {
    "cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "empty": lambda path: path.write_bytes(b""),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "header": lambda path: flip(path, 30),
    "byte order": lambda path: flip(path, path.read_bytes().index(b"<i2"), bit=1),
    "first sample": lambda path: flip(path, 128),
    "last sample": lambda path: flip(path, -1, bit=7),
    "silence": lambda path: np.save(path, np.zeros_like(np.load(path))),
    "note": lambda path: path.with_suffix(".json").write_text("[" * 10**5),
    "list": lambda path: path.with_suffix(".json").write_text("[]"),
    "date": lambda path: flip(note := path.with_suffix(".json"), note.read_bytes().index(b"mtime_ns") + 12),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_damaged_samples_are_named_once_and_made_again(resampled, caplog, damage):
    library, cached, decoded = resampled
    first = library.load_audio("T2")
    damage(cached)
    for _ in range(2):
        np.testing.assert_array_equal(library.load_audio("T2"), first)
    assert len(decoded) == 2
    assert caplog.text.count("T2.npy is damaged; it is made again") == 1


def test_samples_of_an_earlier_version_are_made_again(resampled, caplog):
    library, cached, _ = resampled
    cached.parent.mkdir(parents=True)
    np.save(cached, np.zeros(9, np.int16))  # without a note
    assert len(library.load_audio("T2")) > 9
    assert caplog.text == ""


def test_a_cache_that_cannot_be_written_is_said_once_and_nothing_is_lost(resampled, caplog):
    library, _, decoded = resampled
    (library.path / "cache").write_text("no folder")
    first, second = library.load_audio("T2"), library.load_audio("T2")
    np.testing.assert_array_equal(first, second)
    assert len(decoded) == 2
    assert caplog.text.count("npy cannot be written (") == 1


@pytest.mark.parametrize("odd", ["../../escaped", "a/b", "..", "x" * 300, "Con\\", "/tmp/escaped"])
def test_an_id_names_no_path(folder, odd):
    noise = to_float(open_library(folder).load_audio("007"))
    soundfile.write(folder / "audio" / "007.flac", noise, 44100, format="FLAC")
    shutil.move(folder / "stems" / "007", folder / "stems" / safe_name(odd))
    tracks = pd.read_csv(folder / "tracks.csv", dtype=str).replace({"track_id": {"007": odd}})
    tracks.to_csv(folder / "tracks.csv", index=False)
    pd.DataFrame({"user": ["zoe"], "track_id": [odd], "playcount": [1]}).to_csv(folder / "listens.csv", index=False)
    around = set(folder.parent.rglob("*"))
    library = open_library(folder)
    library.load_audio(odd)
    made = {file for file in set(folder.parent.rglob("*")) - around if file.is_file()}
    assert {file.parent for file in made} == {folder / "cache" / "npy"}
    with pytest.raises(DataError, match=r"stems/.*(vocals|drums|zither)\.flac is not as long as the track"):
        library.stems(odd)  # they are found under that name, too


def test_two_ids_that_a_file_system_takes_for_one_share_no_sound(resampled):
    library, cached, _ = resampled
    first = library.load_audio("T2")
    soundfile.write(library.path / "t2.flac", np.zeros(44100), 44100, format="FLAC")
    library.rows = {"T2": library.rows["T2"], "t2": library.rows["T2"] | {"file": "t2.flac"}}
    library.load_audio("t2")
    for suffix in (".npy", ".json"):  # as if there were no upper case
        shutil.copy(cached.with_name(f"t2{suffix}"), cached.with_suffix(suffix))
    np.testing.assert_array_equal(library.load_audio("T2"), first)


def test_audio_that_needs_no_resampling_is_not_stored_twice(folder):
    open_library(folder).check_audio()
    assert not (folder / "cache").exists()


def test_audio_may_lie_anywhere_and_be_an_array(folder, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    samples = open_library(folder).load_audio("T2")
    np.save(elsewhere / "T2.npy", samples)
    table = (folder / "tracks.csv").read_text().replace("audio/T2.flac", str(elsewhere / "T2.npy"))
    (folder / "tracks.csv").write_text(table)
    np.testing.assert_array_equal(open_library(folder).load_audio("T2"), samples)
    assert not (folder / "cache").exists()


def test_missing_files_are_named_and_skipped(folder):
    (folder / "audio" / "T2.flac").unlink()
    with (folder / "listens.csv").open("a") as file:
        file.write("marko,T9,1\n")
    library = open_library(folder)
    assert library.tracks.index.tolist() == ["007", "T3"]
    assert library.played("marko").to_dict() == {"007": 3}
    assert len(library.skipped) == 2
    assert "track T2 skipped: no such file" in library.skipped[0]
    assert "listens of 1 tracks skipped: not in tracks.csv, such as T9" in library.skipped[1]


def test_a_file_that_is_no_file_costs_its_own_row_only(folder):
    (folder / "folder.wav").mkdir()
    os.mkfifo(folder / "pipe.wav")
    (folder / "device.wav").symlink_to("/dev/zero")
    files = {
        "long": ("x" * 300, "File name too long"),
        "nul": ("x\0y", "a NUL"),
        "folder": ("folder.wav", "it is a folder"),
        "pipe": ("pipe.wav", "it is a pipe"),
        "device": ("device.wav", "a device"),
        "below": ("tracks.csv/x.wav", "there is none"),
        "none": ("", "names no file"),
        "": ("audio/007.flac", "its track_id is empty"),
        "N\0": ("audio/007.flac", "its track_id .* holds a NUL"),
    }
    with (folder / "tracks.csv").open("a") as file:
        file.writelines(f"{track_id},a,b,c,{name},1\n" for track_id, (name, _) in files.items())
    library = open_library(folder)
    assert library.tracks.index.tolist() == ["007", "T2", "T3"]
    assert len(library.skipped) == len(files)
    for sentence, (_, why) in zip(library.skipped, files.values(), strict=True):
        assert re.search(why, sentence)
        assert sentence.isprintable()
        assert len(sentence) < 300


@pytest.mark.parametrize("listens", ["", "marko,T9,1\n", "marko,T2,0\n"])
def test_a_library_that_nobody_listened_to_is_told(folder, listens):
    (folder / "listens.csv").write_text("user,track_id,playcount\n" + listens)
    with pytest.raises(DataError, match=r"listens\.csv names no listener who played a track that is here"):
        open_library(folder)


def test_shadows_beside_stems_are_no_stems(folder):
    (folder / "stems" / "007" / "._drums.flac").write_bytes(b"\0\5\x16\7")
    assert list(open_library(folder).stems("007")) == ["vocals", "drums", "zither"]


def test_a_damaged_stem_is_named(folder):
    flip(folder / "stems" / "007" / "drums.flac", 9000)
    with pytest.raises(DataError, match=r"stems/007/drums\.flac is damaged"):
        open_library(folder).stems("007")


def test_damaged_files_are_named_skipped_and_counted(folder):
    (folder / "audio" / "T3.flac").write_bytes(b"fLaC, or so it says")
    library = open_library(folder)
    progress = []
    library.check_audio(lambda done, total: progress.append((done, total)))
    assert library.tracks.index.tolist() == ["007", "T2"]
    assert len(library.skipped) == 1
    assert "track T3 skipped" in library.skipped[0]
    assert progress == [(1, 3), (2, 3), (3, 3)]


def test_the_fingerprint_follows_the_tables(folder):
    before = open_library(folder).fingerprint
    assert open_library(folder).fingerprint == before
    with (folder / "listens.csv").open("a") as file:
        file.write("zoe,T2,1\n")
    assert open_library(folder).fingerprint != before


def test_no_library_names_the_command_that_makes_one(tmp_path):
    with pytest.raises(DataError, match="no music library at .*`lemons library demo`"):
        open_library(tmp_path)


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("tracks.csv", "track_id,title\n1,x\n", "has no column artist, genre, file"),
        ("tracks.csv", "", "cannot be read as a table"),
        ("tracks.csv", "track_id,title,artist,genre,file\nT1,x,y,z,a\nT1,x,y,z,b\n", "lists T1 twice"),
        ("tracks.csv", "track_id,title,artist,genre,file\nT1,x,y,z,gone.wav\n", "no track whose file exists"),
        ("tracks.csv", "track_id,title,artist,genre,file\nT1,Yes, I do,y,z,a\n", "line 2 has more columns"),
        ("listens.csv", "user,track_id,playcount\nmarko,T2,2\nmarko,007,often\n", "line 3: playcount='often'"),
        *[
            (
                "listens.csv",
                f"user,track_id,playcount\nmarko,T2,{count}\n",
                "must be a whole number from 0 to 999999999",
            )
            for count in ("1000000000", "9" * 23, "inf", "-1", "0.5", "")  # 0.5 would be cut to 0: not played
        ],
        ("listens.csv", b"user,track_id,playcount\nmarko,T2,\xff\xfe\n", "must be comma-separated UTF-8"),
    ],
)
def test_malformed_tables_are_told_what_is_wrong(folder, name, text, sentence):
    (folder / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=sentence):
        open_library(folder)
