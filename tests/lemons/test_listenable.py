"""What shows itself in a notebook: in one piece, without a server, at the levels that were scored."""

import base64
import html
import io
import re

import numpy as np
import pytest
import soundfile
import torch

import lemons
from explanations.core.portrait import Estimate, Habit, Portrait
from lemons.audio import quantize
from lemons.errors import ParameterError
from lemons.tracks import Track
from recsys.model import FCN

SR = 16000  # Hz


def energy(y):
    return y.std(axis=1)


@pytest.fixture
def stems(rng):
    return {name: quantize(rng.uniform(-0.2, 0.2, 20000)).astype(np.float32) for name in ("<b>loud", "soft")}


@pytest.fixture
def why(stems):
    return lemons.explain(energy, stems, sr=SR, kind="source", label="<i>energy", title="a & b", threshold=0.1)


def addresses(text):
    """Whatever a page would fetch."""
    return re.findall(r"""(?:src|href)=["']?([^"'\s>]+)""", text)


def test_a_card_is_one_page_that_fetches_nothing(why):
    shown = why._repr_html_()
    assert "\n" not in shown  # Markdown would take a paragraph for one of its own
    page = html.unescape(re.search(r'srcdoc="(.*?)"', shown)[1])
    assert page.startswith("<!DOCTYPE html>")
    assert addresses(page.split("<script")[0]) == [one for one in addresses(page) if one.startswith("data:")]
    assert "&lt;i&gt;energy" in page
    assert "<i>energy" not in page.split("<script")[0]


def test_a_picture_stands_in_the_players_place_without_scripts(why):
    page = html.unescape(re.search(r'srcdoc="(.*?)"', why._repr_html_())[1])
    picture = re.search(r'<noscript><img src="data:image/png;base64,(.*?)"', page)[1]
    assert base64.b64decode(picture).startswith(b"\x89PNG")
    assert why.plot()._repr_png_().startswith(b"\x89PNG")


def test_a_clip_is_played_as_it_was_scored(why, stems):
    sound = re.search(r'src="data:audio/flac;base64,(.*?)"', why.play("mix")._repr_html_())[1]
    y, sr = soundfile.read(io.BytesIO(base64.b64decode(sound)), dtype="float32")
    assert sr == SR
    np.testing.assert_array_equal(y, sum(stems.values()))
    with pytest.raises(ParameterError, match="name='loudest' must be one of"):
        why.play("loudest")


def test_a_stored_explanation_is_heard_again_with_its_own_track_only(why, stems):
    again = lemons.Listenable(why.explanation, why.track)
    np.testing.assert_array_equal(again.play("top1").y, why.play("top1").y)
    with pytest.raises(ParameterError, match="not those of the explanation"):
        lemons.Listenable(why.explanation, Track("t", "t", {name: -y for name, y in stems.items()}, "given", sr=SR))


def test_an_explanation_without_sound_shows_its_weights(why):
    shown = why.explanation._repr_html_()
    assert "&lt;b&gt;loud" in shown
    assert "<b>" not in shown
    assert shown.count("<tr>") == 3  # a head, and two stems


def test_a_table_of_answers_shows_what_leaving_each_component_out_takes(stems):
    with torch.random.fork_rng(devices=[]):
        torch.random.manual_seed(3)
        table = lemons.score_table(FCN().eval(), np.stack([*stems.values()]), 1)
    full, alone = table.logits(np.array([[1, 1], [1, 0]]))
    assert f"{float(full) - float(alone):+.3g}".replace("-", "−") in table._repr_html_()
    assert "4 mixes of 2 sounding components" in table._repr_html_()


def test_a_portrait_shows_its_habits():
    some = Estimate(3, 1, 4)
    habits = (Habit("drums", 4, some, some, some, None),)
    shown = Portrait("marko", "list", ("a", "b", "c", "d"), 4, 0, 0, habits, ("drums",), some)._repr_html_()
    assert "What marko listens for, in 4 recommended tracks" in shown
    assert "3 [1, 4]" in shown
