"""The Echo Nest Taste Profile: who played which song how often.

``train_triplets.txt`` has 48,373,586 lines of user, song and playcount, separated by tabs::

    b80344d063b5ccb3212f76538f3d9e43d87dca9e	SOAKIMP12A8C130995	1

Users are 40 hexadecimal digits. The file is read once from front to back, plain, gzipped or in an archive. The plays of
the wanted users are kept, and of all others how many played each song: memory grows with the songs, not with the file.
A playcount of 0 is no play.
"""

import codecs
import os
import re
from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from lemons.errors import DataError
from lemons.library.archives import DAMAGE, open_text
from lemons.progress import Progress

__all__ = ["BLOCK", "MEGABYTE", "USER_ID", "read_plays"]

USER_ID = re.compile("[0-9a-f]{40}")
USER_DIGITS = 40
SONG = slice(USER_DIGITS + 1, USER_DIGITS + 1 + 18)  # where a line names it
LINE = re.compile(rb"([0-9a-f]{40})\t(SO[A-Z0-9]{16})\t(\d{1,9})\r?\n?")  # a billion plays are none
FIRST_DIGIT = slice(SONG.stop + 1, SONG.stop + 2)  # of the playcount: 0 if it is no play
MARGIN = 1000  # blank lines that may stand at the end of a file
BLOCK = 2**20  # bytes that are split into lines at a time
MEGABYTE = 2**20


def read_plays(
    path: str | os.PathLike, user_ids: Collection[str], *, progress: Progress | None = None
) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """What some users played, and how many others did.

    Parameters
    ----------
    path : path-like
        the triplets: plain text, compressed, or in a zip or tar archive
    user_ids : collection of str
        the wanted users, 40 hexadecimal digits each
    progress : callable, optional
        ``progress(done, total)`` in megabytes of the file as it is on disk

    Returns
    -------
    plays : dict of str to dict of str to int
        for each wanted user playcounts by song, 1 at least; empty for a user who is not in the file
    others : dict of str to int
        by song, how many lines other users have of it: in the Taste Profile one for each who played it

    Raises
    ------
    DataError
        if there is no such file, it is damaged, or a line of a wanted user (or the first or last line) is no triplet
    """
    path = Path(path)
    plays: dict[str, dict[str, int]] = {user: {} for user in user_ids}
    wanted = {user.encode() for user in user_ids}
    others: Counter[bytes] = Counter()
    n_before = 0
    last: list[bytes] = []
    for lines in _blocks(path, progress):
        if not n_before:
            lines[0] = lines[0].removeprefix(codecs.BOM_UTF8)
        filled = [line for line in (lines if not last else lines[-MARGIN:]) if line.strip()]
        if filled and not last:
            _parse(lines, filled[0], n_before, path)  # so that a wrong file is refused before it is read to its end
        last = filled[-1:] or last
        others.update(line[SONG] for line in lines if line[FIRST_DIGIT] != b"0")
        for line in lines:
            if line[:USER_DIGITS] in wanted:  # nearly all lines end here: some millions a second
                user, song, playcount = _parse(lines, line, n_before, path)
                if playcount:
                    plays[user][song] = plays[user].get(song, 0) + playcount
                    others[line[SONG]] -= 1
        n_before += len(lines)
    if not last:
        raise DataError(f"{path} is empty; get train_triplets.txt again")
    if not LINE.fullmatch(last[0]):
        shown = last[0][:80].decode(errors="replace").strip()
        raise DataError(f"{path} is cut: it ends within a line, {shown!r}; get train_triplets.txt again")
    return plays, {song.decode(errors="replace"): n for song, n in others.items() if song.strip()}  # no blank lines


def _parse(lines: list[bytes], line: bytes, n_before: int, path: Path) -> tuple[str, str, int]:
    found = LINE.fullmatch(line)
    if not found:
        number = n_before + lines.index(line) + 1  # an equal line before this one would have been reported
        shown = line[:80].decode(errors="replace").strip()
        needed = "must be user, song and playcount (below a billion), separated by tabs"
        raise DataError(f"{path}, line {number}: {shown!r} {needed}")
    return found[1].decode(), found[2].decode(), int(found[3])


def _blocks(path: Path, progress: Progress | None) -> Iterator[list[bytes]]:
    """Lists of whole lines, a megabyte each."""
    try:
        total = path.stat().st_size // MEGABYTE + 1
        with open_text(path, "train_triplets.txt") as (stream, file):
            while lines := stream.readlines(BLOCK):
                yield lines
                if progress:
                    progress(min(file.tell() // MEGABYTE, total - 1), total)
            if progress:
                progress(total, total)
    except DAMAGE as error:
        raise DataError(f"{path} cannot be read ({error}); get the Taste Profile's train_triplets.txt again") from error
