"""What units of work on tracks share: the library that a worker keeps open from one to the next, and stamps."""

import hashlib
import json
from functools import lru_cache

from lemons.errors import DataError
from lemons.library import Library, open_library

__all__ = ["opened_library", "track_stamp"]


@lru_cache(1)
def opened_library(path: str, fingerprint: str) -> Library:
    """A library; DataError if it is another than it was when the units were planned."""
    library = open_library(path)
    if library.fingerprint != fingerprint:
        raise DataError(
            f"{library.files.shown} has changed since the work was planned, or is another one here; start again"
        )
    return library


def track_stamp(library: Library, track_id: str) -> str:
    """Identifies a track's sound without reading it, as `lemons.library.Library.stamp` does, in 16 digits."""
    try:
        stamp = json.dumps(library.stamp(track_id), sort_keys=True)
    except DataError:  # its file has vanished, which is to be reported, not raised here
        stamp = f"{track_id} has no file"
    return hashlib.sha256(stamp.encode()).hexdigest()[:16]
