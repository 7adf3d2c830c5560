"""A head for each listener, fitted to the features that a trunk's shards hold, in units of some hundred listeners.

The strength of the penalty and the share of silence and faint noise are those of `recsys.training.head`.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd

from lemons.errors import DataError, LemonsError
from lemons.fleet import Failure, Results, Unit
from lemons.fleet.tracks import opened_library, track_stamp
from lemons.hashing import fingerprint, hash_text
from lemons.library import Library
from recsys.checkpoints import load_checkpoint, trunk_hash
from recsys.data.crops import check_classes
from recsys.data.splits import load_or_draw_split
from recsys.fleet.embeddings import Embeddings, read_embeddings
from recsys.fleet.opened import opened_trunk
from recsys.metrics import average_precision, roc_auc
from recsys.network import Network
from recsys.training.head import QuietFeatures
from recsys.training.heads import Taste, fit_heads
from recsys.training.prepare import quiet_settings

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Heads", "fit_listeners", "head_units", "read_heads"]

KIND = "heads"
SHARD = 256  # listeners


class Heads(NamedTuple):
    """Heads of listeners: weights (n_listeners, n_features), bias (n_listeners,); why others have none, by name."""

    listeners: list[str]
    weights: np.ndarray
    bias: np.ndarray
    skipped: dict[str, str]


def head_units(
    library: Library,
    checkpoint: str | os.PathLike,
    results: Results,
    embeddings: Sequence[Unit],
    *,
    listeners: Sequence[str] | None = None,
    shard: int = SHARD,
) -> tuple[list[Unit], list[Failure]]:
    """Units that fit the heads of listeners, and the listeners who have no split.

    Parameters
    ----------
    library : Library
        the music library, which all machines see at the same place
    checkpoint : path-like
        a model whose trunk made the features; how its training met silence holds for the heads, too
    results : Results
        where the features are
    embeddings : sequence of Unit
        the units of the features that have a result
    listeners : sequence of str, optional
        all of the library by default
    shard : int > 0
        listeners of a unit
    """
    model, about = load_checkpoint(checkpoint)
    trunk, quiet = trunk_hash(model), _quiet(about.get("config", {}))
    splits, failures = {}, []
    for listener in library.users if listeners is None else listeners:
        try:
            splits[listener] = load_or_draw_split(library, listener)
        except LemonsError as error:
            failures.append(Failure(listener, str(error)))
    found = read_embeddings(results, [unit.key for unit in embeddings])
    heard = {*found.track_ids.tolist(), *found.skipped}
    wanted = {track_id for split in splits.values() for track_id in split["track_id"]} & heard
    stamps = {track_id: track_stamp(library, track_id) for track_id in wanted}
    names, units = list(splits), []
    for first in range(0, len(names), shard):
        of_unit = names[first : first + shard]
        arguments: dict[str, Any] = {
            "library": library.files.place,
            "fingerprint": library.fingerprint,
            "listeners": of_unit,
        }
        arguments |= {"checkpoint": str(checkpoint), "trunk": trunk, "quiet": quiet}
        arguments |= {"place": results.place, "embeddings": [unit.key for unit in embeddings]}
        sounds = {one: hash_text("".join(splits[one]["track_id"].map(stamps).fillna("not heard"))) for one in of_unit}
        learned = {one: [fingerprint(splits[one]), sounds[one]] for one in of_unit}
        unit = {"trunk": trunk, "quiet": quiet, "listeners": learned}
        units.append(Unit(KIND, f"listeners {of_unit[0]} to {of_unit[-1]}", unit, fit_listeners, arguments))
    return units, failures


def _quiet(config: dict[str, Any]) -> dict[str, float]:
    """How a training of the trunk met silence; not at all where the file does not say."""
    return (
        quiet_settings(config) if {"n_quiet", "batch_size", "training_seed"} <= set(config) else {"quiet": 0, "seed": 0}
    )


def fit_listeners(
    *,
    library: str,
    fingerprint: str,
    listeners: Sequence[str],
    checkpoint: str,
    trunk: str,
    quiet: dict[str, Any],
    place: str,
    embeddings: Sequence[str],
) -> "pa.Table":
    """Heads of some listeners with their validation, or why there is none."""
    import pyarrow as pa

    opened, heard = opened_library(library, fingerprint), read_embeddings(Results(place), embeddings)
    rows = pd.Series(np.arange(len(heard.track_ids)), index=heard.track_ids)
    tastes, why = {}, {}
    for listener in listeners:
        split = load_or_draw_split(opened, listener)  # was read when the work was planned: an error is of this machine
        try:
            tastes[listener] = _taste(opened, split, rows)
        except DataError as error:
            why[listener] = str(error)
    features, tastes = _with_quiet(opened_trunk(checkpoint, trunk, "cpu"), heard, tastes, quiet)
    heads = dict(zip(tastes, fit_heads(features, list(tastes.values())), strict=True))
    found = []
    for listener in listeners:
        row: dict[str, Any] = {"listener": listener, "why": why.get(listener)}
        if listener in heads:
            taste, head = tastes[listener], heads[listener]
            logits = features[taste.val].astype(np.float64) @ head.weights + head.bias
            row |= {"weights": head.weights, "bias": head.bias, "C": head.C, "val_loss": head.val_loss}
            row["val_roc_auc"] = roc_auc(taste.val_labels, logits)
            row["val_average_precision"] = average_precision(taste.val_labels, logits)
        found.append(row)
    numbers = ["bias", "C", "val_loss", "val_roc_auc", "val_average_precision"]
    weights = pa.field("weights", pa.list_(pa.float64(), features.shape[1]))
    texts = [pa.field(name, pa.string()) for name in ("listener", "why")]
    return pa.Table.from_pylist(
        found, pa.schema([*texts, weights, *(pa.field(name, pa.float64()) for name in numbers)])
    )


def _taste(library: Library, split: pd.DataFrame, rows: pd.Series) -> Taste:
    """A listener's tracks that were heard."""
    split = split[split["track_id"].isin(rows.index)]
    parts = []
    for part in ("train", "val"):
        tracks = split[split["split"] == part]
        labels = (tracks["playcount"] > 0).to_numpy(np.float64)
        check_classes(labels.tolist(), part, library)
        parts += [rows.loc[tracks["track_id"]].to_numpy(), labels]
    return Taste(*parts)


