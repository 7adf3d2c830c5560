"""Stems as files to listen to and to use elsewhere."""

import json
import os
from pathlib import Path

import numpy as np
import soundfile
import soxr

from lemons.audio import SAMPLE_RATE, FlacWriter, bits_for, common_gain, load_with_gain, round_16_bit
from lemons.audio.recording import BLOCK_LENGTH
from lemons.checksums import read_json
from lemons.errors import DataError
from lemons.files import atomic_path, safe_name
from lemons.hashing import hash_file
from lemons.separation.cache import GAIN, REPORT, Separation

__all__ = ["read_stems", "write_stems"]


def write_stems(separation: Separation, folder: str | os.PathLike) -> list[Path]:
    """Write stems as FLAC at the file's rate, and a report.

    Stems are written at their true level with 16 bits. Should one exceed full scale, all are scaled by one power of two
    and written with 24 bits. Either way they are exact, and their sum is the mix times the gain.

    Parameters
    ----------
    separation : Separation
        from `lemons.separation.cache.separate_file`
    folder : path-like
        made when it is missing; older files of these names are replaced

    Returns
    -------
    list of Path
        ``<stem>.flac`` for each stem, and ``report.json``: the separation's report with ``gain`` and ``bits``

    Raises
    ------
    DataError
        if a file cannot be written, or the stems have vanished meanwhile
    """
    report = separation.report
    gain = common_gain([np.array([stem["lowest"], stem["highest"]]) for stem in report["stems"].values()])
    bits = bits_for(gain)
    paths, stems = [], {}
    for name, stem in report["stems"].items():
        paths.append(Path(folder) / f"{safe_name(name)}.flac")
        levels = {key: stem[key] for key in ("dbfs", "lowest", "highest")}
        stems[name] = {**levels, "file": paths[-1].name}
        _copy(separation.folder / stem["file"], paths[-1], np.float32(gain) / GAIN, bits)
    paths.append(Path(folder) / REPORT)
    with atomic_path(paths[-1]) as temporary:
        text = json.dumps({**report, "gain": gain, "bits": bits, "stems": stems}, indent=2, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")
    return paths


def read_stems(folder: str | os.PathLike, path: str | os.PathLike, *, sr: int = SAMPLE_RATE) -> dict[str, np.ndarray]:
    """The stems of a file that `write_stems` wrote.

    Parameters
    ----------
    folder : path-like
        where they are
    path : path-like
        the file that they are of
    sr : int > 0
        the rate that is wanted, in Hz

    Returns
    -------
    dict of str to np.ndarray [shape=(n_samples,), dtype=float32]
        on the 16-bit grid; their sum is what `lemons.audio.load` makes of the file, sample for sample

    Raises
    ------
    DataError
        if they are of another file, or anything is missing or damaged
    """
    folder = Path(folder)
    report = read_json(folder / REPORT)
    if report.get("audio") != hash_file(path):
        raise DataError(f"the stems in {folder} are those of another file than {path}; separate it again")
    mix, _ = load_with_gain(path, sr=sr)  # the gain was reported when it was separated
    stems = {}
    try:
        for name, stem in report["stems"].items():
            y, rate = soundfile.read(folder / Path(stem["file"]).name, dtype="float32")
            stems[name] = round_16_bit(soxr.resample(y / np.float32(report["gain"]), rate, sr))
        stems[report["residual_stem"]] += mix - sum(stems.values())  # of rounding after resampling
    except (LookupError, TypeError, ValueError, AttributeError, soundfile.LibsndfileError) as error:
        raise DataError(f"the stems in {folder} are damaged or incomplete; separate {path} again") from error
    return stems


def _copy(source: Path, target: Path, gain: np.float32, bits: int) -> None:
    try:
        with (
            soundfile.SoundFile(source) as old,
            atomic_path(target) as temporary,
            FlacWriter(temporary, sr=old.samplerate, bits=bits) as new,
        ):
            for block in old.blocks(BLOCK_LENGTH, dtype="float32"):
                new.write(block * gain)
    except soundfile.LibsndfileError as error:  # of the source: the writer's are OSErrors
        raise DataError(f"{source} has vanished or was damaged; separate the track again") from error
