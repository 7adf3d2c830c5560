"""Answering a question: a model, the stems of a track and what is asked about them make an `Explanation`.

The components of a track are switched on and off, the model answers to the mixes, and linear regression with weights
for closeness to the full mix says what each component contributes: LIME. The exact method takes all mixes there are,
audioLIME draws some at random. The question is always "why recommended", whatever the model thinks of the track.
"""

import dataclasses
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from scipy.special import expit

from lemons.exact import Facts, ScoreTable, table_facts
from lemons.explaining.clips import clip_masks, common_gain, mix_of
from lemons.explaining.components import mix_of_stems, rows_of, stand_ins, weighted_components
from lemons.explaining.explanation import Explanation
from lemons.explaining.mask_scores import SampledScores
from lemons.explaining.passes import ExactScores
from lemons.explaining.question import N_LISTED_SETS, Question, ask
from lemons.explaining.surrogate import fit_exact, fit_sampled
from lemons.explaining.what_if import WhatIf, make_what_if
from lemons.progress import Progress

__all__ = ["answer", "explain"]


def explain(
    model: torch.nn.Module,
    stems: Mapping[str, np.ndarray],
    *,
    batch_size: int = 5,
    progress: Progress | None = None,
    **asked: Any,
) -> Explanation:
    """Explain why a model recommends a track: ask, and answer.

    Parameters
    ----------
    model, stems, **asked
        see `lemons.explaining.question.ask`
    batch_size, progress
        see `answer`

    Returns
    -------
    Explanation

    Raises
    ------
    ParameterError, DataError
        see `lemons.explaining.question.ask` and `answer`
    """
    return answer(ask(model, stems, **asked), model, stems, batch_size=batch_size, progress=progress)


def answer(
    question: Question,
    model: torch.nn.Module,
    stems: Mapping[str, np.ndarray],
    *,
    batch_size: int = 5,
    progress: Progress | None = None,
) -> Explanation:
    """Answer a question.

    Parameters
    ----------
    question : Question
        from `lemons.explaining.question.ask`
    model, stems
        those that it was asked about
    batch_size : int > 0
        mixes that the model scores at once, for LIME
    progress : callable or None
        ``progress(done, total)``, with numbers of mixes for LIME and percents for the exact method; may raise to cancel

    Returns
    -------
    Explanation
        without names of track, listener and separator

    Raises
    ------
    ParameterError
        if the model describes itself to the exact engine as another than it is, or answers with another shape
    DataError
        if the model answers with values that are not numbers
    """
    started = time.perf_counter()
    scores: ExactScores | SampledScores
    what_if: WhatIf | None = None
    facts: Facts | None = None
    if question.method == "exact":
        scores = ExactScores(question, model, stems, progress=progress)
        fit = fit_exact(question, scores)
        facts = _facts(question, scores.table)
        what_if = make_what_if(scores.table)
        if progress is not None:
            progress(100, 100)
    else:
        scores = SampledScores(question, model, stems, batch_size=batch_size)
        fit = fit_sampled(question, scores, progress=progress)
    names = list(rows_of(stems, kind=question.kind))
    components = weighted_components(names, question.segments, fit.weights, fit.margins, sr=question.sr)
    clips = clip_masks(components, target=question.target)
    logit, *clip_logits = scores.logits(np.stack([np.ones(len(components), dtype=int), *clips.values()])).tolist()
    switched_on = [[components[i] for i in np.flatnonzero(mask)] for mask in clips.values()]
    off = stand_ins(stems, kind=question.kind, segments=question.segments, baseline=question.baseline)
    sounds = [mix_of(parts, stems, question.segments, off) for parts in switched_on]
    known = {field.name for field in dataclasses.fields(Explanation)}
    described = {name: value for name, value in (vars(question) | vars(fit)).items() if name in known}
    return Explanation(
        **described | {"work": scores.work},
        components=components,
        relevance=float(expit(logit)),
        logit=logit,
        clip_logits=dict(zip(clips, clip_logits, strict=True)),
        gain=common_gain([mix_of_stems(stems), *sounds]),
        facts=facts,
        what_if=what_if,
        seconds=time.perf_counter() - started,
    )


def _facts(question: Question, table: ScoreTable) -> Facts | None:
    """What is true of all mixes; None where they are too many."""
    if not table.enumerable or question.criterion is None:
        return None
    return table_facts(table, question.criterion.relevance, target="probability", limit=N_LISTED_SETS)
