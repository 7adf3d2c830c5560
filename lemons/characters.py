"""Characters that may not be written to a table, or shown as they are: a class of each kind, for regular expressions.

Names of tracks, files and listeners come from strangers. A control character can end a line of a table or order a
terminal about, a mark of direction turns the text after it around, and half a surrogate pair has no UTF-8.
"""

import re

__all__ = ["BYTE_ORDER_MARK", "CONTROLS", "DIRECTIONS", "SEPARATORS", "SURROGATES", "UNWRITABLE", "invisible"]

CONTROLS = "\x00-\x1f\x7f-\x9f"  # line feeds and tabs among them
SEPARATORS = "\u2028\u2029"  # of lines and paragraphs
SURROGATES = "\ud800-\udfff"  # one alone: a byte that was no text, or half of a character
DIRECTIONS = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
BYTE_ORDER_MARK = "\ufeff"
UNWRITABLE = f"{CONTROLS}{SEPARATORS}{SURROGATES}"  # what a cell of a table cannot hold


def invisible(*, keep: str) -> re.Pattern[str]:
    r"""What no eye sees, and what acts on the text around it; joiners, which emoji are made of, are not among them.

    Parameters
    ----------
    keep : str
        characters that stay, such as a line feed

    Examples
    --------
    >>> invisible(keep="\n").sub("", "Lion\x1b\n Road\u202e")
    'Lion\n Road'
    """
    return re.compile(f"(?![{re.escape(keep)}])[{UNWRITABLE}{DIRECTIONS}{BYTE_ORDER_MARK}]")
