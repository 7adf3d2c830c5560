"""First step: who is listening?"""

import re
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from explanations.page import address
from explanations.page.keys import key_of
from lemons.listeners import LISTENERS, Listener
from lemons.render.words import LEMON, capitalized, data_url, plain

__all__ = ["choose_listener", "draw_portrait", "find_listener", "name_of"]

PORTRAITS = Path(__file__).parent / "portraits"
N_PERSONAS = len(LISTENERS)


def choose_listener(users: Sequence[str]) -> Listener:
    """Draw a card for each of the library's users; return the chosen one."""
    st.header("1 · Choose a listener", anchor="listener")
    chosen = address.recall("listener", users, users[0])
    address.remember(listener=chosen)
    with st.grid(min(len(users), N_PERSONAS), min_column_width=124, gap="xsmall", key="cards"):
        for name in users:
            _draw_card(find_listener(name), chosen=name == chosen)
    return find_listener(chosen)


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
