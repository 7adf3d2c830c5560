"""Where the packages are: installed, as ``.deb`` files in a folder, or to be downloaded by apt, Debian's own client."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lemons.errors import DataError
from lemons.library.real.deb import unpack_deb
from lemons.library.real.packages import PACKAGES, Package

__all__ = ["Source", "find_sources"]

KEPT = (".ogg", ".ini")  # what is unpacked of a package's music


@dataclass(frozen=True)
class Source:
    """A package that was found.

    Attributes
    ----------
    package : Package
        what is known of it
    name : str
        the one of its names that it was found by
    root : Path
        the folder that its files are below
    """

    package: Package
    name: str
    root: Path

    @property
    def copyright(self) -> Path:
        """The text of its licences."""
        return self.root / copyright_of(self.name)

    def read_copyright(self) -> bytes:
        """That text; DataError if it cannot be read."""
        try:
            return self.copyright.read_bytes()
        except OSError as error:
            raise DataError(f"{self.copyright} cannot be read ({error.strerror}); check its permissions") from error


def copyright_of(name: str) -> str:
    """Where a package's licences are, below the root."""
    return f"usr/share/doc/{name}/copyright"


def find_sources(
    unpacked: Path, *, debs: Path | None = None, root: Path = Path("/"), download: bool = False
) -> tuple[list[Source], list[str]]:
    """Find each package: installed below ``root``, else a ``.deb`` in ``debs``, else by a download to there.

    Parameters
    ----------
    unpacked : Path
        folder for what is in the ``.deb`` files; what was unpacked before is found there
    debs : Path, optional
        folder of ``.deb`` files
    root : Path
        below which packages are installed, or were unpacked
    download : bool
        whether `apt-get download` fetches what is missing, into ``debs``

    Returns
    -------
    sources : list of Source
        in the order of `PACKAGES`
    sentences : list of str
        one for each package that was not found, is damaged, or could not be downloaded

    Raises
    ------
    DataError
        if there is no such folder, or none of the packages was found; the sentence says how to get them
    """
    if debs is not None and not debs.is_dir() and not download:
        raise DataError(f"no such folder of packages: {debs}; check --debs, or add --download")
    sources, sentences = [], []
    for package in PACKAGES:
        try:
            sources.append(_find(package, unpacked, debs=debs, root=root, download=download))
        except DataError as error:
            sentences.append(f"package {package.names[0]} skipped: {error}")
    if not sources:
        names = " ".join(package.names[0] for package in PACKAGES)
        how = f"install them (apt-get install {names}), name a folder of their .deb files by --debs, or add --download"
        raise DataError(f"no package of free music was found; {how}; {sentences[0]}")
    return sources, sentences


def _find(package: Package, unpacked: Path, *, debs: Path | None, root: Path, download: bool) -> Source:
    for name in package.names:
        installed = Source(package, name, root)
        if installed.copyright.is_file() and any(root.glob(package.songs)):
            return installed
    for name, deb in _files(package, debs):
        return _unpack(package, name, deb, unpacked)
    if download and debs is not None:
        _download(package, debs)
        for name, deb in _files(package, debs):
            return _unpack(package, name, deb, unpacked)
    raise DataError(f"it is not installed below {root}" + (f", and no .deb of it is in {debs}" if debs else ""))


def _files(package: Package, debs: Path | None) -> Iterator[tuple[str, Path]]:
    """The ``.deb`` files of a package, NAME_VERSION_ARCHITECTURE.deb."""
    for name in package.names:
        for deb in sorted(debs.glob(f"{name}_*.deb")) if debs else ():
            yield name, deb


def _unpack(package: Package, name: str, deb: Path, unpacked: Path) -> Source:
    folder = unpacked / deb.stem

    def wanted(path: str) -> bool:
        return path == copyright_of(name) or (path.startswith(f"{package.home}/") and path.endswith(KEPT))

    if not folder.is_dir():
        unpack_deb(deb, folder, wanted=wanted)
    source = Source(package, name, folder)
    if not source.copyright.is_file() or not any(folder.glob(package.songs)):
        raise DataError(f"{deb} holds no {package.songs} or no {copyright_of(name)}; it is another package")
    return source


def _download(package: Package, debs: Path) -> None:
    """Fetch a package by its first name that apt knows; apt checks its signature."""
    if not (apt := shutil.which("apt-get")):
        raise DataError("there is no apt-get to download it; name a folder of .deb files by --debs")
    debs.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=debs, prefix=".") as folder:  # an interrupted download leaves no half file
        for name in package.names:
            command = [apt, "-q", "download", name]
            done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
            for deb in Path(folder).glob("*.deb") if done.returncode == 0 else ():
                os.replace(deb, debs / deb.name)
                return
    reason = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
    raise DataError(f"apt-get could not download it ({reason}); call `apt-get update`, or see --debs")
