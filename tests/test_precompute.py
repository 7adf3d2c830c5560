"""Explanations computed ahead."""

import pytest
import torch

from explanations.precompute import precompute
from explanations.question import KINDS
from lemons.audio import quantize, write_flac
from lemons.errors import DataError
from lemons.library import open_library
from recsys.checkpoints import MODEL_FILE, finish_run, new_run, save_checkpoint
from recsys.model import FCN
from recsys.recommend import recommend


@pytest.fixture
def library(tmp_path, rng):
    """As many short tracks as a split needs; marko and nina played half of them each."""
    folder = tmp_path / "library"
    for i in range(20):
        stems = {name: quantize(rng.uniform(-0.2, 0.2, 16000)) for name in ("vocals", "drums")}
        write_flac(folder / f"audio/T{i}.flac", sum(stems.values()))
        for name, y in stems.items():
            write_flac(folder / f"stems/T{i}/{name}.flac", y)
    tracks = "".join(f"T{i},Song,Band,rock,audio/T{i}.flac\n" for i in range(20))
    listens = "".join(f"{('marko', 'nina')[i % 2]},T{i},1\n" for i in range(20))
    (folder / "tracks.csv").write_text("track_id,title,artist,genre,file\n" + tracks)
    (folder / "listens.csv").write_text("user,track_id,playcount\n" + listens)
    return open_library(folder)


@pytest.fixture
def paths(tmp_path, library):
    for seed, user in enumerate(("marko", "nina")):
        torch.manual_seed(seed)
        run = new_run(tmp_path / "experiments", user)
        save_checkpoint(run / MODEL_FILE, FCN(), {})
        finish_run(run, {"user": user, "library": library.fingerprint, "best": {"score": 0.5}})
    return {"experiments_path": tmp_path / "experiments", "explanations_path": tmp_path / "explanations"}


def test_the_first_recommendation_of_everybody_is_explained_once(tmp_path, library, paths):
    found = precompute(library, **paths)
    assert [(e.listener, e.kind) for e in found] == [(user, kind) for user in ("marko", "nina") for kind in KINDS]
    assert {e.method for e in found} == {"exact"}
    for user in ("marko", "nina"):
        checkpoint = next((tmp_path / "experiments").glob(f"*_{user}")) / MODEL_FILE
        top = recommend(checkpoint, library, user, n=1)["track_id"][0]
        assert {e.track_id for e in found if e.listener == user} == {top}
    files = {file: file.stat().st_mtime_ns for file in (tmp_path / "explanations").iterdir()}
    assert len(files) == 6
    assert precompute(library, **paths) == found
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "explanations").iterdir()} == files


def test_a_listener_without_a_model_stops_it_before_anything_is_computed(tmp_path, library, paths):
    with pytest.raises(DataError, match="no model of paige"):
        precompute(library, listeners=["marko", "paige"], **paths)
    assert not (tmp_path / "explanations").exists()
