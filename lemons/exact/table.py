"""The answers of a model to every mask of a track, ready to be looked up."""

import itertools
import math
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import torch
from torch import Tensor, nn

from lemons.errors import ParameterError
from lemons.exact.enumeration import enumerate_linear, mask_rows
from lemons.exact.lime import Lime, fit_lime, lime_of_moments, sample_pairs
from lemons.exact.moments import Moments, moments_of
from lemons.exact.protocol import LocalModel
from lemons.exact.shapley import interactions_of_moments, shapley_of_moments

MAX_ENUMERATED = 26  # components: 2^26 logits take 268 MB and some seconds
MAX_SUBSETS = 5 * 10**6  # candidates that `ScoreTable.best` compares beyond that
CHUNK_ROWS = 2**14  # masks looked up at once
TARGETS = ("logit", "probability")


@dataclass(frozen=True)
class Pooled:
    """What the columns that depend on segments ``first`` to ``last`` give to the global pooling, for all their states.

    Attributes
    ----------
    sums : Tensor [shape=(n_states, n_channels), dtype=float64]
        over columns and bands
    maxima : Tensor [shape=(n_states, n_channels)]
    """

    first: int
    last: int
    sums: Tensor
    maxima: Tensor


@dataclass(frozen=True)
class Best:
    """The components that together keep the answer highest: their numbers, ascending, and that answer."""

    components: tuple[int, ...]
    value: float


