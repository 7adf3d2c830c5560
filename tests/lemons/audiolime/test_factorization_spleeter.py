"""Sources that our separators make: they sum to the mix, and are kept as files to listen to."""

import shutil

import numpy as np
import pytest
import soundfile

from lemons.audio import load, quantize
from lemons.audiolime import SpleeterFactorization, SpleeterPrecomputedFactorization
from lemons.errors import DataError, MissingWeightsError, ParameterError
from tests.lemons.separation.spleeter.golden import GOLDEN, STEMS

SR = 16000


@pytest.fixture
def y(rng):
    return quantize(rng.uniform(-0.4, 0.4, SR + 1))


@pytest.fixture
def song(tmp_path, rng):
    soundfile.write(tmp_path / "song.wav", quantize(rng.uniform(-0.4, 0.4, (22050, 2))), 22050)
    return tmp_path / "song.wav"


@pytest.mark.parametrize("n_stems", STEMS)
def test_spleeters_stems_times_segments_sum_to_the_mix(y, n_stems):
    name = f"spleeter:{n_stems}stems"
    factorization = SpleeterFactorization(y, 3, None, model_name=name, weights=GOLDEN / f"tiny{n_stems}")
    names = [f"{stem}{s}" for s in range(3) for stem in STEMS[n_stems]]
    assert factorization.get_ordered_component_names() == names
    np.testing.assert_array_equal(factorization.compose_model_input(range(3 * n_stems)), y)
    assert all(np.abs(component).max() > 0.001 for component in factorization.components)


def test_without_weights_the_way_to_them_is_told(y):
    with pytest.raises(MissingWeightsError, match=r"`lemons weights spleeter:5stems`.*hpss"):
        SpleeterFactorization(y, 1, None)


def test_kept_stems_are_read_without_weights_and_sum_to_the_file(song, tmp_path):
    kept = {"model_name": "spleeter:4stems", "spleeter_sources_path": tmp_path / "kept"}
    first = SpleeterPrecomputedFactorization(song, 2, None, SR, recompute=True, weights=GOLDEN / "tiny4", **kept)
    again = SpleeterPrecomputedFactorization(str(song), 2, None, SR, **kept)
    np.testing.assert_array_equal(np.stack(again.components[:]), np.stack(first.components[:]))
    np.testing.assert_array_equal(again.compose_model_input(), load(song, sr=SR))
    files = {file.name for file in (tmp_path / "kept" / "spleeter:4stems" / "song.wav.stems").glob("*.flac")}
    assert files == {f"{stem}.flac" for stem in STEMS[4]}


def test_kept_stems_have_any_rate(song, tmp_path):
    kept = {"model_name": "spleeter:2stems", "spleeter_sources_path": tmp_path, "weights": GOLDEN / "tiny2"}
    SpleeterPrecomputedFactorization(song, 1, None, recompute=True, **kept)
    slow = SpleeterPrecomputedFactorization(song, 1, None, 8000, **kept)
    np.testing.assert_array_equal(slow.compose_model_input(), load(song, sr=8000))


def test_stems_of_another_song_of_that_name_are_refused(song, tmp_path, y):
    kept = {"model_name": "spleeter:2stems", "spleeter_sources_path": tmp_path, "weights": GOLDEN / "tiny2"}
    SpleeterPrecomputedFactorization(song, 1, None, recompute=True, **kept)
    soundfile.write(song, y, SR)
    with pytest.raises(DataError, match=r"those of another file than .*song\.wav; separate it again"):
        SpleeterPrecomputedFactorization(song, 1, None, **kept)
    assert SpleeterPrecomputedFactorization(song, 1, None, recompute=True, **kept).explained_length == len(y)


def test_damaged_and_missing_stems_are_one_sentence(song, tmp_path):
    kept = {"model_name": "spleeter:2stems", "spleeter_sources_path": tmp_path, "weights": GOLDEN / "tiny2"}
    with pytest.raises(DataError, match=r"no stems of song\.wav in .*spleeter:2stems; pass recompute=True once"):
        SpleeterPrecomputedFactorization(song, 1, None, **kept)
    SpleeterPrecomputedFactorization(song, 1, None, recompute=True, **kept)
    folder = tmp_path / "spleeter:2stems" / "song.wav.stems"
    (folder / "vocals.flac").write_bytes(b"no sound any more")
    with pytest.raises(DataError, match="damaged or incomplete; separate"):
        SpleeterPrecomputedFactorization(song, 1, None, **kept)
    shutil.rmtree(folder)
    (tmp_path / "spleeter:2stems" / "song.wav.pt").write_bytes(b"\x80\x04cposix\nsystem\n.")
    with pytest.raises(DataError, match="it names 'posix system'"):
        SpleeterPrecomputedFactorization(song, 1, None, **kept)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input": np.ones(SR)}, "must be a file's path; for a waveform, SpleeterFactorization"),
        ({"spleeter_sources_path": None}, "must be the folder of kept stems"),
        ({"model_name": 5}, "model_name=5 must be a separator's name"),
        ({"recompute": "yes"}, "recompute='yes' must be True or False"),
    ],
)
def test_impossible_kept_stems(song, tmp_path, arguments, message):
    with pytest.raises(ParameterError, match=message):
        SpleeterPrecomputedFactorization(**{"input": song, "spleeter_sources_path": tmp_path} | arguments)
