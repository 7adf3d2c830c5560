"""The Million Song Dataset's files, as they are but for their size."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from explanations.cli import main
from lemons.audio import SAMPLE_RATE
from lemons.errors import DataError, ParameterError
from lemons.library import open_library
from lemons.library.msd import choose_users, make_msd_library
from lemons.listeners import LISTENERS, get_listener
from recsys.data.splits import load_or_draw_split

PUBLISHED = Path(__file__).resolve().parents[4] / "shared" / "msd_splits"
# of the published splits: not played and played tracks of train, val and test
COUNTS = {
    "elizabeth": (794, 826, 114, 89, 105, 98),
    "johnny": (894, 926, 127, 101, 117, 111),
    "marko": (852, 893, 120, 98, 119, 100),
    "matteo": (879, 919, 126, 99, 119, 106),
    "nina": (750, 778, 106, 85, 99, 92),
    "paige": (799, 831, 114, 90, 106, 98),
    "sandra": (748, 776, 106, 85, 99, 92),
}
ZOE = "b80344d063b5ccb3212f76538f3d9e43d87dca9e"


def track(number):
    return f"TR{'ABCDE'[number % 5] * 5}{number:011X}"


def song(number):
    return f"SO{'ABCDE'[number % 5] * 5}{number:011X}"


def write_list(folder, n_tracks, *, song_of=song):
    rows = [(track(i), song_of(i), f"Artist, {i}", f'Título "{i}"') for i in range(n_tracks)]
    (folder / "unique_tracks.txt").write_text("".join("<SEP>".join(row) + "\n" for row in rows))


def write_plays(path, plays):
    """``plays``: user id, song's number, playcount."""
    path.write_text("".join(f"{user}\t{song(number)}\t{count}\n" for user, number, count in plays))


@pytest.fixture
def msd(tmp_path):
    """Forty tracks, of which 0 to 9 were played by marko and 8 to 15 by Zoë; sound is made for all but 3."""
    folder = tmp_path / "msd"
    folder.mkdir()
    write_list(folder, 40)
    marko = get_listener("marko").user_id
    plays = [(marko, i, i + 1) for i in range(10)] + [(ZOE, i, 1) for i in range(8, 16)] + [("0" * 40, 39, 9)]
    write_plays(folder / "train_triplets.txt", plays)
    for i in range(40):
        add_snippet(folder / "snippets", i)
    next((folder / "snippets").rglob(f"{track(3)}*")).unlink()
    return folder


def add_snippet(folder, number):
    """Flat or nested, arrays or files, as people have them."""
    name = track(number)
    place = folder / name[2] / name[3] / name[4] if number % 2 else folder
    place.mkdir(parents=True, exist_ok=True)
    y = 0.1 * np.sin(np.arange(2000) * (number + 1) / 50)
    if number % 3:
        np.save(place / f"{name}.npy", y.astype(np.float32))
    else:
        soundfile.write(place / f"{name}.clip.mp3", np.tile(y, 5), 22050)


def make(msd, **options):
    inputs = {"triplets": msd / "train_triplets.txt", "metadata": msd, "snippets": msd / "snippets"}
    options = {"users": ["marko", f"Zoë={ZOE}"]} | options
    return make_msd_library(msd / "out", **inputs | options), msd / "out"


def numbers(track_ids):
    return sorted(int(one[7:], 16) for one in track_ids)


def test_the_library_holds_what_was_played_and_as_much_that_was_not(msd):
    summary, out = make(msd)
    library = open_library(out)
    assert library.users == ["marko", "Zoë"]
    assert library.skipped == []
    assert {one[7:]: n for one, n in library.played("marko").items()} == {
        f"{i:011X}": i + 1 for i in range(10) if i != 3
    }
    assert numbers(library.played("Zoë").index) == list(range(8, 16))
    others = numbers(set(library.tracks.index) - set(library.listens["track_id"]))
    assert len(others) == 15
    assert min(others) >= 16  # nobody else's track counts as played, and no played one as another
    assert library.tracks.at[track(5), "title"] == 'Título "5"'
    assert library.tracks.at[track(5), "artist"] == "Artist, 5"
    assert summary.heard == {"marko": (9, 10), "Zoë": (8, 8)}
    assert len(library.load_audio(track(4))) == 2000  # an array has 16 kHz
    assert len(load_or_draw_split(library, "marko")) == 18


