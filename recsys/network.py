"""A recommender: a trunk that says what there is to hear in a track, and a head that makes of it what a listener does.

    waveform (batch, n_samples)
      -> pooled (batch, n_features)      by the trunk, over the whole track
      -> head   (batch, n_listeners)     a linear layer; the sigmoid of its logit is the relevance for the listener

`recsys.model.FCN` has a trunk that is trained here, `recsys.on_tagger.OnTagger` one that was trained elsewhere.
"""

import copy
from abc import abstractmethod
from collections.abc import Sequence
from typing import Self

import torch
from torch import nn

from lemons.exact import LocalModel

__all__ = ["Network"]


class Network(nn.Module):
    """What every recommender has.

    Attributes
    ----------
    fc : nn.Linear
        the heads, a row of weights for each listener
    """

    fc: nn.Linear

    @abstractmethod
    def pooled(self, tracks: Sequence[torch.Tensor]) -> torch.Tensor:
        """Features (n_tracks, n_features) of waveforms (n_samples,), float32 in [-1, 1), with equally many frames."""

    @abstractmethod
    def local_model(self) -> LocalModel:
        """The network's parts for exact explanations, see `lemons.exact.protocol`."""

    def head(self, pooled: torch.Tensor) -> torch.Tensor:
        """Logits (batch, n_listeners) of pooled features (batch, n_features)."""
        return self.fc(pooled)

    def of_listener(self, i: int) -> Self:
        """The whole network of one listener: a copy of the trunk with head ``i``."""
        model = copy.deepcopy(self)
        model.fc.out_features = 1
        model.fc.weight, model.fc.bias = (nn.Parameter(of[i : i + 1].detach().clone()) for of in self.fc.parameters())
        return model

    def load_trunk(self, other: Self) -> None:
        """Take another network's weights, but for the heads."""
        self.load_state_dict(self.state_dict() | other.trunk_state())

    def trunk_state(self) -> dict[str, torch.Tensor]:
        """The weights that listeners may share: the state dict without the head; see `lemons.explaining.passes`."""
        return {name: tensor for name, tensor in self.state_dict().items() if not name.startswith("fc.")}
