"""Two listeners, side by side, on the same track."""

from collections.abc import Sequence

import streamlit as st

from explanations.page import address
from explanations.page.cached import Case, get_case_beside
from explanations.page.listeners import find_listener, name_of
from lemons.config import Config
from lemons.errors import DataError
from lemons.library import Library
from lemons.render.words import plain

__all__ = ["choose_cases", "draw_columns"]

NO_LISTENER = ""  # no listener has this name


def choose_cases(config: Config, library: Library, case: Case, shown: Sequence[str]) -> list[Case]:
    """Draw the choice of a second one of the listeners shown; return the case, and that listener's beside it."""
    others = [user for user in shown if user != case.listener.name]
    everybody = library.plays.keys() - {case.listener.name}
    before = address.recall("beside", everybody, NO_LISTENER)
    if before not in (NO_LISTENER, *others):  # an earlier search found them
        others.append(before)
    if not others:
        return [case]
    names = {NO_LISTENER: "no one else"} | {user: plain(name_of(find_listener(user))) for user in others}
    options = list(names)
    chosen = st.selectbox(
        "Side by side with",
        options,
        index=options.index(before),
        format_func=names.__getitem__,
        key=address.key("beside", case.listener.name),
        width=260,
        on_change=address.act,
        help="How the model of another of the listeners above scores the same track.",
    )
    address.remember(beside=chosen if chosen != NO_LISTENER else None)
    if chosen == NO_LISTENER:
        return [case]
    try:
        return [case, get_case_beside(config, library, find_listener(chosen), case)]
    except DataError as error:  # the second listener has no model; the first one has
        st.error(plain(str(error)), icon=":material/error:")
        return [case]


def draw_columns(cases: Sequence[Case]) -> list:
    """A column for each case, headed by listener and relevance where there are two."""
    if len(cases) == 1:
        return [st.container()]
    columns = st.columns(2, gap="medium")
    for case, column in zip(cases, columns, strict=True):
        column.subheader(f"{plain(name_of(case.listener))}: {case.relevance:.2f}", anchor=False)
    return list(columns)
