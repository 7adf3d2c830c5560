"""Sizes in WAV, AIFF, AU, W64, RF64 and CAF files, against the files."""

import numpy as np
import pytest

from tests.lemons.audio.encoded import PLAIN, encoded


def patched(content, *places):
    for at, number in places:
        content = content[:at] + number + content[at + len(number) :]
    return content


def piped(suffix, unknown):
    """A file as programs write it to a pipe: with no sizes in it."""
    content = encoded(format=suffix, subtype="PCM_16")
    if suffix in ("wav", "aiff"):
        return patched(
            content, (4, unknown[:4]), (content.index(b"data" if suffix == "wav" else b"SSND") + 4, unknown[:4])
        )
    if suffix == "au":
        return patched(content, (8, unknown[:4]))
    if suffix == "rf64":
        return patched(content, (content.index(b"ds64") + 8, 2 * unknown))
    at = content.index(b"data") + {"w64": 16, "caf": 4}[suffix]
    return patched(content, (at, unknown))


@pytest.mark.parametrize(
    ("suffix", "unknown"),
    [(suffix, byte * 8) for suffix in PLAIN for byte in (b"\0", b"\xff") if (suffix, byte) != ("caf", b"\0")]
    + [("wav", b"\0\xf0\xff\x7f"), ("wav", b"\0\0\0\x80")],  # by sox and arecord
)
def test_a_file_that_was_written_to_a_pipe_is_read_whole(read, suffix, unknown):
    np.testing.assert_array_equal(
        read(piped(suffix, unknown), suffix)[0], read(encoded(format=suffix, subtype="PCM_16"), suffix)[0]
    )


def test_a_wav_file_with_no_sound_but_something_behind_it_is_empty(read):
    content = encoded(format="WAV")[:40] + bytes(4) + b"LIST\x04\0\0\0INFO"
    samples, _ = read(patched(content, (4, (len(content) - 8).to_bytes(4, "little"))), "wav")
    assert not len(samples)
