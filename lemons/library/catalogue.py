"""The tracks of a library and who played them, read from its database: only what is asked for is in memory."""

import json
import sqlite3
import weakref
from collections.abc import ItemsView, Iterable, Iterator, Mapping, ValuesView
from itertools import groupby, islice
from operator import itemgetter
from threading import Lock
from typing import Any

__all__ = ["Catalogue", "Plays", "Rows"]

BATCH = 2000  # rows that are in memory at once
LOOKED_UP = 500  # ids in a query; older SQLites take up to 999


class Catalogue:
    """What tracks.csv and listens.csv say, without the tracks that `leave_out` took away.

    Parameters
    ----------
    connection : sqlite3.Connection
        from `lemons.library.database.open_database`; closed with this object
    """

    def __init__(self, connection: sqlite3.Connection):
        self._connection, self._lock = connection, Lock()
        weakref.finalize(self, connection.close)
        connection.execute("CREATE TEMP TABLE absent (place INTEGER PRIMARY KEY)")  # temporary ones are not in the file

    def ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """All rows of a query's answer; any thread may ask."""
        try:
            with self._lock:
                return self._connection.execute(query, values).fetchall()
        except UnicodeEncodeError:  # of a name that an operating system gave, which is in no table
            return []

    def about(self) -> dict[str, Any]:
        """What was noted of the tables."""
        return {name: json.loads(value) for name, value in self.ask("SELECT name, value FROM about")}

    def refused(self) -> dict[int, str]:
        """Why tracks cannot be any, by their place in tracks.csv."""
        return dict(self.ask("SELECT place, why FROM refused"))

    def files(self) -> Iterator[tuple[str, list[tuple[str, int]]]]:
        """The names of files and the places of their tracks, folder by folder."""
        query = "SELECT folder, name, place FROM files WHERE (folder, name, place) > (?, ?, ?)"
        found = self._batches(query, ("", "", -1))
        for folder, of_folder in groupby(found, itemgetter(0)):
            yield folder, [(name, place) for _, name, place in of_folder]

    def id_at(self, place: int) -> str:
        """The id of a track, by its place in tracks.csv."""
        return self.ask("SELECT track_id FROM tracks WHERE place = ?", place)[0][0]

    def leave_out(self, places: Iterable[int]) -> None:
        """Take tracks away, and what was listened to of them."""
        with self._lock:
            self._connection.executemany("INSERT INTO absent VALUES (?)", ((place,) for place in places))
            self._connection.commit()

    def tracks(self) -> Iterator[tuple[int, str, str]]:
        """Place, id and cells of each track, in the order of tracks.csv."""
        query = "SELECT place, track_id, cells FROM tracks WHERE place > ? AND place NOT IN absent"
        return self._batches(query, (-1,))

    def _batches(self, query: str, first: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
        """The rows after one that begins as ``first`` does, in order, with few of them in memory at once."""
        order = ", ".join(str(column) for column in range(1, len(first) + 1))
        last: tuple[Any, ...] = first
        while found := self.ask(f"{query} ORDER BY {order} LIMIT {BATCH}", *last[: len(first)]):
            yield from found
            last = found[-1]


class Rows(Mapping[str, dict[str, Any]]):
    """What tracks.csv says of each track, by its id; each time it is asked a dictionary of its own."""

    def __init__(self, catalogue: Catalogue):
        self._catalogue = catalogue
        self._columns = catalogue.about()["columns"]
        self._n = catalogue.ask("SELECT (SELECT count(*) FROM tracks) - (SELECT count(*) FROM absent)")[0][0]

    def __getitem__(self, track_id: str) -> dict[str, Any]:
        """The row of a track."""
        query = "SELECT cells FROM tracks WHERE track_id = ? AND place NOT IN absent"
        # to the database, the number 7 is the text 7
        found = self._catalogue.ask(query, track_id) if isinstance(track_id, str) else []
        if not found:
            raise KeyError(track_id)
        return self._row(found[0][0])

    def some(self, track_ids: Iterable[str]) -> Iterator[tuple[str, dict[str, Any] | None]]:
        """Rows of tracks in the order of their ids, some at a time; None of an unknown one."""
        wanted = iter(track_ids)
        while ids := list(islice(wanted, LOOKED_UP)):
            query = f"SELECT track_id, cells FROM tracks WHERE track_id IN ({', '.join('?' * len(ids))})"
            found = dict(self._catalogue.ask(f"{query} AND place NOT IN absent", *ids))
            yield from ((one, self._row(found[one]) if one in found else None) for one in ids)

    def __iter__(self) -> Iterator[str]:
        """The ids, in the order of tracks.csv."""
        return (track_id for _, track_id, _ in self._catalogue.tracks())

    def __len__(self) -> int:
        """How many tracks there are."""
        return self._n

    def items(self) -> ItemsView[str, dict[str, Any]]:
        """Ids and rows, some at a time."""
        return _Items(self)

    def values(self) -> ValuesView[dict[str, Any]]:
        """Rows, some at a time."""
        return _Values(self)

    def _row(self, cells: str) -> dict[str, Any]:
        return dict(zip(self._columns, json.loads(cells), strict=True))


class _Items(ItemsView[str, dict[str, Any]]):
    _mapping: Rows

    def __iter__(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for _, track_id, cells in self._mapping._catalogue.tracks():
            yield track_id, self._mapping._row(cells)


class _Values(ValuesView[dict[str, Any]]):
    _mapping: Rows

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return (row for _, row in self._mapping.items())


class Plays(Mapping[str, dict[str, int]]):
    """Playcounts by track_id, by listener; each time it is asked a dictionary of its own."""

    def __init__(self, catalogue: Catalogue):
        self._catalogue = catalogue
        played = "SELECT 1 FROM plays WHERE listener = number AND place NOT IN absent"
        found = catalogue.ask(f"SELECT name FROM listeners WHERE EXISTS ({played}) ORDER BY name")
        self._names = {name: None for (name,) in found}

    def __getitem__(self, user: str) -> dict[str, int]:
        """What a listener played, in the order of listens.csv."""
        if user not in self._names:
            raise KeyError(user)
        joined = "listeners JOIN plays ON listener = number JOIN tracks USING (place)"
        query = f"SELECT track_id, playcount FROM {joined} WHERE name = ? AND place NOT IN absent ORDER BY line"
        return dict(self._catalogue.ask(query, user))

    def __iter__(self) -> Iterator[str]:
        """The listeners, by name."""
        return iter(self._names)

    def __len__(self) -> int:
        """How many listeners there are."""
        return len(self._names)

    def listens(self) -> list[tuple[str, str, int]]:
        """Listener, track_id and playcount of all plays, in the order of listens.csv."""
        joined = "plays JOIN listeners ON listener = number JOIN tracks USING (place)"
        query = f"SELECT name, track_id, playcount FROM {joined} WHERE place NOT IN absent ORDER BY line"
        return self._catalogue.ask(query)
