"""Examples to hear at once: explanations that were computed ahead."""

import streamlit as st

from explanations.page import address
from explanations.page.cached import get_explanations, get_model_hash
from explanations.page.keys import key_of
from explanations.page.listeners import find_listener, name_of
from lemons.config import Config
from lemons.errors import DataError
from lemons.explaining.explanation import Explanation
from lemons.explaining.trust import LEAST_R2
from lemons.library import Library
from lemons.render.words import answer, plain, question

__all__ = ["KIND", "draw_showcases"]

N_SHOWCASES = 3
KIND = "time+source"  # says which instrument, and when


def draw_showcases(config: Config, library: Library) -> None:
    """Draw a card for each of a few explanations; a click opens it."""
    found = _find(config, library)
    if not found:
        return
    st.markdown("**Hear an example** (computed ahead)")
    with st.grid(N_SHOWCASES, min_column_width=260, gap="small", key="showcases"):
        for one in found:
            _draw_card(library, one)


def _find(config: Config, library: Library) -> list[Explanation]:
    """The most faithful explanation of each listener's current model, for the listeners with the most faithful ones."""
    best: dict[str, Explanation] = {}
    for one in get_explanations(config):
        shown = one.kind == KIND and one.method == "exact" and one.top(1) and one.fidelity_held_out >= LEAST_R2
        if shown and one.listener in library.plays and one.track_id in library.rows:
            best[one.listener] = max(best.get(one.listener, one), one, key=lambda one: one.fidelity_held_out)
    ranked = sorted(best.values(), key=lambda one: -one.fidelity_held_out)
    return [one for one in ranked if _is_current(config, library, one)][:N_SHOWCASES]


def _is_current(config: Config, library: Library, explanation: Explanation) -> bool:
    try:
        return explanation.model_hash == get_model_hash(config, library, find_listener(explanation.listener))
    except DataError:  # a model that was deleted
        return False


def _draw_card(library: Library, explanation: Explanation) -> None:
    name, track = explanation.listener, library.rows[explanation.track_id]
    with st.container(key=key_of("showcase", name), border=True, gap="xsmall", height="stretch"):
        st.button(
            question(plain(str(track["title"])), plain(name_of(find_listener(name)))),
            key=key_of("show", name),
            icon=":material/play_arrow:",
            width="stretch",
            on_click=address.jump,
            kwargs={"listener": name, "track": explanation.track_id, "kind": KIND, "method": None, "beside": None},
        )
        st.caption(plain(answer(explanation)))
