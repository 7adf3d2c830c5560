"""WAV, AIFF, AU, W64, RF64 and CAF: the size of the sound as the file announces it, against what is there.

Programs that write to a pipe cannot go back to fill in the sizes: they leave 0, all ones, or about 2 GB. Such a file
ends where it ends. Any other size that exceeds the file is that of a file which was cut.
"""

from lemons.audio.formats import mpeg
from lemons.audio.formats.source import Order, Part, Source

__all__ = ["find_parts"]

MPEG = {0x50: "MP2", 0x55: "MP3"}  # tags of MPEG audio in a WAV file
# sox leaves 0x7ffff000, arecord 0x80000000, others all ones; less what they subtract for headers
PLACEHOLDERS = (range(0x7FFFF000 - 1024, 0x80000001), range(0xFFFFFFFF - 1024, 0x100000000))
W64 = bytes.fromhex("726966662e91cf11a5d628db04c10000")
W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")  # of the names of all chunks but the first
SLACK = 1  # byte: some writers count the byte that makes a size even, and do not write it


def find_parts(source: Source) -> list[Part] | None:
    """Compare the sizes in a file with the file.

    Returns
    -------
    list of Part or None
        what a decoder shall see in place of the file; None where the file itself will do

    Raises
    ------
    DataError
        if the file was cut
    """
    head = source.at(0, 16)
    if head[:4] in (b"RIFF", b"RIFX"):
        return _riff(source, "big" if head[:4] == b"RIFX" else "little")
    if head[:4] in (b"RF64", b"BW64"):
        return _rf64(source)
    if head[:4] == b"FORM":
        return _aiff(source)
    if head[:4] in (b".snd", b"dns."):
        return _au(source, "big" if head[:4] == b".snd" else "little")
    if head[:4] == b"caff":
        return _caf(source)
    return _w64(source)


def _chunks(source: Source, order: Order) -> dict[bytes, tuple[int, int]]:
    """Places and sizes of the contents of RIFF's and AIFF's chunks, as far as that of the sound."""
    found: dict[bytes, tuple[int, int]] = {}
    place = 12
    while len(head := source.at(place, 8)) == 8:
        name, size = head[:4], int.from_bytes(head[4:], order)
        found.setdefault(name, (place + 8, size))
        if name in (b"data", b"SSND"):
            break
        place += 8 + size + size % 2
    return found


def _is_placeholder(size: int) -> bool:
    return size == 0 or any(size in numbers for numbers in PLACEHOLDERS)


def _riff(source: Source, order: Order) -> list[Part] | None:
    chunks = _chunks(source, order)
    if b"data" not in chunks:
        return None  # the decoder says so
    place, size = chunks[b"data"]
    there = source.size - place
    filled = source.number(4, 4, order) + 8 in range(source.size - 1, source.size + 2)  # then it can hold no sound
    piped = _is_placeholder(size) and size not in range(1, there + SLACK + 1) and not (size == 0 and filled)
    if size > there + SLACK and not piped:
        raise source.cut(size, there)
    end = source.size if piped else min(place + size, source.size)
    if b"fmt " in chunks and source.number(chunks[b"fmt "][0], 2, order) in MPEG:
        return mpeg.find_parts(source, place, end)
    if piped and size == 0 and there:
        sizes = [min(number, 2**32 - 1).to_bytes(4, order) for number in (source.size - 8, there)]
        return [Part((source.at(0, 4), sizes[0], range(8, place - 4), sizes[1], range(place, source.size)))]
    return None


def _rf64(source: Source) -> list[Part] | None:
    chunks = _chunks(source, "little")
    if b"data" not in chunks or b"ds64" not in chunks:
        return None
    place, size = chunks[b"data"]
    there, sizes = source.size - place, chunks[b"ds64"][0]
    if size == 2**32 - 1:
        size = source.number(sizes + 8, 8, "little")
    if size in (0, 2**32 - 1) or size >= 2**62:  # never filled in
        numbers = (source.size - 8).to_bytes(8, "little") + there.to_bytes(8, "little")
        pieces = (range(sizes), numbers, range(sizes + 16, place - 4), b"\xff" * 4, range(place, source.size))
        return [Part(pieces)] if there else None
    if size > there + SLACK:
        raise source.cut(size, there)
    return None


def _aiff(source: Source) -> list[Part] | None:
    chunks = _chunks(source, "big")
    if b"SSND" not in chunks:
        return None
    place, size = chunks[b"SSND"]
    there = source.size - place
    if size > there + SLACK and not _is_placeholder(size):
        raise source.cut(size - 8, there - 8)  # two numbers come before the sound
    return None


def _au(source: Source, order: Order) -> list[Part] | None:
    place, size = source.number(4, 4, order), source.number(8, 4, order)
    there = source.size - place
    if size == 0 and there > 0:
        return [Part((range(8), b"\xff" * 4, range(12, source.size)))]
    if size > there + SLACK and not _is_placeholder(size):
        raise source.cut(size, there)
    return None


def _w64(source: Source) -> list[Part] | None:
    place = 40  # behind the file's name, its size, and what it is
    while len(head := source.at(place, 24)) == 24 and head[4:16] == W64_TAIL:
        size = int.from_bytes(head[16:], "little")
        if head[:4] == b"data":
            there = source.size - place
            if size <= 24 or size >= 2**62:
                sizes = [number.to_bytes(8, "little") for number in (source.size, there)]
                pieces = (range(16), sizes[0], range(24, place + 16), sizes[1], range(place + 24, source.size))
                return [Part(pieces)] if there > 24 else None
            if size > there + SLACK:
                raise source.cut(size - 24, there - 24)
            return [Part((range(place + size),))] if there > size else None  # libsndfile would read what comes behind
        place += max(size + -size % 8, 24)
    return None


def _caf(source: Source) -> list[Part] | None:
    place = 8
    while len(head := source.at(place, 12)) == 12:
        size, there = int.from_bytes(head[4:], "big"), source.size - place - 12
        if head[:4] == b"data":
            if size > there + SLACK and size < 2**62:  # -1: up to the end of the file
                raise source.cut(size - 4, there - 4)
            if size >= 2**62:
                return [Part((range(place + 4), there.to_bytes(8, "big"), range(place + 12, source.size)))]
            return None
        place += 12 + size
    return None
