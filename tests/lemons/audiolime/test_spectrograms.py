"""Spectrograms in a grid and in superpixels: what is on is the spectrogram, what is off is the baseline."""

import sys

import numpy as np
import pytest
import torch

from lemons.audiolime import ImageLikeFactorization, LimeAudioExplainer, TimeFrequencyTorchFactorization
from lemons.audiolime.factorization_slime import initialize_baseline
from lemons.errors import DataError, MissingDependencyError, ParameterError
from lemons.segments import Segments

SR, HOP = 16000, 256


@pytest.fixture
def spectrogram(rng):
    return rng.uniform(0.1, 1, (10, 25)).astype(np.float32)


@pytest.fixture
def notes():
    """Two notes, one after the other, each of one band: regions that any method finds."""
    y = np.zeros((16, 40))
    y[2:6, :20], y[10:14, 20:] = 5, 9
    return y


def superpixels(x, *arguments, **named):
    pytest.importorskip("skimage", reason="superpixels need scikit-image")
    return ImageLikeFactorization(np.zeros(100), SR, x, *arguments, **named)


@pytest.mark.parametrize(("n_bands", "n_segments"), [(1, 1), (3, 4), (10, 25), (4, 6)])
def test_cells_tile_the_spectrogram_whatever_divides(spectrogram, n_bands, n_segments):
    grid = TimeFrequencyTorchFactorization(spectrogram, SR, n_bands, n_segments)
    assert grid.get_number_components() == n_bands * n_segments == len(grid.get_ordered_component_names())
    np.testing.assert_array_equal(sum(grid.region([i]).astype(int) for i in range(n_bands * n_segments)), 1)
    np.testing.assert_array_equal(grid.compose_model_input(range(n_bands * n_segments)), spectrogram)
    np.testing.assert_array_equal(grid.compose_model_input(), spectrogram)


def test_cells_are_counted_by_segment_then_from_low_to_high():
    grid = TimeFrequencyTorchFactorization(np.ones((4, 6)), SR, 2, 3)
    assert grid.get_ordered_component_names() == ["T1F1", "T1F2", "T2F1", "T2F2", "T3F1", "T3F2"]
    np.testing.assert_array_equal(np.argwhere(grid.region([3])), [[2, 2], [2, 3], [3, 2], [3, 3]])


def test_a_second_is_a_segment_up_to_ten():
    """62 frames of 256 samples at 16 kHz are a second, but for 8 ms."""
    for n_frames, expected in ((5, 1), (3 * 63, 3), (30 * 63, 10)):
        grid = TimeFrequencyTorchFactorization(np.ones((2, n_frames)), SR, 1, None, HOP)
        assert grid.get_number_components() == expected


@pytest.mark.parametrize(("baseline", "value"), [("zero", 0), ("min", 1), ("max", 4), ("mean", 2.5)])
def test_constant_baselines(baseline, value):
    np.testing.assert_array_equal(initialize_baseline(baseline, np.array([[1.0, 2.0], [3.0, 4.0]])), value)


def test_random_baselines_keep_what_they_promise_and_depend_on_the_state_alone(spectrogram):
    shuffled = initialize_baseline("shuffle", spectrogram, 1)
    np.testing.assert_array_equal(np.sort(shuffled, axis=None), np.sort(spectrogram, axis=None))
    assert (shuffled != spectrogram).mean() > 0.9
    drawn = initialize_baseline("unif", spectrogram, 1)
    assert 0 <= drawn.min() < 0.05 * spectrogram.max()
    assert 0.95 * spectrogram.max() < drawn.max() < spectrogram.max()
    for name in ("shuffle", "unif"):
        first = initialize_baseline(name, spectrogram)
        np.random.standard_normal(3)  # noqa: NPY002 (the state that must not matter)
        np.testing.assert_array_equal(initialize_baseline(name, spectrogram, 0), first)
        assert (initialize_baseline(name, spectrogram, 1) != first).any()


def test_a_tensor_is_composed_as_a_tensor_of_its_kind(spectrogram):
    for dtype in (torch.float64, torch.bfloat16):
        x = torch.from_numpy(spectrogram).to(dtype)
        grid = TimeFrequencyTorchFactorization(x, SR, composition_fn=lambda part: part.transpose(0, 1).unsqueeze(0))
        assert torch.equal(grid.compose_model_input(range(24)), x.T[None])
        assert not grid.compose_model_input([]).any()


