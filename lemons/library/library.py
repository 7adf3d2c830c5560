"""The catalogue of a music library: its tracks, who played them, and their sound.

Reading one needs no pandas; `Library.tracks`, `Library.listens` and `Library.played`, which are its tables, do.
"""

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
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
from lemons.files import safe_name
from lemons.hashing import hash_files
from lemons.library.catalogue import Plays, Rows
from lemons.library.stems import STEMS, read_stems
from lemons.library.tables import LISTEN_COLUMNS, TRACK_COLUMNS
from lemons.listeners import LISTENERS
from lemons.progress import Progress
from lemons.storage import Folder, open_folder

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["STEMS", "Library"]

MAX_NAMED = 20  # listeners in a sentence
READING = 1  # version of how files are read; raising it makes everything cached again


@dataclass
class Library:
    """A music library; `open_library` reads one.

    Attributes
    ----------
    path : Path
        its folder; of one in a bucket, the mirror of it (`lemons.storage`)
    rows : mapping of str to dict
        the tracks whose file exists: what tracks.csv says of each ``track_id``, by the names of its columns
    plays : mapping of str to mapping of str to int
        playcounts > 0 by user, then by track_id, of tracks in ``rows`` only. Both mappings are read-only where
        `open_library` made them, and read what they are asked for
    skipped : list of str
        a sentence for everything that was left out, and why

    Examples
    --------
    >>> Library(Path("music"), {"S1": {"title": "Ode", "file": "song.wav"}}, {"marko": {"S1": 3}})
    Library('music': 1 tracks, 1 listeners)
    """

    path: Path
    rows: Mapping[str, dict[str, Any]]
    plays: Mapping[str, Mapping[str, int]]
    skipped: list[str] = field(default_factory=list)

    @classmethod
    def of_tables(
        cls, path: Path, tracks: "pd.DataFrame", listens: "pd.DataFrame", skipped: list[str] | None = None
    ) -> "Library":
        """A library whose tables are as `tracks` and `listens` of the one that is made."""
        rows = tracks.to_dict("index")
        plays: dict[str, dict[str, int]] = {}
        for user, one, n in listens.itertuples(index=False):
            plays.setdefault(user, {})[one] = int(n)
        return cls(path, {str(one): row for one, row in rows.items()}, plays, skipped or [])

    def __repr__(self) -> str:
        """Its size rather than its tables."""
        return f"Library({self.files.shown!r}: {len(self.rows)} tracks, {len(self.users)} listeners)"

    @cached_property
    def files(self) -> Folder:
        """Where its files are: its folder, or one in a bucket, from which they are fetched when they are needed."""
        return open_folder(self.path)

    @cached_property
    def tracks(self) -> "pd.DataFrame":
        """``rows`` as a table [index=track_id, columns=title, artist, genre, file, ...], all of it in memory."""
        return self._table(dict(self.rows.items()))

    @cached_property
    def listens(self) -> "pd.DataFrame":
        """``plays`` as a table [columns=user, track_id, playcount], a row for each track that a user played."""
        if isinstance(self.plays, Plays):
            rows = self.plays.listens()
        else:
            rows = [(user, one, n) for user, played in self.plays.items() for one, n in played.items()]
        return _pandas().DataFrame(rows, columns=list(LISTEN_COLUMNS))

    def some_tracks(self, track_ids: Iterable[str]) -> "pd.DataFrame":
        """The rows of ``tracks`` of these ids, in their order, without reading the others; unknown ids are left out."""
        return self._table({one: row for one, row in self._some(track_ids) if row is not None})

    def _some(self, track_ids: Iterable[str]) -> Iterable[tuple[str, dict[str, Any] | None]]:
        return (
            self.rows.some(track_ids)
            if isinstance(self.rows, Rows)
            else ((one, self.rows.get(one)) for one in track_ids)
        )

    def _table(self, rows: dict[str, dict[str, Any]]) -> "pd.DataFrame":
        pd = _pandas()
        columns = list(next(iter(rows.values()), {})) or list(TRACK_COLUMNS[1:])
        return pd.DataFrame(list(rows.values()), index=pd.Index(list(rows), name="track_id"), columns=columns)

    @property
    def users(self) -> list[str]:
        """All listeners who played something: the seven personas first, then the others by name."""
        personas = [listener.name for listener in LISTENERS]
        return [name for name in personas if name in self.plays] + sorted(set(self.plays) - set(personas))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of tracks.csv and listens.csv: the same library, the same hexadecimal digits."""
        return hash_files(self.path / "tracks.csv", self.path / "listens.csv")

    def played(self, user: str) -> "pd.Series":
        """Playcounts by track_id, the most played first.

        Raises
        ------
        ParameterError
            if no listener of this name played anything here; the sentence names those who did
        MissingDependencyError
            if pandas is not installed
        """
        pd = _pandas()
        if user not in self.plays:
            raise ParameterError(f"listener={user!r} is not in {self.files.shown}; choose one of {_named(self.users)}")
        played = self.plays[user]
        playcounts = pd.Series(list(played.values()), pd.Index(list(played), name="track_id"), name="playcount")
        return playcounts.sort_values(ascending=False, kind="stable")

    def audio_path(self, track_id: str) -> Path:
        """The track's audio file: ``file`` of tracks.csv, seen from the library's folder if it is no absolute path.

        Raises
        ------
        ParameterError
            if the library has no such track
        DataError
            if it is in a bucket and cannot be fetched
        """
        return self.files.fetch(self._row(track_id)["file"])

    def _row(self, track_id: str) -> dict[str, Any]:
        try:
            return self.rows[track_id]
        except KeyError:
            hint = f"see its tracks.csv for ids such as {next(iter(self.rows))}"
            raise ParameterError(f"track={track_id!r} is not in {self.files.shown}; {hint}") from None

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
        file = self._row(track_id)["file"]
        (stamp,) = self.stamps([track_id])
        if stamp is None:
            why = self.files.why_none(file)
            raise DataError(f"no such audio file: {self.files.show(file)} ({why}); check the path")
        return stamp

    def stamps(self, track_ids: Iterable[str]) -> Iterator[dict[str, str | int] | None]:
        """`stamp` of many tracks; None of one that is unknown, or whose file has vanished."""
        for track_id, row in self._some(track_ids):
            status = self.files.status(row["file"]) if row else None
            if row is None or status is None:
                yield None
                continue
            about = {"track_id": track_id, "file": row["file"]}
            yield about | {"mtime_ns": status.mtime_ns, "size": status.size, "reading": READING}

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
        stamp, source = self.stamp(track_id), self.audio_path(track_id)
        with self.files.named():
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
        folder = f"stems/{safe_name(track_id)}"
        with self.files.named():
            stems = read_stems(self.files, folder, mix)
        if stems and not np.array_equal(sum(stems.values()), mix):
            if load_with_gain(self.audio_path(track_id))[1] != 1:
                hint = f"lower both, or give --separator given --weights {self.path / folder}"
                raise DataError(
                    f"{track_id} in {self.files.shown} exceeds full scale, which its stems do not fit; {hint}"
                )
            raise DataError(f"the stems of {track_id} in {self.files.shown} do not sum to the track; make them again")
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

        damaged = set()
        # closing() drops what is still waiting when progress() raises, or the wait for it all would hold up Ctrl-C
        with ThreadPoolExecutor(os.cpu_count()) as pool, closing(in_order(pool)) as problems:
            for done, (track_id, sentence) in enumerate(zip(self.rows, problems, strict=True), start=1):
                if sentence:
                    damaged.add(track_id)
                    self.skipped.append(f"track {track_id} skipped: {sentence}")
                if progress:
                    progress(done, len(self.rows))
        if damaged:
            plays = {user: {one: n for one, n in self.plays[user].items() if one not in damaged} for user in self.plays}
            self.rows = {track_id: row for track_id, row in self.rows.items() if track_id not in damaged}
            self.plays = {user: played for user, played in plays.items() if played}
        for table in ("tracks", "listens"):  # are made again
            self.__dict__.pop(table, None)


def _pandas() -> Any:
    require("a library's tables", "pandas", extra="recommender")
    import pandas

    return pandas


def _named(names: list[str]) -> str:
    """The first of many names."""
    more = f" and {len(names) - MAX_NAMED:,} others" if len(names) > MAX_NAMED else ""
    return ", ".join(names[:MAX_NAMED]) + more
