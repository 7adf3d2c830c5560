"""The answers of a model to every mask of a track, ready to be looked up."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import torch
from scipy.special import expit
from torch import Tensor, nn

from lemons.arguments import number, one_of, whole
from lemons.errors import ParameterError
from lemons.exact.best import Best, best_mask
from lemons.exact.enumeration import enumerate_layered, enumerate_linear, first_layer
from lemons.exact.game import game_of_table
from lemons.exact.lattice import MAX_ENUMERATED
from lemons.exact.lime import Lime, fit_lime, lime_of_moments
from lemons.exact.masks import check_masks, mask_rows, sample_pairs, spread
from lemons.exact.moments import Moments, moments_of
from lemons.exact.pooled import Pooled
from lemons.exact.shapley import interactions_of_moments, shapley_of_moments
from lemons.exact.shown import left_out_html
from lemons.quality.answers import TARGETS

__all__ = ["MAX_ENUMERATED", "Best", "ScoreTable"]

MAX_LAYERED = 22  # for a head of two layers, as much dearer as the first has units: 2^22 take half a minute
MAX_LOOKED_UP = 18  # for any other head, mask by mask
CHUNK_ROWS = 2**14  # masks looked up at once


@dataclass(frozen=True)
class ScoreTable:
    """What `lemons.exact.score_table` found.

    A mask (n_components,) holds 1 for each component that is on; component ``segment * n_stems + stem``. An answer is
    the model's logit or, with ``target='probability'``, its sigmoid.

    A component that is silent throughout cannot be switched. What is said about all masks is said about those of the
    sounding components; the silent ones weigh exactly 0.

    Attributes
    ----------
    pooled : Pooled
        what the pass left of the track
    multiply_adds : int
        work of the pass
    seconds : float
        its wall time

    Examples
    --------
    One feature, the loudness, with no stem on, the second, the first, or both: the first adds 1 to it and the second 2,
    and so their Shapley values say.

    >>> from lemons.exact.pooled import PooledGroup
    >>> loudness = torch.tensor([[0.0], [2.0], [1.0], [3.0]])
    >>> pooled = Pooled([PooledGroup(0, 0, loudness, loudness)], np.ones((1, 2), bool), 1, nn.Identity(), ("mean",))
    >>> ScoreTable(pooled, multiply_adds=0, seconds=0.0).shapley().round(6).tolist()
    [1.0, 2.0]
    """

    pooled: Pooled = field(repr=False)
    multiply_adds: int
    seconds: float

    _repr_html_ = left_out_html

    def with_head(self, head: nn.Module) -> "ScoreTable":
        """What another model answers that differs in its head alone; the pass is not repeated."""
        return replace(self, pooled=replace(self.pooled, head=head))

    @property
    def sounding(self) -> np.ndarray:
        """Which components are not silent (n_segments, n_stems), bool."""
        return self.pooled.sounding

    @property
    def n_components(self) -> int:
        """Length of a mask."""
        return self.sounding.size

    @property
    def n_sounding(self) -> int:
        """Components that are not silent."""
        return int(self.sounding.sum())

    @property
    def width(self) -> int:
        """The most neighbouring segments that a column of the last block depends on; 2 for those as long as it sees."""
        return max(group.last - group.first + 1 for group in self.pooled.groups)

    @property
    def max_enumerated(self) -> int:
        """The most sounding components whose masks are all looked at; fewer for heads that are not linear."""
        if isinstance(self.pooled.head, nn.Linear):
            return MAX_ENUMERATED
        return MAX_LAYERED if first_layer(self.pooled.head) else MAX_LOOKED_UP

    @property
    def enumerable(self) -> bool:
        """Whether all masks can be enumerated: then no answer of this table comes from a sample."""
        return self.n_sounding <= self.max_enumerated

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
        masks = check_masks(masks, self.n_components)
        chunks = [self.pooled.logits(masks[row : row + CHUNK_ROWS]) for row in range(0, len(masks), CHUNK_ROWS)]
        return np.concatenate(chunks) if chunks else np.zeros(0, np.float32)

    @cached_property
    def all_logits(self) -> Tensor:
        """Logits of all masks of the sounding components (2 ** n_sounding,).

        The mask of number ``i`` is the bits of ``i``, the first sounding component being the most significant.
        """
        if not self.enumerable:
            raise ParameterError(
                f"2^{self.n_sounding} masks cannot be enumerated (at most 2^{self.max_enumerated} for this head); "
                "take fewer segments or stems, or draw some with lime_sampled()"
            )
        if isinstance(self.pooled.head, nn.Linear):
            return enumerate_linear(self.pooled, self.pooled.head)
        if layers := first_layer(self.pooled.head):
            return enumerate_layered(self.pooled, *layers)
        n = 2**self.n_sounding
        chunks = (mask_rows(i, min(i + CHUNK_ROWS, n), self.n_sounding) for i in range(0, n, CHUNK_ROWS))
        return torch.cat([torch.as_tensor(self.logits(self._all_components(chunk))) for chunk in chunks])

    def _all_components(self, values: np.ndarray) -> np.ndarray:
        """Values of the sounding components, along all axes but the first, with zeros for the silent ones."""
        return spread(values, self.sounding.ravel())

    @cached_property
    def _moments(self) -> dict[str, Moments]:
        return {}

    def moments(self, target: str = "logit") -> Moments:
        """Sums of all answers by size and components of the mask: all that LIME and Shapley values need."""
        _check(target)
        if target not in self._moments:
            self._moments[target] = moments_of(self.all_logits, self.n_sounding, sigmoid=target == "probability")
        return self._moments[target]

    def lime(self, *, target: str = "logit", alpha: float = 0.0) -> Lime:
        """LIME's linear model over all masks there are, weighted by the distance from the full mix as in audioLIME.

        Parameters
        ----------
        target : 'logit' or 'probability'
            the answer
        alpha : float >= 0
            strength of the ridge; 0 is LIME's limit for ever more masks, ``2 ** n_sounding / 2048`` is as strong as
            audioLIME's 1 on 2048 masks

        Returns
        -------
        Lime

        Raises
        ------
        ParameterError
            if an argument is of another kind or out of range, or the masks are too many: see `lime_sampled`
        """
        alpha = number("alpha", alpha, least=0)
        return self._with_silent(lime_of_moments(self.moments(target), alpha=alpha))

    def lime_on(self, masks: np.ndarray, *, target: str = "logit", alpha: float = 1.0) -> Lime:
        """LIME's linear model over given masks, as audioLIME fits it, silent components included.

        Parameters
        ----------
        masks : np.ndarray [shape=(n_masks, n_components)]
            zeros and ones
        target, alpha
            see `lime`; audioLIME's ridge is 1

        Returns
        -------
        Lime

        Raises
        ------
        ParameterError
            if an argument is of another kind or out of range
        """
        _check(target)
        masks, alpha = check_masks(masks, self.n_components), number("alpha", alpha, least=0)
        return fit_lime(masks, self._answers(masks, target), alpha=alpha)

    def lime_sampled(self, n_masks: int = 2**18, *, seed: int = 0, target: str = "logit", alpha: float = 0.0) -> Lime:
        """LIME's linear model over masks drawn without replacement, where all there are would be too many.

        Parameters
        ----------
        n_masks : int > 1
            size of the neighborhood, in pairs of a mask and its complement
        seed : int >= 0
            where they come from
        target, alpha
            see `lime`

        Returns
        -------
        Lime
            with standard errors

        Raises
        ------
        ParameterError
            if an argument is of another kind or out of range
        """
        _check(target)
        n_masks, seed = whole("n_masks", n_masks, least=2), whole("seed", seed, least=0)
        alpha = number("alpha", alpha, least=0)
        masks = sample_pairs(self.n_sounding, n_masks, seed=seed)
        answers = self._answers(self._all_components(masks), target)
        return self._with_silent(fit_lime(masks, answers, alpha=alpha, paired=True))

    def _with_silent(self, lime: Lime) -> Lime:
        assert lime.standard_errors is not None
        weights, errors = self._all_components(np.stack([lime.weights, lime.standard_errors]))
        masks = None if lime.masks is None else self._all_components(lime.masks)
        return replace(lime, weights=weights, standard_errors=errors, masks=masks)

    def _answers(self, masks: np.ndarray, target: str) -> np.ndarray:
        logits = self.logits(masks).astype(np.float64)
        return logits if target == "logit" else expit(logits)

    def shapley(self, *, target: str = "logit") -> np.ndarray:
        """Exact Shapley values (n_components,); they sum to the full mix's answer less that of silence."""
        return self._all_components(shapley_of_moments(self.moments(target))[None])[0]

    def interactions(self, *, target: str = "logit") -> np.ndarray:
        """Exact pairwise Shapley interactions (n_components, n_components), symmetric, with zeros on the diagonal."""
        return self._all_components(interactions_of_moments(self.moments(target))[None])[0]

    def best(self, k: int, *, target: str = "logit") -> Best:
        """The k sounding components that together keep the relevance highest, of all subsets of that size.

        Raises
        ------
        ParameterError
            if ``k`` is no number of sounding components, or there are too many subsets to compare
        """
        _check(target)
        logits = self.all_logits if self.enumerable else None

        def answer(masks: np.ndarray) -> np.ndarray:
            return self._answers(self._all_components(masks), target)

        mask = self._all_components(best_mask(k, self.n_sounding, logits=logits, answer=answer)[None])
        return Best(tuple(np.flatnonzero(mask[0]).tolist()), float(self._answers(mask, target)[0]))

    def to_shapiq(self, names: Sequence[str] | None = None, *, target: str = "logit") -> Any:
        """The table as a game of shapiq, whose exact values up to pairs come from all masks.

        Parameters
        ----------
        names : sequence of str or None
            of the players, which are the components
        target : 'logit' or 'probability'
            the answer; the game is normalized by that to silence

        Returns
        -------
        shapiq.Game
            its ``exact_values(index, order)`` gives ``shapiq.InteractionValues``

        Raises
        ------
        MissingDependencyError
            if shapiq is not installed
        ParameterError
            if ``names`` are not as many different ones as there are components, or the target is unknown
        """
        return game_of_table(self, names, target=target)


def _check(target: str) -> None:
    one_of("target", target, TARGETS)
