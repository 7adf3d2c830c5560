"""Asking why: a model, the stems of a track and a kind of explanation make an `Explanation`.

The components of a track are switched on and off, the model answers to the mixes, and linear regression with weights
for closeness to the full mix says what each component contributes: LIME. The exact method takes all mixes there are,
audioLIME draws some at random. The question is always "why recommended", whatever the model thinks of the track.
"""

import time
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from scipy.special import expit

from explanations.core.clips import TOP_K, common_gain, mix_of
from explanations.core.explanation import Component, Explanation, top_components
from explanations.core.mask_scores import ExactAnswers, HeardAnswers
from explanations.core.question import N_MASKS, N_SEGMENTS, describe_question, factorize, rows_of
from explanations.core.surrogate import Fit, fit_drawn, fit_exact
from explanations.core.what_if import make_lookup
from lemons.audio import SAMPLE_RATE
from lemons.audiolime import Factorization
from lemons.progress import Progress
from lemons.segments import Segments


def explain(
    model: torch.nn.Module,
    stems: Mapping[str, np.ndarray],
    *,
    kind: str,
    method: str | None = None,
    segments: int | str | Segments = N_SEGMENTS,
    n_masks: int = N_MASKS,
    seed: int = 0,
    target: str = "probability",
    batch_size: int = 5,
    progress: Progress | None = None,
    track_id: str = "",
    listener: str = "",
    separator: str = "given",
) -> Explanation:
    """Explain why a model recommends a track.

    Parameters
    ----------
    model : torch.nn.Module
        in evaluation mode, ``model(y) -> logits`` with ``y`` float32 of shape (batch, n_samples) and logits (batch, 1)
    stems : dict of str to np.ndarray [shape=(n_samples,), dtype=float32]
        separated sources at 16 kHz on the 16-bit grid; their sum is the mix
    kind : {"time", "source", "time+source"}
        components are segments of the mix, whole stems, or segments of stems
    method : {"exact", "lime"} or None
        how; None for the exact method where it applies (see `explanations.core.question`), else LIME. The explanation
        says which it was.
    segments : int, str or Segments
        where time is cut: 5 for equal lengths, ``"beats:8"``, ``"0,7.5,15"``, or `lemons.segments.Segments`; neighbours
        fade into each other. Without effect for ``"source"``
    n_masks : int > 1
        masks that LIME draws; with 5 components there are but 32, and no more are scored
    seed : int in [0, 2^32)
        where LIME's masks come from
    target : {"probability", "logit"}
        which answer of the model is explained
    batch_size : int > 0
        mixes that the model hears at once, for LIME
    progress : callable or None
        ``progress(done, total)``, called every now and then, with numbers of mixes for LIME and percents for the exact
        method; may raise to cancel
    track_id, listener, separator : str
        names that are noted in the explanation

    Returns
    -------
    Explanation

    Raises
    ------
    ParameterError
        if an argument is out of range, the model is in training mode, stems do not match or lie off the 16-bit grid, or
        the exact method is asked for and does not apply
    DataError
        if bars are asked for and there are none, the mix is silent or shorter than a second, or the model or a stem
        holds values that are not numbers
    """
    started = time.perf_counter()
    question = describe_question(
        model, stems, kind=kind, method=method, segments=segments, n_masks=n_masks, seed=seed, target=target
    )
    segments = question["segments"]
    factorization = factorize(stems, kind=kind, segments=segments)
    if question["method"] == "exact":
        answers = ExactAnswers(model, stems, kind=kind, segments=segments, progress=progress)
        fit = fit_exact(answers, target=target)
        if progress is not None:
            progress(100, 100)
    else:
        answers = HeardAnswers(model, factorization, batch_size=batch_size)
        drawn = {name: question[name] for name in ("n_masks", "seed")}  # NumPy's numbers are plain ones by now
        fit = fit_drawn(answers, **drawn, target=target, progress=progress)
    components = _components(factorization, kind, stems, fit)
    clips = clip_masks(components)
    logit, *clip_logits = answers.logits(np.stack([np.ones(len(components), dtype=int), *clips.values()])).tolist()
    sounds = [mix_of([components[i] for i in np.flatnonzero(mask)], stems, segments) for mask in clips.values()]
    found = {name: value for name, value in vars(fit).items() if name not in ("weights", "margins")}
    return Explanation(
        **question | found,
        track_id=track_id,
        listener=listener,
        separator=separator,
        components=components,
        work=answers.work,
        relevance=float(expit(logit)),
        logit=logit,
        clip_logits=dict(zip(clips, clip_logits, strict=True)),
        gain=common_gain([sum(stems.values()), *sounds]),
        lookup=make_lookup(answers.table) if question["method"] == "exact" else None,
        seconds=time.perf_counter() - started,
    )


def clip_masks(components: Sequence[Component]) -> dict[str, np.ndarray]:
    """Which components sound in the clips ``top1``, ``top3`` and ``rest``."""
    masks = {}
    for k in (1, TOP_K):
        masks[f"top{k}"] = np.zeros(len(components), dtype=int)
        masks[f"top{k}"][[component.index for component in top_components(components, k)]] = 1
    return masks | {"rest": 1 - masks[f"top{TOP_K}"]}


def _components(factorization: Factorization, kind: str, stems: Mapping, fit: Fit) -> tuple[Component, ...]:
    """The factorization's components with their weights, places in seconds."""
    names = list(rows_of(stems, kind=kind))
    return tuple(
        Component(
            i,
            names[part.source],
            i // len(names),
            part.start / SAMPLE_RATE,
            part.end / SAMPLE_RATE,
            float(fit.weights[i]),
            fit.margins[i],
        )
        for i, part in enumerate(factorization.components)
    )
