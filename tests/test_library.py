import csv

import numpy as np
import pytest
import soundfile

from lemons.audio import SAMPLE_RATE, quantize, to_float, write_flac
from lemons.errors import DataError, ParameterError
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


def test_audio_is_resampled_once_and_anew_when_the_file_changes(folder):
    library = open_library(folder)
    noise = to_float(library.load_audio("T2"))
    soundfile.write(folder / "audio" / "T2.flac", noise, 44100, format="FLAC")
    first = library.load_audio("T2")
    assert abs(len(first) - len(noise) * SAMPLE_RATE / 44100) <= 1  # resampling rounds the length
    cached = folder / "cache" / "npy" / "T2.npy"
    np.save(cached, np.zeros_like(first))
    assert not library.load_audio("T2").any()  # it is the cache that was read
    soundfile.write(folder / "audio" / "T2.flac", noise, 44100, format="FLAC")
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
