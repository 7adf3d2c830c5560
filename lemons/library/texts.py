"""Texts of other programs: detecting their encoding, and refusing what is not text.

A byte-order mark decides; else zeros between the letters mean UTF-16, and text that is valid UTF-8 is UTF-8. Bytes that
are not are read as Windows-1252, each by itself: Excel writes it, and programs that append to a file mix the two. Other
code pages (Cyrillic, Japanese, those of old Macs) are recognised by bytes that Western texts lack, and refused.
"""

import codecs

from lemons.errors import DataError

__all__ = ["decode"]

MARKS = (  # UTF-32 first: its mark begins as that of UTF-16 does
    (codecs.BOM_UTF8, "utf-8", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32-be", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16-le", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16-be", "UTF-16"),
)
CONTROLS = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1b"))
HEAD = 65_536  # bytes that decide whether a file is text
FALLBACK = "lemons-windows-1252"
PUNCTUATION = frozenset(b"\x80\x85\x91\x92\x93\x94\x95\x96\x97\x99")  # of Windows-1252: euro, dots, quotes, dashes
LETTERS = 0xC0  # its accented ones begin here, and seldom two stand side by side
DOUBTFUL = 0.2  # of the bytes, beyond which a text is not Western


def decode(data: bytes, name: str) -> tuple[str, str]:
    """A text and its encoding.

    Parameters
    ----------
    data : bytes
        a file's content
    name : str
        how an error calls the file

    Returns
    -------
    tuple of (str, str)
        the text without a mark, and "UTF-8", "UTF-16", "UTF-32" or "Windows-1252"

    Raises
    ------
    DataError
        if it is no text, or one of another encoding

    Examples
    --------
    >>> decode("Zoë;Été".encode("utf-16"), "a.csv"), decode("Zoë;Été".encode("cp1252"), "a.csv")
    (('Zoë;Été', 'UTF-16'), ('Zoë;Été', 'Windows-1252'))
    """
    for mark, encoding, called in MARKS:
        if data.startswith(mark):
            return _strictly(data[len(mark) :], encoding, called, name), called
    if b"\0" in data and (encoding := _unmarked(data)):
        return _strictly(data, encoding, "UTF-16", name), "UTF-16"
    head = data[:HEAD]
    if len(head) - len(head.translate(None, CONTROLS)) > len(head) / 100:
        raise DataError(f"{name} is no text; a history is a table, JSON or a zip of such files")
    try:
        return data.decode(), "UTF-8"
    except UnicodeDecodeError:
        text, others = _with_windows_1252(data)
    n_utf_8 = len(text) - len(text.encode("ascii", "ignore")) - len(others)
    doubtful = [
        at
        for at in others
        if (data[at] < 0xA0 and data[at] not in PUNCTUATION)
        or (data[at] >= LETTERS and any(beside in others and data[beside] >= 0x80 for beside in (at - 1, at + 1)))
    ]
    # a few damaged bytes in a text of UTF-8 are just that
    if n_utf_8 < len(others) and len(doubtful) > DOUBTFUL * len(others):
        raise DataError(f"{name} is neither UTF-8, UTF-16 nor Windows-1252; save it as UTF-8")
    return text, "Windows-1252" if n_utf_8 < len(others) else "UTF-8, some of it damaged"


def _strictly(data: bytes, encoding: str, called: str, name: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is damaged: it is no {called} at byte {error.start}; export it again") from error


def _unmarked(data: bytes) -> str:
    """The byte order of UTF-16 without a mark, by which of the two gives more ASCII; empty where neither fits."""
    found = {}
    for encoding in ("utf-16-le", "utf-16-be"):
        text = data[:HEAD].decode(encoding, "replace")
        n_controls = sum(one < " " and one not in "\t\r\n" for one in text)
        if n_controls == 0 and text.count("\ufffd") <= 1:  # the last sign may be cut
            found[encoding] = sum(one.isascii() for one in text)
    best = max(found, key=lambda one: found[one], default="")
    # separators and ends of lines are ASCII in every language
    return best if best and found[best] > min(len(data), HEAD) / 100 else ""


def _with_windows_1252(data: bytes) -> tuple[str, set[int]]:
    """A text of UTF-8 and Windows-1252, and where the bytes of the latter are."""
    others: set[int] = set()

    def decode_byte(error: UnicodeError) -> tuple[str, int]:
        if not isinstance(error, UnicodeDecodeError):  # it is registered for all of Python
            raise error
        others.update(range(error.start, error.end))
        return error.object[error.start : error.end].decode("cp1252", "replace"), error.end

    codecs.register_error(FALLBACK, decode_byte)
    return data.decode(errors=FALLBACK), others
