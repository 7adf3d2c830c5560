"""A folder of audio, found by the ids of the Million Song Dataset.

A track's id, such as TRMFCNV128F92E8B76, is the first part of its file's name (also
``TRMFCNV128F92E8B76.clip.mp3``, in capital or small letters). The file may be anywhere in the folder: all in one place,
or in A/B/C/ after the id's letters.
"""

import os
import re
from pathlib import Path

from lemons.errors import DataError
from lemons.library.archives import is_shadow

__all__ = ["find_snippets"]

TRACK_ID = re.compile(r"TR[A-Z]{5}[0-9A-F]{11}")
# of two files of one track, the one that needs less work: samples at 16 kHz, lossless, lossy
SUFFIXES = (".npy", ".wav", ".flac", ".aiff", ".aif", ".ogg", ".oga", ".opus", ".mp3", ".m4a", ".wma")


def find_snippets(folder: str | os.PathLike) -> dict[str, Path]:
    """Every track's file in a folder and the folders inside it.

    Parameters
    ----------
    folder : path-like
        folder with the audio, at any depth

    Returns
    -------
    dict of str to Path
        absolute paths by track id; of two files of one track the one whose format comes first in ``SUFFIXES``

    Raises
    ------
    DataError
        if there is no such folder, or no file in it is named after a track
    """
    folder = Path(folder).absolute()
    if not folder.is_dir():
        raise DataError(f"no such folder of snippets: {folder}; check --snippets")
    found: dict[str, tuple[int, str]] = {}
    seen = set()
    for place, folders, names in os.walk(folder, followlinks=True):
        # in a fixed order; a link back to where one came from is a folder seen before
        real = {one: os.path.realpath(os.path.join(place, one)) for one in sorted(folders) if not is_shadow(one)}
        folders[:] = [one for one, where in real.items() if where not in seen]
        seen |= set(real.values()) | {os.path.realpath(place)}
        for name in names:
            track_id = TRACK_ID.match(name.upper())
            suffix = os.path.splitext(name)[1].lower()
            if track_id and suffix in SUFFIXES:
                candidate = (SUFFIXES.index(suffix), os.path.join(place, name))
                found[track_id[0]] = min(candidate, found.get(track_id[0], candidate))
    if not found:
        raise DataError(
            f"no audio in {folder} is named after a track of the Million Song Dataset, such as TRMFCNV128F92E8B76.mp3"
        )
    return {track_id: Path(file) for track_id, (_, file) in found.items()}
