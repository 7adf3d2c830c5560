"""A threshold on the answer, without rounding: the least number of the answers' own type that reaches it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from lemons.exact.lattice import CHUNK_VALUES

__all__ = ["Threshold"]


@dataclass(frozen=True)
class Threshold:
    """τ, and what stored answers have to do with it.

    Comparing float32 answers with a float64 τ would round τ first, and mapping 2^25 logits to probabilities would take
    their memory twice. An order-preserving map lets both be done once, on τ.

    Attributes
    ----------
    value : float
        τ
    least : np.floating
        the least number of the stored answers' type that reaches τ
    meaning : callable
        from stored answers to float64 answers on τ's scale; it keeps their order
    """

    value: float
    least: np.floating
    meaning: Callable[[np.ndarray], np.ndarray]

    @classmethod
    def of_answers(cls, value: float, dtype: np.dtype) -> "Threshold":
        """For answers that are stored as they are.

        >>> float(Threshold.of_answers(0.1, np.float32).least) >= 0.1 > float(np.float32(0.1) - np.float32(1e-8))
        True
        """
        with np.errstate(over="ignore"):  # beyond float32, infinity says the right thing
            least = np.dtype(dtype).type(value)
        if float(least) < value:
            least = np.nextafter(least, least.dtype.type(np.inf))
        return cls(value, least, _as_float64)

    @classmethod
    def of_probabilities(cls, value: float, dtype: np.dtype) -> "Threshold":
        """For a probability τ, from 0 to 1, and answers that are stored as logits.

        >>> logits = np.array([-1, 0, 1], dtype=np.float32)
        >>> logits >= Threshold.of_probabilities(0.5, logits.dtype).least
        array([False,  True,  True])
        """
        kind = np.dtype(dtype).type
        integer = np.dtype(f"i{np.dtype(dtype).itemsize}").type
        largest = int(np.finfo(kind).max.view(integer))  # positive floats are ordered as their bits are as integers

        def logit(place: int) -> np.floating:
            """All finite numbers in order, from ``-largest`` to ``largest``."""
            size = integer(abs(place)).view(kind)
            return size if place >= 0 else -size

        low, high = -largest, largest  # the sigmoid of the latter is 1
        while low < high:
            middle = (low + high) // 2
            if expit(float(logit(middle))) >= value:
                high = middle
            else:
                low = middle + 1
        return cls(value, logit(low), lambda logits: expit(_as_float64(logits)))

    def distances(self, stored: np.ndarray) -> np.ndarray:
        """How far from τ answers are."""
        return np.abs(self.meaning(stored) - self.value)

    def nearest(self, stored: np.ndarray) -> float:
        """How far the answer nearest to τ is, of answers (n,) with n > 0."""
        nearest: list[np.floating] = []
        for start in range(0, len(stored), CHUNK_VALUES):
            chunk = stored[start : start + CHUNK_VALUES]
            reaching = chunk >= self.least
            nearest += [np.where(reaching, chunk, np.inf).min(), np.where(reaching, -np.inf, chunk).max()]
        found = np.array(nearest)
        return float(self.distances(found[np.isfinite(found)]).min())


def _as_float64(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, dtype=np.float64)
