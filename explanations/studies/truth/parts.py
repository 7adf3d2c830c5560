"""The parts of a study as files: computed once, kept whole, read when the study goes on."""

import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from lemons.errors import DataError
from lemons.files import atomic_path, safe_name

__all__ = ["keep_arrays", "keep_part"]

RECIPE = 2  # raise it with every change of what is planted, trained or asked; of what is judged, `JUDGEMENT`


def keep_part(
    folder: str | os.PathLike, name: str, settings: Mapping[str, Any], compute: Callable[[], dict[str, Any]]
) -> dict[str, Any]:
    """A part's result: read if it was computed with these settings, else computed and written.

    Parameters
    ----------
    folder : path-like
        where the parts are
    name : str
        of this one
    settings : mapping of str to plain values
        all that the result depends on
    compute : callable
        ``compute() -> result``, plain values by name

    Returns
    -------
    dict of str to plain values

    Raises
    ------
    DataError
        if the file cannot be written, or is no part of a study
    """
    path = Path(folder) / f"{safe_name(name)}.json"
    settings = {"recipe": RECIPE} | dict(settings)
    if path.is_file():
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            if found["settings"] == settings:
                return found["result"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise DataError(f"{path} is no part of this study ({error}); move it away") from error
    result = compute()
    with atomic_path(path) as temporary:
        temporary.write_text(json.dumps({"settings": settings, "result": result}, indent=1), encoding="utf-8")
    return result


def keep_arrays(
    folder: str | os.PathLike, name: str, settings: Mapping[str, Any], compute: Callable[[], dict[str, np.ndarray]]
) -> dict[str, np.ndarray]:
    """The same of a part whose result is arrays; as npz."""
    path = Path(folder) / f"{safe_name(name)}.npz"
    written = json.dumps({"recipe": RECIPE} | dict(settings), sort_keys=True)
    if path.is_file():
        try:
            with np.load(path, allow_pickle=False) as file:
                found = dict(file)
            if str(found.pop("settings")) == written:
                return found
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise DataError(f"{path} is no part of this study ({error}); move it away") from error
    result = compute()
    with atomic_path(path) as temporary:
        np.savez(temporary, allow_pickle=False, settings=np.array(written), **result)
    return result
