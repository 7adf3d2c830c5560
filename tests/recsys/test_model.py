"""The network against the original's numbers (tests/golden) and against paper."""

import runpy
from ast import literal_eval
from pathlib import Path

import librosa
import numpy as np
import pytest
import torch

from lemons.audio import SAMPLE_RATE
from lemons.errors import DataError, ParameterError
from recsys.checkpoints import load_checkpoint
from recsys.model import FCN, MIN_SAMPLES, PIECE, LogMel, mel_filters

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def logmel():
    with np.load(GOLDEN / "logmel" / "golden.npz") as golden:
        return dict(golden)


@pytest.fixture
def original(logmel):
    """What the original LEMONS would save with torch.save(model.state_dict(), ...)."""
    with np.load(GOLDEN / "fcn" / "golden.npz") as golden:
        golden = dict(golden)
    draw_weights = runpy.run_path(str(GOLDEN / "fcn" / "make_golden.py"))["draw_weights"]
    drawn = draw_weights(golden["names"].tolist(), [literal_eval(shape) for shape in golden["shapes"]])
    drawn["spec.0.spectrogram.window"], drawn["spec.0.mel_scale.fb"] = logmel["window"], logmel["filters"]
    counter = np.zeros((), np.int64)
    return {name: torch.from_numpy(drawn.get(name, counter)) for name in golden["all_names"].tolist()}


@pytest.fixture
def batch(logmel):
    y = logmel["waveform"]
    return torch.from_numpy(np.stack([y, 0.1 * y, np.roll(y, 5000), 0 * y]))


def test_decibels_equal_torchaudios(logmel):
    mel = LogMel()(torch.from_numpy(logmel["waveform"][None]))[0].numpy()
    assert mel.shape == (256, 63)  # 1 s
    assert mel.dtype == np.float32
    np.testing.assert_allclose(mel, logmel["mel_db"], atol=1e-4)  # dB


def test_decibels_equal_torchaudios_where_it_imports(rng):
    try:
        from torchaudio.transforms import AmplitudeToDB, MelSpectrogram
    except Exception as error:  # it raises whatever its binary meets beside another torch
        pytest.skip(f"torchaudio does not import: {error}")
    y = torch.from_numpy(rng.uniform(-1, 1, (2, 20000)).astype(np.float32))
    theirs = AmplitudeToDB()(MelSpectrogram(16000, n_fft=512, f_min=0.0, f_max=8000.0, n_mels=256)(y))
    torch.testing.assert_close(LogMel()(y), theirs, atol=1e-4, rtol=0)


@pytest.mark.filterwarnings("ignore:Empty filters")
def test_decibels_equal_librosas(rng):
    y = rng.uniform(-1, 1, 16000).astype(np.float32)
    power = np.abs(librosa.stft(y.astype(float), n_fft=512, hop_length=256, pad_mode="reflect")) ** 2
    filters = librosa.filters.mel(sr=16000, n_fft=512, n_mels=256, fmin=0, fmax=8000, htk=True, norm=None)
    # librosa computes corners in float64: a bin at the foot of a triangle weighs 3e-5 there and nothing here
    np.testing.assert_allclose(mel_filters().numpy(), filters.T, atol=1e-4)
    expected = 10 * np.log10(np.maximum(mel_filters().numpy().T @ power, 1e-10))
    # dB; where noise happens to cancel, a float32 transform differs from librosa's float64 by 1.3e-4
    np.testing.assert_allclose(LogMel()(torch.from_numpy(y[None]))[0].numpy(), expected, atol=5e-4)


def test_twenty_seven_bands_are_empty_and_at_the_floor(rng):
    empty = mel_filters().sum(dim=0) == 0
    assert empty.sum() == 27
    mel = LogMel()(torch.from_numpy(rng.uniform(-1, 1, (1, 8000)).astype(np.float32)))[0]
    assert (mel[empty] == -100).all()
    assert (mel[~empty] > -100).all()


def test_silence_is_at_the_floor_and_a_click_above_it(logmel):
    mel = LogMel()(torch.from_numpy(logmel["waveform"][None]))[0].numpy()
    assert (mel[:, 40] == -100).all()  # 0.64 s: digital silence
    assert mel[200, 47] > -20  # 0.75 s: the click


def test_a_state_dict_of_the_original_loads_and_gives_its_logits(tmp_path, original, batch):
    torch.save(original, tmp_path / "best_model.pth")
    model, meta = load_checkpoint(tmp_path / "best_model.pth")
    assert meta == {}
    with torch.inference_mode(), np.load(GOLDEN / "fcn" / "golden.npz") as golden:
        np.testing.assert_allclose(model(batch).numpy(), golden["logits"], atol=1e-4)


