"""Sound on the page."""

import numpy as np
import streamlit as st

from explanations.sound import flac_bytes


def play(y: np.ndarray, *, name: str, gain: float = 1.0, start_s: float = 0.0) -> None:
    """Draw a player. Never hand an array to st.audio: it would make every clip equally loud."""
    st.audio(flac_bytes(y, gain=gain), format="audio/flac", start_time=int(start_s), alt=name)
