"""First step: who is listening?"""

import re
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from explanations.page import address
from explanations.page.keys import key_of
from lemons.listeners import LISTENERS, Listener
from lemons.render.words import LEMON, capitalized, data_url, plain, shorten

__all__ = ["choose_listener", "draw_portrait", "find_listener", "find_names", "name_of"]

PORTRAITS = Path(__file__).parent / "portraits"
N_PERSONAS = len(LISTENERS)  # cards in a row
MAX_CARDS = 2 * N_PERSONAS  # with more listeners, there is a search


def choose_listener(users: Sequence[str]) -> tuple[Listener, list[str]]:
    """Draw a card for each of the library's users, or a search where they are many.

    Returns
    -------
    listener : Listener
        the chosen one
    shown : list of str
        those with a card; of many, the first that the search finds, and the chosen one
    """
    st.header("1 · Choose a listener", anchor="listener")
    chosen = address.recall("listener", users, users[0])
    address.remember(listener=chosen)
    shown = list(users) if len(users) <= MAX_CARDS else _search(users, chosen)
    with st.grid(min(len(shown), N_PERSONAS), min_column_width=124, gap="xsmall", key="cards"):
        for name in shown:
            _draw_card(find_listener(name), chosen=name == chosen)
    return find_listener(chosen), shown


def _search(users: Sequence[str], chosen: str) -> list[str]:
    """Draw a search; return the first listeners whose names fit, the chosen one before them if it is none of them."""
    text = st.text_input(
        "Find a listener",
        key=address.key("search"),
        placeholder="Part of a name",
        icon=":material/search:",
        width=320,
        on_change=address.act,
    )
    found = find_names(users, text)
    shown = found[:MAX_CARDS]
    if chosen not in shown:
        shown = [chosen, *shown[: MAX_CARDS - 1]]
    if not found:
        st.caption(f"No listener's name has “{plain(shorten(text))}” in it.")
    else:
        fit = f"{len(found):,} of {len(users):,} listeners fit" if text.strip() else f"{len(users):,} listeners"
        more = "; more of a name finds the others" if len(found) > MAX_CARDS else ""
        st.caption(f"{fit}{more}.".replace(",", " "))
    return shown


def find_names(users: Sequence[str], text: str) -> list[str]:
    """The listeners whose name has a text in it, whatever its letter case: first those that begin with it.

    >>> find_names(["marko", "Zoë", "Marie", "elmar"], "MAR")
    ['marko', 'Marie', 'elmar']
    """
    text = text.strip().casefold()
    folded = [(name, name.casefold()) for name in users]
    begin = [name for name, one in folded if one.startswith(text)]
    return begin + [name for name, one in folded if text in one and not one.startswith(text)]


def find_listener(name: str) -> Listener:
    """The persona of this name, or a listener of whom only the music is known."""
    personas = {listener.name: listener for listener in LISTENERS}
    return personas.get(name) or Listener(name, "", "the music in their history", ())


def _draw_card(listener: Listener, *, chosen: bool) -> None:
    with st.container(key=key_of("card", listener.name), border=True, gap="xsmall", horizontal_alignment="center"):
        draw_portrait(listener, width=92, note="Chosen: " if chosen else "")
        st.button(
            plain(name_of(listener)),
            key=key_of("choose", listener.name),
            type="primary" if chosen else "secondary",
            icon=":material/check:" if chosen else None,
            width="stretch",
            on_click=address.choose,
            kwargs={"listener": listener.name, "track": None},
        )
        st.caption(listener.taste)


def draw_portrait(listener: Listener, *, width: int, note: str = "") -> None:
    """The listener's picture, ``width`` pixels wide; its title, after a note, is its text for screen readers."""
    picture = PORTRAITS / f"{listener.name}.svg" if listener in LISTENERS else LEMON
    found = re.search("<title[^>]*>(.*?)</title>", picture.read_text(encoding="utf-8"))
    title = found[1] if found else ""
    st.html(f'<img class="lemons-portrait" width="{width}" alt="{note}{title}" src="{data_url(picture)}">')


def name_of(listener: Listener) -> str:
    """What the page calls a listener; untrusted text, where the library is not the demo's."""
    return capitalized(listener.name)
