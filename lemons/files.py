"""Writing files that are whole or not there."""

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lemons.errors import DataError


@contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Write a file under a temporary name and give it its own name only when it is complete.

    Parameters
    ----------
    path : path-like
        the final name; its folder is made when it is missing, an older file of that name is replaced

    Yields
    ------
    Path
        a temporary name in the same folder, with the same suffix, to write to

    Raises
    ------
    DataError
        if the file cannot be written (a full disk, no permission); nothing is left under either name

    Examples
    --------
    >>> folder = getfixture("tmp_path")
    >>> with atomic_path(folder / "notes.txt") as temporary:
    ...     _ = temporary.write_text("do re mi")
    >>> sorted(p.name for p in folder.iterdir())
    ['notes.txt']
    """
    path = Path(path)
    # the ids keep programs and threads apart; the suffix stays last, since writers choose their format by it
    temporary = path.with_name(f".{path.stem}.{os.getpid()}-{threading.get_ident()}{path.suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        yield temporary
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"cannot write {path}: {reason}; free some space or choose another folder") from error
    finally:
        temporary.unlink(missing_ok=True)  # after an error or an interrupt: no half-written file
