"""The same numbers as audioLIME v0.0.3 beside those of test_golden.py; make_factorizations.py made them."""

import pickle

import numpy as np
import pytest
import soundfile
import torch
from sklearn.linear_model import LinearRegression

from lemons.audiolime import (
    ImageLikeFactorization,
    LimeAudioExplainer,
    SpleeterPrecomputedFactorization,
    StemFactorization,
    TimeFrequencyTorchFactorization,
)
from lemons.audiolime.evaluation import compute_complexity
from lemons.audiolime.spectrograms import BASELINES
from tests.lemons.audiolime.originals import HOP, SAMPLES, SR, check, explain, waves
from tests.lemons.separation.spleeter.golden import GOLDEN

SEED = 5  # of the baselines
SELECTIONS = ([], [0], [1, 6, 11], [2, 3, 4])
SORTED = (
    {},
    {"num_components": 2},
    {"negative_components": False},
    {"positive_components": False},
    {"min_abs_weight": 0.05},
    {"negative_components": False, "num_components": 1},
)


@pytest.fixture
def stems(originals):
    parts = {"type": "manual", "manual_segments": [(0, 300), (300, 607)]}
    return StemFactorization(dict(zip(("vocals", "drums"), originals["sources"], strict=True)), SR, parts)


@pytest.mark.parametrize("kind", [np.asarray, torch.from_numpy])
@pytest.mark.parametrize("baseline", BASELINES)
def test_grids_compose_and_explain_as_audiolime(originals, baseline, kind):
    grid = TimeFrequencyTorchFactorization(
        kind(originals["spectrogram"]), SR, 4, SAMPLES, HOP, baseline, random_state=SEED
    )
    # the mean of 620 floats of size 1 by two libraries
    np.testing.assert_allclose(grid.baseline, originals[f"{baseline}/baseline"], rtol=0, atol=1e-6)
    for i, selection in enumerate(SELECTIONS):
        found = grid.compose_model_input(selection)
        assert type(found) is type(grid.spectrogram)
        np.testing.assert_allclose(found, originals[f"{baseline}/composed {i}"], rtol=0, atol=1e-6)
    check(originals, baseline, explain(grid, waves(grid.spectrogram.size if kind is np.asarray else 620)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_unif_draws_what_torch_draws(rng, dtype):
    x = torch.from_numpy(rng.uniform(size=(7, 9))).to(dtype)
    for seed in (0, 2**32 - 1):
        with torch.random.fork_rng(devices=[]):
            torch.random.manual_seed(seed)
            expected = torch.rand_like(x) * x.max()
        found = TimeFrequencyTorchFactorization(x, SR, 1, 1, baseline="unif", random_state=seed)
        assert torch.equal(found.baseline, expected)


def test_slics_superpixels_compose_and_explain_as_audiolime(originals):
    pytest.importorskip("skimage", reason="superpixels need scikit-image")
    smooth = originals["smooth"]
    image = ImageLikeFactorization(np.zeros(100), SR, smooth, "slic", {"n_segments": 12, "compactness": 0.1}, "min")
    np.testing.assert_array_equal(image.original_components + 1, originals["slic/regions"])
    np.testing.assert_array_equal(np.stack(image.components[:]), originals["slic/composed"])
    check(originals, "slic", explain(image, waves(smooth.size)))


def test_felzenszwalbs_superpixels_are_audiolimes(originals):
    pytest.importorskip("skimage", reason="superpixels need scikit-image")
    for params, name in (({"scale": 1, "min_size": 15}, "fsz"), (None, "fsz with its own parameters")):
        image = ImageLikeFactorization(np.zeros(100), SR, torch.from_numpy(originals["smooth"]), "fsz", params)
        np.testing.assert_array_equal(image.original_components, originals[f"{name}/regions"])


def test_a_random_state_that_goes_on_draws_what_audiolimes_explainer_draws_from_call_to_call(originals, stems):
    explainer = LimeAudioExplainer(random_state=np.random.RandomState(3))
    check(originals, "first call", explain(stems, waves(607), by=explainer))
    check(originals, "second call", explain(stems, waves(607), by=explainer))
    own = LimeAudioExplainer(random_state=np.random.RandomState(11))
    check(originals, "numpy's own state", explain(stems, waves(607), by=own))


def test_complexity_and_sorting_are_audiolimes(originals, stems):
    explainer = LimeAudioExplainer(random_state=np.random.RandomState(11))
    found = explain(stems, waves(607), by=explainer)
    assert compute_complexity(found, 1) == pytest.approx(float(originals["complexity"]), abs=1e-6)
    for i, arguments in enumerate(SORTED):
        sounds, indices = found.get_sorted_components(1, return_indeces=True, **arguments)
        np.testing.assert_array_equal(indices, originals[f"sorted {i}/indices"])
        np.testing.assert_array_equal(np.sum(sounds, axis=0), originals[f"sorted {i}/sum"])


def test_other_kernels_and_regressors_are_fitted_as_by_audiolime(originals, stems):
    check(originals, "least squares", explain(stems, waves(607), model_regressor=LinearRegression()))

    def hat(d, kernel_width):
        return np.maximum(0, 1 - d / kernel_width)

    explainer = LimeAudioExplainer(kernel=hat, kernel_width=0.6, random_state=0)
    check(originals, "own kernel", explain(stems, waves(607), by=explainer))


@pytest.mark.parametrize("protocol", [3, 4])  # of Python 3.0 to 3.7, and 3.8 to 3.13
@pytest.mark.parametrize("sr", [44100, 22050])
def test_stems_of_spleeter_that_audiolime_kept_are_explained_as_by_audiolime(originals, tmp_path, sr, protocol):
    with np.load(GOLDEN / "tiny2.npz") as golden:
        soundfile.write(tmp_path / "song.wav", golden["mono_waveform"][0], 44100, subtype="FLOAT")
    (tmp_path / "spleeter:4stems").mkdir()
    with np.load(GOLDEN / "tiny4.npz") as golden, (tmp_path / "spleeter:4stems" / "song.wav.pt").open("wb") as file:
        kept = {name: golden[f"mono_{name}"].T for name in ("vocals", "drums", "bass", "other")}
        pickle.dump(kept, file, protocol=protocol)
    segments = {"type": "manual", "manual_segments": [(0, 1102), (1102, 2204)]} if sr == 22050 else 2
    found = SpleeterPrecomputedFactorization(
        str(tmp_path / "song.wav"), segments, None, sr, "spleeter:4stems", tmp_path
    )
    # two calls of soxr through librosa
    composed = np.stack(found.components[:])
    np.testing.assert_allclose(composed, originals[f"spleeter at {sr}/composed"], rtol=0, atol=1e-6)
    check(originals, f"spleeter at {sr}", explain(found, waves(composed.shape[1])))
