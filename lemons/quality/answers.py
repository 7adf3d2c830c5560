"""A model's answers to masks, from a function or a table, and the weights that are measured against them.

A mask (n_components,) holds 1 for each component that is on. An answer v(z) is what the model says of the mix of a mask
z: its logit, or its probability. Measures ask about the same masks again and again; no mask is scored twice.
"""

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
from scipy.special import expit

from lemons.arguments import as_array, one_of, quoted
from lemons.errors import DataError, ParameterError

__all__ = ["TARGETS", "Answers", "HasLogits", "Source", "as_answers", "as_weights", "ranking", "top_mask"]

TARGETS = ("logit", "probability")


class HasLogits(Protocol):
    """Whatever answers to masks with logits, such as `lemons.exact.ScoreTable`."""

    def logits(self, masks: np.ndarray) -> np.ndarray:
        """The logits (n_masks,) of masks (n_masks, n_components)."""


Source = Callable[[np.ndarray], np.ndarray] | HasLogits


class Answers:
    """The answers of a model to masks, each distinct mask asked about once.

    Parameters
    ----------
    source : callable or object with ``logits``
        ``source(masks) -> values`` or ``source.logits(masks) -> values``, masks (n_masks, n_all_components) of zeros
        and ones, values (n_masks,). What a function gives is taken as it is
    n_components : int > 0
        length of a mask
    target : {"logit", "probability"}
        what the answers are; the logits of an object become probabilities with the latter
    sounding : np.ndarray [shape=(n_all_components,), dtype=bool] or None
        which components the masks switch, ``n_components`` of them; the others, which are silent, stay off

    Attributes
    ----------
    n_components : int
    target : str

    Raises
    ------
    ParameterError
        if the source answers neither way, or ``target`` is unknown

    Examples
    --------
    >>> answers = Answers(lambda masks: masks.sum(axis=1), 2)
    >>> answers(np.array([[1, 1], [1, 0], [1, 1]])), answers.n_asked
    (array([2., 1., 2.]), 2)
    """

    def __init__(self, source: Source, n_components: int, *, target: str = "logit", sounding: np.ndarray | None = None):
        self.n_components, self.target = n_components, one_of("target", target, TARGETS)
        self._ask: Any = getattr(source, "logits", source)
        if not callable(self._ask):
            raise ParameterError(f"answers={quoted(source)} must be a function of masks, or have logits(masks)")
        self._squash = target == "probability" and hasattr(source, "logits")
        self._sounding = np.ones(n_components, bool) if sounding is None else sounding
        self._known: dict[bytes, float] = {}

    @property
    def n_asked(self) -> int:
        """How many masks the model was asked about."""
        return len(self._known)

    def __call__(self, masks: np.ndarray) -> np.ndarray:
        """The answers (n_masks,), float64, to masks (n_masks, n_components).

        Raises
        ------
        ParameterError
            if the masks are of another length, or the source answers with another shape
        DataError
            if the source answers with values that are not numbers
        """
        masks = np.asarray(masks)
        if masks.ndim != 2 or masks.shape[1] != self.n_components:
            raise ParameterError(f"masks of shape {masks.shape} must have shape (n_masks, {self.n_components})")
        names = [mask.tobytes() for mask in masks.astype(np.uint8)]
        unknown = {name: row for row, name in enumerate(names) if name not in self._known}
        if unknown:
            found = self._scored(masks[list(unknown.values())])
            self._known |= dict(zip(unknown, found.tolist(), strict=True))
        return np.array([self._known[name] for name in names], dtype=np.float64)

    def _scored(self, masks: np.ndarray) -> np.ndarray:
        whole = np.zeros((len(masks), len(self._sounding)), dtype=np.int64)
        whole[:, self._sounding] = masks
        found = np.asarray(as_array(self._ask(whole)))
        if found.shape != (len(masks),) or found.dtype.kind not in "fiub":
            raise ParameterError(f"answers to {len(masks)} masks are {quoted(found)}; they must be as many numbers")
        found = found.astype(np.float64)
        if not np.isfinite(found).all():
            raise DataError("the model answers with values that are not numbers (NaN or infinite); train it again")
        return expit(found) if self._squash else found


def as_answers(source: Source, n_components: int) -> Answers:
    """The source itself if it is `Answers` already, else `Answers` of it, logits if it has them."""
    return source if isinstance(source, Answers) else Answers(source, n_components)


def as_weights(weights: Any, *, n_dims: int = 1) -> np.ndarray:
    """The weights of an explanation, or of several, as float64.

    Parameters
    ----------
    weights : array of numbers [shape=(n_components,), or (n_explanations, n_components) with n_dims=2]
    n_dims : {1, 2}

    Returns
    -------
    np.ndarray
        of the same shape

    Raises
    ------
    ParameterError
        if they are no such array, empty, or not finite

    Examples
    --------
    >>> as_weights([1, -2])
    array([ 1., -2.])
    """
    wanted = "(n_components,)" if n_dims == 1 else "(n_explanations, n_components)"
    try:
        found = np.asarray(as_array(weights), dtype=np.float64)
    except (ValueError, TypeError) as error:  # lists of different lengths, texts
        raise ParameterError(f"weights={quoted(weights)} must be numbers of shape {wanted}") from error
    if found.ndim != n_dims or not found.size:
        raise ParameterError(f"weights of shape {found.shape} must have shape {wanted} and at least one value")
    if not np.isfinite(found).all():
        raise ParameterError("weights hold values that are not numbers (NaN or infinite); explain the track again")
    return found


def ranking(weights: np.ndarray) -> np.ndarray:
    """Numbers of the components (n_components,), the largest weight first; on ties the first component.

    >>> ranking(np.array([1.0, 3.0, -5.0, 3.0]))
    array([1, 3, 0, 2])
    """
    return np.argsort(-weights, kind="stable")


def top_mask(weights: np.ndarray, k: int) -> np.ndarray:
    """The mask (n_components,) of the k largest positive weights; fewer when fewer are positive.

    >>> top_mask(np.array([1.0, 3.0, -5.0, 3.0]), 2), top_mask(np.array([1.0, -1.0]), 2)
    (array([0, 1, 0, 1]), array([1, 0]))
    """
    mask = np.zeros(len(weights), dtype=np.int64)
    first = ranking(weights)[:k]
    mask[first[weights[first] > 0]] = 1
    return mask
