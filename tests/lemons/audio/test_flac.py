"""Written FLAC files are the waveform, sample for sample, or not there."""

import io

import numpy as np
import pytest
import soundfile

from lemons.audio import SAMPLE_RATE, FlacWriter, flac_bytes, load, quantize, write_flac
from lemons.errors import DataError, ParameterError


@pytest.mark.parametrize("bits", [16, 24])
def test_flac_gives_back_what_was_written(tmp_path, rng, bits):
    y = quantize(rng.uniform(-1, 1, SAMPLE_RATE + 1))
    write_flac(tmp_path / "y.flac", y, bits=bits)
    np.testing.assert_array_equal(load(tmp_path / "y.flac"), y)
    assert soundfile.info(tmp_path / "y.flac").subtype == f"PCM_{bits}"


def test_twenty_four_bits_keep_a_quieter_copy_exact(tmp_path, rng):
    y = quantize(rng.uniform(-1, 1, SAMPLE_RATE)) * np.float32(2**-8)
    write_flac(tmp_path / "y.flac", y, bits=24)
    np.testing.assert_array_equal(soundfile.read(tmp_path / "y.flac", dtype="float32")[0], y)


@pytest.mark.parametrize("peak", [1.0, -1.001])
def test_nothing_is_clipped_silently(tmp_path, peak):
    with pytest.raises(ParameterError, match="exceeds full scale"):
        write_flac(tmp_path / "loud.flac", np.float32([0, peak]))
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_leaves_no_half_file(tmp_path, rng):
    resource = pytest.importorskip("resource", reason="the system does not limit the size of files")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**12, hard))  # bytes; the rest fails as on a full disk
    try:
        with pytest.raises(DataError, match=r"cannot write .*y\.flac: .*; free some space"):
            write_flac(tmp_path / "y.flac", quantize(rng.uniform(-1, 1, 2**18)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("bits", [16, 24])
def test_full_scale_itself_is_written(tmp_path, bits):
    y = np.array([-1, 1 - 2.0 ** (1 - bits)])
    write_flac(tmp_path / "y.flac", y, bits=bits)
    np.testing.assert_array_equal(soundfile.read(tmp_path / "y.flac")[0], y)
    with pytest.raises(ParameterError, match="exceeds full scale"):
        write_flac(tmp_path / "y.flac", np.add(y, [0, 2.0**-bits]), bits=bits)


@pytest.mark.parametrize("gain", [1.0, 0.25])
def test_a_player_gets_the_waveform_bit_for_bit_at_its_own_level(rng, gain):
    y = quantize(0.01 * rng.standard_normal(1600)) * np.float32(gain)  # quiet: normalising would show
    decoded, _ = soundfile.read(io.BytesIO(flac_bytes(y, gain=gain)), dtype="float64")
    np.testing.assert_array_equal(decoded, y)


def test_samples_that_are_no_waveform_make_no_sound():
    with pytest.raises(ParameterError, match="int16"):  # times 2^31 they would be noise at full scale
        flac_bytes(np.int16([0, 1, -1]))


def test_a_sample_above_full_scale_reaches_no_player():
    with pytest.raises(ParameterError, match="peak 1.500 exceeds full scale"):
        flac_bytes(np.float32([0, 1.5]))


def test_pieces_make_the_same_file_as_the_whole(tmp_path, rng):
    y = quantize(rng.uniform(-1, 1, SAMPLE_RATE))
    with FlacWriter(tmp_path / "y.flac") as file:
        for piece in np.split(y, [0, 1, 5000]):
            file.write(piece)
    assert (tmp_path / "y.flac").read_bytes() == flac_bytes(y)


def test_a_smaller_file_holds_the_same_samples(tmp_path):
    y = quantize(0.5 * np.sin(np.arange(SAMPLE_RATE) / 9))
    for level in (0, 1):
        write_flac(tmp_path / f"{level}.flac", y, compression_level=level)
        np.testing.assert_array_equal(load(tmp_path / f"{level}.flac"), y)
    assert (tmp_path / "1.flac").stat().st_size < (tmp_path / "0.flac").stat().st_size
    with pytest.raises(ParameterError, match="compression_level=2 must be a finite number of at least 0 and at most 1"):
        write_flac(tmp_path / "y.flac", y, compression_level=2)


def test_a_file_that_cannot_be_made_is_an_os_error(tmp_path):
    with pytest.raises(OSError, match="System error"):
        FlacWriter(tmp_path / "no folder" / "y.flac")
