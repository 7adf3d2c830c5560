"""A listener's model and what it recommends, wherever the model is.

It is a network of their own, the best checkpoint among their runs; or, for listeners who have none, the head that a
fleet fitted for them on its trunk (`recsys.fleet.listener`). Whoever recommends and explains need not know which;
`recsys.find_model` finds it.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pandas as pd

from lemons.library import Library
from lemons.progress import Progress
from recsys.checkpoints import load_checkpoint
from recsys.network import Network
from recsys.recommend import recommend, relevance_of_others

if TYPE_CHECKING:
    from lemons.fleet import Results
    from recsys.fleet.index import Explained

__all__ = ["ListenerModel", "TrainedModel"]


@dataclass(frozen=True)
class ListenerModel(ABC):
    """A listener's model.

    Attributes
    ----------
    library : Library
        that it is of
    listener : str
        whose it is
    ranks_all : bool
        whether `relevance_of_others` knows all that can be recommended, not only the first of them
    """

    library: Library
    listener: str
    ranks_all: ClassVar[bool] = True

    @property
    @abstractmethod
    def stamp(self) -> tuple:
        """Names it in caches: another one where the model or its recommendations are others."""

    @property
    def results(self) -> "Results | None":
        """The results of the fleet that it is of; None where it is of none."""
        return None

    @abstractmethod
    def load(self, *, device: str = "cpu") -> Network:
        """The network, in evaluation mode."""

    @abstractmethod
    def recommend(self, *, n: int = 10, pool: str | None = None, progress: Progress | None = None) -> pd.DataFrame:
        """The most relevant tracks, as `recsys.recommend.recommend` has them, by default of the pool that it has."""

    @abstractmethod
    def relevance_of_others(self, track_id: str) -> np.ndarray:
        """The relevance of tracks beside which a track is recommended, the largest first."""

    def explained(self, track_id: str) -> "list[Explained]":
        """The results that explain a track to the listener, of the same stems, the newest last."""
        return []


@dataclass(frozen=True)
class TrainedModel(ListenerModel):
    """A network of the listener's own.

    Attributes
    ----------
    checkpoint : Path
        its file
    """

    checkpoint: Path

    @property
    def stamp(self) -> tuple:
        """File, when it was written, library and listener."""
        written = self.checkpoint.stat().st_mtime_ns if self.checkpoint.exists() else 0
        return (str(self.checkpoint), written, self.library.fingerprint, self.listener)

    def load(self, *, device: str = "cpu") -> Network:
        """The network."""
        return load_checkpoint(self.checkpoint, device=device)[0]

    def recommend(self, *, n: int = 10, pool: str | None = None, progress: Progress | None = None) -> pd.DataFrame:
        """By default of the tracks held out from training; those without a kept score are heard."""
        pool = "test" if pool is None else pool
        return recommend(self.checkpoint, self.library, self.listener, n=n, pool=pool, progress=progress)

    def relevance_of_others(self, track_id: str) -> np.ndarray:
        """Of all other tracks held out from training."""
        return relevance_of_others(self.checkpoint, self.library, self.listener, track_id)
