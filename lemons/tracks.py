"""A track to be explained: its sound, and its stems from the library or a separator."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lemons.audio import SAMPLE_RATE
from lemons.audio.reader import AudioReader
from lemons.errors import DataError, ParameterError
from lemons.library import Library
from lemons.progress import Progress
from lemons.separation import get_separator
from lemons.separation.cache import separate_file

__all__ = ["Track", "check_length", "credit_of", "open_track", "title_of"]

MAX_S = 600  # of a track; explaining one of this length takes about 4 GB of memory


@dataclass(frozen=True)
class Track:
    """A track with its stems.

    Attributes
    ----------
    track_id : str
        its id in the library, or the name of its file
    title : str
        what to call it: title and artist, or the name of its file
    stems : dict of str to np.ndarray [shape=(n_samples,) or (n_channels, n_samples), dtype=float32]
        on the 16-bit grid; their sum is the track
    separator : str
        where the stems come from: ``"given"`` by the library, or a separator's name
    gain : float
        what the sound was multiplied by; 1 unless the file exceeds full scale
    credit : str
        author and licence, see `credit_of`
    sr : int
        sampling rate of the stems, in Hz

    Examples
    --------
    >>> Track("S1", "“Ode” by Zoe", {"vocals": np.zeros(8_000), "drums": np.zeros(8_000)}, "given")
    Track('S1', vocals + drums by given, 0.5 s)
    """

    track_id: str
    title: str
    stems: dict[str, np.ndarray]
    separator: str
    gain: float = 1.0
    credit: str = ""
    sr: int = SAMPLE_RATE

    def __repr__(self) -> str:
        """Names and length rather than samples."""
        seconds = next((y.shape[-1] for y in self.stems.values()), 0) / self.sr
        return f"Track({self.track_id!r}, {' + '.join(self.stems)} by {self.separator}, {seconds:.1f} s)"


def open_track(
    name: str,
    library: Library | None,
    *,
    separator: str | None = None,
    weights: str | os.PathLike | None = None,
    progress: Progress | None = None,
) -> Track:
    """Find a track's sound and stems; separated stems are cached, see `lemons.separation.cache`.

    Parameters
    ----------
    name : str
        a track_id of the library, or the path of any audio file
    library : Library or None
        whose tracks and stems are taken; None for files alone
    separator : str, optional
        a separator's name; by default the library's stems (``"given"``) where it has some, else ``"hpss"``
    weights : path-like, optional
        the separator's weights; for ``"given"`` another folder of stems than the library's
    progress : callable, optional
        called as ``progress(done, total)`` while separating; may raise to cancel

    Returns
    -------
    Track

    Raises
    ------
    DataError
        if there is neither such a track nor such a file, its audio is damaged, or silent or too short to separate, or
        too long to explain, or the requested stems do not exist
    ParameterError
        if the separator is unknown, or there are weights but no separator
    MissingWeightsError, MissingDependencyError
        if the separator cannot run: no other takes its place

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from lemons.audio import write_flac
    >>> with TemporaryDirectory() as folder:
    ...     stems = {"vocals": np.full(16_000, 0.25), "drums": np.full(16_000, -0.125)}
    ...     for name, y in stems.items():
    ...         write_flac(f"{folder}/stems/{name}.flac", y)
    ...     write_flac(f"{folder}/song.flac", sum(stems.values()))
    ...     open_track(f"{folder}/song.flac", None, separator="given", weights=f"{folder}/stems")
    Track('song.flac', vocals + drums by given, 1.0 s)
    """
    if weights is not None and separator is None:
        raise ParameterError(f"weights={os.fspath(weights)!r} are of no use without the name of their separator")
    if library is not None and name in library.rows:
        row = library.rows[name]
        track_id, title, path = name, title_of(row), library.audio_path(name)
        credit = credit_of(row)
        if weights is None and separator in (None, "given"):
            if stems := library.stems(name):
                return Track(track_id, title, stems, "given", credit=credit)
            if separator:
                raise DataError(
                    f"{library.files.shown} has no stems of {name}; give a folder of them as weights, or use hpss"
                )
    elif Path(name).is_file():
        track_id, title, path = Path(name).name, f"“{Path(name).stem.replace('_', ' ')}”", Path(name)
        credit = ""
    else:
        if library is None:
            raise DataError(f"no such audio file: {name}")
        raise DataError(
            f"{name} is neither a track of {library.files.shown} nor an audio file; see its tracks.csv for the ids"
        )
    chosen = get_separator(separator or "hpss", weights)
    with AudioReader(path) as reader:  # before the work begins
        check_length(reader.n_samples / reader.sr, path)
    separation = separate_file(path, chosen, progress=progress)
    return Track(track_id, title, separation.load(), chosen.name, separation.report["mix_gain"], credit)


def title_of(row: Mapping[str, str]) -> str:
    """What to call a track of a library.

    >>> title_of({"title": "Ode", "artist": "Zoe"})
    '“Ode” by Zoe'
    """
    return f"“{row['title']}” by {row['artist']}"


def credit_of(row: Mapping[str, str]) -> str:
    """The author, if it is not the artist, and the licence of a track; empty where tracks.csv names neither.

    >>> credit_of({"artist": "Sectoid", "author": "Carlos Viola Iborra", "licence": "MIT"})
    'Carlos Viola Iborra, MIT'
    >>> credit_of({"artist": "Doug Kaufman", "author": "Doug Kaufman", "licence": "GPL-2.0-or-later"})
    'GPL-2.0-or-later'
    """
    author, licence = row.get("author", ""), row.get("licence", "")
    return ", ".join(filter(None, ["" if author == row["artist"] else author, licence]))


def check_length(seconds: float, name: object = "the track") -> None:
    """Raise DataError if a track is too long to be explained."""
    if seconds > MAX_S:
        limit = f"more than the {MAX_S // 60} min that can be explained"
        raise DataError(f"{name} lasts {seconds / 60:.1f} min, {limit}; cut an excerpt out of it")
