import json
from copy import deepcopy
from dataclasses import asdict, replace

import numpy as np
import pytest

from lemons.exact import facts_of
from lemons.explaining.explanation import load_explanation
from lemons.explaining.stored_facts import read_facts


@pytest.fixture
def facts(rng):
    """Of random answers to the mixes of four of six components."""
    return facts_of(rng.uniform(size=16), 0.5, sounding=np.array([1, 1, 0, 1, 0, 1], dtype=bool))


def test_facts_come_back_as_they_went(facts):
    assert read_facts(json.loads(json.dumps(asdict(facts))), 6) == facts


def test_they_survive_the_file(tmp_path, explanation, facts):
    explanation = replace(explanation, facts=facts)
    explanation.save(tmp_path / "why.json")
    assert load_explanation(tmp_path / "why.json") == explanation


@pytest.mark.parametrize(
    "change",
    [
        lambda fields: fields.update(n_components=7),
        lambda fields: fields.update(sounding=[0, 1, 9]),
        lambda fields: fields.pop("alone"),
        lambda fields: fields["sufficient"].update(sets=[[2]]),  # a silent component
        lambda fields: fields["necessary"].update(values=[]),
        lambda fields: fields["parts"].pop(),
        lambda fields: fields.update(full="loud"),
        lambda fields: fields.update(unheard_of=1),
    ],
)
def test_facts_that_cannot_be_are_refused(facts, change):
    fields = deepcopy(json.loads(json.dumps(asdict(facts))))
    change(fields)
    with pytest.raises((ValueError, TypeError, KeyError)):
        read_facts(fields, 6)
