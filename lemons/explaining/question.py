"""An explanation request, checked and complete: everything that the numbers of the explanation depend on.

A question is about a model and the stems of a track; it names a kind of components and one of two methods:

* ``"exact"`` scores every mask with one pass of `lemons.exact`. The model must be fully convolutional and say what it
  is made of, and the segments must not be too short for its receptive field.
* ``"lime"`` is audioLIME as published: masks are drawn, and the model, any model, scores each distinct one.
"""

import dataclasses
import json
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

import numpy as np

from lemons import __version__
from lemons.arguments import MAX_SEED, whole
from lemons.audio import FULL_SCALE, SAMPLE_RATE, validate_audio
from lemons.audiolime.factorization_stems import check_stems
from lemons.baselines import BASELINES, SILENCE
from lemons.errors import ParameterError
from lemons.explaining.components import MIX, mix_of_stems
from lemons.explaining.criterion import Criterion
from lemons.hashing import hash_text, hash_waveforms, model_hash
from lemons.quality.answers import TARGETS
from lemons.segments import Segments, fade_at, find_segments
from lemons.tracks import check_length

if TYPE_CHECKING:
    import torch

__all__ = [
    "AUDIOLIME",
    "EVEN_ODDS",
    "KINDS",
    "METHODS",
    "N_FRESH_MASKS",
    "N_LISTED_SETS",
    "N_MASKS",
    "N_SEGMENTS",
    "Question",
    "ask",
]

KINDS: tuple[str, ...] = ("time", "source", "time+source")
METHODS: tuple[str, ...] = ("exact", "lime")
N_SEGMENTS = 5
N_MASKS = 2048  # the paper's neighbourhood
N_FRESH_MASKS = 128  # held out of the fit
AUDIOLIME = "audiolime"  # masks drawn, and a ridge fitted to the answers, as published
N_LISTED_SETS = 32  # of a kind of facts, in the file; they are counted all the same
EVEN_ODDS = Criterion(0.5, "value")


@dataclass(frozen=True)
class Question:
    """What is asked about a model and a track; `ask` makes it.

    Attributes
    ----------
    kind : {"time", "source", "time+source"}
        whether components are segments of the mix, whole stems, or segments of stems
    method : {"exact", "lime"}
        how the model is asked
    baseline : {"silence", "mean", "noise"}
        what sounds in place of a component that is switched off; see `lemons.baselines`
    target : {"logit", "probability", "score"}
        which answer of the model the line is fitted to
    criterion : Criterion or None
        what counts as recommended, for the facts; None for a score without a threshold
    segments : Segments
        how the track is cut; a single one for the kind ``"source"``
    n_masks, seed : int
        size and seed of LIME's neighborhood; 0 for the exact method, which draws none
    audio_hash, stems_hash, model_hash : str
        SHA-256 of what is explained
    versions : dict of str to str
        of the programs that the numbers depend on
    work : float
        computation, relative to scoring the whole track once; for LIME the largest it can be
    sr : int
        sampling rate of the stems, in Hz
    sampler : str
        how LIME's masks are drawn: ``"audiolime"``, or by name one of `lemons.sampling.SAMPLERS`
    settle_top : int >= 0
        how many of the largest weights are to be certain before fewer than ``n_masks`` are enough; 0 to draw them all
    """

    kind: str
    method: str
    baseline: str
    target: str
    criterion: Criterion | None
    segments: Segments
    n_masks: int
    seed: int
    audio_hash: str
    stems_hash: str
    model_hash: str
    versions: dict[str, str]
    work: float
    sr: int = SAMPLE_RATE
    sampler: str = AUDIOLIME
    settle_top: int = 0

    @property
    def key(self) -> str:
        """The name of its answer in a cache: a hash of everything that the numbers depend on."""
        not_asked = {"work"} | ({"n_masks", "seed"} if self.method == "exact" else set())
        not_asked |= {"baseline"} if self.baseline == SILENCE else set()  # there was no other when keys were first made
        not_asked |= {"sr"} if self.sr == SAMPLE_RATE else set()
        not_asked |= {"sampler", "settle_top"} if self.sampler == AUDIOLIME else set()
        fields = {name: value for name, value in dataclasses.asdict(self).items() if name not in not_asked}
        return hash_text(json.dumps(fields, sort_keys=True))[:32]


