"""The page's head and foot."""

from pathlib import Path

import streamlit as st

from explanations.page.words import LEMON, data_url, plain
from lemons.library import Library

STYLE = Path(__file__).parent / "page.css"


def draw_head() -> None:
    """Set the page up; say in a few lines what it is."""
    st.set_page_config(page_title="LEMONS", page_icon=str(LEMON), layout="wide")
    st.html(STYLE)
    st.html(
        f'<div class="lemons-head"><img alt="" src="{data_url(LEMON)}"><div><h1>LEMONS</h1>'
        "<p>Why was this track recommended? Listen to the very sounds that did it.</p></div></div>"
    )
    with st.expander("How does it work?"):
        st.markdown(
            "1. **A recommender that listens.** For each listener a small neural network has learned from the sound of "
            "the tracks they played, to say how relevant a track is for them: a number from 0 to 1.\n"
            "2. **A question asked by ear.** The track is cut into components, instruments or stretches of time. They "
            "are switched on and off at random, the network hears every such mix, and the relevance moves.\n"
            "3. **An answer that can be heard.** A component gets a large weight when the relevance rises with it. The "
            "components with the largest weights are played back, at the level at which they were scored."
        )


def draw_foot(library: Library) -> None:
    """Name what the library had to leave out."""
    if library.skipped:
        with st.expander(f"{len(library.skipped)} entries of the music library were left out"):
            st.markdown("\n".join(f"- {plain(line)}" for line in library.skipped[:50]))
