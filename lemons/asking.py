"""One way in: why does this model, whichever it is, say this of this sound?"""

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from typing import Any

import numpy as np

from lemons import __version__
from lemons.arguments import MAX_SEED, number, one_of, whole
from lemons.audio import SAMPLE_RATE, check_rate
from lemons.baselines import BASELINES, SILENCE
from lemons.errors import DataError, ParameterError
from lemons.explaining.components import MIX, mix_of_stems
from lemons.explaining.criterion import HALF, Criterion, chosen
from lemons.explaining.explanation import Explanation
from lemons.explaining.hearing import CERTAIN_LOGIT, OUTPUTS, Hearing, is_module
from lemons.explaining.labels import choose_labels, label_names
from lemons.explaining.mixes import Mixes, MixScores
from lemons.explaining.question import AUDIOLIME, KINDS, N_MASKS, N_SEGMENTS, Question
from lemons.explaining.scored import answer_scored
from lemons.explaining.sound import at_rate, open_sound
from lemons.hashing import hash_waveforms, model_hash
from lemons.listenable import Listenable
from lemons.progress import Progress
from lemons.quality.answers import TARGETS
from lemons.sampling import SAMPLERS
from lemons.segments import Segments, fade_at, find_segments
from lemons.separation.separator import Separator
from lemons.tracks import Track

__all__ = ["explain"]

METHODS = ("auto", "exact", "lime")
TARGET_OF = {"probability": "probability", "logit": "logit", "softmax": "logit"}  # by what the model gives
NOT_LOCAL = "the model does not say what it is made of, as a module with local_model() does"

logger = logging.getLogger(__name__)


