"""A contrast as lines of text, for the command: facts first, then what a line makes of them."""

from collections.abc import Sequence

from scipy.special import expit

from explanations.core.contrast import Contrast
from lemons.explaining.clips import TOP_K
from lemons.explaining.component import NOISE, Component
from lemons.explaining.trust import fidelity_in_words, line_holds
from lemons.render.fact_words import Goal, sentences_towards
from lemons.render.words import NOTHING

__all__ = ["contrast_sentences", "contrast_summary"]


def contrast_summary(contrast: Contrast) -> list[str]:
    """What a contrast says.

    Parameters
    ----------
    contrast : Contrast
        with the names of both listeners

    Returns
    -------
    list of str
        sentences, the most certain ones first
    """
    fidelity = f"{contrast.fidelity:.2f} over all masks: {fidelity_in_words(contrast)}"
    return [
        *(f"{name}: {text}" for name, text in contrast_sentences(contrast).items()),
        _answers(contrast, "mix", "whole track"),
        _answers(contrast, "silence", "silence"),
        f"fidelity of the difference {fidelity}",
        *_weights(contrast),
    ]


def contrast_sentences(contrast: Contrast) -> dict[str, str]:
    """What is true of both models whatever mix they are given, in one sentence each; see `fact_sentences`."""
    first, second = contrast.listener, contrast.versus
    if not contrast.facts.full_reaches:
        other_way = f"ask why, with listener {second} versus {first}"
        return {"Enough": f"As a whole, the track is more for {second} than for {first}; {other_way}."}
    goal = Goal(
        would=f"would still be more for {first} than for {second}",
        would_not=f"would be more for {second} than for {first}",
        nothing=NOTHING[contrast.baseline],
        silence=f"The difference of logits is {contrast.facts.silence:+.2f} for silence",
        close=NOISE["difference"],
    )
    return sentences_towards(goal, contrast)


def _answers(contrast: Contrast, name: str, what: str) -> str:
    first, second = contrast.logits[name]
    relevances = f"{contrast.listener} {expit(first):.3f}, {contrast.versus} {expit(second):.3f}"
    return f"{what}: relevance for {relevances}, difference of logits {first - second:+.3f}"


def _weights(contrast: Contrast) -> list[str]:
    """The components that speak most for either listener rather than the other, where a line holds."""
    if not line_holds(contrast):
        return ["No weights are given: no line describes the difference of the models here."]
    first, second = contrast.listener, contrast.versus
    return [
        *_ranking(contrast, contrast.top(TOP_K), f"more for {first} than for {second}"),
        *_ranking(contrast, contrast.against(TOP_K), f"more for {second} than for {first}"),
    ]


def _ranking(contrast: Contrast, components: Sequence[Component], what: str) -> list[str]:
    if not components:
        return [f"{what}: no component"]
    lines = [f"{what}:"]
    for place, one in enumerate(components, start=1):
        first, second = contrast.own[one.index]
        own = f"{contrast.listener} {first:+.4f}, {contrast.versus} {second:+.4f}"
        lines.append(f"{place}. {one.stem}, {one.start_s:.1f} to {one.end_s:.1f} s: {one.weight:+.4f} ({own})")
    return lines
