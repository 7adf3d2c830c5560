"""The view in the page's address: whoever opens the link sees what its sender saw.

The sections of the page ask what was chosen last, by the link or by the visitor, and say what is chosen now. The
address follows. What a link names and this page has not is passed over, as if it had not been there.
"""

from collections.abc import Sequence
from typing import TypeVar
from urllib.parse import urlencode

import streamlit as st

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

FIELDS = ("library", "listener", "track", "kind", "method", "seed", "k", "beside")
T = TypeVar("T")


def recall(field: str, options: Sequence[str], default: T) -> str | T:
    """What was chosen last, if it is among the options."""
    value = _view().get(field)
    return value if value in options else default


def recall_number(field: str, default: int, *, least: int, most: int) -> int:
    """The whole number that was chosen last, if it is between ``least`` and ``most``."""
    value = _view().get(field, "")
    return int(value) if value.isascii() and value.isdigit() and least <= int(value) <= most else default


def remember(**choices: str | int | None) -> None:
    """Say what is chosen now; None for what there is no choice of."""
    for field, value in choices.items():
        if value is None:
            _view().pop(field, None)
        else:
            _view()[field] = str(value)


def jump(**choices: str | int | None) -> None:
    """Choose from elsewhere than by the widgets: they are made anew, so that they show it."""
    remember(**choices)
    st.session_state["jumps"] = st.session_state.get("jumps", 0) + 1


def draw_landing() -> None:
    """Where a jump lands: the page scrolls there, once."""
    if jumps := st.session_state.get("jumps"):
        _SCROLL(key="landing", data=jumps)


def key(name: str) -> str:
    """A widget's key; another one after each jump."""
    return f"{name}-{st.session_state.get('jumps', 0)}"


def get_link() -> str:
    """A link to the present view."""
    query = urlencode({field: _view()[field] for field in FIELDS if field in _view()})
    return f"{st.context.url}?{query}"


def show_address() -> None:
    """Bring the browser's address up to date."""
    view = {field: _view()[field] for field in FIELDS if field in _view()}
    if st.query_params.to_dict() != view:
        st.query_params.from_dict(view)


def _view() -> dict[str, str]:
    """The visitor's choices; at first what their link says."""
    if "view" not in st.session_state:
        given = st.query_params.to_dict()
        st.session_state["view"] = {field: given[field] for field in FIELDS if field in given}
    return st.session_state["view"]
