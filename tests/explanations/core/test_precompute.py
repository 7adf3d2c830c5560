"""Explanations computed ahead."""

import pytest

from explanations.core.precompute import precompute
from lemons.errors import DataError
from lemons.explaining.question import KINDS
from recsys.checkpoints import MODEL_FILE
from recsys.recommend import recommend


def test_the_first_recommendation_of_everybody_is_explained_once(tmp_path, short_library, model_paths):
    found = precompute(short_library, **model_paths)
    assert [(e.listener, e.kind) for e in found] == [(user, kind) for user in ("marko", "nina") for kind in KINDS]
    assert {e.method for e in found} == {"exact"}
    for user in ("marko", "nina"):
        checkpoint = next((tmp_path / "experiments").glob(f"*_{user}")) / MODEL_FILE
        top = recommend(checkpoint, short_library, user, n=1)["track_id"][0]
        assert {e.track_id for e in found if e.listener == user} == {top}
    files = {file: file.stat().st_mtime_ns for file in (tmp_path / "explanations").iterdir()}
    assert sorted(file.suffix for file in files) == [".json"] * 6 + [".npz"] * 6
    assert precompute(short_library, **model_paths) == found
    assert {file: file.stat().st_mtime_ns for file in (tmp_path / "explanations").iterdir()} == files


def test_another_separator_by_request(short_library, model_paths):
    found = precompute(short_library, listeners=["nina"], kinds=["source"], separator="hpss", **model_paths)
    assert [(e.separator, len(e.components)) for e in found] == [("hpss", 5)]


def test_a_listener_without_a_model_stops_it_before_anything_is_computed(tmp_path, short_library, model_paths):
    with pytest.raises(DataError, match="no model of paige"):
        precompute(short_library, listeners=["marko", "paige"], **model_paths)
    assert not (tmp_path / "explanations").exists()


def test_the_next_best_is_explained_where_the_first_cannot_be_heard(tmp_path, short_library, model_paths, caplog):
    checkpoint = next((tmp_path / "experiments").glob("*_nina")) / MODEL_FILE
    first, second = recommend(checkpoint, short_library, "nina", n=2)["track_id"]
    (short_library.path / "stems" / first / "drums.flac").write_bytes(b"fLaC")
    found = precompute(short_library, listeners=["nina"], kinds=["source"], **model_paths)
    assert [one.track_id for one in found] == [second]
    assert f"track {first} skipped: " in caplog.text
    assert "drums.flac" in caplog.text
