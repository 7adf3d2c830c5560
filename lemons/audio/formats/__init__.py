"""What audio files say of their length, and how much of it is there.

A decoder believes what a file says of itself: libsndfile ends where an MP3 header says, takes what is left of a WAV
file that was cut for the whole, and decodes only the first of several streams. So each file is checked by the rules of
its format before it is decoded; a cut file is refused, and one that the decoder would not read whole is given to it in
parts.
"""

from lemons.audio.formats import chunks, containers, flac, mpeg, ogg
from lemons.audio.formats.source import Part, Source, open_pieces

__all__ = ["Part", "Source", "find_kind", "find_parts", "open_pieces"]

find_kind = containers.recognise


def find_parts(source: Source) -> list[Part] | None:
    """Look at a file that libsndfile decodes.

    Parameters
    ----------
    source : Source
        the file

    Returns
    -------
    list of Part or None
        the parts to decode one after the other; None where it is the file as it stands

    Raises
    ------
    DataError
        if the file was cut, or parts of it are missing
    """
    head = source.at(0, 16)
    if head[:4] == ogg.MAGIC:
        return ogg.find_parts(source)
    if head[:4] in (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b".snd", b"dns.", b"caff") or head == chunks.W64:
        return chunks.find_parts(source)
    start = mpeg.skip_tags(source, 0, source.size)
    if source.at(start, 4) == b"fLaC":
        return flac.find_parts(source, start)
    return mpeg.find_parts(source, 0, source.size) or None
