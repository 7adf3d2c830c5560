"""A listener's head on a trunk that others trained to tag music; it stays as it is.

musicnn's trunk gives 1506 features, mean and maximum over time of 753 channels, see `lemons.taggers.musicnn`. Nothing
but the head is fitted (`recsys.training.head`), in seconds.
"""

from collections.abc import Sequence

import torch
from torch import nn

from lemons.exact import LocalModel
from lemons.taggers import Musicnn
from recsys.network import Network

__all__ = ["OnTagger"]


class OnTagger(Network):
    """A tagger's trunk with a fresh head; the tagger's own is left behind.

    Parameters
    ----------
    tagger : Musicnn, optional
        from `lemons.taggers.load_tagger`; by default with fresh weights, to be loaded
    """

    def __init__(self, tagger: Musicnn | None = None):
        super().__init__()
        self.tagger = Musicnn(("any",)) if tagger is None else tagger
        self.tagger.head = nn.Identity()
        self.fc = nn.Linear(self.tagger.n_pooled, 1)

    def forward(self, y: torch.Tensor) -> torch.Tensor:
        """Logits (batch, 1) of waveforms (batch, n_samples), float32 in [-1, 1) at 16 kHz."""
        return self.head(self.tagger.features(y))

    def pooled(self, tracks: Sequence[torch.Tensor]) -> torch.Tensor:
        """See `Network.pooled`; each track is heard alone."""
        return torch.cat([self.tagger.features(y[None]) for y in tracks])

    def local_model(self) -> LocalModel:
        """The network's parts for exact explanations, see `lemons.exact.protocol`."""
        return self.tagger.local_model_of(self.fc)
