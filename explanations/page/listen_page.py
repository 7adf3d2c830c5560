"""The first page: why was this track recommended to this listener?"""

import streamlit as st

from explanations.page import address, beside, head, libraries, listeners, profile, recommendations
from explanations.page import ask as question
from explanations.page import own_track as own
from explanations.page.cached import get_case, get_recommendations
from explanations.page.result import draw_result
from explanations.page.showcases import draw_showcases
from lemons.config import read_config
from lemons.errors import DataError
from lemons.render.words import sentence

__all__ = ["draw_listen"]


def draw_listen() -> None:
    """The page's table of contents."""
    address.follow_browser()
    head.draw_claim()
    config = read_config()
    library = libraries.choose_library(config)
    draw_showcases(config, library)
    listener, shown = listeners.choose_listener(library.users)
    profile.draw_profile(config, library, listener)
    ranking = get_recommendations(config, library, listener)
    library_tab, own_tab = recommendations.choose_source()
    with library_tab:
        row = recommendations.choose_track(library, ranking, listener)
    with own_tab:
        case = own.choose_own(config, library, listener, is_open=own_tab.open)
    if own_tab.open:
        address.remember(track=None)  # a link cannot open a visitor's own file
    else:
        try:
            case = get_case(config, library, listener, row)
        except DataError as error:  # its sound is damaged or gone; the others can be chosen
            st.error(sentence(str(error)), icon=":material/error:")
            case = None
    if case is None:
        question.forget_jobs()
    else:
        place = recommendations.draw_track(case)
        options = question.choose_options(case)
        cases = beside.choose_cases(config, library, case, shown)
        address.draw_landing()
        if not _answer(cases, question.ask(cases, options)):
            recommendations.play_track(place, case)
    address.show_address()
    head.draw_foot(library)


def _answer(cases: list, questions: list) -> bool:
    """Draw the known answers side by side; return whether there are any."""
    answered = False
    for one, column, count in zip(questions, beside.draw_columns(cases), address.COUNTS, strict=False):
        with column:
            if (explanation := question.answer_question(one)) is not None:
                draw_result(one, explanation, count)
                answered = True
    return answered
