"""A cache of separated files: the same file is not separated twice by the same separator.

An entry is a folder, named by a hash of the file's bytes and the separator's fingerprint, with a FLAC file per stem at
the file's own rate and report.json. Stems are written at a gain of 2^-8 with 24 bits: on the 16-bit grid, that is
exact for up to 256 times full scale. An entry is written under a temporary name while the separator goes through the
file, and is whole or not there; one that was damaged later is made again. The folder is bounded: the least
recently used entries are removed first.
"""

import hashlib
import logging
import os
import shutil
import time
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
import soxr

from lemons.audio import SAMPLE_RATE, FlacWriter, load_with_gain, round_16_bit
from lemons.audio.level import tell_gain
from lemons.audio.reader import AudioReader
from lemons.checksums import read_own_json, write_json
from lemons.errors import DamagedError, DataError
from lemons.files import atomic_folder, cache_folder, discard_folder
from lemons.hashing import hash_file
from lemons.progress import Progress
from lemons.separation.separator import Separator

__all__ = ["GAIN", "IN_USE_S", "REPORT", "Separation", "separate_file"]

VERSION = 3  # of an entry's form, and of how files are read
GAIN = np.float32(2**-8)  # of the stems' files
MAX_BYTES = 4 * 10**9
IN_USE_S = 60  # an entry is not removed so soon after it was used: another program may be about to read it
ABANDONED_S = 24 * 3600  # after this, what an interrupted program left half-made is removed
REPORT = "report.json"

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Separation:
    """A separated file.

    Attributes
    ----------
    path : Path
        the file that was separated
    folder : Path
        where its stems are
    report : dict
        ``separator``, ``fingerprint``, ``audio`` (SHA-256 of the file), ``sr``, ``n_samples``, ``mix_gain`` (what the
        file and its stems were multiplied by; 1 unless it exceeds full scale), ``seconds`` (that it took),
        ``mix_dbfs``, ``residual_dbfs``, ``residual_stem``, and ``stems``: for each its level ``dbfs`` (of the mean
        square; None for silence), its ``lowest`` and ``highest`` sample, its ``file`` and the file's ``sha256``

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from lemons.audio import write_flac
    >>> from lemons.separation.given import Given
    >>> with TemporaryDirectory() as folder:
    ...     write_flac(f"{folder}/stems/vocals.flac", np.full(16_000, 0.25))
    ...     write_flac(f"{folder}/song.flac", np.full(16_000, 0.25))
    ...     separation = separate_file(f"{folder}/song.flac", Given(f"{folder}/stems"), folder=f"{folder}/cache")
    ...     separation.stems, separation.sr, float(separation.read("vocals").max())
    (('vocals',), 16000, 0.25)
    """

    path: Path
    folder: Path
    report: dict = field(repr=False)

    @property
    def sr(self) -> int:
        """The rate of the file and its stems, in Hz."""
        return self.report["sr"]

    @property
    def stems(self) -> tuple[str, ...]:
        """The names of the stems, in their order."""
        return tuple(self.report["stems"])

    def read(self, stem: str) -> np.ndarray:
        """A stem at the file's rate, on the 16-bit grid, as float32 of shape (n_samples,).

        Raises
        ------
        DataError
            if its file has vanished or was damaged meanwhile
        """
        path = self.folder / self.report["stems"][stem]["file"]
        try:
            return soundfile.read(path, dtype="float32")[0] / GAIN
        except soundfile.LibsndfileError as error:
            raise DataError(f"{path} has vanished or was damaged; separate {self.path} again") from error

    def load(self) -> dict[str, np.ndarray]:
        """The stems at the rate of LEMONS.

        Returns
        -------
        dict of str to np.ndarray [shape=(n_samples,), dtype=float32]
            at 16 kHz on the 16-bit grid; their sum is what `lemons.audio.load` makes of the file, sample for sample

        Raises
        ------
        DataError
            if the file or its stems have vanished or were damaged meanwhile
        """
        mix, _ = load_with_gain(self.path)  # the gain was reported when it was separated
        stems = {stem: round_16_bit(soxr.resample(self.read(stem), self.sr, SAMPLE_RATE)) for stem in self.stems}
        stems[self.report["residual_stem"]] += mix - sum(stems.values())  # of rounding after resampling
        return stems


