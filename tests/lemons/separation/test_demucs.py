"""Demucs through its own package, shown with a tiny network of fresh weights."""

import json
from importlib.util import find_spec

import numpy as np
import pytest
import torch

from lemons.audio import quantize
from lemons.errors import DataError, MissingDependencyError, MissingWeightsError
from lemons.separation import get_separator, list_separators

SOURCES = ["drums", "bass", "other", "vocals"]
TINY = {
    "channels": 4,
    "t_layers": 1,
    "t_heads": 2,
    "depth": 2,
    "nfft": 512,
    "dconv_comp": 2,
    "segment": 1,
    "bottom_channels": 8,
}
installed = pytest.mark.skipif(find_spec("demucs") is None, reason="the package demucs is not installed")


def save(path, seed=0, sources=SOURCES, klass="demucs.htdemucs.HTDemucs", **metadata):
    """A network as Demucs publishes them: tensors, and in the metadata what builds them."""
    from demucs.htdemucs import HTDemucs
    from safetensors.torch import save_file

    torch.manual_seed(seed)
    network = HTDemucs(sources, **TINY)
    texts = {"klass": klass, "args": json.dumps([sources]), "kwargs": json.dumps(TINY), **metadata}
    path.parent.mkdir(exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in network.state_dict().items()}, path, texts)
    return path


@pytest.fixture
def weights(tmp_path):
    return save(tmp_path / "weights" / "abc.safetensors")


@installed
@pytest.mark.parametrize("sr", [44100, 32000])
def test_stems_sum_to_the_mix_and_are_the_same_every_time(weights, rng, sr):
    mix = (0.1 * rng.standard_normal((2, sr + sr // 2 + 1))).astype(np.float32)
    separator = get_separator("demucs:tiny", weights)
    stems = separator.separate(mix, sr)
    assert list(stems) == SOURCES
    assert separator.residual_stem == "other"
    np.testing.assert_array_equal(sum(stems.values()), quantize(mix.mean(axis=0)))
    again = get_separator("demucs:tiny", weights.parent).separate(mix, sr)
    for name, y in stems.items():
        assert y.any()
        np.testing.assert_array_equal(again[name], y)


@installed
def test_the_estimates_are_those_of_the_package(weights, rng):
    api = pytest.importorskip("demucs.api")
    from demucs.apply import BagOfModels
    from demucs.hf import load_safetensors_model

    mix = (0.1 * rng.standard_normal((2, 60000))).astype(np.float32)
    theirs = api.Separator.__new__(api.Separator)
    theirs.update_parameter(device="cpu", shifts=0, overlap=0.25, split=True, segment=None, jobs=0, progress=False)
    theirs.update_parameter(callback=None, callback_arg=None)
    theirs._model = BagOfModels([load_safetensors_model(weights)])
    theirs._samplerate, theirs._audio_channels = 44100, 2
    with torch.inference_mode():
        _, expected = theirs.separate_tensor(torch.from_numpy(mix), 44100)
    (found,) = get_separator("demucs:tiny", weights).estimates([mix[:, :100], mix[:, 100:]], 44100)
    for y, name in zip(found, SOURCES, strict=True):
        np.testing.assert_allclose(y, expected[name].mean(dim=0).numpy(), atol=1e-6)


@installed
def test_a_folder_describes_a_model_of_several_networks(weights, rng):
    save(weights.with_name("def.safetensors"), seed=1)
    with pytest.raises(DataError, match=r"several models and no tiny\.yaml"):
        get_separator("demucs:tiny", weights.parent)
    bag = weights.with_name("tiny.yaml")
    bag.write_text("models: ['abc', 'def']\nweights: [[1, 1, 0, 0], [0, 0, 1, 1]]")
    mix = (0.1 * rng.standard_normal((2, 50000))).astype(np.float32)
    both = get_separator("demucs:tiny", weights.parent)
    (found,) = both.estimates([mix], 44100)
    (first,), (second,) = (
        get_separator("demucs:tiny", weights.with_name(f"{name}.safetensors")).estimates([mix], 44100)
        for name in ("abc", "def")
    )
    np.testing.assert_allclose(found, np.concatenate([first[:2], second[2:]]), atol=1e-6)
    bag.write_text("models: ['abc', 'ghi']")
    with pytest.raises(DataError, match=r"lacks ghi\.safetensors, which tiny\.yaml names"):
        get_separator("demucs:tiny", weights.parent)
    bag.write_text("models: {")
    with pytest.raises(DataError, match="no description of a model"):
        get_separator("demucs:tiny", weights.parent)


@installed
def test_other_weights_are_another_fingerprint(weights):
    first = get_separator("demucs:tiny", weights).fingerprint
    assert get_separator("demucs:tiny", weights).fingerprint == first
    save(weights, seed=1)
    assert get_separator("demucs:tiny", weights).fingerprint != first


@installed
@pytest.mark.parametrize(
    ("metadata", "message"),
    [
        ({"klass": "os.system"}, r"klass='os\.system'"),
        ({"structure": '{"_class": "os.system"}'}, "read safely"),
        ({"kwargs": '{"channels": 8}'}, "cannot be read as a model of Demucs"),
        ({"args": "["}, "cannot be read as a model of Demucs"),
    ],
)
def test_weights_that_are_not_demucs_are_refused(tmp_path, metadata, message):
    with pytest.raises(DataError, match=message):
        get_separator("demucs:tiny", save(tmp_path / "w.safetensors", **metadata))


@installed
def test_damaged_weights_are_refused(weights):
    weights.write_bytes(weights.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"abc\.safetensors cannot be read as a model of Demucs"):
        get_separator("demucs:tiny", weights)


@installed
def test_pickled_weights_are_refused(tmp_path):
    torch.save({}, tmp_path / "5c90dfd2.th")
    for path in (tmp_path, tmp_path / "5c90dfd2.th"):
        with pytest.raises(DataError, match=r"pickled weights \(\.th\)"):
            get_separator("demucs:tiny", path)


@installed
def test_what_fails_inside_the_package_is_told(weights, rng):
    with pytest.raises(DataError, match=r"demucs:tiny failed on device='nowhere'"):
        get_separator("demucs:tiny", weights, device="nowhere").separate(rng.uniform(-1, 1, 44100), 44100)


@installed
def test_missing_weights_are_not_fetched_but_told():
    with pytest.raises(
        MissingWeightsError, match=r"htdemucs_6s\.yaml.*from https.*/HTDemucs-6s into .*works without: hpss"
    ):
        get_separator("demucs:htdemucs_6s")


def test_the_missing_package_is_named(monkeypatch, tmp_path):
    monkeypatch.setattr("lemons.extras.find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'lemons-explanations\[demucs\]'"):
        get_separator("demucs:htdemucs", tmp_path)
    lacks = {record.name: record.lacks for record in list_separators()}
    assert "lemons-explanations[demucs]" in lacks["demucs:htdemucs"]
