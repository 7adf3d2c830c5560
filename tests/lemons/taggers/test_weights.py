"""The published weights: where they are found, and that the network with them is the original."""

import runpy
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest
import torch

from lemons.errors import DataError, MissingWeightsError, ParameterError
from lemons.separation.weights import weights_folder
from lemons.taggers import LABELS, fetch_tagger, load_tagger, weights

GOLDEN = Path(__file__).parents[2] / "golden" / "musicnn"  # made with musicnn 0.1.0 on TensorFlow 2.15.1
NAMES = sorted(LABELS)


@pytest.fixture
def package():
    """The folder of the installed package musicnn, of which nothing is imported."""
    try:
        return Path(str(distribution("musicnn").locate_file("musicnn")))
    except PackageNotFoundError:
        pytest.skip("the published weights are in a package: pip install --no-deps musicnn==0.1.0")


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "golden.npz") as stored:
        return dict(stored)


@pytest.fixture(scope="module")
def sound():
    return torch.from_numpy(runpy.run_path(str(GOLDEN / "make_golden.py"))["waveform"]())[None]


def test_the_spectrogram_is_that_of_the_original(golden, sound):
    """Which is float32 throughout: its rounding moves a few powers by one step of half precision, 2^-11 of them."""
    mel = weights.Musicnn(("label",)).spec(sound)[0].T
    np.testing.assert_allclose(mel, golden["mel"], rtol=0, atol=5e-4)


@pytest.mark.parametrize("name", NAMES)
def test_tags_and_features_are_those_of_the_original(package, golden, sound, name):
    tagger, model = load_tagger(name), name.partition(":")[2]
    with torch.no_grad():
        features, tags = tagger.features(sound)[0], tagger(sound).sigmoid()[0]
    assert tagger.labels == tuple(golden[f"{model}_labels"].tolist())
    np.testing.assert_allclose(tags, golden[f"{model}_tags"], rtol=0, atol=1e-5)  # found: 2e-6
    theirs = np.concatenate([golden[f"{model}_max"], golden[f"{model}_mean"]])
    np.testing.assert_allclose(features, theirs, rtol=0, atol=1e-3)  # of values up to 100; found: 4e-4
    with torch.no_grad():
        hidden = tagger.head[:4](torch.from_numpy(theirs)[None])[0]
    np.testing.assert_allclose(hidden, golden[f"{model}_penultimate"], rtol=0, atol=1e-4)


def test_weights_come_from_the_package_or_a_wheel_or_a_folder(package, tmp_path):
    wheel = tmp_path / "musicnn-0.1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for file in weights.FILES:
            archive.write(package / "MTT_musicnn" / file, f"musicnn/MTT_musicnn/{file}")
    first = load_tagger("musicnn:MTT").state_dict()
    for source in (None, wheel, package.parent, package / "MTT_musicnn", weights_folder("musicnn:MTT")):
        assert fetch_tagger("musicnn:MTT", source=source) == weights_folder("musicnn:MTT")
        again = load_tagger("musicnn:MTT").state_dict()
        assert all(torch.equal(first[key], again[key]) for key in first)
    with pytest.raises(DataError, match="whl is not the wheel of musicnn .*MSD_musicnn/checkpoint"):
        fetch_tagger("musicnn:MSD", source=wheel)


def test_without_weights_the_sentence_says_how_to_get_them(monkeypatch):
    def nowhere(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(weights, "distribution", nowhere)
    with pytest.raises(MissingWeightsError, match=r"musicnn:MTT has no weights in .*pip install --no-deps musicnn"):
        load_tagger("musicnn:MTT")


def test_other_values_than_the_published_ones_are_refused(tmp_path):
    for file in weights.FILES:
        (tmp_path / file).write_bytes(b"something else")
    with pytest.raises(DataError, match="does not hold the published weights of musicnn:MTT"):
        fetch_tagger("musicnn:MTT", source=tmp_path)
    assert not weights_folder("musicnn:MTT").exists()
    (tmp_path / weights.INDEX).unlink()
    with pytest.raises(DataError, match="does not hold musicnn:MTT: checkpoint, .index"):
        fetch_tagger("musicnn:MTT", source=tmp_path)
    with pytest.raises(DataError, match="elsewhere is not the wheel of musicnn"):
        fetch_tagger("musicnn:MTT", source=tmp_path / "elsewhere")


def test_a_damaged_wheel_is_refused_in_a_sentence(tmp_path, rng):
    """Deflated bytes that are none make zlib complain, not the archive."""
    wheel = tmp_path / "musicnn.whl"
    with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in weights.FILES:
            archive.writestr(f"musicnn/MTT_musicnn/{file}", rng.integers(0, 4, 10_000, np.uint8).tobytes())
    content = bytearray(wheel.read_bytes())
    content[500:600] = bytes(100)
    wheel.write_bytes(content)
    with pytest.raises(DataError, match="is not the wheel of musicnn"):
        fetch_tagger("musicnn:MTT", source=wheel)


def test_an_unknown_tagger_is_refused():
    with pytest.raises(ParameterError, match="model='musicnn:VGG' must be one of"):
        load_tagger("musicnn:VGG")