def explain(
    model: Any,
    sound: Any,
    *,
    sr: int | None = None,
    separator: str | Separator | None = None,
    weights: str | os.PathLike | None = None,
    kind: str | None = None,
    segments: int | str | Segments = N_SEGMENTS,
    baseline: str = SILENCE,
    label: str | int | Sequence[str | int] | None = None,
    labels: Sequence[str] | None = None,
    output: str | None = None,
    target: str | None = None,
    threshold: float | str = "half the odds",
    method: str = "auto",
    num_samples: int = N_MASKS,
    sampler: str = "distinct",
    settle_top: int | None = None,
    seed: int = 0,
    model_sr: int | None = None,
    n_channels: int | None = None,
    tensors: bool = False,
    batch_size: int | None = None,
    name: str = "",
    title: str = "",
    progress: Progress | None = None,
) -> Listenable | dict[str, Listenable]:
    """Explain why a model, whichever it is, says what it says of a sound, with the parts of the sound that caused it.

    Parameters
    ----------
    model : torch.nn.Module or callable
        a module in evaluation mode, or a function, which needs no PyTorch. Its expected signature is
        ``model(y) -> answers`` with ``y`` float32 of shape (batch, n_samples), or (batch, n_channels, n_samples) for
        sound of several channels, and answers of shape (batch,) or (batch, n_labels), or an object that holds them as
        its ``logits``. A module, and with ``tensors=True`` a function, gets and gives tensors. A module with
        ``local_model()`` is explained exactly (`lemons.exact.protocol`)
    sound : path-like, np.ndarray, dict of str to np.ndarray, or Track
        an audio file; a waveform (n_samples,) or (n_channels, n_samples); stems of that shape, by name, whose sum is
        the sound; or a track of `lemons.open_track`
    sr : int > 0
        sampling rate of a waveform or stems, in Hz, at which mixes are made; a file and a Track have their own
    separator : str, Separator or None
        takes a file or a waveform apart; see `lemons.list_separators`. Separated stems are mono, and those of a file
        by a separator's name 16 kHz, whatever the file's rate: a model of another rate needs ``model_sr``
    weights : path-like or None
        those of the separator
    kind : {"time", "source", "time+source"} or None
        components are segments of the mix, whole stems, or segments of stems; None for the last, and for the first
        where there is a single stem
    segments : int, str or Segments
        where time is cut, see `lemons.segments.find_segments`
    baseline : {"silence", "mean", "noise"}
        what sounds in place of a component that is off, see `lemons.baselines`
    label : str, int, or a sequence of them
        which of the model's labels is explained, by name or number; several are explained from the same mixes. Not
        needed for a model of one answer
    labels : sequence of str, optional
        names of all the model's labels; by default those that a model has as ``labels`` or ``config.id2label``
    output : {"score", "probability", "logit", "softmax"}, optional
        what the model answers with, see `lemons.explaining.hearing`: by default ``"logit"`` for a module with
        ``local_model()``, else ``"score"``, of which nothing is assumed
    target : {"logit", "probability", "score"}, optional
        which answer the weights are about: by default the logit where the model gives logits, otherwise what it gives
    threshold : float or "half the odds"
        what an answer must reach, for the facts: a probability; or a score, without which there are no facts of scores
    method : {"auto", "exact", "lime"}
        ``"exact"`` asks for the exact engine, and is an error where that does not apply; ``"lime"`` scores mixes one by
        one; ``"auto"`` takes the exact engine if it can, and says why not if it cannot
    num_samples : int > 1
        masks to draw for ``"lime"``; with as many as there are, or more, each is scored once and the result is exact.
        128 more are drawn to judge the fit
    sampler : {"distinct", "leverage", "kernel_shap", "paired", "bernoulli", "audiolime"}
        which masks are drawn, see `lemons.sampling.samplers`; weights are then LIME's without a ridge, each with an
        interval. ``"audiolime"`` draws and fits as published, with a ridge, and knows no intervals
    settle_top : int > 0, optional
        draw no more masks than make the components of that many largest weights certain, with a risk of 5 %, and
        ``num_samples`` at most
    seed : int in [0, 2^32)
        where drawn masks come from
    model_sr : int > 0, optional
        sampling rate of what the model hears, in Hz: each mix is resampled. By default that of the sound. For a module
        with ``local_model()``, by default 16 kHz, the sound itself is resampled: what is heard is what was scored
    n_channels : int > 0, optional
        channels of what the model hears; 1 for the mean of the sound's. By default those of the sound, and 1 for a
        module with ``local_model()``
    tensors : bool
        whether a function wants tensors
    batch_size : int > 0, optional
        mixes that the model hears at once; by default as many as take 32 MB, at most 64
    name, title : str
        what to call the model and the sound
    progress : callable or None
        ``progress(done, total)``, in mixes, or percents for the exact engine; may raise to cancel

    Returns
    -------
    Listenable or dict of str to Listenable
        the explanation with its sound; for several labels, that of each

    Raises
    ------
    ParameterError
        if an argument is out of range, the model answers with another shape, or ``"exact"`` does not apply
    DataError
        if the sound cannot be explained, or an answer is not a number

    Examples
    --------
    A function that measures energy, asked about two tones, 64 mixes of which there are but 4:

    >>> t = np.arange(16000) / 16000
    >>> stems = {"low": 0.1 * np.sin(200 * t), "high": 0.3 * np.sin(2000 * t)}
    >>> why = explain(lambda y: (y**2).mean(axis=1), stems, sr=16000, kind="source", num_samples=64)
    >>> [component.stem for component in why.explanation.top(1)], why.explanation.work
    (['high'], 4.0)
    >>> why.why_not_exact
    'the model does not say what it is made of, as a module with local_model() does'
    """
    local = is_module(model) and hasattr(model, "local_model")
    if is_module(model) and model.training:
        raise ParameterError("the model is in training mode, in which its answers are random; call model.eval() first")
    one_of("method", method, METHODS)
    output = one_of("output", output or ("logit" if local else "score"), OUTPUTS)
    n_masks = whole("num_samples", num_samples, least=2, hint=f"; the paper draws {N_MASKS}")
    drawing = {"seed": whole("seed", seed, least=0, most=MAX_SEED), **_sampler(sampler, settle_top)}
    hears = {
        "model_sr": None if model_sr is None else check_rate(model_sr),
        "n_channels": None if n_channels is None else whole("n_channels", n_channels, least=1),
    }
    track = open_sound(sound, sr=sr, separator=separator, weights=weights, title=title, progress=progress)
    if local:
        track = at_rate(track, hears["model_sr"] or SAMPLE_RATE, mono=True)
    kind = _kind(kind, track)
    asked: dict[str, Any] = {
        "kind": kind,
        "segments": _segments(kind, segments, track),
        "baseline": one_of("baseline", baseline, BASELINES),
    }
    target = _target(output, target)
    hearing = Hearing(model, sr=track.sr, output=output, tensors=tensors, **hears)
    scores = MixScores(Mixes(track.stems, **asked), hearing, batch_size=_batch_size(batch_size))
    said = scores.answers(np.ones((1, len(scores.mixes.sounding)), dtype=int))[0]
    if output == "probability" and target == "logit" and (np.abs(said) >= CERTAIN_LOGIT).any():
        raise DataError("the model is certain of this sound, and 0 and 1 have no logit; take target='probability'")
    named = choose_labels(label, label_names(model, labels, len(said)), said)
    criteria = [_criterion(threshold, target, float(said[column])) for column in named.values()]
    modules, reason = _exact_modules(model, named, len(said), output, track.stems, asked) if local else ([], NOT_LOCAL)
    reason = "method='lime' was asked for" if method == "lime" else reason
    if method == "exact" and reason:
        raise ParameterError(f"method='exact' does not apply: {reason}")
    if reason:
        logger.info("%s; the mixes of %s are scored one by one", reason, track.title)
        asked |= {"target": target, "n_masks": n_masks, **drawing}
        questions = [_question(model, track, criterion, **asked) for criterion in criteria]
        found = answer_scored(questions, scores, list(named.values()), progress=progress)
    else:
        found = [
            _exactly(module, track, criterion, target=target, progress=progress, **asked)
            for module, criterion in zip(modules, criteria, strict=True)
        ]
    who = name or getattr(model, "__name__", type(model).__name__)
    listenables = {
        one: Listenable(replace(explanation, **_names_of(track, who if one else name, one)), track, reason)
        for one, explanation in zip(named, found, strict=True)
    }
    several = label is not None and not isinstance(label, str | int | np.integer)
    return listenables if several else next(iter(listenables.values()))


