"""MPEG audio (MP3, MP2): frames counted one by one.

An MPEG stream has no length and no end. Encoders may write a frame of silence before it that holds the number of frames
(Xing's or Info header, with LAME's extension; Fraunhofer's VBRI); without it decoders guess from the size of the file,
and with a wrong one they stop where it says. Tags stand before, behind, and in joined files between the frames. So the
frames are counted, and the decoder sees them alone, behind a header that is right.

A file without such a header may have lost its end: all that is known to lack is a part of a last frame, 26 ms at most.
It is read as far as it goes, as a recorded radio programme is, whose last frame is cut as well.

References
----------
ISO/IEC 11172-3 and 13818-3, section 2.4; http://gabriel.mp3-tech.org/mp3infotag.html
"""

import re
from typing import NamedTuple

from lemons.audio.formats.source import LOOK, Part, Source

__all__ = ["Frame", "Stream", "announcement", "find_parts", "read_frame", "skip_tags"]

BIT_RATES = {  # kbit/s by version (1, or 2 and 2.5) and layer
    (1, 1): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
RATES = (44100, 48000, 32000)  # Hz of version 1; halved in 2, and again in 2.5
SYNC = re.compile(rb"\xff[\xe2-\xff](?=[\x10-\xef])")  # what a frame may begin with
CHAIN = 4  # frames of one kind, one behind the other, that are no accident in a picture or other garbage
XING, LAME_DELAYS = 120, 21  # bytes from the header's magic to LAME's extension, and from there to its delays
LYRICS = 2**17  # bytes: more than Lyrics3 holds by its own rule
SLACK = 2  # frames: the first ones of a file that was cut out of another lack bits of those before


class Frame(NamedTuple):
    """What a frame's four bytes say: its kind, which is the same throughout a stream, and its length in bytes."""

    version: int
    layer: int
    sr: int
    mono: bool
    kbits: int
    protected: bool
    length: int

    @property
    def kind(self) -> tuple:
        """What is the same in all frames of a stream: version, layer, rate, and whether it has one channel."""
        return self[:4]

    @property
    def n_samples(self) -> int:
        """Its length, in samples."""
        return 384 if self.layer == 1 else 576 if self.layer == 3 and self.version == 2 else 1152

    @property
    def magic_at(self) -> int:
        """Where a header with the number of frames begins: behind the frame's side information."""
        side = (9 if self.mono else 17) if self.version == 2 else (17 if self.mono else 32)
        return 4 + 2 * self.protected + side


def read_frame(head: bytes) -> Frame | None:
    """Read a frame's header; None where the bytes are none, or of free bit rate, which says no length."""
    if len(head) < 4 or head[0] != 0xFF or head[1] < 0xE0:
        return None
    version, layer, rate = head[1] >> 3 & 3, 4 - (head[1] >> 1 & 3), head[2] >> 2 & 3
    if version == 1 or layer == 4 or rate == 3 or not 0 < head[2] >> 4 < 15:
        return None
    halves = {3: 0, 2: 1, 0: 2}[version]
    sr, version = RATES[rate] >> halves, min(halves, 1) + 1
    kbits = BIT_RATES[version, layer][(head[2] >> 4) - 1]
    padding = head[2] >> 1 & 1
    if layer == 1:
        length = (12000 * kbits // sr + padding) * 4
    else:
        length = (72000 if layer == 3 and version == 2 else 144000) * kbits // sr + padding
    return Frame(version, layer, sr, head[3] >> 6 == 3, kbits, not head[1] & 1, length)


class Stream:
    """Frames of one kind, one behind the other, and the header before them, if there is one.

    Attributes
    ----------
    start, end : int
        where the frames begin and end in the file, without the header
    n_frames : int
        how many there are
    counted, n_bytes : int or None
        the numbers of frames and bytes that the header announces
    """

    def __init__(self, source: Source, start: int, frame: Frame):
        self.frame, self.start, self.end = frame, start, start
        self.n_frames = 0
        self.rates: set[int] = set()
        self.counted: int | None = None
        self.n_bytes: int | None = None
        self._source, self._header = source, b""
        content = source.at(start, frame.length)
        if kind := announcement(content, frame):
            self._read_header(content, kind)
            self.start = self.end = start + frame.length

    def _read_header(self, content: bytes, kind: bytes) -> None:
        if kind == b"VBRI":
            numbers = content[36 + 10 : 36 + 18]
        else:
            at = content.index(kind)
            frames, size = content[at + 7] & 1, content[at + 7] & 2  # whether it has them
            numbers = content[at + 8 : at + 16] if frames and size else content[at + 8 : at + 12] if frames else b""
            self._header = content if frames and at == self.frame.magic_at else b""
        # a header of 0 was written before the frames, and never completed
        self.counted = int.from_bytes(numbers[:4], "big") or None
        self.n_bytes = int.from_bytes(numbers[4:], "big") or None

    def add(self, frame: Frame) -> None:
        """Count the next frame."""
        self.n_frames += 1
        self.end += frame.length
        self.rates.add(frame.kbits)

    @property
    def complete(self) -> bool:
        """Whether all is there that the header announces; without one, nothing is known to lack."""
        if not self.counted or self.n_frames >= self.counted - 1:  # some encoders count the header, too
            return True
        there = self.end - self.start + self.frame.length
        return self.n_bytes is not None and there >= self.n_bytes  # then the number of frames is wrong

    def part(self) -> Part:
        """What the decoder shall see."""
        frame, frames = self.frame, range(self.start, self.end)
        slack = SLACK * frame.n_samples
        if self._header and self.counted == self.n_frames:
            return Part((self._header, frames), None, slack)
        if self._header[frame.magic_at + 7 : frame.magic_at + 8] == b"\x0f":  # the header has all of its fields
            return Part((self._corrected(), frames), None, slack)
        if len(self.rates) == 1 or frame.layer != 3:  # then the decoder finds the length by itself, to a few samples
            return Part((frames,), self.n_frames * frame.n_samples, slack)
        return Part((self._new_header(), frames), None, slack)

    def _corrected(self) -> bytes:
        """The header with the right numbers; what it says of the padding at the end was of another end."""
        header, at = bytearray(self._header), self.frame.magic_at
        header[at + 8 : at + 16] = self._numbers(len(header))
        delays = at + XING + LAME_DELAYS
        if len(header) >= delays + 3:
            header[delays + 1] &= 0xF0
            header[delays + 2] = 0
        return bytes(header)

    def _new_header(self) -> bytes:
        """A frame of silence that holds the number of frames."""
        head = bytearray(self._source.at(self.start, 4))
        head[1] |= 1  # no checksum
        for bits in range(1, 15):
            head[2] = head[2] & 0x0D | bits << 4
            frame = read_frame(bytes(head))
            if frame is not None and frame.length >= frame.magic_at + XING + 36:
                break
        else:
            raise self._source.damaged("no frame of its kind has room for their number")
        text = bytes(head).ljust(frame.magic_at, b"\0") + b"Xing" + bytes((0, 0, 0, 3)) + self._numbers(frame.length)
        return text.ljust(frame.length, b"\0")

    def _numbers(self, header_length: int) -> bytes:
        n_bytes = min(header_length + self.end - self.start, 2**32 - 1)
        return self.n_frames.to_bytes(4, "big") + n_bytes.to_bytes(4, "big")


def announcement(content: bytes, frame: Frame) -> bytes | None:
    """The magic of the header that a frame holds: Xing, Info or VBRI; None in a frame of sound."""
    if frame.layer != 3:
        return None
    for at in (frame.magic_at, frame.magic_at - 2 * frame.protected):  # encoders disagree
        if content[at : at + 4] in (b"Xing", b"Info"):
            return content[at : at + 4]
    return b"VBRI" if content[36:40] == b"VBRI" else None


def find_parts(source: Source, start: int, end: int) -> list[Part]:
    """Count the frames between two places of a file.

    Returns
    -------
    list of Part
        a part per stream; joined files have several. Empty where there is no MPEG audio

    Raises
    ------
    DataError
        if frames are missing: in the middle, or at the end of what a header announces
    """
    streams: list[Stream] = []
    place = start
    while True:
        after_tag = skip_tags(source, place, end)
        tagged = after_tag > place
        found = _find_frames(source, after_tag, end)
        if found is None or (first := read_frame(source.at(found, 4))) is None:
            break
        stream = Stream(source, found, first)
        if streams and found > after_tag:
            over = streams[-1].counted and streams[-1].n_frames >= streams[-1].counted
            if not (over or stream.start > found or tagged or _ends_with_tag(source, after_tag, found)):
                gap = found - after_tag
                raise source.damaged(f"its sound is interrupted by {gap} bytes of something else")
        place = _count(source, stream, end)
        streams.append(stream)
    for stream in streams:
        if not stream.complete:
            per_s = stream.frame.sr / stream.frame.n_samples
            announced, there = (stream.counted or 0) / per_s, stream.n_frames / per_s
            raise source.damaged(f"of the {announced:.2f} s that it announces, {there:.2f} s can be read")
    return [stream.part() for stream in streams if stream.n_frames]


def _count(source: Source, stream: Stream, end: int) -> int:
    """Add the frames that follow; where they end."""
    place, kind = stream.end, stream.frame.kind
    while True:
        content = source.at(place, 48)
        frame = read_frame(content)
        if frame is None or frame.kind != kind or place + frame.length > end:
            return place
        if announcement(content, frame):  # of the next file
            return place
        stream.add(frame)
        place += frame.length


def _ends_with_tag(source: Source, start: int, end: int) -> bool:
    """Whether the bytes between two streams end as a file does, or as one begins."""
    if source.at(end - 128, 3) == b"TAG" or source.at(end - 32, 8) == b"APETAGEX":
        return True
    content = source.at(start, min(end - start, LOOK))
    return any(skip_tags(source, start + match.start(), end) == end for match in re.finditer(b"ID3", content))


def _find_frames(source: Source, start: int, end: int) -> int | None:
    """The next place where frames begin."""
    if _chain(source, start, end, strict=False):
        return start
    for offset, content in source.looks(start, end, overlap=3):
        for match in SYNC.finditer(content):
            if _chain(source, offset + match.start(), end, strict=True):
                return offset + match.start()
    return None


def _chain(source: Source, place: int, end: int, *, strict: bool) -> bool:
    """Whether frames of one kind stand here: several, or where they must be as many as there are."""
    kind = None
    for number in range(CHAIN):
        frame = read_frame(source.at(place, 4))
        if frame is None or kind not in (None, frame.kind) or place + frame.length > end:
            over = frame is not None or place >= end or skip_tags(source, place, end) > place
            return not strict and number > 0 and (over or number > 1)
        kind = frame.kind
        place += frame.length
    return True


def skip_tags(source: Source, place: int, end: int) -> int:
    """The place behind tags that begin here: ID3v2, ID3v1, APE and Lyrics3, in any order."""
    while place < end:
        content = source.at(place, 32)
        if content[:3] == b"ID3" and max(content[6:10], default=128) < 128:
            size = sum(byte << shift for byte, shift in zip(content[6:10], (21, 14, 7, 0), strict=True))
            behind = place + 10 + size + (10 if content[5] & 16 else 0)
            if behind > end:  # a wrong size, or a file that ends within its tag
                return place
            place = behind
        elif content[:8] == b"APETAGEX" and len(content) == 32:
            size, flags = int.from_bytes(content[12:16], "little"), int.from_bytes(content[20:24], "little")
            place += 32 + (size if flags >> 29 & 1 else 0)  # a header counts its items, a footer is all of itself
        elif content[:11] == b"LYRICSBEGIN":
            text = source.at(place, min(LYRICS, end - place))
            ends = [text.find(mark) for mark in (b"LYRICS200", b"LYRICSEND")]
            if max(ends) < 0:
                return place
            place += min(one for one in ends if one >= 0) + 9
        elif content[:3] == b"TAG":
            place += 227 if content[:4] == b"TAG+" else 128
        else:
            return place
    return min(place, end)
