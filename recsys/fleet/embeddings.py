"""What a trunk says of all tracks of a library, in shards of some hundred tracks.

The 128 pooled features of a track (`recsys.pooled`) are kept in float16: half the space, and to three digits, which
moves logits by some thousandths. Heads are fitted to them and multiplied with them as they are kept.
"""

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lemons.fleet import Results, Unit
from lemons.fleet.tracks import opened_library, track_stamp
from lemons.library import Library
from recsys.checkpoints import load_checkpoint, trunk_hash
from recsys.fleet.opened import opened_trunk
from recsys.model import N_FEATURES
from recsys.pooled import SKIPPED, library_features

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Embeddings", "embed", "embedding_units", "read_embeddings"]

KIND = "embeddings"
SHARD = 256  # tracks: on one core, some minutes of work that a killed worker loses
TOO_LARGE = "its features exceed what float16 holds"


class Embeddings(NamedTuple):
    """Features of tracks (n_tracks, 128) in float16, and why others have none, by track_id."""

    track_ids: np.ndarray
    features: np.ndarray
    skipped: dict[str, str]


def embedding_units(
    library: Library, checkpoint: str | os.PathLike, *, device: str = "cpu", shard: int = SHARD
) -> list[Unit]:
    """Units that make the features of all tracks of a library.

    Parameters
    ----------
    library : Library
        the music library, at the same path on all machines
    checkpoint : path-like
        a model whose trunk is asked
    device : str
        where it computes
    shard : int > 0
        tracks of a unit
    """
    trunk = trunk_hash(load_checkpoint(checkpoint)[0])
    track_ids = library.tracks.index.tolist()
    units = []
    for first in range(0, len(track_ids), shard):
        ids = track_ids[first : first + shard]
        arguments: dict[str, Any] = {"library": str(library.path), "fingerprint": library.fingerprint, "track_ids": ids}
        arguments |= {"checkpoint": str(checkpoint), "trunk": trunk, "device": device}
        about = {"trunk": trunk, "tracks": [track_stamp(library, one) for one in ids]}
        units.append(Unit(KIND, f"tracks {ids[0]} to {ids[-1]}", about, embed, arguments))
    return units


def embed(
    *, library: str, fingerprint: str, track_ids: Sequence[str], checkpoint: str, trunk: str, device: str
) -> "pa.Table":
    """Features of some tracks: columns ``track_id``, ``features`` and, where there are none, ``why``."""
    import pyarrow as pa

    model = opened_trunk(checkpoint, trunk, device)
    table = library_features(model, opened_library(library, fingerprint), track_ids)
    why = dict(table.attrs[SKIPPED])
    rows = dict(zip(table.index, table.to_numpy().astype(np.float16), strict=True))
    why |= {track_id: TOO_LARGE for track_id, row in rows.items() if not np.isfinite(row).all()}
    features = [None if track_id in why else rows[track_id] for track_id in track_ids]
    return pa.table(
        {
            "track_id": pa.array(track_ids, pa.string()),
            "features": pa.array(features, pa.list_(pa.float16(), table.shape[1])),
            "why": pa.array([why.get(track_id) for track_id in track_ids], pa.string()),
        }
    )


def read_embeddings(results: Results, keys: Sequence[str]) -> Embeddings:
    """Features of the tracks of some units, in their order.

    Raises
    ------
    DataError
        if a unit has no result
    """
    return _read_embeddings(results.place, tuple(keys))


@lru_cache(1)
def _read_embeddings(place: str, keys: tuple[str, ...]) -> Embeddings:
    results = Results(place)
    skipped: dict[str, str] = {}
    ids, features = [], []
    for key in keys:
        table = results.read(key)
        skipped |= {row["track_id"]: row["why"] for row in table.select(["track_id", "why"]).to_pylist() if row["why"]}
        heard = table.filter(table["why"].is_null()).combine_chunks()
        ids.append(heard["track_id"].to_numpy())
        features.append(np.stack(heard["features"].to_numpy()) if len(heard) else np.zeros((0, N_FEATURES), np.float16))
    return Embeddings(np.concatenate(ids).astype(str), np.concatenate(features), skipped)
