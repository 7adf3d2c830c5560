"""Second step: what would this listener like, and which of these tracks shall be explained?"""

import html
from collections.abc import Sequence

import pandas as pd
import streamlit as st

from explanations.page import address
from explanations.page.data import Case
from explanations.page.listeners import name_of
from explanations.page.store import get_store
from explanations.page.words import plain
from explanations.sound import flac_bytes
from lemons.library import Library
from lemons.listeners import Listener


def choose_source() -> Sequence:
    """Draw the choice between recommended tracks and the visitor's own music; return a tab for either."""
    st.header("2 · Choose a track", anchor="recommendations")
    return st.tabs(["Recommended tracks", "Your own music"], key=address.key("source"), on_change="rerun")


def choose_track(library: Library, ranking: pd.DataFrame, listener: Listener) -> pd.Series:
    """Draw the recommendations; return the row of the chosen track, at first the most relevant."""
    name = name_of(listener)
    st.caption(
        f"The ten most relevant of the tracks that {plain(name)}'s model never heard in training. "
        "Relevance runs from 0 to 1. Choose by the circle before a track, or by a click on its row; "
        "a double click on the play sign lets you listen."
    )
    ids = ranking["track_id"].tolist()
    table = ranking.assign(
        listen=[_offer(library, track_id) for track_id in ids],
        known=[f"{name} played it" if count > 0 else "new" for count in ranking["playcount"]],
    )
    key = address.key(f"ranking-{library.fingerprint[:8]}-{listener.name}")
    # a default that followed every choice would be another table each time
    first = st.session_state.setdefault(f"first-{key}", ids.index(address.recall("track", ids, ids[0])))
    event = st.dataframe(
        table[["rank", "title", "relevance", "listen", "artist", "genre", "known"]],
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row-required",
        selection_default={"selection": {"rows": [first]}},
        column_config={
            "rank": st.column_config.NumberColumn("#", width=48, alignment="center"),
            "title": st.column_config.TextColumn("Title"),
            "artist": st.column_config.TextColumn("Artist"),
            "genre": st.column_config.TextColumn("Genre"),
            "relevance": st.column_config.ProgressColumn("Relevance", format="%.2f", min_value=0.0, max_value=1.0),
            "listen": st.column_config.AudioColumn("Listen", width=70),
            "known": st.column_config.TextColumn("History", help="Held back from training; the model could not know."),
        },
        alt=f"The ten tracks recommended to {name}",
    )
    rows = [row for row in event["selection"]["rows"] if row < len(ranking)]  # of a longer table, before a new training
    row = ranking.iloc[rows[0] if rows else 0]
    address.remember(track=row["track_id"])
    return row


def draw_track(case: Case):
    """Draw the chosen track: what it is, how relevant; return the place for its sound."""
    with st.container(border=True, key="track"):
        left, right = st.columns([3, 1], vertical_alignment="center")
        title, about = html.escape(case.title), html.escape(case.about)
        left.html(f'<div class="lemons-track"><h3>{title}</h3><p>{about}</p></div>')
        right.metric(f"Relevance for {plain(name_of(case.listener))}", f"{case.relevance:.2f}")
        return st.empty()


def play_track(place, case: Case) -> None:
    """Fill the place that `draw_track` left; where there is an explanation, its player has the track's sound."""
    # never an array: st.audio would make every track equally loud
    place.audio(flac_bytes(case.mix), format="audio/flac", alt="The whole track")


def _offer(library: Library, track_id: str) -> str:
    """The address of a track's sound as the model hears it, made when somebody listens."""

    def make() -> bytes:
        return flac_bytes(library.load_audio(track_id))

    return get_store().offer(("track", library.fingerprint, track_id), ".flac", make)