def ask(
    model: "torch.nn.Module",
    stems: Mapping[str, np.ndarray],
    *,
    kind: str,
    method: str | None = None,
    segments: int | str | Segments = N_SEGMENTS,
    n_masks: int = N_MASKS,
    seed: int = 0,
    baseline: str = SILENCE,
    target: str = "logit",
    criterion: Criterion = EVEN_ODDS,
    sr: int = SAMPLE_RATE,
) -> Question:
    """Ask why a model recommends a track.

    Parameters
    ----------
    model : torch.nn.Module
        in evaluation mode, ``model(y) -> logits`` with ``y`` float32 of shape (batch, n_samples) and logits (batch, 1)
    stems : dict of str to np.ndarray [shape=(n_samples,), dtype=float32]
        separated sources on the 16-bit grid; their sum is the mix
    kind : {"time", "source", "time+source"}
        components are segments of the mix, whole stems, or segments of stems
    method : {"exact", "lime"} or None
        how; None for the exact method where it applies, else LIME. The question says which it is.
    segments : int, str or Segments
        where time is cut: 5 for equal lengths, ``"beats:8"``, ``"0,7.5,15"``, or `lemons.segments.Segments`; neighbours
        fade into each other. Without effect for ``"source"``
    n_masks : int > 1
        masks that LIME draws; with 5 components there are but 32, and no more are scored
    seed : int in [0, 2^32)
        where LIME's masks come from
    baseline : {"silence", "mean", "noise"}
        what sounds in place of a component that is switched off; see `lemons.baselines`
    target : {"logit", "probability"}
        which answer of the model the line is fitted to
    criterion : Criterion
        what counts as recommended, for the facts; a relevance of 0.5 by default
    sr : int > 0
        sampling rate of the stems, and of what the model hears, in Hz

    Returns
    -------
    Question

    Raises
    ------
    ParameterError
        if an argument is out of range, the model is in training mode, stems do not match or are off the 16-bit grid, or
        the exact method is asked for and does not apply
    DataError
        if bars are asked for and there are none, the mix is silent or shorter than a second, or the model or a stem
        holds values that are not numbers
    """
    _check_choices(kind=(kind, KINDS), method=(method, (*METHODS, None)), target=(target, TARGETS))
    _check_choices(baseline=(baseline, BASELINES))
    n_masks = whole("n_masks", n_masks, least=2, hint=f"; the paper draws {N_MASKS}")
    seed = whole("seed", seed, least=0, most=MAX_SEED)
    if model.training:
        raise ParameterError("the model is in training mode, in which its answers are random; call model.eval() first")
    _check_sound(stems, sr)
    mix = mix_of_stems(stems)
    found = find_segments(segments, mix, fade=fade_at(sr), sr=sr)
    segments = Segments((0, found.borders[-1])) if kind == "source" else found
    work = None
    if method != "lime":
        from lemons.explaining.engine import exact_work  # with PyTorch, which drawn masks do without

        try:
            work = exact_work(model, stems, kind=kind, segments=segments, baseline=baseline)
        except ParameterError as error:
            if method:
                raise ParameterError(f"{error}: method='lime'") from error
    exact = work is not None
    n_components = len(segments) * (1 if kind == "time" else len(stems))
    return Question(
        kind=kind,
        method="exact" if exact else "lime",
        baseline=baseline,
        target=target,
        criterion=criterion,
        segments=segments,
        n_masks=0 if exact else n_masks,
        seed=0 if exact else seed,
        audio_hash=hash_waveforms({MIX: mix}),
        stems_hash=hash_waveforms(stems),
        model_hash=model_hash(model),
        versions={"lemons": __version__} | {name: version(name) for name in ("numpy", "scikit-learn", "torch")},
        work=float(min(2**n_components, n_masks + N_FRESH_MASKS)) if work is None else work,
        sr=sr,
    )


def _check_choices(**asked: tuple[str | None, tuple[str | None, ...]]) -> None:
    for name, (value, choices) in asked.items():
        if value not in choices:
            raise ParameterError(f"{name}={value!r} is unknown; choose one of {', '.join(filter(None, choices))}")


def _check_sound(stems: Mapping[str, np.ndarray], sr: int) -> None:
    for name, y in check_stems(stems).items():
        if y is not stems[name]:  # a tensor, half precision: hashes and clips are made of what was given
            raise ParameterError(f"stem {name!r} must be a NumPy array of float32 or float64; round it with quantize")
    if MIX in stems:
        raise ParameterError(f"a stem must not be called {MIX!r}; give its parts, or rename it")
    for name, y in stems.items():
        if (y * FULL_SCALE % 1).any():
            raise ParameterError(f"stem {name!r} lies off the 16-bit grid; round it with lemons.audio.quantize")
    check_length(len(next(iter(stems.values()))) / sr)
    validate_audio(mix_of_stems(stems), sr=sr)
