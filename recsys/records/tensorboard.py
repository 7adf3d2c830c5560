"""A few validation tracks in TensorBoard: their audio, and their relevance as the model learns."""

from typing import Any

import numpy as np
from scipy.special import expit

from lemons.audio import SAMPLE_RATE, to_float
from recsys.data.crops import TrackSet

__all__ = ["Sounds"]

N_OF_A_CLASS = 2


class Sounds:
    """Callable ``sounds(logits, epoch)`` that logs the relevance of the first played and not played tracks.

    Parameters
    ----------
    writer : torch.utils.tensorboard.SummaryWriter
        receives the audio of the tracks at construction, under the names of their curves
    tracks : TrackSet
        the validation tracks
    """

    def __init__(self, writer: Any, tracks: TrackSet):
        self._writer = writer
        self._names = {}
        for label, words in ((1, "played"), (0, "not played")):
            for i in np.flatnonzero(tracks.labels == label)[:N_OF_A_CLASS]:
                self._names[i] = f"relevance/{tracks.track_ids[i]} ({words})"
                writer.add_audio(self._names[i], to_float(tracks.audio[i]), sample_rate=SAMPLE_RATE)

    def __call__(self, logits: np.ndarray, epoch: int) -> None:
        """Add a point to each track's curve."""
        for i, name in self._names.items():
            self._writer.add_scalar(name, expit(logits[i]), epoch)
