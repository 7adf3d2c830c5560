"""A folder in a bucket, read through a folder of it on this machine.

The mirror is in the user's cache, under a hash of the URL::

    <cache>/remote/<hash>/
      remote.json       the URL, so that the mirror's path is as good as it
      listing.sqlite    what the bucket held, where that is much
      <name>/           the mirror: files that were needed so far, with the dates that they have in the bucket

Which files there are, and the size and date of each, comes from one listing of the bucket, when the folder is opened. A
file is fetched when it is first needed, and again when the listing has another size or date of it. It is written under
a temporary name and renamed when all of it has arrived. What programs write beside them (splits, caches) stays here.

All can be deleted, and is fetched again.
"""

import os
import posixpath
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from lemons.checksums import read_own_json, write_json
from lemons.errors import DataError
from lemons.files import atomic_path, cache_folder, safe_name
from lemons.hashing import hash_text
from lemons.storage.bucket import Bucket, is_url
from lemons.storage.folder import Folder, Status
from lemons.storage.listing import Listing

__all__ = ["Mirror", "is_there", "local_file", "mirror_path", "open_folder"]

MIRRORS, NOTE = "remote", "remote.json"
DIGITS = 16  # of a URL's hash
KEPT_FROM = 10_000  # files; a bucket lists a thousand at a time, in a tenth of a second or so
KEPT_S = 3600.0
SEEN_S = 10.0  # how long a page that asks at every click sees the same folders


class Mirror(Folder):
    """A folder in a bucket and its mirror; for what both kinds of folders do see `Folder`.

    Parameters
    ----------
    url : str
        see `lemons.storage.bucket.Bucket`

    Raises
    ------
    ParameterError
        if the URL is of no kind that is known, or holds a password
    DataError
        of each method, if the bucket does not answer, denies access or does not exist, or the file has changed or
        vanished since the folder was opened: a `lemons.errors.NotHereError` where that is no fault of the file
    """

    def __init__(self, url: str):
        self.bucket = Bucket(url)
        self._home = cache_folder().absolute() / MIRRORS / hash_text(self.bucket.url)[:DIGITS]
        super().__init__(self._home / safe_name(self.bucket.name))
        self.place, self.shown = self.bucket.url, self.bucket.shown
        self._listed: Listing | None = None
        if not (self._home / NOTE).is_file():
            write_json(self._home / NOTE, {"url": self.bucket.url})

    def place_of(self, name: str) -> str:
        """The URL of a file or a folder of it."""
        head, sign, query = self.place.partition("?")
        return f"{head}/{quote(name)}{sign}{query}"

    def show(self, name: str) -> str:
        """How to name a file in a sentence."""
        return self.bucket.show(name)

    @contextmanager
    def named(self) -> Iterator[None]:
        """Errors inside name files by their URLs."""
        try:
            yield
        except DataError as error:
            error.args = tuple(str(one).replace(f"{self.path}{os.sep}", f"{self.shown}/") for one in error.args)
            raise

    @property
    def _listing(self) -> Listing:
        if self._listed is None:
            self.refresh()
        assert self._listed is not None
        return self._listed

    def refresh(self, *names: str) -> None:
        """List the bucket, and fetch some files; those of this name that it lacks are removed here.

        The listing of many files is used again for an hour, unless one of these files has changed.
        """
        self._listed = self._kept(names) or self._new()
        for name in names:
            if self.status(name):
                self.fetch(name)
            else:
                (self.path / name).unlink(missing_ok=True)

    def _kept(self, names: Iterable[str]) -> Listing | None:
        file = self._home / "listing.sqlite"
        try:
            if time.time() - file.stat().st_mtime > KEPT_S:
                return None
            listing = Listing.kept(file)
        except (OSError, sqlite3.Error):
            return None
        return listing if all(_same(self.bucket.status(name), listing.find(name)) for name in names) else None

    def _new(self) -> Listing:
        listing = Listing.of((path, status) for path, status in self.bucket.list() if status)
        if len(listing) > KEPT_FROM:
            with suppress(DataError, sqlite3.Error):  # it is listed again then
                listing.keep(self._home / "listing.sqlite")
        return listing

    def names(self, folder: str) -> set[str]:
        """Names of the files in a folder of it, fetched or not."""
        inside = _inside(folder)
        return set() if inside is None else self._listing.names(inside)

    def status(self, name: str) -> Status | None:
        """Time and size of a file in the bucket; None where there is none."""
        inside = _inside(name)
        return self._listing.find(inside) if inside else None

    def why_none(self, name: str) -> str:
        """Why there is no such file; empty if there is one."""
        inside = _inside(name)
        if inside is None:
            return "it is outside of the library's folder"
        if self._listing.find(inside):
            return ""
        return "it is a folder" if not inside or self._listing.has_folder(inside) else "there is none"

    def fetch(self, name: str) -> Path:
        """A file as it is in the bucket, or where one of this name would be if the bucket has none."""
        inside = _inside(name)
        listed = self._listing.find(inside) if inside else None
        if inside and listed and not _same(Folder.status(self, inside), listed):
            self._download(inside, listed)
        return self.path / (inside or posixpath.basename(name))

    def _download(self, name: str, status: Status) -> None:
        with atomic_path(self.path / name) as temporary:
            with temporary.open("wb") as file:
                file.writelines(self.bucket.read(name, status))
            os.utime(temporary, ns=(status.mtime_ns, status.mtime_ns))

    def folders(self) -> set[str]:
        """Names of the folders in the bucket, as they were some seconds ago at most."""
        return {name for name, status in self._seen("").items() if status is None}

    def _seen(self, folder: str) -> dict[str, Status | None]:
        return _names_in(self.place, folder, int(time.monotonic() / SEEN_S))

    def bring(self, folder: str, *, last: str) -> None:
        """Fetch the files of a folder of it, ``last`` after all others; nothing if that one was fetched before."""
        if (self.path / folder / last).is_file():
            return
        files = {path: status for path, status in self.bucket.list(folder, deep=False) if status}
        marker = files.pop(f"{folder}/{last}", None)
        if marker:  # else it is not whole
            for path, status in files.items():
                self._download(path, status)
            self._download(f"{folder}/{last}", marker)

    def bring_files(self, folder: str, *patterns: str) -> None:
        """Fetch those files of a folder of it, by name or as ``*.json``, of whose names there are none here."""
        for name, status in self._seen(folder).items():
            here = (self.path / folder / name).exists()
            if status and not here and any(fnmatchcase(name, pattern) for pattern in patterns):
                self._download(posixpath.join(folder, name), status)

    def put(self, folder: str, files: Iterable[str], *, last: tuple[str, str] | None = None) -> None:
        """Put files of a folder of it where all can see them, in this order; then one of this name and text."""
        for name in files:
            self.bucket.write(posixpath.join(folder, name), (self.path / folder / name).read_bytes())
        if last:
            name, text = last
            self.bucket.write(posixpath.join(folder, name), text.encode())
        _names_in.cache_clear()


