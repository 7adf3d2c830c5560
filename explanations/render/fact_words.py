"""Facts in sentences: what is enough, what it would not be recommended without, what would do alone."""

import dataclasses
from collections.abc import Sequence

from explanations.core.explanation import Explanation
from explanations.render.words import capitalized, clock, listing, names_of, noun_of
from lemons.exact.facts import Facts, MinimalSets
from lemons.exact.groups import Cover, Description

# the exact engine's logits are within 0.001 of the model's, and the sigmoid's slope is at most 1/4
CLOSE = 2.5e-4


def fact_sentences(explanation: Explanation) -> dict[str, str]:
    """What is true of the model whatever mix it is given, in one sentence each.

    Parameters
    ----------
    explanation : Explanation
        of any kind

    Returns
    -------
    dict of str to str
        ``"Enough"``, ``"Without it"`` and ``"Alone"``, those that there is something to say of, and ``"Silence"`` where
        silence alone would be recommended; empty where the answers to all mixes are not known
    """
    facts = explanation.facts
    if facts is None:
        return {}
    goal = _goal(explanation)
    if not facts.full_reaches:
        return {"Enough": f"Nothing in this track is enough: not even the whole of it {goal.would}."}
    if facts.every_mix_reaches:
        return {"Silence": f"Nothing in this track matters for that: every mix of it {goal.would}, even silence."}
    told = facts.describe(*_shape(explanation))
    sentences = {
        "Enough": _enough(explanation, facts.sufficient, told["sufficient"], goal),
        "Without it": _needed(explanation, facts.necessary, told["necessary"], goal),
    }
    if facts.silence_reaches:
        silence = f"The model gives silence {facts.silence:.2f}, so even silence {goal.would}"
        return sentences | {
            "Silence": f"{silence}: other parts speak against this track, and what is enough outweighs them."
        }
    if set(facts.alone.smallest) != set(facts.sufficient.smallest):
        sentences["Alone"] = _alone(explanation, facts.alone, told["alone"], goal)
    return sentences


@dataclasses.dataclass(frozen=True)
class Goal:
    """What reaching the criterion means, after "it" and after "without those, it"."""

    would: str
    would_not: str


def _goal(explanation: Explanation) -> Goal:
    criterion = explanation.criterion
    if criterion.meaning == "list":
        return Goal("would still be among the ten recommended", "would not be among the ten recommended")
    if criterion.meaning == "half the odds":
        return Goal("would keep at least half of its odds", "would lose more than half of its odds")
    value = f"{criterion.relevance:.2f}"
    return Goal(f"would have a relevance of at least {value}", f"would have a relevance below {value}")


def _enough(explanation: Explanation, found: MinimalSets, told: Description, goal: Goal) -> str:
    what, verb = _sets_in_words(explanation, found, told)
    close = ", by less than rounding" if found.margins[0] < CLOSE else ""
    return f"{capitalized(what)} {verb} enough: whatever else is switched off, the track {goal.would}{close}."


def _needed(explanation: Explanation, found: MinimalSets, told: Description, goal: Goal) -> str:
    what, _ = _sets_in_words(explanation, found, told)
    close = ", by less than rounding" if found.margins[0] < CLOSE else ""
    return f"Without {what}, the track {goal.would_not}{close}."


def _alone(explanation: Explanation, found: MinimalSets, told: Description, goal: Goal) -> str:
    what, _ = _sets_in_words(explanation, found, told)
    return f"With {what} alone, the track {goal.would}."


def _sets_in_words(explanation: Explanation, found: MinimalSets, told: Description) -> tuple[str, str]:
    """The smallest sets: as one, as a choice, or as the first of several; and the verb that goes with it."""
    choice = told.choice
    if choice is not None and choice.n_of > choice.n_needed:
        return _choice_in_words(explanation, choice.n_needed, choice.n_of, choice.of)
    names = _names(explanation, told.sets[0], found.smallest[0])
    if found.n_smallest > 1:
        return f"{listing(names)} (or another of {found.n_smallest} sets as small)", _verb(explanation, names)
    return listing(names), _verb(explanation, names)


def _choice_in_words(explanation: Explanation, n_needed: int, n_of: int, of: Cover) -> tuple[str, str]:
    """Any so many of some components: an OR."""
    stems = [noun_of(_stems(explanation)[stem]) for stem in of.stems]
    if explanation.kind != "source" and stems and not of.segments and not of.components:
        parts = " or ".join(stems)
        stretches = "any stretch" if n_needed == 1 else f"any {n_needed} stretches"
        return f"{stretches} of {parts}", "is" if n_needed == 1 else "are"
    names = _names(explanation, of, None, n_of=n_of)
    if n_needed == 1:
        return f"{', '.join(names[:-1])} or {names[-1]}" if len(names) > 1 else f"any part of {names[0]}", "is"
    return f"any {n_needed} of {listing(names)}", "are"


def _names(
    explanation: Explanation, cover: Cover, components: Sequence[int] | None, *, n_of: int | None = None
) -> list[str]:
    """A set in words: whole stems, whole segments, and the parts that are left."""
    throughout = " throughout" if explanation.kind == "time+source" else ""
    if explanation.kind == "time":
        throughout = ", from beginning to end"
    names = [noun_of(_stems(explanation)[stem]) + throughout for stem in cover.stems]
    for segment in cover.segments:
        ours = [one for one in explanation.components if one.segment == segment]
        names.append(f"everything from {clock(ours[0].start_s)} to {clock(ours[0].end_s)}")
    left = [explanation.components[index] for index in cover.components]
    return names + ([names_of(left, explanation.kind)] if left else [])


def _verb(explanation: Explanation, names: Sequence[str]) -> str:
    plural = len(names) > 1 or any(name.startswith(("the vocals", "the drums", "the other instr")) for name in names)
    return "are" if plural else "is"


def _stems(explanation: Explanation) -> list[str]:
    return [one.stem for one in explanation.components if one.segment == 0]


def _shape(explanation: Explanation) -> tuple[int, int]:
    """How many rows and segments the components have."""
    return len(_stems(explanation)), len(explanation.segments)


def heard_sets(facts: Facts | None) -> dict[str, list[int]]:
    """The components of *Enough* and of what *Without it* lacks; empty where there are no such sets."""
    if facts is None or not facts.full_reaches or facts.every_mix_reaches:
        return {}
    return {"enough": list(facts.sufficient.sets[0]), "without": list(facts.necessary.sets[0])}