def _kind(kind: str | None, track: Track) -> str:
    single = len(track.stems) == 1
    kind = one_of("kind", kind or ("time" if single else "time+source"), KINDS)
    if single and kind != "time":
        raise ParameterError(f"kind={kind!r} needs stems; give them as a dict, or a separator such as 'hpss'")
    return kind


def _target(output: str, target: str | None) -> str:
    if output == "score":
        return one_of("target", target or "score", ("score",))
    return one_of("target", target or TARGET_OF[output], TARGETS)


def _sampler(name: str, settle_top: int | None) -> dict[str, Any]:
    name = one_of("sampler", name, (*SAMPLERS, AUDIOLIME))
    if settle_top is None:
        return {"sampler": name}
    if name == AUDIOLIME:
        raise ParameterError(f"settle_top={settle_top} needs intervals, which audioLIME has not; take another sampler")
    return {"sampler": name, "settle_top": whole("settle_top", settle_top, least=1)}


def _batch_size(wanted: int | None) -> int | None:
    return None if wanted is None else whole("batch_size", wanted, least=1)


def _segments(kind: str, wanted: int | str | Segments, track: Track) -> Segments:
    mix = np.atleast_2d(mix_of_stems(track.stems)).mean(axis=0)
    found = find_segments(wanted, mix, fade=fade_at(track.sr), sr=track.sr)
    return Segments((0, found.borders[-1])) if kind == "source" else found


def _criterion(threshold: float | str, target: str, logit: float) -> Criterion | None:
    """What a mix must reach, for a full mix of this logit or score."""
    if target == "score":
        return None if threshold == HALF else Criterion(number("threshold", threshold), "score")
    return chosen(threshold, lambda: logit)


def _names_of(track: Track, who: str, label: str) -> dict[str, Any]:
    return {"track_id": track.track_id, "separator": track.separator, "listener": who, "label": label}


def _exact_modules(
    model: Any, named: Mapping[str, int], n_labels: int, output: str, stems: Mapping[str, np.ndarray], asked: dict
) -> tuple[list[Any], str]:
    """A module that answers for each label alone; why the exact engine does not apply to them, empty where it does."""
    from lemons.explaining.engine import exact_work, modules_of_labels

    if output != "logit":
        return [], f"the exact engine knows logits, and output={output!r} was asked for"
    try:
        modules = modules_of_labels(model, named, n_labels)
        exact_work(modules[0], stems, **asked)
    except ParameterError as error:
        return [], str(error)
    return modules, ""


def _exactly(
    module: Any, track: Track, criterion: Criterion | None, *, progress: Progress | None, **asked: Any
) -> Explanation:
    """An explanation by one pass of the exact engine."""
    from lemons.explaining.explain import explain as by_one_pass

    options: dict[str, Any] = {"method": "exact", "criterion": criterion, "sr": track.sr, "progress": progress}
    return by_one_pass(module, track.stems, **options, **asked)


def _question(model: Any, track: Track, criterion: Criterion | None, **asked: Any) -> Question:
    """What is asked of mixes that are scored one by one."""
    packages = ["numpy", "scikit-learn", *(["torch"] if is_module(model) else [])]
    return Question(
        **asked,
        method="lime",
        criterion=criterion,
        audio_hash=hash_waveforms({MIX: mix_of_stems(track.stems)}),
        stems_hash=hash_waveforms(track.stems),
        model_hash=model_hash(model) if is_module(model) else "",
        versions={"lemons": __version__} | {package: version(package) for package in packages},
        work=0.0,  # counted while it is done
        sr=track.sr,
    )
