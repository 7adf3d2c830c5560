"""The catalogue of a music library: its tracks, who played them, and their sound."""

import hashlib
import logging
import os
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from lemons.arrays import kept_array
from lemons.audio import is_native, load, load_samples, load_with_gain, to_float, to_int16
from lemons.errors import DataError, ParameterError
from lemons.files import safe_name, why_no_file
from lemons.library.tables import read_table
from lemons.listeners import LISTENERS
from lemons.progress import Progress
from lemons.sums import find_sums

__all__ = ["MAX_PLAYCOUNT", "STEMS", "Library", "open_library"]

logger = logging.getLogger(__name__)

STEMS = ("vocals", "piano", "drums", "bass", "other")  # Spleeter's five, in its order
TRACK_COLUMNS = ("track_id", "title", "artist", "genre", "file")
LISTEN_COLUMNS = ("user", "track_id", "playcount")
MAX_PLAYCOUNT = 999_999_999  # of one line; more than a life of listening, and sums of them fit into 64 bits
MAX_SHOWN = 200  # letters of an id or a path in a sentence
READING = 1  # version of how files are read; raising it makes everything cached again


@dataclass
class Library:
    """A music library; `open_library` reads one.

    Attributes
    ----------
    path : Path
        its folder
    tracks : pd.DataFrame [index=track_id, columns=title, artist, genre, file, ...]
        the tracks whose file exists
    listens : pd.DataFrame [columns=user, track_id, playcount]
        one row for each track that a user played, playcount > 0, tracks of ``tracks`` only
    skipped : list of str
        a sentence for everything that was left out, and why
    """

    path: Path
    tracks: pd.DataFrame
    listens: pd.DataFrame
    skipped: list[str] = field(default_factory=list)

    @property
    def users(self) -> list[str]:
        """All listeners who played something: the seven personas first, then the others by name."""
        found = set(self.listens["user"])
        personas = [listener.name for listener in LISTENERS]
        return [name for name in personas if name in found] + sorted(found - set(personas))

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of tracks.csv and listens.csv: the same library, the same hexadecimal digits."""
        digest = hashlib.sha256()
        for name in ("tracks.csv", "listens.csv"):
            digest.update((self.path / name).read_bytes())
        return digest.hexdigest()

    def played(self, user: str) -> pd.Series:
        """Playcounts by track_id, the most played first.

        Raises
        ------
        ParameterError
            if no listener of this name played anything here; the sentence names those who did
        """
        if user not in self.users:
            raise ParameterError(f"listener={user!r} is not in {self.path}; choose one of {', '.join(self.users)}")
        rows = self.listens[self.listens["user"] == user]
        return rows.set_index("track_id")["playcount"].sort_values(ascending=False, kind="stable")

    def audio_path(self, track_id: str) -> Path:
        """The track's audio file: ``file`` of tracks.csv, seen from the library's folder if it is no absolute path.

        Raises
        ------
        ParameterError
            if the library has no such track
        """
        if track_id not in self.tracks.index:
            example = self.tracks.index[0]
            raise ParameterError(
                f"track={track_id!r} is not in {self.path}; see its tracks.csv for ids such as {example}"
            )
        return self.path / self.tracks.at[track_id, "file"]

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
        about = {"track_id": track_id, "file": self.tracks.at[track_id, "file"]}
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
            yield from pool.map(problem, self.tracks.index)

        damaged = []
        # closing() drops what is still waiting when progress() raises, or the wait for it all would hold up Ctrl-C
        with ThreadPoolExecutor(os.cpu_count()) as pool, closing(in_order(pool)) as problems:
            for done, (track_id, sentence) in enumerate(zip(self.tracks.index, problems, strict=True), start=1):
                if sentence:
                    damaged.append(track_id)
                    self.skipped.append(f"track {track_id} skipped: {sentence}")
                if progress:
                    progress(done, len(self.tracks))
        self.tracks = self.tracks.drop(damaged)
        self.listens = self.listens[self.listens["track_id"].isin(self.tracks.index)]


def open_library(path: str | os.PathLike) -> Library:
    """Read the catalogue of a library.

    Parameters
    ----------
    path : path-like
        the library's folder

    Returns
    -------
    Library
        tracks without an id or whose file is missing or no ordinary file, and listens to unknown tracks, are left out
        and named in ``skipped``

    Raises
    ------
    DataError
        if there is no library, a column is missing, a value is malformed, no track is left, or no listener played any
    """
    path = Path(path)
    if not (path / "tracks.csv").is_file() or not (path / "listens.csv").is_file():
        hint = "make one with `lemons library demo`, `real`, `own` or `msd`, or set library_path in config.py"
        raise DataError(f"no music library at {path} (tracks.csv and listens.csv); {hint}")
    tracks = read_table(path / "tracks.csv", TRACK_COLUMNS)
    listens = read_table(path / "listens.csv", LISTEN_COLUMNS)
    if doubled := tracks.loc[tracks["track_id"].duplicated(), "track_id"].tolist():
        raise DataError(f"{path / 'tracks.csv'} lists {doubled[0]} twice; keep one line of each track_id")
    playcounts = pd.to_numeric(listens["playcount"], errors="coerce")
    bad = ~(playcounts.between(0, MAX_PLAYCOUNT) & (playcounts % 1 == 0))
    if bad.any():
        line = int(bad.argmax()) + 2  # the table's first row is the file's second line
        value = listens["playcount"].iloc[line - 2]
        needed = f"must be a whole number from 0 to {MAX_PLAYCOUNT}"
        raise DataError(f"{path / 'listens.csv'}, line {line}: playcount={value!r} {needed}")
    listens = listens.assign(playcount=playcounts.astype(np.int64))
    listens = listens.groupby(["user", "track_id"], as_index=False, sort=False)["playcount"].sum()
    listens = listens[listens["playcount"] > 0]

    present, skipped = _find_files(path, tracks.set_index("track_id"))
    if unknown := sorted(set(listens["track_id"]) - set(tracks["track_id"])):
        skipped.append(f"listens of {len(unknown)} tracks skipped: not in tracks.csv, such as {unknown[0]}")
    if present.empty:
        raise DataError(f"the library at {path} has no track whose file exists; check the column `file` of tracks.csv")
    listens = listens[listens["track_id"].isin(present.index)]
    if listens.empty:
        raise DataError(f"{path / 'listens.csv'} names no listener who played a track that is here; add some lines")
    return Library(path, present, listens, skipped)


def _find_files(path: Path, tracks: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The tracks that have an id and a file, and a sentence for each of the others."""
    skipped = {}
    for track_id, file in tracks["file"].items():
        if not track_id or "\0" in track_id:
            skipped[track_id] = "its track_id is empty or holds a NUL; give it another one"
        elif not file:
            skipped[track_id] = "tracks.csv names no file"
        elif why := why_no_file(path / file):
            skipped[track_id] = f"no such file: {_shown(str(path / file))} ({why})"
    sentences = [f"track {_shown(track_id)} skipped: {sentence}" for track_id, sentence in skipped.items()]
    return tracks.drop(index=list(skipped)), sentences


def _shown(text: str) -> str:
    """An id or a path as a sentence can hold it: not too long, and without what no eye can see."""
    text = text if len(text) <= MAX_SHOWN else f"{text[: MAX_SHOWN - 1]}…"
    return text if text and text.isprintable() else repr(text)


def _without_sums(stems: dict[str, np.ndarray], mix: np.ndarray) -> dict[str, np.ndarray]:
    """Stems except those that are sums of others, such as the mix, which are logged."""
    sounds = np.stack([*stems.values(), mix]).astype(np.float64)
    sums = [list(stems)[one] for one in find_sums(sounds @ sounds.T, mix=len(stems))]
    if sums:
        logger.info("no stems, but sums of stems: %s", ", ".join(sums))
    return {name: y for name, y in stems.items() if name not in sums}