def test_what_has_no_sound_is_listed(msd):
    next((msd / "snippets").rglob(f"{track(4)}*")).write_bytes(b"ID3")
    summary, out = make(msd)
    missing = pd.read_csv(out / "missing.csv")
    assert missing[["track_id", "song_id", "reason"]].values.tolist() == [
        [track(3), song(3), "no snippet"],
        [track(4), song(4), "damaged"],
    ]
    assert summary.heard["marko"] == (8, 10)
    assert f"2 tracks have no sound and are listed in {out / 'missing.csv'}" in summary.skipped
    assert any(sentence.startswith(f"track {track(4)} skipped:") for sentence in summary.skipped)
    assert track(4) not in open_library(out).tracks.index


def test_the_same_files_make_the_same_library(msd):
    _, out = make(msd)
    before = {file.name: file.read_bytes() for file in out.glob("*.csv")}
    lines = (msd / "train_triplets.txt").read_text().splitlines(keepends=True)
    (msd / "train_triplets.txt").write_text("".join(reversed(lines)))
    make(msd)
    assert {file.name: file.read_bytes() for file in out.glob("*.csv")} == before


def test_popularity_is_among_all_but_the_librarys_own_listeners(msd):
    path = msd / "train_triplets.txt"
    more = [(f"{i:040x}", number, 7) for number, n in ((4, 3), (20, 1)) for i in range(1, n + 1)]
    path.write_text(path.read_text() + "".join(f"{user}\t{song(number)}\t{count}\n" for user, number, count in more))
    _, out = make(msd, n_others=40)
    popular = open_library(out).tracks["n_other_listeners"].astype(int)
    assert popular[popular > 0].to_dict() == {track(4): 3, track(20): 1, track(39): 1}


def test_a_mark_before_a_list_and_blank_lines_in_it_change_nothing(msd):
    """Or the first track would not be its song's, and what was played would count as not played."""
    _, out = make(msd)
    before = {file.name: file.read_bytes() for file in out.glob("*.csv")}
    tracks = msd / "unique_tracks.txt"
    tracks.write_text("\ufeff" + tracks.read_text() + "\n\n")
    make(msd)
    assert {file.name: file.read_bytes() for file in out.glob("*.csv")} == before
    assert track(0) in open_library(out).played("marko").index


def test_a_track_that_is_not_the_songs_does_not_count(msd):
    (msd / "sid_mismatches.txt").write_text(
        f"ERROR: <{song(5)} {track(5)}> A  -  B  !=  C  -  D\nERROR: <{song(6)} {track(6)}> A  -  B  !=  C  -  D\n"
    )
    (msd / "sid_matches_manually_accepted.txt").write_text(
        f"# accepted\n< ERROR: <{song(6)} {track(6)}> A  -  B  !=  a  -  b\n"
    )
    _, out = make(msd, n_others=99)
    library = open_library(out)
    assert numbers(library.played("marko").index) == [0, 1, 2, 4, 6, 7, 8, 9]
    assert track(5) not in library.tracks.index  # nor is it one that marko never played
    missing = pd.read_csv(out / "missing.csv")
    assert missing.loc[missing["song_id"] == song(5), "reason"].tolist() == ["no track"]


