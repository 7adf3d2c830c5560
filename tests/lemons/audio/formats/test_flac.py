"""FLAC files of unknown length."""

from itertools import pairwise

import numpy as np
import pytest

from lemons.errors import DataError
from tests.lemons.audio.encoded import DURATION_S, ID3V1, SR, encoded


def in_ogg(flac):
    """FLAC in pages of its packets; their checksums stay empty, since the pages are taken off again."""
    starts = [42, *(at for at in range(42, len(flac) - 1) if flac[at : at + 2] == b"\xff\xf8"), len(flac)]
    packets = [b"\x7fFLAC\1\0\0\1" + flac[:42], *(flac[a:b] for a, b in pairwise(starts))]
    pages = []
    for number, packet in enumerate(packets):
        for start in range(0, len(packet), 255 * 255):
            part = packet[start : start + 255 * 255]
            flags = 2 if number == 0 else 4 if number == len(packets) - 1 else 0
            granule = DURATION_S * SR if flags == 4 else 0
            head = b"OggS\0" + bytes([flags]) + granule.to_bytes(8, "little") + bytes(4)
            lengths = bytes([255] * (len(part) // 255) + [len(part) % 255])[:255]
            pages.append(head + len(pages).to_bytes(4, "little") + bytes(4) + bytes([len(lengths)]) + lengths + part)
    return b"".join(pages)


def test_flac_in_ogg_and_flac_of_unknown_length_are_what_flac_is(read):
    flac = encoded(format="FLAC")
    samples, _ = read(flac, "flac")
    unknown = flac[:21] + bytes([flac[21] & 0xF0]) + bytes(4) + flac[26:]  # the 36 bits before the checksum
    for content in (unknown, unknown + ID3V1, in_ogg(flac), in_ogg(unknown)):
        np.testing.assert_array_equal(read(content, "oga")[0], samples)
    with pytest.raises(DataError, match="does not end with a whole frame"):
        read(unknown[:-100], "flac")
    with pytest.raises(DataError, match="is damaged"):
        read(in_ogg(flac)[:-100], "oga")
