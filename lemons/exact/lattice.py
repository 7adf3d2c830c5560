"""The lattice of sets of components: answers over supersets and subsets, and families of sets as bits.

Set number ``i`` of K components is the mask ``mask_rows(i, i + 1, K)``: component 0 is the most significant bit. So an
array of 2^K answers has one axis of length 2 for each component, and a minimum over all supersets is K passes, each
along one axis: the fast zeta transform, with the minimum in the place of the sum.

A family holds one bit for each set, 64 sets to a word: 2^25 sets are 4 MB. The six least significant bits of a set's
number are its place in the word, the others number the word. Steps along the former are shifts, along the latter
slices.

Reference: Björklund, Husfeldt, Kaski & Koivisto, "Fourier meets Möbius: fast subset convolution", 2007.
"""

from collections.abc import Callable

import numpy as np

__all__ = ["BLOCK_BITS", "CHUNK_VALUES", "MAX_ENUMERATED", "Family", "maximum_over_subsets", "minimum_over_supersets"]

BLOCK_BITS = 16  # of the numbers of a block of answers: 2^16 float32 stay in the second cache
MAX_ENUMERATED = 26  # components: 2^26 logits take 268 MB and some seconds
CHUNK_VALUES = 2**20  # answers compared at once
PLACE_BITS = 6  # of a set's number: its place in a word
_PLACES = np.arange(64, dtype=np.uint64)


def _word(places: np.ndarray) -> np.uint64:
    """The word with these of its 64 bits (64,) set."""
    return np.bitwise_or.reduce(places.astype(np.uint64) << _PLACES)


WITH_BIT = [_word((_PLACES >> np.uint64(bit)) & np.uint64(1)) for bit in range(PLACE_BITS)]  # places that have a bit
OF_SIZE = np.array([_word(np.bitwise_count(_PLACES) == size) for size in range(PLACE_BITS + 1)])  # by number of bits


def minimum_over_supersets(values: np.ndarray) -> np.ndarray:
    """For every set, the least answer to any set that contains it, in place.

    Parameters
    ----------
    values : np.ndarray [shape=(2**K,)]
        answers by the number of the set; overwritten

    Returns
    -------
    np.ndarray [shape=(2**K,)]
        ``values``

    Examples
    --------
    >>> minimum_over_supersets(np.array([3, 1, 2, 4]))
    array([1, 1, 2, 4])
    """
    return _zeta(values, lambda x: np.minimum(x[:, 0], x[:, 1], out=x[:, 0]))


def maximum_over_subsets(values: np.ndarray) -> np.ndarray:
    """For every set, the greatest answer to any of its subsets, in place; see `minimum_over_supersets`.

    Examples
    --------
    >>> maximum_over_subsets(np.array([3, 1, 2, 4]))
    array([3, 3, 3, 4])
    """
    return _zeta(values, lambda x: np.maximum(x[:, 0], x[:, 1], out=x[:, 1]))


