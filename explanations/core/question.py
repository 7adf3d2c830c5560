"""What is asked of a model, checked before it is asked.

A question is a model, the stems of a track, a kind of components and a method:

* ``"exact"`` answers for every mask from one pass of `lemons.exact`. The model must be fully convolutional and say what
  it is made of, and the segments must not be too short for its receptive field.
* ``"lime"`` is audioLIME as published: masks are drawn, and the model, any model, hears each distinct one.
"""

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
import torch

from lemons import __version__
from lemons.arguments import MAX_SEED, whole
from lemons.audio import FULL_SCALE, SAMPLE_RATE, validate_audio
from lemons.audiolime import Factorization, StemFactorization, TimeOnlyFactorization
from lemons.audiolime.factorization_stems import check_stems
from lemons.errors import ParameterError
from lemons.exact.protocol import local_model_of
from lemons.exact.score import MAX_MEMORY, Pass
from lemons.hashing import hash_waveforms
from lemons.segments import Segments, find_segments
from lemons.tracks import check_length
from recsys.checkpoints import model_hash

KINDS = ("time", "source", "time+source")
METHODS = ("exact", "lime")
TARGETS = ("probability", "logit")
MIX = "mix"  # stands for a stem where only time is cut
N_SEGMENTS = 5
N_MASKS = 2048  # the paper's neighbourhood


def describe_question(
    model: torch.nn.Module,
    stems: Mapping[str, np.ndarray],
    *,
    kind: str,
    method: str | None = None,
    segments: int | str | Segments = N_SEGMENTS,
    n_masks: int = N_MASKS,
    seed: int = 0,
    target: str = "probability",
) -> dict[str, Any]:
    """Everything that an explanation's numbers depend on; parameters and errors: see `explanations.core.explain`.

    Returns
    -------
    dict
        the fields of `Explanation` that are known before the model is asked; ``n_masks`` and ``seed`` are among them
        for the method ``"lime"`` only
    """
    _check_choices(kind=kind, method=method, n_masks=n_masks, seed=seed, target=target)
    if model.training:
        raise ParameterError("the model is in training mode, in which its answers are random; call model.eval() first")
    _check_sound(stems)
    segments = cut(stems, kind=kind, segments=segments)
    method = _choose_method(method, model, stems, kind=kind, segments=segments)
    question = {
        "kind": kind,
        "method": method,
        "target": target,
        "segments": segments,
        "audio_hash": hash_waveforms({MIX: sum(stems.values())}),
        "stems_hash": hash_waveforms(stems),
        "model_hash": model_hash(model),
        "versions": {"lemons": __version__} | {name: version(name) for name in ("numpy", "scikit-learn", "torch")},
    }
    return question | ({"n_masks": int(n_masks), "seed": int(seed)} if method == "lime" else {})


def cut(stems: Mapping[str, np.ndarray], *, kind: str, segments: int | str | Segments = N_SEGMENTS) -> Segments:
    """The segments of a track: those that are wanted, or a single one for the kind ``"source"``.

    Parameters and errors are those of `explanations.core.explain`.
    """
    found = find_segments(segments, sum(stems.values()))
    return Segments((0, found.borders[-1])) if kind == "source" else found


def exact_work(model: torch.nn.Module, stems: Mapping[str, np.ndarray], *, kind: str, segments: Segments) -> float:
    """How many times the multiply-adds of hearing the track once the exact method takes.

    Parameters
    ----------
    model, stems, kind, segments
        a question's; see `explanations.core.explain` and `cut`

    Returns
    -------
    float
        some 60 for 5 stems in 5 segments of 30 s

    Raises
    ------
    ParameterError
        if the method does not apply to the model, or the segments are too short or too many for it
    """
    whole = _plan(model, switched(stems, kind="time"), Segments((0, segments.borders[-1])))  # the track and silence
    parts = _plan(model, switched(stems, kind=kind), segments)
    return sum(whole.n_states) * parts.total / whole.total


def factorize(stems: Mapping[str, np.ndarray], *, kind: str, segments: Segments) -> Factorization:
    """The components of a track, cut into segments; parameters are those of `explanations.core.explain`."""
    if kind == "time":
        return TimeOnlyFactorization(sum(stems.values()), SAMPLE_RATE, segments)
    return StemFactorization(stems, SAMPLE_RATE, segments)


def rows_of(stems: Mapping[str, np.ndarray], *, kind: str) -> dict[str, np.ndarray]:
    """What is switched, before it is cut into segments: the stems, or the mix alone for the kind ``"time"``."""
    return {MIX: sum(stems.values())} if kind == "time" else dict(stems)


def switched(stems: Mapping[str, np.ndarray], *, kind: str) -> np.ndarray:
    """`rows_of` as the engine takes them (n_rows, n_samples), float32."""
    return np.stack([*rows_of(stems, kind=kind).values()]).astype(np.float32)


def _plan(model: torch.nn.Module, waveforms: np.ndarray, segments: Segments) -> Pass:
    """The engine's pass, ready to run."""
    return Pass(local_model_of(model), waveforms, segments, MAX_MEMORY, None)


def _choose_method(method, model, stems, *, kind, segments) -> str:
    """The method asked for, if it applies; without one, the exact method where it does."""
    if method == "lime":
        return method
    try:
        exact_work(model, stems, kind=kind, segments=segments)
    except ParameterError as error:
        if method is None:
            return "lime"
        raise ParameterError(f"{error}: method='lime'") from error
    return "exact"


def _check_choices(*, kind, method, n_masks, seed, target) -> None:
    if kind not in KINDS:
        raise ParameterError(f"kind={kind!r} is unknown; choose one of {', '.join(KINDS)}")
    if method is not None and method not in METHODS:
        raise ParameterError(f"method={method!r} is unknown; choose one of {', '.join(METHODS)}")
    if target not in TARGETS:
        raise ParameterError(f"target={target!r} is unknown; choose one of {', '.join(TARGETS)}")
    whole("n_masks", n_masks, least=2, hint=f"; the paper draws {N_MASKS}")
    whole("seed", seed, least=0, most=MAX_SEED)


def _check_sound(stems: Mapping[str, np.ndarray]) -> None:
    for name, y in check_stems(stems).items():
        if y is not stems[name]:  # a tensor, half precision: hashes and clips are made of what was given
            raise ParameterError(f"stem {name!r} must be a NumPy array of float32 or float64; round it with quantize")
    if MIX in stems:
        raise ParameterError(f"a stem must not be called {MIX!r}; give its parts, or rename it")
    for name, y in stems.items():
        if (y * FULL_SCALE % 1).any():
            raise ParameterError(f"stem {name!r} lies off the 16-bit grid; round it with lemons.audio.quantize")
    check_length(len(next(iter(stems.values()))) / SAMPLE_RATE)
    validate_audio(sum(stems.values()))
