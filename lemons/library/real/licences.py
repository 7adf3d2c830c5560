"""Under which licence a song is: by its file's own tag or, where that names none, by ``debian/copyright``.

Licences are named by SPDX's identifiers. A licence that is not recognised is not guessed: its song refers to the text,
of which the library keeps a copy.

References
----------
https://spdx.org/licenses/
"""

import re

__all__ = ["find_licence"]

# words that only this licence has, in a text or in an address
SIGNS = {
    "CC-BY-SA-3.0": r"creativecommons\.org/licenses/by-sa/3\.0|Attribution-ShareAlike 3\.0 Unported",
    "MIT": r"Permission is hereby granted, free of charge, to any person obtaining",
    "GPL-2.0-or-later": r"GNU General Public License,? (as .{1,70})?version 2,? \(?or,? at your option,? any later",
}


def find_licence(*texts: str) -> str:
    """The SPDX identifier of the licence that the first of the texts to name any names first; empty if none does.

    >>> find_licence("GPL", "under the GNU General Public License version 2 or at your option any later version")
    'GPL-2.0-or-later'
    >>> find_licence("http://creativecommons.org/licenses/by-sa/3.0/", "anything"), find_licence("all rights reserved")
    ('CC-BY-SA-3.0', '')
    """
    for text in texts:
        text = " ".join(text.split())
        places = {name: found.start() for name, sign in SIGNS.items() if (found := re.search(sign, text))}
        if places:
            return min(places, key=lambda name: places[name])
    return ""
