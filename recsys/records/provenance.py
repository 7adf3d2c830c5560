"""Provenance of a result: the source files of the program, and their commit."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["ROOT", "repositories", "sources", "without_password"]

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("lemons", "recsys")
GIT_PATIENCE_S = 10


def sources() -> list[tuple[str, str]]:
    """Path (from `ROOT`) and MD5 of the program and of every file of LEMONS that it has imported."""
    ours = {*FLOORS, "__main__"}  # the program itself, or what runs the tests
    modules = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] in ours]
    files = {file for module in modules if _is_ours(file := _file_of(module))}
    return [(os.path.relpath(file, ROOT), hashlib.md5(file.read_bytes()).hexdigest()) for file in sorted(files)]


def _file_of(module: Any) -> Path:
    return Path(getattr(module, "__file__", None) or "").resolve()


def _is_ours(file: Path) -> bool:
    return file.is_file() and any(ROOT / floor in file.parents for floor in FLOORS)


def repositories(folder: str | os.PathLike = ROOT) -> list[dict[str, Any]]:
    """The git repository that LEMONS is run from, in sacred's form.

    Parameters
    ----------
    folder : path-like
        the checkout

    Returns
    -------
    list of dict
        one ``{"url", "commit", "dirty"}``: the address of ``origin`` without user and password, or the folder; the
        commit; whether tracked files differ from it. Empty without git, without a repository, or in a repository that
        does not track these files, as when LEMONS is installed into an environment inside another project
    """

    def git(*arguments: str) -> str:
        command = ["git", "-C", str(folder), *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=GIT_PATIENCE_S
        ).stdout.strip()

    try:
        git("ls-files", "--error-unmatch", "recsys/records/provenance.py")
        commit = git("rev-parse", "HEAD")
        dirty = bool(git("status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.SubprocessError):
        return []
    try:
        url = without_password(git("config", "--get", "remote.origin.url"))
    except subprocess.SubprocessError:
        url = f"git:/{Path(folder).resolve()}"
    return [{"url": url, "commit": commit, "dirty": dirty}]


def without_password(url: str) -> str:
    """An address without its user and password.

    Examples
    --------
    >>> without_password("mongodb://marko:secret@localhost:27017")
    'mongodb://localhost:27017'
    """
    return re.sub(r"//[^@/]*@", "//", url)
