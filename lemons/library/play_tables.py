"""Plays in tables: lines of cells, with a first line that names the columns, or without.

A quotation mark opens a cell only where one before a separator closes it, and a cell continues in the next lines only
where these are not rows by themselves: an unclosed mark damages only its own line.
"""

import re
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from lemons.errors import DataError
from lemons.library.columns import headless_columns, named_columns
from lemons.library.play_records import counts, whole
from lemons.library.plays import DAMAGED, FORMATS, MAX_PLAYCOUNT, TOO_SHORT, History, Play

__all__ = ["read_table"]

DELIMITERS = ",;\t"
LINE_END = re.compile(r"\r\n|\r|\n")
LOOKED_AT = 200  # lines that decide what columns without names are
MAX_LINES = 50  # of one cell
MAX_BEFORE = 50  # lines before a table
MIN_CELLS = 3  # of a row that is a play by itself: artist, title and when
LOG = "#AUDIOSCROBBLER/"  # what portable players write
UNTAGGED = "<Untagged>"  # Rockbox' artist of a file that names none
LOG_COLUMNS = ["artist", "album", "title", "", "", "rating", "date", "recording_id"]
COMMENTS = ("#", "+ACM-")  # the latter is the former as Libre.fm's export has it, in UTF-7
SEPARATOR = re.compile(r"sep=(.)", re.IGNORECASE)  # a line of Excel's own before the table
WHAT_A_TRACK_IS = "track (a file, an id or artist - title)"
WORDING = {"recording_id": "recording id", "played_ms": "milliseconds played"}
BEFORE = "lines before the table"
BEYOND = "cells beyond the last column"
SKIPPED = "tracks that were skipped"


class _Table(NamedTuple):
    """What is known of a table before its rows: how errors call it, its columns, and whose plays they are."""

    name: str
    delimiter: str
    columns: list[str]
    start: int  # of its rows
    user: str = ""
    before: tuple[int, ...] = ()  # numbers of lines of another kind


def read_table(text: str, name: str, history: History) -> None:
    """Add the plays of a table to a history.

    Parameters
    ----------
    text : str
        lines of cells between commas, semicolons or tabs
    name : str
        how an error calls the file
    history : History
        what it is added to

    Raises
    ------
    DataError
        if the columns cannot be recognised, or a playcount is not a number
    """
    lines = LINE_END.split(text)
    table = _table(lines, name)
    wording = WORDING | {"track": "file" if "title" in table.columns else WHAT_A_TRACK_IS}
    read_as = ", ".join(dict.fromkeys(wording.get(one, one) for one in table.columns if one))
    history.note(read_as)
    for number in table.before:
        history.leave_out(BEFORE, f"line {number}")
    for number, cells, torn in _rows(lines, table.start, table.delimiter, len(table.columns)):
        line = f"line {number}"
        if any("\0" in cell for cell in cells):
            history.leave_out(DAMAGED, line)
        elif any(cell.strip() for cell in cells):
            if any(cell.strip() for cell in cells[len(table.columns) :]):
                history.leave_out(BEYOND, line)
            play = _play(cells, table, number, torn)
            if isinstance(play, Play):
                history.add(play, read_as, example=line)
            else:
                history.leave_out(play, line)


def _table(lines: list[str], name: str) -> _Table:
    """What a table's first lines say of it."""
    start = next((at for at, line in enumerate(lines) if line.strip()), 0)
    first = lines[start]
    if first.startswith(LOG):
        start = next((at for at in range(start, len(lines)) if not lines[at].startswith("#")), len(lines))
        return _Table(name, "\t", LOG_COLUMNS, start)
    delimiters = DELIMITERS
    if (declared := SEPARATOR.fullmatch(first.strip())) and start + 1 < len(lines):
        delimiters, start = declared[1], start + 1
        first = lines[start]
    delimiter, columns = _first_line(first, delimiters)
    before = () if columns else _before(lines, start, delimiters)
    if before:
        start = next(at for at in range(before[-1], len(lines)) if lines[at].strip())
        first = lines[start]
        delimiter, columns = _first_line(first, delimiters)
    if columns:
        last = _cells(first, delimiter)[0][-1].strip()
        # as lastfmstats.com says whose scrobbles they are
        user = last.partition("#")[2] if last.casefold().startswith("date#") else ""
        return _Table(name, delimiter, columns, start + 1, user, before)
    delimiter, columns = _headless(lines[start : start + LOOKED_AT], delimiters)
    if not columns:
        raise DataError(f"{name}, line {start + 1}, begins with {first[:60]!r}, which is no play; it must be {FORMATS}")
    return _Table(name, delimiter, columns, start)


