"""The method, for every visitor: how the recommender works, how it is explained, and how far to trust that."""

from pathlib import Path

import streamlit as st

from lemons.explaining.trust import COARSE, NONE, WORDS

__all__ = ["DRAW", "EXACT", "PICTURES", "STYLE", "draw_method"]

PICTURES = Path(__file__).parent / "pictures"
STYLE = (PICTURES / "picture.css").read_text(encoding="utf-8")
# as components, SVGs are part of the page and follow its theme; st.html would drop them
DRAW = {
    name: st.components.v2.component(
        f"lemons_{name}", html=(PICTURES / f"{name}.svg").read_text(encoding="utf-8"), css=STYLE
    )
    for name in ("network", "switching", "exact")
}

LISTENING = """
Every listener has a small neural network of their own. It was trained on the sound of the tracks that they played,
and of as many that they never played, a random second at a time. Afterwards it hears whole tracks:

1. **The track becomes a picture.** A mel spectrogram shows how loud each of 256 bands of pitch is, 62 times a second.
2. **Filters look for patterns.** Five layers of learned filters, each looking at what the one before it found: the
   first layer sees some hundredths of a second, the last one 64 patterns of about a second and a half.
3. **Average and maximum.** Of each pattern it keeps how much of it there is in the whole track, and how strong it is
   where it is strongest. Where in the track that was is forgotten.
4. **One number.** These 128 values, each times a learned weight, are added up and squeezed between 0 and 1: the
   *relevance*.

That is all it knows: no titles, no artists, no genres, no other listeners.
"""
SWITCHING = """
A track is cut into **components**: instruments (*stems*), stretches of time (*segments*), or both, as in the grid.
Each can be switched off, which leaves silence in its place. The network hears such a mix like any other music, and
says how relevant it is.

From many mixes follows what each component contributes. [audioLIME](https://arxiv.org/abs/2008.00582) puts a line
through the answers: a base, plus one **weight** for each component that sounds. Mixes that are closer to the whole
track count more. A positive weight speaks for the track, a negative one against it.

The three components with the largest weights are **played to you**, at the level at which they were scored. The rest
can be heard, too: explanation + rest = the whole track, sample for sample.

*The pictures are of a real case: "Savage", a heavy metal track of the demo library, and Elizabeth's model. It has no
piano; its guitars are the stem that is elsewhere called the other instruments.*
"""
EXACT = """
Five instruments in five segments make 25 switches, and 2²⁵ = 33 554 432 mixes. The published system lets the network
hear 2048 of them, drawn at random; another draw gives other weights.

LEMONS knows the answer to **all** of them after one pass. The network looks at a second and a half at a time, so what
it finds at one place depends only on the segment there, or on two neighbours at a border. What happens elsewhere is
of no consequence. That leaves 32 different mixes inside each segment and 1024 across each border: few enough to hear
every one. Average and maximum of the whole track follow from those of its parts.

So nothing is left to chance: the same question has the same answer every time. The pass costs as much as hearing a
track of 30 s some fifty times, and less where components are silent. Only with more than 26 components that sound,
there are too many mixes for all of them to count, and the line is put through a quarter of a million.
"""
FIDELITY = """
The network is no straight line: two instruments together may do what neither does alone. **Fidelity** says how much
of the truth the line keeps: of all that the relevance moves when components are switched, the share that the weights
account for (the weighted R², over all mixes where they are known, else over mixes that the line was not fitted to). 1
is perfect; 0 is no better than one number for every mix. The case above has 0.75.

A low fidelity alone does not make the weights wrong: they may name the right components, and yet not say that one
counts only together with another, or that either will do. Where fidelity is low *and* two components interact more than
any of them counts, no line holds: then there are no weights here, only facts.
"""
LIMITS = """
- **It explains the network, not the listener.** It says what moved a model that was trained on one person's history,
  not what that person hears in a song, nor whether they will like it.
- **It is as good as the network.** A model that has learned something silly, such as how loud a recording is, gets a
  faithful explanation of something silly.
- **Exact is not the same as true.** The exact way removes the chance of sampling. It does not make a line of what is
  none: read the fidelity first.
- **Silence is an answer, too.** Weights compare a component with silence, and the network may be fond of silence: in
  the case above it finds a silent track relevant by 0.70. Music with holes in it is unlike what it was trained on.
- **It is as fine as the cut.** Within a component it says nothing. Where a program took the track apart, a stem holds
  traces of the others; the demo library has true stems.
- **Another question has another answer.** Other segments, other stems, or the time alone give other weights, all of
  them right for what was asked.
- **The demo's music is made by a program.** It shows that the machinery works, not how well it recommends real music.
"""
PAPERS = """
- Melchiorre, Haunschmid, Schedl, Widmer: *LEMONS: Listenable Explanations for Music recOmmeNder Systems*. ECIR 2021.
  The system, its listeners and its network.
- Haunschmid, Manilow, Widmer: *audioLIME: Listenable Explanations Using Source Separation*. 2020.
  [arXiv:2008.00582](https://arxiv.org/abs/2008.00582)
- Ribeiro, Singh, Guestrin: *"Why Should I Trust You?" Explaining the Predictions of Any Classifier*. 2016.
  [arXiv:1602.04938](https://arxiv.org/abs/1602.04938). LIME: a line through the answers to what was switched.
- Mishra, Benetos, Sturm, Dixon: *Reliable Local Explanations for Machine Listening*. 2020.
  [arXiv:2005.07788](https://arxiv.org/abs/2005.07788). How stable explanations are, and what to put in place of a
  part.
- Garreau, Mardaoui: *What does LIME really see in images?* 2021.
  [arXiv:2102.06307](https://arxiv.org/abs/2102.06307). What the weights become with ever more mixes.

The exact way, with its proof and its cost, is described in `docs/exact.md`.
"""


def draw_method() -> None:
    """Draw the page of the method."""
    st.header("How it works", anchor="method")
    st.markdown("LEMONS recommends music by its sound, and answers why: with the very sounds that did it.")
    _draw_step("1 · A recommender that listens", LISTENING, "network")
    _draw_step("2 · A question asked by ear", SWITCHING, "switching")
    _draw_step("3 · The answers to every mix", EXACT, "exact")
    st.subheader("How far to trust it", anchor="fidelity")
    left, right = st.columns([3, 2], gap="large")
    left.markdown(FIDELITY)
    right.table(_words())
    st.subheader("What an explanation is not", anchor="limits")
    st.markdown(LIMITS)
    st.subheader("Papers", anchor="papers")
    st.markdown(PAPERS)


def _draw_step(heading: str, text: str, picture: str) -> None:
    left, right = st.columns(2, gap="large")
    left.subheader(heading, anchor=picture)
    left.markdown(text)
    with right:
        DRAW[picture](key=f"picture-{picture}")


def _words() -> dict[str, list[str]]:
    """What the page calls a fidelity."""
    edges = [*(f"from {edge:g}" for edge, _ in WORDS), "below", "below, and two parts interact more than any counts"]
    return {"Fidelity": edges, "We call the model": [*(word for _, word in WORDS), COARSE, NONE]}
