"""Facts of models known on paper, in words. Six components: the stems a and b in three segments of a second."""

from dataclasses import replace

import numpy as np
import pytest

from lemons.exact import facts_of
from lemons.exact.masks import mask_rows
from lemons.explaining.criterion import Criterion
from lemons.render.fact_words import fact_sentences, heard_sets

A, B = [0, 2, 4], [1, 3, 5]  # components: segment * 2 + stem
LIST = Criterion(0.5, "list")
STILL = "whatever else is switched off, the track would still be among the ten recommended."


def told(explanation, answer, *, criterion=LIST, **changes):
    """The sentences about a model whose answer to a mix is a function of its components (64, 6)."""
    answers = np.asarray(answer(mask_rows(0, 64, 6).astype(bool)), dtype=float)
    facts = facts_of(answers, criterion.relevance)
    return fact_sentences(replace(explanation, facts=facts, criterion=criterion, **changes))


def test_one_part_that_decides_is_enough_and_needed(explanation):
    found = told(explanation, lambda z: z[:, 3])
    assert found == {
        "Enough": f"The b part from 0:01.0 to 0:02.0 is enough: {STILL}",
        "Without it": "Without the b part from 0:01.0 to 0:02.0, the track would not be among the ten recommended.",
    }


def test_a_stem_of_which_any_stretch_will_do_is_said_as_one(explanation):
    found = told(explanation, lambda z: z[:, A].any(axis=1))
    assert found["Enough"] == f"Any stretch of the a part is enough: {STILL}"
    assert found["Without it"].startswith("Without the a part throughout,")


def test_an_or_is_said_as_an_or(explanation):
    found = told(explanation, lambda z: z.any(axis=1))
    assert found["Enough"] == f"Any stretch of the a part or the b part is enough: {STILL}"
    assert "the a part throughout and the b part throughout" in found["Without it"]


def test_an_and_is_said_as_an_and(explanation):
    found = told(explanation, lambda z: z[:, A].all(axis=1) & z[:, 5])
    assert found["Enough"] == f"The a part throughout and the b part from 0:02.0 to 0:03.0 are enough: {STILL}"
    # any of the four parts is missed
    assert found["Without it"].startswith("Without any stretch of the a part or the b part from 0:02.0 to 0:03.0,")


def test_a_stretch_of_time_is_said_as_one(explanation):
    found = told(explanation, lambda z: z[:, 2] & z[:, 3])
    assert found["Enough"] == f"Everything from 0:01 to 0:02 is enough: {STILL}"


def test_what_is_not_the_only_smallest_set_says_so(explanation):
    found = told(explanation, lambda z: (z[:, 0] & z[:, 1]) | (z[:, 2] & z[:, 5]))
    assert "(or another of 2 sets as small)" in found["Enough"]


def test_what_does_it_alone_is_said_where_it_differs(explanation):
    """b speaks against the track: a alone does it, but not in the company of b."""
    found = told(explanation, lambda z: z[:, 0] & (~z[:, 1] | z[:, 2]))
    assert found["Enough"].startswith("The a part from 0:00.0 to 0:02.0")
    assert found["Alone"].startswith("With the a part from 0:00.0 to 0:01.0 alone, the track would still be")


def test_silence_that_is_recommended_is_said(explanation):
    found = told(explanation, lambda z: ~z[:, 1] | z[:, 2])
    assert found["Silence"].startswith("The model gives silence 1.00, so even silence would still be among the ten")
    assert "Alone" not in found
    everything = told(explanation, lambda z: np.ones(len(z)))
    assert list(everything) == ["Silence"]
    assert "every mix of it would still be among the ten recommended, even silence" in everything["Silence"]


def test_what_is_switched_off_is_replaced_by_noise_and_says_so_once(explanation):
    found = told(explanation, lambda z: ~z[:, 1] | z[:, 2], baseline="mean")
    assert found["Noise"].startswith(
        "The model gives noise alone 1.00, so even noise alone would still be among the ten"
    )
    assert found["Off"] == "What is switched off is replaced by steady noise of its own colour and level."
    assert not any("ilence" in text for text in found.values())
    found = told(explanation, lambda z: z[:, 3], baseline="noise")
    assert list(found) == ["Enough", "Without it", "Off"]
    assert found["Off"] == "What is switched off is replaced by faint noise, 60 dB below full scale."
    assert "Off" not in told(explanation, lambda z: z[:, 3])


def test_a_track_that_is_not_recommended_has_nothing_that_is_enough(explanation):
    found = told(explanation, lambda z: ~z.all(axis=1))
    assert list(found) == ["Enough"]
    assert "not even the whole of it would still be among the ten" in found["Enough"]


@pytest.mark.parametrize(
    ("criterion", "words"),
    [
        (Criterion(0.25, "value"), "the track would have a relevance of at least 0.25."),
        (Criterion(0.25, "half the odds"), "the track would keep at least half of its odds."),
    ],
)
def test_what_counts_as_recommended_is_said(explanation, criterion, words):
    assert told(explanation, lambda z: z[:, 3], criterion=criterion)["Enough"].endswith(words)


def test_a_close_call_is_called_one(explanation):
    found = told(explanation, lambda z: np.where(z[:, 3], 0.5001, 0.2))
    assert found["Enough"].endswith("recommended, by less than rounding.")
    assert found["Without it"].endswith("recommended, by less than rounding.")  # so is that the full mix reaches it


def test_without_all_answers_there_are_no_facts(explanation):
    assert fact_sentences(explanation) == {}
    assert heard_sets(None) == {}


def test_what_is_heard_is_a_smallest_set_of_each_kind(explanation):
    facts = facts_of(mask_rows(0, 64, 6)[:, A].max(axis=1).astype(float), 0.5)
    assert heard_sets(facts) == {"enough": [0], "without": A}
