"""Asking why: a model, the stems of a track and a kind of explanation make an `Explanation`.

The components are switched on and off at random (every mask as likely as any other), the model hears each distinct mix
once, and ridge regression with weights for closeness to the full mix says what each component contributes: LIME, as
audioLIME does it. The question is always "why recommended", whatever the model thinks of the track.

A component that is silent throughout cannot be switched: it weighs exactly 0 and is in no mask. Regressed like the
others, it would get a weight by chance and might be the top component, which nobody can hear.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from typing import Any

import numpy as np
import torch
from scipy.special import expit
from sklearn.metrics import pairwise_distances

from explanations.clips import TOP_K, common_gain, mix_of
from explanations.explanation import Component, Explanation, top_components
from explanations.fidelity import cross_predictions, fresh_masks, weighted_r2
from explanations.hashing import hash_waveforms
from lemons import __version__
from lemons.audio import FULL_SCALE, SAMPLE_RATE, validate_audio
from lemons.audiolime import Factorization, LimeAudioExplainer, StemFactorization, TimeOnlyFactorization
from lemons.audiolime.factorization_stems import check_stems
from lemons.audiolime.neighborhood import Progress, draw_masks, score_masks
from lemons.errors import ParameterError
from recsys.checkpoints import model_hash

KINDS = ("time", "source", "time+source")
TARGETS = {"probability": 1, "logit": 2}  # columns of the answers; column 0 is the probability of "not recommended"
MIX = "mix"  # stands for a stem where only time is cut
N_SEGMENTS = 5
N_MASKS = 2048  # the paper's neighbourhood
N_FRESH_MASKS = 128  # held out of the fit


def explain(
    model: torch.nn.Module,
    stems: Mapping[str, np.ndarray],
    *,
    kind: str,
    n_segments: int = N_SEGMENTS,
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
    n_segments : int > 0
        segments of equal length; without effect for ``"source"``
    n_masks : int > 1
        masks drawn; with 5 components there are but 32, and no more are scored
    seed : int in [0, 2^32)
        where masks come from
    target : {"probability", "logit"}
        which answer of the model is explained
    batch_size : int > 0
        mixes that the model hears at once
    progress : callable or None
        ``progress(done, total)``, called after each batch with numbers of mixes; may raise to cancel
    track_id, listener, separator : str
        names that are noted in the explanation

    Returns
    -------
    Explanation

    Raises
    ------
    ParameterError
        if an argument is out of range, the model is in training mode, or stems do not match or lie off the 16-bit grid
    DataError
        if the mix is silent or shorter than a second, or the model or a stem holds values that are not numbers
    """
    started = time.perf_counter()
    question = describe_question(
        model, stems, kind=kind, n_segments=n_segments, n_masks=n_masks, seed=seed, target=target
    )
    factorization = factorize(stems, kind=kind, n_segments=n_segments)
    n_components = factorization.get_number_components()
    audible = [i for i in range(n_components) if factorization.compose_model_input([i]).any()]
    drawn = draw_masks(len(audible), n_masks, random_state=seed)
    fresh = fresh_masks(drawn, N_FRESH_MASKS, seed=seed)
    masks = np.zeros((len(drawn) + len(fresh), n_components), dtype=int)
    masks[:, audible] = np.concatenate([drawn, fresh])
    predict = _predictor(model)
    answers = score_masks(factorization, predict, masks, batch_size=batch_size, progress=progress)
    logits = answers[:, TARGETS["logit"]]
    fit = _fit(drawn, fresh, answers[:, TARGETS[target]])
    weights = np.zeros(n_components)
    weights[audible] = fit.pop("weights")
    components = _components(factorization, kind, stems, weights)
    clips = {name: mask * masks[0] for name, mask in clip_masks(components).items()}  # the first mask is the mix
    sounds = [mix_of([components[i] for i in np.flatnonzero(mask)], stems) for mask in clips.values()]
    known = {bytes(mask): float(logit) for mask, logit in zip(masks, logits, strict=True)}
    unheard = np.array([mask for mask in clips.values() if bytes(mask) not in known])
    if len(unheard):
        found = score_masks(factorization, predict, unheard, batch_size=batch_size)[:, TARGETS["logit"]]
        known |= {bytes(mask): float(logit) for mask, logit in zip(unheard, found, strict=True)}
    return Explanation(
        **question,
        **fit,
        track_id=track_id,
        listener=listener,
        separator=separator,
        components=components,
        n_forward=len(known),
        relevance=float(answers[0, TARGETS["probability"]]),
        logit=float(logits[0]),
        clip_logits={name: known[bytes(mask)] for name, mask in clips.items()},
        gain=common_gain([sum(stems.values()), *sounds]),
        seconds=time.perf_counter() - started,
    )


