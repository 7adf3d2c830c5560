"""Stems in units of work are those of the separator, sample for sample."""

import shutil

import numpy as np
import pytest

pytest.importorskip("pyarrow", reason="results are written by pyarrow")

from lemons.audio import load, quantize, write_flac
from lemons.errors import DataError, ParameterError
from lemons.files import cache_folder
from lemons.fleet import Results, run_here
from lemons.fleet.stems import read_track_stems, stem_units
from lemons.separation import get_separator, separate_file
from lemons.separation.hpss import HPSS


@pytest.fixture
def results(tmp_path):
    return Results(tmp_path / "results")


def test_stems_are_those_of_the_separator_and_made_once(short_library, results):
    units = stem_units(short_library, separator="hpss", track_ids=["T3", "T0"])
    assert run_here(units, results) == []
    path = short_library.audio_path("T3")
    stems = read_track_stems(results, units[0].key, path)
    for name, y in separate_file(path, get_separator("hpss")).load().items():
        np.testing.assert_array_equal(stems[name], y)
    np.testing.assert_array_equal(sum(stems.values()), load(path))
    before = [results.read(unit.key) for unit in units]
    shutil.rmtree(cache_folder() / "stems")
    assert run_here(units, results) == []
    assert not (cache_folder() / "stems").exists()
    shutil.rmtree(results.place)
    assert run_here(units, results) == []  # separated again, and the same bytes
    assert [results.read(unit.key) for unit in units] == before


def test_what_cannot_be_separated_is_named_and_the_rest_is_done(short_library, results):
    write_flac(short_library.audio_path("T1"), np.zeros(16000))
    failures = run_here(stem_units(short_library, separator="hpss", track_ids=["T0", "T1", "T2"]), results)
    assert [failure.name for failure in failures] == ["track T1"]
    assert "is silent" in failures[0].why
    assert len(results.keys("stems")) == 2


def test_another_file_or_other_weights_are_noticed(short_library, results, rng, monkeypatch):
    (unit,) = stem_units(short_library, separator="hpss", track_ids=["T3"])
    assert run_here([unit], results) == []
    write_flac(short_library.audio_path("T3"), quantize(rng.uniform(-0.2, 0.2, 16000)))
    with pytest.raises(DataError, match="those of another file"):
        read_track_stems(results, unit.key, short_library.audio_path("T3"))
    (again,) = stem_units(short_library, separator="hpss", track_ids=["T3"])
    assert again.key != unit.key
    (other,) = stem_units(short_library, separator="hpss", track_ids=["T4"])
    monkeypatch.setattr(HPSS, "fingerprint", "hpss-2")  # on a worker
    arguments = other.arguments | {"device": "cpu:0"}  # no separator is kept for it yet
    with pytest.raises(DataError, match="has other weights on this machine"):
        other.function(**arguments)


def test_what_separates_nothing_is_refused(short_library):
    with pytest.raises(ParameterError, match="separates nothing"):
        stem_units(short_library, separator="given")
