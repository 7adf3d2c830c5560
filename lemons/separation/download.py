"""Downloads that resume after a broken connection, and whose checksum is verified."""

import shutil
from pathlib import Path

import pooch
import requests
from tqdm import tqdm

from lemons.errors import DataError

__all__ = ["CHUNK", "TRIES", "Continuing", "download"]

TRIES = 4  # of a download that breaks, before the user is asked
TIMEOUT_S = 30
CHUNK = 2**14  # bytes; at most so many are lost when a connection breaks


def download(url: str, path: Path, *, sha256: str, progress: bool = False) -> Path:
    """Download a file, unless it is there; what arrived before a connection broke is kept for the next call.

    Parameters
    ----------
    url : str
        where it is
    path : Path
        where it goes
    sha256 : str
        its checksum, in hexadecimal digits
    progress : bool
        show a bar on standard error

    Returns
    -------
    Path
        ``path``

    Raises
    ------
    DataError
        if the checksum of what arrived is another
    OSError
        if the download fails; what requests raises is one
    """
    downloader = Continuing(path.with_name(f"{path.name}.part"), progress=progress)
    try:
        known = {"known_hash": f"sha256:{sha256}", "downloader": downloader}
        return Path(pooch.retrieve(url, path=path.parent, fname=path.name, **known))
    except ValueError as error:  # what pooch says of a wrong checksum
        raise DataError(f"{url} did not arrive as it was published (its checksum differs); fetch it again") from error


class Continuing:
    """A downloader for pooch that resumes a broken download, of this call or an earlier one.

    Parameters
    ----------
    part : Path
        where the file grows
    progress : bool
        show a bar on standard error
    """

    def __init__(self, part: Path, *, progress: bool):
        self._part, self._progress = part, progress

    def __call__(self, url: str, output_file: str, _pooch: object) -> None:
        """Download ``url`` to ``output_file``; the signature is pooch's."""
        for attempt in range(1, TRIES + 1):
            try:
                self._resume(url)
                break
            except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError, requests.Timeout):
                if attempt == TRIES:
                    raise
        shutil.move(self._part, output_file)

    def _resume(self, url: str) -> None:
        done = self._part.stat().st_size if self._part.exists() else 0
        headers = {"Range": f"bytes={done}-", "Accept-Encoding": "identity"}
        with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
            if response.status_code == requests.codes.requested_range_not_satisfiable and done:
                return  # it is complete already, or too long: the checksum decides
            response.raise_for_status()
            if response.status_code != requests.codes.partial_content:
                done = 0  # the server cannot resume
            total = done + int(response.headers.get("Content-Length", 0)) or None
            with open(self._part, "ab" if done else "wb") as file, self._bar(done, total) as bar:
                for chunk in response.iter_content(CHUNK):
                    file.write(chunk)
                    bar.update(len(chunk))

    def _bar(self, done: int, total: int | None) -> tqdm:
        return tqdm(
            initial=done,
            total=total,
            desc="weights",
            unit="B",
            unit_scale=True,
            dynamic_ncols=True,
            disable=not self._progress,
        )
