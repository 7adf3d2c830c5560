"""What each component has to do with the answer's reaching a threshold: its role, its responsibility, where it tips.

Reference: Chockler & Halpern, "Responsibility and Blame: A Structural-Model Approach", 2004.
"""

from dataclasses import dataclass

from lemons.exact.lattice import Family
from lemons.exact.minimal import Lister

__all__ = ["Part", "parts_of"]


@dataclass(frozen=True)
class Part:
    """What a sounding component has to do with the answer's reaching τ.

    Attributes
    ----------
    component : int
    role : 'every', 'some' or 'none'
        in which of the minimal sufficient sets it is; 'none', too, where nothing is sufficient
    n_sufficient : int
        in how many of them
    necessary : tuple of int or None
        one of the smallest necessary sets that have it; None where none has
    responsibility : float, 0 to 1
        1 / (1 + k): removing it from the full mix decides once k others, and no fewer, are removed: the mix without the
        k reaches τ, and without it, too, does not. 0 where that never is, or the full mix does not reach τ
    contingency : tuple of int or None
        k such others; None where there are none such
    n_lifts, n_drops : int
        of the 2^(K - 1) mixes without it: how many reach τ only once it joins, and only until it joins
    """

    component: int
    role: str
    n_sufficient: int
    necessary: tuple[int, ...] | None
    responsibility: float
    contingency: tuple[int, ...] | None
    n_lifts: int
    n_drops: int


def parts_of(reaching: Family, sufficient: Family, necessary: Family, lister: Lister) -> tuple[Part, ...]:
    """One for each sounding component.

    Parameters
    ----------
    reaching : Family
        all sets whose answer reaches τ
    sufficient, necessary : Family
        the minimal ones
    lister : Lister

    Returns
    -------
    tuple of Part
    """
    n_sufficient = len(sufficient)
    full_reaches = n_sufficient > 0
    missing = ~reaching
    parts = []
    for i, component in enumerate(lister.sounding.tolist()):
        lifts = reaching.without(i) & missing  # sets T without i: T misses τ, T and i reach it
        n_with = len(sufficient.having(i))
        contingency = lister.first(lifts.complements().without(i)) if full_reaches else None
        parts.append(
            Part(
                component=component,
                role="none" if not n_with else "every" if n_with == n_sufficient else "some",
                n_sufficient=n_with,
                necessary=lister.first(necessary.having(i)),
                responsibility=0.0 if contingency is None else 1 / (1 + len(contingency)),
                contingency=contingency,
                n_lifts=len(lifts),
                n_drops=len(missing.without(i) & reaching),
            )
        )
    return tuple(parts)
