"""Sounds that are the sum of others: the mix beside its stems, or all that accompanies the vocals in one file.

A folder of stems often holds more than stems. MUSDB18-HQ puts ``mixture`` beside them, Demucs ``no_vocals``, Spleeter
``accompaniment``, workstations the track by its own name. Taken for a stem, such a sum counts everything in it twice.
It is recognised by its content: by what remains when other sounds of the folder, all at one gain, are subtracted from
it. The scalar products of the sounds with each other are enough for that, so no sound is held in memory.
"""

import logging

import numpy as np

__all__ = ["find_sums", "without_sums"]

logger = logging.getLogger(__name__)

# Residual of a sum, relative to its energy. Mixes of 74 tracks of the demo library, at a gain of 0.37 and rounded to 16
# bits, leave -64 to -74 dB. Coded at libsndfile's best, middle and worst quality, four of them leave
# -24 to -31, -19 to -23 and -13 to -19 dB (MP3), or -20 to -25 and -15 to -18 dB (Vorbis, middle and worst), the stems
# coded likewise or not. True stems are far away: of each in those 74 tracks, the best sum of others leaves -0.04 dB.
THRESHOLD_DB = -12.0
# Without any one of its parts, a sum is explained so much worse. It keeps doubled tracks: three of the same sound are
# half the sum of two of them, but one of these alone does as well. What one sound explains is never taken for a sum.
NEEDED_DB = 6.0
MAX_GAIN = 4.0  # of a sum over its parts, and the inverse: normalization, a master's limiter
FLOOR = 1e-12  # of a residual, relative to the energy: where rounding of the products ends
MAX_SUBSETS = 12  # sounds of which all subsets are tried; more of them are left out one after the other


def find_sums(products: np.ndarray, *, mix: int | None = None) -> dict[int, tuple[int, ...]]:
    """Which sounds are sums of others, or the mix again.

    Parameters
    ----------
    products : np.ndarray [shape=(n_sounds, n_sounds)]
        scalar products of the sounds with each other
    mix : int, optional
        which of the sounds is known to be the mix; where all others sum to it, none of them is left out

    Returns
    -------
    dict of int to tuple of int
        for each sum its parts, two at least, none of which is a sum itself, or for a copy of the mix ``mix`` alone;
        silence is neither

    Examples
    --------
    >>> stems = np.eye(3, 9)
    >>> find_sums((sounds := np.vstack([stems, stems[1:].sum(axis=0), stems.sum(axis=0)])) @ sounds.T)
    {3: (1, 2), 4: (0, 1, 2)}
    >>> find_sums(np.ones((3, 3)))  # a doubled track, twice
    {}
    """
    energies = np.diag(products)
    sounding = [int(one) for one in np.argsort(energies, kind="stable") if energies[one] > 0 and one != mix]
    kept = list(sounding)
    found: dict[int, tuple[int, ...]] = {}
    for one in sounding:  # the quietest first: what accompanies the vocals goes before the mix, which then is the stems
        others = sorted(set(kept) - {one})
        if parts := _parts(one, others, products):
            kept.remove(one)
            found[one] = parts
    if mix is None or not sounding:
        return found
    if _is_better(mix, tuple(sounding), tuple(kept), products):
        return {}  # a part that happens to be the sum of others
    for one in sounding:
        rest = tuple(sorted(set(kept) - {one}))
        if one in kept and len(rest) > 1 and _is_copy(one, rest, mix, products):
            kept.remove(one)
            found[one] = (mix,)
    return found


def _is_copy(one: int, others: tuple[int, ...], mix: int, products: np.ndarray) -> bool:
    """Whether a sound is the mix again: near to it, and without the others nearer than with them."""
    near = _fit(mix, (one,), products)[1] <= 10 ** (THRESHOLD_DB / 10) * products[mix, mix]
    return near and _is_better(mix, (one,), (one, *others), products)


def _is_better(one: int, parts: tuple[int, ...], than: tuple[int, ...], products: np.ndarray) -> bool:
    """Whether some parts leave clearly less of a sound than others do."""
    enough = 10 ** (NEEDED_DB / 10) * max(_fit(one, parts, products)[1], FLOOR * products[one, one])
    return _fit(one, than, products)[1] > enough


def _parts(one: int, others: list[int], products: np.ndarray) -> tuple[int, ...]:
    """The parts of a sum; none if it is no sum."""
    candidates = (
        _all_subsets(one, others, products) if len(others) <= MAX_SUBSETS else _shrinking(one, others, products)
    )
    most = 10 ** (THRESHOLD_DB / 10) * products[one, one]
    for residual, parts in sorted((_fit(one, parts, products)[1], parts) for parts in candidates):
        gain = _fit(one, parts, products)[0]
        if residual <= most and 1 / MAX_GAIN <= gain <= MAX_GAIN and _all_needed(one, parts, products):
            return parts
    return ()


def _all_subsets(one: int, others: list[int], products: np.ndarray) -> list[tuple[int, ...]]:
    """The subsets of two and more whose sum is near enough."""
    chosen = np.arange(2 ** len(others))[:, None] >> np.arange(len(others)) & 1  # (n_subsets, n_others)
    across = chosen @ products[one, others]
    within = np.einsum("sj,jk,sk->s", chosen, products[np.ix_(others, others)], chosen, optimize=True)
    explained = np.divide(across**2, within, out=np.zeros_like(within), where=(within > 0) & (across > 0))
    near = explained >= (1 - 10 ** (THRESHOLD_DB / 10)) * products[one, one]
    subsets = chosen[near & (chosen.sum(axis=1) > 1)]
    return [tuple(np.array(others)[subset == 1].tolist()) for subset in subsets]


def _shrinking(one: int, others: list[int], products: np.ndarray) -> list[tuple[int, ...]]:
    """All others, then without the one that helps least, and so on, down to two."""
    parts, subsets = tuple(others), []
    while len(parts) > 1:
        subsets.append(parts)
        smaller = [tuple(part for part in parts if part != left) for left in parts]
        parts = min(smaller, key=lambda subset: _fit(one, subset, products)[1])
    return subsets


def _fit(one: int, parts: tuple[int, ...], products: np.ndarray) -> tuple[float, float]:
    """The gain at which the sum of the parts comes nearest to a sound, and the energy that it leaves."""
    across, within = products[one, list(parts)].sum(), products[np.ix_(parts, parts)].sum()
    if within <= 0 or across <= 0:
        return 0.0, products[one, one]
    return across / within, max(0.0, products[one, one] - across**2 / within)


def _all_needed(one: int, parts: tuple[int, ...], products: np.ndarray) -> bool:
    fewer = [(part,) for part in parts] + [tuple(part for part in parts if part != left) for left in parts]
    return all(_is_better(one, parts, than, products) for than in fewer)


def without_sums(stems: dict[str, np.ndarray], mix: np.ndarray) -> dict[str, np.ndarray]:
    """The stems of a mix, without those that are sums of others, which the log names; all are of one length."""
    sounds = np.stack([*stems.values(), mix]).astype(np.float64)
    sums = [list(stems)[one] for one in find_sums(sounds @ sounds.T, mix=len(stems))]
    if sums:
        logger.info("no stems, but sums of stems: %s", ", ".join(sums))
    return {name: y for name, y in stems.items() if name not in sums}
