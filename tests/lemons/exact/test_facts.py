"""Facts against their definitions, on answers with every kind of order and disorder."""

import dataclasses
import itertools
import json
import math
import tracemalloc

import numpy as np
import pytest
import torch
from scipy.special import expit
from torch import nn

from lemons.errors import DataError, ParameterError
from lemons.exact import ScoreTable, facts_of, table_facts
from lemons.exact.lattice import maximum_over_subsets
from lemons.exact.masks import mask_rows
from lemons.exact.pooled import Pooled, PooledGroup


def answers_of(kind, n, rng):
    """Answers to all masks: with many ties, without any order, rising with every component, a sum of good and bad."""
    if kind == "ties":
        return rng.integers(0, 3, 2**n).astype(float)
    if kind == "disorder":
        return rng.normal(size=2**n).astype(np.float32)
    if kind == "rising":
        return maximum_over_subsets(rng.normal(size=2**n) + mask_rows(0, 2**n, n).sum(axis=1))
    return mask_rows(0, 2**n, n) @ rng.normal(size=n) + 0.3 * rng.normal(size=2**n)


def thresholds_of(answers, rng):
    """Three answers, which are ties, and one that all reach and one that none does."""
    return [*rng.choice(answers, 3).tolist(), answers.min() - 1, answers.max() + 1]


def components(number, n):
    return tuple(i for i in range(n) if number >> (n - 1 - i) & 1)


def parts(number):
    """All subsets of a set, itself the first."""
    part = number
    while True:
        yield part
        if not part:
            return
        part = (part - 1) & number


def minimal(numbers):
    numbers = set(numbers)
    return {s for s in numbers if not any(part in numbers for part in parts(s) if part != s)}


def check_sets(found, numbers, n, value):
    """Sets, order, counts and values of `MinimalSets` against the numbers of the sets that it must hold."""
    expected = sorted((components(s, n) for s in numbers), key=lambda one: (len(one), one))
    assert list(found.sets) == expected
    assert found.n_by_size == tuple(sum(len(one) == size for one in expected) for size in range(n + 1))
    assert found.n_sets == len(expected)
    assert found.size == (len(expected[0]) if expected else None)
    assert list(found.smallest) == [one for one in expected if len(one) == found.size]
    assert found.n_smallest == len(found.smallest)
    assert found.values == tuple(value(sum(1 << (n - 1 - i) for i in one)) for one in expected)


@pytest.mark.parametrize("kind", ["ties", "disorder", "rising", "good and bad"])
@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 6, 7, 9])
def test_facts_are_what_their_definitions_say(rng, kind, n):
    answers = answers_of(kind, n, rng)
    for threshold in thresholds_of(answers, rng):
        check_definitions(answers, threshold, n)


@pytest.mark.parametrize("kind", ["disorder", "good and bad"])
def test_facts_of_twelve_components_are_what_their_definitions_say(rng, kind):
    answers = answers_of(kind, 12, rng)
    check_definitions(answers, float(np.quantile(answers, 0.1)), 12)


def check_definitions(answers, threshold, n):
    v, every = answers.tolist(), 2**n - 1
    facts = facts_of(answers, threshold, limit=10**6)
    m = [min(v[s | more] for more in parts(every ^ s)) for s in range(2**n)]
    sufficient = minimal(s for s in range(2**n) if m[s] >= threshold)
    necessary = {
        c
        for c in range(2**n)
        if v[every ^ c] < threshold and all(v[every ^ part] >= threshold for part in parts(c) if part != c)
    }
    check_sets(facts.sufficient, sufficient, n, m.__getitem__)
    check_sets(facts.necessary, necessary, n, lambda c: v[every ^ c])
    check_sets(facts.alone, minimal(s for s in range(2**n) if v[s] >= threshold), n, v.__getitem__)
    assert (facts.full, facts.silence, facts.threshold) == (v[-1], v[0], threshold)
    assert facts.n_reaching == sum(answer >= threshold for answer in v)
    assert facts.full_reaches == (v[-1] >= threshold)
    assert facts.silence_reaches == (v[0] >= threshold)
    assert facts.every_mix_reaches == (min(v) >= threshold)
    assert facts.no_mix_reaches == (max(v) < threshold)
    assert (facts.n_components, facts.sounding) == (n, tuple(range(n)))
    for i, part in enumerate(facts.parts):
        check_part(part, i, v, threshold, sufficient, necessary, n)


