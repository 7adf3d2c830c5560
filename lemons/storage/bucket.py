"""A folder in a bucket, by its URL: listing it, reading and writing its files, and a sentence for what goes wrong.

Keys come from the environment, as AWS's and Google's own programs find them. A URL that holds a password is refused:
a library's place is recorded with what was made of it.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from lemons.errors import DataError, LemonsError, NotHereError, ParameterError
from lemons.extras import require
from lemons.storage.folder import Status

__all__ = ["Bucket", "is_url"]

SCHEMES = ("s3", "gs")
CHUNK = 2**20  # bytes of a file that are in memory at once
# what pyarrow's errors hold, and what to do
REMEDIES = {
    "NO_SUCH_BUCKET": "check the bucket's name",
    "ACCESS_DENIED": "ask its owner for the right, or set the keys of one who has it (AWS_ACCESS_KEY_ID ...)",
    "INVALID_ACCESS_KEY_ID": "check the keys (AWS_ACCESS_KEY_ID ...)",
    "SIGNATURE_DOES_NOT_MATCH": "check the keys (AWS_SECRET_ACCESS_KEY ...)",
    "NETWORK_CONNECTION": "check that its server can be reached from here",
}
OTHERWISE = "try again, or check its server and your keys"


def is_url(place: object) -> bool:
    """Whether a place is a URL, and not a path.

    >>> is_url("s3://music/demo"), is_url("data/demo")
    (True, False)
    """
    return bool(re.match(r"[A-Za-z][A-Za-z0-9+.-]+://", str(place)))


class Bucket:
    """A folder in a bucket.

    Parameters
    ----------
    url : str
        ``s3://bucket/folder?region=…&endpoint_override=…`` or ``gs://bucket/folder``, as pyarrow's file systems know it

    Attributes
    ----------
    url, shown : str
        the same, and how to name it in a sentence: without what follows a ``?``

    Raises
    ------
    ParameterError
        if the URL is of another kind, names no bucket, or holds a password

    Examples
    --------
    >>> Bucket("s3://music/demo/?region=eu-central-1").shown
    's3://music/demo'
    >>> Bucket("s3://me:secret@music/demo")
    Traceback (most recent call last):
    lemons.errors.ParameterError: s3://music/demo holds a password, ... set AWS_ACCESS_KEY_ID and ...
    """

    def __init__(self, url: str):
        parts = urlsplit(url)
        user, _, place = parts.netloc.rpartition("@")
        self.shown = f"{parts.scheme}://{place}{parts.path.rstrip('/')}"
        if ":" in user:
            hint = "leave it out, and set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile of AWS's programs"
            raise ParameterError(f"{self.shown} holds a password, which would be recorded; {hint}")
        if parts.scheme not in SCHEMES or not place:
            raise ParameterError(
                f"{self.shown} is no folder in a bucket; give s3://bucket/folder or gs://bucket/folder"
            )
        query = f"?{parts.query}" if parts.query else ""
        self.url = f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}{query}"
        self.name = (parts.path.rstrip("/") or place).rpartition("/")[2]
        self._of_google = parts.scheme == "gs"

    def parent_and_name(self) -> tuple[str, str]:
        """The URL of the folder that it is in, and its name there: for a URL of a file."""
        head, sign, query = self.url.partition("?")
        return f"{head.rpartition('/')[0]}{sign}{query}", self.name

    def list(self, folder: str = "", *, deep: bool = True) -> Iterator[tuple[str, Status | None]]:
        """Paths of files with their status, and of folders with None; ``deep``: of the folders in it, too."""
        if deep or not self._of_google:
            yield from self._list(folder, deep)
            return
        # pyarrow knows no folder in Google's storage that has no entry of its own, but all files in it
        head, found = f"{folder}/" if folder else "", {}
        for path, status in self._list(folder, True):
            name, sign, _ = path.removeprefix(head).partition("/")
            found[head + name] = None if sign else status
        yield from found.items()

    def _list(self, folder: str, deep: bool) -> Iterator[tuple[str, Status | None]]:
        filesystem, root = self._opened
        from pyarrow.fs import FileSelector, FileType

        base = f"{root}/{folder}" if folder else root
        try:
            # of Amazon's, it would also allow that there is no such bucket
            found = filesystem.get_file_info(FileSelector(base, allow_not_found=self._of_google, recursive=deep))
        except FileNotFoundError:  # a folder in a bucket is there when a file is in it
            return
        except OSError as error:
            raise self._sentence("list", folder, error) from error
        for one in found:
            path = one.path[len(root) + 1 :]
            if any(part in ("", ".", "..") for part in path.split("/")):
                continue  # a key may have any name; these would leave the folder
            if one.type == FileType.File:
                yield path, Status(one.mtime_ns or 0, one.size)
            elif one.type == FileType.Directory:
                yield path, None

    def status(self, path: str) -> Status | None:
        """Time and size of a file now; None where there is none."""
        filesystem, root = self._opened
        from pyarrow.fs import FileType

        try:
            found = filesystem.get_file_info(f"{root}/{path}")
        except OSError as error:
            raise self._sentence("read", path, error) from error
        return Status(found.mtime_ns or 0, found.size) if found.type == FileType.File else None

    def read(self, path: str, status: Status) -> Iterator[bytes]:
        """The content of a file, which has a status or is not read.

        Raises
        ------
        DataError
            if there is none, or another one than the status says
        NotHereError
            if it cannot be read now
        """
        filesystem, root = self._opened
        n_read = 0
        try:
            with filesystem.open_input_file(f"{root}/{path}") as file:
                self._check(path, status, file.size(), dict(file.metadata() or {}))
                while chunk := file.read(CHUNK):
                    n_read += len(chunk)
                    yield chunk
        except FileNotFoundError as error:
            raise DataError(f"no such file: {self.show(path)} (it is gone since the folder was opened)") from error
        except LemonsError:
            raise
        except OSError as error:
            raise self._sentence("read", path, error) from error
        if n_read != status.size:
            raise NotHereError(f"{self.show(path)} broke off after {n_read} of {status.size} bytes; try again")

    def _check(self, path: str, status: Status, size: int, about: dict[Any, Any]) -> None:
        """Refuse a file that is not the one that was listed: what is made of it would be taken for the other's."""
        time = about.get("Last-Modified", b"").decode()
        # a listing may have fractions of a second, and a file's head whole seconds
        if size != status.size or (time.endswith("Z") and _seconds(time) != status.mtime_ns // 10**9):
            raise NotHereError(f"{self.show(path)} has changed since the folder was opened; open it again")

    def write(self, path: str, content: bytes) -> None:
        """Write a file; it is seen when all of it has arrived. NotHereError if it cannot be written."""
        filesystem, root = self._opened
        try:
            with filesystem.open_output_stream(f"{root}/{path}") as stream:
                stream.write(content)
        except OSError as error:
            raise self._sentence("write", path, error) from error

    def show(self, path: str) -> str:
        """How to name a file in a sentence."""
        return f"{self.shown}/{path}" if path else self.shown

    @cached_property
    def _opened(self) -> tuple[Any, str]:
        """The file system and the folder in it."""
        require("a folder in a bucket", "pyarrow", extra="scale")
        import pyarrow as pa
        from pyarrow.fs import FileSystem

        try:
            return FileSystem.from_uri(self.url)
        except (OSError, ValueError, pa.ArrowException) as error:
            raise self._sentence("open", "", error) from error

    def _sentence(self, do: str, path: str, error: Exception) -> NotHereError:
        reason = str(error).partition("\n")[0].replace(self.url, self.shown)
        remedy = next((hint for sign, hint in REMEDIES.items() if sign in reason), OTHERWISE)
        return NotHereError(f"cannot {do} {self.show(path)} ({reason[:200]}); {remedy}")


def _seconds(time: str) -> int:
    return int(datetime.fromisoformat(time).timestamp())
