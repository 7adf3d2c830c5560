"""Files that people take for a listening history and that are none, by what they hold."""

import re
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import Any

__all__ = ["name_archive", "name_bytes", "name_text", "name_value"]

SPREADSHEET = "is a spreadsheet; open it and save it as CSV (UTF-8), or export its table as such"
PLAYLIST = "is a playlist, which does not say what was played; export a history, or a table user,track,playcount"
LIBRARY = "says what is in a music library, not what was played; export the history itself"
MARKUP = "is a web page or XML; export the history as CSV or JSON"
DATABASE = "is an SQLite database; export its table of plays as CSV"
PACKED = "is packed; unpack it, and choose the folder or the file inside"
DAMAGED_ZIP = "is a damaged zip; download it again"

MAGIC = {
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": SPREADSHEET,  # the container of .xls, .doc and their like
    b"\x09\x08": SPREADSHEET,  # a workbook of Excel 3 to 5 without a container
    b"SQLite format 3\0": DATABASE,
    b"\x1f\x8b": PACKED, b"BZh": PACKED, b"\xfd7zXZ\0": PACKED, b"7z\xbc\xaf\x27\x1c": PACKED, b"Rar!": PACKED,
    b"PK\x03\x04": DAMAGED_ZIP,  # else it would have been opened
}  # fmt: skip
SUFFIXES = r"wav|flac|aiff?|og[ga]|opus|mp[34]|m4a|aac|wma|ape|wv|alac|webm"
FILE = re.compile(rf'"?[^\r\n]+\.(?:{SUFFIXES})"?\s*', re.IGNORECASE)
CUE = re.compile(r'^\s*FILE\s+".*?^\s*TRACK\s+\d+\s+AUDIO', re.IGNORECASE | re.MULTILINE | re.DOTALL)
PLAYLIST_MARKUP = re.compile(r"<(?:playlist|asx|smil|\?wpl|\?zpl|winampxml)\b", re.IGNORECASE)
SHEET_MARKUP = re.compile(r"<(?:\w+:)?workbook\b|office:spreadsheet|schemas-microsoft-com:office:excel", re.IGNORECASE)
HEAD = 4096  # signs of a text that are looked at


def name_bytes(data: bytes) -> str:
    """What a file is by its first bytes, and what to do; empty where it may be a history."""
    return next((sentence for magic, sentence in MAGIC.items() if data.startswith(magic)), "")


def name_archive(names: Collection[str]) -> str:
    """What a zip is by the names in it; empty where it may be a history.

    >>> name_archive(["[Content_Types].xml", "xl/workbook.xml"]) == SPREADSHEET, name_archive(["listens/2023/1.jsonl"])
    (True, '')
    """
    folders = {PurePosixPath(name).parts[:1] for name in names}
    if ("xl",) in folders or "Index/Document.iwa" in names or ("content.xml" in names and "mimetype" in names):
        return SPREADSHEET
    return ""


def name_text(text: str) -> str:
    r"""What a text is, and what to do; empty where it may be a history.

    >>> name_text("#EXTM3U\nmusic/a.mp3\n") == PLAYLIST == name_text("music/a.mp3\nmusic/b.mp3\n")
    True
    >>> name_text("track\nmusic/a.mp3\n")
    ''
    """
    head = text[:HEAD].lstrip()
    if head.startswith("<"):
        if SHEET_MARKUP.search(head):
            return SPREADSHEET
        library = re.search(r"<!doctype plist|<plist", head, re.IGNORECASE)
        return PLAYLIST if PLAYLIST_MARKUP.search(head) else LIBRARY if library else MARKUP
    if head.startswith("ID;P"):  # the symbolic link format of spreadsheets
        return SPREADSHEET
    lines = [line for line in head.splitlines() if line.strip() and not line.startswith("#")]
    files = lines[:-1] if len(text) > HEAD else lines  # the last one may be cut
    listed = bool(files) and all(map(FILE.fullmatch, files))
    marked = head.startswith("#EXT") or head[:10].casefold() == "[playlist]"
    return PLAYLIST if marked or listed or CUE.search(head) else ""


def name_value(value: Any) -> str:
    """What a JSON value is, and what to do; empty where it may be a history."""
    if isinstance(value, dict):
        if "playlist" in value or "playlists" in value:
            return PLAYLIST
        if isinstance(value.get("tracks"), list) and isinstance(value.get("albums"), list):
            return LIBRARY
    return ""
