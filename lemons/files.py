"""Writing files and folders that are whole or not there."""

import errno
import hashlib
import os
import re
import shutil
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs

from lemons.errors import DataError, NotHereError

__all__ = [
    "atomic_folder",
    "atomic_path",
    "cache_folder",
    "discard_folder",
    "ordinary_file",
    "safe_name",
    "why_no_file",
]

MAX_NAME = 100  # bytes of UTF-8, which leaves room for dates and suffixes below the 255 of common file systems


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
    NotHereError
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
        # else, after a power failure, some file systems have the new name already and none of the content yet
        with temporary.open("rb+") as file:
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        reason = error.strerror or error
        raise NotHereError(f"cannot write {path}: {reason}; free some space or choose another folder") from error
    finally:
        with suppress(OSError):  # the folder's name may belong to a file, which the error above reports
            temporary.unlink()  # after an error or an interrupt: no half-written file


@contextmanager
def atomic_folder(path: str | os.PathLike) -> Iterator[Path]:
    """Fill a folder under a temporary, hidden name and give it its own name only when it is complete.

    Where another program has made a folder of that name meanwhile, theirs stays.

    Parameters
    ----------
    path : path-like
        the final name; its parent folder is made when it is missing

    Yields
    ------
    Path
        an empty folder

    Raises
    ------
    NotHereError
        if it cannot be written (a full disk, no permission); nothing is left under either name

    Examples
    --------
    >>> parent = getfixture("tmp_path")
    >>> with atomic_folder(parent / "stems") as temporary:
    ...     _ = (temporary / "notes.txt").write_text("do re mi")
    >>> [entry.name for entry in parent.rglob("*")]
    ['stems', 'notes.txt']
    """
    path = Path(path)
    temporary = _hidden(path)
    try:
        temporary.mkdir(parents=True)
        yield temporary
        try:
            os.rename(temporary, path)
        except OSError:
            if not path.is_dir():
                raise
    except OSError as error:
        reason = error.strerror or error
        raise NotHereError(f"cannot write {path}: {reason}; free some space or choose another folder") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def discard_folder(path: str | os.PathLike) -> None:
    """Remove a folder, if it exists; for other programs it vanishes at once."""
    hidden = _hidden(Path(f"{path}-old"))  # not the temporary name of a folder that `atomic_folder` is filling
    try:
        os.rename(path, hidden)
    except FileNotFoundError:  # it never existed, or another program was faster
        return
    except OSError as error:
        raise DataError(f"cannot remove {path}: {error.strerror or error}") from error
    shutil.rmtree(hidden, ignore_errors=True)


def _hidden(path: Path) -> Path:
    return path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")


def cache_folder() -> Path:
    """The folder of what can be fetched or computed again: ``$LEMONS_CACHE``, or the system's place for such things."""
    return Path(os.environ.get("LEMONS_CACHE") or platformdirs.user_cache_dir("lemons"))


def why_no_file(path: str | os.PathLike) -> str:
    """Why no ordinary file of this name exists; empty if one does.

    >>> folder = getfixture("tmp_path")
    >>> why_no_file(folder), why_no_file(folder / "x.wav"), why_no_file(folder / ("x" * 300))
    ('it is a folder', 'there is none', 'File name too long')
    """
    try:
        mode = os.stat(path).st_mode
    except OSError as error:
        none = error.errno in (errno.ENOENT, errno.ENOTDIR)
        return "there is none" if none else error.strerror or str(error)
    except ValueError:
        return "its name holds a NUL, which no file's name can"
    if stat.S_ISREG(mode):
        return ""
    # reading a pipe waits for its writer, and a device may never end
    return "it is a folder" if stat.S_ISDIR(mode) else "it is a pipe, a device or the like"


def ordinary_file(path: str | os.PathLike) -> os.stat_result | None:
    """What the system says of an ordinary file; None where `why_no_file` says why there is none."""
    try:
        status = os.stat(path)
    except (OSError, ValueError):
        return None
    return status if stat.S_ISREG(status.st_mode) else None


def safe_name(name: str) -> str:
    """The name of a listener or a track as a part of file names: what file systems refuse becomes ``%`` and its code.

    Letters of any script stay; different names stay different; a very long one is cut and gets its hash.

    >>> safe_name("marko"), safe_name("Jörg M."), safe_name("AC/DC")
    ('marko', 'Jörg M%2E', 'AC%2FDC')
    """
    # Windows drops dots and spaces at the end; a dot or a hyphen in front hides a file or makes it an option
    refused = r'[%/\\:*?"<>|\x00-\x1f\x7f\ud800-\udfff]|^[.\- ]|[. ]$'
    safe = re.sub(refused, lambda found: "".join(f"%{byte:02X}" for byte in _utf8(found[0])), name)
    if len(_utf8(safe)) <= MAX_NAME:
        return safe
    head = _utf8(safe)[: MAX_NAME // 2].decode(errors="ignore")
    return f"{head}~{hashlib.sha256(_utf8(name)).hexdigest()[:16]}"


def _utf8(text: str) -> bytes:
    return text.encode(errors="surrogatepass")
