"""The paths of one installation, from ``config.py`` or the defaults.

Only programs and the page read the configuration; all other code gets its paths as arguments. A configuration is a
program, so it is run from the repository or where the user names it, never because the working folder holds one: that
folder may be a library that a stranger made.
"""

import logging
import os
import runpy
import shlex
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from lemons.errors import ConfigError, LemonsError
from lemons.storage import is_url, mirror_path, open_folder

__all__ = ["ROOT", "Config", "find_config", "read_config"]

logger = logging.getLogger(__name__)
VARIABLES = {"LEMONS_LIBRARY": "library_path", "LEMONS_EXPERIMENTS": "experiments_path"}
ROOT = Path(__file__).resolve().parents[1]  # of the repository; where LEMONS was installed without one, of the packages


@dataclass(frozen=True)
class Config:
    """Paths and addresses; the defaults need no ``config.py``.

    Where a path is set as a URL (``s3://``, ``gs://``), it is here that of its mirror, see `lemons.storage`.

    Attributes
    ----------
    library_path : Path
        the music library in use: tracks.csv, listens.csv, audio/, stems/
    experiments_path : Path
        trained models, sacred's records and TensorBoard's curves
    explanations_path : Path
        explanations that were computed before
    fleet_path : Path or str
        results of `lemons fleet`: a folder, or a URL such as ``s3://bucket/folder``; empty: `fleet_results` says where
    mongodb_url : str
        MongoDB for sacred, such as ``mongodb://localhost:27017``; empty: files under ``experiments_path``
    mongodb_db_name : str
        the database's name there
    """

    library_path: Path = ROOT / "data" / "demo"
    experiments_path: Path = ROOT / "experiments"
    explanations_path: Path = ROOT / "experiments" / "explanations"
    fleet_path: Path | str = ""
    mongodb_url: str = ""
    mongodb_db_name: str = "LEMONS"

    @property
    def fleet_results(self) -> Path | str:
        """``fleet_path``, by default the folder ``fleet`` in the experiments, wherever these are."""
        return self.fleet_path or open_folder(self.experiments_path).place_of("fleet")


def find_config(path: str | os.PathLike | None = None) -> Path | None:
    """The file that `read_config` reads: the argument, else $LEMONS_CONFIG, else config.py of the repository.

    A configuration of LEMONS in the working folder is not read; a warning says so, once, and how to name it.

    Returns
    -------
    Path or None
        None where there is no such file and the defaults hold

    Raises
    ------
    ConfigError
        if the argument or $LEMONS_CONFIG names a file that does not exist
    """
    for source, named in (("argument", path), ("$LEMONS_CONFIG", os.environ.get("LEMONS_CONFIG"))):
        if named:
            if not Path(named).is_file():
                raise ConfigError(f"no such configuration file: {named} ({source}); copy config_template.py to it")
            return Path(named)
    here, own = Path("config.py").absolute(), ROOT / "config.py"
    if here.resolve() != own.resolve() and _is_ours(here):
        _warn_of(here)
    return own if _is_ours(own) else None


def _is_ours(file: Path) -> bool:
    """Whether it sets a name that LEMONS knows; another installed package may have a module of this name."""
    try:
        return file.is_file() and any(one.name in file.read_text(errors="replace") for one in fields(Config))
    except OSError:
        return False


@cache
def _warn_of(file: Path) -> None:
    named = f"LEMONS_CONFIG={shlex.quote(str(file))}"
    logger.warning(f"{file} was not read, since anybody may have put it there; to use it, set {named}")


def read_config(path: str | os.PathLike | None = None) -> Config:
    """Read the configuration.

    Parameters
    ----------
    path : path-like, optional
        a configuration file; where it is absent see `find_config`

    Returns
    -------
    Config
        relative paths of the file count from its folder; $LEMONS_LIBRARY and $LEMONS_EXPERIMENTS, where they are set,
        are the paths of the library and of the experiments, and count from the working folder

    Raises
    ------
    ConfigError
        if the file is missing, fails to run, or sets a name that LEMONS does not know; or a URL is of another kind
    """
    found = find_config(path)
    named: dict[str, Any] = {}
    for variable, name in VARIABLES.items():
        if value := os.environ.get(variable):
            named[name] = _path(value, Path.cwd(), f"${variable}")  # absolute: runs record it
    if found is None:
        return Config(**named)
    try:
        names = runpy.run_path(str(found))
    except Exception as error:  # whatever the file's own lines raise
        raise ConfigError(f"{found} fails to run ({error!r}); compare it with config_template.py") from error
    imported = (ModuleType, type)
    settings = {k: v for k, v in names.items() if not k.startswith("_") and not isinstance(v, imported)}
    known = [field.name for field in fields(Config)]
    for name, value in settings.items():
        if name not in known:
            raise ConfigError(f"{found} sets {name}, which is unknown; known names are {', '.join(known)}")
        if not isinstance(value, (str, os.PathLike)):
            raise ConfigError(f"{found}: {name}={value!r} must be a text; put it in quotation marks")
    folder = found.resolve().parent
    paths = {
        name: _path(value, folder, f"{found}: {name}")
        for name, value in settings.items()
        # results of a fleet are read where they are, and may be with the experiments
        if name.endswith("_path") and not (name == "fleet_path" and (not value or is_url(value)))
    }
    return Config(**settings | paths | named)


def _path(value: str | os.PathLike, folder: Path, where: str) -> Path:
    """A path that counts from a folder, or that of a URL's mirror."""
    if not is_url(value):
        return folder / Path(value).expanduser()
    try:
        return mirror_path(value)
    except LemonsError as error:
        raise ConfigError(f"{where}: {error}") from error
