"""An explanation as lines of text, for the command: facts first, then what a line makes of them."""

from scipy.special import expit

from lemons.explaining.clips import TOP_K
from lemons.explaining.explanation import Explanation
from lemons.explaining.trust import fidelity_in_words, line_holds
from lemons.render import words
from lemons.render.fact_words import fact_sentences

__all__ = ["summary"]


def summary(explanation: Explanation) -> list[str]:
    """What an explanation says.

    Parameters
    ----------
    explanation : Explanation
        of any kind and method

    Returns
    -------
    list of str
        sentences, the most certain ones first
    """
    masks = "all masks" if explanation.neighborhood == "all" else f"{explanation.n_masks} masks drawn"
    silence, nothing = explanation.clip_logits["silence"], words.NOTHING[explanation.baseline]
    silence = silence if explanation.relevance is None else expit(silence)
    fidelity = f"{explanation.fidelity_held_out:.2f} {explanation.judged_on}: {fidelity_in_words(explanation)}"
    return [
        *(f"{name}: {text}" for name, text in fact_sentences(explanation).items()),
        f"method {explanation.method}, {masks}, the work of {explanation.work:.0f} mixes heard",
        f"{words.measure(explanation)} {explanation.answer:.3f}, of {nothing} {silence:.3f}",
        f"fidelity {fidelity}",
        *_weights(explanation),
    ]


def _weights(explanation: Explanation) -> list[str]:
    """The components that are played, with their weights; why there are none, where no line holds."""
    if not line_holds(explanation):
        return [words.pair_sentence(explanation) or "No weights are given: no line describes the model here."]
    top = explanation.top(TOP_K)
    if not top:
        return [f"no component speaks for {f'“{explanation.label}”' if explanation.label else 'this track'}"]
    lines = []
    for place, one in enumerate(top, start=1):
        where = f"{one.stem}, {one.start_s:.1f} to {one.end_s:.1f} s"
        lines.append(f"{place}. {where}: {one.weight:+.4f}")
    return [*lines, *filter(None, [words.ties_sentence(explanation)])]
