"""Units of work for the tests: squares, some of which meet with trouble."""

import os
import signal
import time
from pathlib import Path

import pyarrow as pa

from lemons.errors import DataError
from lemons.fleet import Unit
from lemons.fleet.tracks import opened_library


def squares(n=8, **troubles):
    """Units that square the numbers below ``n``; those that are named meet with trouble first."""
    return [
        Unit("squares", f"number {i}", {"number": i}, square, {"number": i, **troubles.get(f"at_{i}", {})})
        for i in range(n)
    ]


def heard(library, track_ids):
    """Units that hear tracks."""
    where = {"library": library.files.place, "fingerprint": library.fingerprint}
    return [Unit("heard", f"track {one}", {"track": one}, hear, where | {"track_id": one}) for one in track_ids]


def hear(library, fingerprint, track_id):
    return pa.table({"sample": opened_library(library, fingerprint).load_audio(track_id)})


def square(number, *, error="", crash="", kill_once="", kill="", seconds=0.0, diary=""):
    if diary:
        with open(diary, "a") as file:
            file.write(f"{number}\n")
    time.sleep(seconds)
    if error:
        raise DataError(error)
    if crash:
        raise ZeroDivisionError(crash)
    if kill or (kill_once and not Path(kill_once).exists()):
        if kill_once:
            Path(kill_once).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return pa.table({"number": [number], "square": [number**2]})