def separate_file(
    path: str | os.PathLike,
    separator: Separator,
    *,
    folder: str | os.PathLike | None = None,
    max_bytes: int = MAX_BYTES,
    progress: Progress | None = None,
) -> Separation:
    """Separate an audio file, or find what was made of it before.

    Parameters
    ----------
    path : path-like
        any file that `lemons.audio.load` reads; all but two channels are averaged first
    separator : Separator
        see `lemons.separation.get_separator`
    folder : path-like, optional
        where separated files are kept; ``stems`` in `lemons.files.cache_folder` by default
    max_bytes : int
        the size that it shall not exceed; the entry just made stays, whatever its size
    progress : callable, optional
        called as ``progress(done, total)`` with numbers of separated samples; may raise to cancel

    Returns
    -------
    Separation

    Raises
    ------
    DataError
        if there is no such file, it is not audio, or damaged, empty, silent, shorter than a second, or too long for
        the separator

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from lemons.audio import write_flac
    >>> from lemons.separation.given import Given
    >>> with TemporaryDirectory() as folder:
    ...     stems = {"vocals": np.full(16_000, 0.25), "drums": np.full(16_000, -0.125)}
    ...     for name, y in stems.items():
    ...         write_flac(f"{folder}/stems/{name}.flac", y)
    ...     write_flac(f"{folder}/song.flac", sum(stems.values()))
    ...     separation = separate_file(f"{folder}/song.flac", Given(f"{folder}/stems"), folder=f"{folder}/cache")
    ...     {name: float(y[0]) for name, y in separation.load().items()}
    {'vocals': 0.25, 'drums': -0.125}
    """
    path = Path(path)
    folder = cache_folder() / "stems" if folder is None else Path(folder)
    with AudioReader(path) as reader:  # or the sentence that there is no such file, or no audio
        separator.check_length(reader.n_samples, reader.sr, path)
        audio = hash_file(path)
    separator = separator.of(path)
    key = f"{VERSION} {audio} {separator.name} {separator.fingerprint}"
    entry = folder / hashlib.sha256(key.encode()).hexdigest()[:32]
    report = _read_report(entry)
    if report is None:  # a file with an entry was checked when that was made
        with AudioReader(path) as reader:
            gain = reader.check()
        discard_folder(entry)
        with atomic_folder(entry) as temporary, AudioReader(path, gain=gain) as reader:
            report = {"separator": separator.name, "fingerprint": separator.fingerprint, "audio": audio}
            report |= {"mix_gain": gain} | _separate(reader, separator, gain, temporary, progress)
            write_json(temporary / REPORT, report)
        _tidy(folder, max_bytes, keep=entry)
        report = _read_report(entry) or report  # another program's, if it was faster
    tell_gain(path, report["mix_gain"])
    return Separation(path, entry, report)


def _separate(reader: AudioReader, separator: Separator, gain: float, folder: Path, progress) -> dict:
    """Write the stems' files, and return what the report says of them."""
    start = time.perf_counter()
    levels = {name: _Level() for name in ("mix", "residual")}
    stems = [(_Level(), folder / f"{number}.flac") for number in range(len(separator.stems))]
    done = 0
    if progress is not None:
        progress(0, reader.n_samples)  # the first stretch may take a while
    with ExitStack() as stack:
        files = [stack.enter_context(FlacWriter(file, sr=reader.sr, bits=24)) for _, file in stems]
        for block in separator.stream(reader.blocks(), reader.sr, gain=gain):
            for y, file, (level, _) in zip(block.stems, files, stems, strict=True):
                file.write(y * GAIN)
                level.add(y)
            levels["mix"].add(block.mix)
            levels["residual"].add(block.residual)
            done += len(block.mix)
            if progress is not None:
                progress(done, max(done, reader.n_samples))  # some files announce less than they hold
    return {
        "sr": reader.sr,
        "n_samples": done,
        "seconds": round(time.perf_counter() - start, 2),
        "mix_dbfs": levels["mix"].dbfs,
        "residual_dbfs": levels["residual"].dbfs,
        "residual_stem": separator.residual_stem,
        "stems": {
            name: {**level.describe(), "file": file.name, "sha256": hash_file(file)}
            for name, (level, file) in zip(separator.stems, stems, strict=True)
        },
    }


class _Level:
    """Mean square and extremes of a signal that comes in pieces."""

    def __init__(self):
        self._energy, self._length, self._lowest, self._highest = 0.0, 0, 0.0, 0.0

    def add(self, y: np.ndarray) -> None:
        self._energy += float(np.square(y, dtype=float).sum())
        self._length += len(y)
        self._lowest, self._highest = y.min(initial=self._lowest), y.max(initial=self._highest)

    @property
    def dbfs(self) -> float | None:
        """Level relative to a constant at full scale, in decibels."""
        return round(10 * float(np.log10(self._energy / self._length)), 2) if self._energy else None

    def describe(self) -> dict:
        return {"dbfs": self.dbfs, "lowest": float(self._lowest), "highest": float(self._highest)}


def _read_report(entry: Path) -> dict | None:
    """An entry's report, unless it or a stem is damaged or missing; marks the entry as used just now."""
    try:
        report = read_own_json(entry / REPORT)
        os.utime(entry / REPORT)
        for stem in report["stems"].values():
            if hash_file(entry / stem["file"]) != stem["sha256"]:
                raise DamagedError(f"{entry / stem['file']} is damaged: it does not fit its checksum")
    except (OSError, DataError) as error:
        if entry.exists():
            logger.warning("%s; the track is separated again", error)
        return None
    return report


def _tidy(folder: Path, max_bytes: int, *, keep: Path) -> None:
    """Remove the oldest entries beyond the limit, and what interrupted programs left."""
    now = time.time()
    entries = []
    for entry in folder.iterdir():
        try:
            if entry.name.startswith("."):
                if now - entry.stat().st_mtime > ABANDONED_S:
                    shutil.rmtree(entry, ignore_errors=True)
            else:
                used = (entry / REPORT).stat().st_mtime
                entries.append((used, entry, sum(file.stat().st_size for file in entry.iterdir())))
        except OSError:  # another program was faster
            continue
    total = sum(size for _, _, size in entries)
    for used, entry, size in sorted(entries):
        if total <= max_bytes or now - used < IN_USE_S:
            break
        if entry != keep:
            discard_folder(entry)
            total -= size
