"""Reading and writing the tables of a library, so that a folder holds a whole library or none.

Tables are opened in spreadsheets, too, which take a cell that begins with ``=`` for a formula. So a text that begins
with such a sign gets an apostrophe in front, and reading takes it away again.
"""

import csv
import json
import os
import re
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lemons.errors import DataError
from lemons.files import atomic_path, safe_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "LISTEN_COLUMNS",
    "TRACK_COLUMNS",
    "check_folder",
    "read_table",
    "spreadsheet_plain",
    "spreadsheet_safe",
    "write_library",
]

TRACK_COLUMNS = ("track_id", "title", "artist", "genre", "file")  # and more
LISTEN_COLUMNS = ("user", "track_id", "playcount")
NOTE = "library.json"  # what the folder holds, or will hold
END = "\0end"  # read as a line of its own unless a quotation mark before it is never closed
# what spreadsheets begin to compute at; the wide signs are those of East Asian keyboards
FORMULA = re.compile("'*[=+\\-@\t\r\n＝＋－＠]")


def check_folder(path: str | os.PathLike, maker: str) -> None:
    """Refuse a folder that holds a library of another origin.

    Raises
    ------
    DataError
        if tables are there that ``maker`` did not write
    """
    path = Path(path)
    if not any((path / name).exists() for name in ("tracks.csv", "listens.csv", NOTE)):
        return
    try:
        made_by = json.loads((path / NOTE).read_text())["made_by"]
    except (OSError, ValueError, KeyError, TypeError):
        made_by = ""
    if made_by != maker:
        raise DataError(f"{path} holds another library, which is kept; choose another folder for --out")


def spreadsheet_safe(text: str) -> str:
    """A cell of a table that no spreadsheet takes for a formula; `spreadsheet_plain` gives the text back.

    >>> spreadsheet_safe("=2+5"), spreadsheet_safe("'=2"), spreadsheet_safe("'Round Midnight"), spreadsheet_safe("2+5")
    ("'=2+5", "''=2", "'Round Midnight", '2+5')
    """
    return f"'{text}" if FORMULA.match(text) else text


def spreadsheet_plain(text: str) -> str:
    """The text that `spreadsheet_safe` made safe.

    >>> spreadsheet_plain("'=2+5"), spreadsheet_plain("'Round Midnight"), spreadsheet_plain("=2+5")
    ('=2+5', "'Round Midnight", '=2+5')
    """
    return text[1:] if text.startswith("'") and FORMULA.match(text) else text


def write_library(
    path: str | os.PathLike,
    tracks: "pd.DataFrame",
    listens: "pd.DataFrame",
    *,
    note: dict[str, Any],
    splits: "dict[str, pd.DataFrame] | None" = None,
    reports: "dict[str, pd.DataFrame] | None" = None,
) -> None:
    """Write a library's tables; a library of the same origin is replaced.

    Killed at any moment it leaves the older library, the new one or none that `open_library` would open: listens.csv
    goes first and comes last.

    Parameters
    ----------
    path : path-like
        the library's folder, made when it is missing
    tracks : pd.DataFrame [index=track_id, columns=title, artist, genre, file, ...]
        the tracks
    listens : pd.DataFrame [columns=user, track_id, playcount]
        who played them
    note : dict
        for library.json: ``made_by``, which `check_folder` looks for, and what else is worth knowing
    splits : dict of str to pd.DataFrame [columns=track_id, split, playcount], optional
        splits by listener
    reports : dict of str to pd.DataFrame, optional
        more tables by file name, such as ``missing.csv``; texts of all but the splits are written `spreadsheet_safe`

    Raises
    ------
    DataError
        if the folder cannot be written; whether it holds another library, `check_folder` says
    """
    path = Path(path)
    safe = (reports or {}) | {"tracks.csv": tracks.reset_index(names="track_id"), "listens.csv": listens}
    tables = {f"splits/{safe_name(user)}.csv": split for user, split in (splits or {}).items()}
    for name, table in safe.items():
        tables[name] = table.map(lambda cell: spreadsheet_safe(cell) if isinstance(cell, str) else cell)
    with atomic_path(path / NOTE) as temporary:
        temporary.write_text(json.dumps(note, indent=2) + "\n")
    (path / "listens.csv").unlink(missing_ok=True)
    for name, table in tables.items():  # in this order: without listens.csv there is no library
        with atomic_path(path / name) as temporary:
            table.to_csv(temporary, index=False)


def read_table(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """The rows of a comma-separated table that has at least these columns, as texts by the columns' names.

    Parameters
    ----------
    path : Path
        UTF-8; the first line names the columns, of those of the same name the first counts; lines without a character
        are left out, and what a line lacks at its end is empty
    columns : tuple of str
        what must be among them

    Raises
    ------
    DataError
        if it is no such table
    """
    remedy = "it must be comma-separated UTF-8"
    try:
        # ids and titles stay texts: an id 007 is not 7, an artist called "NA" is not missing
        with open(path, encoding="utf-8-sig", newline="") as file:
            rows = list(csv.reader(chain(file, [END])))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as a table ({error}); {remedy}") from error
    if rows.pop() != [END]:
        raise DataError(f"{path} cannot be read as a table (a quotation mark is never closed); {remedy}")
    numbered = [(number, cells) for number, cells in enumerate(rows, start=1) if cells]
    if not numbered:
        raise DataError(f"{path} cannot be read as a table (it is empty); {remedy}")
    names = numbered.pop(0)[1]
    if missing := [name for name in columns if name not in names]:
        raise DataError(f"{path} has no column {', '.join(missing)}; its first line must name {', '.join(columns)}")
    if longer := next((number for number, cells in numbered if len(cells) > len(names)), None):
        hint = "put texts with commas into quotation marks"
        raise DataError(f"{path}, line {longer} has more columns than line 1 names; {hint}")
    places = {name: names.index(name) for name in names if name}
    return [
        {name: spreadsheet_plain(cells[at]) if at < len(cells) else "" for name, at in places.items()}
        for _, cells in numbered
    ]