def check_part(part, i, v, threshold, sufficient, necessary, n):
    bit, every = 1 << (n - 1 - i), 2**n - 1
    others = every ^ bit
    n_with = sum(bool(s & bit) for s in sufficient)
    assert part.component == i
    assert part.n_sufficient == n_with
    assert part.role == ("none" if n_with == 0 else "every" if n_with == len(sufficient) else "some")
    sets = sorted((components(c, n) for c in necessary if c & bit), key=lambda one: (len(one), one))
    assert part.necessary == (sets[0] if sets else None)
    deciding = [w for w in parts(others) if v[every ^ w] >= threshold > v[every ^ w ^ bit]]
    if deciding and v[-1] >= threshold:
        fewest = min(w.bit_count() for w in deciding)
        assert part.responsibility == 1 / (1 + fewest)
        assert part.contingency in {components(w, n) for w in deciding if w.bit_count() == fewest}
    else:
        assert (part.responsibility, part.contingency) == (0, None)
    assert part.n_lifts == len(deciding)
    assert part.n_drops == sum(v[t] >= threshold > v[t | bit] for t in parts(others))
    # the theorems of docs/facts.md about one component
    assert (part.role == "none") == (part.necessary is None)
    if v[-1] >= threshold:
        assert (part.role == "every") == (part.necessary == (i,)) == (v[others] < threshold)
    if part.necessary and v[-1] >= threshold:
        assert part.responsibility >= 1 / len(part.necessary)


def hitting_sets(sets):
    """Minimal sets that meet all of some sets, one after the other (Berge, "Hypergraphs", 1989)."""
    found = {frozenset()}
    for one in map(frozenset, sets):
        met = {hit for hit in found if hit & one}
        longer = {hit | {i} for hit in found - met for i in one}
        found = met | {hit for hit in longer if not any(other <= hit for other in met)}
    return found


def planted(n, causes, rng, *, noise=0.02):
    """1 where a cause is complete, and here and there without one; otherwise 0."""
    masks = np.arange(2**n, dtype=np.uint32)
    answers = rng.random(2**n, dtype=np.float32) < noise
    for cause in causes:
        bits = np.uint32(sum(1 << (n - 1 - i) for i in cause))
        answers |= masks & bits == bits
    return answers.astype(np.float32)


@pytest.mark.parametrize("n", [20, 21])
def test_necessary_sets_and_sufficient_sets_are_the_minimal_hitting_sets_of_each_other(rng, n):
    causes = [rng.choice(n, size, replace=False).tolist() for size in (2, 3, 3, 4, 4, 5, 6)]
    facts = facts_of(planted(n, causes, rng), 1, limit=10**6)
    sufficient, necessary = facts.sufficient.sets, facts.necessary.sets
    assert set(map(frozenset, sufficient)) == hitting_sets(necessary)
    assert set(map(frozenset, necessary)) == hitting_sets(sufficient)
    assert len(sufficient) == facts.sufficient.n_sets > 3
    assert len(necessary) == facts.necessary.n_sets > 20


