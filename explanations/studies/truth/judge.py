"""What every method says of one track whose cause is known, and how true that is."""

from collections.abc import Collection

import numpy as np

from explanations.studies.truth.answers import Answers, numbers_of
from explanations.studies.truth.brute_force import smallest_necessary, smallest_sufficient
from explanations.studies.truth.measures import auc, set_scores, top_share
from explanations.studies.truth.methods import weights_of
from explanations.studies.truth.quality import qualities_of
from lemons.exact import Facts, facts_of
from lemons.exact.lime import lime_of_moments
from lemons.exact.shapley import interactions_of_moments, shapley_of_moments
from lemons.explaining.trust import gate

__all__ = ["JUDGEMENT", "judge", "judge_facts", "judge_line"]

JUDGEMENT = 1  # raise it with every change of what is judged
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
        ``methods``: ``auc``, ``top1`` and ``top3`` by method; ``quality``: `qualities_of`; ``facts``: of the smallest
        ``sufficient`` and ``necessary`` sets `set_scores`, and ``model``, whether they are those of the model by brute
        force; ``gate``: exact LIME's R² of the logit and of the probability, the strongest interaction
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
        "quality": qualities_of(answers, weights, seed=seed),
        "facts": judge_facts(answers, facts, planted),
        "gate": judge_line(answers, planted),
    }


def judge_facts(answers: Answers, facts: Facts, planted: Collection[int]) -> dict[str, dict[str, float]]:
    """How well the smallest sets are the planted one, and whether they are those of the model; see `judge`."""
    found = {}
    for kind, smallest in (("sufficient", smallest_sufficient), ("necessary", smallest_necessary)):
        its, expected = getattr(facts, kind), smallest(answers, THRESHOLD)
        masks = [np.isin(np.arange(answers.n_components), one) for one in its.smallest]
        # no set is listed twice: where all are listed and as many are expected, none is missing
        listed = numbers_of(np.reshape(masks, (-1, answers.n_components)))
        same = its.n_smallest == len(expected) and bool(np.isin(listed, expected).all())
        found[kind] = set_scores(its, planted) | {"model": float(same)}
    return found


def judge_line(answers: Answers, planted: Collection[int]) -> dict[str, float | bool]:
    """What the gate reads of a track, and what it decides; see `judge`."""
    moments = answers.of_logit
    interactions = np.triu(interactions_of_moments(moments), 1)
    largest = float(np.abs(shapley_of_moments(moments)).max())
    pair = divmod(int(np.abs(interactions).argmax()), answers.n_components)
    strongest = float(interactions[pair])
    # as in lemons.explaining.surrogate: where no component counts, no interaction can be compared with it
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
