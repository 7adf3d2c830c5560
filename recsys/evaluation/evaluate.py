"""Evaluation of a listener's model on the test tracks, beside baselines.

An evaluation consists of three files beside the model:

* ``evaluation.json``: every measure of the model and of each baseline with its interval (`EVALUATION_FORMAT`),
* ``evaluation.csv``: the same as a table, one row for the model and one for each baseline,
* ``evaluation_tracks.csv``: the score of each test track by each of them, from which all measures follow.
"""

import logging
import os
from pathlib import Path
from typing import Any

import pandas as pd

from lemons.checksums import check_json, read_json, write_json
from lemons.errors import DamagedError, DataError, NotKeptError
from lemons.files import atomic_path
from lemons.hashing import fingerprint, hash_file
from lemons.library import Library
from lemons.progress import Progress
from lemons.storage import open_folder
from recsys.data.crops import check_classes
from recsys.data.features import MEL_FEATURES, track_features
from recsys.data.splits import PARTS, load_or_draw_split
from recsys.evaluation.baselines import BASELINES, baseline_scores
from recsys.metrics import log_loss
from recsys.model_runs import check_split
from recsys.ranking import interval, measure, resamples
from recsys.relevance import cached_scores

__all__ = [
    "EVALUATION_FILE",
    "MEASURES",
    "RANKERS",
    "TABLE_FILE",
    "TRACKS_FILE",
    "evaluate",
    "measure_ranker",
    "read_evaluation",
    "read_scores",
    "resampled",
    "summarize",
]

EVALUATION_FILE = "evaluation.json"
TABLE_FILE = "evaluation.csv"
TRACKS_FILE = "evaluation_tracks.csv"
EVALUATION_FORMAT = "LEMONS evaluation 3"
RANKERS = ("model", *BASELINES)
BOOTSTRAP_SEED = 0
MEASURES = ("roc_auc", "average_precision", *(f"{name}_roc_auc" for name in BASELINES))  # of `summarize`

logger = logging.getLogger(__name__)


def evaluate(
    checkpoint_path: str | os.PathLike,
    library: Library,
    user: str,
    *,
    splits_path: str | os.PathLike | None = None,
    device: str = "cpu",
    num_workers: int = 0,
    progress: Progress | None = None,
    feature_progress: Progress | None = None,
) -> dict[str, Any]:
    """Evaluate a model on a listener's test tracks, and write the result beside the model, as JSON and CSV.

    Parameters
    ----------
    checkpoint_path : path-like
        the model
    library : Library
        the music library
    user : str
        the listener
    splits_path : path-like, optional
        where the splits are, ``<library>/splits`` by default
    device : str
        where the model computes
    num_workers : int >= 0
        threads that decode audio
    progress : callable, optional
        ``progress(done, total)``, called after each track without a cached score
    feature_progress : callable, optional
        ``feature_progress(done, total)``, called after each track without cached features

    Returns
    -------
    dict
        ``user``, ``n_tracks`` and ``n_played`` of the test, the model's ``roc_auc``, ``average_precision`` and
        ``loss``, the ROC-AUC of each baseline (``popularity_roc_auc`` ...; None for a missing baseline, as for
        ``tempo`` in a library without that column), ``measures``: for the model and each baseline, each of
        `recsys.ranking.MEASURES` as ``value``, ``low`` and ``high``, and ``skipped``: for each part of the split the
        tracks whose audio cannot be read, which were used for neither fitting nor measuring

    Raises
    ------
    ParameterError, DataError
        if the listener is unknown, the model, the split or the tracks cannot be read, or the model is of another split
    NotKeptError
        if the files cannot be written; its ``result`` is the result and the scores that `read_scores` would read
    """
    split = load_or_draw_split(library, user, folder=splits_path)
    check_split(checkpoint_path, user, split)
    features = track_features(library, split["track_id"], num_workers=num_workers, progress=feature_progress)
    test_ids = features.index[features.index.isin(split.loc[split["split"] == "test", "track_id"])]
    logits = cached_scores(checkpoint_path, library, test_ids, device=device, progress=progress)
    # a track has cached features even if its file was damaged later
    parts = _parts(split, features.drop(index=test_ids.difference(logits.index)), library)
    skipped = _skipped(split, parts)
    scores = pd.DataFrame({"label": parts["test"]["label"]})
    scores["model"] = logits.reindex(scores.index)
    scores = scores.join(baseline_scores(library, user, parts, MEL_FEATURES))
    rankers = [name for name in RANKERS if name in scores]
    measures = {name: measure_ranker(scores, name, user) for name in rankers}
    results = {
        "format": EVALUATION_FORMAT,
        "user": user,
        "split": fingerprint(split),
        "n_tracks": len(scores),
        "n_played": int(scores["label"].sum()),
        "loss": log_loss(scores["label"], scores["model"]),
        **{name: measures["model"][name]["value"] for name in ("roc_auc", "average_precision")},
        **{f"{name}_roc_auc": measures[name]["roc_auc"]["value"] if name in rankers else None for name in BASELINES},
        "measures": measures,
        "skipped": skipped,
    }
    if skipped["test"]:
        n_all, names = len(scores) + len(skipped["test"]), ", ".join(skipped["test"])
        logger.warning("%s: the figures are over %d of %d test tracks, without %s", user, len(scores), n_all, names)
    try:
        _write(Path(checkpoint_path).parent, results, scores)
    except DataError as error:
        raise NotKeptError(error, (results, scores)) from error
    return results


