"""The table of recommended tracks: one is chosen in it, and each can be listened to."""

from pathlib import Path

import streamlit as st

from explanations.page import address
from lemons.render.player.assets import HERE as PLAYER

__all__ = ["HERE", "SCRIPTS", "draw_tracks"]

HERE = Path(__file__).parent
SCRIPTS = (PLAYER / "dom.js", HERE / "track_table.js")  # in this order, as one ES module

_tracks = st.components.v2.component(
    "lemons_tracks",
    css=(HERE / "track_table.css").read_text(encoding="utf-8"),
    js="\n".join(script.read_text(encoding="utf-8") for script in SCRIPTS),
)


def draw_tracks(rows: list[dict], *, chosen: str, label: str, key: str) -> str | None:
    """Draw tracks as a table; a choice is shown at once, and a sound that is playing continues with the same rows.

    Parameters
    ----------
    rows : list of dict
        one per track: ``track_id``, ``rank`` (from 1), ``title``, ``artist``, ``genre``, ``relevance`` (in [0, 1]),
        ``history`` (a word on whether it is known) and ``src`` (where on this server its sound is); untrusted texts
    chosen : str
        the ``track_id`` of the row that is chosen, unless the visitor just chose another
    label : str
        what the table shows
    key : str
        of the widget, and of ``st.session_state``

    Returns
    -------
    str or None
        the ``track_id`` that the visitor just chose; None when this run has another cause
    """
    waiting = f"{key}-chosen"  # a trigger exists for a single run, which may end before it gets here

    def keep() -> None:
        address.act()
        st.session_state[waiting] = st.session_state[key].chosen

    asked = st.session_state.pop(waiting, None)
    if asked not in [row["track_id"] for row in rows]:  # comes from a browser, perhaps about rows of another training
        asked = None
    data = {"tracks": rows, "chosen": asked or chosen, "label": label}
    _tracks(key=key, data=data, on_chosen_change=keep)
    return asked
