"""Who this listener is: what they played, and how often."""

import pandas as pd
import streamlit as st

from explanations.page.listeners import draw_portrait, name_of
from explanations.page.words import plain
from lemons.library import Library
from lemons.listeners import Listener

TOP_GENRES = 6


def draw_profile(library: Library, listener: Listener) -> None:
    """Draw the listener's numbers, genres and most played tracks."""
    played = library.tracks.join(library.played(listener.name), how="inner").sort_values("playcount", ascending=False)
    left, right = st.columns([2, 3], gap="medium")
    with left:
        picture, text = st.columns([1, 2], gap="small", vertical_alignment="center", wrap=False)
        with picture:
            draw_portrait(listener, width=110)
        text.subheader(f"{plain(name_of(listener))} loves {listener.taste}.", anchor=False)
        numbers = {"Tracks": len(played), "Listening events": int(played["playcount"].sum())}
        with st.container(horizontal=True, gap="small"):
            for label, number in numbers.items():
                st.metric(label, f"{number:,}".replace(",", " "), border=True, width="stretch")
        _draw_genres(played)
    with right:
        st.markdown("**Most played**")
        st.dataframe(
            played[["title", "artist", "genre", "playcount"]],
            hide_index=True,
            height=388,
            column_config={
                "title": st.column_config.TextColumn("Title"),
                "artist": st.column_config.TextColumn("Artist"),
                "genre": st.column_config.TextColumn("Genre"),
                "playcount": st.column_config.NumberColumn("Plays", format="%d", width="small"),
            },
            alt=f"The tracks that {name_of(listener)} played, the most played first",
        )


def _draw_genres(played: pd.DataFrame) -> None:
    plays = played.groupby("genre")["playcount"].sum().sort_values(ascending=False)
    share = (100 * plays / plays.sum()).head(TOP_GENRES).reset_index()
    st.markdown("**Top genres**")
    st.dataframe(
        share,
        hide_index=True,
        column_config={
            "genre": st.column_config.TextColumn("Genre"),
            "playcount": st.column_config.ProgressColumn(
                "Share of plays", format="%.0f %%", min_value=0, max_value=float(share["playcount"].max())
            ),
        },
        alt="The genres that were played most",
    )