@lru_cache(64)
def _names_in(url: str, folder: str, moment: int) -> dict[str, Status | None]:
    """What is in a folder of a bucket: status of files, None for folders."""
    return {posixpath.basename(path): status for path, status in Bucket(url).list(folder, deep=False)}


def open_folder(place: Any) -> Folder:
    """A folder here, or the mirror of one in a bucket, by its path, its URL, or the mirror's path.

    Parameters
    ----------
    place : str or path-like
        nothing is asked of the bucket yet

    Examples
    --------
    >>> folder = open_folder("s3://music/demo")
    >>> folder.path.name, open_folder(folder.path).place
    ('demo', 's3://music/demo')
    >>> open_folder("data/demo").place
    'data/demo'
    """
    if is_url(place):
        return Mirror(str(place))
    home = Path(os.path.realpath(place)).parent
    if home.parent != Path(os.path.realpath(cache_folder())) / MIRRORS:
        return Folder(place)
    return Mirror(read_own_json(home / NOTE)["url"])


def mirror_path(place: Any) -> Path:
    """The folder that programs see: a path as it is, and for a URL that of its mirror."""
    return open_folder(place).path if is_url(place) else Path(place)


def is_there(place: Any) -> bool:
    """Whether a file is, by its path or its URL."""
    if not is_url(place):
        return Path(place).is_file()
    folder, name = Bucket(str(place)).parent_and_name()
    return Bucket(folder).status(name) is not None


def local_file(place: Any) -> Path:
    """A file here, by its path, or by a URL, from which it is fetched if it is not here as it is there.

    Raises
    ------
    DataError
        if a URL's file cannot be fetched, or there is none
    """
    if not is_url(place):
        return Path(place)
    folder, name = Bucket(str(place)).parent_and_name()
    mirror = Mirror(folder)
    if (status := mirror.bucket.status(name)) is None:
        raise DataError(f"no such file: {mirror.show(name)}; check the URL")
    if not _same(Folder.status(mirror, name), status):
        mirror._download(name, status)
    return mirror.path / name


def _same(one: Status | None, other: Status | None) -> bool:
    """Whether a file is the same by size and date; a listing's may have fractions of a second, others don't."""
    if one is None or other is None:
        return one is other
    return (one.size, one.mtime_ns // 10**9) == (other.size, other.mtime_ns // 10**9)


def _inside(name: str) -> str | None:
    """A path in the folder in normal form, empty for the folder itself; None of one that leads elsewhere."""
    path = posixpath.normpath(name) if name else "."
    if path.startswith(("/", "../")) or path == "..":
        return None
    return "" if path == "." else path