def test_planted_causes_of_25_components_are_found_in_little_memory(rng):
    """Drums and bass of segment 0 together, or the vocals of any segment; an accident reaches τ without guarantee."""
    causes = [(2, 3), *((5 * segment,) for segment in range(5))]
    answers = planted(25, causes, rng, noise=0)
    accident = sum(1 << (24 - i) for i in (6, 7))
    answers[accident] = 1
    tracemalloc.start()
    facts = facts_of(answers, 0.5)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert facts.sufficient.sets == ((0,), (5,), (10,), (15,), (20,), (2, 3))
    assert facts.necessary.sets == ((0, 2, 5, 10, 15, 20), (0, 3, 5, 10, 15, 20))
    assert facts.alone.sets == ((0,), (5,), (10,), (15,), (20,), (2, 3), (6, 7))
    assert facts.n_reaching == 2**25 - 2**20 * 3 // 4 + 1  # without vocals 2^20, a quarter of them with both others
    assert [part.component for part in facts.parts if part.role != "none"] == [0, 2, 3, 5, 10, 15, 20]
    assert (facts.parts[6].n_lifts, facts.parts[6].n_drops) == (1, 0)
    assert (facts.parts[1].n_lifts, facts.parts[1].n_drops) == (0, 1)
    described = facts.describe(5, 5)["sufficient"].choice
    assert (described.n_needed, described.n_of, described.of.stems) == (1, 5, (0,))
    assert peak < 300e6  # one copy of the answers, 134 MB, and families of 4 MB


def test_votes_have_the_responsibility_of_the_paper():
    """Chockler & Halpern: who votes 11 to 0 has a responsibility of 1/6 for the victory, who votes 6 to 5 one of 1."""
    votes = mask_rows(0, 2**11, 11).sum(axis=1)
    for part in facts_of(votes, 6).parts:
        assert part.responsibility == 1 / 6
        assert len(part.contingency) == 5
        assert (part.n_lifts, part.n_drops) == (math.comb(10, 5), 0)
    assert {part.responsibility for part in facts_of(votes[: 2**6], 6).parts} == {1}  # the other five voted against


def test_a_component_may_be_in_no_sufficient_set_and_still_decide_for_a_mix():
    """The example of docs/facts.md: 0 suffices; 2 alone reaches τ too, but not together with 1."""
    reaching = {(0,), (2,), (0, 1), (0, 2), (0, 1, 2)}
    facts = facts_of([components(number, 3) in reaching for number in range(8)], 1)
    assert facts.sufficient.sets == facts.necessary.sets == ((0,),)
    assert [part.role for part in facts.parts] == ["every", "none", "none"]
    assert [part.responsibility for part in facts.parts] == [1, 0, 1 / 3]
    assert (facts.parts[2].contingency, facts.parts[2].n_lifts) == ((0, 1), 1)


def test_removing_more_than_a_necessary_set_may_bring_the_answer_back():
    """Without 0 the mix misses τ, without 0 and 1 it reaches it: 0 is necessary, which says nothing about 0 and 1."""
    answers = np.ones(4)
    answers[0b01] = 0
    facts = facts_of(answers, 1)
    assert facts.necessary.sets == ((0,),)
    assert facts.silence_reaches


# special cases


def test_silence_that_reaches_the_threshold_leaves_nothing_to_do_alone():
    facts = facts_of([1.0, 0.0, 0.0, 1.0], 1)
    assert facts.silence_reaches
    assert facts.alone.sets == ((),)
    assert facts.sufficient.sets == ((0, 1),)
    assert facts.necessary.sets == ((0,), (1,))
    assert [(part.n_lifts, part.n_drops) for part in facts.parts] == [(1, 1), (1, 1)]


def test_of_a_full_mix_that_misses_the_threshold_nothing_is_sufficient_and_nothing_need_be_removed():
    facts = facts_of([0.0, 1.0, 0.0, 0.0], 1)
    assert not facts.full_reaches
    assert facts.sufficient.sets == ()
    assert (facts.sufficient.size, facts.sufficient.n_smallest, facts.sufficient.smallest) == (None, 0, ())
    assert facts.necessary.sets == ((),)
    assert facts.alone.sets == ((1,),)
    assert {(part.role, part.responsibility, part.necessary) for part in facts.parts} == {("none", 0, None)}