def test_a_song_is_heard_in_the_first_of_its_tracks_that_has_sound(msd):
    # marko's song 3 has no snippet; its other tracks are 33, by the list of tracks, and 23, by that of songs
    write_list(msd, 40, song_of=lambda i: song(3 if i == 33 else i))
    (msd / "taste_profile_song_to_tracks.txt").write_text(
        f"{song(3)}\t{track(3)}\t{track(23)}\n{song(39)}\n{song(1)}\t{track(1)}\n"
    )
    _, out = make(msd)
    assert numbers(open_library(out).played("marko").index) == [0, 1, 2, 4, 5, 6, 7, 8, 9, 23]


def test_the_database_knows_albums_and_genres_come_from_annotations(msd):
    connection = sqlite3.connect(msd / "track_metadata.db")
    connection.execute("CREATE TABLE songs (track_id, title, song_id, release, artist_name, year)")
    rows = [(track(i), f"Title {i}", song(i), "Album", "Artist", 0 if i else 1999) for i in range(40)]
    connection.executemany("INSERT INTO songs VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.commit()
    connection.close()
    (msd / "unique_tracks.txt").unlink()
    (msd / "msd_tagtraum_cd2c.cls").write_text(f"# genres\n{track(0)}\tReggae\n{track(1)}\tRock\tPop\n")
    _, out = make(msd)
    tracks = open_library(out).tracks
    assert tracks.loc[track(0), ["title", "album", "year", "genre"]].tolist() == ["Title 0", "Album", "1999", "reggae"]
    assert tracks.loc[track(1), ["year", "genre"]].tolist() == ["", "rock"]


def test_published_splits_are_kept_to_the_letter(msd):
    (msd / "splits").mkdir()
    parts = ["train"] * 4 + ["val"] * 2 + ["test"] * 2
    rows = [(track(i), part, i % 2) for i, part in enumerate(parts, start=2)] + [(track(99), "test", 0)]
    pd.DataFrame(rows, columns=["track_id", "split", "listened"]).to_csv(msd / "splits" / "marko.csv", index=False)
    summary, out = make(msd, users=["marko"], splits=msd / "splits")
    library = open_library(out)
    assert numbers(library.tracks.index) == [2, 4, 5, 6, 7, 8, 9]  # 3 has no snippet, 99 is nowhere
    # their labels hold, whatever the triplets say: marko played 2, 4 ..., too
    assert {numbers([one])[0]: n for one, n in library.played("marko").items()} == {5: 6, 7: 8, 9: 10}
    split = load_or_draw_split(library, "marko")
    assert split["track_id"].tolist() == [row[0] for row in rows]
    assert (split["playcount"] > 0).tolist() == [bool(row[2]) for row in rows]
    assert summary.heard == {"marko": (3, 4)}
    assert pd.read_csv(out / "missing.csv")["title"].tolist() == ['Título "3"', track(99)]


def test_what_a_published_split_calls_played_and_the_triplets_do_not_has_playcount_one(msd):
    (msd / "splits").mkdir()
    rows = [(track(i), "train", 1) for i in (0, 20, 21)]
    pd.DataFrame(rows, columns=["track_id", "split", "listened"]).to_csv(msd / "splits" / "marko.csv", index=False)
    summary, out = make(msd, users=["marko"], splits=msd / "splits")
    assert open_library(out).played("marko").to_dict() == {track(0): 1, track(20): 1, track(21): 1}
    assert "marko: 2 tracks that the split calls played have no playcount; 1 is taken" in summary.skipped


@pytest.mark.skipif(not PUBLISHED.is_dir(), reason="the published splits are not at hand")
def test_the_papers_splits_come_out_as_they_went_in(tmp_path):
    splits = {name: pd.read_csv(PUBLISHED / f"{name}.csv") for name in COUNTS}
    heard = sorted({one for split in splits.values() for one in split["track_id"][::100]})
    (tmp_path / "snippets").mkdir()
    for one in heard:
        np.save(tmp_path / "snippets" / f"{one}.npy", np.ones(10, np.int16))
    (tmp_path / "unique_tracks.txt").write_text("".join(f"{one}<SEP>SO{one[2:]}<SEP>A<SEP>T\n" for one in heard))
    write_plays(tmp_path / "triplets.txt", [(listener.user_id, 1, 1) for listener in LISTENERS])
    inputs = {"triplets": tmp_path / "triplets.txt", "metadata": tmp_path, "snippets": tmp_path / "snippets"}
    make_msd_library(tmp_path / "out", **inputs, splits=PUBLISHED)
    library = open_library(tmp_path / "out")
    assert len(library.tracks) == len(heard)
    for name, counts in COUNTS.items():
        split = load_or_draw_split(library, name)
        found = split.groupby(["split", split["playcount"] > 0]).size().to_dict()
        assert tuple(found[part, played] for part in ("train", "val", "test") for played in (0, 1)) == counts
        pd.testing.assert_frame_equal(split[["track_id", "split"]], splits[name][["track_id", "split"]].astype(str))


def test_killed_before_the_end_it_leaves_no_library_or_the_older_one(msd, monkeypatch):
    class Killed(BaseException):
        pass

    def killed(table, *arguments, **options):
        if "playcount" in table.columns:
            raise Killed
        to_csv(table, *arguments, **options)

    to_csv = pd.DataFrame.to_csv
    monkeypatch.setattr(pd.DataFrame, "to_csv", killed)
    with pytest.raises(Killed):
        make(msd)
    with pytest.raises(DataError, match="no music library"):
        open_library(msd / "out")
    monkeypatch.undo()
    _, out = make(msd)
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(pd.DataFrame, "to_csv", killed)
        make(msd, users=["marko"])
    with pytest.raises(DataError, match="no music library"):  # rather than new tracks with older listens
        open_library(out)
    make(msd)
    before = open_library(out).fingerprint

    def bar(description, unit):
        def progress(done, total):
            if description == "audio":
                raise Killed

        return progress

    with pytest.raises(Killed):
        make(msd, users=["marko"], bar=bar)
    assert open_library(out).fingerprint == before
    assert not list(out.rglob(".*"))  # no temporary file is left


def test_another_library_is_not_overwritten(msd, toy_library):
    inputs = {"triplets": msd / "train_triplets.txt", "metadata": msd, "snippets": msd / "snippets"}
    before = open_library(toy_library).fingerprint
    with pytest.raises(DataError, match="holds another library, which is kept; choose another folder for --out"):
        make_msd_library(toy_library, **inputs, users=["marko"])
    assert open_library(toy_library).fingerprint == before


def test_the_seven_are_the_default_and_anybody_can_be_named():
    assert choose_users(None) == {listener.name: listener.user_id for listener in LISTENERS}
    assert choose_users([ZOE]) == {ZOE: ZOE}
    assert choose_users(["marko", f"Zoë, the 2nd={ZOE}"]) == {
        "marko": get_listener("marko").user_id,
        "Zoë, the 2nd": ZOE,
    }


@pytest.mark.parametrize("names", [["bob"], ["bob=12"], [ZOE[:-1]], ["bob=marko"]])
def test_a_user_who_is_no_id_is_refused(names):
    with pytest.raises(ParameterError, match="40 hexadecimal digits"):
        choose_users(names)


def test_two_users_of_one_name_are_refused():
    with pytest.raises(ParameterError, match="has the name of another"):
        choose_users(["marko", f"marko={ZOE}"])


@pytest.mark.parametrize(
    ("options", "error", "sentence"),
    [
        ({"users": ["0" * 39 + "1"]}, DataError, "has no plays of 0000"),
        ({"snippets": "nowhere"}, DataError, "no such folder of snippets"),
        ({"metadata": "nowhere"}, DataError, r"holds no track_metadata.db or unique_tracks.txt; .* docs/data.md"),
        ({"splits": "nowhere"}, DataError, "no published split"),
        ({"n_others": -1}, ParameterError, "n_others=-1"),
        ({"triplets": "nowhere.txt"}, DataError, "cannot be read"),
    ],
)
def test_inputs_that_are_not_there_are_told(msd, options, error, sentence):
    with pytest.raises(error, match=sentence):
        make(msd, **options)
    assert not (msd / "out").exists()


@pytest.mark.parametrize("row", ["T1,training,1", "T1,train,yes"])
def test_a_malformed_published_split_is_told(msd, row):
    (msd / "splits").mkdir()
    (msd / "splits" / "marko.csv").write_text(f"track_id,split,listened\nT0,test,0\n{row}\n")
    with pytest.raises(DataError, match=r"marko.csv, line 3: split must be"):
        make(msd, users=["marko"], splits=msd / "splits")


def test_a_playcount_of_0_is_no_play_of_a_listener(msd):
    path = msd / "train_triplets.txt"
    path.write_text(path.read_text() + f"{get_listener('marko').user_id}\t{song(20)}\t0\n{ZOE}\t{song(3)}\t0\n")
    summary, out = make(msd, n_others=0)
    assert summary.heard == {"marko": (9, 10), "Zoë": (8, 8)}
    assert track(20) not in open_library(out).tracks.index


def test_an_array_may_have_a_capital_ending(msd):
    for file in list((msd / "snippets").rglob("*.*")):
        file.rename(file.with_name(f"{file.stem}{file.suffix.upper()}"))
    assert make(msd)[0].heard == {"marko": (9, 10), "Zoë": (8, 8)}


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make")
def test_make_paper_without_the_data_says_what_to_get_before_it_installs_anything(tmp_path):
    command = ["make", "paper", f"MSD={tmp_path / 'msd'}", f"VENV={tmp_path / 'venv'}"]
    done = subprocess.run(command, cwd=Path(__file__).resolve().parents[3], capture_output=True, text=True)
    assert done.returncode == 2
    for word in ("train_triplets.txt", "unique_tracks.txt", "snippets", "lemons library msd", "docs/data.md"):
        assert word in done.stderr
    assert not (tmp_path / "venv").exists()


@pytest.mark.usefixtures("slim")
def test_the_commands_of_make_paper_go_from_the_datasets_files_to_the_table(msd, monkeypatch, capsys):
    plays = {"marko": range(10, 15), "nina": range(15, 20)}
    plays = [(get_listener(name).user_id, i, 1) for name, songs in plays.items() for i in songs]
    write_plays(msd / "train_triplets.txt", plays)
    for file in list((msd / "snippets").rglob("TR*")):  # a training needs a second of sound
        y = np.load(file) if file.suffix == ".npy" else soundfile.read(file)[0]
        np.save(file.with_name(f"{file.name[:18]}.npy"), np.resize(y, SAMPLE_RATE).astype(np.float32))
    _, out = make(msd, users=["marko", "nina"], n_others=20)
    (msd / "config.py").write_text("experiments_path = 'experiments'\n")
    monkeypatch.setenv("LEMONS_CONFIG", str(msd / "config.py"))
    monkeypatch.setenv("LEMONS_LIBRARY", str(out))
    for arguments in (["train", "--schedule", "demo"], ["report", "--paper"]):  # the paper's has a thousand epochs
        monkeypatch.setattr(sys, "argv", ["lemons", *arguments])
        with pytest.raises(SystemExit) as exit_:
            main()
        assert not exit_.value.code
    table = [line.split() for line in capsys.readouterr().out.splitlines()]
    start = table.index(["ROC-AUC", "tracks", "model", "popularity", "mel", "loudness"])
    assert [line[0] for line in table[start + 2 : start + 7]] == ["marko", "nina", "mean", "std", "paper"]
    assert table[start + 2][1] == "2"  # of ten tracks, one that marko played and one that he did not
    assert table[start + 6] == ["paper", "0.758", "±", "0.113"]
