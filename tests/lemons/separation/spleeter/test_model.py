import json
import shutil

import numpy as np
import pytest

from lemons.audio import quantize
from lemons.errors import ParameterError
from lemons.separation.spleeter import Configuration, Spleeter, load_spleeter
from lemons.separation.tf_checkpoint import read_checkpoint
from tests.lemons.separation.spleeter.golden import GOLDEN, STEMS

SR = 44100
RATES = (44100, 48000, 22050, 8000, 96000)


@pytest.fixture(scope="module")
def sounds():
    with np.load(GOLDEN / "tiny2.npz") as golden:
        return golden["waveform"], np.repeat(golden["mono_waveform"], 2, axis=0)


def joined(model, blocks, sr=SR):
    return np.concatenate(list(model.estimates(blocks, sr)), axis=1)


@pytest.mark.parametrize("n_stems", STEMS)
def test_the_stems_are_those_of_spleeter(models, sounds, n_stems):
    with np.load(GOLDEN / f"tiny{n_stems}.npz") as golden:
        for waveform, kind in zip(sounds, ("stem", "mono"), strict=True):
            found = models[n_stems].separate_stereo(waveform)
            assert tuple(found) == STEMS[n_stems]
            for name, stem in found.items():
                # both compute in float32: 1e-6 was seen, where the smallest mistake in the network makes 1e-4
                np.testing.assert_allclose(stem, golden[f"{kind}_{name}"], rtol=0, atol=1e-5)


