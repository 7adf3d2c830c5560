"""The page of the method: what it says and draws is what the code does."""

import re
import tomllib
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree

import pytest
from streamlit.testing.v1 import AppTest

from explanations.page.method_page import DRAW, EXACT, PICTURES, STYLE
from lemons.exact.table import MAX_ENUMERATED
from lemons.explaining.trust import COARSE, NONE, WORDS

SVG = "{http://www.w3.org/2000/svg}"
PHONE = 358  # pixels that a phone of 390 leaves to a picture


def picture(name):
    return ElementTree.parse(PICTURES / f"{name}.svg").getroot()


def test_the_page_has_its_pictures_and_every_word_for_fidelity():
    def script():
        from explanations.page.method_page import draw_method

        draw_method()

    page = AppTest.from_function(script, default_timeout=30).run()
    assert not page.exception
    assert len(page.get("bidi_component")) == len(DRAW) == len(list(PICTURES.glob("*.svg")))
    assert list(page.table[0].value["We call the model"]) == [*(word for _, word in WORDS), COARSE, NONE]


@pytest.mark.parametrize("name", DRAW)
def test_a_picture_is_told_to_those_who_cannot_see_it(name):
    svg = picture(name)
    title, desc = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == f"{title.get('id')} {desc.get('id')}"
    assert title.text
    assert len(desc.text) > 100


@pytest.mark.parametrize("name", DRAW)
def test_a_picture_is_legible_on_a_phone_and_fetches_and_runs_nothing(name):
    svg = picture(name)
    scale = PHONE / float(svg.get("viewBox").split()[2])
    sizes = [float(size) for size in re.findall(r"font-size: (\d+)px", STYLE)]
    assert min(sizes) * scale > 13  # pixels
    assert not [element.tag for element in svg.iter() if element.tag.endswith(("script", "image", "use", "animate"))]
    assert not re.search(r"href|url\(|\bon\w+=", (PICTURES / f"{name}.svg").read_text(encoding="utf-8"))
    # what has no class has a colour of its own; everything else takes its colours from the theme
    fills = {element.get("fill") for element in svg.iter()} - {None}
    assert name == "switching" or not fills


def test_orange_speaks_for_a_track_and_purple_against_it():
    svg = picture("switching")
    parts = [element for element in svg.iter() if element.get("fill") or element.get("class") == "number"]
    cells = [(rect.get("fill"), text.text) for rect, text in pairwise(parts) if text.text]
    assert len(cells) == 20
    for fill, number in cells:
        red, _, blue = bytes.fromhex(fill[1:])
        assert (number[0] == "+") <= (red > blue)
        assert (number[0] == "−") <= (red < blue)
    assert {number[0] for _, number in cells} == {"+", "−", "0"}


def test_the_numbers_of_the_exact_way_are_right():
    n_segments = n_stems = 5
    n_rows = n_segments * 2**n_stems + (n_segments - 1) * 2 ** (2 * n_stems)
    drawn = " ".join(text.text for text in picture("exact").iter(f"{SVG}text"))
    assert f"a table of {n_rows} rows" in drawn
    mixes = f"{2 ** (n_segments * n_stems):,}"
    assert mixes.replace(",", " ") in drawn
    assert mixes.replace(",", "\u00a0") in EXACT
    assert f"more than {MAX_ENUMERATED} components" in EXACT


def test_the_pictures_are_installed_with_the_page():
    project = tomllib.loads((Path(__file__).resolve().parents[2] / "pyproject.toml").read_text())
    assert "pictures/*" in project["tool"]["setuptools"]["package-data"]["explanations.page"]
