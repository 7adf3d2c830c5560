"""The record of a finished run: ``training.json`` in the run's folder.

Records have a checksum since `RECORD_FORMAT`; those of earlier versions have neither and are still read.
"""

import logging
import math
from functools import lru_cache
from pathlib import Path
from typing import Any

from lemons.checksums import CHECKSUM, check_json, read_json, to_json, write_json
from lemons.errors import DamagedError

__all__ = [
    "RECORD_FORMAT",
    "TRAINING_FILE",
    "read_record",
    "record_from_model",
    "record_text",
    "warn_once",
    "write_record",
]

TRAINING_FILE = "training.json"
RECORD_FORMAT = "LEMONS run 2"

logger = logging.getLogger(__name__)


def write_record(run: Path, record: dict[str, Any]) -> None:
    """Write the record of a run: ``user``, ``library``, ``split``, ``config``, ``best``, ..."""
    write_json(run / TRAINING_FILE, _fields(record))


def record_text(record: dict[str, Any]) -> str:
    """The content of that file."""
    return to_json(_fields(record))


def _fields(record: dict[str, Any]) -> dict[str, Any]:
    return {"format": RECORD_FORMAT} | record


def read_record(run: Path) -> dict[str, Any] | None:
    """Read the record of a run.

    Parameters
    ----------
    run : Path
        the run's folder

    Returns
    -------
    dict or None
        ``user``, ``library``, ``best`` with its ``score`` ...; None for a file of another program, without ``user``
        or ``best``

    Raises
    ------
    DataError
        if the file does not exist, cannot be read, is no ordinary file, is damaged, or does not have LEMONS' types
    """
    path = run / TRAINING_FILE
    record = read_json(path)
    if "format" in record or CHECKSUM in record:  # one flipped bit leaves one of them
        record = check_json(record, path)
    if "user" not in record or "best" not in record:
        return None
    if fault := _type_fault(record):
        raise DamagedError(f"{path} is damaged: its {fault}")
    return record


def record_from_model(about: dict[str, Any]) -> dict[str, Any]:
    """The record that a checkpoint's description implies; empty if the description is incomplete."""
    if not {"user", "library", "split", "config", "scores"} <= about.keys():
        return {}
    record = about | {"best": about["scores"]}
    return {} if _type_fault(record) else record


def _type_fault(record: dict[str, Any]) -> str:
    """Name and value of the first field with a wrong type; empty if there is none."""
    best, types = record["best"], {"user": str, "library": str, "split": str, "config": dict}
    for name, expected in types.items():
        if name in record and not isinstance(record[name], expected):
            return f"{name} is {record[name]!r:.50}"
    if not isinstance(best, dict) or not _is_number(best.get("score")) or not _is_number(best.get("loss", 0)):
        return f"best is {best!r:.80}"
    return ""


@lru_cache(1024)
def warn_once(sentence: str) -> None:
    """Log a warning, once in a process."""
    logger.warning("%s", sentence)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
