"""Files that the page serves over HTTP: sounds, the tables that answer what-if questions, the player's script.

The page's websocket sends data again whenever any of it changes; a file is fetched once. Its name is a hash of what it
was made of, so that its content never changes, a browser may cache it for good, and no visitor guesses the name of
another visitor's file. The files are in a temporary folder, which is deleted when the server ends.
"""

import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import suppress
from functools import cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from lemons.errors import DataError, LemonsError
from lemons.hashing import hash_text

__all__ = ["ROUTES", "Store", "address_of", "get_store"]

PREFIX = "/store"
MAX_BYTES = 10**9  # the files that were asked for longest ago go first
MAX_OFFERS = 2000
MEDIA_TYPES = {".flac": "audio/flac", ".bin": "application/octet-stream", ".js": "text/javascript"}
HEADERS = {"Cache-Control": "private, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}


class Store:
    """Files by name, in a temporary folder.

    Parameters
    ----------
    max_bytes : int > 0
        of all files together
    """

    def __init__(self, max_bytes: int = MAX_BYTES):
        self.max_bytes = max_bytes
        self._folder = _make_folder()
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._offers: OrderedDict[str, Callable[[], bytes]] = OrderedDict()
        self._lock = threading.RLock()

    @property
    def folder(self) -> Path:
        """The folder of the files."""
        return Path(self._folder.name)

    def put(self, key: Hashable, suffix: str, make: Callable[[], bytes]) -> str:
        """The address of a file, which is made now unless it exists.

        Parameters
        ----------
        key : hashable
            all that the file's bytes depend on; its `repr` must say it
        suffix : {".flac", ".bin", ".js"}
            of its name
        make : callable
            makes the bytes

        Returns
        -------
        str
            an absolute path on this server

        Raises
        ------
        DataError
            if it cannot be written
        """
        self._fill(_name(key, suffix), make)
        return address_of(key, suffix)

    def offer(self, key: Hashable, suffix: str, make: Callable[[], bytes]) -> str:
        """The address of a file that is made when it is first asked for; see `put`."""
        name = _name(key, suffix)
        with self._lock:
            self._offers[name] = make
            self._offers.move_to_end(name)
            if len(self._offers) > MAX_OFFERS:
                self._offers.popitem(last=False)
        return address_of(key, suffix)

    def find(self, name: str) -> Path | None:
        """The file of this name; None when it was never made, or was removed.

        Raises
        ------
        DataError
            if it cannot be written now
        """
        with self._lock:
            if not self._has(name) and name in self._offers:
                self._fill(name, self._offers[name])
            if not self._has(name):
                return None
            self._sizes.move_to_end(name)
            return self._path(name)

    def _path(self, name: str) -> Path:
        return self.folder / name

    def _has(self, name: str) -> bool:
        """Whether a file exists; programs that tidy temporary folders may have deleted it."""
        if name in self._sizes and not self._path(name).is_file():
            del self._sizes[name]
        return name in self._sizes

    def _write(self, name: str, data: bytes) -> None:
        try:
            if not self.folder.is_dir():  # deleted as a whole; its old name may belong to another program by now
                self._folder = _make_folder()
            self._path(name).write_bytes(data)
        except OSError as error:
            with suppress(OSError):
                self._path(name).unlink()  # half-written
            raise DataError(
                f"the page cannot keep a sound in {self.folder}: {error.strerror or error}; free some space there, or "
                "start the page with TMPDIR set to another folder"
            ) from error

    def _fill(self, name: str, make: Callable[[], bytes]) -> None:
        with self._lock:
            if self._has(name):
                self._sizes.move_to_end(name)
                return
        data = make()
        with self._lock:
            self._write(name, data)
            self._sizes[name] = len(data)
            self._sizes.move_to_end(name)
            while sum(self._sizes.values()) > self.max_bytes and len(self._sizes) > 1:
                oldest, _ = self._sizes.popitem(last=False)
                self._path(oldest).unlink(missing_ok=True)


def _make_folder() -> tempfile.TemporaryDirectory:
    try:
        return tempfile.TemporaryDirectory(prefix="lemons-page-", ignore_cleanup_errors=True)
    except OSError as error:
        reason = error.strerror or error
        raise DataError(f"the page has no temporary folder: {reason}; free some space, or set TMPDIR to one") from error


@cache
def get_store() -> Store:
    """The store of this server."""
    return Store()


async def _serve(request: Request) -> Response:
    name = request.path_params["name"]
    try:
        path = await run_in_threadpool(get_store().find, name)
    except LemonsError as error:  # such as a track whose file has gone
        return PlainTextResponse(str(error), status_code=404)
    if path is None:
        return PlainTextResponse("This sound is no longer here; load the page again.", status_code=404)
    return FileResponse(path, media_type=MEDIA_TYPES[path.suffix], headers=HEADERS)


ROUTES = [Route(PREFIX + "/{name}", _serve)]


def address_of(key: Hashable, suffix: str) -> str:
    """The address that a file of this key has, or would have; see `Store.put`."""
    return f"{PREFIX}/{_name(key, suffix)}"


def _name(key: Hashable, suffix: str) -> str:
    return hash_text(repr(key)) + suffix
