"""The catalogue of a music library: its tracks, who played them, and their sound.

Reading one needs no pandas; `Library.tracks`, `Library.listens` and `Library.played`, which are its tables, do.
"""

import hashlib
import logging
import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lemons.arrays import kept_array
from lemons.audio import is_native, load, load_samples, load_with_gain, to_float, to_int16
from lemons.errors import DataError, ParameterError
from lemons.extras import require
from lemons.files import safe_name, why_no_file
from lemons.library.tables import LISTEN_COLUMNS, TRACK_COLUMNS
from lemons.listeners import LISTENERS
from lemons.progress import Progress
from lemons.sums import find_sums

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["STEMS", "Library"]

logger = logging.getLogger(__name__)

STEMS = ("vocals", "piano", "drums", "bass", "other")  # Spleeter's five, in its order
READING = 1  # version of how files are read; raising it makes everything cached again


@dataclass
class Library:
    """A music library; `open_library` reads one.

    Attributes
    ----------
    path : Path
        its folder
    rows : dict of str to dict
        the tracks whose file exists: what tracks.csv says of each ``track_id``, by the names of its columns
    plays : dict of (str, str) to int
        playcounts > 0 by user and track_id, of tracks in ``rows`` only
    skipped : list of str
        a sentence for everything that was left out, and why

    Examples
    --------
    >>> Library(Path("music"), {"S1": {"title": "Ode", "file": "song.wav"}}, {("marko", "S1"): 3})
    Library('music': 1 tracks, 1 listeners)
    """

    path: Path
    rows: dict[str, dict[str, Any]]
    plays: dict[tuple[str, str], int]
    skipped: list[str] = field(default_factory=list)
    _grouped: tuple[Any, Any] | None = field(default=None, init=False, repr=False, compare=False)

    @classmethod
    def of_tables(
        cls, path: Path, tracks: "pd.DataFrame", listens: "pd.DataFrame", skipped: list[str] | None = None
    ) -> "Library":
        """A library whose tables are as `tracks` and `listens` of the one that is made."""
        rows = tracks.to_dict("index")
        plays = {(user, one): int(n) for user, one, n in listens.itertuples(index=False)}
        return cls(path, {str(one): row for one, row in rows.items()}, plays, skipped or [])

    def __repr__(self) -> str:
        """Its size rather than its tables."""
        return f"Library({str(self.path)!r}: {len(self.rows)} tracks, {len(self.users)} listeners)"

    @cached_property
    def tracks(self) -> "pd.DataFrame":
        """``rows`` as a table [index=track_id, columns=title, artist, genre, file, ...]."""
        pd = _pandas()
        index = pd.Index(list(self.rows), name="track_id")
        columns = list(next(iter(self.rows.values()), {})) or list(TRACK_COLUMNS[1:])
        return pd.DataFrame(list(self.rows.values()), index=index, columns=columns)

    @cached_property
    def listens(self) -> "pd.DataFrame":
        """``plays`` as a table [columns=user, track_id, playcount], a row for each track that a user played."""
        rows = [(*key, playcount) for key, playcount in self.plays.items()]
        return _pandas().DataFrame(rows, columns=list(LISTEN_COLUMNS))

    @property
    def users(self) -> list[str]:
        """All listeners who played something: the seven personas first, then the others by name."""
        found = {user for user, _ in self.plays}
        personas = [listener.name for listener in LISTENERS]
        return [name for name in personas if name in found] + sorted(found - set(personas))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of tracks.csv and listens.csv: the same library, the same hexadecimal digits."""
        digest = hashlib.sha256()
        for name in ("tracks.csv", "listens.csv"):
            digest.update((self.path / name).read_bytes())
        return digest.hexdigest()

    def played(self, user: str) -> "pd.Series":
        """Playcounts by track_id, the most played first.

        Raises
        ------
        ParameterError
            if no listener of this name played anything here; the sentence names those who did
        MissingDependencyError
            if pandas is not installed
        """
        listens = self.listens
        if (
            self._grouped is None or self._grouped[0] is not listens
        ):  # once for ten thousand listeners of a million rows
            self._grouped = listens, listens.groupby("user", sort=False).indices
        if user not in self._grouped[1]:
            raise ParameterError(f"listener={user!r} is not in {self.path}; choose one of {', '.join(self.users)}")
        rows = listens.iloc[self._grouped[1][user]]
        return rows.set_index("track_id")["playcount"].sort_values(ascending=False, kind="stable")

    def audio_path(self, track_id: str) -> Path:
        """The track's audio file: ``file`` of tracks.csv, seen from the library's folder if it is no absolute path.

        Raises
        ------
        ParameterError
            if the library has no such track
        """
        if track_id not in self.rows:
            example = next(iter(self.rows))
            raise ParameterError(
                f"track={track_id!r} is not in {self.path}; see its tracks.csv for ids such as {example}"
            )
        return self.path / self.rows[track_id]["file"]

    def stamp(self, track_id: str) -> dict[str, str | int]:
        """What identifies the sound of a track without reading it; arrays made of the track are cached with it.

        Returns
        -------
        dict
            the track's id, since some file systems take ``A.npy`` and ``a.npy`` for one file; its file as tracks.csv
            names it, that file's size and when it was written (older counts as other, too: an unpacked archive brings
            old dates), and how LEMONS reads files

        Raises
        ------
        ParameterError
            if the library has no such track
        DataError
            if its file has vanished
        """
        source = self.audio_path(track_id)
        if why := why_no_file(source):
            raise DataError(f"no such audio file: {source} ({why}); check the path")
        status = source.stat()
        about = {"track_id": track_id, "file": self.rows[track_id]["file"]}
        return about | {"mtime_ns": status.st_mtime_ns, "size": status.st_size, "reading": READING}

    def cache_path(self, kind: str, track_id: str) -> Path:
        """Where an array of this kind that is made of a track is kept; an id with a ``/`` does not leave the folder."""
        return self.path / "cache" / kind / f"{safe_name(track_id)}.npy"

    def load_audio(self, track_id: str) -> np.ndarray:
        """The track as 16 kHz mono samples; resampled once, then read from ``cache/npy`` (see `lemons.arrays`).

        Returns
        -------
        np.ndarray [shape=(n_samples,), dtype=int16]

        Raises
        ------
        ParameterError
            if the library has no such track
        DataError
            if its file cannot be read
        """
        source, stamp = self.audio_path(track_id), self.stamp(track_id)
        if source.suffix.lower() == ".npy":
            return load_samples(source)
        if is_native(source):  # decoding is as fast as reading a cache three times its size
            return to_int16(load(source))
        return kept_array(self.cache_path("npy", track_id), stamp, lambda: to_int16(load(source)))

    def stems(self, track_id: str) -> dict[str, np.ndarray]:
        """The track's stems as ``stems/<track_id>`` has them, Spleeter's five first, then others by name.

        What a folder's name cannot hold of an id is written as `lemons.files.safe_name` does.

        Returns
        -------
        dict of str to np.ndarray [shape=(n_samples,), dtype=float32]
            their sum is the mix, which may be beside them by any name; empty where the track has no stems

        Raises
        ------
        DataError
            if a stem is damaged, which the sentence names, or the stems don't sum to the mix
        """
        mix = to_float(self.load_audio(track_id))
        found = (self.path / "stems" / safe_name(track_id)).glob("[!.]*.flac")  # ._vocals.flac is a shadow of macOS
        files = {file.stem: file for file in found}
        names = [name for name in STEMS if name in files] + sorted(set(files) - set(STEMS))
        stems = {name: load(files[name]) for name in names}
        for name, y in stems.items():
            if len(y) != len(mix):
                lengths = f"has {len(y)} samples and the track {len(mix)}"
                raise DataError(f"the stem {files[name]} is not as long as the track ({lengths}); make it again")
        if stems and not np.array_equal(sum(stems.values()), mix):
            stems = _without_sums(stems, mix)
        if stems and not np.array_equal(sum(stems.values()), mix):
            if load_with_gain(self.audio_path(track_id))[1] != 1:
                hint = f"lower both, or give --separator given --weights {self.path / 'stems' / safe_name(track_id)}"
                raise DataError(f"{track_id} in {self.path} exceeds full scale, which its stems do not fit; {hint}")
            raise DataError(f"the stems of {track_id} in {self.path} do not sum to the track; make them again")
        return stems

    def check_audio(self, progress: Progress | None = None) -> None:
        """Decode every track once; drop those that cannot be read, with a sentence each in ``skipped``.

        Parameters
        ----------
        progress : callable, optional
            ``progress(done, total)``, called after each track
        """

        def problem(track_id: str) -> str:
            try:
                self.load_audio(track_id)
            except DataError as error:
                return str(error)
            return ""

        def in_order(pool: ThreadPoolExecutor) -> Generator[str, None, None]:
            yield from pool.map(problem, self.rows)

        damaged = []
        # closing() drops what is still waiting when progress() raises, or the wait for it all would hold up Ctrl-C
        with ThreadPoolExecutor(os.cpu_count()) as pool, closing(in_order(pool)) as problems:
            for done, (track_id, sentence) in enumerate(zip(self.rows, problems, strict=True), start=1):
                if sentence:
                    damaged.append(track_id)
                    self.skipped.append(f"track {track_id} skipped: {sentence}")
                if progress:
                    progress(done, len(self.rows))
        for track_id in damaged:
            del self.rows[track_id]
        self.plays = {key: playcount for key, playcount in self.plays.items() if key[1] in self.rows}
        for table in ("tracks", "listens"):  # are made again
            self.__dict__.pop(table, None)


def _pandas() -> Any:
    require("a library's tables", "pandas", extra="recommender")
    import pandas

    return pandas


def _without_sums(stems: dict[str, np.ndarray], mix: np.ndarray) -> dict[str, np.ndarray]:
    """Stems except those that are sums of others, such as the mix, which are logged."""
    sounds = np.stack([*stems.values(), mix]).astype(np.float64)
    sums = [list(stems)[one] for one in find_sums(sounds @ sounds.T, mix=len(stems))]
    if sums:
        logger.info("no stems, but sums of stems: %s", ", ".join(sums))
    return {name: y for name, y in stems.items() if name not in sums}
