"""Second step: the tracks recommended to the listener, of which one is explained."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from explanations.page import address
from explanations.page.cached import Case
from explanations.page.file_server import get_store
from explanations.page.listeners import name_of
from explanations.page.track_table import draw_tracks
from lemons.audio import flac_bytes, to_float
from lemons.library import Library
from lemons.listeners import Listener
from lemons.render.words import markup, plain, tame
from lemons.tracks import credit_of
from recsys.relevance import SKIPPED

__all__ = ["choose_source", "choose_track", "draw_track", "play_track"]

MAX_NAMED = 50  # tracks that are left out
ABOUT = {  # of what the tracks are the most relevant, see `recsys.recommend.recommend`, and what else is to be said
    "test": (
        "of the tracks that {name}'s model never saw in training",
        " The history was held back from training: the model could not know it.",
    ),
    "unheard": ("of all tracks that are new to {name}, from the list that `lemons fleet score` made", ""),
}


def choose_source() -> Sequence:
    """Draw the choice between recommended tracks and the visitor's own music; return a tab for either."""
    st.header("2 · Choose a track", anchor="recommendations")
    return st.tabs(["Recommended tracks", "Your own music"], key=address.key("source"), on_change=address.act)


def choose_track(library: Library, ranking: pd.DataFrame, listener: Listener) -> pd.Series:
    """Draw the recommendations; return the row of the chosen track, at first the most relevant."""
    name = name_of(listener)
    of_which, more = ABOUT[ranking.attrs["pool"]]
    st.caption(
        f"The ten most relevant {of_which.format(name=plain(name))}. Relevance runs from 0 to 1. Choose by a click on "
        f"a row, or by the arrow keys; the play button lets you listen.{more}"
    )
    _name_skipped(library, ranking)
    _name_authors(library, ranking)
    rows = [
        {"track_id": row["track_id"]}
        | {field: tame(str(row[field])) for field in ("title", "artist", "genre")}
        | {"rank": int(row["rank"]), "relevance": float(row["relevance"]), "src": _offer(library, row["track_id"])}
        | {"history": f"{tame(name)} played it" if row["playcount"] > 0 else "new"}
        for row in ranking.to_dict("records")
    ]
    ids = [row["track_id"] for row in rows]
    choices = st.session_state.setdefault("chosen-tracks", {})  # of each listener, for visitors who come back to them
    mine = (library.fingerprint, listener.name)
    chosen = address.recall("track", ids, choices.get(mine))
    if chosen not in ids:
        chosen = ids[0]
    key = address.key("ranking", library.fingerprint[:8], listener.name)
    chosen = draw_tracks(rows, chosen=chosen, label=f"The ten tracks recommended to {tame(name)}", key=key) or chosen
    choices[mine] = chosen
    address.remember(track=chosen)
    return ranking.iloc[ids.index(chosen)]


def _name_skipped(library: Library, ranking: pd.DataFrame) -> None:
    """List the tracks that the model could not score, and why."""
    skipped = ranking.attrs.get(SKIPPED, {})
    if skipped:
        are = "track is" if len(skipped) == 1 else "tracks are"
        with st.expander(f"{len(skipped)} {are} left out here: the sound cannot be read"):
            named = list(skipped)[:MAX_NAMED]
            titles = library.some_tracks(named)["title"].to_dict()
            lines = [f"- {plain(f'{titles.get(one, str())} ({one}): {skipped[one]}')}" for one in named]
            st.markdown("\n".join(lines))


def _name_authors(library: Library, ranking: pd.DataFrame) -> None:
    """Say who made the music that can be played here, and under which licence it is, where that is known."""
    tracks = library.some_tracks(ranking["track_id"])
    credits = {f"{row['artist']} ({credit})" for row in tracks.to_dict("records") if (credit := credit_of(row))}
    if credits:
        st.caption(plain(f"Music: {'; '.join(sorted(credits))}"))


def draw_track(case: Case):
    """Draw the chosen track: what it is, how relevant; return the place for its sound."""
    with st.container(border=True, key="track"):
        left, right = st.columns([3, 1], vertical_alignment="center")
        title, about = markup(case.title), markup(case.about)
        left.html(f'<div class="lemons-track"><h3>{title}</h3><p>{about}</p></div>')
        right.metric(f"Relevance for {plain(name_of(case.listener))}", f"{case.relevance:.2f}")
        return st.empty()


def play_track(place, case: Case) -> None:
    """Fill the place that `draw_track` left; where an explanation exists, its player has the track's sound."""
    # not st.audio: after a view that was left quickly, the browser requests a sound that Streamlit has deleted
    src = get_store().put(("mix", case.key[1]), ".flac", lambda: flac_bytes(case.mix))
    place.html(f'<audio class="lemons-whole" controls aria-label="The whole track" src="{src}"></audio>')


def _offer(library: Library, track_id: str) -> str:
    """The address of a track's sound as the model scores it; the file is made when it is first requested."""
    key = ("mix", library.fingerprint, track_id)
    return get_store().offer(key, ".flac", lambda: flac_bytes(to_float(library.load_audio(track_id))))
