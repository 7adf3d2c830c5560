"""The answer: in a sentence, in numbers, in sound, as a picture and as a table."""

import html
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st
from scipy.special import expit

from explanations.clips import TOP_K, clips
from explanations.explanation import Component, Explanation
from explanations.figure import draw_explanation
from explanations.page.data import Case
from explanations.page.sound import play
from explanations.page.words import answer, capitalized, fidelity_sentence, name_of, names_of, plain

TRUSTED = 0.5  # fidelity below which a page should warn of its own explanation


def draw_result(case: Case, explanation: Explanation) -> None:
    """Draw an explanation."""
    st.html(f'<p class="lemons-answer" role="status">{html.escape(answer(explanation))}</p>')
    if against := explanation.against(1):
        st.markdown(plain(f"{capitalized(names_of(against, explanation.kind))} spoke most against it."))
    if explanation.fidelity_held_out < TRUSTED:
        st.warning(f"{fidelity_sentence(explanation)} Don't take the weights at their word.", icon=":material/warning:")
    else:
        st.markdown(fidelity_sentence(explanation))
    if explanation.relevance < 0.5:
        st.caption("Below 0.5 the model would rather not recommend this track; this is what spoke for it all the same.")
    with st.container(horizontal=True, gap="small"):
        st.metric("Relevance of the track", f"{explanation.relevance:.2f}", border=True, width=165)
        st.metric("Fidelity", f"{explanation.fidelity_held_out:.2f}".replace("-", "−"), border=True, width=165)
    _draw_sounds(case, explanation)
    _draw_picture(case, explanation)
    _draw_table(explanation)


def _draw_sounds(case: Case, explanation: Explanation) -> None:
    sounds, gain = clips(explanation, case.track.stems, k=TOP_K)
    top = explanation.top(TOP_K)
    alone = {name: f"{expit(logit):.2f}" for name, logit in explanation.clip_logits.items()}
    entries = []
    if top:
        what = names_of(top[:1], explanation.kind)
        entries.append(("top1", "Top highlight", f"{what}. Relevance of this alone: {alone['top1']}", top[:1]))
    if len(top) > 1:
        what = names_of(top, explanation.kind)
        entries.append((f"top{TOP_K}", f"Top-{len(top)} components", f"{what}. Relevance: {alone['top3']}", top))
    entries.append(("mix", "The whole track", f"Everything. Relevance: {explanation.relevance:.2f}", ()))
    if top:
        without = "these" if len(top) > 1 else "it"
        entries.append(("rest", "The rest", f"The track without {without}. Relevance: {alone['rest']}", ()))
    with st.grid(2, min_column_width=300, gap="small", key="sounds"):
        for name, heading, caption, heard in entries:
            with st.container(border=True, gap="xsmall", key=f"sound-{name}"):
                st.markdown(f"**{heading}**")
                play(sounds[name], name=f"{heading}: {caption}", gain=gain, start_s=_first_sound(heard))
                st.caption(plain(capitalized(caption)))
    note = "Explanation + rest = the whole track, sample for sample, at its true level."
    if gain != 1:
        note += f" All of these clips are played at {gain:g} of their level, so that none is clipped."
    st.caption(note)


def _first_sound(components: Sequence[Component]) -> float:
    """Where a clip that is silent at first begins to sound."""
    return min((component.start_s for component in components), default=0.0)


def _draw_picture(case: Case, explanation: Explanation) -> None:
    st.subheader("Where it comes from", anchor=False)
    alt = "Parts by time, each cell coloured by its weight; the numbers are in the table below"
    key = (*case.key, explanation.kind, explanation.method, explanation.n_masks)
    with st.container(key="picture"):
        st.image(_picture(explanation, case.track.stems, key, case.track.title), alt=alt)


@st.cache_data(max_entries=64, show_spinner=False)
def _picture(_explanation: Explanation, _stems: dict, key: tuple, title: str) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "explanation.png"
        draw_explanation(_explanation, _stems, path, title=title)
        return path.read_bytes()


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
                    "Weight", format="%+.4f", help="How much the relevance rises when this component sounds."
                ),
                "speaks": st.column_config.TextColumn("Speaks"),
            },
            alt="The weight of every component, the largest first",
        )
        st.caption(_method(explanation))


def _method(explanation: Explanation) -> str:
    masks = f"{explanation.n_masks:,}".replace(",", " ")
    if explanation.method == "lime":
        how = f"audioLIME: the model heard {explanation.work:.0f} mixes"
    else:
        how = f"Exact: one pass, {explanation.work:.0f} times the work of hearing the track once, answers for every mix"
    drawn = explanation.neighborhood == "drawn"
    fit = f"fitted to {masks} of them, drawn with seed {explanation.seed}" if drawn else f"fitted to all {masks}"
    return f"{how}; {fit}. Fidelity on those: {explanation.fidelity:.2f}."
