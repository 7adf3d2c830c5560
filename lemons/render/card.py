"""An explanation as a card for a notebook: sentences, and the player with its sound, in one piece.

Where scripts are off, a picture stands in the player's place.
"""

import io

from lemons.explaining.explanation import Explanation
from lemons.render import words
from lemons.render.fact_words import fact_sentences
from lemons.render.figure import explanation_figure
from lemons.render.player import player_js
from lemons.render.report import (
    MOUNT,
    data_url,
    page_policy,
    page_style,
    page_template,
    playable,
)
from lemons.tracks import Track

__all__ = ["card_height", "card_html"]

FIT = """
const frame = window.frameElement; // none where the page stands alone
if (frame) new ResizeObserver(() => (frame.style.height = `${document.body.offsetHeight}px`)).observe(document.body);
"""
PICTURE_DPI = 60  # some 20 kB
HEIGHT, ROW_HEIGHT = 470, 78  # px, of a card of no rows, and of a row of the player, before a browser has measured it


def card_html(explanation: Explanation, track: Track, *, note: str = "") -> str:
    """The card as an HTML page of its own, which makes no request.

    Parameters
    ----------
    explanation : Explanation
    track : Track
        the track that was explained
    note : str
        why mixes were scored one by one, if they were

    Raises
    ------
    ParameterError
        if another track was explained
    """
    style, script = page_style(), player_js() + MOUNT + FIT
    return page_template("card.html").render(
        policy=page_policy(style, script),
        heading=words.question(track.title, words.name_of_listener(explanation), explanation.label),
        answers=list(fact_sentences(explanation).values()) or [words.answer(explanation)],
        fidelity=words.fidelity_sentence(explanation).split("**"),  # every second part is bold
        picture=data_url("image/png", _picture(explanation, track)),
        method=words.method_sentence(explanation),
        note=note,
        data=playable(explanation, track),
        style=style,
        script=script,
    )


def card_height(explanation: Explanation) -> int:
    """About how many pixels a card is high."""
    n_rows = len(explanation.components) // len(explanation.segments)
    return HEIGHT + ROW_HEIGHT * n_rows


def _picture(explanation: Explanation, track: Track) -> bytes:
    content = io.BytesIO()
    explanation_figure(explanation, track.stems, title=track.title).savefig(content, format="png", dpi=PICTURE_DPI)
    return content.getvalue()