def describe_question(
    model: torch.nn.Module,
    stems: Mapping[str, np.ndarray],
    *,
    kind: str,
    n_segments: int = N_SEGMENTS,
    n_masks: int = N_MASKS,
    seed: int = 0,
    target: str = "probability",
) -> dict[str, Any]:
    """Everything that an explanation's numbers depend on, checked; parameters and errors are those of `explain`.

    Returns
    -------
    dict
        the fields of `Explanation` that are known before the model is asked
    """
    if kind not in KINDS:
        raise ParameterError(f"kind={kind!r} is unknown; choose one of {', '.join(KINDS)}")
    if target not in TARGETS:
        raise ParameterError(f"target={target!r} is unknown; choose one of {', '.join(TARGETS)}")
    if n_masks < 2:
        raise ParameterError(f"n_masks={n_masks} must be at least 2; the paper draws {N_MASKS}")
    if not 0 <= seed < 2**32:
        raise ParameterError(f"seed={seed} must be in [0, 2^32)")
    if model.training:
        raise ParameterError("the model is in training mode, in which its answers are random; call model.eval() first")
    check_stems(stems)
    if MIX in stems:
        raise ParameterError(f"a stem must not be called {MIX!r}; give its parts, or rename it")
    for name, y in stems.items():
        if (y * FULL_SCALE % 1).any():
            raise ParameterError(f"stem {name!r} lies off the 16-bit grid; round it with lemons.audio.quantize")
    mix = sum(stems.values())
    validate_audio(mix)
    if not 1 <= n_segments <= len(mix):
        raise ParameterError(f"n_segments={n_segments} must be between 1 and n_samples={len(mix)}")
    return {
        "kind": kind,
        "method": "lime",
        "target": target,
        "n_segments": 1 if kind == "source" else n_segments,
        "n_masks": n_masks,
        "seed": seed,
        "audio_hash": hash_waveforms({MIX: mix}),
        "stems_hash": hash_waveforms(stems),
        "model_hash": model_hash(model),
        "versions": {"lemons": __version__} | {name: version(name) for name in ("numpy", "scikit-learn", "torch")},
    }


def factorize(stems: Mapping[str, np.ndarray], *, kind: str, n_segments: int = N_SEGMENTS) -> Factorization:
    """The components of a track; parameters are those of `explain`."""
    if kind == "time":
        return TimeOnlyFactorization(sum(stems.values()), SAMPLE_RATE, n_segments)
    return StemFactorization(stems, SAMPLE_RATE, 1 if kind == "source" else n_segments)


def clip_masks(components: Sequence[Component]) -> dict[str, np.ndarray]:
    """Which components sound in the clips ``top1``, ``top3`` and ``rest``."""
    masks = {}
    for k in (1, TOP_K):
        masks[f"top{k}"] = np.zeros(len(components), dtype=int)
        masks[f"top{k}"][[component.index for component in top_components(components, k)]] = 1
    return masks | {"rest": 1 - masks[f"top{TOP_K}"]}


def _predictor(model: torch.nn.Module) -> Callable[[np.ndarray], np.ndarray]:
    """The model as audioLIME wants it: mixes in, one row of answers for each out."""
    parameter = next(model.parameters(), None)
    device = "cpu" if parameter is None else parameter.device

    @torch.inference_mode()
    def predict(inputs: np.ndarray) -> np.ndarray:
        logits = model(torch.from_numpy(inputs).float().to(device)).double().cpu().numpy()
        if logits.shape != (len(inputs), 1):
            raise ParameterError(f"the model answers with shape {logits.shape}; it must be (batch, 1)")
        return np.hstack([expit(-logits), expit(logits), logits])

    return predict


def _fit(drawn: np.ndarray, fresh: np.ndarray, answers: np.ndarray) -> dict[str, Any]:
    """Weights of the components, and how well they predict the answers to the masks drawn and to others."""
    masks = np.concatenate([drawn, fresh])
    base, n = LimeAudioExplainer().base, len(drawn)
    distances = pairwise_distances(masks, masks[:1], metric="cosine").ravel()
    proximity = base.kernel_fn(distances)
    intercept, local_exp, fidelity, _ = base.explain_instance_with_data(
        drawn, answers[:n, None], distances[:n], 0, masks.shape[1], feature_selection="none"
    )
    weights = np.array([weight for _, weight in sorted(local_exp)])
    if len(fresh):
        predictions = intercept + fresh @ weights
        held_out, fidelity_held_out = "fresh masks", weighted_r2(answers[n:], predictions, proximity[n:])
    else:  # all masks there are were drawn
        predictions = cross_predictions(drawn, answers, proximity)
        held_out, fidelity_held_out = "cross-prediction", weighted_r2(answers, predictions, proximity)
    return {
        "weights": weights,
        "intercept": intercept,
        "fidelity": fidelity,
        "fidelity_held_out": fidelity_held_out,
        "held_out": held_out,
    }


def _components(factorization, kind, stems, weights) -> tuple[Component, ...]:
    """The factorization's components with their weights, places in seconds."""
    names = [MIX] if kind == "time" else list(stems)
    return tuple(
        Component(
            i, names[part.source], i // len(names), part.start / SAMPLE_RATE, part.end / SAMPLE_RATE, float(weights[i])
        )
        for i, part in enumerate(factorization.components)
    )
