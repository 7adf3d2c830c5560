"""Portraits of handmade explanations: stems a, b and c, and answers known on paper."""

from dataclasses import replace

import numpy as np
import pytest

from explanations.core.portrait import portrait_of, usable
from explanations.render.portrait_words import portrait_sentences, portrait_table
from lemons.checksums import to_json
from lemons.errors import DataError, ParameterError
from lemons.exact import facts_of
from lemons.exact.masks import mask_rows
from lemons.explaining.component import Component
from lemons.explaining.criterion import Criterion
from lemons.segments import Segments


@pytest.fixture
def explained(explanation):
    """A track explained by sources, whose answer to a mix is a function of which of a, b and c sound (8, 3)."""

    def make(track_id, answer, *, weights=(3.0, 1.0, -1.0), sounding=(True, True, True), fidelity=0.9, **changes):
        masks = np.zeros((2 ** sum(sounding), 3), dtype=bool)
        masks[:, list(sounding)] = mask_rows(0, len(masks), sum(sounding))
        facts = facts_of(np.asarray(answer(masks), dtype=float), 0.5, sounding=np.array(sounding))
        parts = [Component(i, "abc"[i], 0, 0.0, 3.0, weight) for i, weight in enumerate(weights)]
        return replace(
            explanation,
            kind="source",
            criterion=Criterion(0.5, "list"),
            segments=Segments((0, 48000)),
            components=tuple(parts),
            facts=facts,
            fidelity_held_out=fidelity,
            **{"track_id": track_id, "separator": "given"} | changes,
        )

    return make


def a_alone(z):
    return z[:, 0]


def a_or_b(z):
    return z[:, 0] | z[:, 1]


def a_and_b(z):
    return z[:, 0] & z[:, 1]


def habits(portrait):
    return {
        one.stem: (one.n_sounding, one.enough.value, one.needed.value, one.idle.value, one.share and one.share.value)
        for one in portrait.habits
    }


def test_stems_are_counted_by_what_they_are_to_each_track(explained):
    found = portrait_of([explained("1", a_alone), explained("2", a_or_b), explained("3", a_and_b)])
    share = {"a": 0.75, "b": 0.25, "c": 0.0}  # weights 3 and 1 speak for each of the tracks, and -1 against
    # a is enough for 1 and 2; needed for 1, with b for 2, and a or b is for 3
    assert habits(found) == {
        "a": (3, 2, 3, 0, share["a"]),
        "b": (3, 1, 2, 1, share["b"]),
        "c": (3, 0, 0, 3, share["c"]),
    }
    assert found.either == ("a",)
    assert (found.n_tracks, found.n_line, found.n_silence, found.n_any) == (3, 3, 0, 0)


def test_the_fewest_stems_are_named_that_account_for_most_tracks(explained):
    tracks = [explained(str(i), a_alone) for i in range(4)] + [explained("b", lambda z: z[:, 1])]
    assert portrait_of(tracks).either == ("a",)  # 4 of 5 are most of them
    tracks.append(explained("b2", lambda z: z[:, 1]))
    found = portrait_of(tracks)
    assert found.either == ("a", "b")
    assert found.either_enough.value == 6
    assert portrait_sentences(found)[0].startswith("The a part or the b part is enough in 6 of 6 tracks [4, 6]: ")


def test_no_share_of_all_tracks_is_certain(explained):
    """Wilson's interval of 10 in 10 is 1 / (1 + 1.96² / 10) to 1, of 9 in 10 it is 0.596 to 0.982."""
    found = portrait_of([explained(str(i), a_alone) for i in range(10)]).habits[0].enough
    assert (found.value, found.high) == (10, 10)
    assert found.low == pytest.approx(10 / (1 + 1.959964**2 / 10), abs=1e-4)
    nine = [explained(str(i), a_alone) for i in range(9)] + [explained("9", lambda z: z[:, 1])]
    found = portrait_of(nine).habits[0].enough
    assert (found.low, found.high) == pytest.approx((5.96, 9.82), abs=0.01)


