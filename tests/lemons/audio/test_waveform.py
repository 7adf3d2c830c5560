import numpy as np
import pytest
import soundfile

from lemons.audio import SAMPLE_RATE, load, load_samples, quantize, to_int16, validate_audio, write_flac
from lemons.audio.reader import AudioReader
from lemons.errors import DataError, ParameterError


def sine(frequency, sr, *, duration_s=1.0, amplitude=0.5):
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(duration_s * sr)) / sr)


def strongest_frequency(y, sr=SAMPLE_RATE):
    return np.abs(np.fft.rfft(y * np.hanning(len(y)))).argmax() * sr / len(y)


@pytest.mark.parametrize("sr", [8000, 16000, 22050, 44100, 48000])
def test_a_tone_keeps_its_pitch_and_duration_at_any_file_rate(tmp_path, sr):
    soundfile.write(tmp_path / "a4.wav", sine(440, sr, duration_s=2), sr)
    y = load(tmp_path / "a4.wav")
    assert y.dtype == np.float32
    assert abs(len(y) - 2 * SAMPLE_RATE) <= 1  # resampling may round the length
    assert abs(strongest_frequency(y) - 440) <= 0.5  # one bin of a 2 s transform


def test_stereo_is_averaged(tmp_path):
    left, right = sine(440, SAMPLE_RATE), sine(1000, SAMPLE_RATE)
    soundfile.write(tmp_path / "stereo.wav", np.stack([left, right], axis=1), SAMPLE_RATE, subtype="FLOAT")
    np.testing.assert_allclose(load(tmp_path / "stereo.wav"), (left + right) / 2, atol=2**-16)  # half a 16-bit step


@pytest.mark.parametrize("suffix", ["flac", "ogg", "mp3", "aiff"])
def test_common_formats_are_read(tmp_path, suffix):
    soundfile.write(tmp_path / f"a4.{suffix}", sine(440, 44100), 44100)
    assert abs(strongest_frequency(load(tmp_path / f"a4.{suffix}")) - 440) < 2  # lossy ones pad a little


@pytest.mark.parametrize("sr", [1, 10, 3999, 768001])
def test_a_rate_of_no_music_is_refused(tmp_path, sr):
    soundfile.write(tmp_path / "y.wav", np.ones(3 * sr) / 2, sr)
    for read in (load, AudioReader):
        with pytest.raises(DataError, match=rf"y\.wav has {sr} samples per second; convert it to a rate between 4000"):
            read(tmp_path / "y.wav")


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no such audio file: .*gone\.mp3"):
        load(tmp_path / "gone.mp3")


@pytest.mark.parametrize("content", [b"", b"this is not music", b"RIFF\x00\x00\x00\x00WAVE"])
def test_a_file_that_is_not_audio_is_named(tmp_path, content):
    (tmp_path / "notes.wav").write_bytes(content)
    with pytest.raises(DataError, match=r"notes\.wav cannot be read as audio"):
        load(tmp_path / "notes.wav")


def test_an_empty_recording_is_refused(tmp_path):
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), SAMPLE_RATE)
    with pytest.raises(DataError, match=r"empty\.wav holds no audio"):
        load(tmp_path / "empty.wav")


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_numbers_are_refused(tmp_path, value):
    y = sine(440, SAMPLE_RATE)
    y[100] = value
    soundfile.write(tmp_path / "broken.wav", y, SAMPLE_RATE, subtype="FLOAT")
    with pytest.raises(DataError, match=r"broken\.wav holds samples that are not numbers"):
        load(tmp_path / "broken.wav")


@pytest.mark.parametrize(
    ("y", "error", "sentence"),
    [
        (np.zeros((2, SAMPLE_RATE)), ParameterError, r"not float64 \(2, 16000\)"),
        (np.zeros(SAMPLE_RATE, dtype=np.int16), ParameterError, "not int16"),
        ([0.0, 0.1], ParameterError, "not list"),
        (np.zeros(0), DataError, "empty"),
        (np.full(SAMPLE_RATE, np.nan), DataError, "not numbers"),
        (np.ones(SAMPLE_RATE - 1), DataError, r"lasts 1\.00 s; at least 1 s"),
        (np.zeros(SAMPLE_RATE), DataError, "silent"),
    ],
)
def test_what_cannot_be_explained_is_refused(y, error, sentence):
    with pytest.raises(error, match=sentence):
        validate_audio(y)


def test_one_second_with_one_click_is_enough():
    validate_audio(np.eye(1, SAMPLE_RATE, dtype=np.float32)[0])


@pytest.mark.parametrize("dtype", ["int16", "float32", "float64"])
@pytest.mark.parametrize("shape", [(-1,), (1, -1), (-1, 1)])
def test_an_array_is_read_as_the_file_that_it_was_saved_from(tmp_path, dtype, shape):
    write_flac(tmp_path / "a4.flac", quantize(sine(440, SAMPLE_RATE)))
    y = load(tmp_path / "a4.flac")
    np.save(tmp_path / "a4.npy", (to_int16(y) if dtype == "int16" else y.astype(dtype)).reshape(shape))
    np.testing.assert_array_equal(load(tmp_path / "a4.npy"), y)
    np.testing.assert_array_equal(load_samples(tmp_path / "a4.npy"), to_int16(y))
    np.testing.assert_array_equal(load(tmp_path / "a4.npy", sr=8000), load(tmp_path / "a4.flac", sr=8000))


def test_more_arrays_can_be_held_than_files_be_opened(tmp_path):
    resource = pytest.importorskip("resource", reason="the system does not limit open files")
    np.save(tmp_path / "y.npy", np.arange(9, dtype=np.int16))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    try:
        tracks = [load_samples(tmp_path / "y.npy") for _ in range(300)]
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(tracks) == 300


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (np.zeros(0, np.float32), "holds no audio"),
        (np.float32([0, np.nan]), "not numbers"),
        (np.zeros((2, 9), np.int16), r"holds int16 \(2, 9\); it must be int16 or floats"),
        (np.zeros(9, np.int32), "holds int32"),
        (np.array([{}]), "cannot be read as a NumPy array"),
        (b"do re mi", "cannot be read as a NumPy array"),
        (b"\x93NUMPY", "cannot be read as a NumPy array"),
        (b"", "cannot be read as a NumPy array"),
    ],
)
def test_an_array_that_is_no_sound_is_told(tmp_path, content, sentence):
    if isinstance(content, bytes):
        (tmp_path / "y.npy").write_bytes(content)
    else:
        np.save(tmp_path / "y.npy", content)
    with pytest.raises(DataError, match=sentence) as caught:
        load(tmp_path / "y.npy")
    assert "pickle" not in str(caught.value)  # as NumPy would advise


def test_what_a_missing_array_or_a_wrong_one_is_told(tmp_path):
    with pytest.raises(DataError, match=r"no such audio file: .*gone\.npy"):
        load_samples(tmp_path / "gone.npy")
    np.save(tmp_path / "one.npy", np.float32(0.5))
    with pytest.raises(DataError, match=r"holds float32 \(\); it must be int16 or floats"):
        load_samples(tmp_path / "one.npy")
