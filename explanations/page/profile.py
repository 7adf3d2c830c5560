"""The listener's profile: what they played, how often, and what their model listens for."""

import pandas as pd
import streamlit as st

from explanations.core.portrait import portrait_of, usable
from explanations.page.cached import get_explanations, get_model_hash
from explanations.page.listeners import draw_portrait, name_of
from explanations.render.portrait_words import portrait_sentences, portrait_table
from lemons.config import Config
from lemons.library import Library
from lemons.listeners import Listener
from lemons.render.words import plain

__all__ = ["draw_profile"]

TOP_GENRES = 6


def draw_profile(config: Config, library: Library, listener: Listener) -> None:
    """Draw the listener's numbers, genres, most played tracks, and what their model listens for."""
    playcounts = library.played(listener.name)
    played = library.some_tracks(sorted(playcounts.index)).join(playcounts)
    played = played.sort_values("playcount", ascending=False)
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
            played[["title", "playcount", "artist", "genre"]],
            hide_index=True,
            height=213,  # five of them; the others by scrolling
            column_config={
                "title": st.column_config.TextColumn("Title"),
                "playcount": st.column_config.NumberColumn("Plays", format="%d", width="small"),
                "artist": st.column_config.TextColumn("Artist"),
                "genre": st.column_config.TextColumn("Genre"),
            },
            alt=f"The tracks that {name_of(listener)} played, the most played first",
        )
        _draw_habits(config, library, listener)


def _draw_genres(played: pd.DataFrame) -> None:
    plays = played.groupby("genre")["playcount"].sum().sort_values(ascending=False)
    shares = (100 * plays / plays.sum()).head(TOP_GENRES)
    st.markdown("**Top genres**")
    _draw_shares(shares, "Genre", "Share of plays", alt="The genres that were played most")


def _draw_habits(config: Config, library: Library, listener: Listener) -> None:
    """Which instruments are enough for a recommendation, and how much each spoke for it, by what was explained."""
    mine = [one for one in get_explanations(config) if one.listener == listener.name and one.track_id in library.rows]
    model_hash = get_model_hash(config, library, listener) if mine else ""  # which may be far away
    explained = usable(one for one in mine if one.model_hash == model_hash)
    st.markdown(f"**What {plain(name_of(listener))}'s model listens for**")
    if not explained:
        st.caption("Nothing is known yet: explain some of the recommended tracks by their sources.")
        return
    portrait = portrait_of(explained, listener=listener.name)
    st.markdown(" ".join(plain(sentence) for sentence in portrait_sentences(portrait)))
    st.dataframe(
        portrait_table(portrait)[["stem", "enough", "needed", "in none", "share"]],
        hide_index=True,
        column_config={
            "stem": st.column_config.TextColumn("Instrument"),
            "enough": st.column_config.TextColumn("Enough alone"),
            "needed": st.column_config.TextColumn("Needed"),
            "in none": st.column_config.TextColumn("In nothing that is enough"),
            "share": st.column_config.TextColumn("Share of what speaks for it"),
        },
        alt="In how many tracks each instrument is enough, is needed, or neither, and its share of the weights",
    )
    tracks = "1 track that was" if portrait.n_tracks == 1 else f"{portrait.n_tracks} tracks that were"
    st.caption(
        f"From {tracks} explained by sources so far; every other one narrows the 95 % intervals in brackets. Shares "
        f"are averages over the {portrait.n_line} of them of which weights say something."
    )


def _draw_shares(shares: pd.Series, name: str, share: str, *, alt: str) -> None:
    """A bar for each percentage; ``name`` and ``share`` head the columns."""
    st.dataframe(
        shares.reset_index(),
        hide_index=True,
        column_config={
            shares.index.name: st.column_config.TextColumn(name),
            shares.name: st.column_config.ProgressColumn(
                share, format="%.0f %%", min_value=0, max_value=float(shares.max())
            ),
        },
        alt=alt,
    )
