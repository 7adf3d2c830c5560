"""Why a track is more for one listener than for another: the difference of two models' answers to the same mixes.

Both models are asked about the same components by the exact engine. The answer to a mix is then the first model's logit
less the second's, and weights and facts are those of such answers. LIME's weights and Shapley values are linear in the
answers, so that each is the difference of those of the two models. The facts are about the threshold 0, from which on a
mix is more for the first listener.

Models that were trained apart need not mean the same by a logit. Equal answers are equal odds by either model's own
account, and how far these hold is a matter of each model's training.
"""

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from lemons.arguments import quoted
from lemons.audio import SAMPLE_RATE
from lemons.baselines import SILENCE
from lemons.checksums import write_json
from lemons.errors import ParameterError
from lemons.exact import Facts, ScoreTable, facts_of
from lemons.exact.lime import lime_of_moments
from lemons.exact.masks import spread
from lemons.exact.moments import moments_of
from lemons.exact.shapley import interactions_of_moments, shapley_of_moments
from lemons.explaining.clips import clip_masks
from lemons.explaining.component import Component, Pair, components_against, top_components
from lemons.explaining.components import rows_of, weighted_components
from lemons.explaining.passes import ExactScores
from lemons.explaining.question import N_LISTED_SETS, N_SEGMENTS, ask
from lemons.explaining.surrogate import strongest_pair
from lemons.library import Library
from lemons.progress import Progress
from lemons.segments import Segments
from lemons.tracks import Track
from recsys.checkpoints import load_checkpoint
from recsys.model_runs import best_checkpoint

__all__ = ["Contrast", "contrast", "contrast_track", "models_of"]

FORMAT = 1  # of the JSON file; raise it when a field changes its meaning
TARGET = "difference"  # of logits


@dataclass(frozen=True)
class Contrast:
    """Why a track is more for one listener than for another, or less.

    Attributes
    ----------
    kind, segments, n_masks, work, audio_hash, stems_hash, versions, track_id, separator
        see `lemons.explaining.explanation.Explanation`; the work is that of both models
    components : tuple of Component
        their weights are those of the first model less those of the second, on the logit
    own : tuple of (float, float)
        the weights of either model, of each component
    shapley : tuple of float
        Shapley values of the difference; they sum to that of the full mix less that of silence
    intercept, fidelity : float
        of the linear model of the difference; see `lemons.explaining.explanation.Explanation`
    facts : Facts
        what is true of all mixes, at a difference of 0
    pair : Pair or None
        the components that interact most in the difference; None where none do
    logits : dict of str to (float, float)
        the answers of either model to ``mix``, to the clips ``top1``, ``top3`` and ``rest``, and to ``silence``
    model_hashes : (str, str)
        SHA-256 of the models
    listener, versus : str
        whose models they are; names only
    """

    kind: str
    segments: Segments
    components: tuple[Component, ...]
    own: tuple[tuple[float, float], ...]
    shapley: tuple[float, ...]
    intercept: float
    fidelity: float
    facts: Facts
    pair: Pair | None
    logits: dict[str, tuple[float, float]]
    n_masks: int
    work: float
    audio_hash: str
    stems_hash: str
    model_hashes: tuple[str, str]
    versions: dict[str, str]
    track_id: str = ""
    listener: str = ""
    versus: str = ""
    separator: str = "given"

    @property
    def fidelity_held_out(self) -> float:
        """The fidelity: no mask was held out, since all there are were fitted."""
        return self.fidelity

    @property
    def sr(self) -> int:
        """Sampling rate of the stems, in Hz."""
        return SAMPLE_RATE

    @property
    def baseline(self) -> str:
        """What sounds in place of a component that is off; contrasts know no other than silence."""
        return SILENCE

    def top(self, k: int) -> tuple[Component, ...]:
        """The k components that speak most for the first listener rather than the second; fewer when fewer do."""
        return top_components(self.components, k, target=TARGET)

    def against(self, k: int) -> tuple[Component, ...]:
        """The k components that speak most for the second listener rather than the first; fewer when fewer do."""
        return components_against(self.components, k, target=TARGET)

    def save(self, path: str | os.PathLike) -> None:
        """Write it as JSON, whole or not at all; DataError if the file cannot be written."""
        write_json(path, {"format": FORMAT} | dataclasses.asdict(self))


