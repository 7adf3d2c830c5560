"""Second step: what would this listener like, and which of these tracks shall be explained?"""

import html
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from explanations.page.data import Case
from explanations.page.listeners import name_of
from explanations.page.sound import play
from explanations.page.words import plain
from lemons.listeners import Listener


def choose_source() -> Sequence:
    """Draw the choice between recommended tracks and the visitor's own music; return a tab for either."""
    st.header("2 · Choose a track", anchor="recommendations")
    return st.tabs(["Recommended tracks", "Your own music"], key="source", on_change="rerun")


def choose_track(ranking: pd.DataFrame, listener: Listener) -> pd.Series:
    """Draw the recommendations; return the row of the chosen track, at first the most relevant."""
    name = name_of(listener)
    st.caption(
        f"The ten most relevant of the tracks that {plain(name)}'s model never heard in training. "
        "Relevance runs from 0 to 1. Choose by the circle before a track."
    )
    table = ranking.assign(known=[f"{name} played it" if count > 0 else "new" for count in ranking["playcount"]])
    event = st.dataframe(
        table[["rank", "title", "relevance", "artist", "genre", "known"]],
        key=f"ranking-{listener.name}",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [0]}},
        column_config={
            "rank": st.column_config.NumberColumn("#", width=48, alignment="center"),
            "title": st.column_config.TextColumn("Title"),
            "artist": st.column_config.TextColumn("Artist"),
            "genre": st.column_config.TextColumn("Genre"),
            "relevance": st.column_config.ProgressColumn("Relevance", format="%.2f", min_value=0.0, max_value=1.0),
            "known": st.column_config.TextColumn("History", help="Held back from training; the model could not know."),
        },
        alt=f"The ten tracks recommended to {name}",
    )
    rows = [row for row in event["selection"]["rows"] if row < len(ranking)]  # of a longer table, before a new training
    return ranking.iloc[rows[0] if rows else 0]


def draw_track(case: Case) -> None:
    """Draw the chosen track: what it is, how relevant, and its sound."""
    with st.container(border=True, key="track"):
        left, right = st.columns([3, 1], vertical_alignment="center")
        title, about = html.escape(case.title), html.escape(case.about)
        left.html(f'<div class="lemons-track"><h3>{title}</h3><p>{about}</p></div>')
        right.metric(f"Relevance for {plain(name_of(case.listener))}", f"{case.relevance:.2f}")
        play(case.mix, name="The whole track")
