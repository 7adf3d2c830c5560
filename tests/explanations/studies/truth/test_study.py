"""The study as a whole: it keeps what is finished, and its file, tables and picture hold what was found."""

import json

import numpy as np
import pytest
from matplotlib.image import imread

from explanations.studies.truth.causes import CAUSES
from explanations.studies.truth.figure import draw_truth
from explanations.studies.truth.methods import METHODS
from explanations.studies.truth.parts import keep_arrays, keep_part
from explanations.studies.truth.study import Studied, study_constructed, write_truth
from explanations.studies.truth.tables import report
from lemons.errors import DataError, ParameterError

SOME = [cause for cause in CAUSES if cause.name in ("one sound in one segment", "max pool of a stem")]


def test_what_is_finished_is_not_computed_again(tmp_path):
    found = study_constructed(tmp_path, n_tracks=1, causes=SOME)
    parts = {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()}
    assert len(parts) == len(SOME)
    assert study_constructed(tmp_path, n_tracks=1, causes=SOME) == found
    assert {path: path.stat().st_mtime_ns for path in tmp_path.iterdir()} == parts


def test_a_part_of_other_settings_is_computed(tmp_path):
    assert keep_part(tmp_path, "one", {"n": 1}, lambda: {"x": 1}) == {"x": 1}
    assert keep_part(tmp_path, "one", {"n": 1}, lambda: {"x": 2}) == {"x": 1}
    assert keep_part(tmp_path, "one", {"n": 2}, lambda: {"x": 2}) == {"x": 2}
    for n, x, expected in ((1, 1, 1), (1, 2, 1), (2, 2, 2)):
        assert keep_arrays(tmp_path, "two", {"n": n}, lambda x=x: {"x": np.array([x])})["x"].tolist() == [expected]


def test_a_damaged_part_is_named(tmp_path):
    (tmp_path / "one.json").write_text("{")
    with pytest.raises(DataError, match=r"one\.json is no part of this study"):
        keep_part(tmp_path, "one", {}, lambda: {})
    (tmp_path / "one.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"one\.npz is no part of this study"):
        keep_arrays(tmp_path, "one", {}, lambda: {})


@pytest.mark.parametrize("wrong", [{"n_tracks": 0}, {"n_tracks": 1, "sigma": -0.1}])
def test_numbers_out_of_range_are_refused(tmp_path, wrong):
    with pytest.raises(ParameterError, match="must be at least"):
        study_constructed(tmp_path, causes=SOME, **wrong)


def test_file_tables_and_picture_hold_what_was_found(tmp_path):
    constructed = study_constructed(tmp_path / "parts", n_tracks=2, causes=SOME)
    plain = study_constructed(tmp_path / "parts", n_tracks=1, sigma=0, causes=SOME[:1])
    found = write_truth(tmp_path / "truth.json", constructed, plain, Studied([], []), n_tracks=2)
    assert json.loads((tmp_path / "truth.json").read_text()) == found
    rows = found["constructed"]
    assert [row["kind"] for row in rows] == ["time+source"] * 2 + ["source"] * 2
    text = report(found)
    for name in (*METHODS, *(cause.name for cause in SOME), "rest_faithfulness"):
        assert f"| {name} |" in text
    for row in rows:
        assert row["methods"]["exact LIME"]["top1"] == {"mean": 1, "low": 1, "high": 1, "n": 2}
        assert row["methods"]["negated"]["top1"]["mean"] == 0
        assert row["facts"]["sufficient"]["model"]["mean"] == 1
    # without nuisances the planted sound is all that the model hears
    assert all(row["facts"]["sufficient"]["exact"]["mean"] == 1 for row in found["without_nuisances"])
    assert set(found["agreement"]) == {"constructed"}
    draw_truth(found, tmp_path / "truth.png")
    assert imread(tmp_path / "truth.png").shape[0] > 500