def measure_ranker(scores: pd.DataFrame, ranker: str, user: str) -> dict[str, dict[str, float]]:
    """Every measure of one column of scores as ``value``, ``low`` and ``high``."""
    values = measure(scores["label"], scores[ranker])
    drawn = resampled(scores, ranker, user)
    return {
        name: dict(zip(("value", "low", "high"), (float(value), *interval(drawn[name])), strict=True))
        for name, value in values.items()
    }


def resampled(scores: pd.DataFrame, ranker: str, user: str) -> dict[str, Any]:
    """Every measure of one column of scores over resamples of the test tracks.

    The resamples are the same for all columns and others for each listener.
    """
    drawn = resamples(scores["label"], seed=[BOOTSTRAP_SEED, *user.encode()])
    return measure(scores["label"], scores[ranker], drawn)


def read_evaluation(checkpoint_path: str | os.PathLike, library: Library, user: str) -> dict[str, Any] | None:
    """Read what `evaluate` wrote beside a model; None if the model has to be evaluated (again).

    That is so for an evaluation of an earlier version of LEMONS, of another listener or on another split; for a damaged
    one, with a warning in the log; and for one that skipped tracks of the library, which may be readable by now.
    """
    folder = Path(checkpoint_path).parent
    path, tracks = folder / EVALUATION_FILE, folder / TRACKS_FILE
    open_folder(folder.parent).bring_files(folder.name, EVALUATION_FILE, TABLE_FILE, TRACKS_FILE)
    if not path.exists() or not tracks.is_file():
        return None
    try:
        results = read_json(path)
        if results.get("format") != EVALUATION_FORMAT:
            return None
        results = check_json(results, path)
        if hash_file(tracks) != results["tracks_sha256"]:
            raise DamagedError(f"{tracks} is damaged: it does not fit the checksum in {EVALUATION_FILE}")
    except DataError as error:
        logger.warning("%s; the model is evaluated again", error)
        return None
    if any(library.tracks.index.isin(skipped).any() for skipped in results["skipped"].values()):
        return None
    current = user, fingerprint(load_or_draw_split(library, user))
    return results if (results["user"], results["split"]) == current else None


def read_scores(checkpoint_path: str | os.PathLike) -> pd.DataFrame:
    """Read the scores of the test tracks [index=track_id, columns=label and rankers] that `evaluate` wrote.

    Raises
    ------
    DataError
        if they cannot be read
    """
    path = Path(checkpoint_path).parent / TRACKS_FILE
    try:
        scores = pd.read_csv(path, dtype={"track_id": str}, keep_default_na=False).set_index("track_id")
        return scores[["label", *[name for name in RANKERS if name in scores]]].astype(float)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path} cannot be read ({error}); delete it and call `lemons evaluate`") from error


def _parts(split: pd.DataFrame, features: pd.DataFrame, library: Library) -> dict[str, pd.DataFrame]:
    tracks = split.set_index("track_id").join(features, how="inner")
    tracks.insert(0, "label", (tracks["playcount"] > 0).astype(float))
    parts = {part: tracks[tracks["split"] == part] for part in PARTS}
    for part, rows in parts.items():
        check_classes(rows["label"], part, library)
    return parts


def _skipped(split: pd.DataFrame, parts: dict[str, pd.DataFrame]) -> dict[str, list[str]]:
    """The tracks of each part of a split that are missing in its table."""
    found = {part: split.loc[split["split"] == part, "track_id"] for part in PARTS}
    return {part: sorted(ids[~ids.isin(parts[part].index)]) for part, ids in found.items()}


def _write(folder: Path, results: dict[str, Any], scores: pd.DataFrame) -> None:
    rows = []
    for ranker, measures in results["measures"].items():
        row = {name: results[name] for name in ("user", "n_tracks", "n_played")} | {"ranker": ranker}
        for name, of_measure in measures.items():
            row |= {name: of_measure["value"], f"{name}_low": of_measure["low"], f"{name}_high": of_measure["high"]}
        rows.append(row)
    with atomic_path(folder / TABLE_FILE) as temporary:
        pd.DataFrame(rows).to_csv(temporary, index=False)
    with atomic_path(folder / TRACKS_FILE) as temporary:
        scores.rename_axis("track_id").to_csv(temporary)
    results["tracks_sha256"] = hash_file(folder / TRACKS_FILE)
    write_json(folder / EVALUATION_FILE, results)  # the last file: its presence marks a whole evaluation
    open_folder(folder.parent).put(folder.name, [TABLE_FILE, TRACKS_FILE, EVALUATION_FILE])


def summarize(results: list[dict[str, Any]]) -> pd.DataFrame:
    """A table with a row for each listener, then ``mean`` and ``std``: the standard deviation over the listeners.

    Examples
    --------
    >>> results = [dict.fromkeys(MEASURES, value) | {"user": user} for user, value in (("marko", 0.7), ("nina", 0.9))]
    >>> summarize(results)["roc_auc"].round(2).to_dict()
    {'marko': 0.7, 'nina': 0.9, 'mean': 0.8, 'std': 0.1}
    """
    table = pd.DataFrame(results).set_index("user")[list(MEASURES)].astype(float)
    return pd.concat([table, pd.DataFrame({"mean": table.mean(), "std": table.std(ddof=0)}).T]).rename_axis("user")
