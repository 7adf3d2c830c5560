"""Packages that the small installation leaves out: the extra that has them, and the command that installs it.

``pip install lemons-explanations`` brings what `lemons.audiolime`, `lemons.quality` and reading sounds and libraries
need. All else comes with an extra of pyproject.toml. Whoever needs it calls `require` before the import: a package's
``__init__`` for all its modules, or a function that alone needs it.
"""

from importlib.util import find_spec

from lemons.errors import MissingDependencyError

__all__ = ["how_to_install", "missing", "require"]


def require(what: str, *packages: str, extra: str) -> None:
    """Refuse to go on without some packages, which are looked for and not imported.

    Parameters
    ----------
    what : str
        who needs them, as the subject of a sentence: ``"the exact engine"``
    *packages : str
        their names in an ``import``
    extra : str
        the extra of lemons-explanations that installs them

    Raises
    ------
    MissingDependencyError
        if some are not installed: it names these, and the command that installs them

    Examples
    --------
    >>> require("reading audio", "numpy", "soundfile", extra="all")
    >>> require("a gramophone", "numpy", "shellac", extra="page")
    Traceback (most recent call last):
    ...
    lemons.errors.MissingDependencyError: a gramophone needs shellac: pip install 'lemons-explanations[page]'
    """
    if absent := missing(*packages):
        raise MissingDependencyError(f"{what} needs {' and '.join(absent)}: {how_to_install(extra)}", name=absent[0])


def missing(*packages: str) -> list[str]:
    """Those of some packages that are not installed.

    >>> missing("numpy", "shellac")
    ['shellac']
    """
    return [name for name in packages if find_spec(name) is None]


def how_to_install(extra: str) -> str:
    """The command that installs an extra.

    >>> how_to_install("exact")
    "pip install 'lemons-explanations[exact]'"
    """
    return f"pip install 'lemons-explanations[{extra}]'"
