"""Waveforms and audio files: reading, checking, writing. See `lemons.audio.waveform` for what a waveform is."""

from lemons.audio.array_file import load_array, load_samples
from lemons.audio.flac import FlacWriter, bits_for, flac_bytes, write_flac
from lemons.audio.grid import FULL_SCALE, quantize, round_16_bit, to_float, to_int16
from lemons.audio.waveform import (
    MIN_DURATION_S,
    RATES,
    SAMPLE_RATE,
    check_file_rate,
    check_rate,
    common_gain,
    is_native,
    load,
    load_with_gain,
    loud_gain,
    validate_audio,
)

__all__ = [
    "FULL_SCALE",
    "MIN_DURATION_S",
    "RATES",
    "SAMPLE_RATE",
    "FlacWriter",
    "bits_for",
    "check_file_rate",
    "check_rate",
    "common_gain",
    "flac_bytes",
    "is_native",
    "load",
    "load_array",
    "load_samples",
    "load_with_gain",
    "loud_gain",
    "quantize",
    "round_16_bit",
    "to_float",
    "to_int16",
    "validate_audio",
    "write_flac",
]
