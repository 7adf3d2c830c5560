"""Whether a line describes what a model does with a track: the gate, and words for how well.

R² alone does not say whether weights name the right components: of constructed models it refuses right explanations,
and passes those of "both together" and "either one" (docs/truth.md). Together with the strongest interaction it refused
none of the right ones: where R² is low *and* two components interact more than any of them counts, no line holds.
"""

from lemons.explaining.explained import Explained

__all__ = ["LEAST_R2", "WORDS", "fidelity_in_words", "gate", "line_holds"]

LEAST_R2 = 0.3  # below it a line may not hold
MOST_INTERACTION = 1.0  # of the largest Shapley value, above it a line may not hold
WORDS = (  # lower edge of the fidelity, what to say of the line
    (0.9, "nearly additive"),
    (0.7, "mostly additive"),
    (LEAST_R2, "roughly additive"),
)
COARSE, NONE = "hardly additive", "not additive"


def line_holds(explanation: Explained) -> bool:
    """Whether weights say something about the model; where they do not, only facts do."""
    # without all masks the interactions are not known: a low R² is all there is to judge by
    return gate(explanation.fidelity_held_out, None if explanation.pair is None else explanation.pair.ratio)


def gate(fidelity: float, interaction: float | None) -> bool:
    """Whether a line of this R² holds, beside a strongest interaction of this ratio; None where that is not known."""
    return fidelity >= LEAST_R2 or (interaction is not None and interaction <= MOST_INTERACTION)


def fidelity_in_words(explanation: Explained) -> str:
    """How well a line describes the model, for those who do not think in R²."""
    if not line_holds(explanation):
        return NONE
    return next((words for edge, words in WORDS if explanation.fidelity_held_out >= edge), COARSE)
