"""Which file a path means that was written on another machine.

Paths are compared by their normal form: composed letters (NFC), slashes, without drive, ``.`` and what ``..`` takes
back; ``file://`` URLs by what they encode. What stands before the music folder differs from machine to machine, so
paths are compared from their ends: a file fits where all of its path inside the music folder, all of the other path, or
at least a folder and a name agree. The longest agreement decides, letter case counts first and then does not, and where
several files agree as much, none is meant.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from urllib.parse import unquote_to_bytes

__all__ = ["PathIndex", "parts_of"]

URL = re.compile(r"file:(?://(?:localhost(?=/))?)?(?=[/\w.%])", re.IGNORECASE)
DRIVE = re.compile(r"^/*(?:[?.]/+)?(?:UNC/+)?(?:[A-Za-z]:(?=/|$))?")  # also what Windows puts before long paths
ENCODED = re.compile(r"%[0-9A-Fa-f]{2}")
MIN_TAIL = 2  # a folder and a name, where neither path is part of the other


def parts_of(path: str) -> tuple[str, ...]:
    r"""The folders and the name of a path, in normal form.

    >>> parts_of(r"C:\Music\Zoë\.\01.flac"), parts_of("file:///C:/Music/Zo%C3%AB/01.flac")
    (('Music', 'Zoë', '01.flac'), ('Music', 'Zoë', '01.flac'))
    >>> parts_of("/home/me/../you/a.mp3"), parts_of(r"\\nas\music\a.mp3")
    (('home', 'you', 'a.mp3'), ('nas', 'music', 'a.mp3'))
    """
    path = path.strip()
    if found := URL.match(path):
        path = _decoded(path[found.end() :])
    path = DRIVE.sub("", unicodedata.normalize("NFC", path).replace("\\", "/"))
    parts: list[str] = []
    for part in path.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part not in ("", ".", ".."):
            parts.append(part)
    return tuple(parts)


class PathIndex:
    """Finds files by paths.

    Parameters
    ----------
    paths : iterable of sequence of str
        for each file the paths that lead to it in the music folder, with slashes
    folder : str
        the music folder itself, as an absolute path; its names may stand in a path, too
    """

    def __init__(self, paths: Iterable[Sequence[str]], *, folder: str = ""):
        above = parts_of(folder)
        self._named: dict[str, list[tuple[int, int, tuple[str, ...]]]] = defaultdict(list)
        for at, several in enumerate(paths):
            for path in several:
                parts = parts_of(path)
                for name in {parts[-1], _without_suffix(parts[-1])}:
                    self._named[_fold(name)].append((at, len(parts), (*above, *parts[:-1], name)))

    def find(self, path: str) -> list[int]:
        """The files that a path means, by their places in ``paths``: none, one, or several that it fits alike."""
        candidates = [parts_of(path)]
        if ENCODED.search(path):
            candidates.append(parts_of(_decoded(path)))
        for parts in filter(None, candidates):
            for whole in (True, False):
                for same in (str, _fold):
                    if found := self._fits(parts, whole, same):
                        return found
        return []

    def _fits(self, parts: tuple[str, ...], whole: bool, same) -> list[int]:
        """The files that agree most, where all of a path has to agree, or a part of both is enough."""
        fits: dict[int, int] = {}
        for at, length, own in self._named.get(_fold(parts[-1]), ()):
            tail = 0
            for one, other in zip(reversed(parts), reversed(own), strict=False):
                if same(one) != same(other):
                    break
                tail += 1
            if tail >= (min(length, len(parts)) if whole else MIN_TAIL):
                fits[at] = max(tail, fits.get(at, 0))
        return sorted(at for at, tail in fits.items() if tail == max(fits.values()))


def _decoded(path: str) -> str:
    data = unquote_to_bytes(path)
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name.casefold())


def _without_suffix(name: str) -> str:
    stem, dot, _ = name.rpartition(".")
    return stem if dot and stem else name
