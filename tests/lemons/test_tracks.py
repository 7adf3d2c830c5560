"""From a track or a file to the clips, the picture and the text of its explanation."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from explanations.core.explain_track import explain_track
from lemons.audio import load, quantize, write_flac
from lemons.errors import DataError, MissingWeightsError, ParameterError
from lemons.explaining.explanation import load_explanation
from lemons.library import open_library
from lemons.render.export import write_explanation
from lemons.tracks import open_track
from recsys.checkpoints import MODEL_FILE, save_checkpoint
from recsys.model import FCN
from recsys.model_runs import finish_run, new_run

N_SAMPLES = 17003


@pytest.fixture
def library(tmp_path, rng):
    """Two tracks that marko played; the first has stems."""
    folder = tmp_path / "library"
    for i in range(2):
        stems = {name: quantize(rng.uniform(-0.2, 0.2, N_SAMPLES)) for name in ("vocals", "drums")}
        write_flac(folder / f"audio/T{i}.flac", sum(stems.values()))
        if i == 0:
            for name, y in stems.items():
                write_flac(folder / f"stems/T0/{name}.flac", y)
    rows = "".join(f"T{i},Song {i},Band {i},rock,audio/T{i}.flac\n" for i in range(2))
    (folder / "tracks.csv").write_text("track_id,title,artist,genre,file\n" + rows)
    (folder / "listens.csv").write_text("user,track_id,playcount\nmarko,T0,3\nmarko,T1,1\n")
    return open_library(folder)


@pytest.fixture
def paths(tmp_path, library):
    """Folders with a model of marko, fresh weights."""
    torch.manual_seed(0)
    run = new_run(tmp_path / "experiments", "marko")
    save_checkpoint(run / MODEL_FILE, FCN(), {})
    finish_run(run, {"user": "marko", "library": library.fingerprint, "best": {"score": 0.5}})
    return {"experiments_path": tmp_path / "experiments", "explanations_path": tmp_path / "explanations"}


def test_a_track_with_stems_is_explained_by_them(library):
    track = open_track("T0", library)
    assert list(track.stems) == ["vocals", "drums"]
    assert track.separator == "given"
    assert track.title == "“Song 0” by Band 0"


def test_author_and_licence_go_with_a_track_however_its_stems_are_found(library):
    assert open_track("T0", library).credit == ""
    authors = dict(zip(library.rows, ("Zoë", "Band 1"), strict=True))
    library.rows = {one: row | {"author": authors[one], "licence": "CC-BY-SA-3.0"} for one, row in library.rows.items()}
    assert [open_track(one, library).credit for one in ("T0", "T1")] == ["Zoë, CC-BY-SA-3.0", "CC-BY-SA-3.0"]
    assert open_track(str(library.audio_path("T0")), library).credit == ""


def test_a_track_without_stems_is_separated(library):
    track = open_track("T1", library)
    assert track.separator == "hpss"
    np.testing.assert_array_equal(sum(track.stems.values()), load(library.audio_path("T1")))


def test_any_file_can_be_opened(tmp_path, library, rng):
    soundfile.write(tmp_path / "my_song.wav", rng.uniform(-0.2, 0.2, (30000, 2)), 22050)  # stereo, another rate
    track = open_track(str(tmp_path / "my_song.wav"), library)
    assert (track.track_id, track.title) == ("my_song.wav", "“my song”")
    np.testing.assert_array_equal(sum(track.stems.values()), load(tmp_path / "my_song.wav"))


def test_a_separator_by_request_even_where_there_are_stems(library):
    track = open_track("T0", library, separator="hpss")
    assert track.separator == "hpss"
    assert len(track.stems) == 5
    np.testing.assert_array_equal(sum(track.stems.values()), load(library.audio_path("T0")))


def test_spleeters_stems_are_explained(tmp_path, library, paths):
    tiny = Path(__file__).parents[1] / "golden" / "spleeter" / "tiny2"
    track = open_track("T1", library, separator="spleeter:2stems", weights=tiny)
    assert list(track.stems) == ["vocals", "accompaniment"]
    np.testing.assert_array_equal(sum(track.stems.values()), load(library.audio_path("T1")))
    explanation = explain_track(track, listener="marko", kind="source", library=library, **paths)
    assert explanation.separator == "spleeter:2stems"
    assert {component.stem for component in explanation.components} == {"vocals", "accompaniment"}


def test_stems_of_ones_own(tmp_path, library):
    track = open_track(str(library.audio_path("T0")), library, separator="given", weights=library.path / "stems" / "T0")
    assert track.separator == "given"
    for name, y in library.stems("T0").items():
        np.testing.assert_array_equal(track.stems[name], y)


def test_separating_shows_its_progress_once(library):
    steps = []
    for _ in range(2):  # the second time, it is in the cache
        open_track("T1", library, progress=lambda *step: steps.append(step))
    assert steps == [(0, N_SAMPLES), (N_SAMPLES, N_SAMPLES)]


def test_nothing_takes_the_place_of_the_separator_asked_for(tmp_path, library):
    with pytest.raises(MissingWeightsError, match=r"`lemons weights spleeter:5stems`.*works without: hpss"):
        open_track("T0", library, separator="spleeter:5stems")
    with pytest.raises(DataError, match="has no stems of T1"):
        open_track("T1", library, separator="given")
    with pytest.raises(ParameterError, match="'magic' is unknown"):
        open_track("T0", library, separator="magic")
    with pytest.raises(ParameterError, match="without the name of their separator"):
        open_track("T0", library, weights=tmp_path)


def test_what_is_neither_track_nor_file(library):
    with pytest.raises(DataError, match=r"T2 is neither a track of .* nor an audio file"):
        open_track("T2", library)


@pytest.mark.parametrize(
    ("samples", "message"), [(np.zeros(20000), "silent"), (np.ones(900), "at least 1 s"), (np.zeros(0), "0 samples")]
)
def test_files_that_cannot_be_explained(tmp_path, library, samples, message):
    soundfile.write(tmp_path / "bad.wav", samples, 16000)
    with pytest.raises(DataError, match=message):
        open_track(str(tmp_path / "bad.wav"), library)


@pytest.mark.parametrize("kind", ["time", "source"])
def test_an_explanation_can_be_heard_seen_and_read(tmp_path, library, paths, kind):
    track = open_track("T0", library)
    explanation = explain_track(track, listener="marko", kind=kind, library=library, **paths)
    files = write_explanation(tmp_path / "out", explanation, track)
    assert sorted(file.name for file in files) == sorted(file.name for file in (tmp_path / "out").iterdir())
    assert {file.suffix for file in files} == {".flac", ".png", ".html", ".npz", ".json"}
    top3, rest = (soundfile.read(tmp_path / "out" / f"{name}.flac", dtype="float32")[0] for name in ("top3", "rest"))
    np.testing.assert_array_equal(top3 + rest, load(library.audio_path("T0")))
    assert load_explanation(tmp_path / "out" / "explanation.json") == explanation
    fields = json.loads((tmp_path / "out" / "explanation.json").read_text())
    assert (fields["track_id"], fields["listener"], fields["separator"]) == ("T0", "marko", "given")


def test_a_track_is_not_explained_twice(library, paths):
    steps = []
    question = {"listener": "marko", "kind": "source", "library": library, **paths}
    first, second = (
        explain_track(open_track("T0", library), progress=lambda *step: steps.append(step), **question)
        for _ in range(2)
    )
    assert first == second
    assert steps == [(90, 100), (100, 100)]  # of one explanation


def test_an_unknown_listener_is_told_who_is_known(library, paths):
    with pytest.raises(ParameterError, match="'nobody'.*marko"):
        explain_track(open_track("T0", library), listener="nobody", kind="time", library=library, **paths)


def test_a_listener_without_a_model_is_told_the_command(tmp_path, library, paths):
    paths["experiments_path"] = tmp_path / "nothing here"
    with pytest.raises(DataError, match=r"no model of marko.*experiment\.py with user_name=marko"):
        explain_track(open_track("T0", library), listener="marko", kind="time", library=library, **paths)


def test_what_is_too_long_to_explain_is_refused_before_it_is_separated(tmp_path, library, monkeypatch):
    soundfile.write(tmp_path / "mix.wav", np.ones(4000 * 601, np.int16), 4000)
    with pytest.raises(DataError, match=r"mix\.wav lasts 10\.0 min, more than the 10 min .* cut an excerpt"):
        open_track(str(tmp_path / "mix.wav"), library, progress=lambda *_: pytest.fail("it began"))


def test_a_track_says_how_much_quieter_it_was_made(tmp_path, library, rng):
    soundfile.write(tmp_path / "loud.wav", rng.uniform(-4, 4, 30000), 22050, subtype="FLOAT")
    assert 0.1 < open_track(str(tmp_path / "loud.wav"), library).gain <= 0.25  # noise overshoots when it is resampled
    assert open_track("T1", library).gain == 1