@pytest.mark.parametrize("n_stems", STEMS)
@pytest.mark.parametrize("lengths", [[1000], [5000, 1, 0, 777], [8192, 127], [13230]])
def test_blocks_do_not_show(models, sounds, n_stems, lengths):
    waveform, model = np.tile(sounds[0], 3), models[n_stems]  # 5 segments
    cuts = np.cumsum(lengths * (waveform.shape[1] // sum(lengths)))
    found = joined(model, np.split(waveform, cuts, axis=1))
    np.testing.assert_array_equal(found, joined(model, [waveform]))
    whole = model.separate_stereo(waveform)
    for name, stem in zip(model.stems, found, strict=True):
        np.testing.assert_allclose(stem, whole[name].mean(axis=0), rtol=0, atol=1e-6)


def test_a_stream_is_answered_as_it_comes(models, rng):
    model, heard, given = models[5], 0, 0

    def endless():
        nonlocal heard
        while True:
            heard += 1000
            yield rng.uniform(-0.5, 0.5, (2, 1000)).astype(np.float32)

    segment = model.configuration.T * model.configuration.frame_step
    for stems in model.estimates(endless(), SR):
        given += stems.shape[1]
        # memory does not grow: what was not answered yet is at most a segment and a block
        assert heard - segment - 1000 <= given <= heard
        if given > 10 * segment:
            return
    pytest.fail("an endless mix came to an end")


@pytest.mark.parametrize("sr", RATES)
@pytest.mark.parametrize("n_samples", [1, 100, 33333])
def test_the_stems_are_as_long_as_the_mix_at_any_rate(models, rng, sr, n_samples):
    mix = rng.uniform(-0.5, 0.5, (2, n_samples)).astype(np.float32)
    assert joined(models[2], np.array_split(mix, 7, axis=1), sr).shape == (2, n_samples)


@pytest.mark.parametrize("sr", RATES)
@pytest.mark.parametrize("n_stems", STEMS)
def test_with_the_residual_the_stems_sum_to_the_mix(models, rng, n_stems, sr):
    mix = rng.uniform(-0.3, 0.3, (2, sr + 77)).astype(np.float32)
    stems = models[n_stems].separate(mix, sr)
    assert tuple(stems) == STEMS[n_stems]
    np.testing.assert_array_equal(sum(stems.values()), quantize(mix.mean(axis=0)))


@pytest.mark.parametrize("sr", [48000, 22050])
def test_a_resampled_mix_has_the_same_stems(models, sr):
    """Nothing is moved in time or made louder on the way to 44.1 kHz and back."""
    parts = [110 * 2 ** (0.75 * i) for i in range(9)]  # Hz; up to 7 kHz
    mixes = {}
    for rate in (SR, sr):
        time = np.arange(rate) / rate
        mixes[rate] = np.stack([sum(0.05 * np.sin(2 * np.pi * f * time + f) for f in parts)] * 2).astype(np.float32)
    reference = joined(models[4], [mixes[SR]])
    found = joined(models[4], [mixes[sr]], sr)
    shared = np.gcd(SR, sr)  # instants per second that both rates have
    at_sr, at_reference = found[:, :: sr // shared], reference[:, :: SR // shared]
    middle = slice(shared // 10, -shared // 10)  # resampling rings where the sound begins
    np.testing.assert_allclose(at_sr[:, middle], at_reference[:, middle], atol=2e-5)
    assert np.abs(at_reference).max() > 0.05
    assert np.abs(found[:, -20:]).max() > 0.01  # up to the end


@pytest.mark.parametrize("n_stems", STEMS)
def test_silence_has_silent_stems(models, n_stems):
    for stem in models[n_stems].separate_stereo(np.zeros((2, 20000), np.float32)).values():
        np.testing.assert_array_equal(stem, 0)


@pytest.mark.parametrize("n_samples", [0, 1, 100])
def test_a_moment_can_be_separated(models, sounds, n_samples):
    stems = models[5].separate_stereo(sounds[0][:, :n_samples])
    assert {stem.shape for stem in stems.values()} == {(2, n_samples)}


def test_what_lies_above_the_masks_goes_to_the_other_stem(models):
    time = np.arange(2 * SR) / SR
    low, high = (0.3 * np.sin(2 * np.pi * frequency * time) for frequency in (500, 15000))
    for n_stems, name in ((2, "accompaniment"), (5, "other")):
        model = models[n_stems]
        assert model.residual_stem == name
        residuals = {}
        for key, tone in (("low", low), ("high", high)):
            blocks = list(model.stream([np.stack([tone, tone]).astype(np.float32)], SR))
            residual = np.concatenate([block.residual for block in blocks])[SR // 2 : -SR // 2]
            residuals[key] = np.abs(residual).max()
        # F of the tiny models ends at 11 kHz, as that of the published ones
        assert residuals["low"] < 4 * 2**-15
        assert residuals["high"] > 0.29


def test_an_average_extends_the_masks(sounds, tmp_path):
    """tiny4 extends its masks upward, so that much less is left."""
    levels = {}
    for kind in ("average", "zeros"):
        data = json.loads((GOLDEN / "tiny4.json").read_text()) | {"mask_extension": kind}
        (tmp_path / f"{kind}.json").write_text(json.dumps(data))
        shutil.copytree(GOLDEN / "tiny4", tmp_path / kind)
        model = load_spleeter("spleeter:4stems", tmp_path / kind)
        levels[kind] = np.square(sounds[0] - sum(model.separate_stereo(sounds[0]).values())).mean()
    assert levels["average"] < 1e-6 * levels["zeros"]


def test_the_fingerprint_tells_weights_and_configurations_apart(models):
    configuration, variables = models[2].configuration, read_checkpoint(GOLDEN / "tiny2")
    other = {name: np.array(values) for name, values in variables.items()}
    other["conv2d_3/bias"][0] += 1e-3
    found = {model.fingerprint for model in models.values()}
    found.add(Spleeter("spleeter:2stems", configuration, other).fingerprint)
    changed = Configuration(**{**vars(configuration), "mask_extension": "average"})
    found.add(Spleeter("spleeter:2stems", changed, variables).fingerprint)
    assert len(found) == 5


def test_an_unknown_name_or_device_is_refused():
    with pytest.raises(ParameterError, match="'spleeter:3stems' is no Spleeter model; choose one of spleeter:2stems"):
        load_spleeter("spleeter:3stems", GOLDEN / "tiny2")
    with pytest.raises(ParameterError, match="device='abacus' cannot be used here"):
        load_spleeter("spleeter:2stems", GOLDEN / "tiny2", device="abacus")
