"""The facts of an explanation, as its file holds them."""

import math
from typing import Any

from lemons.exact.facts import Facts, MinimalSets, Part

__all__ = ["KINDS", "read_facts"]

KINDS = ("sufficient", "necessary", "alone")


def read_facts(fields: Any, n_components: int) -> Facts:
    """Facts from the plain values that `dataclasses.asdict` made of them.

    Parameters
    ----------
    fields : dict
        from JSON: lists stand for tuples
    n_components : int > 0
        of the explanation that they belong to

    Returns
    -------
    Facts

    Raises
    ------
    ValueError, TypeError, KeyError
        if they are not such values, or cannot be true of so many components
    """
    fields = _as_tuples(fields)
    for kind in KINDS:
        fields[kind] = MinimalSets(**fields[kind])
    fields["parts"] = tuple(Part(**part) for part in fields["parts"])
    facts = Facts(**fields)
    _check(facts, n_components)
    return facts


def _as_tuples(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_tuples(one) for name, one in value.items()}
    return tuple(map(_as_tuples, value)) if isinstance(value, list) else value


def _check(facts: Facts, n_components: int) -> None:
    sounding = set(facts.sounding)
    if facts.n_components != n_components or not sounding <= set(range(n_components)):
        raise ValueError(f"facts about {facts.n_components} components, {facts.sounding!r:.80} of which sound")
    if [part.component for part in facts.parts] != sorted(sounding):
        raise ValueError("facts of other components than sound")
    for kind in KINDS:
        found = getattr(facts, kind)
        sets, listed = found.sets, {len(found.sets), len(found.values), len(found.margins)}
        if len(listed) != 1 or len(sets) > found.n_sets or not all(sounding >= set(one) for one in sets):
            raise ValueError(f"{kind} sets {sets!r:.80} are not {found.n_sets} sets of what sounds")
    numbers = [facts.threshold, facts.full, facts.silence, facts.n_reaching]
    if not all(isinstance(number, int | float) and math.isfinite(number) for number in numbers):
        raise ValueError(f"facts with numbers that are none: {numbers!r:.80}")
