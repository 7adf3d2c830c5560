"""FLAC files that are joined, and those whose header does not say how long they are, as encoders write them to a pipe.

Reference: RFC 9639.
"""

import re
from functools import cache

from lemons.audio.formats.source import Part, Source

__all__ = ["crc", "find_parts", "length_in", "with_length"]

SYNC = re.compile(rb"\xff[\xf8\xf9]")
STREAMINFO = 34  # bytes of a stream's first block
MAGIC = b"fLaC\0\0\0\x22"  # and the header of that block
LARGEST = 2**20  # bytes: no frame of music is longer
TRIES = 8  # by accident, one in 256 of what looks like a frame's beginning has the right checksum of 8 bits
SIZES = {1: 192, **{bits: 576 << bits - 2 for bits in range(2, 6)}, **{bits: 1 << bits for bits in range(8, 16)}}


def find_parts(source: Source, start: int) -> list[Part] | None:
    """Take joined files apart, and fill in a missing length from the last frame.

    Parameters
    ----------
    source : Source
        the file
    start : int
        where the stream begins, behind tags

    Returns
    -------
    list of Part or None
        a part per stream, with its length; None where the file itself will do

    Raises
    ------
    DataError
        if it does not end with a whole frame
    """
    starts = [start]
    for offset, content in source.looks(start + 4, source.size, overlap=len(MAGIC) - 1):
        starts += [offset + match.start() for match in re.finditer(re.escape(MAGIC), content)]
    end = source.size - (128 if source.at(source.size - 128, 3) == b"TAG" else 0)
    return _parts(source, [range(*places) for places in zip(starts, [*starts[1:], end], strict=True)])


def _parts(source: Source, streams: list[range]) -> list[Part] | None:
    parts = []
    for places in streams:
        info = places.start + 8  # behind the magic and a block's header
        content = source.at(info, STREAMINFO)
        if len(content) < STREAMINFO or length_in(content):
            parts.append(Part((places,)))
            continue
        n_samples = _count(source, info + STREAMINFO, places.stop, block_size=int.from_bytes(content[:2], "big"))
        if n_samples is None:
            raise source.damaged("it does not end with a whole frame")
        head, frames = range(places.start, info), range(info + STREAMINFO, places.stop)
        parts.append(Part((head, with_length(content, n_samples), frames)))
    return None if len(parts) == len(parts[0].pieces) == 1 else parts


def length_in(info: bytes) -> int:
    """The length of a stream by its first block, in samples; 0 is unknown."""
    return int.from_bytes(info[13:18], "big") & 2**36 - 1


def with_length(info: bytes, n_samples: int) -> bytes:
    """A stream's first block, with the length filled in where it is missing."""
    if length_in(info):
        return info
    number = int.from_bytes(info[13:18], "big") | n_samples & 2**36 - 1
    return info[:13] + number.to_bytes(5, "big") + info[18:]


def _count(source: Source, start: int, end: int, block_size: int) -> int | None:
    """The number of samples up to the end of the last frame, if that is whole."""
    start = max(start, end - LARGEST)
    content = source.at(start, end - start)
    tries = 0
    for match in reversed(list(SYNC.finditer(content))):
        frame = content[match.start() :]
        last = _read_frame(frame, block_size)
        if last is None:
            continue
        if crc(frame[:-2], 16, 0x8005) == int.from_bytes(frame[-2:], "big"):
            return last
        if (tries := tries + 1) == TRIES:
            break
    return None


def _read_frame(frame: bytes, block_size: int) -> int | None:
    """The number of samples up to the end of a frame, by its header; None where there is none."""
    size, number_end = frame[2] >> 4 if len(frame) > 16 else 0, 4
    if not size:
        return None
    first = frame[4]
    while number_end < 11 and frame[number_end + 1] & 0xC0 == 0x80:  # as UTF-8 writes numbers
        number_end += 1
    n_more = number_end - 4
    number = first if first < 0x80 else first & (0x3F >> n_more)
    for byte in frame[5 : number_end + 1]:
        number = number << 6 | byte & 0x3F
    end = number_end + 1
    n_samples = SIZES.get(size, 0)
    if size in (6, 7):
        n_samples = int.from_bytes(frame[end : end + size - 5], "big") + 1
        end += size - 5
    end += {12: 1, 13: 2, 14: 2}.get(frame[2] & 15, 0)  # a rate of its own
    if crc(frame[:end], 8, 0x07) != frame[end]:
        return None
    return (number if frame[1] & 1 else number * block_size) + n_samples


def crc(content: bytes, bits: int, polynomial: int) -> int:
    """The checksums of FLAC's headers (8 bits) and frames (16 bits).

    >>> hex(crc(b"123456789", 16, 0x8005)), hex(crc(b"123456789", 8, 0x07))
    ('0xfee8', '0xf4')
    """
    table, mask = _table(bits, polynomial), (1 << bits) - 1
    value = 0
    for byte in content:
        value = (value << 8 & mask) ^ table[value >> bits - 8 ^ byte]
    return value


@cache
def _table(bits: int, polynomial: int) -> list[int]:
    top, mask = 1 << bits - 1, (1 << bits) - 1
    table = []
    for byte in range(256):
        value = byte << bits - 8
        for _ in range(8):
            value = (value << 1 ^ polynomial) & mask if value & top else value << 1
        table.append(value & mask)
    return table
