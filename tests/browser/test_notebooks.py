"""The notebooks as pages, by nbconvert, in a browser: the player plays, and a picture stands in without scripts."""

from pathlib import Path

import pytest

nbconvert = pytest.importorskip("nbconvert", reason="the pages of notebooks need nbconvert, of the extra docs")

NOTEBOOK = Path(__file__).resolve().parents[2] / "docs" / "notebooks" / "first_explanation.ipynb"
WIDTH, HEIGHT = 1100, 1400


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    exporter = nbconvert.HTMLExporter(mathjax_url="", require_js_url="", jquery_url="")
    text, _ = exporter.from_filename(str(NOTEBOOK))
    path = tmp_path_factory.mktemp("page") / "first_explanation.html"
    path.write_text(text, encoding="utf-8")
    return path.as_uri()


def card_of(page):
    return page.frame_locator("iframe[title=LEMONS]").first


def test_the_player_of_a_notebook_plays(browser, address):
    page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT})
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    card = card_of(page)
    card.get_by_role("button", name="Play").click()
    player = card.locator(".lemons-player")
    player.evaluate("root => new Promise(done => setTimeout(done, 300))")
    assert player.evaluate("root => root.lemonsPlayer.playing && root.lemonsPlayer.position() > 0")
    # the frame is as high as what is in it: nothing has to be scrolled, and nothing is empty
    frame = page.locator("iframe[title=LEMONS]").first
    heights = frame.evaluate("frame => [frame.clientHeight, frame.contentDocument.body.offsetHeight]")
    assert abs(heights[0] - heights[1]) <= 1  # of rounding
    assert not [url for url in asked if not url.startswith(("file:", "data:", "blob:", "about:"))]
    page.close()


def test_a_picture_stands_in_without_scripts(browser, address):
    context = browser.new_context(java_script_enabled=False, viewport={"width": WIDTH, "height": HEIGHT})
    page = context.new_page()
    page.goto(address)
    picture = card_of(page).locator("noscript img")
    picture.wait_for(state="visible")
    assert picture.bounding_box()["width"] > 400  # a wide picture: 11 inches at 60 dots
    context.close()
