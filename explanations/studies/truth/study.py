"""The study in parts: closed forms, constructed causes, trained plants; truth.json holds what came of them."""

import json
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from explanations.studies.truth.causes import CAUSES, SIGMA, Cause, K
from explanations.studies.truth.constructed import KINDS, check_closed_forms, study_cause
from explanations.studies.truth.parts import keep_part
from explanations.studies.truth.summary import summarise
from lemons.errors import ParameterError
from lemons.files import atomic_path
from lemons.progress import Progress

FILE = "truth.json"
N_TRACKS = 100  # draws of a constructed cause
QUICK_TRACKS = 10


def study_constructed(
    folder: str | os.PathLike,
    *,
    n_tracks: int = N_TRACKS,
    sigma: float = SIGMA,
    causes: Sequence[Cause] = CAUSES,
    bar: Callable[[str, str], Progress] | None = None,
) -> list[dict[str, Any]]:
    """Judge the methods on every constructed cause; what is finished is read.

    Parameters
    ----------
    folder : path-like
        of the parts
    n_tracks : int > 0
        draws of each cause
    sigma : float >= 0
        strength of the nuisances
    causes : sequence of Cause
    bar : callable or None
        ``bar(description, unit)`` makes a progress callback

    Returns
    -------
    list of dict
        a row for each kind of components and cause: ``case``, ``kind``, ``sigma``, ``n_redrawn`` and what
        `explanations.studies.truth.summary.summarise` gives

    Raises
    ------
    ParameterError
        if a number is out of range
    DataError
        if a part cannot be written or read
    """
    if n_tracks < 1 or sigma < 0:
        raise ParameterError(f"n_tracks={n_tracks} must be at least 1, and sigma={sigma} at least 0")
    progress = bar("constructed", "track") if bar else None
    found = {}
    for done, cause in enumerate(causes):
        settings = {"cause": cause.name, "sigma": sigma, "n_tracks": n_tracks}
        step = _step(progress, done * n_tracks, len(causes) * n_tracks)
        compute = partial(study_cause, cause, n_tracks=n_tracks, sigma=sigma, progress=step)
        found[cause] = keep_part(folder, f"constructed {cause.name} {sigma:g}", settings, compute)["tracks"]
        if step:
            step(n_tracks, n_tracks)
    return [
        {"case": cause.name, "kind": kind, "sigma": sigma, "n_redrawn": sum(track["n_redrawn"] for track in tracks)}
        | summarise(tracks, kind, fact=cause.fact)
        for kind in KINDS
        for cause, tracks in found.items()
    ]


def _step(progress: Progress | None, before: int, total: int) -> Progress | None:
    """A callback for one part of several."""
    return None if progress is None else lambda done, _: progress(before + done, total)


def write_truth(path: str | os.PathLike, constructed: list[dict], trained: list[dict], **settings: Any) -> dict:
    """Write what came of the study; returns it."""
    found = {
        "settings": settings,
        "closed_forms": check_closed_forms(K),
        "constructed": constructed,
        "trained": trained,
    }
    with atomic_path(Path(path)) as temporary:
        temporary.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found