def test_where_every_mix_reaches_the_threshold_nothing_is_necessary():
    facts = facts_of([0.5, 0.7, 0.6, 0.9], 0.5)
    assert facts.every_mix_reaches
    assert facts.sufficient.sets == facts.alone.sets == ((),)
    assert facts.sufficient.values == (0.5,)
    assert facts.necessary.sets == ()


def test_where_no_mix_reaches_the_threshold_there_is_nothing_but_the_empty_removal():
    facts = facts_of([0.5, 0.7, 0.6, 0.9], 1)
    assert facts.no_mix_reaches
    assert facts.sufficient.sets == facts.alone.sets == ()
    assert facts.necessary.sets == ((),)


def test_a_track_of_silence_has_one_mix():
    assert facts_of([0.5], 0.4, sounding=[False, False]).sufficient.sets == ((),)
    facts = facts_of([0.5], 0.6, sounding=[False, False])
    assert (facts.n_components, facts.sounding, facts.parts) == (2, (), ())
    assert facts.describe(2, 1)["sufficient"].sets == ()


# thresholds and rounding


def test_an_answer_that_equals_the_threshold_reaches_it_and_has_no_margin():
    facts = facts_of(np.float32([0, 1, 1, 1]), 1.0)
    assert facts.sufficient.sets == ((0,), (1,))
    assert facts.sufficient.margin == facts.sufficient.margins[0] == 0


def test_a_threshold_is_not_rounded_to_the_precision_of_the_answers():
    """float32 has neither 0.1 nor 0.7; the nearest number lies above the one, and below the other."""
    above = np.float32(0.1)
    below = np.nextafter(above, np.float32(0))
    assert below < 0.1 < float(above)
    facts = facts_of(np.array([below, above, below, above]), 0.1)
    assert facts.sufficient.sets == ((1,),)
    assert facts.sufficient.margin == float(above) - 0.1
    below = np.float32(0.7)
    above = np.nextafter(below, np.float32(1))
    assert float(below) < 0.7 < above
    facts = facts_of(np.array([below, above, below, above]), 0.7)
    assert facts.sufficient.sets == ((1,),)
    assert facts.sufficient.margin == 0.7 - float(below)
    assert facts_of(np.float32([0, 3e38]), 1e300).no_mix_reaches
    assert facts_of(np.float32([0, 3e38]), -1e300).every_mix_reaches
    assert facts_of(np.float32([0.0, -0.0]), 0).every_mix_reaches


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [0.1, 3, 300])
def test_a_probability_is_reached_by_the_logits_whose_sigmoid_reaches_it(small_table, dtype, scale, rng):
    """Logits up to the saturation of the sigmoid on both sides; thresholds that are ties, and the ends."""
    table = small_table(dtype, scale)
    logits = table.all_logits.numpy()
    probabilities = expit(logits.astype(np.float64))
    for threshold in [*rng.choice(probabilities, 5).tolist(), 0.0, 0.5, 1.0]:
        facts = table_facts(table, threshold)
        assert facts.n_reaching == (probabilities >= threshold).sum()
        same = facts_of(probabilities, threshold, sounding=table.sounding)
        assert facts.sufficient == same.sufficient
        assert facts.necessary == same.necessary
        assert facts.alone == same.alone
        assert facts == same


def test_answers_off_by_less_than_the_margin_change_no_set(rng):
    for _ in range(20):
        answers = answers_of("good and bad", 8, rng)
        threshold = float(np.median(answers)) - 0.5
        facts = facts_of(answers, threshold)
        for kind in ("sufficient", "necessary", "alone"):
            found = getattr(facts, kind)
            off = answers + rng.choice([-1, 1], answers.size) * (1 - 1e-9) * found.margin
            again = getattr(facts_of(off, threshold), kind)
            assert again.sets == found.sets
            assert again.n_by_size == found.n_by_size
            further = (1 + 1e-9) * found.margin
            moved = [getattr(facts_of(answers + shift, threshold), kind).sets for shift in (-further, further)]
            assert moved != [found.sets, found.sets]  # no larger margin would do


