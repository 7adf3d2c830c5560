import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from lemons.audio import quantize
from lemons.errors import DataError, ParameterError
from lemons.separation import list_separators
from lemons.separation.spleeter import PUBLISHED, Configuration, Spleeter, load_spleeter, read_configuration
from lemons.separation.spleeter.weights import variable_shapes
from lemons.separation.tf_checkpoint import read_checkpoint

GOLDEN = Path(__file__).parents[2] / "golden" / "spleeter"  # made with spleeter 2.4.2; its README tells how
STEMS = {
    2: ("vocals", "accompaniment"),
    4: ("vocals", "drums", "bass", "other"),
    5: ("vocals", "piano", "drums", "bass", "other"),
}
SR = 44100
RATES = (44100, 48000, 22050, 8000, 96000)


@pytest.fixture(scope="module")
def models():
    """The three tiny models by their number of stems; their segments last 0.2 s."""
    return {n: load_spleeter(f"spleeter:{n}stems", GOLDEN / f"tiny{n}") for n in STEMS}


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


def test_the_published_configurations_fit_the_published_weights():
    """Counts of the official files: variables with the step counter, and numbers in them."""
    counts = {
        "spleeter:2stems": (149, 19653519),
        "spleeter:4stems": (297, 39307037),
        "spleeter:5stems": (371, 49133796),
    }
    for name, (n_variables, n_numbers) in counts.items():
        shapes = variable_shapes(PUBLISHED[name])
        assert len(shapes) + 1 == n_variables
        assert sum(np.prod(shape) for shape in shapes.values()) + 1 == n_numbers
        assert PUBLISHED[name].instruments == STEMS[int(name[9])]
        assert (PUBLISHED[name].frame_length, PUBLISHED[name].T, PUBLISHED[name].F) == (4096, 512, 1024)
        assert PUBLISHED[name].softmax == (name == "spleeter:5stems")
    assert PUBLISHED["spleeter:2stems"].conv_activation == "LeakyReLU"
    assert PUBLISHED["spleeter:2stems"].deconv_activation == "ReLU"
    for name in ("spleeter:4stems", "spleeter:5stems"):
        assert PUBLISHED[name].conv_activation == PUBLISHED[name].deconv_activation == "ELU"


def test_a_configuration_may_lie_inside_the_folder(models, tmp_path):
    shutil.copytree(GOLDEN / "tiny5", tmp_path / "own")
    with pytest.raises(DataError, match=r"the weights have \(5, 5, 2, 3\) for conv2d/kernel, which should be"):
        load_spleeter("spleeter:5stems", tmp_path / "own")
    shutil.copy(GOLDEN / "tiny5.json", tmp_path / "own" / "config.json")
    own = load_spleeter("spleeter:5stems", tmp_path / "own")
    assert own.fingerprint == models[5].fingerprint


def test_the_fingerprint_tells_weights_and_configurations_apart(models):
    configuration, variables = models[2].configuration, read_checkpoint(GOLDEN / "tiny2")
    other = {name: np.array(values) for name, values in variables.items()}
    other["conv2d_3/bias"][0] += 1e-3
    found = {model.fingerprint for model in models.values()}
    found.add(Spleeter("spleeter:2stems", configuration, other).fingerprint)
    changed = Configuration(**{**vars(configuration), "mask_extension": "average"})
    found.add(Spleeter("spleeter:2stems", changed, variables).fingerprint)
    assert len(found) == 5


@pytest.mark.parametrize(("theirs", "name"), [(5, "spleeter:4stems"), (4, "spleeter:5stems"), (2, "spleeter:5stems")])
def test_weights_of_another_number_of_stems_are_refused(theirs, name):
    with pytest.raises(DataError, match=rf"those of {theirs} stems, not of {name[9]} stems \(vocals, "):
        Spleeter(name, PUBLISHED[name], read_checkpoint(GOLDEN / f"tiny{theirs}"))
    with pytest.raises(DataError, match=rf"tiny{theirs}.json has {theirs} instruments, but {name} has {name[9]}"):
        load_spleeter(name, GOLDEN / f"tiny{theirs}")


def test_weights_of_another_network_are_refused(models):
    configuration, variables = models[2].configuration, read_checkpoint(GOLDEN / "tiny2")
    for broken, match in (
        ({"dense/kernel": np.zeros((3, 3))}, "those of 0 stems"),
        ({k: v for k, v in variables.items() if k != "conv2d_3/bias"}, "nothing for conv2d_3/bias"),
        (variables | {"conv2d_3/bias": np.float32([np.nan] * 6)}, "not numbers in conv2d_3/bias"),
    ):
        with pytest.raises(DataError, match=match):
            Spleeter("spleeter:2stems", configuration, broken)
    # what an optimizer left in the file is no mistake
    Spleeter("spleeter:2stems", configuration, variables | {"beta1_power": np.float32(0.9)})


def test_an_unknown_name_or_device_is_refused():
    with pytest.raises(ParameterError, match="'spleeter:3stems' is no Spleeter model; choose one of spleeter:2stems"):
        load_spleeter("spleeter:3stems", GOLDEN / "tiny2")
    with pytest.raises(ParameterError, match="device='abacus' cannot be used here"):
        load_spleeter("spleeter:2stems", GOLDEN / "tiny2", device="abacus")


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"mask_extension": "mirror"}, "mask_extension='mirror' must be zeros or average"),
        ({"frame_step": 256}, r"frame_length=512 must be 4 \* frame_step"),
        ({"T": 100}, "T=100 and F=128 must be multiples of 64"),
        ({"F": 320}, "F=320 must not exceed the 257 bins"),
        ({"n_channels": 1}, "n_channels=1 must be 2"),
        ({"T": "64"}, "must be positive integers"),
        ({"separation_exponent": 0}, "separation_exponent=0 must be positive"),
        ({"instrument_list": ["vocals"]}, "must name two stems or more"),
        ({"model": {"type": "blstm.blstm", "params": {}}}, "model type 'blstm.blstm' must be unet.unet"),
        ({"model": {"params": {"conv_activation": "GELU"}}}, "must be among ReLU, LeakyReLU, ELU"),
        ({"model": {"params": {"conv_n_filters": [3, 4]}}}, "must be 6 numbers"),
    ],
)
def test_a_configuration_that_is_not_supported_is_refused(tmp_path, change, match):
    path = tmp_path / "own.json"
    path.write_text(json.dumps(json.loads((GOLDEN / "tiny2.json").read_text()) | change))
    with pytest.raises(DataError, match=match):
        read_configuration(path)


@pytest.mark.parametrize(
    ("text", "match"), [("{", "is not a configuration"), ("[1]", "is not"), ("{}", "has no 'instr")]
)
def test_a_file_that_is_no_configuration_is_refused(tmp_path, text, match):
    (tmp_path / "own.json").write_text(text)
    with pytest.raises(DataError, match=match):
        read_configuration(tmp_path / "own.json")


def test_the_catalogue_lists_the_stems_that_the_networks_have():
    """It names them itself, since asking the networks would import torch."""
    listed = {record.name: record.stems for record in list_separators()}
    assert {name: listed[name] for name in PUBLISHED} == {name: one.instruments for name, one in PUBLISHED.items()}
