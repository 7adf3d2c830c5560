"""The folder of a run, and what it says of itself when it is over: ``training.json``.

Records have a checksum since `RECORD_FORMAT`; those of earlier versions have neither and are still read.
"""

import datetime
import logging
import math
import os
import re
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

from lemons.checksums import CHECKSUM, check_json, read_json, write_json
from lemons.errors import DamagedError
from lemons.files import safe_name

TRAINING_FILE = "training.json"
RECORD_FORMAT = "LEMONS run 2"

logger = logging.getLogger(__name__)


def new_run(experiments_path: str | os.PathLike, user: str) -> Path:
    """A folder for a new run, such as ``2026-11-22_18-45-08_marko``; it is made when the first model is saved to it."""
    name = f"{datetime.datetime.now():%Y-%m-%d_%H-%M-%S}_{safe_name(user)}"
    folder = Path(experiments_path) / name
    numbers = count(2)
    while folder.exists():  # two runs within a second
        folder = folder.with_name(f"{name}-{next(numbers)}")
    return folder


def is_anothers(run: Path, user: str) -> bool:
    """Whether a run's folder has the name of another listener."""
    named = re.fullmatch(r"\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d_(.*?)(-\d+)?", run.name)
    return bool(named) and not f"{named[1]}{named[2] or ''}".startswith(safe_name(user))


def finish_run(run: Path, record: dict[str, Any]) -> None:
    """Write ``training.json``, which says that the run is over: ``user``, ``library``, ``split``, ``config``, ..."""
    write_json(run / TRAINING_FILE, {"format": RECORD_FORMAT} | record)


def read_record(run: Path) -> dict[str, Any] | None:
    """Read the record of a run.

    Parameters
    ----------
    run : Path
        the run's folder

    Returns
    -------
    dict or None
        ``user``, ``library``, ``best`` with its ``score`` ...; None for an object of another program, which has no
        ``user`` or no ``best``

    Raises
    ------
    DataError
        if there is no such file, it cannot be read, is no ordinary file, damaged, or not what LEMONS writes
    """
    path = run / TRAINING_FILE
    record = read_json(path)
    if "format" in record or CHECKSUM in record:  # one flipped bit leaves one of them
        record = check_json(record, path)
    if "user" not in record or "best" not in record:
        return None
    if strange := _strange(record):
        raise DamagedError(f"{path} is damaged: its {strange}")
    return record


def record_of(about: dict[str, Any]) -> dict[str, Any]:
    """A record made of what a model says of itself; empty where that is not enough."""
    if not {"user", "library", "split", "config", "scores"} <= about.keys():
        return {}
    record = about | {"best": about["scores"]}
    return {} if _strange(record) else record


def _strange(record: dict[str, Any]) -> str:
    """Name and value of a field that is not of its type; empty if all are."""
    best, types = record["best"], {"user": str, "library": str, "split": str, "config": dict}
    for name, expected in types.items():
        if name in record and not isinstance(record[name], expected):
            return f"{name} is {record[name]!r:.50}"
    if not isinstance(best, dict) or not _is_number(best.get("score")) or not _is_number(best.get("loss", 0)):
        return f"best is {best!r:.80}"
    return ""


@lru_cache(1024)
def say_once(sentence: str) -> None:
    """Log a warning, unless this program has said the same before."""
    logger.warning("%s", sentence)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)