def test_answers_off_by_less_than_its_margin_leave_a_set_what_it_is(rng):
    for _ in range(5):
        answers = answers_of("disorder", 6, rng).astype(float) + mask_rows(0, 2**6, 6).sum(axis=1) / 2
        facts = facts_of(answers, 1.0)
        for kind in ("sufficient", "necessary", "alone"):
            found = getattr(facts, kind)
            for one, margin in zip(found.sets, found.margins, strict=True):
                assert margin >= found.margin
                off = answers + rng.choice([-1, 1], answers.size) * (1 - 1e-9) * margin
                assert one in getattr(facts_of(off, 1.0), kind).sets
                further = (1 + 1e-9) * margin
                moved = [getattr(facts_of(answers + shift, 1.0), kind).sets for shift in (-further, further)]
                assert not all(one in sets for sets in moved)


# tables


@pytest.fixture
def small_table(rng):
    """A function of precision and scale of the logits: a table of three stems in three segments, three silent."""

    def make(dtype, scale=1.0):
        sounding = np.array([[True, True, False], [True, False, True], [False, True, True]])
        head = nn.Linear(4, 1).to(dtype)
        groups = []
        for i in range(3):
            features = torch.as_tensor(rng.normal(size=(2, 4, 2)))
            groups.append(PooledGroup(i, i, features[0], features[1].to(dtype)))
        with torch.no_grad():
            head.weight.copy_(torch.as_tensor(scale * rng.normal(size=(1, 4))))
            head.bias.zero_()
        return ScoreTable(Pooled(groups, sounding, 1, head, ("mean", "max")), multiply_adds=0, seconds=0.0)

    return make


def test_facts_of_a_table_hold_for_the_mixes_that_they_speak_of(small_table, rng):
    """By looking up mixes one by one; components are numbered as in the table, and silent ones are in no set."""
    table = small_table(torch.float32)
    threshold = float(np.quantile(table.all_logits.numpy(), 0.4))
    facts = table_facts(table, threshold, target="logit")
    silent = {2, 4, 6}
    assert facts.sounding == (0, 1, 3, 5, 7, 8)
    assert (facts.n_components, facts.threshold) == (9, threshold)
    assert [part.component for part in facts.parts] == list(facts.sounding)
    everything = set(facts.sounding)

    def answer(mix):
        return table.logits(np.isin(np.arange(9), list(mix))[None].astype(int))[0]

    for found in (facts.sufficient, facts.necessary, facts.alone):
        assert found.n_sets
        assert not silent & {i for one in found.sets for i in one}
    for one in map(set, facts.sufficient.sets):
        rest = everything - one
        for more in itertools.chain.from_iterable(itertools.combinations(rest, k) for k in range(len(rest) + 1)):
            assert answer(one | set(more)) >= threshold
    for one in map(set, facts.necessary.sets):
        assert answer(everything - one) < threshold
        assert all(answer(everything - (one - {i})) >= threshold for i in one)
    for one in facts.alone.sets:
        assert answer(one) >= threshold


def test_more_components_than_can_be_enumerated_are_refused():
    group = PooledGroup(0, 5, torch.zeros(1, 1), torch.zeros(1, 1))
    pooled = Pooled([group], np.ones((6, 5), dtype=bool), 1, nn.Linear(1, 1), ("mean",))
    table = ScoreTable(pooled, multiply_adds=0, seconds=0.0)
    match = r"facts about 30 sounding components need .* all 2\^30 mixes, and at most 26 .*take fewer segments or stems"
    with pytest.raises(ParameterError, match=match):
        table_facts(table, 0.5)
    with pytest.raises(ParameterError, match="facts about 27 sounding components"):
        facts_of(np.broadcast_to(np.float32(0), 2**27), 0.5)


