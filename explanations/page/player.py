"""The stem player on the page."""

import streamlit as st

from explanations.player import player_css, player_js

_player = st.components.v2.component("lemons_stem_player", css=player_css(), js=player_js())


def draw_player(data: dict, *, key: str) -> int | None:
    """Draw the player of an explanation; what it plays goes on when the script runs again with the same sounds.

    Parameters
    ----------
    data : dict
        from `explanations.player.player_data`, with addresses of this server
    key : str
        of the widget, and of ``st.session_state``

    Returns
    -------
    int or None
        how many top components the visitor chose to hear; None as long as they did not choose
    """
    return _player(key=key, data=data, default={"k": None}, on_k_change=lambda: None).k
