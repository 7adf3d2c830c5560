"""What a trunk says of all tracks of a library, in shards of some hundred tracks.

The pooled features of a track (`recsys.pooled`) are kept in float16: half the space, and to three digits, which
moves logits by some thousandths. Heads are fitted to them and multiplied with them as they are kept.

A result has no row for a track that its worker could not read though the track may be well, for want of a decoder or
memory. `unheard` finds these tracks, for further units: other workers may read them, or the same ones when the same
command is given again. What is wrong with the file itself is in the row.
"""

import os
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lemons.errors import NotHereError
from lemons.fleet import Results, Unit
from lemons.fleet.tracks import opened_library, track_stamp
from lemons.library import Library
from recsys.checkpoints import load_checkpoint, trunk_hash
from recsys.fleet.opened import opened_trunk
from recsys.pooled import NOT_HERE, SKIPPED, library_features

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Embeddings", "embed", "embedding_units", "read_embeddings", "unheard"]

KIND = "embeddings"
SHARD = 256  # tracks: on one core, some minutes of work that a killed worker loses
TOO_LARGE = "its features exceed what float16 holds"
CHANGED = "its file has changed since the work was planned, or is another one here; start again"


class Embeddings(NamedTuple):
    """Features of tracks (n_tracks, n_features) in float16, and why others have none, by track_id."""

    track_ids: np.ndarray
    features: np.ndarray
    skipped: dict[str, str]


def embedding_units(
    library: Library,
    checkpoint: str | os.PathLike,
    *,
    track_ids: Sequence[str] | None = None,
    device: str = "cpu",
    shard: int = SHARD,
) -> list[Unit]:
    """Units that make the features of tracks of a library.

    Parameters
    ----------
    library : Library
        the music library, which all machines see at the same place
    checkpoint : path-like
        a model whose trunk is asked
    track_ids : sequence of str, optional
        which tracks; all of the library by default
    device : str
        where it computes
    shard : int > 0
        tracks of a unit
    """
    track_ids = list(library.rows) if track_ids is None else track_ids
    if not track_ids:
        return []
    trunk = trunk_hash(load_checkpoint(checkpoint)[0])
    units = []
    for first in range(0, len(track_ids), shard):
        ids = track_ids[first : first + shard]
        arguments: dict[str, Any] = {
            "library": library.files.place,
            "fingerprint": library.fingerprint,
            "track_ids": ids,
        }
        stamps = [track_stamp(library, one) for one in ids]
        arguments |= {"stamps": stamps, "checkpoint": str(checkpoint), "trunk": trunk, "device": device}
        about = {"trunk": trunk, "tracks": stamps}
        name = f"track {ids[0]}" if len(ids) == 1 else f"tracks {ids[0]} to {ids[-1]}"
        units.append(Unit(KIND, name, about, embed, arguments))
    return units


def embed(
    *,
    library: str,
    fingerprint: str,
    track_ids: Sequence[str],
    stamps: Sequence[str],
    checkpoint: str,
    trunk: str,
    device: str,
) -> "pa.Table":
    """Features of some tracks: columns ``track_id``, ``features`` and, where there are none, ``why``.

    Tracks that may be read elsewhere or later are left out.

    Raises
    ------
    NotHereError
        if these are all
    """
    import pyarrow as pa

    model = opened_trunk(checkpoint, trunk, device)
    opened = opened_library(library, fingerprint)
    table = library_features(model, opened, track_ids)
    why, left_out = dict(table.attrs[SKIPPED]), set(table.attrs[NOT_HERE])
    changed = {one for one, stamp in zip(track_ids, stamps, strict=True) if track_stamp(opened, one) != stamp}
    why |= dict.fromkeys(changed, CHANGED)
    left_out |= changed
    if len(left_out) == len(track_ids):
        others = f" (and so on for {len(left_out) - 1} others)" if len(left_out) > 1 else ""
        raise NotHereError(f"{why[track_ids[0]]}{others}")
    track_ids = [track_id for track_id in track_ids if track_id not in left_out]
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


def unheard(results: Results, units: Sequence[Unit]) -> list[str]:
    """The tracks that the results of units leave out, since their workers could not read them."""
    found = read_embeddings(results, [unit.key for unit in units])
    heard = {*found.track_ids.tolist(), *found.skipped}
    return [track_id for unit in units for track_id in unit.arguments["track_ids"] if track_id not in heard]


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
    ids, features = [np.zeros(0, object)], []
    for key in keys:
        table = results.read(key)
        skipped |= {row["track_id"]: row["why"] for row in table.select(["track_id", "why"]).to_pylist() if row["why"]}
        heard = table.filter(table["why"].is_null()).combine_chunks()
        ids.append(heard["track_id"].to_numpy())
        n_features = table.schema.field("features").type.list_size
        features.append(np.stack(heard["features"].to_numpy()) if len(heard) else np.zeros((0, n_features), np.float16))
    found = np.concatenate(features) if features else np.zeros((0, 0), np.float16)
    return Embeddings(np.concatenate(ids).astype(str), found, skipped)