def test_shares_have_a_bootstrap_interval_over_tracks(explained):
    tracks = [explained(str(i), a_alone, weights=(1.0, 0.0, 0.0) if i % 2 else (0.0, 1.0, 0.0)) for i in range(10)]
    share = portrait_of(tracks).habits[0].share
    assert share.value == 0.5
    # the mean of 10 coins: 2.5 % of a binomial distribution lie below 0.2 and above 0.8
    assert (share.low, share.high) == (0.2, 0.8)
    same = portrait_of([explained(str(i), a_alone) for i in range(10)]).habits[0].share
    assert (same.value, same.low, same.high) == (0.75, 0.75, 0.75)


def test_weights_count_only_where_a_line_holds(explained):
    unsure = explained("1", a_alone, weights=(0.0, 1.0, 0.0), fidelity=0.1)
    found = portrait_of([unsure, explained("2", a_alone)])
    assert found.n_line == 1
    assert {one.stem: one.share.value for one in found.habits} == {"a": 0.75, "b": 0.25, "c": 0.0}
    found = portrait_of([unsure])
    assert {one.share for one in found.habits} == {None}
    assert set(portrait_table(found)["share"]) == {"unknown"}


def test_a_silent_stem_is_neither_enough_nor_idle(explained):
    found = portrait_of([explained("1", a_or_b, sounding=(True, False, True)), explained("2", a_or_b)])
    assert habits(found)["b"][:4] == (1, 1, 1, 0)
    assert habits(found)["c"][:4] == (2, 0, 0, 2)


def test_silence_that_is_recommended_is_said(explained):
    found = portrait_of([explained("1", lambda z: np.ones(len(z))), explained("2", lambda z: z[:, 0] | ~z[:, 1])])
    assert (found.n_silence, found.n_any) == (2, 1)
    assert portrait_sentences(found)[-1] == "In 2 of 2 tracks even silence would be among the ten recommended."
    everything = portrait_of([explained("1", lambda z: np.ones(len(z)))])
    assert portrait_sentences(everything)[0].startswith("Nothing in 1 track matters")


def test_several_instruments_together_are_said(explained):
    found = portrait_of([explained("1", a_and_b)])
    assert found.either == ()
    assert portrait_sentences(found) == [
        "No instrument is enough by itself in any of 1 track; it takes several.",
        "What is enough never takes the c part.",
    ]


def test_only_facts_about_recommended_tracks_by_one_separator_are_used(explained):
    good = [explained("1", a_alone), explained("2", a_alone)]
    unrecommended = explained("3", lambda z: ~z[:, 0])
    others = [
        unrecommended,
        replace(good[0], track_id="4", facts=None),
        replace(good[0], track_id="5", kind="time+source"),
        replace(good[0], track_id="6", criterion=Criterion(0.5, "value")),
        explained("1", a_alone, separator="hpss"),
    ]
    again = explained("2", a_or_b)
    assert usable([*good, *others, again]) == [good[0], again]
    assert usable([]) == []
    with pytest.raises(ParameterError, match="about recommended tracks"):
        portrait_of([unrecommended])


def test_a_portrait_is_of_one_model_and_of_something(explained):
    with pytest.raises(ParameterError, match="one model"):
        portrait_of([explained("1", a_alone), explained("2", a_alone, model_hash="d" * 64)])
    with pytest.raises(DataError, match="explain some first"):
        portrait_of([])


def test_its_values_are_json(explained):
    text = to_json(portrait_of([explained("1", a_alone)], listener="marko").as_dict())
    assert '"listener": "marko"' in text


def test_the_table_has_texts_for_a_terminal(explained):
    table = portrait_table(portrait_of([explained(str(i), a_alone) for i in range(10)]))
    assert table.iloc[0].to_dict() == {
        "stem": "a",
        "sounds": "10 of 10",
        "enough": "10 of 10 [7, 10]",
        "needed": "10 of 10 [7, 10]",
        "in none": "0 of 10 [0, 3]",
        "share": "75 % [75, 75]",
    }