def test_a_probability_beyond_0_and_1_is_no_threshold(small_table):
    for threshold in (-0.1, 1.1):
        with pytest.raises(ParameterError, match=f"threshold={threshold} must be between 0 and 1; for a logit, give"):
            table_facts(small_table(torch.float32), threshold)
    with pytest.raises(ParameterError, match="target='odds' must be one of"):
        table_facts(small_table(torch.float32), 0.5, target="odds")


# arguments and results


@pytest.mark.parametrize("answers", [[0.1, 0.2, 0.3], [], [[0.1, 0.2]], ["a", "b"], [[0.1], [0.1, 0.2]], 0.1, None])
def test_answers_of_another_shape_are_refused(answers):
    with pytest.raises(ParameterError, match=r"answers=.* must be numbers of shape \(2\^K,\)"):
        facts_of(answers, 0.5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_answers_that_are_no_numbers_are_refused(bad):
    with pytest.raises(DataError, match="answers hold values that are not numbers"):
        facts_of([0.1, bad], 0.5)


def test_wrong_arguments_are_named():
    with pytest.raises(ParameterError, match="threshold=nan must be a finite number"):
        facts_of([0, 1], np.nan)
    with pytest.raises(ParameterError, match="limit=0 must be at least 1"):
        facts_of([0, 1], 1, limit=0)
    for sounding in ([True, True], [1, 0], [False]):
        with pytest.raises(ParameterError, match="sounding=.* must be True for 1 components"):
            facts_of([0, 1], 1, sounding=sounding)
    with pytest.raises(ParameterError, match="n_stems=2 times n_segments=2 must be 2"):
        facts_of([0, 1, 1, 1], 1).describe(2, 2)


def test_numbers_of_any_kind_are_answers_and_stay_as_they_are():
    floats = np.float32([0, 1, 0, 1])
    expected = facts_of([0.0, 1.0, 0.0, 1.0], 1).sufficient
    for answers in (floats, floats > 0, floats.astype(int), torch.tensor([0, 1, 0, 1.0]).half(), floats.astype("f2")):
        before = answers.clone() if isinstance(answers, torch.Tensor) else answers.copy()
        assert facts_of(answers, 1).sufficient == expected
        assert (answers == before).all()
    floats.setflags(write=False)
    assert facts_of(floats, 1).sufficient == expected


def test_sets_are_listed_up_to_the_limit_and_counted_beyond_it():
    votes = mask_rows(0, 2**9, 9).sum(axis=1) + (np.arange(2**9) >> 8)  # component 0 counts twice
    facts = facts_of(votes, 5, limit=3)
    assert facts.sufficient.sets == ((0, 1, 2, 3), (0, 1, 2, 4), (0, 1, 2, 5))
    assert (facts.sufficient.size, facts.sufficient.n_smallest) == (4, math.comb(8, 3))
    assert facts.sufficient.n_by_size == (0, 0, 0, 0, math.comb(8, 3), math.comb(8, 5), 0, 0, 0, 0)
    assert facts.describe(3, 3)["sufficient"].choice is None  # three of 56 say nothing about all
    assert len(facts_of(votes, 5, limit=60).sufficient.sets) == 60
    assert facts_of(votes, 5, limit=60).sufficient.sets[56] == (1, 2, 3, 4, 5)


def test_facts_are_plain_values(rng):
    facts = facts_of(answers_of("good and bad", 6, rng).astype(np.float32), 0.0)
    stored = json.loads(json.dumps(dataclasses.asdict(facts), allow_nan=False))
    assert stored["sufficient"]["sets"] == [list(one) for one in facts.sufficient.sets]
    assert stored["parts"][0]["role"] in {"every", "some", "none"}
    json.dumps({kind: dataclasses.asdict(found) for kind, found in facts.describe(3, 2).items()}, allow_nan=False)
    with pytest.raises(dataclasses.FrozenInstanceError):
        facts.threshold = 1