def contrast(
    model: torch.nn.Module,
    other: torch.nn.Module,
    stems: Mapping[str, np.ndarray],
    *,
    kind: str,
    segments: int | str | Segments = N_SEGMENTS,
    progress: Progress | None = None,
) -> Contrast:
    """Ask two models about the same mixes.

    Parameters
    ----------
    model, other : torch.nn.Module
        the first and the second; both must say what they are made of, as the exact engine needs it
    stems, kind, segments
        see `lemons.explaining.question.ask`
    progress : callable or None
        ``progress(percent, 100)``; may raise to cancel

    Returns
    -------
    Contrast
        without names of track, listeners and separator

    Raises
    ------
    ParameterError
        if an argument is out of range, the exact engine does not apply to a model, or the components are too many to
        look at all mixes
    DataError
        see `lemons.explaining.question.ask`
    """
    questions = [ask(one, stems, kind=kind, segments=segments, method="exact") for one in (model, other)]
    first, second = (
        ExactScores(question, one, stems, progress=_half(progress, half))
        for half, (question, one) in enumerate(zip(questions, (model, other), strict=True))
    )
    table = first.table
    if not table.enumerable:
        raise ParameterError(
            f"a contrast needs the answers to all mixes of {table.n_sounding} sounding components, which are too many; "
            "take fewer segments or stems"
        )
    difference = table.all_logits - second.table.all_logits
    moments = moments_of(difference, table.n_sounding)
    lime = lime_of_moments(moments, alpha=0.0)
    weights, shapley = _of_all(table, lime.weights), _of_all(table, shapley_of_moments(moments))
    interactions = _of_all(table, interactions_of_moments(moments))
    of_first = table.lime(target="logit").weights  # the second model's are what the difference takes away from these
    components = weighted_components(
        list(rows_of(stems, kind=kind)), questions[0].segments, weights, np.zeros(len(weights))
    )
    clips = {"mix": np.ones(len(components), dtype=int)} | clip_masks(components, target=TARGET)
    if progress is not None:
        progress(100, 100)
    answers = np.stack([scores.logits(np.stack([*clips.values()])) for scores in (first, second)], axis=1)
    return Contrast(
        kind=kind,
        segments=questions[0].segments,
        components=components,
        own=tuple(zip(of_first.tolist(), (of_first - weights).tolist(), strict=True)),
        shapley=tuple(shapley.tolist()),
        intercept=lime.intercept,
        fidelity=lime.fidelity,
        facts=facts_of(difference, 0.0, sounding=table.sounding, limit=N_LISTED_SETS),
        pair=strongest_pair(interactions, shapley),
        logits={name: (float(a), float(b)) for name, (a, b) in zip(clips, answers.tolist(), strict=True)},
        n_masks=lime.n_masks,
        work=first.work + second.work,
        audio_hash=questions[0].audio_hash,
        stems_hash=questions[0].stems_hash,
        model_hashes=(questions[0].model_hash, questions[1].model_hash),
        versions=questions[0].versions,
    )


def contrast_track(
    track: Track,
    *,
    listener: str,
    versus: str,
    library: Library,
    experiments_path: str | os.PathLike,
    device: str = "cpu",
    progress: Progress | None = None,
    kind: str = "time+source",
    segments: int | str | Segments = N_SEGMENTS,
) -> Contrast:
    """Ask the best models of two listeners about a track.

    Parameters
    ----------
    track : Track
        from `lemons.tracks.open_track`
    listener, versus : str
        whose model is the first, and whose the second
    library, experiments_path, device
        see `explanations.core.explain_track.explain_track`
    progress, kind, segments
        see `contrast`

    Returns
    -------
    Contrast

    Raises
    ------
    ParameterError
        if the library does not know a listener, both are the same, or a parameter is out of range
    DataError
        if there is no trained model of a listener
    """
    paths = models_of(listener, versus, library=library, experiments_path=experiments_path)
    model, other = (load_checkpoint(path, device=device)[0] for path in paths)
    found = contrast(model, other, track.stems, kind=kind, segments=segments, progress=progress)
    return dataclasses.replace(
        found, track_id=track.track_id, listener=listener, versus=versus, separator=track.separator
    )


def models_of(
    listener: str, versus: str, *, library: Library, experiments_path: str | os.PathLike
) -> tuple[Path, Path]:
    """The best models of two listeners; see `contrast_track` for the errors."""
    for name in (listener, versus):
        library.played(name)  # an unknown listener is refused by name, rather than for want of a model
    if listener == versus:
        raise ParameterError(f"versus={quoted(versus)} must be another listener than the first")
    first, second = (best_checkpoint(experiments_path, name, library=library) for name in (listener, versus))
    return first, second


def _of_all(table: ScoreTable, values: np.ndarray) -> np.ndarray:
    """Values of the sounding components, along all axes, with zeros for the silent ones."""
    return spread(values[None], table.sounding.ravel())[0]


def _half(progress: Progress | None, half: int) -> Progress | None:
    """Progress of the first or the second of two passes, as that of both."""
    return progress and (lambda done, total: progress((50 * half) + 50 * done // total, 100))
