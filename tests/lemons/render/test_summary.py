"""What the command prints of an explanation."""

from dataclasses import replace

import numpy as np

from lemons.exact import facts_of
from lemons.exact.masks import mask_rows
from lemons.explaining.component import Pair
from lemons.render.summary import summary


def test_facts_come_first_and_the_fidelity_is_in_words(explanation):
    facts = facts_of(mask_rows(0, 64, 6)[:, 3].astype(float), 0.5)
    lines = summary(replace(explanation, facts=facts))
    assert lines[0].startswith("Enough: The b part from 0:01.0 to 0:02.0 is enough")
    assert lines[1].startswith("Without it: Without the b part from 0:01.0 to 0:02.0")
    assert "fidelity 0.33 on masks held out: roughly additive" in lines


def test_the_relevance_of_silence_stands_beside_that_of_the_track(explanation):
    silence = replace(explanation, clip_logits=explanation.clip_logits | {"silence": float(np.log(9))})
    assert "relevance 0.750, of silence 0.900" in summary(silence)


def test_where_no_line_holds_there_are_no_weights_but_the_pair(explanation):
    pair = Pair(1, 3, 2.0, 1.5)
    lines = summary(replace(explanation, fidelity_held_out=0.1, pair=pair))
    assert not any(line.startswith("1. ") for line in lines)
    parts = "The b part from 0:00.0 to 0:01.0 and the b part from 0:01.0 to 0:02.0"
    assert lines[-1] == f"{parts} count together more than each of them does."
    either = summary(replace(explanation, fidelity_held_out=0.1, pair=replace(pair, interaction=-2.0)))
    assert either[-1].endswith("do much the same: either will do.")


def test_components_that_weigh_as_much_as_the_last_one_played_are_named(explanation):
    """Components 0 and 4 weigh 0.1 both; the top 2 are component 3 and the first of them."""
    weights = [0.1, -0.3, 0.2, 0.5, 0.1, 0.0]
    components = [replace(c, weight=w) for c, w in zip(explanation.components, weights, strict=True)]
    lines = summary(replace(explanation, components=tuple(components)))
    assert "The a part from 0:02.0 to 0:03.0 weighs as much as the a part from 0:00.0 to 0:01.0" in lines[-1]
