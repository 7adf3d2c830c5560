"""The audio of a listener's tracks in memory, and random crops of it."""

import logging
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch

from lemons.audio import FULL_SCALE, SAMPLE_RATE, to_float
from lemons.errors import DataError
from lemons.library import Library
from lemons.progress import Progress
from recsys.model import MIN_SAMPLES
from recsys.parameters import check_parameters

__all__ = ["Crops", "TrackSet", "check_classes", "load_tracks", "quiet_snippet"]

QUIET_DB = (-85, -35)  # level of faint noise, full scale being 0: from the last bits of 16 to a hiss below the music

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class TrackSet:
    """Tracks of one part of a split.

    Attributes
    ----------
    track_ids : list of str
        n tracks
    audio : list of np.ndarray [shape=(n_samples,), dtype=int16]
        each of its own length; 16 kHz, mono
    labels : np.ndarray [shape=(n,) or (n, n_listeners), dtype=float32]
        1 played, 0 not; NaN where a track is not among a listener's
    """

    track_ids: list[str]
    audio: list[np.ndarray]
    labels: np.ndarray


def load_tracks(
    library: Library,
    split: pd.DataFrame,
    part: str,
    *,
    min_samples: int = MIN_SAMPLES,
    num_workers: int = 0,
    progress: Progress | None = None,
) -> TrackSet:
    """Load one part of a split.

    Parameters
    ----------
    library : Library
        the music library
    split : pd.DataFrame [columns=track_id, split, playcount]
        see `recsys.data.splits.load_or_draw_split`
    part : {"train", "val", "test"}
        which part
    min_samples : int
        shorter tracks are skipped
    num_workers : int >= 0
        threads that decode audio; 0: the calling thread. The result is the same
    progress : callable, optional
        ``progress(done, total)``, called after each track

    Returns
    -------
    TrackSet
        without the tracks that are not in the library, cannot be read or are too short; a warning in the log names each

    Raises
    ------
    DataError
        if the tracks that are left lack one class, or both
    """
    rows = split[split["split"] == part]

    def load(track_id: str) -> np.ndarray | str:
        if track_id not in library.tracks.index:
            return "not in the library"
        try:
            samples = library.load_audio(track_id)
        except DataError as error:
            return str(error)
        return samples if len(samples) >= min_samples else f"shorter than {min_samples / SAMPLE_RATE:g} s"

    tracks, skipped = [], []
    with ThreadPoolExecutor(max(1, num_workers)) as pool:
        # the built-in map() loads each track when the loop reaches it
        found = pool.map(load, rows["track_id"]) if num_workers else map(load, rows["track_id"])
        for done, (track_id, playcount, samples) in enumerate(
            zip(rows["track_id"], rows["playcount"], found, strict=True), start=1
        ):
            if isinstance(samples, str):
                skipped.append(f"{track_id} ({samples})")
            else:
                tracks.append((track_id, samples, playcount > 0))
            if progress:
                progress(done, len(rows))
    if skipped:
        logger.warning("%d of %d %s tracks skipped: %s", len(skipped), len(rows), part, ", ".join(skipped))
    check_classes([label for _, _, label in tracks], part, library)
    track_ids, audio, labels = zip(*tracks, strict=True)
    return TrackSet(list(track_ids), list(audio), np.array(labels, np.float32))


def check_classes(labels: Sequence[float], part: str, library: Library) -> None:
    """Raise DataError unless the readable tracks of a part include both classes."""
    n_played = int(sum(labels))
    if n_played in (0, len(labels)):
        left = f"{n_played} played and {len(labels) - n_played} other tracks"
        raise DataError(f"the {part} part has {left} whose audio can be read in {library.files.shown}; it needs both")


class Crops:
    """Batches of random crops; those of an epoch are a function of seed and epoch alone.

    Parameters
    ----------
    tracks : TrackSet
        at least ``input_length`` samples each
    seed : int >= 0
        of crops and their order
    batch_size : int > 0
        crops in a batch; an epoch's last batch may have fewer
    input_length : int
        length of a crop, in samples
    n_crops : int > 0
        crops of each track in an epoch
    n_quiet : int >= 0
        snippets of silence or faint noise that join each batch as something that was not played. A network that never
        heard silence may find it as relevant as any music, and explanations compare sounds with silence
    """

    def __init__(
        self,
        tracks: TrackSet,
        *,
        seed: int,
        batch_size: int = 20,
        input_length: int = SAMPLE_RATE,
        n_crops: int = 1,
        n_quiet: int = 0,
    ):
        check_parameters(
            {"batch_size": batch_size, "input_length": input_length, "n_crops": n_crops, "n_quiet": n_quiet}
        )
        self.tracks = tracks
        self.seed = seed
        self.batch_size = batch_size
        self.input_length = input_length
        self.n_crops = n_crops
        self.n_quiet = n_quiet

    @property
    def n_snippets(self) -> int:
        """Crops in an epoch."""
        return len(self.tracks.audio) * self.n_crops

    def __len__(self) -> int:
        """Batches in an epoch."""
        return -(-self.n_snippets // self.batch_size)

    def batches(self, epoch: int) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        """Waveforms (batch + n_quiet, input_length) and labels (batch + n_quiet, n_listeners) of one epoch, float32."""
        all_labels = self.tracks.labels.reshape(len(self.tracks.labels), -1)
        rng, quiet_rng = np.random.default_rng([self.seed, epoch]), np.random.default_rng([self.seed, epoch, 1])
        order = rng.permutation(np.repeat(np.arange(len(self.tracks.audio)), self.n_crops))
        lengths = np.array([len(self.tracks.audio[i]) for i in order])
        starts = rng.integers(0, lengths - self.input_length, endpoint=True)
        for first in range(0, len(order), self.batch_size):
            batch = slice(first, first + self.batch_size)
            crops = [
                self.tracks.audio[i][start : start + self.input_length]
                for i, start in zip(order[batch], starts[batch], strict=True)
            ]
            crops += [quiet_snippet(quiet_rng, self.input_length) for _ in range(self.n_quiet)]
            quiet = np.zeros((self.n_quiet, all_labels.shape[1]), np.float32)
            labels = np.concatenate([all_labels[order[batch]], quiet])
            yield torch.from_numpy(to_float(np.stack(crops))), torch.from_numpy(labels)


def quiet_snippet(rng: np.random.Generator, n_samples: int) -> np.ndarray:
    """Silence or, as often, white noise (n_samples,) of a random low level, int16."""
    if rng.integers(2):
        return np.zeros(n_samples, np.int16)
    level = 10 ** (rng.uniform(*QUIET_DB) / 20)
    noise = np.rint(level * FULL_SCALE * rng.standard_normal(n_samples))
    return np.clip(noise, -FULL_SCALE, FULL_SCALE - 1).astype(np.int16)
