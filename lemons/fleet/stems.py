"""Tracks taken apart into stems, a unit of work for each track.

A result has a row for each file that `lemons separate` writes: a FLAC file for each stem, and report.json. So stems are
whole or not there, in a folder or a bucket, as any other result is, and what is read of them is what the separator
made, sample for sample. A track's files pass through memory as a whole: some 5 MB for a minute of a stem.
"""

import json
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from lemons.errors import DataError, ParameterError
from lemons.fleet.results import Results
from lemons.fleet.tracks import opened_library, track_stamp
from lemons.fleet.units import Unit
from lemons.library import Library
from lemons.separation import Separator, get_separator, separate_file
from lemons.separation.cache import REPORT
from lemons.separation.writing import read_stems, write_stems

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["read_track_stems", "separate_track", "stem_units"]

KIND = "stems"


def stem_units(
    library: Library,
    *,
    separator: str,
    weights: str | os.PathLike | None = None,
    device: str = "cpu",
    track_ids: Iterable[str] | None = None,
) -> list[Unit]:
    """Units that separate the tracks of a library.

    Parameters
    ----------
    library : Library
        the music library, which all machines see at the same place
    separator : str
        the separator's name, see `lemons.separation.get_separator`
    weights : path-like, optional
        its weights, the same on all machines; by default each machine's own, which must be the same
    device : str
        where networks compute
    track_ids : iterable of str, optional
        which tracks; all of the library by default

    Raises
    ------
    ParameterError
        if the separator is unknown, or ``given``, which separates nothing; or a track is not in the library
    MissingWeightsError, MissingDependencyError
        if the separator cannot run here
    """
    if separator == "given":
        raise ParameterError("separator='given' separates nothing: a library's own stems are there; choose another")
    weights = None if weights is None else str(Path(weights).absolute())  # a worker works in another folder
    made_by = get_separator(separator, weights).fingerprint
    units = []
    for track_id in library.rows if track_ids is None else track_ids:
        about = {"track": track_stamp(library, track_id), "separator": separator, "fingerprint": made_by}
        arguments: dict[str, Any] = {"library": library.files.place, "fingerprint": library.fingerprint}
        arguments |= {"track_id": track_id, "separator": separator, "weights": weights, "device": device}
        units.append(Unit(KIND, f"track {track_id}", about, separate_track, arguments | {"made_by": made_by}))
    return units


def separate_track(
    *, library: str, fingerprint: str, track_id: str, separator: str, weights: str | None, device: str, made_by: str
) -> "pa.Table":
    """The files of a track's stems: columns ``track_id``, ``separator``, ``made_by`` (the separator's fingerprint),
    ``file`` and its ``content``; see `lemons.separation.writing.write_stems` for the files.
    """
    import pyarrow as pa

    chosen = _opened_separator(separator, weights, device, made_by)
    separation = separate_file(opened_library(library, fingerprint).audio_path(track_id), chosen)
    with TemporaryDirectory() as folder:
        contents = {file.name: file.read_bytes() for file in write_stems(separation, folder)}
    report = json.loads(contents[REPORT])
    del report["seconds"]  # that it took, else the same work would not make the same bytes
    contents[REPORT] = json.dumps(report, indent=2, ensure_ascii=False).encode()
    same = {"track_id": track_id, "separator": separator, "made_by": made_by}
    columns = {name: pa.array([value] * len(contents), pa.string()) for name, value in same.items()}
    columns["file"] = pa.array(list(contents), pa.string())
    columns["content"] = pa.array(list(contents.values()), pa.large_binary())  # hours of sound exceed 2 GB
    return pa.table(columns)


@lru_cache(1)
def _opened_separator(name: str, weights: str | None, device: str, made_by: str) -> Separator:
    """A separator that a worker keeps; DataError if it is another than the one that the work was planned with."""
    separator = get_separator(name, weights, device)
    if separator.fingerprint != made_by:
        raise DataError(f"{name} has other weights on this machine than where the work was planned; give it the same")
    return separator


def read_track_stems(results: Results, key: str, path: str | os.PathLike) -> dict[str, np.ndarray]:
    """The stems of a track, as `lemons.separation.cache.Separation.load` has them.

    Parameters
    ----------
    results : Results
        where they are
    key : str
        of the unit
    path : path-like
        the track's file

    Returns
    -------
    dict of str to np.ndarray [shape=(n_samples,), dtype=float32]
        at 16 kHz, on the 16-bit grid; their sum is the track

    Raises
    ------
    DataError
        if there is no such result, it is damaged, or the track's file is another one now
    """
    with TemporaryDirectory() as folder:
        for row in results.read(key).select(["file", "content"]).to_pylist():
            (Path(folder) / Path(row["file"]).name).write_bytes(row["content"])
        return read_stems(folder, path)
