"""The stems of a track, as a library's folder has them: FLAC files that sum to the track."""

import fnmatch
from pathlib import Path

import numpy as np

from lemons.audio import load
from lemons.errors import DataError
from lemons.storage import Folder
from lemons.sums import without_sums

__all__ = ["STEMS", "read_stems"]

STEMS = ("vocals", "piano", "drums", "bass", "other")  # Spleeter's five, in its order


def read_stems(files: Folder, folder: str, mix: np.ndarray) -> dict[str, np.ndarray]:
    """The stems in a folder, Spleeter's five first, then others by name.

    Parameters
    ----------
    files : Folder
        the library's files
    folder : str
        the folder of the track's stems among them
    mix : np.ndarray [shape=(n_samples,), dtype=float32]
        the track; it may be beside the stems by any name

    Returns
    -------
    dict of str to np.ndarray [shape=(n_samples,), dtype=float32]
        without the mix and other sums, if the rest then is the mix; empty where there are no stems

    Raises
    ------
    DataError
        if a stem cannot be read, or is not as long as the track
    """
    found = fnmatch.filter(files.names(folder), "[!.]*.flac")  # ._vocals.flac is a shadow of macOS
    paths = {Path(name).stem: files.fetch(f"{folder}/{name}") for name in found}
    names = [name for name in STEMS if name in paths] + sorted(set(paths) - set(STEMS))
    stems = {name: load(paths[name]) for name in names}
    for name, y in stems.items():
        if len(y) != len(mix):
            lengths = f"has {len(y)} samples and the track {len(mix)}"
            raise DataError(f"the stem {paths[name]} is not as long as the track ({lengths}); make it again")
    if stems and not np.array_equal(sum(stems.values()), mix):
        stems = without_sums(stems, mix)
    return stems
