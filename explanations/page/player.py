"""The stem player on the page."""

import streamlit as st

from explanations.page.file_server import address_of, get_store
from lemons.hashing import hash_text
from lemons.render.player import player_css, player_js

__all__ = ["draw_player"]

SCRIPT = ("player", hash_text(player_js()))
# the script itself comes over HTTP, once; with the component it would come with every rerun
LOADER = f"""
export default (component) => {{
  const ends = import(location.origin + "{address_of(SCRIPT, ".js")}").then((player) => player.default(component))
  return () => ends.then((end) => end())
}}
"""
_player = st.components.v2.component("lemons_stem_player", css=player_css(), js=LOADER)


def draw_player(data: dict, *, key: str) -> int | None:
    """Draw the player of an explanation; it continues to play when the script runs again with the same sounds.

    Parameters
    ----------
    data : dict
        from `lemons.render.player.player_data`, with addresses of this server; ``start``, where it exists and
        was not seen before, makes it play
    key : str
        of the widget, and of ``st.session_state``

    Returns
    -------
    int or None
        how many top components the visitor has just chosen to hear; None when they did not choose since the last run
    """
    get_store().put(SCRIPT, ".js", lambda: player_js().encode())
    return _player(key=key, data=data, on_k_change=lambda: None).k
