"""Ogg (Vorbis, Opus, FLAC): pages followed from the first to the last.

Every page has the number of samples up to its end, and the last one is marked as the last. A file may be a chain
of several streams, each with a first page and a last one; a decoder reads the first of them. Pages of pictures and
video may be between those of the sound.

References
----------
RFC 3533 (Ogg), RFC 7845 (Opus), https://xiph.org/flac/ogg_mapping.html
"""

from lemons.audio.formats import flac
from lemons.audio.formats.source import Part, Source
from lemons.errors import DataError

__all__ = ["Stream", "find_parts"]

MAGIC = b"OggS"
HEADER = 27  # bytes of a page before the lengths of its segments
FIRST, LAST = 2, 4  # flags of a page
MAPPING = 9  # bytes before the FLAC stream in the first page
NONE = 2**64 - 1  # in place of a number of samples, where no packet ends on a page


class Stream:
    """The pages of one stream of sound.

    Attributes
    ----------
    pages, contents : list of range
        the places of its pages in the file, neighbours as one, and of the contents of each
    n_samples : int
        their number up to the last page, as the pages say, at ``sr`` samples per second
    lost : int
        samples of pages that are missing
    ended : bool
        whether its last page was seen
    """

    def __init__(self, codec: str, sr: int):
        self.codec, self.sr = codec, sr
        self.pages: list[range] = []
        self.contents: list[range] = []
        self.n_samples, self.lost, self.ended = 0, 0, False
        self._next: int | None = None

    def add(self, place: int, head: bytes, length: int) -> None:
        """Take the next page, by its header and the length of what is in it."""
        flags, n_samples, number = head[5], int.from_bytes(head[6:14], "little"), int.from_bytes(head[18:22], "little")
        self.contents.append(range(place + HEADER + head[26], place + HEADER + head[26] + length))
        length += HEADER + head[26]
        if self.pages and self.pages[-1].stop == place:
            self.pages[-1] = range(self.pages[-1].start, place + length)
        else:
            self.pages.append(range(place, place + length))
        known = n_samples != NONE and n_samples < 2**62
        if self._next not in (None, number):
            self.lost += max(n_samples - self.n_samples, 1) if known else 1
        if known:
            self.n_samples = max(self.n_samples, n_samples)
        self._next = (number + 1) % 2**32
        self.ended = bool(flags & LAST)


def find_parts(source: Source) -> list[Part] | None:
    """Follow the pages of an Ogg file.

    Returns
    -------
    list of Part or None
        a part per stream of sound in the chain; None where there is one, which the decoder reads from the file

    Raises
    ------
    DataError
        if pages are missing, in the middle or at the end, or the file holds no sound that LEMONS knows
    """
    links: list[dict[int, Stream | None]] = []  # of the chain: streams by their serial numbers, None for no sound
    place, beginning = 0, False
    while True:
        place = _next_page(source, place)
        head = source.at(place, HEADER)
        if len(head) < HEADER:
            break
        flags, serial = head[5], int.from_bytes(head[14:18], "little")
        lengths = source.at(place + HEADER, head[26])
        if len(lengths) < head[26] or place + HEADER + head[26] + sum(lengths) > source.size:
            raise source.damaged("it ends within a page")
        if flags & FIRST:
            if not beginning:
                links.append({})
            links[-1][serial] = _sound(source.at(place + HEADER + head[26], 64))
        beginning = bool(flags & FIRST)
        stream = links[-1].get(serial) if links else None
        if stream:
            stream.add(place, head, sum(lengths))
        place += HEADER + head[26] + sum(lengths)
    return _parts(source, links)


def _next_page(source: Source, place: int) -> int:
    """The place of the next page; the end of the file if there is none."""
    if source.at(place, 4) == MAGIC:
        return place
    for offset, content in source.looks(place, source.size, overlap=3):
        if (found := content.find(MAGIC)) >= 0:
            return offset + found
    return source.size


def _sound(packet: bytes) -> Stream | None:
    """The stream that a first packet announces, if it is sound."""
    if packet[:7] == b"\x01vorbis":
        return Stream("Vorbis", int.from_bytes(packet[12:16], "little"))
    if packet[:8] == b"OpusHead":
        return Stream("Opus", 48000)
    if packet[:5] == b"\x7fFLAC":
        return Stream("FLAC", int.from_bytes(packet[27:30], "big") >> 4)
    return None


def _parts(source: Source, links: list[dict[int, Stream | None]]) -> list[Part] | None:
    chain = [stream for link in links if (stream := next((one for one in link.values() if one), None))]
    if not chain or len(chain) < len(links):
        what = "it holds no Vorbis, Opus or FLAC in its Ogg pages, or something else beside"
        raise DataError(f"{source.path} cannot be read as audio: {what}; convert it to FLAC")
    for stream in chain:
        if stream.lost:
            announced = stream.n_samples / max(stream.sr, 1)
            there = announced - min(stream.lost / max(stream.sr, 1), announced)
            raise source.damaged(f"of the {announced:.2f} s that it announces, {there:.2f} s can be read")
        if not stream.ended:
            raise source.damaged("its last page is missing")
    if len(chain) == len(links[0]) == 1 and chain[0].codec != "FLAC":
        return None
    return [_plain_flac(source, one) if one.codec == "FLAC" else Part(tuple(one.pages)) for one in chain]


def _plain_flac(source: Source, stream: Stream) -> Part:
    """The FLAC file that is left without the pages; libsndfile is often built without FLAC in Ogg."""
    first = stream.contents[0]
    head = source.at(first.start, len(first))[MAPPING:]
    samples = flac.with_length(head[8 : 8 + flac.STREAMINFO], stream.n_samples)
    return Part((head[:8], samples, head[8 + flac.STREAMINFO :], *stream.contents[1:]))
