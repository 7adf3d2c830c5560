"""Which results are the current ones of a listener: a table with a row for each, one file for all.

Results are found by keys that are hashes of what they were made of, so whoever does not plan the work again cannot know
them. The index names them: for each listener the units that hold their list and their head, and those that explain
tracks to them; for all of them the library (its fingerprint), the trunk (its hash), and the result that holds the
trunk's file, so that results can be opened where that file is not.

It is written whole, at the end of a run. A run with the same trunk on the same library renews the rows of its own
listeners; any other begins a new index.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, NamedTuple

from lemons.errors import DamagedError, DataError
from lemons.fleet import Results, Unit
from lemons.hashing import hash_file
from lemons.library import Library
from lemons.storage import local_file
from recsys.checkpoints import load_checkpoint, trunk_hash
from recsys.network import Network

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["INDEX", "Entry", "Explained", "Index", "kept_trunk", "read_index", "write_index"]

INDEX = "index"  # its key: what changes is not under a hash
TRUNKS = "trunks"
ABOUT = ("library", "trunk", "trunk_hash")
AGAIN = "run `lemons fleet score` again"


class Explained(NamedTuple):
    """A track that was explained: by which unit, and the unit of its stems and their separator where they were made."""

    track_id: str
    kind: str
    unit: str
    stems: str | None = None
    separator: str | None = None


class Entry(NamedTuple):
    """The units of a listener: of the list, of the head, and of what was explained, the newest last."""

    tops: str
    heads: str
    explained: list[Explained]


@dataclass(frozen=True)
class Index:
    """The current results of all listeners.

    Attributes
    ----------
    results : Results
        where they are
    library : str
        fingerprint of the library that they are of
    trunk, trunk_hash : str
        the result that holds the trunk's file, and the hash of its weights
    table : pa.Table
        a row for each listener, in the order of their names
    """

    results: Results
    library: str
    trunk: str
    trunk_hash: str
    table: "pa.Table"

    def find(self, listener: str) -> Entry | None:
        """The units of a listener; None where there is no list of theirs."""
        import pyarrow.compute as pc

        row = pc.index(self.table["listener"], listener).as_py()
        return None if row < 0 else _entry(self.table.slice(row, 1).to_pylist()[0])

    def entries(self) -> dict[str, Entry]:
        """The units of all listeners."""
        return {row["listener"]: _entry(row) for row in self.table.to_pylist()}


def _entry(row: Mapping[str, Any]) -> Entry:
    return Entry(row["tops"], row["heads"], [Explained(**one) for one in row["explained"]])


def write_index(
    results: Results,
    library: Library,
    checkpoint: str | os.PathLike,
    tops: Sequence[Unit],
    explained: Mapping[str, Iterable[Explained]] | None = None,
) -> None:
    """Name the current results.

    Parameters
    ----------
    results : Results
        where they are, and where the index goes
    library : Library
        that they are of
    checkpoint : path-like
        the model with their trunk; its file is kept beside them
    tops : sequence of Unit
        from `recsys.fleet.tops.top_units`: those that have a result
    explained : dict, optional
        by listener what was explained to them; what an earlier run explained stays where the head is the same

    Raises
    ------
    DataError
        if a list cannot be read, or the index cannot be written
    """
    trunk = trunk_hash(load_checkpoint(checkpoint)[0])
    before = _before(results, library.fingerprint, trunk)
    entries = dict(before)
    for unit in tops:
        for listener in results.read(unit.key).column("listener").unique().to_pylist():
            heads, kept = unit.arguments["heads"], before.get(listener)
            former = kept.explained if kept and kept.heads == heads else []
            new = list((explained or {}).get(listener, ()))
            again = {(one.track_id, one.kind) for one in new}
            former = [one for one in former if (one.track_id, one.kind) not in again]
            entries[listener] = Entry(unit.key, heads, former + new)
    about = {"library": library.fingerprint, "trunk": _keep_trunk(results, checkpoint), "trunk_hash": trunk}
    results.write(INDEX, _table(entries, about))


def _before(results: Results, library: str, trunk: str) -> dict[str, Entry]:
    """What the present index names, if it is of this library and trunk."""
    try:
        found = read_index(results)
    except DamagedError:  # the new one takes its place
        return {}
    return found.entries() if found and (found.library, found.trunk_hash) == (library, trunk) else {}


def _table(entries: Mapping[str, Entry], about: Mapping[str, str]) -> "pa.Table":
    import pyarrow as pa

    text, word = pa.string(), pa.dictionary(pa.int32(), pa.string())
    explained = pa.list_(pa.struct([(name, text) for name in Explained._fields]))
    fields = [pa.field("listener", text), pa.field("tops", word), pa.field("heads", word)]
    names = sorted(entries)
    columns = [
        pa.array(names, text),
        *(pa.array([getattr(entries[name], one) for name in names], word) for one in ("tops", "heads")),
        pa.array([[one._asdict() for one in entries[name].explained] for name in names], explained),
    ]
    return pa.Table.from_arrays(columns, schema=pa.schema([*fields, pa.field("explained", explained)], dict(about)))


def read_index(results: Results) -> Index | None:
    """The index; None where there is none.

    Raises
    ------
    DamagedError
        if it is not what `write_index` wrote
    DataError
        if it cannot be read
    """
    if not results.has(INDEX):
        return None
    table = results.read(INDEX)
    about = {name.decode(): value.decode() for name, value in (table.schema.metadata or {}).items()}
    if not set(ABOUT) <= set(about) or table.column_names != ["listener", *Entry._fields]:
        raise DamagedError(f"{results.shown}/{INDEX}.parquet is no index of this LEMONS; {AGAIN}")
    return Index(results, **{name: about[name] for name in ABOUT}, table=table)


def _keep_trunk(results: Results, checkpoint: str | os.PathLike) -> str:
    """The key of the result with a model's file; written where it is missing."""
    import pyarrow as pa

    file = local_file(checkpoint)
    key = f"{TRUNKS}/{hash_file(file)[:32]}"
    if not results.has(key):
        results.write(key, pa.table({"content": pa.array([file.read_bytes()], pa.large_binary())}))
    return key


@lru_cache(2)
def kept_trunk(place: str, key: str, trunk: str, device: str) -> Network:
    """The model whose file a result holds; DataError if its trunk has another hash.

    Parameters
    ----------
    place : str
        of the results
    key, trunk : str
        of the result, and the hash of the trunk's weights
    device : str
        where it computes
    """
    results = Results(place)
    content = results.read(key).column("content")[0].as_py()
    with TemporaryDirectory() as folder:
        file = Path(folder) / "trunk.pt"
        file.write_bytes(content)
        model, _ = load_checkpoint(file, device=device)
    if trunk_hash(model) != trunk:
        raise DataError(f"{results.shown}/{key}.parquet holds another trunk than the index names; {AGAIN}")
    return model
