"""Keys of widgets: Streamlit makes ids, CSS classes and addresses of them, and does not accept every text.

What a key is made of comes from strangers: listeners, libraries, tracks, stems. A listener called ``dj__max`` would
break the page, since Streamlit joins ids by two underscores.
"""

import re

from lemons.hashing import hash_text

__all__ = ["key_of"]

PLAIN = re.compile("[A-Za-z0-9]{1,40}")
DIGITS = 16  # of a hash: 64 bits keep all the names of a page distinct


def key_of(kind: str, *names: str) -> str:
    """The key of a widget that exists once per name.

    Parameters
    ----------
    kind : str
        what the widget does, in our words
    names : str
        untrusted names; plain ones stay as they are, others are hashed

    Returns
    -------
    str
        other names have another key

    Examples
    --------
    >>> key_of("choose", "marko"), key_of("choose", "dj__max")
    ('choose-marko', 'choose-hash-3b6be200723fb8d5')
    """
    return "-".join([kind, *map(_part, names)])


def _part(name: str) -> str:
    """A name without a hyphen, so that it cannot be mistaken for two names, or for a hash."""
    return name if PLAIN.fullmatch(name) else f"hash-{hash_text(name)[:DIGITS]}"
