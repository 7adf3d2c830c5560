"""The smallest sets by brute force, against their definitions and against the facts."""

from itertools import combinations

import numpy as np
import pytest

from explanations.studies.truth.answers import Answers
from explanations.studies.truth.brute_force import smallest_necessary, smallest_sufficient
from explanations.studies.truth.judge import judge_facts
from lemons.exact import facts_of

N = 4


def _smallest(holds):
    for size in range(N + 1):
        if found := [set(one) for one in combinations(range(N), size) if holds(set(one))]:
            return found
    return []


def test_they_are_what_the_definitions_say(rng):
    for _ in range(40):
        answers = Answers(rng.normal(size=2**N).round(1))

        def reaches(on, answers=answers):
            return answers.logits[sum(2 ** (N - 1 - i) for i in on)] >= 0

        def suffices(on, reaches=reaches):
            rest = set(range(N)) - on
            return all(reaches(on | set(more)) for size in range(N + 1) for more in combinations(rest, size))

        def sets(numbers):
            return [{i for i in range(N) if number & 2 ** (N - 1 - i)} for number in sorted(numbers, reverse=True)]

        assert sets(smallest_sufficient(answers, 0)) == _smallest(suffices)
        assert sets(smallest_necessary(answers, 0)) == _smallest(lambda off, r=reaches: not r(set(range(N)) - off))


@pytest.mark.parametrize("limit", [1, 256])
def test_facts_are_the_model_s_if_all_sets_are(limit):
    both, either = (Answers(np.array(logits)) for logits in ([-1.0, -1.0, -1.0, 1.0], [-1.0, 1.0, 1.0, 1.0]))
    for answers in (both, either):
        found = judge_facts(answers, facts_of(answers.logits, 0, limit=limit), {0})
        assert [found[kind]["model"] for kind in ("sufficient", "necessary")] == [1, 1]
    swapped = judge_facts(both, facts_of(either.logits, 0, limit=limit), {0})
    assert [swapped[kind]["model"] for kind in ("sufficient", "necessary")] == [0, 0]