@dataclass
class ScoreTable:
    """What `lemons.exact.score_table` found.

    A mask (n_components,) holds 1 for each component that sounds; component ``segment * n_stems + stem``. An answer
    is the model's logit or, with ``target='probability'``, its sigmoid.

    Attributes
    ----------
    n_segments, n_stems : int
        what the components are
    multiply_adds : int
        work of the pass
    seconds : float
        its wall time
    """

    local: LocalModel = field(repr=False)
    pooled: list[Pooled] = field(repr=False)
    n_segments: int
    n_stems: int
    n_cells: int
    multiply_adds: int
    seconds: float = 0.0

    @property
    def n_components(self) -> int:
        """Length of a mask."""
        return self.n_segments * self.n_stems

    @property
    def width(self) -> int:
        """The largest number of neighbouring segments that a column of the last block depends on.

        It is 2 for segments as long as the receptive field; the pass takes longer for wider ones.
        """
        return max(group.last - group.first + 1 for group in self.pooled)

    @property
    def enumerable(self) -> bool:
        """Whether all masks can be enumerated: then no answer of this table comes from a sample."""
        return self.n_components <= MAX_ENUMERATED

    @torch.no_grad()
    def logits(self, masks: np.ndarray) -> np.ndarray:
        """The model's logits for the mixes of some masks.

        Parameters
        ----------
        masks : np.ndarray [shape=(n_masks, n_components)]
            zeros and ones

        Returns
        -------
        np.ndarray [shape=(n_masks,)]
            in the model's precision

        Raises
        ------
        ParameterError
            if the masks have another shape or other values
        """
        masks = np.asarray(masks)
        if masks.ndim != 2 or masks.shape[1] != self.n_components:
            raise ParameterError(f"masks of shape {masks.shape} must have shape (n_masks, {self.n_components})")
        if not ((masks == 0) | (masks == 1)).all():
            raise ParameterError("masks hold other values than 0 and 1; a component is on or off")
        chunks = [self._lookup(masks[row : row + CHUNK_ROWS]) for row in range(0, len(masks), CHUNK_ROWS)]
        return np.concatenate(chunks) if chunks else np.zeros(0, np.float32)

    def _lookup(self, masks: np.ndarray) -> np.ndarray:
        place = 2 ** np.arange(self.n_stems - 1, -1, -1)
        states = masks.reshape(len(masks), self.n_segments, self.n_stems).astype(np.int64) @ place
        states = torch.as_tensor(states, device=self.pooled[0].sums.device)
        sums, maxima = 0, torch.full((), -torch.inf, device=states.device)
        for group in self.pooled:
            row = torch.zeros(len(masks), dtype=torch.int64, device=states.device)
            for segment in range(group.first, group.last + 1):
                row = row * 2**self.n_stems + states[:, segment]
            sums = sums + group.sums[row]
            maxima = torch.maximum(group.maxima[row], maxima)
        features = {"mean": (sums / self.n_cells).to(maxima.dtype), "max": maxima}
        return self.local.head(torch.cat([features[pool] for pool in self.local.pools], dim=1))[:, 0].cpu().numpy()

    @cached_property
    def all_logits(self) -> Tensor:
        """Logits of all masks (2 ** n_components,); the mask of number ``i`` is its bits, component 0 the first."""
        if not self.enumerable:
            raise ParameterError(
                f"2^{self.n_components} masks cannot be enumerated (at most 2^{MAX_ENUMERATED}); "
                "take fewer segments or stems, or use lime(), which then draws masks"
            )
        if isinstance(self.local.head, nn.Linear):
            return enumerate_linear(self)
        numbers = range(0, 2**self.n_components, CHUNK_ROWS)
        rows = (mask_rows(i, min(i + CHUNK_ROWS, 2**self.n_components), self.n_components) for i in numbers)
        return torch.cat([torch.as_tensor(self.logits(masks)) for masks in rows])

    @cached_property
    def _moments(self) -> dict[str, Moments]:
        return {}

    def moments(self, target: str = "logit") -> Moments:
        """Sums of all answers by size of the mask and by components: all that LIME and Shapley values need."""
        _check(target)
        if target not in self._moments:
            self._moments[target] = moments_of(self.all_logits, self.n_components, sigmoid=target == "probability")
        return self._moments[target]

    def lime(
        self,
        masks: np.ndarray | None = None,
        *,
        target: str = "probability",
        alpha: float | None = None,
        n_masks: int = 2**18,
        seed: int = 0,
    ) -> Lime:
        """LIME's linear model of the answers, weighted by the distance from the full mix as in audioLIME.

        Parameters
        ----------
        masks : np.ndarray [shape=(n_masks, n_components)] or None
            fit these alone, as audioLIME does; None for all masks there are, or, when there are too many, for a drawn
            neighborhood (``exact`` in the result says which it was)
        target : 'logit' or 'probability'
            the answer
        alpha : float >= 0 or None
            strength of the ridge; None for audioLIME's 1 on given masks, and for 0 otherwise: LIME's limit for ever
            more masks
        n_masks, seed : int
            size and seed of a drawn neighborhood, in pairs of a mask and its complement, none twice

        Returns
        -------
        Lime
        """
        _check(target)
        if masks is not None:
            return fit_lime(masks, self._answers(masks, target), alpha=1.0 if alpha is None else alpha)
        alpha = 0.0 if alpha is None else alpha
        if self.enumerable:
            return lime_of_moments(self.moments(target), alpha=alpha)
        masks = sample_pairs(self.n_components, n_masks, seed=seed)
        return fit_lime(masks, self._answers(masks, target), alpha=alpha, paired=True)

    def _answers(self, masks: np.ndarray, target: str) -> np.ndarray:
        logits = self.logits(masks).astype(np.float64)
        return logits if target == "logit" else 1 / (1 + np.exp(-logits))

    def shapley(self, *, target: str = "probability") -> np.ndarray:
        """Exact Shapley values (n_components,); they sum to the full mix's answer less that of silence."""
        return shapley_of_moments(self.moments(target))

    def interactions(self, *, target: str = "probability") -> np.ndarray:
        """Exact pairwise Shapley interactions (n_components, n_components), symmetric, with zeros on the diagonal."""
        return interactions_of_moments(self.moments(target))

    def best(self, k: int, *, target: str = "probability") -> Best:
        """The k components that together keep the relevance highest, of all subsets of that size.

        Raises
        ------
        ParameterError
            if ``k`` is no number of components, or there are too many subsets to compare
        """
        _check(target)
        n = self.n_components
        if not 1 <= k <= n:
            raise ParameterError(f"k={k} must be between 1 and the {n} components")
        if math.comb(n, k) > MAX_SUBSETS:
            raise ParameterError(f"k={k} of {n} components are {math.comb(n, k)} subsets, more than {MAX_SUBSETS}")
        subsets = np.array(list(itertools.combinations(range(n), k)))
        masks = np.zeros((len(subsets), n), dtype=np.int8)
        np.put_along_axis(masks, subsets, 1, axis=1)
        answers = self._answers(masks, target)
        winner = int(answers.argmax())
        return Best(tuple(subsets[winner].tolist()), float(answers[winner]))


def _check(target: str) -> None:
    if target not in TARGETS:
        raise ParameterError(f"target={target!r} must be one of {TARGETS}")
