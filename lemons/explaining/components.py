"""What of a track is switched on and off: its stems, its stretches of time, or both."""

from collections.abc import Mapping, Sequence
from itertools import pairwise, product

import numpy as np

from lemons import baselines
from lemons.audio import SAMPLE_RATE
from lemons.audiolime import Factorization, StemFactorization, TimeOnlyFactorization
from lemons.baselines import SILENCE
from lemons.explaining.component import Component
from lemons.segments import Segments

__all__ = [
    "MIX",
    "factorize",
    "mix_of_stems",
    "rows_of",
    "stack_rows",
    "stack_stand_ins",
    "stand_ins",
    "weighted_components",
]

MIX = "mix"  # stands for a stem where only time is cut


def mix_of_stems(stems: Mapping[str, np.ndarray]) -> np.ndarray:
    """The whole track (n_samples,)."""
    return np.asarray(sum(stems.values()))


def rows_of(stems: Mapping[str, np.ndarray], *, kind: str) -> dict[str, np.ndarray]:
    """What is switched, before it is cut into segments: the stems, or the mix alone for the kind ``"time"``."""
    return {MIX: mix_of_stems(stems)} if kind == "time" else dict(stems)


def stand_ins(
    stems: Mapping[str, np.ndarray], *, kind: str, segments: Segments, baseline: str
) -> dict[str, np.ndarray]:
    """What sounds in place of each of `rows_of` where it is switched off; empty for silence. See `lemons.baselines`."""
    rows = rows_of(stems, kind=kind)
    if all(y.ndim == 1 for y in rows.values()):
        return baselines.stand_ins(rows, segments, baseline)
    channels = {f"{name} {c}": one for name, y in rows.items() for c, one in enumerate(y)}
    found = baselines.stand_ins(channels, segments, baseline)
    return {name: np.stack([found[f"{name} {c}"] for c in range(len(y))]) for name, y in rows.items() if found}


def stack_rows(stems: Mapping[str, np.ndarray], *, kind: str) -> np.ndarray:
    """`rows_of` as the exact engine takes them (n_rows, n_samples), float32."""
    return np.stack([*rows_of(stems, kind=kind).values()]).astype(np.float32)


def stack_stand_ins(
    stems: Mapping[str, np.ndarray], *, kind: str, segments: Segments, baseline: str
) -> np.ndarray | None:
    """`stand_ins` as the exact engine takes them (n_rows, n_samples), float32; None for silence."""
    off = stand_ins(stems, kind=kind, segments=segments, baseline=baseline)
    return np.stack([*off.values()]).astype(np.float32) if off else None


def factorize(
    stems: Mapping[str, np.ndarray], *, kind: str, segments: Segments, baseline: str = SILENCE
) -> Factorization:
    """The components of a track, as audioLIME switches them.

    Parameters
    ----------
    stems : dict of str to np.ndarray [shape=(n_samples,)]
        their sum is the mix
    kind : {"time", "source", "time+source"}
        see `lemons.explaining.question.Question`
    segments : Segments
        how the track is cut; a single one for the kind ``"source"``
    baseline : {"silence", "mean", "noise"}
        what sounds in place of a component that is off

    Returns
    -------
    Factorization
    """
    if off := stand_ins(stems, kind=kind, segments=segments, baseline=baseline):
        everything_off = mix_of_stems(off)
        switched = {name: y - off[name] for name, y in rows_of(stems, kind=kind).items()}
        return StemFactorization(switched, SAMPLE_RATE, segments, composition_fn=lambda y: y + everything_off)
    if kind == "time":
        return TimeOnlyFactorization(mix_of_stems(stems), SAMPLE_RATE, segments)
    return StemFactorization(stems, SAMPLE_RATE, segments)


def weighted_components(
    names: Sequence[str],
    segments: Segments,
    weights: np.ndarray,
    margins: np.ndarray | None,
    *,
    sr: int = SAMPLE_RATE,
) -> tuple[Component, ...]:
    """The components of rows of these names in segments, with their weights and margins (n_components,)."""
    places = [(s, *pair) for s, pair in enumerate(pairwise(segments.borders))]
    return tuple(
        Component(i, name, s, start / sr, end / sr, float(weights[i]), None if margins is None else float(margins[i]))
        for i, ((s, start, end), name) in enumerate(product(places, names))
    )
