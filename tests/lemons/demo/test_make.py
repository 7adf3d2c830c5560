import hashlib
import multiprocessing
import subprocess
import sys

import numpy as np
import pytest
import soundfile

from lemons.demo import make as demo
from lemons.demo import make_demo_library
from lemons.errors import DataError, ParameterError
from lemons.library import open_library

N_TRACKS = 3


def contents(path):
    """Every file's hash; two libraries are the same if these are."""
    return {
        file.relative_to(path).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in path.rglob("*")
        if file.is_file()
    }


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A library made without interruption by one process, its folder and what the progress said."""
    path = tmp_path_factory.mktemp("demo")
    told = []
    make_demo_library(path, n_tracks=N_TRACKS, seed=5, n_workers=1, progress=lambda *now: told.append(now))
    return path, told


def test_the_library_opens_whole(made):
    path, told = made
    assert told == [(done, N_TRACKS) for done in range(N_TRACKS + 1)]
    library = open_library(path)
    assert library.skipped == []
    assert len(library.tracks) == N_TRACKS
    assert len(library.users) == 7
    assert {"tempo", "key", "popularity", "sections"} <= set(library.tracks.columns)


def test_the_stems_sum_to_the_mix_to_the_last_bit(made):
    path, _ = made
    for number in range(N_TRACKS):
        files = demo.track_files(path, number)
        sounds = {name: soundfile.read(file, dtype="int16")[0] for name, file in files.items()}
        mix = sounds.pop("mix")
        assert mix.shape == (480000,)
        assert list(sounds) == ["vocals", "piano", "drums", "bass", "other"]
        np.testing.assert_array_equal(sum(y.astype(int) for y in sounds.values()), mix)
        assert -32 < 10 * np.log10(np.mean((mix / 32768) ** 2)) < -14  # neither silent nor squashed
        assert soundfile.info(files["mix"]).samplerate == 16000
        assert soundfile.info(files["mix"]).subtype == "PCM_16"


def test_an_interrupted_run_leaves_nothing_half_done_and_is_taken_up_again(made, tmp_path):
    """With two processes and an interrupt, the same bytes as with one process and none."""

    def interrupt(done, total):
        if done == 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_demo_library(tmp_path, n_tracks=N_TRACKS, seed=5, n_workers=2, progress=interrupt)
    assert not multiprocessing.active_children()
    assert not (tmp_path / "tracks.csv").exists()
    assert not (tmp_path / "listens.csv").exists()
    whole = contents(made[0])
    left = contents(tmp_path)
    assert left.items() <= whole.items()  # no half file, under whatever name
    finished = [number for number in range(N_TRACKS) if demo.is_finished(tmp_path, number)]
    assert finished
    before = {number: demo.track_files(tmp_path, number)["mix"].stat().st_mtime_ns for number in finished}

    make_demo_library(tmp_path, n_tracks=N_TRACKS, seed=5, n_workers=2)
    assert contents(tmp_path) == whole
    for number, then in before.items():
        assert demo.track_files(tmp_path, number)["mix"].stat().st_mtime_ns == then


def test_a_finished_library_is_not_made_again(made, monkeypatch):
    path, _ = made
    monkeypatch.setattr(demo, "find_font", lambda: pytest.fail("nothing is left to play"))
    told = []
    make_demo_library(path, n_tracks=N_TRACKS, seed=5, progress=lambda *now: told.append(now))
    assert told == [(N_TRACKS, N_TRACKS)]


def test_a_script_that_starts_itself_in_every_process_ends_in_a_sentence(tmp_path):
    """Without ``if __name__ == "__main__":`` each new process runs the script from its beginning, and fails."""
    script = tmp_path / "make.py"
    call = f"make_demo_library({str(tmp_path / 'demo')!r}, n_tracks=2)"
    script.write_text(f"from lemons.demo import make_demo_library\n{call}\n")
    ended = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=120)
    assert ended.returncode == 1
    assert "LemonsError: a process that makes tracks ended before its time" in ended.stderr


@pytest.mark.parametrize(("n_tracks", "seed"), [(N_TRACKS, 6), (N_TRACKS + 1, 5)])
def test_a_folder_holds_one_library(made, n_tracks, seed):
    with pytest.raises(DataError, match="holds another demo library .* delete it or choose another folder"):
        make_demo_library(made[0], n_tracks=n_tracks, seed=seed)


def test_a_library_of_ones_own_is_left_alone(tmp_path):
    (tmp_path / "tracks.csv").write_text("track_id,title,artist,genre,file\n")
    with pytest.raises(DataError, match="no demo library"):
        make_demo_library(tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["tracks.csv"]


@pytest.mark.parametrize(
    ("arguments", "sentence"), [({"n_tracks": 0}, "n_tracks=0"), ({"n_workers": 0}, "n_workers=0")]
)
def test_nothing_cannot_be_made(tmp_path, arguments, sentence):
    with pytest.raises(ParameterError, match=sentence):
        make_demo_library(tmp_path, **arguments)
    assert not list(tmp_path.iterdir())
