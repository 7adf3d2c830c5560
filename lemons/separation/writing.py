"""Stems as files to listen to and to use elsewhere."""

import json
import os
from pathlib import Path

import numpy as np
import soundfile

from lemons.audio import FlacWriter, bits_for, common_gain
from lemons.audio.recording import BLOCK_LENGTH
from lemons.errors import DataError
from lemons.files import atomic_path, safe_name
from lemons.separation.cache import GAIN, REPORT, Separation

__all__ = ["write_stems"]


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
