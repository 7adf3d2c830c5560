"""The constructed part of the study: every method on tracks whose cause is a formula."""

from collections.abc import Sequence
from typing import Any

from explanations.studies.truth.answers import Answers
from explanations.studies.truth.causes import Cause, draw
from explanations.studies.truth.closed_form import FORMS, answers_of_form, closed_form
from explanations.studies.truth.judge import judge
from lemons.exact.lime import lime_of_moments
from lemons.exact.shapley import interactions_of_moments, shapley_of_moments

__all__ = ["KINDS", "check_closed_forms", "study_cause"]

KINDS = ("time+source", "source")


def study_cause(cause: Cause, numbers: Sequence[int], *, sigma: float, seed: int = 0) -> dict[str, Any]:
    """Judge all methods on draws of a cause.

    Parameters
    ----------
    cause : Cause
    numbers : sequence of int >= 0
        of the draws
    sigma : float >= 0
        strength of the nuisances
    seed : int >= 0
        of the draws; a draw's own number is the seed of what methods sample

    Returns
    -------
    dict
        ``tracks``: for each draw its ``number``, ``n_redrawn``, and what `judge` finds by kind of components
    """
    tracks = []
    for number in numbers:
        one = draw(cause, number, sigma=sigma, seed=seed)
        by_kind = dict(zip(KINDS, (one, one.of_stems()), strict=True))
        found = {kind: judge(its.answers, its.planted, seed=number) for kind, its in by_kind.items()}
        tracks.append({"number": number, "n_redrawn": one.n_redrawn, "kinds": found})
    return {"tracks": tracks}


def check_closed_forms(n_components: int) -> list[dict[str, Any]]:
    """How far the engine is from the closed forms of two components in K: the largest difference of each form."""
    rows = []
    for name in FORMS:
        answers = Answers(answers_of_form(name, n_components))
        lime, expected = lime_of_moments(answers.of_logit, alpha=0.0), closed_form(name, n_components)
        shapley = shapley_of_moments(answers.of_logit)
        differences = [
            *abs(lime.weights[:2] - expected.lime_pair),
            *abs(lime.weights[2:] - expected.lime_other),
            *abs(shapley[:2] - expected.shapley_pair),
            *abs(shapley[2:]),
            abs(interactions_of_moments(answers.of_logit)[0, 1] - expected.interaction),
            abs(lime.fidelity - expected.fidelity),
        ]
        rows.append({"form": name, "K": n_components, "difference": float(max(differences))} | vars(expected))
    return rows
