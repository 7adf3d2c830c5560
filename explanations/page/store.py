"""Files that the page serves over HTTP: sounds, the tables that answer what-if questions, the player's script.

What the page's websocket carries is sent anew whenever anything about it changes; what lies here is fetched once. A
file's name is a hash of what it was made of, so it never changes and a browser may keep it for good, and nobody guesses
the name of somebody else's. The files lie in a folder of their own, which is gone when the server is.
"""

import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from functools import cache
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from explanations.hashing import hash_text
from lemons.errors import LemonsError

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
        self._folder = tempfile.TemporaryDirectory(prefix="lemons-page-", ignore_cleanup_errors=True)
        self._sizes: OrderedDict[str, int] = OrderedDict()
        self._offers: OrderedDict[str, Callable[[], bytes]] = OrderedDict()
        self._lock = threading.RLock()

    def put(self, key: Hashable, suffix: str, make: Callable[[], bytes]) -> str:
        """The address of a file, which is made now unless it is there.

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
        """The file of this name; None when it was never made, or had to go."""
        with self._lock:
            if name not in self._sizes and name in self._offers:
                self._fill(name, self._offers[name])
            if name not in self._sizes:
                return None
            self._sizes.move_to_end(name)
            return self._path(name)

    def _path(self, name: str) -> Path:
        return Path(self._folder.name) / name

    def _fill(self, name: str, make: Callable[[], bytes]) -> None:
        with self._lock:
            if name in self._sizes:
                self._sizes.move_to_end(name)
                return
        data = make()
        with self._lock:
            self._path(name).write_bytes(data)
            self._sizes[name] = len(data)
            self._sizes.move_to_end(name)
            while sum(self._sizes.values()) > self.max_bytes and len(self._sizes) > 1:
                oldest, _ = self._sizes.popitem(last=False)
                self._path(oldest).unlink(missing_ok=True)


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
