"""The view in the page's address: a link shows what its sender saw.

The sections of the page read what was chosen last, by the link or by the visitor, and store what is chosen now; the
address follows. Unknown values in a link are reported and ignored.
"""

from collections.abc import Container
from typing import TypeVar
from urllib.parse import urlencode

import streamlit as st

from explanations.page.keys import key_of
from lemons.render.words import plain, shorten

__all__ = [
    "T",
    "act",
    "choose",
    "draw_landing",
    "follow_browser",
    "get_link",
    "jump",
    "key",
    "leave",
    "recall",
    "recall_number",
    "remember",
    "show_address",
    "take_landing",
]

_SCROLL = st.components.v2.component(
    "lemons_scroll",
    js="""
let seen = 0
export default ({ data, parentElement }) => {
  if (data === seen) return
  seen = data
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches
  const place = parentElement.host ?? parentElement
  place.style.scrollMarginTop = "5rem" // below the bar that stays
  const moved = new AbortController() // by the visitor, who is not to be pulled back
  for (const event of ["wheel", "touchmove", "keydown", "pointerdown"])
    addEventListener(event, () => moved.abort(), { signal: moved.signal })
  for (const ms of [0, 500, 1500]) // the page still grows below, and there must be room to scroll to
    setTimeout(() => {
      if (!moved.signal.aborted) place.scrollIntoView({ behavior: calm ? "instant" : "smooth", block: "start" })
    }, ms)
}
""",
)

QUESTION = ("library", "listener", "track", "kind")
COUNTS = ("k", "k_beside")  # of components, in one answer and the one beside it; they mean nothing for another question
FIELDS = (*QUESTION, "method", "seed", "beside", *COUNTS)
T = TypeVar("T")


def recall(field: str, options: Container[str], default: T) -> str | T:
    """The last choice if it is among the options, else the default; an unknown value in a link is reported."""
    value = _view().get(field)
    if value is not None and value in options:
        return value
    if value is not None and st.session_state["shown"] is None:
        st.toast(f"The link names the {field} {plain(shorten(value))}, which is not here.", icon=":material/link_off:")
    return default


def recall_number(field: str, default: int, *, least: int, most: int) -> int:
    """The last choice of a whole number if it is between ``least`` and ``most``, else the default."""
    value = _view().get(field, "")
    fits = value.isascii() and value.isdigit() and len(value) <= len(str(most))  # Python refuses 5000 digits
    return int(value) if fits and least <= int(value) <= most else default


def remember(**choices: str | int | None) -> None:
    """Store choices in the view; None removes one."""
    view = _view()
    for field, value in choices.items():
        if field in QUESTION and field in view and view[field] != value:
            for count in COUNTS:
                view.pop(count, None)
        if value is None:
            view.pop(field, None)
        else:
            view[field] = str(value)


def act() -> None:
    """Mark the next run as caused by an action on the page, not by the browser's address."""
    st.session_state["acted"] = True


def choose(**choices: str | int | None) -> None:
    """`remember`, when the visitor presses a button."""
    act()
    remember(**choices)


def follow_browser() -> None:
    """Make the browser's address the view when a visitor arrives, or goes back or forward.

    A run caused by a click follows the click: of two quick clicks, the second can arrive with the address from before
    the first. A view that follows the browser's address is not written to it: each address that the page writes is
    a new entry of the browser's history, and Back could not leave that one.
    """
    given, acted, known = _given(), st.session_state.pop("acted", False), st.session_state.get("address")
    arrives, goes = known is None, known is not None and given != known and not acted
    if arrives and not given and "view" in st.session_state:  # by the menu, which leaves out what was chosen before
        st.session_state.update(address={}, shown={})
    elif arrives or goes:
        st.session_state.update(address=given, shown=None, view=dict(given))
        _renew_widgets()
        if arrives and "track" in given:  # a link to an answer: that is what to see first, without a sound
            st.session_state.update(landing=st.session_state["jumps"], landed=st.session_state["jumps"])


def leave() -> None:
    """Note that the browser's address now belongs to another page."""
    st.session_state["address"] = None


def jump(**choices: str | int | None) -> None:
    """`choose` from outside the widgets; the widgets are made again to show the choice."""
    choose(**choices)
    _renew_widgets()
    st.session_state["landing"] = st.session_state["jumps"]


def _renew_widgets() -> None:
    st.session_state["jumps"] = st.session_state.get("jumps", 0) + 1


def draw_landing() -> None:
    """Where a jump lands: the page scrolls there, once."""
    if landing := st.session_state.get("landing"):
        _SCROLL(key="landing", data=landing)


def take_landing() -> int | None:
    """The number of a jump the first time it is asked for, so that its sound begins to play; then None."""
    landing = st.session_state.get("landing")
    if landing == st.session_state.get("landed"):
        return None
    st.session_state["landed"] = landing
    return landing


def key(kind: str, *names: str) -> str:
    """A widget's `key_of`; another one after each jump."""
    return key_of(kind, *names, str(st.session_state.get("jumps", 0)))


def get_link() -> str:
    """A link to the present view."""
    return f"{st.context.url}?{urlencode(_in_order(_view()))}"


def show_address() -> None:
    """Bring the browser's address up to date."""
    view, shown = _in_order(_view()), st.session_state["shown"]
    if shown is not None and view != shown:
        st.query_params.from_dict(view)
        st.session_state["address"] = view
    st.session_state["shown"] = view


def _view() -> dict[str, str]:
    """The visitor's choices."""
    return st.session_state["view"]


def _given() -> dict[str, str]:
    """What the browser's address says."""
    return _in_order(st.query_params.to_dict())


def _in_order(choices: dict[str, str]) -> dict[str, str]:
    """The fields of a view, in the order in which an address has them."""
    return {field: choices[field] for field in FIELDS if field in choices}