def _before(lines: list[str], start: int, delimiters: str) -> tuple[int, ...]:
    """The numbers of the lines that a program put before a table's line of names; none where there is no such table.

    They are comments, or have too few cells to be plays: the rows of a table without names are never taken for them.
    """
    before: list[int] = []
    for at in range(start, min(start + MAX_BEFORE, len(lines))):
        line = lines[at]
        if before and _n_filled(_first_line(line, delimiters)[1]) >= MIN_CELLS:
            return tuple(before)
        if not line.startswith(COMMENTS) and max(_n_filled(_cells(line, one)[0]) for one in delimiters) >= MIN_CELLS:
            return ()
        if line.strip():
            before.append(at + 1)
    return ()


def _n_filled(cells: list[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def _play(cells: list[str], table: _Table, number: int, torn: bool) -> Play | str:
    """The play of a row, or why it is left out."""
    row: dict[str, str] = {}
    for column, cell in zip(table.columns, cells, strict=False):
        row[column] = row.get(column) or cell.strip()
    count = whole(row["playcount"]) if "playcount" in row else 1
    if count is None and torn:
        return DAMAGED
    if count is None:
        needed = f"must be a whole number from 0 to {MAX_PLAYCOUNT}"
        raise DataError(f"{table.name}, line {number}: playcount={row['playcount'][:60]!r} {needed}")
    if row.get("rating") == "S":
        return SKIPPED
    if row.get("played_ms") and not counts(row["played_ms"]):
        return TOO_SHORT
    ids = [cell.strip() for column, cell in zip(table.columns, cells, strict=False) if column == "recording_id"]
    artist, title, album = (row.get(one, "") for one in ("artist", "title", "album"))
    artist = "" if artist == UNTAGGED else artist
    user = row.get("user") or table.user
    return Play(user, artist, title, album, tuple(filter(None, ids)), row.get("track", ""), count)


def _first_line(first: str, delimiters: str) -> tuple[str, list[str]]:
    """The delimiter and the columns that a first line names; no columns where it names none."""
    found = {one: named_columns(_cells(first, one)[0]) for one in delimiters}
    delimiter = max(found, key=lambda one: (bool(found[one]), len(found[one])))
    columns = found[delimiter]
    return ("" if len(columns) == 1 else delimiter), columns


def _headless(lines: list[str], delimiters: str) -> tuple[str, list[str]]:
    """The delimiter and the columns of a table whose first line names none, by what stands in its lines."""
    # tabs and semicolons are rare in names, commas are not
    for delimiter in sorted(delimiters, key="\t;,".find):
        rows = [_cells(line, delimiter)[0] for line in lines if line.strip()]
        width = Counter(map(len, rows)).most_common(1)[0][0] if rows else 0
        columns = headless_columns([row for row in rows if len(row) == width])
        if columns:
            return delimiter, columns
    return "", []


def _rows(lines: list[str], start: int, delimiter: str, width: int) -> Iterator[tuple[int, list[str], bool]]:
    """Number, cells, and whether a quotation mark is left open, of each row."""
    at = start
    while at < len(lines):
        cells, left_open = _cells(lines[at], delimiter)
        n_lines = 1
        if left_open is not None:
            joined = _join(lines, at, delimiter, width)
            if joined:
                cells, n_lines = joined
                left_open = None
            elif (surplus := len(cells) - width) > 0:  # separators inside the name that the mark was to enclose
                end = left_open + surplus + 1
                cells[left_open:end] = [delimiter.join(cells[left_open:end])]
        yield at + 1, cells, left_open is not None
        at += n_lines


def _cells(line: str, delimiter: str) -> tuple[list[str], int | None]:
    """The cells of a line, and which is the first that opens a quotation mark and does not close it."""
    cells: list[str] = []
    place, left_open = 0, None
    cell = _pattern(delimiter)
    while found := cell.match(line, place):  # it always matches, if only nothing
        if found[1] is not None:
            cells.append(found[1].replace('""', '"'))
        else:
            cells.append(found[2])
            if left_open is None and found[2].lstrip(" ").startswith('"'):
                left_open = len(cells) - 1
        if found.end() >= len(line):
            break
        place = found.end() + len(delimiter)
    return cells, left_open


@cache
def _pattern(delimiter: str) -> re.Pattern[str]:
    """A cell: between quotation marks before a separator, or whatever stands before one."""
    sign = re.escape(delimiter)
    # a table of one column has no separators: names with commas are whole
    before, other = (f"{sign}|", f"[^{sign}]*") if delimiter else ("", r"[\s\S]*")
    return re.compile(rf' *"((?:[^"]|"")*+)" *(?={before}\Z)|({other})')


def _join(lines: list[str], at: int, delimiter: str, width: int) -> tuple[list[str], int] | None:
    """A row that begins in a line and continues in the next ones, and the number of lines; None where it does not."""
    text = lines[at]
    for stop in range(at + 1, min(len(lines), at + MAX_LINES)):
        text += "\n" + lines[stop]
        if text.count('"') % 2:
            continue
        cells, left_open = _cells(text, delimiter)
        # lines that are rows by themselves were not meant to be one
        alone = width > 1 and all(len(_cells(line, delimiter)[0]) == width for line in lines[at : stop + 1])
        return None if left_open is not None or len(cells) > width or alone else (cells, stop + 1 - at)
    return None
