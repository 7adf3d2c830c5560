"""What every method says of one track whose cause is known, and how true that is."""

from collections.abc import Collection

import numpy as np

from explanations.core.trust import gate
from explanations.studies.truth.answers import Answers
from explanations.studies.truth.measures import auc, set_scores, top_share
from explanations.studies.truth.methods import weights_of
from lemons.exact import facts_of
from lemons.exact.lime import lime_of_moments
from lemons.exact.shapley import interactions_of_moments, shapley_of_moments

__all__ = ["judge", "judge_line"]

THRESHOLD = 0.0  # logit of even odds: "recommended", for the facts
LIMIT = 64  # sets of a kind that are listed


def judge(answers: Answers, planted: Collection[int], *, seed: int) -> dict[str, dict]:
    """Ask all methods about one track.

    Parameters
    ----------
    answers : Answers
        to all mixes of its sounding components
    planted : collection of int
        the components that speak for it: some, not all
    seed : int >= 0
        of all that is drawn

    Returns
    -------
    dict of str to dict
        ``methods``: ``auc``, ``top1`` and ``top3`` by method; ``facts``: `set_scores` of the smallest ``sufficient``
        and ``necessary`` sets; ``gate``: exact LIME's R² of the logit and of the probability, the strongest interaction
        relative to the largest Shapley value, its sign, whether it is between planted components, and whether the line
        holds. Plain values, which JSON takes
    """
    facts = facts_of(answers.logits, THRESHOLD, limit=LIMIT)
    weights = weights_of(answers, facts, seed=seed)
    return {
        "methods": {
            name: {"auc": auc(w, planted), "top1": top_share(w, planted, 1), "top3": top_share(w, planted, 3)}
            for name, w in weights.items()
        },
        "facts": {kind: set_scores(getattr(facts, kind), planted) for kind in ("sufficient", "necessary")},
        "gate": judge_line(answers, planted),
    }


def judge_line(answers: Answers, planted: Collection[int]) -> dict[str, float | bool]:
    """What the gate reads of a track, and what it decides; see `judge`."""
    moments = answers.of_logit
    interactions = np.triu(interactions_of_moments(moments), 1)
    largest = float(np.abs(shapley_of_moments(moments)).max())
    pair = divmod(int(np.abs(interactions).argmax()), answers.n_components)
    strongest = float(interactions[pair])
    # as in explanations.core.surrogate: where no component counts, no interaction can be compared with it
    ratio = abs(strongest) / largest if largest and strongest else None
    fidelity = lime_of_moments(moments, alpha=0.0).fidelity
    return {
        "r2": fidelity,
        "r2_p": lime_of_moments(answers.of_probability, alpha=0.0).fidelity,
        "ratio": ratio or 0.0,
        "sign": float(np.sign(strongest)),
        "pair_planted": set(pair) <= set(planted),
        "holds": gate(fidelity, ratio),
    }
