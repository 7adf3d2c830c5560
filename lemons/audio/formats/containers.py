"""MP4, Windows Media and Matroska files: which of them it is, and whether it was cut.

Their sound (AAC, ALAC, WMA, Opus ...) is decoded by FFmpeg (`lemons.audio.formats.ffmpeg`), which takes the end of a
file for the end of its sound. But each of these files is made of boxes that state their sizes.
"""

from lemons.audio.formats.mpeg import skip_tags
from lemons.audio.formats.source import Source

__all__ = ["recognise"]

MP4 = (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")  # names of boxes that such a file begins with
MATROSKA = b"\x1a\x45\xdf\xa3"
ASF = bytes.fromhex("3026b2758e66cf11a6d900aa0062ce6c")
FILE_PROPERTIES = bytes.fromhex("a1dcab8c47a9cf118ee400c00c205365")
SEGMENT, CLUSTER = 0x18538067, 0x1F43B675
OF_SEGMENT = {CLUSTER, 0x114D9B74, 0x1549A966, 0x1654AE6B, 0x1C53BB6B, 0x1941A469, 0x1043A770, 0x1254C367, 0xEC, 0xBF}


def recognise(source: Source) -> str | None:
    """FFmpeg's name of the kind of a file; None where it is none of these.

    Raises
    ------
    DataError
        if the file was cut
    """
    head = source.at(0, 16)
    if head[4:8] in MP4:
        _check_mp4(source)
        return "mp4"
    if head[:4] == MATROSKA:
        _check_matroska(source)
        return "matroska"
    if head == ASF:
        _check_asf(source)
        return "asf"
    frame = source.at(skip_tags(source, 0, source.size), 2)
    if len(frame) == 2 and frame[0] == 0xFF and frame[1] & 0xF6 == 0xF0:  # AAC's frames, with no box around them
        return "aac"
    return None


def _check_mp4(source: Source) -> None:
    place, index, rest = 0, False, False
    while len(head := source.at(place, 16)) >= 8:
        size, name = int.from_bytes(head[:4], "big"), head[4:8]
        if size == 1:
            size = int.from_bytes(head[8:], "big")
        elif size == 0:  # up to the end of the file
            size = source.size - place
        rest = name in (b"mdat", b"moov", b"moof")
        if size < 8 or (place + size > source.size and not rest):
            break  # something behind it
        if place + size > source.size:
            raise source.cut(size, source.size - place)
        index = index or name == b"moov"
        place += size
    if not index:
        raise source.damaged("the index of its sound is missing, as in a download that broke off")


def _check_asf(source: Source) -> None:
    header, place = min(source.number(16, 8, "little"), source.size), 30
    while place < header:
        size = source.number(place + 16, 8, "little")
        if source.at(place, 16) == FILE_PROPERTIES:
            announced, live = source.number(place + 40, 8, "little"), source.number(place + 88, 4, "little") & 1
            if announced > source.size and not live:
                raise source.cut(announced, source.size)
        place += max(size, 24)


def _check_matroska(source: Source) -> None:
    """Follow the elements of the first level; those of unknown size contain what follows."""
    place = 0
    while place < source.size:
        name, place = _number(source, place, keep=True)
        size, place = _number(source, place, keep=False)
        if size is None and name not in (SEGMENT, CLUSTER):
            break
        if size is not None and place + size > source.size and (name == SEGMENT or name in OF_SEGMENT):
            raise source.cut(size, source.size - place)
        if size is not None and name != SEGMENT:
            place += size


def _number(source: Source, place: int, *, keep: bool) -> tuple[int | None, int]:
    """A number of variable length, with or without the bit that marks the length, and the place behind it.

    None is a size of all ones: unknown.
    """
    first = source.number(place, 1, "big")
    length = 9 - first.bit_length()
    number = source.number(place, length, "big")
    if keep:
        return number, place + length
    number &= (1 << 7 * length) - 1
    return (None if number == (1 << 7 * length) - 1 else number), place + length
