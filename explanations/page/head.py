"""The page's head and foot."""

from pathlib import Path

import streamlit as st

from lemons.library import Library
from lemons.render.words import LEMON, data_url, plain

__all__ = ["STYLE", "draw_claim", "draw_foot", "draw_head"]

STYLE = Path(__file__).parent / "page.css"


def draw_head() -> None:
    """Set every page up."""
    st.set_page_config(page_title="LEMONS", page_icon=str(LEMON), layout="wide")
    st.html(STYLE)


def draw_claim() -> None:
    """Say in one line what this is."""
    st.html(
        f'<div class="lemons-head"><img alt="" src="{data_url(LEMON)}"><div><h1>LEMONS</h1>'
        "<p>Why was this track recommended? Listen to the very sounds that did it.</p></div></div>"
    )


def draw_foot(library: Library) -> None:
    """Name what the library had to leave out."""
    if library.skipped:
        with st.expander(f"{len(library.skipped)} entries of the music library were left out"):
            st.markdown("\n".join(f"- {plain(line)}" for line in library.skipped[:50]))
