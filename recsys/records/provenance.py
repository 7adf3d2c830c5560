"""Where a result comes from: the sources that made it, and the commit they are of."""

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("lemons", "recsys")
GIT_PATIENCE_S = 10


def sources() -> list[tuple[str, str]]:
    """Path (from `ROOT`) and MD5 of every file of ours that this program has imported, the program itself included."""
    files = {Path(module.__file__).resolve() for module in list(sys.modules.values()) if _is_ours(module)}
    return [(os.path.relpath(file, ROOT), hashlib.md5(file.read_bytes()).hexdigest()) for file in sorted(files)]


def _is_ours(module: Any) -> bool:
    """By its file, not by its name: the program itself is called ``__main__``, and so is what runs the tests."""
    file = Path(getattr(module, "__file__", None) or "").resolve()
    # some modules of PyTorch name files that are not there, such as _classes.py in whatever folder this is
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
        commit; whether tracked files differ from it. Empty where there is no git, no repository, or one that does not
        keep these files, as when LEMONS is installed into an environment inside another project
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
    """An address without the user and password in it.

    Examples
    --------
    >>> without_password("mongodb://marko:secret@localhost:27017")
    'mongodb://localhost:27017'
    """
    return re.sub(r"//[^@/]*@", "//", url)
