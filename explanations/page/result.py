"""The answer: a sentence, its numbers in words, the player, and downloads."""

from collections.abc import Mapping
from dataclasses import replace
from functools import cache, partial

import numpy as np
import pandas as pd
import streamlit as st
from scipy.special import expit

from explanations.page import address, listeners
from explanations.page.ask import Asked, find_what_if
from explanations.page.downloads import draw_downloads
from explanations.page.file_server import get_store
from explanations.page.player import draw_player
from lemons.errors import DataError
from lemons.explaining.clips import TOP_K
from lemons.explaining.components import rows_of
from lemons.explaining.explanation import Explanation
from lemons.explaining.trust import line_holds
from lemons.render import words
from lemons.render.fact_words import fact_sentences
from lemons.render.player import player_data, player_sounds
from lemons.render.words import (
    answer,
    capitalized,
    fidelity_sentence,
    method_sentence,
    name_of,
    names_of,
    pair_sentence,
    plain,
    sentence,
    ties_sentence,
)

__all__ = ["draw_result"]


def draw_result(asked: Asked, explanation: Explanation, count: str) -> None:
    """Draw an explanation; ``count`` is the address's field for how many components it has."""
    about = words.markup(words.question(asked.case.title, listeners.name_of(asked.case.listener)))
    facts = fact_sentences(explanation)
    text = words.markup(next(iter(facts.values()), answer(explanation)))
    st.html(f'<h3 class="lemons-why">{about}</h3><p class="lemons-answer" role="status">{text}</p>')
    _draw_sound(asked, explanation, count)
    lines = [*facts.items(), *_highlights(explanation)]
    st.markdown("\n".join(f"- **{heading}:** {plain(text)}" for heading, text in lines))
    if line_holds(explanation):
        st.markdown(f"{fidelity_sentence(explanation)} {plain(ties_sentence(explanation))}")
        _draw_table(explanation)
    else:
        text = f"{fidelity_sentence(explanation)} So this page shows no weights. {plain(pair_sentence(explanation))}"
        st.info(text, icon=":material/info:")


def _highlights(explanation: Explanation) -> list[tuple[str, str]]:
    """What spoke for the track, what against it, and how relevant each would be; nothing where no line holds."""
    if not line_holds(explanation):
        return []
    relevance = {name: f"{expit(logit):.2f}" for name, logit in explanation.clip_logits.items()}
    top, lines = explanation.top(TOP_K), []
    if top:
        alone = f"relevance of this alone: {relevance['top1']}, of silence: {relevance['silence']}"
        text = f"{names_of(top[:1], explanation.kind)}; {alone}"
        lines.append(("Top highlight", capitalized(text)))
    if len(top) > 1:
        text = f"{names_of(top, explanation.kind)}; relevance: {relevance[f'top{TOP_K}']}, without: {relevance['rest']}"
        lines.append((f"Top {len(top)}", capitalized(text)))
    against = explanation.against(1)
    text = f"most of all {names_of(against, explanation.kind)}" if against else "nothing"
    return [*lines, ("Against it", capitalized(text))]


@st.fragment
def _draw_sound(asked: Asked, explanation: Explanation, count: str) -> None:
    """The player and the downloads; moving its slider redraws nothing else."""
    case = asked.case
    explanation = replace(explanation, what_if=find_what_if(asked, explanation))
    most = max(len(explanation.top(len(explanation.components))), 1)
    usual = min(TOP_K, most)
    k = address.recall_number(count, usual, least=1, most=most)
    try:
        src, answers = _serve(explanation, case.track.stems)
    except DataError as error:  # a fragment that runs by itself has no page around it to show errors
        st.error(sentence(str(error)), icon=":material/error:")
        return
    title, listener, others = case.title, case.listener.name, case.others if case.ranked else ()
    data = player_data(
        explanation, case.track.stems, src=src, title=title, listener=listener, k=k, answers=answers, others=others
    )
    data["start"] = address.take_landing() if count == "k" else None
    k = draw_player(data, key=address.key("player", case.listener.name)) or k
    address.remember(**{count: k if k != usual else None})
    address.show_address()
    draw_downloads(case, explanation, k=k)


def _serve(explanation: Explanation, stems: Mapping[str, np.ndarray]) -> tuple[dict[str, str], str | None]:
    """Where the player fetches the sound of each row, and the answers to other mixes."""
    store, sounds = get_store(), cache(partial(player_sounds, explanation, stems))
    about = (explanation.stems_hash, explanation.kind)
    rows = rows_of(stems, kind=explanation.kind)

    def sound_of(row: str) -> bytes:
        return sounds()[row]

    src = {row: store.put((*about, row), ".flac", partial(sound_of, row)) for row in rows}
    if explanation.what_if is None:
        return src, None
    table = (*about, explanation.segments.borders, explanation.model_hash)
    return src, store.put(table, ".bin", explanation.what_if.to_bytes)


def _draw_table(explanation: Explanation) -> None:
    ranked = sorted(explanation.components, key=lambda component: -component.weight)
    table = pd.DataFrame(
        {
            "component": [capitalized(name_of(one, explanation.kind)) for one in ranked],
            "weight": [one.weight for one in ranked],
            "speaks": ["for it" if one.weight > 0 else "against it" if one.weight < 0 else "neither" for one in ranked],
        }
    )
    with st.expander("All weights, and what speaks against it", expanded=len(ranked) <= 5):
        st.dataframe(
            table,
            hide_index=True,
            column_config={
                "component": st.column_config.TextColumn("Component"),
                "weight": st.column_config.NumberColumn(
                    "Weight", format="%+.3f", help="How much the relevance rises when this component sounds."
                ),
                "speaks": st.column_config.TextColumn("Speaks"),
            },
            alt="The weight of every component, the largest first",
        )
        st.caption(method_sentence(explanation))
