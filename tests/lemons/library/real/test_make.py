import numpy as np
import pytest

from explanations.cli import main
from lemons.errors import DataError, ParameterError
from lemons.library import open_library
from lemons.library.real import make_real_library
from lemons.library.real.make import ALBUMS
from recsys.data.splits import load_or_draw_split

FANS = ["kaufman-fan", "maxstack-fan", "metal-fan", "muldjord-fan", "orchestral-fan", "sectoid-fan", "westlund-fan"]


def contents(folder):
    return {file.relative_to(folder): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_every_song_is_cut_and_every_fan_can_be_trained(made):
    folder, summary = made
    library = open_library(folder)
    assert not library.skipped
    assert library.users == sorted(summary.played) == FANS
    # 20 songs of 5 s or a little more, in excerpts of 1 s
    assert len(library.tracks) == summary.n_tracks == 100
    assert {len(library.load_audio(one)) for one in library.tracks.index} == {16000}
    for user in library.users:
        split = load_or_draw_split(library, user).set_index("track_id").join(library.tracks["song"])
        assert (split.groupby("song")["split"].nunique() == 1).all()
    assert sorted(summary.by_album) == ["maxstack-fan", "metal-fan"]
    for user in summary.by_album:
        split = load_or_draw_split(library, user, folder=folder / ALBUMS).set_index("track_id")
        albums = library.tracks.loc[split.index, "album"].groupby(split["split"]).agg(set)
        assert not albums["test"] & (albums["train"] | albums["val"])


def test_author_and_licence_of_every_track_are_kept(made, packages):
    folder, summary = made
    tracks = open_library(folder).tracks
    found = tracks.groupby("package")[["artist", "author", "licence"]].agg(lambda cells: " | ".join(sorted(set(cells))))
    assert found.to_dict("index") == {
        "fretsonfire-songs-muldjord": {"artist": "Muldjord", "author": "El Senator", "licence": "CC-BY-SA-3.0"},
        "fretsonfire-songs-sectoid": {"artist": "Sectoid", "author": "Carlos Viola Iborra", "licence": "MIT"},
        "singularity-music": {"artist": "Maxstack", "author": "Max McCracken", "licence": "CC-BY-SA-3.0"},  # by tags
        "wesnoth-1.16-music": dict.fromkeys(("artist", "author"), "Doug Kaufman | Mattias Westlund")
        | {"licence": "GPL-2.0-or-later"},  # before that of a part
    }
    for name, files in packages.items():
        assert (folder / "licences" / f"{name}.txt").read_bytes() == files[f"usr/share/doc/{name}/copyright"]
    assert "Muldjord: 4 songs, 20 excerpts, metal, CC-BY-SA-3.0" in summary.music
    assert tracks.at["sectoid-song-2-004", "title"] == "sectoid no. 2: 100%, from 0:04"


def test_true_stems_sum_to_the_track_and_are_scaled_by_one_power_of_two(made):
    library = open_library(made[0])
    for track_id in ("sectoid-song-0-000", "muldjord-song-3-004"):
        stems = library.stems(track_id)
        assert list(stems) == ["backing", "guitar"]
        # tones of 0.8 and 0.9 reach 1.7 together, which 1/2 brings within full scale; Vorbis keeps tones within 5 %
        rms = {name: np.sqrt(2 * np.mean(y**2)) for name, y in stems.items()}
        assert rms == pytest.approx({"backing": 0.45, "guitar": 0.4}, rel=0.05)
    assert not library.stems("singularity-tone-0-000")


def test_what_cannot_be_used_is_named(made):
    said = "\n".join(made[1].skipped)
    assert len(made[1].skipped) == 4
    assert "wesnoth-stinger skipped: it is silent, or shorter than" in said
    assert "wesnoth-quiet skipped: it is silent, or shorter than" in said
    assert "music/silence.ogg skipped: neither its tags nor its package name an artist" in said
    assert "wesnoth-damaged skipped: " in said


def test_a_second_call_makes_what_is_missing_and_the_same_bytes(made, debs, one_second):
    folder, first = made
    before = contents(folder)
    written = {file: file.stat().st_mtime_ns for file in folder.rglob("*.flac")}
    (folder / "audio" / "wesnoth-score-kaufman-1-002.flac").unlink()
    assert make_real_library(folder, debs=debs, root=folder / "nothing installed") == first
    assert contents(folder) == before
    again = {file.name for file, time in written.items() if file.stat().st_mtime_ns != time}
    assert again == {f"wesnoth-score-kaufman-1-{start:03d}.flac" for start in range(5)}
    assert not (folder / "cache" / "packages").exists()


def test_other_libraries_and_wrong_seeds_are_refused(tmp_path, debs):
    with pytest.raises(ParameterError, match="seed=-1"):
        make_real_library(tmp_path, debs=debs, seed=-1)
    (tmp_path / "tracks.csv").write_text("mine")
    with pytest.raises(DataError, match="another library"):
        make_real_library(tmp_path, debs=debs)
    assert (tmp_path / "tracks.csv").read_text() == "mine"


def test_a_full_disk_is_told_once_and_no_song_is_skipped_for_it(tmp_path, debs, one_second):
    (tmp_path / "audio").write_text("a file where the folder should be")
    with pytest.raises(DataError, match="cannot write .*audio"):
        make_real_library(tmp_path, debs=debs, root=tmp_path / "nothing")


def test_packages_without_a_song_are_told(tmp_path):
    for path in (
        "usr/share/doc/fretsonfire-songs-sectoid/copyright",
        "usr/share/games/fretsonfire/data/songs/sectoid/x",
    ):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text("")
    with pytest.raises(DataError, match="no song of fretsonfire-songs-sectoid can be used; package wesnoth"):
        make_real_library(tmp_path / "real", root=tmp_path)


def test_one_package_alone_makes_no_listener(tmp_path, packages, deb, one_second):
    files = {name: content for name, content in packages["singularity-music"].items() if "Tone 1" not in name}
    (tmp_path / "singularity-music_1_all.deb").write_bytes(deb(files))
    with pytest.raises(DataError, match="3 songs by 1 artists make no listener"):
        make_real_library(tmp_path / "real", debs=tmp_path, root=tmp_path)
    assert not (tmp_path / "real" / "tracks.csv").exists()


def test_the_command_says_whose_music_it_is(made, debs, one_second, monkeypatch, capsys):
    folder, _ = made
    command = [
        "lemons",
        "library",
        "real",
        "--debs",
        str(debs),
        "--root",
        str(folder / "nothing"),
        "--out",
        str(folder),
    ]
    monkeypatch.setattr("sys.argv", command)
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    said = capsys.readouterr().out
    assert "Doug Kaufman: 4 songs, 20 excerpts, orchestral, GPL-2.0-or-later" in said
    assert "metal-fan: loves 40 of 100 excerpts, also with a split by albums" in said
