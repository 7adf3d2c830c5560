"""Mixes of a track's components, and a model's answers to them: each distinct mix is made and scored once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lemons.explaining.components import mix_of_stems, rows_of, stand_ins
from lemons.progress import Progress
from lemons.segments import Segments

__all__ = ["LabelScores", "MixScores", "Mixes"]

MAX_BATCH = 64  # mixes at once; larger batches are hardly faster
MAX_BATCH_VALUES = 2**23  # samples at once: 32 MB of float32


class Mixes:
    """The sound of any components of a track, as it is scored and heard.

    Parameters
    ----------
    stems : dict of str to np.ndarray [shape=(n_samples,) or (n_channels, n_samples), dtype=float32]
        on the 16-bit grid, so that sums are exact
    kind, segments, baseline
        see `lemons.explaining.question.Question`

    Attributes
    ----------
    names : list of str
        of what is cut into segments
    sounding : np.ndarray [shape=(n_components,), dtype=bool]
        which components are not silent; switching the others makes no other mix
    """

    def __init__(self, stems: Mapping[str, np.ndarray], *, kind: str, segments: Segments, baseline: str):
        rows = rows_of(stems, kind=kind)
        off = stand_ins(stems, kind=kind, segments=segments, baseline=baseline)
        self.names = list(rows)
        self.everything_off = mix_of_stems(off) if off else np.zeros_like(next(iter(rows.values())))
        switched = [y - off[name] if off else y for name, y in rows.items()]
        spans = enumerate(segments.spans)
        self._parts = [(slice(*span), segments.part(y, s)) for s, span in spans for y in switched]
        self.sounding = np.array([part.any() for _, part in self._parts])

    def __call__(self, mask: np.ndarray) -> np.ndarray:
        """The mix of a mask (n_components,): (n_samples,) or (n_channels, n_samples)."""
        y = self.everything_off.copy()
        for i in np.flatnonzero(mask):
            span, part = self._parts[i]
            y[..., span] += part
        return y


class MixScores:
    """A model's answers to mixes, for all its labels.

    Parameters
    ----------
    mixes : Mixes
    hear : callable
        ``hear(mixes) -> answers``: mixes (batch, n_samples) or (batch, n_channels, n_samples) to numbers
        (batch, n_labels), float64
    batch_size : int or None
        mixes that the model hears at once; None for as many as take 32 MB, at most 64
    """

    def __init__(self, mixes: Mixes, hear: Callable[[np.ndarray], np.ndarray], *, batch_size: int | None = None):
        self.mixes, self._hear = mixes, hear
        fitting = MAX_BATCH_VALUES // mixes.everything_off.size
        self.batch_size = batch_size or min(max(fitting, 1), MAX_BATCH)
        self._known: dict[bytes, np.ndarray] = {}

    @property
    def n_passes(self) -> int:
        """How many mixes the model has heard."""
        return len(self._known)

    def answers(self, masks: np.ndarray, *, progress: Progress | None = None) -> np.ndarray:
        """The answers (n_masks, n_labels) to masks (n_masks, n_components); known ones are not asked for again."""
        masks = np.asarray(masks, dtype=np.uint8) * self.mixes.sounding.astype(np.uint8)
        names = [mask.tobytes() for mask in masks]
        unknown = list(dict.fromkeys(name for name in names if name not in self._known))
        for start in range(0, len(unknown), self.batch_size):
            batch = unknown[start : start + self.batch_size]
            mixes = np.stack([self.mixes(np.frombuffer(name, np.uint8)) for name in batch])
            self._known |= zip(batch, self._hear(mixes), strict=True)
            if progress is not None:
                progress(start + len(batch), len(unknown))
        return np.stack([self._known[name] for name in names])


@dataclass(frozen=True)
class LabelScores:
    """The answers of one label; what was asked for another label is known here, too.

    Attributes
    ----------
    scores : MixScores
    column : int >= 0
        number of the label
    """

    scores: MixScores
    column: int

    @property
    def sounding(self) -> np.ndarray:
        """See `Mixes`."""
        return self.scores.mixes.sounding

    def logits(self, masks: np.ndarray, *, progress: Progress | None = None) -> np.ndarray:
        """The label's logits or scores (n_masks,) for masks (n_masks, n_components)."""
        return self.scores.answers(masks, progress=progress)[:, self.column]
