"""The choice of a music library: the configured one, and those beside its folder."""

from pathlib import Path

import streamlit as st

from explanations.page import address
from explanations.page.cached import get_library
from lemons.config import Config
from lemons.library import Library
from lemons.render.words import plain, tame

__all__ = ["choose_library", "find_libraries"]

TABLES = ("tracks.csv", "listens.csv")


def find_libraries(config: Config) -> dict[str, Path]:
    """Folders of music libraries by name, the configured one first; it is listed even when it is missing."""
    folder = config.library_path.resolve()
    beside = folder.parent.iterdir() if folder.parent.is_dir() else ()
    others = (path for path in sorted(beside) if path != folder and all((path / name).is_file() for name in TABLES))
    # a name that is not valid Unicode cannot be sent to a browser
    return {tame(path.name): path for path in (folder, *others)}


def choose_library(config: Config) -> Library:
    """Draw the choice of a library, if there are several; return the chosen one."""
    places = find_libraries(config)
    names = list(places)
    name = names[0]
    if len(names) > 1:
        name = st.segmented_control(
            "Music library",
            names,
            default=address.recall("library", names, names[0]),
            required=True,
            format_func=plain,
            key=address.key("library"),
            on_change=address.act,
        )
    address.remember(library=name if name != names[0] else None)
    return get_library(places[name])
