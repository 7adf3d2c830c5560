"""The trained part of the study: listeners of planted traits, learned again with each seed, and explained."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from explanations.studies.truth.constructed import KINDS
from explanations.studies.truth.judge import JUDGEMENT
from explanations.studies.truth.listeners import BATCH_SIZE, SCHEDULE, TRAINING_SEED, Recombined, train_listener
from explanations.studies.truth.parts import keep_arrays, keep_part
from explanations.studies.truth.plants import Donors, find_donors, measure_stems
from explanations.studies.truth.study import Studied
from explanations.studies.truth.summary import summarise
from explanations.studies.truth.trained import (
    CASES,
    TrainedCase,
    answers_of,
    check_candidate,
    judge_candidate,
    make_candidate,
)
from lemons.errors import ParameterError
from lemons.library import Library
from lemons.progress import Progress
from recsys.checkpoints import load_checkpoint
from recsys.network import Network

__all__ = ["study_trained"]

N_SEEDS = 3
N_EXPLAINED = 14  # tracks of a case and seed: 42 of a case
N_CANDIDATES = 3  # for each of them, tracks that may go through the twin check
FAILED = "source, twin check failed"


class Learned(NamedTuple):
    """A trained model, and how it came about."""

    model: Network
    settings: dict[str, Any]
    training: dict[str, Any]


def study_trained(
    folder: str | os.PathLike,
    library: Library,
    *,
    n_tracks: int = N_EXPLAINED,
    n_seeds: int = N_SEEDS,
    cases: Sequence[TrainedCase] = CASES,
    bar: Callable[[str, str], Progress] | None = None,
) -> Studied:
    """Train the listeners of planted traits and judge the methods on what they learned; what is finished is read.

    Parameters
    ----------
    folder : path-like
        of the parts; the models are beside it
    library : Library
        the demo's
    n_tracks : int > 0
        of each case and seed are explained: the first that pass the twin check, of at most three times as many; and of
        those that fail it, half as many, whole stems only
    n_seeds : int > 0
        trainings of each listener, each with other tracks, initial weights and crops
    cases : sequence of TrainedCase
    bar : callable or None
        ``bar(description, unit)`` makes a progress callback

    Returns
    -------
    Studied
        a row has ``case``, ``kind`` and ``seeds``: for each, what came of the training, and how many candidates were
        ``checked``, ``recommended`` and ``passed``. It has no ``methods`` where none passed

    Raises
    ------
    ParameterError
        if a number is out of range
    DataError
        if the library is not the demo's, or a part cannot be written or read
    """
    if n_tracks < 1 or n_seeds < 1:
        raise ParameterError(f"n_tracks={n_tracks} and n_seeds={n_seeds} must be at least 1")
    about = {"library": library.fingerprint}
    measure = partial(measure_stems, library, bar("stems", "track") if bar else None)
    donors = find_donors(library, keep_part(folder, "excerpts", about, measure))
    learned = {}
    for seed in range(n_seeds):
        tracks = Recombined(donors, seed, bar(f"recombined {seed}", "track") if bar else None)
        for listener in dict.fromkeys(case.listener for case in cases):
            settings = about | {"likes": sorted(listener.likes), "more": listener.more}
            settings |= {"schedule": SCHEDULE, "batch_size": BATCH_SIZE}
            settings["seed"] = TRAINING_SEED + seed
            path = Path(folder).parent / "models" / f"{listener.name} {seed}.pt"
            train = partial(train_listener, listener, tracks, path)
            training = keep_part(folder, f"trained {listener.name} {seed}", settings, train)
            learned[listener.name, seed] = Learned(load_checkpoint(path)[0], settings, training)
    rows, judged = [], []
    for case in cases:
        models = [learned[case.listener.name, seed] for seed in range(n_seeds)]
        progress = bar(case.name, "track") if bar else None
        found = _study_case(folder, case, donors, models, n_tracks, progress)
        rows += found.rows
        judged += found.tracks
    return Studied(rows, judged)


def _study_case(folder, case, donors, models, n_tracks, progress) -> Studied:
    """The rows of one case, and its tracks that passed the twin check."""
    seeds: list[dict[str, Any]] = []
    passed: list[dict[str, Any]] = []
    failed: list[dict[str, Any]] = []
    for seed, its in enumerate(models):
        ask = partial(_judged, folder, case, donors, its, seed)
        counts = {"checked": 0, "recommended": 0, "passed": 0}
        for index in range(N_CANDIDATES * n_tracks):
            check = _checked(folder, case, donors, its, seed, index)
            counts = {name: n + check.get(name, True) for name, n in counts.items()}
            if check["passed"]:
                passed.append(ask(index))
            elif check["recommended"] and counts["recommended"] - counts["passed"] <= n_tracks // 2:
                failed.append(ask(index, segments=False))
            if progress:
                progress(seed * n_tracks + counts["passed"], len(models) * n_tracks)
            if counts["passed"] == n_tracks:
                break
        seeds.append({"seed": seed} | its.training | counts)
    row, both = {"case": case.name, "seeds": seeds}, ("sufficient", "necessary")
    rows = [row | {"kind": kind} | (summarise(passed, kind, facts=both) if passed else {}) for kind in KINDS]
    if failed:
        rows.append(row | {"kind": FAILED} | summarise(failed, "source", facts=both))
    return Studied(rows, passed)


def _checked(folder, case: TrainedCase, donors: Donors, its: Learned, seed: int, index: int) -> dict[str, Any]:
    def check() -> dict[str, Any]:
        return check_candidate(its.model, make_candidate(case, donors, index, seed=seed))

    return keep_part(folder, f"{case.name} {seed} check {index}", its.settings, check)


def _judged(folder, case, donors, its: Learned, seed: int, index: int, segments: bool = True) -> dict[str, Any]:
    """What the methods say of a candidate. The answers are kept, too: they take seconds, to judge them is quick."""
    name = f"{case.name} {seed} {index}{'' if segments else ' stems'}"

    def judge() -> dict[str, Any]:
        candidate = make_candidate(case, donors, index, seed=seed)
        ask = partial(answers_of, its.model, candidate, segments=segments)
        return judge_candidate(candidate, **keep_arrays(folder, name, its.settings, ask)) | {"seed": seed}

    return keep_part(folder, name, its.settings | {"judgement": JUDGEMENT}, judge)
