"""Reading and writing the tables of a library, so that a folder holds a whole library or none.

Tables are opened in spreadsheets, too, which take a cell that begins with ``=`` for a formula. So a text that begins
with such a sign gets an apostrophe in front, and reading takes it away again.
"""

import csv
import json
import os
import re
from collections.abc import Iterator
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
    "iter_table",
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
    """The rows of a table as `iter_table` reads them, by the columns' names."""
    names, rows = iter_table(path, columns)
    return [dict(zip(names, row, strict=True)) for row in rows]


def iter_table(path: Path, columns: tuple[str, ...]) -> tuple[list[str], Iterator[list[str]]]:
    """The columns and rows of a comma-separated table that has at least some columns.

    Parameters
    ----------
    path : Path
        UTF-8; the first line names the columns, of those of the same name the first counts; lines without a character
        are left out, and what a line lacks at its end is empty
    columns : tuple of str
        what must be among them

    Returns
    -------
    names : list of str
        of all columns
    rows : iterator of list of str
        a text for each column

    Raises
    ------
    DataError
        if it is no such table; a fault in the middle comes after the rows before it
    """
    lines = _lines(path)
    _, cells = next(lines, (0, []))
    if not cells:
        raise _no_table(path, "it is empty")
    if missing := [name for name in columns if name not in cells]:
        raise DataError(f"{path} has no column {', '.join(missing)}; its first line must name {', '.join(columns)}")
    names = [name for name in dict.fromkeys(cells) if name]
    return names, _rows(path, lines, len(cells), [cells.index(name) for name in names])


def _rows(path: Path, lines: Iterator[tuple[int, list[str]]], width: int, places: list[int]) -> Iterator[list[str]]:
    for number, cells in lines:
        if len(cells) > width:
            hint = "put texts with commas into quotation marks"
            raise DataError(f"{path}, line {number} has more columns than line 1 names; {hint}")
        cells += [""] * (width - len(cells))
        # most cells need no look by `spreadsheet_plain`, and there may be millions
        yield [spreadsheet_plain(cells[at]) if cells[at][:1] == "'" else cells[at] for at in places]


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that has some, and its number."""
    try:
        # ids and titles stay texts: an id 007 is not 7, an artist called "NA" is not missing
        with open(path, encoding="utf-8-sig", newline="") as file:
            before: list[str] = []
            for number, cells in enumerate(csv.reader(chain(file, [END]))):
                if before:
                    yield number, before
                before = cells
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise _no_table(path, error) from error
    if before != [END]:
        raise _no_table(path, "a quotation mark is never closed")


def _no_table(path: Path, why: object) -> DataError:
    return DataError(f"{path} cannot be read as a table ({why}); it must be comma-separated UTF-8")
