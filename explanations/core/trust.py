"""How far an explanation can be trusted, from its fidelity."""

import numpy as np

TRUSTED = 0.5  # below it a page warns of an explanation, and shows none unasked
WORDS = (  # lower edge of the fidelity, what to say of it
    (0.9, "very faithful"),
    (0.7, "faithful"),
    (TRUSTED, "roughly faithful"),
    (-np.inf, "not reliable"),
)


def fidelity_in_words(fidelity: float) -> str:
    """A fidelity for those who do not think in R².

    >>> fidelity_in_words(0.95), fidelity_in_words(0.1)
    ('very faithful', 'not reliable')
    """
    return next(words for edge, words in WORDS if fidelity >= edge)
