"""The study in parts: closed forms, constructed causes, trained plants; truth.json holds what came of them."""

import json
import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from explanations.studies.truth.causes import CAUSES, SIGMA, Cause, K
from explanations.studies.truth.constructed import KINDS, check_closed_forms, study_cause
from explanations.studies.truth.listeners import BATCH_SIZE, SCHEDULE, TRAINING_SEED, Recombined, train_listener
from explanations.studies.truth.parts import keep_part
from explanations.studies.truth.plants import find_donors, measure_stems
from explanations.studies.truth.summary import summarise
from explanations.studies.truth.trained import CASES, TrainedCase, check_candidate, judge_candidate, make_candidate
from lemons.errors import ParameterError
from lemons.files import atomic_path
from lemons.library import Library
from lemons.progress import Progress
from recsys.checkpoints import load_checkpoint

__all__ = ["BLOCK", "FILE", "QUICK_TRACKS", "study_constructed", "study_trained", "write_truth"]

FILE = "truth.json"
N_TRACKS = 100  # draws of a constructed cause
QUICK_TRACKS = 10
BLOCK = 10  # draws in a part
N_EXPLAINED = 8  # tracks of a trained case
N_CANDIDATES = 3  # for each of them, tracks that go through the twin check


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
    found: dict[Cause, list[dict]] = {cause: [] for cause in causes}
    for first in range(0, n_tracks, BLOCK):
        numbers = range(first, min(first + BLOCK, n_tracks))
        for cause, tracks in found.items():
            settings = {"cause": cause.name, "sigma": sigma, "numbers": [numbers.start, numbers.stop]}
            compute = partial(study_cause, cause, numbers=numbers, sigma=sigma)
            tracks += keep_part(folder, f"constructed {cause.name} {sigma:g} {first}", settings, compute)["tracks"]
            if progress:
                progress(sum(map(len, found.values())), n_tracks * len(found))
    return [
        {"case": cause.name, "kind": kind, "sigma": sigma, "n_redrawn": sum(track["n_redrawn"] for track in tracks)}
        | summarise(tracks, kind, facts=[cause.fact])
        for kind in KINDS
        for cause, tracks in found.items()
    ]


def study_trained(
    folder: str | os.PathLike,
    library: Library,
    *,
    n_tracks: int = N_EXPLAINED,
    cases: Sequence[TrainedCase] = CASES,
    bar: Callable[[str, str], Progress] | None = None,
) -> list[dict[str, Any]]:
    """Train the listeners of planted traits and judge the methods on what they learned; what is finished is read.

    Parameters
    ----------
    folder : path-like
        of the parts; the models are beside it
    library : Library
        the demo's
    n_tracks : int > 0
        of each case are explained, of three times as many that go through the twin check; and of those that fail it,
        half as many, whole stems only
    cases : sequence of TrainedCase
    bar : callable or None
        ``bar(description, unit)`` makes a progress callback

    Returns
    -------
    list of dict
        a row for each case and kind of components: as of `study_constructed`, with ``check``: how many of the
        candidates were recommended and passed, and ``training``; without ``methods`` where none passed

    Raises
    ------
    DataError
        if the library is not the demo's, or a part cannot be written or read
    """
    about = {"library": library.fingerprint}
    measure = partial(measure_stems, library, bar("stems", "track") if bar else None)
    levels = keep_part(folder, "stem levels", about, lambda: {"levels": measure()})["levels"]
    donors = find_donors(library, levels)
    tracks = Recombined(donors, bar("recombined", "track") if bar else None)
    rows = []
    for case in cases:
        listener, path = case.listener, Path(folder).parent / "models" / f"{case.listener.name}.pt"
        how = about | {
            "likes": sorted(listener.likes),
            "schedule": SCHEDULE,
            "batch_size": BATCH_SIZE,
            "seed": TRAINING_SEED,
        }
        train = partial(train_listener, listener, tracks, path)
        training = keep_part(folder, f"trained {listener.name}", how, train)
        model = load_checkpoint(path)[0]
        progress = bar(case.name, "track") if bar else None
        rows += _study_case(folder, case, donors, model, how, n_tracks, progress, training)
    return rows


def _study_case(folder, case, donors, model, how, n_tracks, progress, training) -> list[dict[str, Any]]:
    """The rows of one case."""
    checks, n_candidates = [], N_CANDIDATES * n_tracks
    for index in range(n_candidates):
        check = lambda index=index: check_candidate(model, make_candidate(case, donors, index))  # noqa: E731
        checks.append(keep_part(folder, f"{case.name} check {index}", how, check))
        if progress:
            progress(index + 1, n_candidates + n_tracks)
    passed = [index for index, one in enumerate(checks) if one["passed"]]
    failed = [index for index, one in enumerate(checks) if one["recommended"] and not one["passed"]]

    def judged(index: int, segments: bool) -> dict[str, Any]:
        compute = lambda: judge_candidate(model, make_candidate(case, donors, index), segments=segments)  # noqa: E731
        return keep_part(folder, f"{case.name} {index}{'' if segments else ' stems'}", how, compute)

    found = []
    for done, index in enumerate(passed[:n_tracks], start=1):
        found.append(judged(index, True))
        if progress:
            progress(n_candidates + done, n_candidates + n_tracks)
    others = [judged(index, False) for index in failed[: n_tracks // 2]]
    counts = {"n": len(checks), "recommended": len(passed) + len(failed), "passed": len(passed)}
    row = {"case": case.name, "check": counts, "training": training}
    both = ("sufficient", "necessary")
    rows = [row | {"kind": kind} | (summarise(found, kind, facts=both) if found else {}) for kind in KINDS]
    if others:
        rows.append(row | {"kind": "source, twin check failed"} | summarise(others, "source", facts=both))
    return rows


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
