"""Stems that exist already: a folder of audio files, one per stem.

MUSDB18-HQ's folders of tracks are of this form, and so is what Spleeter, Demucs and audio workstations write. A file
called ``mixture`` is not a stem, nor is one that is the sum of others, whatever its name: see `lemons.sums`.
"""

import hashlib
import logging
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import soundfile

from lemons.audio.level import scale
from lemons.audio.reader import AudioReader
from lemons.audio.recording import BLOCK_LENGTH
from lemons.errors import DataError
from lemons.hashing import hash_file
from lemons.library import STEMS
from lemons.separation.separator import Separator
from lemons.sums import find_sums

__all__ = ["Given"]

logger = logging.getLogger(__name__)
MIXTURE = "mixture"  # MUSDB18-HQ's name of the mix
SUFFIXES = {f".{name.lower()}" for name in soundfile.available_formats()} | {".aif", ".oga", ".opus", ".npy"}
# what stems come in as well: read, or named as what cannot be read, but not passed over
SUFFIXES |= {".m4a", ".mp4", ".aac", ".wma", ".webm", ".mka", ".ape", ".wv"}


class Given(Separator):
    """The stems in a folder, Spleeter's five first, then others by name.

    Stems that do not sum to the mix leave a residual. It goes to the stem `other`, which is what it is, or else to the
    loudest stem, which masks it best.

    Parameters
    ----------
    folder : path-like
        a file per stem, named after it, as long as the mix and at its rate, of any format that soundfile reads
    mix : path-like, optional
        the mix; with it, a copy of the mix is recognised even where a stem is missing

    Attributes
    ----------
    sums : dict of str to tuple of str
        files that are sums of stems, with their parts, or copies of the mix; separating logs them

    Raises
    ------
    DataError
        if there is no such folder, it holds no stem or two files of one stem, or a file is damaged
    """

    name = "given"

    def __init__(self, folder: str | os.PathLike, *, mix: str | os.PathLike | None = None):
        self._folder = Path(folder)
        if not self._folder.is_dir():
            raise DataError(f"no such folder of stems: {folder}; it should hold an audio file per stem")
        audio = [file for file in sorted(self._folder.iterdir()) if file.suffix.lower() in SUFFIXES]
        files = [file for file in audio if file.stem != MIXTURE and file.name[0] != "."]
        if not files:
            raise DataError(f"{folder} holds no stems; it should hold an audio file per stem, such as vocals.wav")
        found = {file.stem: file for file in files}
        if len(found) < len(files):
            doubled = ", ".join(file.name for file in files)
            raise DataError(f"{folder} holds two files of one stem ({doubled}); keep one file of each")
        names = [name for name in STEMS if name in found] + sorted(set(found) - set(STEMS))
        products = _products([found[name] for name in names] + ([Path(mix)] if mix else []))
        sums = find_sums(products, mix=len(names) if mix else None)
        self.sums = {names[one]: tuple([*names, "the mix"][part] for part in parts) for one, parts in sums.items()}
        self.stems = tuple(name for name in names if name not in self.sums)
        self._files = [found[name] for name in self.stems]
        if "other" in self.stems:
            self.residual_stem = "other"
        else:
            self.residual_stem = max(self.stems, key=lambda name: products[names.index(name), names.index(name)])
        hashes = [hash_file(file) for file in self._files]
        self.fingerprint = f"given-1 {hashlib.sha256(repr((self.stems, hashes)).encode()).hexdigest()}"

    def of(self, path: Path) -> "Given":
        """See `Separator.of`."""
        return Given(self._folder, mix=path)

    def estimates(self, blocks: Iterable[np.ndarray], sr: int) -> Iterator[np.ndarray]:
        """See `Separator.estimates`.

        Raises
        ------
        DataError
            if a stem has another rate or another length than the mix
        """
        for name, parts in self.sums.items():
            logger.info("%s in %s is no stem: it is %s", name, self._folder, " + ".join(parts))
        with ExitStack() as stack:
            readers = [stack.enter_context(AudioReader(file)) for file in self._files]
            for reader in readers:
                if reader.sr != sr:
                    hint = "give stems at the rate of the mix"
                    raise DataError(f"{reader.path} has {reader.sr} samples per second, the mix has {sr}; {hint}")
            for block in blocks:
                stems = [reader.read(block.shape[1]) for reader in readers]
                for reader, stem in zip(readers, stems, strict=True):
                    if len(stem) < block.shape[1]:
                        raise DataError(f"{reader.path} is shorter than the mix; are these the stems of this track?")
                yield np.stack(stems)
            for reader in readers:
                if len(reader.read(1)):
                    raise DataError(f"{reader.path} is longer than the mix; are these the stems of this track?")

    def scaled_estimates(self, blocks: Iterable[np.ndarray], sr: int, gain: float) -> Iterator[np.ndarray]:
        """Stems at the level of the mix: a mix above full scale and its stems take the same gain."""
        return (scale(stems, gain) for stems in self.estimates(blocks, sr))


def _products(files: list[Path]) -> np.ndarray:
    """Scalar products of sounds with each other, as float64 (n_files, n_files); 0 for two of different rates."""
    products = np.zeros((len(files), len(files)))
    with ExitStack() as stack:
        readers = [stack.enter_context(AudioReader(file)) for file in files]
        rates = np.array([reader.sr for reader in readers])
        while any(map(len, blocks := [reader.read(BLOCK_LENGTH) for reader in readers])):
            sounds = np.zeros((len(files), max(map(len, blocks))))  # what ends earlier is silent then
            for file, sound, block in zip(files, sounds, blocks, strict=True):
                if not np.isfinite(block).all():
                    raise DataError(f"{file} holds samples that are not numbers (NaN or infinite); export it again")
                sound[: len(block)] = block
            products += sounds @ sounds.T
    return products * (rates[:, None] == rates)