@pytest.mark.parametrize("baseline", ["zero", "min"])
def test_a_model_that_looks_at_one_cell_is_explained_by_it(baseline):
    """And of superpixels by the note that it looks at."""
    notes = np.full((16, 40), 0.5)
    notes[2:6, :20], notes[10:14, 20:] = 5, 9

    def loud_and_high(inputs):
        return inputs[:, 10:14, 20:].mean(axis=(1, 2))[:, None]

    explainer = LimeAudioExplainer(random_state=0)
    grid = TimeFrequencyTorchFactorization(notes, SR, 2, 2, baseline=baseline)
    weights = dict(explainer.explain_instance(grid, loud_and_high, num_reg_targets=1).local_exp[0])
    assert max(weights, key=weights.get) == 3  # the upper band of the second half
    image = superpixels(notes, "fsz", {"min_size": 10}, baseline)
    weights = dict(explainer.explain_instance(image, loud_and_high, num_reg_targets=1).local_exp[0])
    assert image.original_components[12, 30] == max(weights, key=weights.get)


@pytest.mark.parametrize("algorithm", ["slic", "fsz"])
def test_superpixels_tile_the_spectrogram(notes, algorithm):
    image = superpixels(notes, algorithm)
    n = image.get_number_components()
    assert n > 1
    np.testing.assert_array_equal(sum(image.region([i]).astype(int) for i in range(n)), 1)
    np.testing.assert_array_equal(image.compose_model_input(range(n)), notes)
    assert not image.compose_model_input([]).any()
    assert image.get_ordered_component_names()[0] == {"slic": "S1", "fsz": "S0"}[algorithm]


def test_superpixels_leave_the_callers_parameters_alone(notes):
    params = {"n_segments": 4}
    superpixels(notes, "slic", params)
    assert params == {"n_segments": 4}


def test_without_scikit_image_the_command_that_installs_it_is_named(notes, monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'lemons-explanations\[images\]'"):
        ImageLikeFactorization(np.zeros(100), SR, notes)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"input": np.ones(40)}, r"\(n_bins, n_frames\), not float64 \(40,\)"),
        ({"input": "song.wav"}, "not 'song.wav'"),
        ({"input": np.ones((1, 4, 6))}, "take one channel"),
        ({"input": np.ones((4, 6), complex)}, "take the magnitudes"),
        ({"input": np.zeros((4, 0))}, r"not float64 \(4, 0\)"),
        ({"frequency_segments": 5}, "frequency_segments=5 must be between 1 and 4, the number of bins"),
        ({"temporal_segmentation_params": 7}, "=7 must be between 1 and 6, the number of frames"),
        ({"temporal_segmentation_params": {"type": "beats"}}, "'beats'"),
        ({"temporal_segmentation_params": Segments((0, 6))}, "between frames"),
        ({"hop_length": 0}, "hop_length=0"),
        ({"baseline": "silence"}, "baseline='silence' must be one of"),
        ({"random_state": -1}, "random_state=-1"),
    ],
)
def test_impossible_grids(arguments, message):
    with pytest.raises(ParameterError, match=message):
        TimeFrequencyTorchFactorization(**{"input": np.ones((4, 6)), "target_sr": SR} | arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"torchaudio_spec": np.ones(40)}, "spectrogram must be"),
        ({"image_segmentation_algorithm": "quickshift"}, "'quickshift' must be one of"),
        ({"image_segmentation_params": {"segments": 3}}, "slic refuses .* 'segments'"),
        ({"image_segmentation_params": 12}, "must be a dict"),
        ({"temporal_segmentation_params": 3}, "takes no temporal_segmentation_params"),
    ],
)
def test_impossible_superpixels(arguments, message):
    pytest.importorskip("skimage", reason="superpixels need scikit-image")
    with pytest.raises(ParameterError, match=message):
        ImageLikeFactorization(
            **{"input": np.ones(40), "target_sr": SR, "torchaudio_spec": np.ones((4, 6))} | arguments
        )


def test_silence_on_a_logarithmic_scale_without_a_floor_is_refused():
    with pytest.raises(DataError, match="before a logarithm, limit silence"):
        TimeFrequencyTorchFactorization(np.array([[0.0, -np.inf]]), SR, 1, 1)


def test_the_last_segment_reaches_the_last_frame_as_in_audiolime():
    """A spectrogram with padding has more frames than its samples ask for."""
    by_hand = {"type": "manual", "manual_segments": [(0, 512), (512, 1024)]}
    grid = TimeFrequencyTorchFactorization(np.ones((1, 6)), SR, 1, by_hand, HOP)
    np.testing.assert_array_equal(grid.compose_model_input([1]), [[0, 0, 1, 1, 1, 1]])
