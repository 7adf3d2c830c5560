"""The study in parts: closed forms, constructed causes, trained plants; truth.json holds what came of them."""

import json
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from explanations.studies.truth.agreement import agreement
from explanations.studies.truth.causes import CAUSES, SIGMA, Cause, K
from explanations.studies.truth.constructed import KINDS, check_closed_forms, study_cause
from explanations.studies.truth.judge import JUDGEMENT
from explanations.studies.truth.parts import keep_part
from explanations.studies.truth.summary import summarise
from lemons.errors import ParameterError
from lemons.files import atomic_path
from lemons.progress import Progress

__all__ = ["FILE", "QUICK_TRACKS", "Studied", "study_constructed", "write_truth"]

FILE = "truth.json"
N_TRACKS = 100  # draws of a constructed cause
QUICK_TRACKS = 10
BLOCK = 10  # draws in a part


class Studied(NamedTuple):
    """What came of a part of the study.

    Attributes
    ----------
    rows : list of dict
        one for each case and kind of components, with what `explanations.studies.truth.summary.summarise` gives
    tracks : list of dict
        all that was judged; see `explanations.studies.truth.judge.judge`
    """

    rows: list[dict[str, Any]]
    tracks: list[dict[str, Any]]


def study_constructed(
    folder: str | os.PathLike,
    *,
    n_tracks: int = N_TRACKS,
    sigma: float = SIGMA,
    causes: Sequence[Cause] = CAUSES,
    bar: Callable[[str, str], Progress] | None = None,
) -> Studied:
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
    Studied
        a row has ``case``, ``kind``, ``sigma`` and ``n_redrawn``, too

    Raises
    ------
    ParameterError
        if a number is out of range
    DataError
        if a part cannot be written or read
    """
    if n_tracks < 1 or sigma < 0:
        raise ParameterError(f"n_tracks={n_tracks} must be at least 1, and sigma={sigma} at least 0")
    progress = bar("constructed" if sigma else "without nuisances", "track") if bar else None
    found: dict[Cause, list[dict]] = {cause: [] for cause in causes}
    for first in range(0, n_tracks, BLOCK):
        numbers = range(first, min(first + BLOCK, n_tracks))
        for cause, tracks in found.items():
            settings = {"cause": cause.name, "sigma": sigma, "numbers": [numbers.start, numbers.stop]}
            settings["judgement"] = JUDGEMENT
            compute = partial(study_cause, cause, numbers=numbers, sigma=sigma)
            tracks += keep_part(folder, f"constructed {cause.name} {sigma:g} {first}", settings, compute)["tracks"]
            if progress:
                progress(sum(map(len, found.values())), n_tracks * len(found))
    rows = [
        {"case": cause.name, "kind": kind, "sigma": sigma, "n_redrawn": sum(track["n_redrawn"] for track in tracks)}
        | summarise(tracks, kind, facts=[cause.fact])
        for kind in KINDS
        for cause, tracks in found.items()
    ]
    return Studied(rows, [track for tracks in found.values() for track in tracks])


def write_truth(
    path: str | os.PathLike, constructed: Studied, plain: Studied, trained: Studied, **settings: Any
) -> dict[str, Any]:
    """Write what came of the study; returns it.

    Parameters
    ----------
    path : path-like
    constructed, plain, trained : Studied
        constructed causes among nuisances, the same without any, and trained plants, of which there may be none
    **settings : plain values
        of the study
    """
    parts = {"constructed": constructed.tracks}
    if trained.tracks:
        parts = {"all": constructed.tracks + trained.tracks} | parts | {"trained": trained.tracks}
    found = {
        "settings": settings,
        "closed_forms": check_closed_forms(K),
        "constructed": constructed.rows,
        "without_nuisances": plain.rows,
        "trained": trained.rows,
        "agreement": {part: {kind: agreement(tracks, kind) for kind in KINDS} for part, tracks in parts.items()},
    }
    with atomic_path(Path(path)) as temporary:
        temporary.write_text(json.dumps(found, indent=1), encoding="utf-8")
    return found