def _zeta(values: np.ndarray, step: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
    """Take a step along each axis of 2; ``step`` works on an array (any, 2, any) in place."""
    n_bits = values.size.bit_length() - 1
    inside = min(BLOCK_BITS, n_bits)
    half = inside // 2
    for bit in range(inside, n_bits):
        for rows in values.reshape(-1, 1, 2, 1 << bit):
            step(rows)
    for block in values.reshape(-1, 1 << inside):
        for bit in range(half, inside):
            step(block.reshape(-1, 2, 1 << bit))
        grid = block.reshape(-1, 1 << half)
        turned = grid.T.copy()  # steps between neighbours are slow: turned around, they are steps between rows
        for bit in range(half):
            step(turned.reshape(-1, 2, len(grid) << bit))
        grid[...] = turned.T
    return values


class Family:
    """A family of sets of K components.

    Parameters
    ----------
    words : np.ndarray [shape=(max(2**K // 64, 1),), dtype=uint64]
        one bit for each set; beyond 2^K, zeros
    n_components : int >= 0
        K
    """

    def __init__(self, words: np.ndarray, n_components: int):
        self.words, self.n_components = words, n_components

    @classmethod
    def reaching(cls, values: np.ndarray, least: np.floating) -> "Family":
        """The sets whose value (2**K,) is no less than ``least``, a number of the values' own type."""
        chunks = [values[i : i + CHUNK_VALUES] >= least for i in range(0, len(values), CHUNK_VALUES)]
        packed = np.concatenate([np.packbits(chunk, bitorder="little") for chunk in chunks])
        packed = np.pad(packed, (0, -len(packed) % 8))
        return cls(packed.view("<u8").astype(np.uint64, copy=False), len(values).bit_length() - 1)

    def _bit(self, component: int) -> int:
        """Which bit of a set's number stands for a component."""
        return self.n_components - 1 - component

    def _halves(self, bit: int) -> np.ndarray:
        """The words as (any, 2, any), without and with one of the bits that number the words."""
        return self.words.reshape(-1, 2, 1 << (bit - PLACE_BITS))

    def __invert__(self) -> "Family":
        n_sets = 1 << self.n_components
        every = np.uint64((1 << min(n_sets, 64)) - 1)
        return Family(~self.words & every, self.n_components)

    def __and__(self, other: "Family") -> "Family":
        return Family(self.words & other.words, self.n_components)

    def __contains__(self, number: int) -> bool:
        return bool(int(self.words[number >> PLACE_BITS]) >> (number & 63) & 1)

    def __len__(self) -> int:
        return int(np.bitwise_count(self.words).sum(dtype=np.int64))

    def complements(self) -> "Family":
        """The sets of all that each set lacks."""
        words = self.words[::-1].copy()
        for bit in range(min(self.n_components, PLACE_BITS)):
            step = np.uint64(1 << bit)
            words = ((words & WITH_BIT[bit]) >> step) | ((words & ~WITH_BIT[bit]) << step)
        return Family(words, self.n_components)

    def minimal(self) -> "Family":
        """Of a family that holds every superset of its sets: those of which no part is in it."""
        found = Family(self.words.copy(), self.n_components)
        for bit in range(self.n_components):
            if bit < PLACE_BITS:
                found.words &= ~((self.words & ~WITH_BIT[bit]) << np.uint64(1 << bit))
            else:
                found._halves(bit)[:, 1] &= ~self._halves(bit)[:, 0]
        return found

    def having(self, component: int) -> "Family":
        """The sets of the family that have a component."""
        bit = self._bit(component)
        if bit < PLACE_BITS:
            return Family(self.words & WITH_BIT[bit], self.n_components)
        found = Family(np.zeros_like(self.words), self.n_components)
        found._halves(bit)[:, 1] = self._halves(bit)[:, 1]
        return found

    def without(self, component: int) -> "Family":
        """The sets that the family holds with a component, without it."""
        bit = self._bit(component)
        if bit < PLACE_BITS:
            return Family((self.words & WITH_BIT[bit]) >> np.uint64(1 << bit), self.n_components)
        found = Family(np.zeros_like(self.words), self.n_components)
        found._halves(bit)[:, 0] = self._halves(bit)[:, 1]
        return found

    def sizes(self) -> np.ndarray:
        """How many sets of the family have 0, 1, .. K components: (K + 1,), exact."""
        where = np.flatnonzero(self.words)
        words, base = self.words[where], np.bitwise_count(where)
        n_high = max(self.n_components - PLACE_BITS, 0) + 1
        counts = np.zeros(n_high + PLACE_BITS, dtype=np.int64)
        for size, places in enumerate(OF_SIZE):
            found = np.bincount(base, weights=np.bitwise_count(words & places), minlength=n_high)
            counts[size : size + n_high] += found.astype(np.int64)  # float64 counts to 2^53
        return counts[: self.n_components + 1]

    def of_size(self, size: int, limit: int) -> np.ndarray:
        """Numbers of sets of one size, at most ``limit``, ordered as their components are: 0 1, 0 2, .. 1 2, .."""
        where = np.flatnonzero(self.words)
        inside = size - np.bitwise_count(where).astype(np.int64)
        where = where[(inside >= 0) & (inside <= PLACE_BITS)]
        words = self.words[where] & OF_SIZE[size - np.bitwise_count(where).astype(np.int64)]
        where, words = where[words != 0][-limit:], words[words != 0][-limit:]  # every word holds one at least
        bits = np.unpackbits(words.astype("<u8").view(np.uint8).reshape(-1, 8), axis=1, bitorder="little")
        row, place = np.nonzero(bits)
        return (where[row] * 64 + place)[::-1][:limit]
