"""Explanations of answers that a model gave mix by mix: of any model, for several labels from one neighbourhood.

A neighbourhood is masks and their weights: all masks there are, each once, where as many are asked for, else masks
that a sampler draws. What all masks say is exact: facts, weights, interactions, and the answer to any mix.
"""

import time
from collections.abc import Sequence
from dataclasses import fields

import numpy as np
from scipy.special import expit

from lemons.audio import common_gain
from lemons.exact.facts import Facts, facts_of, logit_facts
from lemons.exact.masks import mask_rows, spread
from lemons.explaining.clips import clip_masks
from lemons.explaining.components import weighted_components
from lemons.explaining.explanation import Explanation
from lemons.explaining.mixes import LabelScores, MixScores
from lemons.explaining.question import AUDIOLIME, N_LISTED_SETS, Question
from lemons.explaining.surrogate import fit_all, fit_drawn, fit_sampled
from lemons.explaining.what_if import what_if_of_answers
from lemons.progress import Progress

__all__ = ["answer_scored"]


def answer_scored(
    questions: Sequence[Question],
    scores: MixScores,
    columns: Sequence[int],
    *,
    progress: Progress | None = None,
) -> list[Explanation]:
    """Answer questions about labels of one model and the mixes of one track.

    Parameters
    ----------
    questions : sequence of Question
        one for each label, alike but for their criterion
    scores : MixScores
        of the track's mixes
    columns : sequence of int
        the number of each label among the model's answers
    progress : callable or None
        ``progress(done, total)``, in mixes that the model hears; may raise to cancel

    Returns
    -------
    list of Explanation
        without names; ``work`` is the number of mixes that the model heard for all of them together
    """
    started = time.perf_counter()
    found = []
    for question, column in zip(questions, columns, strict=True):
        found.append(_answer(question, LabelScores(scores, column), progress))
    seconds = time.perf_counter() - started
    return [Explanation(**one | {"work": float(scores.n_passes), "seconds": seconds}) for one in found]


def _answer(question: Question, scores: LabelScores, progress: Progress | None) -> dict:
    """The fields of an explanation."""
    mixes, sounding, facts, what_if = scores.scores.mixes, scores.sounding, None, None
    n_sounding = int(sounding.sum())
    if 2**n_sounding <= question.n_masks:
        masks = spread(mask_rows(0, 2**n_sounding, n_sounding), sounding)
        answers = scores.logits(masks, progress=progress)
        fit = fit_all(question, answers, sounding)
        facts = _facts(question, answers, sounding)
        what_if = what_if_of_answers(answers, sounding.reshape(len(question.segments), -1))
    else:
        fit_masks = fit_sampled if question.sampler == AUDIOLIME else fit_drawn
        fit = fit_masks(question, scores, progress=progress)
    components = weighted_components(mixes.names, question.segments, fit.weights, fit.margins, sr=question.sr)
    clips = clip_masks(components, target=question.target)
    everything = np.ones(len(components), dtype=int)
    logit, *of_clips = scores.logits(np.stack([everything, *clips.values()])).tolist()
    known = {field.name for field in fields(Explanation)}
    described = {name: value for name, value in (vars(question) | vars(fit)).items() if name in known}
    return described | {
        "components": components,
        "relevance": None if question.target == "score" else float(expit(logit)),
        "logit": logit,
        "clip_logits": dict(zip(clips, of_clips, strict=True)),
        "gain": common_gain([mixes(mask) for mask in (everything, *clips.values())]),
        "facts": facts,
        "what_if": what_if,
    }


def _facts(question: Question, answers: np.ndarray, sounding: np.ndarray) -> Facts | None:
    """What is true of all mixes; None where it is not said what reaching a score means."""
    if question.criterion is None:
        return None
    threshold = question.criterion.relevance
    if question.target == "score":
        return facts_of(answers, threshold, sounding=sounding, limit=N_LISTED_SETS)
    return logit_facts(answers, threshold, sounding=sounding, limit=N_LISTED_SETS)