def _with_quiet(
    trunk: Network, heard: Embeddings, tastes: dict[str, Taste], quiet: dict[str, Any]
) -> tuple[np.ndarray, dict[str, Taste]]:
    """Features of the tracks and of quiet snippets behind them, which join the listeners' training as not played."""
    snippets = QuietFeatures(trunk, **quiet)
    features = snippets.beside(max((len(taste.train) for taste in tastes.values()), default=0))
    features = np.concatenate([heard.features, features.astype(np.float16)])
    joined = {}
    for listener, taste in tastes.items():
        more = len(heard.features) + np.arange(len(snippets.beside(len(taste.train))))
        labels = np.concatenate([taste.train_labels, np.zeros(len(more))])
        joined[listener] = taste._replace(train=np.concatenate([taste.train, more]), train_labels=labels)
    return features, joined


def read_heads(results: Results, keys: Sequence[str]) -> Heads:
    """Heads of the listeners of some units, in their order; DataError if a unit has no result."""
    tables = [results.read(key) for key in keys]
    rows = [row for table in tables for row in table.to_pylist()]
    fitted = [row for row in rows if row["why"] is None]
    n_features = tables[0].schema.field("weights").type.list_size if tables else 0
    weights = np.array([row["weights"] for row in fitted], np.float64).reshape(len(fitted), n_features)
    bias = np.array([row["bias"] for row in fitted], np.float64)
    skipped = {row["listener"]: row["why"] for row in rows if row["why"]}
    return Heads([row["listener"] for row in fitted], weights, bias, skipped)
