"""What the columns of a table of plays mean, by their names or by what stands in them."""

import re

__all__ = ["headless_columns", "named_columns"]

NAMES = {  # our word, and what programs call it, in small letters and without spaces
    "user": ("user", "username", "userid", "listener"),
    "artist": ("artist", "artists", "artistname", "artistnames", "trackartist", "trackartists",
               "mastermetadataalbumartistname"),
    "title": ("title", "tracktitle", "trackname", "songtitle", "songname", "song", "name", "mastermetadatatrackname"),
    "track": ("track",),
    "file": ("file", "path", "filename", "filepath", "location"),
    "album": ("album", "albumname", "albumtitle", "release", "releasename", "mastermetadataalbumalbumname"),
    "recording_id": ("recordingmbid", "trackmbid", "mbid", "recordingid", "musicbrainzrecordingid",
                     "musicbrainztrackid"),
    "playcount": ("playcount", "plays", "count", "scrobbles", "listencount", "timesplayed"),
    "played_ms": ("msplayed", "playedms"),
    "date": ("date", "time", "timestamp", "uts", "utctime", "ts", "endtime", "listenedat", "datetime", "playedat",
             "scrobbletime"),
}  # fmt: skip
WORDS = {name: word for word, names in NAMES.items() for name in names}
MANY = ("recording_id", "date")  # of which a table may have several columns
YEAR = r"\b(?:19|20)\d\d\b"
# a Unix time in seconds or milliseconds, a year beside a day or a month, or days and months by numbers
DATE = re.compile(rf"\d{{9,13}}(?:\.\d+)?|.*{YEAR}.*\d.*|.*\d.*{YEAR}.*|\d{{1,2}}[./-]\d{{1,2}}[./-]\d\d.*")
MOSTLY = 0.8  # of the cells of a column; some lines are damaged


def named_columns(cells: list[str]) -> list[str]:
    """Our words for the columns that a first line names, "" for those we don't read; empty if it names no track.

    >>> named_columns(["uts", "Artist Name", "Album", "Track Name", "url"])
    ['date', 'artist', 'album', 'title', '']
    >>> named_columns(["user", "track", "playcount"]), named_columns(["artist", "what"])
    (['user', 'track', 'playcount'], [])
    """
    columns: list[str] = []
    for cell in cells:
        cell = cell.strip().casefold()
        word = "date" if cell.startswith("date#") else WORDS.get(re.sub(r"[\W_]+", "", cell), "")
        columns.append(word if word in MANY or word not in columns else "")
    if "track" in columns:
        if "artist" in columns:  # beside an artist it is the title; beside both, mostly its number on the album
            columns = ["" if one == "track" and "title" in columns else one for one in columns]
            columns = ["title" if one == "track" else one for one in columns]
        else:
            columns = ["" if one == "title" else one for one in columns]
    # a file says which track it is, whatever else stands beside it
    if "file" in columns and "track" not in columns:
        columns = ["track" if one == "file" else one for one in columns]
    columns = ["" if one == "file" else one for one in columns]
    return columns if "track" in columns or {"artist", "title"} <= set(columns) else []


def headless_columns(rows: list[list[str]]) -> list[str]:
    """The columns of a table without a first line, by the position of its dates; empty where that does not decide.

    Dates stand first in tables of Libre.fm (``time, title, artist, album``, ids) and Maloja (``time, artist, title,
    album``), last in those of Last.fm (``artist, album, title, date``), fourth in those of Universal Scrobbler
    (``artist, title, album, date, ...``). Where that leaves two ways, counts decide which name is the title: a
    table has more titles than albums, and more than artists.

    Parameters
    ----------
    rows : list of list of str
        some rows, all of one width
    """
    width = len(rows[0]) if rows else 0
    dates = [at for at in range(width) if _are_dates([row[at].strip() for row in rows])]
    if width < 3 or not dates:
        return []
    if 0 in dates:
        rest = ["title", "artist", "album", "recording_id" if width == 7 else "", "", ""]
        if width != 7 and _more(rows, 2, 1):
            rest[:2] = ["artist", "title"]
        return ["date", *rest, *width * [""]][:width]
    if 3 in dates:
        names = ["artist", "album", "title"] if width == 4 else ["artist", "title", "album"]
        more = names.index("title"), names.index("album")
        if _more(rows, more[1], more[0]):
            names[1:] = names[:0:-1]
        return [*names, "date", *width * [""]][:width]
    return ["artist", "title", "date"] if width == 3 and dates == [2] else []


def _are_dates(cells: list[str]) -> bool:
    filled = [cell for cell in cells if cell]
    return bool(filled) and sum(bool(DATE.fullmatch(cell[:100])) for cell in filled) >= MOSTLY * len(filled)


def _more(rows: list[list[str]], one: int, other: int) -> bool:
    """Whether a column has more different names than another."""
    return len({row[one].strip() for row in rows} - {""}) > len({row[other].strip() for row in rows} - {""})
