"""Facts in sentences: what is enough, what it would not be recommended without, what would do alone."""

import dataclasses
from collections.abc import Sequence

from lemons.baselines import SILENCE
from lemons.exact.facts import Facts, MinimalSets
from lemons.exact.groups import Cover, Description
from lemons.explaining.component import NOISE
from lemons.explaining.explained import Explained
from lemons.explaining.explanation import Explanation
from lemons.render.words import (
    NOTHING,
    baseline_sentence,
    capitalized,
    clock,
    listing,
    measure,
    names_of,
    noun_of,
)

__all__ = ["Goal", "fact_sentences", "heard_sets", "sentences_towards"]


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
        silence alone would be recommended, or ``"Noise"`` where noise is the baseline and would be; ``"Off"``, what the
        baseline is, unless it is silence; empty where the answers to all mixes are not known
    """
    if explanation.facts is None:
        return {}
    sentences = sentences_towards(_goal(explanation), explanation)
    stand_in = baseline_sentence(explanation)
    return sentences | {"Off": stand_in} if sentences and stand_in else sentences


@dataclasses.dataclass(frozen=True)
class Goal:
    """What reaching the threshold means, after "it" and after "without those, it".

    Attributes
    ----------
    would, would_not : str
        the two
    nothing : str
        what sounds when everything is switched off
    silence : str
        what the answer to that is: a clause
    close : float > 0
        an answer that is nearer to the threshold may reach it by rounding alone
    """

    would: str
    would_not: str
    nothing: str
    silence: str
    close: float


def sentences_towards(goal: Goal, explanation: Explained) -> dict[str, str]:
    """The sentences of `fact_sentences`, about any goal."""
    facts = explanation.facts
    if facts is None:
        return {}
    if not facts.full_reaches:
        return {"Enough": f"Nothing in this track is enough: not even the whole of it {goal.would}."}
    if facts.every_mix_reaches:
        text = f"Nothing in this track matters for that: every mix of it {goal.would}, even {goal.nothing}."
        return {_heading(explanation): text}
    told = facts.describe(*_shape(explanation))
    sentences = {
        "Enough": _enough(explanation, facts.sufficient, told["sufficient"], goal),
        "Without it": _needed(explanation, facts.necessary, told["necessary"], goal),
    }
    if facts.silence_reaches:
        text = f"{goal.silence}, so even {goal.nothing} {goal.would}."
        text += " What is enough outweighs the parts that speak against this track."
        return sentences | {_heading(explanation): text}
    if set(facts.alone.smallest) != set(facts.sufficient.smallest):
        sentences["Alone"] = _alone(explanation, facts.alone, told["alone"], goal)
    return sentences


def _goal(explanation: Explanation) -> Goal:
    criterion, facts = explanation.criterion, explanation.facts
    assert criterion is not None  # without a threshold there are no facts
    if criterion.meaning == "list":
        words = "would still be among the ten recommended", "would not be among the ten recommended"
    elif criterion.meaning == "half the odds":
        odds = f"its odds of “{explanation.label}”" if explanation.label else "its odds"
        words = f"would keep at least half of {odds}", f"would lose more than half of {odds}"
    else:
        value = f"{criterion.relevance:.2f}" if explanation.relevance is not None else f"{criterion.relevance:g}"
        what = f"a {measure(explanation)}"
        words = f"would have {what} of at least {value}", f"would have {what} below {value}"
    nothing = NOTHING[explanation.baseline]
    silence = f"The model gives {nothing} {facts.silence:.2f}" if facts else ""
    return Goal(*words, nothing, silence, NOISE["score" if explanation.relevance is None else "probability"])


def _heading(explanation: Explained) -> str:
    """Of the sentence on what everything switched off is given."""
    return "Silence" if explanation.baseline == SILENCE else "Noise"


def _enough(explanation: Explained, found: MinimalSets, told: Description, goal: Goal) -> str:
    what, verb = _sets_in_words(explanation, found, told)
    close = ", by less than rounding" if found.margins[0] < goal.close else ""
    return f"{capitalized(what)} {verb} enough: whatever else is switched off, the track {goal.would}{close}."


def _needed(explanation: Explained, found: MinimalSets, told: Description, goal: Goal) -> str:
    what, _ = _sets_in_words(explanation, found, told)
    close = ", by less than rounding" if found.margins[0] < goal.close else ""
    return f"Without {what}, the track {goal.would_not}{close}."


def _alone(explanation: Explained, found: MinimalSets, told: Description, goal: Goal) -> str:
    what, _ = _sets_in_words(explanation, found, told)
    return f"With {what} alone, the track {goal.would}."


def _sets_in_words(explanation: Explained, found: MinimalSets, told: Description) -> tuple[str, str]:
    """The smallest sets: as one, as a choice, or as the first of several; and the verb that goes with it."""
    choice = told.choice
    if choice is not None and choice.n_of > choice.n_needed:
        return _choice_in_words(explanation, choice.n_needed, choice.n_of, choice.of)
    names = _names(explanation, told.sets[0])
    if found.n_smallest > 1:
        return f"{listing(names)} (or another of {found.n_smallest} sets as small)", _verb(names)
    return listing(names), _verb(names)


def _choice_in_words(explanation: Explained, n_needed: int, n_of: int, of: Cover) -> tuple[str, str]:
    """Any so many of some components: an OR."""
    if n_needed > 1:
        return f"any {n_needed} of {n_of} parts ({listing(_names(explanation, of))})", "are"
    if explanation.kind == "time" and of.stems:
        return "any stretch of it", "is"
    nouns = [noun_of(_stems(explanation)[stem]) for stem in of.stems]
    if explanation.kind == "source":
        return " or ".join(nouns), _verb(nouns[-1:])
    choices = [f"any stretch of {' or '.join(nouns)}"] if nouns else []
    choices += [f"anything {place}" for place in _places(explanation, of)]
    if left := [explanation.components[index] for index in of.components]:
        choices.append(("" if len(left) == 1 else "any part of ") + names_of(left, explanation.kind))
    return " or ".join([", ".join(choices[:-1]), choices[-1]] if len(choices) > 1 else choices), "is"


def _names(explanation: Explained, cover: Cover) -> list[str]:
    """A set in words: whole stems, whole segments, and the parts that are left."""
    if explanation.kind == "time" and cover.stems:
        return ["the whole of it"]
    throughout = "" if explanation.kind == "source" else " throughout"
    names = [noun_of(_stems(explanation)[stem]) + throughout for stem in cover.stems]
    names += [f"everything {place}" for place in _places(explanation, cover)]
    left = [explanation.components[index] for index in cover.components]
    return names + ([names_of(left, explanation.kind)] if left else [])


def _places(explanation: Explained, cover: Cover) -> list[str]:
    """Where the segments of a set are."""
    firsts = [next(one for one in explanation.components if one.segment == segment) for segment in cover.segments]
    return [f"from {clock(one.start_s)} to {clock(one.end_s)}" for one in firsts]


def _verb(names: Sequence[str]) -> str:
    plural = len(names) > 1 or any(name.startswith(("the vocals", "the drums", "the other instr")) for name in names)
    return "are" if plural else "is"


def _stems(explanation: Explained) -> list[str]:
    return [one.stem for one in explanation.components if one.segment == 0]


def _shape(explanation: Explained) -> tuple[int, int]:
    """How many rows and segments the components have."""
    return len(_stems(explanation)), len(explanation.segments)


def heard_sets(facts: Facts | None) -> dict[str, list[int]]:
    """The components of *Enough* and of what *Without it* lacks; empty where there are no such sets."""
    if facts is None or not facts.full_reaches or facts.every_mix_reaches:
        return {}
    return {"enough": list(facts.sufficient.sets[0]), "without": list(facts.necessary.sets[0])}