def test_the_names_are_the_originals(original):
    assert set(original) - set(FCN().state_dict()) == {"spec.0.spectrogram.window", "spec.0.mel_scale.fb"}
    assert set(FCN().state_dict()) <= set(original)


@pytest.mark.parametrize("name", ["spec.mel_scale.fb", "spec.0.mel_scale.fb"])
def test_filters_of_another_spectrogram_are_refused(tmp_path, original, name):
    state = original | {name: original["spec.0.mel_scale.fb"] * 2}
    torch.save(state, tmp_path / "slaney.pth")
    with pytest.raises(DataError, match=f"{name} is not that of a 512-sample Hann window and 256 HTK mel bands"):
        load_checkpoint(tmp_path / "slaney.pth")


def test_another_window_length_is_refused(tmp_path, original):
    torch.save(original | {"spec.0.spectrogram.window": torch.hann_window(1024)}, tmp_path / "long.pth")
    with pytest.raises(DataError, match=r"spec\.0\.spectrogram\.window is not that of"):
        load_checkpoint(tmp_path / "long.pth")


def test_fresh_weights_are_xavier_uniform_with_gain_root_two():
    model = FCN()
    assert sum(p.numel() for p in model.parameters()) == 444_611
    weight = model.layer3.conv.weight
    bound = np.sqrt(2) * np.sqrt(6 / (128 * 9 + 128 * 9))
    assert weight.abs().max().item() == pytest.approx(bound, rel=0.01)
    assert weight.std().item() == pytest.approx(bound / np.sqrt(3), rel=0.01)
    assert not any(layer.conv.bias.any() for layer in model.layers)
    assert not model.fc.bias.any()


def test_one_second_becomes_the_shapes_of_the_paper(rng):
    model = FCN().eval()
    with torch.inference_mode():
        mel = model.spec(torch.from_numpy(rng.uniform(-1, 1, (2, 16000)).astype(np.float32)))
        shapes, x = [mel.shape], model.spec_bn(mel.unsqueeze(1))
        for layer in model.layers:
            shapes.append((x := layer(x)).shape)
        assert [tuple(shape[1:]) for shape in shapes] == [
            (256, 63), (64, 128, 31), (128, 64, 15), (128, 32, 7), (128, 16, 3), (64, 8, 1)
        ]  # fmt: skip
        assert model.pool(x).shape == (2, 128)
        assert model.head(model.pool(x)).shape == (2, 1)


@pytest.mark.parametrize("n_frames", [32, PIECE + 31, PIECE + 32, 2 * PIECE + 33])
def test_pieces_join_to_the_whole(rng, n_frames):
    model = FCN().eval()
    mel = torch.from_numpy(rng.normal(-30, 20, (1, 256, n_frames)).astype(np.float32))
    with torch.inference_mode():
        whole = model._blocks(mel.unsqueeze(1))
        pieces = model.trunk(mel)
    assert pieces.shape == whole.shape == (1, 64, 8, n_frames // 32)
    # values reach thousands; a convolution sums in another order when its input has another length
    torch.testing.assert_close(pieces, whole, rtol=1e-4, atol=1e-4 * whole.max().item())


def test_a_track_is_judged_alike_in_any_company(batch):
    model = FCN().eval()
    with torch.inference_mode():
        together = model(batch)
        alone = torch.cat([model(y[None]) for y in batch])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("shape", [(1, MIN_SAMPLES - 1), (16000,), (1, 1, 16000), (2, 0)])
def test_waveforms_that_leave_nothing_to_pool_are_refused(shape):
    with pytest.raises(ParameterError, match=r"waveforms of shape .* n_samples >= 7936"):
        FCN()(torch.zeros(shape))


def test_the_shortest_waveform_has_a_logit():
    assert FCN().eval()(torch.zeros(1, MIN_SAMPLES)).shape == (1, 1)


def test_spectra_of_long_tracks_are_made_in_stretches(rng, monkeypatch):
    y = torch.from_numpy(rng.uniform(-1, 1, (2, 3 * SAMPLE_RATE + 77)).astype(np.float32))
    whole = LogMel()(y)
    monkeypatch.setattr("recsys.model.LONG", SAMPLE_RATE // 256 * 256)
    # another shape of the same product, in float64, may round once differently
    torch.testing.assert_close(LogMel()(y), whole, rtol=0, atol=1e-4)
